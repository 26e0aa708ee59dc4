"""The colour of a site by the declared matrix, worked out by hand: R = L * S, cut at 20, 15 and 9."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
import yaml

from gisrisk.analysis.reason_words import missing_in_words, unit_in_words
from gisrisk.analysis.site_levels import level_of_score, site_grades
from gisrisk.catalog import layer
from gisrisk.errors import RuleDataError, UnknownName
from gisrisk.rules.methods import load_method, read_method

METHOD = load_method("enterprise_matrix")
EMPTY = gpd.GeoDataFrame({"code": [], "level": []}, geometry=[], crs="EPSG:4490")


def sites(*rows: dict[str, Any]) -> gpd.GeoDataFrame:
    rows = rows or ({},)
    full = [
        {"code": "S", "name": "甲厂", "park_code": None, "geometry": shapely.box(115, 25, 115.01, 25.01)} | r
        for r in rows
    ]
    return gpd.GeoDataFrame(full, geometry="geometry", crs="EPSG:4490")


def units(*rows: dict[str, Any]) -> gpd.GeoDataFrame:
    base = {"unit_code": "U", "unit_name": "罐组", "unit_kind": "storage_unit_tank_farm", "site_code": "S"}
    base |= {"source_codes": "T", "r": None, "missing": "", "geometry": shapely.Point(115.005, 25.005)}
    columns = [*base, "status", "level", "level_min", "level_max", "detail"]
    frame = gpd.GeoDataFrame([base | row for row in rows], columns=columns, geometry="geometry", crs="EPSG:4490")
    return frame.astype({"level": "Int64", "level_min": "Int64", "level_max": "Int64", "r": "float64"})


def major(level: int | None, worst: int | None = None, mildest: int | None = None, **more: Any) -> dict[str, Any]:
    low, high = (level, level) if level else (worst, mildest)
    missing = "" if level else "inventory.quantity_t (氯)"
    detail = {"s": [2.0, 2.0]}
    return {
        "status": "major",
        "level": level,
        "level_min": low,
        "level_max": high,
        "missing": missing,
        "detail": detail,
    } | more


NOT_MAJOR = {"status": "not_major", "level": None, "level_min": None, "level_max": None, "detail": {"s": [0.5, 0.5]}}
HARMLESS = NOT_MAJOR | {"detail": {"s": [0.0, 0.0]}}


def findings(*rows: dict[str, Any]) -> pd.DataFrame:
    base = {"rule_id": "EX-1", "rule_type": "minimum", "mandatory": True, "review": "confirmed", "status": "violation"}
    base |= {
        "document": "示例规范",
        "document_no": "EX 100",
        "clause": "4.2.1 表3",
        "source_layer": "hazard_source",
        "source_code": "T",
        "target_code": "B",
        "target_name": "小学",
        "shortfall_m": 12.34,
    }
    return pd.DataFrame([base | row for row in rows], columns=list(base))


def one(hazards: gpd.GeoDataFrame, found: pd.DataFrame | None = None, **site: Any) -> pd.Series:
    result = site_grades(sites(site), hazards, findings() if found is None else found, EMPTY, EMPTY, method=METHOD)
    assert len(result) == 1
    return result.iloc[0]


@pytest.mark.parametrize(
    ("unit", "violated", "severity", "score", "level"),
    [  # the usual colours of major hazard levels, and one open violation: L 4 -> 5
        (major(1), False, 5, 20, 1),
        (major(2), False, 4, 16, 2),
        (major(3), False, 3, 12, 3),
        (major(4), False, 2, 8, 4),
        (NOT_MAJOR, False, 2, 8, 4),
        (HARMLESS, False, 1, 4, 4),
        (major(1), True, 5, 25, 1),
        (major(2), True, 4, 20, 1),
        (major(3), True, 3, 15, 2),
        (major(4), True, 2, 10, 3),
        (NOT_MAJOR, True, 2, 10, 3),
        (HARMLESS, True, 1, 5, 4),
    ],
)
def test_every_cell_of_the_matrix_that_occurs(
    unit: dict[str, Any], violated: bool, severity: int, score: int, level: int
) -> None:
    site = one(units(unit), findings({}) if violated else findings())
    assert (site["severity"], site["likelihood"]) == (severity, 5 if violated else 4)
    assert (site["score"], site["level"], site["level_at_least"], site["status"]) == (score, level, level, "graded")
    assert site["violations"] == int(violated)


@pytest.mark.parametrize("likelihood", range(1, 6))
@pytest.mark.parametrize("severity", range(1, 6))
def test_every_product_has_the_published_colour(likelihood: int, severity: int, shared_dir: Path) -> None:
    text = (shared_dir / "standards" / "park_grading.yaml").read_text(encoding="utf-8")
    bands = next(m for m in yaml.safe_load(text)["regional_methods"] if m["id"] == "ls_matrix_5x5")["bands"]
    score = likelihood * severity
    colour = next(band["colour"] for band in bands if band["r_min"] <= score <= band["r_max"])
    assert ["red", "orange", "yellow", "blue"][level_of_score(score, METHOD) - 1] == colour


@pytest.mark.parametrize(
    "change",
    [
        {"review": "provisional"},
        {"mandatory": False},
        {"rule_type": "permit"},
        {"status": "meets"},
        {"source_code": "T9"},
        {"source_layer": "enterprise_site", "source_code": "Z"},
    ],
    ids=str,
)
def test_only_a_confirmed_mandatory_violation_of_the_site_raises_the_colour(change: dict[str, Any]) -> None:
    site = one(units(major(3)), findings(change))
    assert (site["likelihood"], site["level"], site["violations"]) == (4, 3, 0)


def test_a_provisional_rule_is_mentioned_but_does_not_count() -> None:
    site = one(units(major(3)), findings({"review": "provisional"}))
    assert "另有1项未核对原文的条文不满足,不计入" in site["reasons"]


def test_a_violation_of_the_site_itself_counts() -> None:
    site = one(units(major(3)), findings({"source_layer": "enterprise_site", "source_code": "S"}))
    assert (site["likelihood"], site["level"]) == (5, 2)


def test_reasons_name_the_unit_and_the_clause_as_a_committee_cites_it() -> None:
    site = one(units(major(3, r=16.0)), findings({}))
    hazard, distance = site["reasons"].split(";")
    assert hazard == "严重性S=3:罐组(U)构成三级重大危险源,R=16"
    assert distance == "可能性L=5:1项强制性防护距离不满足(《示例规范》EX 100 4.2.1 表3,距“小学”差 12.3 m)"
    assert site["major_level"] == 3


def test_a_prohibition_without_a_figure_and_a_target_without_a_name_are_still_cited() -> None:
    site = one(units(major(3)), findings({"shortfall_m": None, "target_name": None}))
    assert "(《示例规范》EX 100 4.2.1 表3,距“B”不足)" in site["reasons"]


def test_no_reason_shows_a_rule_id() -> None:
    found = findings({}, {"review": "provisional"}, {"status": "undetermined"}, {"status": "needs_survey"})
    assert "EX-1" not in one(units(major(3)), found)["reasons"]


@pytest.mark.parametrize("status", ["needs_survey", "undetermined"])
def test_a_finding_that_may_be_a_violation_leaves_the_colour_open(status: str) -> None:
    # S=3: 4*3=12 yellow, 5*3=15 orange
    site = one(units(major(3)), findings({"status": status}))
    assert (site["status"], site["level_at_least"]) == ("undetermined", 3)
    assert pd.isna(site["level"])
    assert site["needs_survey"] + site["undetermined_findings"] == 1
    assert "待定" in site["reasons"]


@pytest.mark.parametrize("unit", [major(1), HARMLESS])
def test_an_unknown_that_cannot_change_the_colour_leaves_it_graded(unit: dict[str, Any]) -> None:
    # S=5: 20 and 25 are both red; S=1: 4 and 5 are both blue
    assert one(units(unit), findings({"status": "undetermined"}))["status"] == "graded"


def test_an_open_level_of_a_major_hazard_leaves_the_colour_open() -> None:
    # level 4 or worse, up to 2: S 2..4, R 8..16: blue to orange
    site = one(units(major(None, worst=2, mildest=4)))
    assert (site["status"], site["level_at_least"], site["severity"]) == ("undetermined", 4, 2)
    worst = site_grades(sites(), units(major(None, worst=2, mildest=4)), findings(), EMPTY, EMPTY, method=METHOD)
    assert worst.attrs["level_at_worst"] == {"S": 2}
    label = layer("inventory").column("quantity_t").label_zh
    assert f"待定:罐组(U)缺危险物质存量的{label}(inventory.quantity_t):氯" in site["reasons"]


def test_a_unit_of_unknown_status_leaves_the_colour_open() -> None:
    unit = {"status": "undetermined", "level": None, "level_min": 3, "level_max": None, "missing": "inventory (T)"}
    site = one(units(unit | {"detail": {"s": [0.0, None]}}))
    assert (site["status"], site["level_at_least"]) == ("undetermined", 4)
    assert "待定:罐组(U)缺危险物质存量记录(inventory):T" in site["reasons"]
    red = one(units(unit | {"detail": {"s": [0.0, None]}}, major(1, unit_code="V")))
    assert (red["status"], red["level"]) == ("graded", 1)  # the known worst is red already


def test_a_missing_field_is_named_once_with_all_that_lack_it() -> None:
    # the two substances lack the same field; the label is the layer file's
    text = missing_in_words("inventory.ghs_class (甲); hazard_source.group_code (T1); inventory.ghs_class (乙(混合))")
    ghs, group = (
        layer(name).column(column) for name, column in (("inventory", "ghs_class"), ("hazard_source", "group_code"))
    )
    assert text == (
        f"危险物质存量的{ghs.label_zh}(inventory.ghs_class):甲、乙(混合),"
        f"危险源的{group.label_zh}(hazard_source.group_code):T1"
    )


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ("enterprise_site.geometry", "企业的图形(enterprise_site.geometry)"),
        ("population raster does not cover", "此处的人口格网(population)"),
        ("hazard_source.no_such_column (T1)", "hazard_source.no_such_column (T1)"),
        ("批准文件", "批准文件"),
    ],
)
def test_what_is_no_column_is_still_said(missing: str, words: str) -> None:
    assert missing_in_words(missing) == words


def test_a_unit_whose_name_holds_its_code_shows_it_once() -> None:
    assert unit_in_words({"unit_name": "罐组 G1", "unit_code": "E1/G1"}) == "罐组 G1"
    assert unit_in_words({"unit_name": "甲类库", "unit_code": "E1-S6"}) == "甲类库(E1-S6)"


@pytest.mark.parametrize(
    ("site", "status"),
    [
        ({"is_hazchem_enterprise": True}, "undetermined"),
        ({"plant_kind": "fine_chemical"}, "undetermined"),
        ({"industry_code": "2614"}, "undetermined"),
        ({"industry_code": "2511"}, "undetermined"),
        ({"industry_code": "1311"}, "graded"),
        ({"is_hazchem_enterprise": False}, "graded"),
        ({}, "graded"),
    ],
    ids=str,
)
def test_a_chemical_enterprise_without_hazard_sources_is_not_blue(site: dict[str, Any], status: str) -> None:
    assert one(units(), **site)["status"] == status


def test_a_unit_without_a_site_is_graded_by_itself() -> None:
    found = findings({"source_code": "X"})
    result = site_grades(sites(), units(major(2, site_code=None, source_codes="X")), found, EMPTY, EMPTY, method=METHOD)
    alone = result.set_index("site_code").loc["U"]
    assert (alone["level"], alone["violations"]) == (1, 1)
    assert "未关联企业" in alone["reasons"]
    assert result.attrs["level_at_worst"] == {}  # both are graded


def test_findings_of_a_source_that_is_no_unit_reach_its_site() -> None:
    sources = pd.DataFrame({"code": ["FLARE"], "site_code": ["S"]})
    found = findings({"source_code": "FLARE"})
    with_sources = site_grades(sites(), units(major(3)), found, EMPTY, EMPTY, method=METHOD, sources=sources)
    assert with_sources.iloc[0]["violations"] == 1


def test_park_and_county_come_from_the_map_unless_declared() -> None:
    west, east = shapely.box(114.9, 24.9, 115.004, 25.1), shapely.box(115.004, 24.9, 115.2, 25.1)
    parks = gpd.GeoDataFrame({"code": ["P1", "P2"]}, geometry=[west, east], crs="EPSG:4490")
    admin = gpd.GeoDataFrame(
        {"code": ["1", "2", "3"], "level": ["county", "county", "city"]},
        geometry=[west, east, west.union(east)],
        crs="EPSG:4490",
    )
    free = site_grades(sites({}), units(), findings(), admin, parks, method=METHOD).iloc[0]
    assert (free["park_code"], free["county_code"]) == ("P2", "2")  # six tenths of the site lie east
    told = site_grades(sites({"park_code": "P1"}), units(), findings(), admin, parks, method=METHOD).iloc[0]
    assert told["park_code"] == "P1"
    stale = site_grades(sites({"park_code": "P9"}), units(), findings(), admin, parks, method=METHOD).iloc[0]
    assert stale["park_code"] == "P2"


def test_methods_are_declared_and_say_so() -> None:
    assert METHOD["confirmed"] is False
    assert METHOD["name_zh"] == "企业风险矩阵法(LS 5×5)"
    with pytest.raises(UnknownName, match="enterprise_matrix"):
        load_method("no_such_method")
    changed = load_method("enterprise_matrix")
    changed["bands"].clear()
    assert load_method("enterprise_matrix")["bands"]  # a copy, not the shared one


def test_every_shipped_method_fits_its_schema(project_root: Path) -> None:
    files = sorted((project_root / "data/rules/methods").glob("*.yaml"))
    assert {"enterprise_matrix", "four_colours", "region_worst"} <= {path.stem for path in files}
    for path in files:
        assert read_method(path)["id"] == path.stem


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda raw: raw["bands"].reverse(), "levels must be"),
        (lambda raw: raw["bands"][1].update(score_min=21), "must fall"),
        (lambda raw: raw["bands"][3].update(score_min=2), "end at 1"),
        (lambda raw: raw["severity"].pop("hazardous_not_major"), "severity"),
        (lambda raw: raw["likelihood"].update(baseline=9), "likelihood/baseline"),
        (lambda raw: raw.update(id="other"), "name of the file"),
    ],
)
def test_a_broken_method_is_refused(spoil: Any, message: str, tmp_path: Path, project_root: Path) -> None:
    raw = yaml.safe_load((project_root / "data/rules/methods/enterprise_matrix.yaml").read_text(encoding="utf-8"))
    spoil(raw)
    path = tmp_path / "enterprise_matrix.yaml"
    path.write_text(yaml.safe_dump(raw, allow_unicode=True), encoding="utf-8")
    with pytest.raises(RuleDataError, match=message):
        read_method(path)
