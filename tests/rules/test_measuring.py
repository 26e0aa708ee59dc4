"""Where the ends of a distance lie; expected metres by hand from the sizes given and the tables of the vocabulary."""

from __future__ import annotations

import math
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import LineString, Point, box

from gisrisk.errors import UnknownName
from gisrisk.rules import RuleBook
from gisrisk.rules.measuring import End, MeasuringPoints
from gisrisk.rules.subjects import Subjects, build_subjects

POINT, LINE, AREA = Point(115, 29), LineString([(115, 29), (115.01, 29)]), box(115, 29, 115.001, 29.001)
PIPE = {"kind": "pipeline", "medium": "oil"}


def subjects_of(layer: str, geometry: Any, **given: Any) -> Subjects:
    row = {"code": "X", "name": "X", "geometry": geometry, **given}
    return build_subjects({layer: gpd.GeoDataFrame(pd.DataFrame([row]), geometry="geometry", crs="EPSG:4490")})


def measured(subjects: Subjects, type_code: str, end: End, code: str) -> tuple[float, float, float, bool, str, str]:
    """offset, allowance, may extend, needs survey, mark, error side of the row of one type."""
    rows = np.flatnonzero(subjects.frame["type"] == type_code)[:1]
    m = MeasuringPoints(subjects).measure(end, code, rows)
    return (
        m.offset_m[0], m.allowance_m[0], m.may_extend_m[0], bool(m.needs_survey[0]), m.mark[0], m.error_side[0],
    )  # fmt: skip


AS_DRAWN = (0.0, 0.0, 0.0, False, "", "")
FOOTPRINT = "substitute:footprint_assumed"
BARE = (0.0, 0.0, 150.0, True, "substitute:centre_point", "unsafe")


@pytest.mark.parametrize(
    ("given", "geometry", "expected"),
    [
        ({}, AREA, AS_DRAWN),
        ({"diameter_m": 12.0}, POINT, (6.0, 0.0, 0.0, False, "", "")),
        # (16 * 1000 pi / pi)^(1/3) is the cube root of 16000: 25.198; half of it is 12.599.
        ({"volume_m3": 1000 * math.pi}, POINT, (0.0, 12.599, 0.0, False, "substitute:diameter_assumed", "safe")),
        ({}, POINT, BARE),
    ],
)
def test_tank_wall(given: dict[str, Any], geometry: Any, expected: tuple[Any, ...]) -> None:
    subjects = subjects_of("hazard_source", geometry, facility_type="tank_fixed_roof", **given)
    found = measured(subjects, "tank_fixed_roof", "measured_from", "tank_outer_wall")
    assert found == pytest.approx(expected, abs=5e-4) if expected[1] else found == expected


@pytest.mark.parametrize(
    ("given", "geometry", "expected"),
    [
        ({}, AREA, AS_DRAWN),
        # 2 sqrt(3000 / 3 / pi) = 35.682 m; storeys missing count as one: 2 sqrt(3000 / pi) = 61.804 m.
        ({"floor_area_m2": 3000.0, "storeys": 3}, POINT, (0.0, 35.682, 0.0, False, FOOTPRINT, "either")),
        ({"floor_area_m2": 3000.0}, POINT, (0.0, 61.804, 0.0, False, FOOTPRINT, "either")),
        ({}, POINT, BARE),
    ],
)  # fmt: skip
def test_building_wall(given: dict[str, Any], geometry: Any, expected: tuple[Any, ...]) -> None:
    subjects = subjects_of("protected_target", geometry, target_type="hotel", **given)
    found = measured(subjects, "hotel", "measured_to", "building_outer_wall")
    assert found[:3] == pytest.approx(expected[:3], abs=5e-4)
    assert found[3:] == expected[3:]


def test_a_parcel_stands_in_for_the_outermost_wall() -> None:
    subjects = subjects_of("protected_target", AREA, target_type="school")
    parcel = (0.0, 0.0, 0.0, False, "substitute:target_boundary", "safe")
    assert measured(subjects, "school", "measured_to", "building_outer_wall") == parcel
    assert measured(subjects, "school", "measured_to", "target_boundary") == AS_DRAWN


def test_an_open_flame_is_a_point() -> None:
    subjects = subjects_of("protected_target", POINT, target_type="open_flame_point")
    assert measured(subjects, "open_flame_point", "measured_to", "building_outer_wall") == AS_DRAWN


def test_a_whole_site_stands_in_for_its_tanks() -> None:
    subjects = subjects_of("hazard_source", AREA, facility_type="oil_depot", liquid_class="jiaB")
    whole = (0.0, 0.0, 0.0, False, "substitute:site_boundary", "safe")
    assert measured(subjects, "oil_depot", "measured_from", "tank_outer_wall") == whole
    assert measured(subjects, "oil_depot", "measured_from", "fence") == AS_DRAWN
    assert measured(subjects, "loading_facility", "measured_from", "equipment_outer_edge") == whole  # it stands in


def test_small_equipment_may_be_a_point() -> None:
    subjects = subjects_of("hazard_source", POINT, facility_type="fs_fuel_dispenser", fuel="petrol")
    expected = (0.0, 2.0, 0.0, False, "substitute:equipment_point", "unsafe")
    assert measured(subjects, "fs_fuel_dispenser", "measured_from", "equipment_outer_edge") == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"width_m": 14.0, "grade": "class2"}, (7.0, 0.0, 0.0, False, "", "")),
        ({"grade": "class2"}, (0.0, 6.0, 0.0, False, "substitute:width_assumed", "safe")),
        ({"grade": "expressway"}, (0.0, 21.0, 0.0, False, "substitute:width_assumed", "safe")),
        ({}, (0.0, 0.0, 25.0, True, "substitute:centreline", "unsafe")),
    ],
)
def test_road_edge(given: dict[str, Any], expected: tuple[Any, ...]) -> None:
    subjects = subjects_of("linear_feature", LINE, kind="road", **given)
    assert measured(subjects, "road_public", "measured_to", "road_edge") == expected
    assert measured(subjects, "road_public", "measured_to", "boundary_or_edge") == expected  # a road: its edge


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        # carriageway 14 m, verge 3 m: 7 + 3 = 10 m out from the centre line
        ({"width_m": 14.0, "land_edge_offset_m": 3.0}, (10.0, 0.0, 0.0, False, "substitute:offset_known", "safe")),
        ({"width_m": 14.0}, (7.0, 5.0, 0.0, False, "substitute:road_edge", "unsafe")),
        ({"grade": "class2", "land_edge_offset_m": 3.0}, (3.0, 6.0, 0.0, False, "substitute:offset_known", "safe")),
        ({"grade": "class2"}, (0.0, 11.0, 0.0, False, "substitute:road_edge", "unsafe")),
        ({}, (0.0, 5.0, 25.0, True, "substitute:road_edge", "unsafe")),
    ],
)
def test_edge_of_highway_land(given: dict[str, Any], expected: tuple[Any, ...]) -> None:
    subjects = subjects_of("linear_feature", LINE, kind="road", **given)
    for code in ("highway_land_outer_edge", "as 18"):
        assert measured(subjects, "road_public", "measured_to", code) == expected


def test_railway() -> None:
    subjects = subjects_of("linear_feature", LINE, kind="railway")
    assert measured(subjects, "railway_line", "measured_to", "railway_centreline") == AS_DRAWN
    toe = "embankment_toe_or_cut_top_or_bridge_edge"
    without = (0.0, 10.0, 0.0, False, "substitute:railway_centreline", "unsafe")
    assert measured(subjects, "railway_line", "measured_to", toe) == without
    known = subjects_of("linear_feature", LINE, kind="railway", embankment_offset_m=8.0)
    assert measured(known, "railway_line", "measured_to", toe) == (8.0, 0.0, 0.0, False, "", "")


@pytest.mark.parametrize(
    ("given", "still", "swinging"),
    [
        ({"conductor_offset_m": 4.0, "swing_m": 2.0}, (4.0, 0.0, ""), (6.0, 0.0, "")),
        ({"voltage_kv": 110.0}, (0.0, 5.0, "substitute:offset_assumed"), (0.0, 8.0, "substitute:offset_assumed")),
        ({"voltage_kv": 109.9}, (0.0, 3.5, "substitute:offset_assumed"), (0.0, 6.5, "substitute:offset_assumed")),
        ({"conductor_offset_m": 4.0}, (4.0, 0.0, ""), (0.0, 7.0, "substitute:offset_assumed")),
    ],
)
def test_conductors(given: dict[str, Any], still: tuple[Any, ...], swinging: tuple[Any, ...]) -> None:
    subjects = subjects_of("linear_feature", LINE, kind="power_line", position="above_ground", **given)
    for code, (offset, allowance, mark) in (("line_nearest_conductor", still), ("conductor_at_max_swing", swinging)):
        found = measured(subjects, "power_line", "measured_to", code)
        assert (found[0], found[1], found[3], found[4]) == (offset, allowance, False, mark)


def test_a_conductor_of_unknown_voltage_needs_a_survey() -> None:
    subjects = subjects_of("linear_feature", LINE, kind="power_line", position="above_ground")
    assert measured(subjects, "power_line", "measured_to", "outer_conductor")[2:4] == (
        15.0,
        True,
    )  # widest of the table


@pytest.mark.parametrize(
    ("given", "geometry", "expected"),
    [
        ({}, LINE, (0.0, 0.0, 1000.0, True, "substitute:centreline", "unsafe")),
        ({"attributes": {"line_role": "shoreline"}}, LINE, AS_DRAWN),
        ({"width_m": 900.0}, LINE, (450.0, 0.0, 0.0, False, "", "")),
        ({}, AREA, AS_DRAWN),
    ],
)
def test_shoreline(given: dict[str, Any], geometry: Any, expected: tuple[Any, ...]) -> None:
    subjects = subjects_of("linear_feature", geometry, kind="waterway", **given)
    assert measured(subjects, "waterway", "measured_to", "shoreline") == expected


def test_pipes() -> None:
    with_diameter = subjects_of("linear_feature", LINE, diameter_m=1.0, **PIPE)
    without = subjects_of("linear_feature", LINE, **PIPE)
    corridor = subjects_of("linear_feature", AREA, **PIPE)
    wall = "pipe_outer_wall"
    assert measured(with_diameter, "pipeline_hazardous", "measured_from", wall) == (0.5, 0.0, 0.0, False, "", "")
    centre = (0.0, 0.6, 0.0, False, "substitute:centreline", "unsafe")
    assert measured(without, "pipeline_hazardous", "measured_from", wall) == centre
    area = (0.0, 0.0, 0.0, False, "substitute:corridor", "safe")
    assert measured(corridor, "pipeline_hazardous", "measured_from", wall) == area
    assert measured(without, "oil_gas_pipeline", "measured_to", "pipeline_centreline") == AS_DRAWN


@pytest.mark.parametrize(
    ("kind", "code", "expected"),
    [
        ("warehouse_bing", "tank_outer_wall_or_building_outer_wall", "substitute:footprint_assumed"),
        ("tank_fixed_roof", "tank_outer_wall_or_building_outer_wall", "substitute:diameter_assumed"),
    ],
)
def test_an_alias_takes_the_point_of_the_type(kind: str, code: str, expected: str) -> None:
    subjects = subjects_of("hazard_source", POINT, facility_type=kind, volume_m3=10.0, floor_area_m2=100.0)
    assert measured(subjects, kind, "measured_from", code)[4] == expected


def test_every_point_of_the_list_and_of_every_rule_can_be_measured(book: RuleBook) -> None:
    for geometry in (POINT, AREA):
        subjects = subjects_of("hazard_source", geometry, facility_type="tank_fixed_roof")
        points = MeasuringPoints(subjects)
        ends: tuple[End, End] = ("measured_from", "measured_to")
        for end in ends:
            codes = {point["code"] for point in book.vocabulary.measuring_points[end]}
            assert {getattr(rule, end) for rule in book.rules} <= codes
            for code in codes:
                assert len(points.measure(end, code, subjects.sources).offset_m) == len(subjects.sources)


def test_a_point_outside_the_list_is_refused() -> None:
    subjects = subjects_of("hazard_source", POINT, facility_type="tank_fixed_roof")
    with pytest.raises(UnknownName, match=r"no measuring point .measured_to. 'roof'"):
        MeasuringPoints(subjects).measure("measured_to", "roof", subjects.sources)


def test_the_widest_offset_covers_every_offset_and_allowance() -> None:
    subjects = subjects_of("linear_feature", LINE, kind="road", width_m=80.0, land_edge_offset_m=12.0)
    assert MeasuringPoints(subjects).widest_offset_m() >= 40.0 + 12.0
