"""Which rows belong to a park, and in which order people read them."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from made_up import MadeUpStudy, make_study

from gisrisk.products.view import as_list, park_codes, park_part, region_part, severity_rank, worst_first
from gisrisk.products.words import citation, field_name, grade_text, metres, missing_text, type_name


def test_a_park_has_its_own_sites_hazards_and_findings(study: MadeUpStudy) -> None:
    first, second = park_part(study, "P01"), park_part(study, "P02")
    assert set(first.sites["site_code"]) == {f"E{k:03d}" for k in range(1, 21)}
    assert list(second.sites["site_code"]) == ["E021"]
    # every made-up finding starts at a tank of a site of the first park
    assert len(first.findings) == 7 and second.findings.empty
    assert set(first.hazard_grades["site_code"]) == set(first.sites["site_code"])
    assert park_codes(study) == ["P01", "P02"]


def test_a_site_without_a_park_code_belongs_where_it_lies(study: MadeUpStudy) -> None:
    grades = study.site_grades.copy()
    grades.loc[grades["site_code"] == "E003", "park_code"] = None
    assert "E003" in set(park_part(replace(study, site_grades=grades), "P01").sites["site_code"])


def test_violations_come_first_and_the_largest_shortfall_leads(study: MadeUpStudy) -> None:
    part = park_part(study, "P01")
    assert list(part.findings["status"]) == ["violation"] * 4 + ["needs_survey", "undetermined", "meets"]
    # shortfalls from the made-up coordinates: 500-195.5, 350-197.7, 300-239.1, 350-349.6
    assert list(part.findings["finding_no"][:4]) == [2, 3, 1, 5]


def test_undetermined_stands_before_yellow(study: MadeUpStudy) -> None:
    # unknown is not safe: red, orange, undetermined, yellow, blue
    assert [severity_rank(level) for level in (1, 2, None, 3, 4)] == sorted(
        severity_rank(level) for level in (1, 2, 3, 4, None)
    )
    ranked = worst_first(study.site_grades)
    shown = ["?" if pd.isna(level) else int(level) for level in ranked["level"]]
    assert shown == [1] * 2 + [2] * 4 + ["?"] * 2 + [3] * 5 + [4] * 8
    assert list(ranked["number"]) == list(range(1, 22))


def test_counts_add_up_to_all_sites(study: MadeUpStudy) -> None:
    assert region_part(study).level_counts() == {1: 2, 2: 4, 3: 5, 4: 8, 0: 2}


def test_a_study_of_everything_gets_the_box_around_it() -> None:
    everything = replace(make_study(), area_geometry=None)
    boundary = region_part(everything).boundary
    assert boundary.covers(everything.context["park"].union_all())


@pytest.mark.parametrize(
    ("cell", "parts"),
    [
        (None, []), (float("nan"), []), ("", []), ("a;b； c", ["a", "b", "c"]), ('["a", "b"]', ["a", "b"]),
        (["a", ["b"]], ["a", "b"]),
        (("x",), ["x"]), ([{"text_zh": "缺储量"}], ["缺储量"]), ("[unclosed", ["[unclosed"]),
    ],
)  # fmt: skip
def test_list_cells_are_read_in_every_form(cell: object, parts: list[str]) -> None:
    assert as_list(cell) == parts


def test_words() -> None:
    assert grade_text(1) == "红" and grade_text(None) == "待定" and grade_text(0) == "待定"
    assert grade_text(None, 2) == "待定(≥橙)" and grade_text(None, 4) == "待定"
    assert metres(12.04) == "12" and metres(12.06) == "12.1" and metres(None) == "—" and metres(1500.0) == "1,500"
    assert citation("某标准", "GB 1-2020", "3.1") == "《某标准》 GB 1-2020 3.1"
    assert citation("《某标准》", None, None) == "《某标准》" and citation(None, None, None) == "—"


def test_missing_fields_are_named_in_chinese() -> None:
    # labels from layers/hazard_source.yaml and layers/protected_target.yaml
    assert field_name("hazard_source.roof") == "危险源罐顶形式"
    assert field_name("protected_target.population (T1, T2)").endswith("(T1, T2)")
    assert missing_text(["hazard_source.roof", "hazard_source.roof"]) == "危险源罐顶形式"
    assert missing_text("不是字段名") == "不是字段名"
    assert type_name("school") and type_name("no_such_type") == "no_such_type" and type_name(None) == ""


def test_a_whole_missing_table_is_named_too() -> None:
    assert field_name("inventory (H-7)") == "存量表 (H-7)"
