"""The vocabulary and the four colours: read whole, and refused when a name leads nowhere."""

from __future__ import annotations

import copy

import pytest
import yaml

from gisrisk.catalog import LEVELS, UNDETERMINED, palette, vocabulary
from gisrisk.catalog.palette import read_palette
from gisrisk.catalog.vocabulary import read_vocabulary
from gisrisk.errors import RuleDataError
from gisrisk.paths import shipped

VOCABULARY = yaml.safe_load(shipped("data", "rules", "vocabulary.yaml").read_text(encoding="utf-8"))
COLOURS = yaml.safe_load(shipped("data", "rules", "methods", "four_colours.yaml").read_text(encoding="utf-8"))


def test_the_vocabulary_keeps_every_entry_of_the_fact_file(shared_dir):
    facts = yaml.safe_load((shared_dir / "standards" / "vocabulary.yaml").read_text(encoding="utf-8"))
    ours = vocabulary()
    assert {row["name"] for row in facts["attributes"]} <= set(ours.attributes)
    assert {row["code"] for row in facts["facility_types"]} <= set(ours.facility_types)
    assert {row["code"] for row in facts["target_types"]} <= set(ours.target_types)
    for row in facts["attributes"]:
        assert ours.attributes[row["name"]].unit == row.get("unit")
        assert set(row.get("values", ())) <= set(ours.attributes[row["name"]].values)


def test_types_carry_what_the_rules_need():
    tank = vocabulary().facility_types["tank_fixed_roof"]
    assert tank.implies == {"roof": "fixed", "position": "above_ground"}
    assert tank.required == ("fire_hazard_class", "volume_m3")
    assert "fs_fuel_tank" in vocabulary().facility_types["vehicle_filling_station"].stands_for
    assert vocabulary().target_types["railway_line"].select == {"kind": "railway"}


def test_derived_and_geometry_attributes_cannot_be_entered():
    attributes = vocabulary().attributes
    assert not attributes["in_dense_area"].can_be_entered  # context: from overlay
    assert not attributes["flow_path"].can_be_entered  # a geometry
    assert attributes["h2s"].can_be_entered


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (lambda v: v.pop("classes"), ["classes", "missing"]),
        (lambda v: v["attributes"].append(v["attributes"][0]), ["attributes[", "stands twice"]),
        (lambda v: v["attributes"][0].pop("side"), ["attributes[1]", "'side'", "missing"]),
        (lambda v: v["attributes"][0].update(type="enumeration"), ["enumeration", "enum"]),
        (lambda v: v["facility_types"][0].update(parent="nowhere"), ["parent 'nowhere' is no group"]),
        (lambda v: v["facility_types"][0]["required"].append("colour"), ["no attribute 'colour'"]),
        (lambda v: v["facility_types"][0].update(stands_for=["x"]), ["stands_for", "'x'"]),
        (lambda v: v["target_types"][0].pop("code"), ["target_types[1]", "'code'"]),
    ],
)
def test_a_mistake_in_the_vocabulary_is_named(tmp_path, change, parts):
    content = copy.deepcopy(VOCABULARY)
    change(content)
    path = tmp_path / "vocabulary.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    with pytest.raises(RuleDataError) as refused:
        read_vocabulary(path)
    for part in parts:
        assert part in str(refused.value)


def test_the_four_levels_are_those_of_the_scheme(shared_dir):
    facts = yaml.safe_load((shared_dir / "standards" / "park_grading.yaml").read_text(encoding="utf-8"))
    rows = facts["four_colour_scheme"]["rows"]
    assert [(x.number, x.name_zh, x.colour_zh, x.code, x.hex) for x in LEVELS] == [
        (row["level"], row["name_zh"], row["colour_zh"], row["colour"], row["hex"]) for row in rows
    ]
    assert (UNDETERMINED.number, UNDETERMINED.name_zh, UNDETERMINED.hex) == (0, "待定", "#9E9E9E")


def test_a_level_is_found_by_its_number():
    assert palette().level(1).code == "red"
    assert palette().level(None) is UNDETERMINED
    assert palette().level(0) is UNDETERMINED
    with pytest.raises(KeyError):
        palette().level(5)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda c: c["levels"].reverse(), "1 red, 2 orange, 3 yellow, 4 blue"),
        (lambda c: c["levels"].pop(), "1 red, 2 orange, 3 yellow, 4 blue"),
        (lambda c: c["levels"][0].update(hex="crimson"), "crimson"),
        (lambda c: c["levels"][0].update(hex=c["levels"][1]["hex"]), "share one hex"),
        (lambda c: c["levels"][0].update(hatch=c["levels"][1]["hatch"]), "share one hatch"),
        (lambda c: c["levels"][0].pop("name_zh"), "'name_zh'"),
        (lambda c: c.pop("undetermined"), "'undetermined'"),
    ],
)
def test_a_mistake_in_the_palette_is_named(tmp_path, change, part):
    content = copy.deepcopy(COLOURS)
    change(content)
    path = tmp_path / "four_colours.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    with pytest.raises(RuleDataError, match=part):
        read_palette(path)
