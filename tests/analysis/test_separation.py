"""Findings on small scenes drawn by hand, with distances laid out along a meridian by `pyproj.Geod`."""

from __future__ import annotations

from datetime import date
from typing import Any

import geopandas as gpd
import pandas as pd
import pyproj
import pytest
import shapely

from gisrisk.analysis.separation import separation_findings
from gisrisk.rules import load_rules
from gisrisk.rules.subjects import build_subjects

GEOD = pyproj.Geod(ellps="GRS80")
ON = date(2026, 11, 25)
LON, LAT = 114.95, 25.80


def north(metres: float, lon: float = LON, lat: float = LAT) -> float:
    """Latitude that lies so many metres north."""
    return float(GEOD.fwd(lon, lat, 0.0, metres)[1])


def box(from_m: float, to_m: float, *, half_width_m: float = 10.0) -> shapely.Polygon:
    """A block from so many to so many metres north of the origin."""
    east = float(GEOD.fwd(LON, LAT, 90.0, half_width_m)[0]) - LON
    return shapely.box(LON - east, north(from_m), LON + east, north(to_m))


def frame(*rows: dict[str, Any], uncertainty_m: float | None = 0.0) -> gpd.GeoDataFrame:
    common = {
        "position_uncertainty_m": uncertainty_m,
        "recorded_at": pd.Timestamp("2026-01-02", tz="UTC"),
        "attributes": None,
    }
    return gpd.GeoDataFrame([common | row for row in rows], geometry="geometry", crs="EPSG:4490")


SITE = {"code": "E1", "name": "厂", "site_regime": "general_industry", "geometry": box(-60, 5, half_width_m=60)}
WORKSHOP = {
    "code": "S1",
    "name": "甲类厂房",
    "site_code": "E1",
    "facility_type": "workshop_jia",
    "geometry": box(-30, 0),
}


def findings(targets: gpd.GeoDataFrame, *, sources: gpd.GeoDataFrame | None = None, **layers: Any) -> pd.DataFrame:
    frames = {
        "enterprise_site": frame(SITE),
        "hazard_source": frame(WORKSHOP) if sources is None else sources,
        "protected_target": targets,
    } | layers
    return separation_findings(load_rules(), build_subjects(frames), on=ON).findings


def open_flame(metres: float, uncertainty_m: float | None = 0.0) -> gpd.GeoDataFrame:
    point = shapely.Point(LON, north(metres))
    row = {"code": "T1", "name": "明火", "target_type": "open_flame_point", "geometry": point}
    return frame(row, uncertainty_m=uncertainty_m)


@pytest.mark.parametrize(("metres", "status"), [(29.9, "violation"), (30.1, None)])
def test_an_open_flame_stands_30_m_from_a_class_jia_workshop(metres: float, status: str | None) -> None:
    # GB 50016 table 3.4.1: class 甲 workshop and open flame, 30 m
    # GB 55037-2022 clause 3.2.1: the same 30 m, a clause and a finding of its own
    found = findings(open_flame(metres))
    found = found[found["target_code"] == "T1"]
    assert list(found["status"]) == ([status] * 2 if status else [])
    if status:
        assert sorted(found["document_no"]) == ["GB 50016-2014(2018年版)", "GB 55037-2022"]
        row = found[found["document_no"].str.startswith("GB 50016")].iloc[0]
        assert row["required_m"] == 30.0
        assert row["measured_m"] == pytest.approx(metres, abs=0.01)
        assert row["shortfall_m"] == pytest.approx(30.0 - metres, abs=0.01)
        assert row["document_no"].startswith("GB 50016")
        assert row["since"] == date(2026, 1, 2)  # both were recorded then, the clause is older


def test_within_the_uncertainty_of_both_ends_a_survey_is_needed() -> None:
    # 2 m each: 30 m required, anything from 26 to 34 m measured can be either
    sources = frame(WORKSHOP, uncertainty_m=2.0)
    for metres, status in [(25.8, "violation"), (26.2, "needs_survey"), (33.8, "needs_survey"), (34.2, None)]:
        found = findings(open_flame(metres, 2.0), sources=sources)
        found = found[(found["target_code"] == "T1") & found["document_no"].astype(str).str.startswith("GB 50016")]
        assert list(found["status"]) == ([status] if status else []), metres


def test_no_stated_uncertainty_is_assumed_and_says_so() -> None:
    found = findings(open_flame(20.0, None))
    row = found[found["target_code"] == "T1"].iloc[0]
    assert "position_uncertainty_m" in row["assumed"].split(";")


def test_a_house_of_unknown_height_is_undetermined_and_names_the_field() -> None:
    # table 3.4.1: 25 m to low civil buildings, 50 m to high ones; at 40 m only the height decides
    house = {"code": "T1", "name": "住宅", "target_type": "residential_building", "population": 12.0}
    found = findings(frame(house | {"geometry": box(40, 50), "height_m": None}))
    row = found[found["target_code"] == "T1"].iloc[0]
    assert (row["status"], row["required_m"]) == ("undetermined", 50.0)
    assert "protected_target.height_m" in row["missing"].split(";")
    low = findings(frame(house | {"geometry": box(40, 50), "height_m": 9.0}))
    assert "T1" not in set(low["target_code"])
    assert row["people"] == 12.0


def test_the_area_keeps_pairs_of_which_an_end_touches_it() -> None:
    frames = {"enterprise_site": frame(SITE), "hazard_source": frame(WORKSHOP), "protected_target": open_flame(20.0)}
    subjects = build_subjects(frames)
    near_target, elsewhere = box(15, 40), box(5000, 5100)
    for area, expected in [(near_target, {"T1"}), (box(-40, -10), {"T1"}), (elsewhere, set())]:
        found = separation_findings(load_rules(), subjects, on=ON, area=area).findings
        assert set(found["target_code"]) == expected


def test_a_rule_not_yet_in_force_finds_nothing() -> None:
    frames = {"enterprise_site": frame(SITE), "hazard_source": frame(WORKSHOP), "protected_target": open_flame(20.0)}
    before = separation_findings(load_rules(), build_subjects(frames), on=date(2000, 1, 1)).findings
    assert before.empty
    assert list(before.columns)[:2] == ["finding_no", "rule_id"]


def test_lines_that_cross_are_not_judged_as_lines_side_by_side() -> None:
    # GB 50074: a depot's pipeline keeps its distance from roads it runs along; where it crosses one, other clauses hold
    pipeline = {
        "code": "P1", "name": "库外管道", "kind": "pipeline", "medium": "oil", "position": "buried", "grade": None,
        "geometry": shapely.LineString([(LON - 0.01, LAT + 0.01), (LON + 0.01, LAT + 0.01)]),
        "attributes": {"serves": "oil_depot"}, "diameter_m": 0.3,
    }  # fmt: skip
    road = {"code": "R1", "name": "公路", "kind": "road", "grade": "class3", "width_m": 7.0}
    along = shapely.LineString([(LON - 0.01, LAT + 0.01001), (LON + 0.01, LAT + 0.01001)])
    across = shapely.LineString([(LON, LAT), (LON, LAT + 0.02)])
    for line, status in [(along, "violation"), (across, "undetermined")]:
        lines = frame(pipeline, road | {"geometry": line})
        found = findings(open_flame(5000.0), linear_feature=lines)
        row = found[(found["source_code"] == "P1") & (found["target_code"] == "R1")]
        assert list(row["status"]) == [status]
        assert ("crossing" in row.iloc[0]["missing"].split(";")) == (status == "undetermined")


def test_two_sources_are_reported_once_under_a_clause() -> None:
    # both are class 甲 workshops, so the clause holds from either side
    other = WORKSHOP | {"code": "S2", "name": "另一厂房", "geometry": box(6, 30)}
    both = [row | {"fire_resistance_grade": 2, "height_m": 8.0} for row in (WORKSHOP, other)]
    found = findings(open_flame(5000.0), sources=frame(*both))
    pair = found[found["target_layer"] == "hazard_source"]
    assert not pair.duplicated(["document_no", "clause"]).any()
