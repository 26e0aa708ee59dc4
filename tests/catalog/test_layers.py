"""The shipped layer files keep the contract and agree with the vocabulary; one mistake each is refused."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from gisrisk.catalog import import_order, layer, load_layers, vocabulary
from gisrisk.catalog.documentation import layers_page
from gisrisk.catalog.formats import FORMATS, is_cas
from gisrisk.catalog.loading import read_layers
from gisrisk.errors import LayerDefinitionError, UnknownName
from gisrisk.paths import shipped

# Columns by the project's contract (design paper, section "Layers"); * marks required ones
CONTRACT = {
    "enterprise_site": "code* name* industry_code status park_code built_on staff owner",
    "hazard_source": "code* name* site_code facility_type* volume_m3 net_explosive_kg storage_form commissioned_on "
    "equipment",
    "inventory": "source_code* cas substance* ghs_class quantity_t* temperature_c pressure_mpa state",
    "park": "code* name* kind level approved_on approved_by approval_expires",
    "protected_target": "code* name* target_type* population floor_area_m2 height_m beds_or_seats built_on",
    "dense_area": "code* name* population basis",
    "admin_area": "code* name* level parent_code",
    "linear_feature": "code* name kind grade voltage_kv diameter_m pressure_mpa medium",
}
# Unit that the ending of a column's name says (naming rule of the project: names carry units)
UNIT_OF_ENDING = {
    "m": "m",
    "m2": "m2",
    "m3": "m3",
    "t": "t",
    "kg": "kg",
    "c": "degC",
    "mpa": "MPa",
    "kv": "kV",
}
COLUMNS = [(one, column) for one in load_layers().values() for column in one.import_columns]


@pytest.mark.parametrize("name", CONTRACT)
def test_layer_has_the_columns_of_the_contract(name):
    for promised in CONTRACT[name].split():
        column = layer(name).column(promised.rstrip("*"))
        assert column.required == promised.endswith("*")


def test_the_layers_are_those_of_the_contract():
    assert set(load_layers()) == {*CONTRACT, "population"}
    assert layer("population").kind == "raster"
    assert layer("population").raster.unit == "persons per cell"
    assert layer("inventory").kind == "table"
    assert layer("inventory").identity == ("source_code", "substance", "cas")
    assert layer("inventory").key is None
    assert layer("park").key.name == "code"


@pytest.mark.parametrize(("one", "column"), COLUMNS, ids=lambda value: getattr(value, "name", None))
def test_a_unit_in_the_name_is_the_unit_of_the_column(one, column):
    ending = column.name.rsplit("_", 1)[-1]
    if column.type in ("number", "integer") and ending in UNIT_OF_ENDING and "_" in column.name:
        assert column.unit == UNIT_OF_ENDING[ending]


@pytest.mark.parametrize(("one", "column"), COLUMNS, ids=lambda value: getattr(value, "name", None))
def test_a_column_that_is_a_vocabulary_attribute_agrees_with_it(one, column):
    attribute = vocabulary().attributes.get(column.name)
    if attribute is None or (one.name == "park" and column.name == "kind"):
        return
    kinds = {"number": {"number", "integer"}, "bool": {"boolean"}, "text": {"text"}, "enum": {"text", "integer"}}
    assert column.type in kinds[attribute.type]
    assert column.unit == attribute.unit
    if attribute.values:
        assert list(column.allowed) == [str(value) for value in attribute.values]


@pytest.mark.parametrize(("one", "column"), COLUMNS, ids=lambda value: getattr(value, "name", None))
def test_every_allowed_value_has_a_chinese_label(one, column):
    for label in (column.allowed or {}).values():
        assert re.search("[\u4e00-\u9fff]", label.zh), label


def test_types_come_from_the_vocabulary_layer_by_layer():
    assert "tank_fixed_roof" in layer("hazard_source").column("facility_type").allowed
    assert "pipeline_hazardous" not in layer("hazard_source").column("facility_type").allowed  # a linear feature
    assert "storage_tank" not in layer("hazard_source").column("facility_type").allowed  # a group is never stored
    assert layer("protected_target").column("target_type").allowed["school"].zh
    assert "hazard_tank" not in layer("protected_target").column("target_type").allowed  # derived


def test_unknown_names_are_told_with_the_known_ones():
    with pytest.raises(UnknownName, match=r"no layer 'parks'.*park"):
        layer("parks")
    with pytest.raises(UnknownName, match="column of layer park 'nmae'"):
        layer("park").column("nmae")


def test_import_order_puts_a_layer_after_those_it_refers_to():
    assert import_order(["inventory", "hazard_source", "park", "enterprise_site"]) == [
        "park",
        "enterprise_site",
        "hazard_source",
        "inventory",
    ]


def test_the_committed_page_is_up_to_date(project_root):
    assert (project_root / "docs" / "layers.md").read_text(encoding="utf-8") == layers_page(), (
        "run python -m gisrisk.catalog.documentation"
    )


# ---------------------------------------------------------------- formats


@pytest.mark.parametrize("number", ["7782-50-5", "7664-41-7", "67-56-1", "71-43-2", "7732-18-5"])
def test_real_cas_numbers_pass(number):
    # chlorine, ammonia, methanol, benzene, water: from the CAS registry
    assert is_cas(number)


@pytest.mark.parametrize("number", ["7782-50-6", "7782-5-05", "7782505", "0-00-0", "67-56-1 ", "６７-56-1"])
def test_a_mistyped_cas_number_fails(number):
    assert not is_cas(number)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("division_code", ["360702", "360702001", "360702001005"], ["36070", "3607021", "060702", "36070A"]),
        ("industry_code", ["26", "261", "2614"], ["2", "C2614", "26140"]),
        ("hazard_symbols", ["J1", "W5.3", "W5.3;J4"], ["W5.3, J4", "X1", "W", "w5.3"]),
    ],
)
def test_formats(name, good, bad):
    assert all(FORMATS[name].test(text) for text in good)
    assert not any(FORMATS[name].test(text) for text in bad)


# ---------------------------------------------------------------- one broken file per mistake

GOOD = """
name: shelter
order: 20
label: {zh: 避难所, en: shelter}
meaning: {zh: 避难场所, en: places of refuge}
kind: vector
geometry: [Point]
identity: [code]
columns:
  code:
    type: text
    required: true
    key: true
    label: {zh: 避难所编号, en: shelter code}
    meaning: {zh: 编号, en: code}
    aliases: [编号]
  capacity:
    type: integer
    unit: persons
    min: 0
    label: {zh: 容量, en: capacity}
    meaning: {zh: 可容人数, en: persons it can hold}
  opened_on:
    type: date
    label: {zh: 启用日期, en: opened on}
    meaning: {zh: 启用日, en: first day}
  roof:
    type: text
    label: {zh: 屋顶, en: roof}
    meaning: {zh: 屋顶, en: roof}
    allowed_from: vocabulary.attributes.roof
    labels:
      fixed: {zh: 固定顶, en: fixed roof}
  park_code:
    type: text
    label: {zh: 园区编号, en: park code}
    meaning: {zh: 所在园区, en: its park}
    references: park.code
style: {colour: "#112233", outline: "#445566", line_width_px: 1, opacity: 0.5, draw_order: 1, label_column: code}
provenance: {publisher: gisrisk, licence: Apache-2.0, data: {zh: 现场核查, en: field checks}}
"""

MISTAKES = {
    "misspelt key": (
        "geometry: [Point]",
        "geometri: [Point]",
        ["geometri", "Did you mean 'geometry'?"],
    ),
    "misspelt key of a column": ("min: 0", "mni: 0", ["columns.capacity", "mni", "Did you mean 'min'?"]),
    "unknown type": ("type: date", "type: dates", ["columns.opened_on.type", "dates", "Did you mean 'date'?"]),
    "unknown geometry": ("[Point]", "[Pont]", ["geometry.0", "Pont", "Did you mean 'Point'?"]),
    "missing label": ("    label: {zh: 容量, en: capacity}\n", "", ["columns.capacity", "'label'", "Add it"]),
    "label without English": ("{zh: 容量, en: capacity}", "{zh: 容量}", ["columns.capacity.label", "'en'", "Add it"]),
    "key stands twice": ("    min: 0\n", "    min: 0\n    min: 1\n", ["line 21", "'min' stands twice"]),
    "key is a YAML truth": ("      fixed: {zh", "      no: {zh", ["key False is not text", "quotes"]),
    "broken YAML": ("identity: [code]", "identity: [code", ["shelter.yaml, line", "Correct the YAML"]),
    "other name": ("name: shelter", "name: shelters", ["name: is 'shelters'", "shelters.yaml"]),
    "number without unit": (
        "    unit: persons\n",
        "",
        ["columns.capacity.unit", "without a unit", "Add unit"],
    ),
    "unit on a text": ("    references: park.code", "    unit: m", ["columns.park_code.unit", "text has no unit"]),
    "bounds exchanged": ("min: 0", "min: 5\n    max: 2", ["columns.capacity.min", "5 is above max 2", "Exchange"]),
    "heading twice": ("aliases: [编号]", "aliases: [编号, 容 量]", ["columns.capacity.aliases", "'容量'", "'code'"]),
    "unknown identity": (
        "identity: [code]",
        "identity: [cod]",
        ["no column 'cod'", "Did you mean 'code'?"],
    ),
    "key not required": ("    required: true\n", "", ["columns", "a key is one required column"]),
    "unknown attribute": (
        "vocabulary.attributes.roof",
        "vocabulary.attributes.rof",
        ["columns.roof.allowed_from", "no attribute 'rof'", "Did you mean 'roof'?"],
    ),
    "unknown value": (
        "fixed: {zh",
        "fixd: {zh",
        ["columns.roof.labels.fixd", "Did you mean 'fixed'?"],
    ),
    "word for two values": (
        "fixed: {zh: 固定顶, en: fixed roof}",
        "fixed: {zh: 浮顶, en: f}\n      floating: {zh: 浮顶, en: g}",
        ["columns.roof, value floating", "'浮顶' already means 'fixed'"],
    ),
    "unknown layer": ("park.code", "parc.code", ["columns.park_code.references", "no layer 'parc'", "'park'"]),
    "reference to no key": (
        "park.code",
        "park.name",
        ["columns.park_code.references", "'name' is not the key"],
    ),
    "order before its reference": ("order: 20", "order: 1", ["order", "comes before park"]),
    "colour": ('"#112233"', '"red"', ["style.colour", "red"]),
    "label column": ("label_column: code", "label_column: cod", ["style.label_column", "Did you mean 'code'?"]),
    "raster with columns": ("kind: vector", "kind: raster", ["shelter.yaml"]),
    "unknown format": ("    references: park.code", "    format: zip", ["columns.park_code.format", "'zip'"]),
    "common column again": ("  park_code:\n", "  position_source:\n", ["columns.position_source", "_common.yaml"]),
    "order check on a text": (
        "style:",
        "checks: [{order: [opened_on, code]}]\nstyle:",
        ["checks.order", "dates"],
    ),
}


@pytest.fixture
def folder(tmp_path) -> Path:
    """A copy of the shipped layer files."""
    copied = tmp_path / "layers"
    shutil.copytree(shipped("layers"), copied)
    return copied


def test_the_example_without_mistake_is_read(folder):
    (folder / "shelter.yaml").write_text(GOOD, encoding="utf-8")
    read = read_layers(folder, vocabulary())["shelter"]
    assert [column.name for column in read.columns] == ["code", "capacity", "opened_on", "roof", "park_code"]
    assert read.column("roof").allowed["fixed"].zh == "固定顶"
    assert list(read.column("roof").allowed) == ["fixed", "floating", "internal_floating"]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_layer_file_is_named(folder, mistake):
    right, wrong, parts = MISTAKES[mistake]
    assert right in GOOD
    (folder / "shelter.yaml").write_text(GOOD.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(LayerDefinitionError) as refused:
        read_layers(folder, vocabulary())
    for part in [*parts, "shelter.yaml"]:
        assert part in str(refused.value)


def test_a_file_that_is_not_utf8_is_named(folder):
    (folder / "shelter.yaml").write_bytes(GOOD.encode("gbk"))
    with pytest.raises(LayerDefinitionError, match=r"shelter\.yaml: not UTF-8"):
        read_layers(folder, vocabulary())


def test_a_mistake_in_the_common_file_is_named(folder):
    path = folder / "_common.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("ignored:", "ignord:"), encoding="utf-8")
    with pytest.raises(LayerDefinitionError, match=r"_common\.yaml.*ignord.*Did you mean 'ignored'"):
        read_layers(folder, vocabulary())
