"""The shipped tables equal the project's fact file, and a broken table is refused with its place."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from gisrisk.catalog.vocabulary import vocabulary
from gisrisk.errors import OutOfDomain, RuleDataError
from gisrisk.hazards.tables import Gb18218, base_name, gb18218, plain, read_gb18218


@pytest.fixture(scope="module")
def facts(shared_dir: Path) -> dict[str, Any]:
    return yaml.safe_load((shared_dir / "standards" / "gb18218_2018.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def tables() -> Gb18218:
    return gb18218()


def test_table_1_equals_the_fact_file(facts: dict[str, Any], tables: Gb18218) -> None:
    rows = {row.seq: row for row in tables.substances}
    assert len(rows) == len(facts["table1_named_substances"]) == 85
    for fact in facts["table1_named_substances"]:
        row = rows[fact["seq"]]
        assert row.name_zh == fact["name_zh"]
        assert set(fact["cas"]) <= row.cas
        assert row.critical_quantity_t == Fraction(str(fact["critical_quantity_t"]))
        assert {plain(name) for name in fact["aliases_zh"]} <= row.names
        assert (row.confirmed, row.source_url) == (fact["confirmed"], fact["source_url"])


def test_tables_2_and_4_equal_the_fact_file(facts: dict[str, Any], tables: Gb18218) -> None:
    betas = {row["symbol"]: row["beta"] for row in facts["grading"]["beta_table4_categories"]}
    assert [row.symbol for row in tables.categories] == [row["symbol"] for row in facts["table2_categories"]]
    for fact, row in zip(facts["table2_categories"], tables.categories, strict=True):
        assert row.critical_quantity_t == fact["critical_quantity_t"]
        assert row.beta == Fraction(str(betas[row.symbol]))


def test_table_3_equals_the_fact_file(facts: dict[str, Any], tables: Gb18218) -> None:
    expected = {row["cas"][0]: row["beta"] for row in facts["grading"]["beta_table3_named_toxic_gases"]}
    found = {cas: row.beta for row in tables.substances if row.beta is not None for cas in row.beta_cas}
    assert found == expected
    assert len(found) == 14


def test_alpha_and_levels_equal_the_fact_file(facts: dict[str, Any], tables: Gb18218) -> None:
    for row in facts["grading"]["alpha_exposure"]["rows"]:
        assert tables.alpha(row["population_min"]) == Fraction(str(row["alpha"]))
        if row["population_max"] is not None:
            assert tables.alpha(row["population_max"]) == Fraction(str(row["alpha"]))
    for row in facts["grading"]["levels"]:
        inside = row["r_min_inclusive"] or 0
        assert tables.level(Fraction(inside)) == row["level"]
    assert tables.band_m == facts["grading"]["alpha_exposure"]["band_m"]


def test_part_of_a_person_or_a_negative_number_is_refused(tables: Gb18218) -> None:
    with pytest.raises(OutOfDomain, match="whole numbers"):
        tables.alpha(29.5)
    with pytest.raises(OutOfDomain):
        tables.alpha(-1)


@pytest.mark.parametrize(("day", "applies"), [("2019-02-28", False), ("2019-03-01", True), ("2026-11-22", True)])
def test_the_edition_is_in_force_from_march_2019(tables: Gb18218, day: str, applies: bool) -> None:
    assert tables.applies_on(date.fromisoformat(day)) is applies


def test_every_facility_type_of_the_layer_is_placed_once(tables: Gb18218) -> None:
    own = {code for code, kind in vocabulary().facility_types.items() if kind.layer == "hazard_source"}
    assert set(tables.unit_rules) == own
    conventions = tables.raw["conventions"]
    assert {*conventions["atmospheric_types"]["types"], *conventions["pressurised_types"]} <= own


def test_every_class_a_row_asks_for_is_in_the_vocabulary(tables: Gb18218) -> None:
    classes = {entry["code"]: set(entry["categories"]) for entry in tables.raw["hazard_classes"]["classes"]}
    for row in tables.categories:
        for match in row.any_of:
            assert set(match["categories"]) <= classes[match["class"]], row.symbol


def test_no_name_means_two_rows_of_different_families(tables: Gb18218) -> None:
    seen: dict[str, int] = {}
    for row in tables.substances:
        for name in row.names:
            other = seen.setdefault(name, row.seq)
            if other != row.seq:
                assert tables.substances[other - 1].choice == row.choice is not None, name


def test_names_are_compared_without_width_case_and_spaces() -> None:
    assert plain(" 硝酸铵（含可燃物≤０.２％） ") == "硝酸铵(含可燃物≤0.2%)"
    assert base_name("硝化纤维素[干的或含水(或乙醇)<25%]") == "硝化纤维素"
    assert base_name("(某)物") == "(某)物"


BROKEN = [
    ("gap in alpha", lambda raw: raw["grading"]["alpha"]["rows"].pop(2), "alpha: rows leave a gap"),
    ("level edge", lambda raw: raw["grading"]["levels"][1].update(r_max=90), "levels: level 2 ends at 90"),
    ("beta missing", lambda raw: raw["grading"]["beta_table4"].pop(), r"differ in \['W11'\]"),
    ("gas without row", lambda raw: raw["grading"]["beta_table3"][0].update(table1_seq=999), r"\[999\] is no row"),
    ("negative quantity", lambda raw: raw["table1"]["rows"][0].update(critical_quantity_t=-1), "table1/rows/0"),
    ("confirmed without source", lambda raw: raw["table1"]["rows"][0].update(source_url=None), "table1/rows/0"),
    (
        "type twice",
        lambda raw: raw["conventions"]["facility_types"][0]["types"].append("flare"),
        "'flare' stands twice",
    ),
    ("unless later row", lambda raw: raw["table2"]["rows"][0]["when"].update(unless=["W11"]), "J1: unless must name"),
]


@pytest.mark.parametrize(("name", "spoil", "message"), BROKEN, ids=[case[0] for case in BROKEN])
def test_a_broken_table_is_refused(name: str, spoil: Any, message: str, tmp_path: Path, project_root: Path) -> None:
    raw = yaml.safe_load((project_root / "data/rules/gb18218_2018.yaml").read_text(encoding="utf-8"))
    spoil(raw)
    path = tmp_path / "gb18218_2018.yaml"
    path.write_text(yaml.safe_dump(raw, allow_unicode=True), encoding="utf-8")
    with pytest.raises(RuleDataError, match=message):
        read_gb18218(path)
