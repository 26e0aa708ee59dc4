"""What the scenarios cannot show: many rows at once, bounds of a figure, what makes a finding provisional."""

from __future__ import annotations

from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely.geometry import Point
from world import run, says

from gisrisk.rules import RuleBook
from gisrisk.rules.conditions import TRUE, UNKNOWN
from gisrisk.rules.matching import match
from gisrisk.rules.row_match import RowMatch
from gisrisk.rules.subjects import Subjects, build_subjects

DAY = date(2026, 1, 1)
SOURCES = 60
TARGETS = 200


@pytest.fixture(scope="module")
def crowd(book: RuleBook) -> Subjects:
    """Sources and targets of every type with holes in their attributes; a fixed seed."""
    rng = np.random.default_rng(20260101)
    v = book.vocabulary
    kinds = [code for code, t in v.facility_types.items() if t.layer == "hazard_source"]
    aims = [code for code, t in v.target_types.items() if t.layer == "protected_target"]

    def some(values: list[Any], count: int) -> list[Any]:
        return [values[i] for i in rng.integers(0, len(values), count)]

    def places(count: int) -> Any:
        return shapely.points(115 + rng.random(count), 29 + rng.random(count))

    sources = {
        "code": [f"H{i}" for i in range(SOURCES)],
        "name": "h",
        "facility_type": [kinds[i % len(kinds)] for i in range(SOURCES)],
        "site_regime": some(["general_industry", "oil_depot", "city_gas", None], SOURCES),
        "volume_m3": some([10.0, 60.0, 900.0, None], SOURCES),
        "group_volume_m3": some([40.0, 300.0, None], SOURCES),
        "single_volume_m3": some([10.0, 60.0, None], SOURCES),
        "depot_capacity_m3": some([500.0, 50000.0, None], SOURCES),
        "liquid_class": some(["jiaB", "yiA", "bingA", None], SOURCES),
    }
    targets = {
        "code": [f"T{i}" for i in range(TARGETS)],
        "name": "t",
        "target_type": [aims[i % len(aims)] for i in range(TARGETS)],
        "population": some([10.0, 150.0, 1500.0, None], TARGETS),
        "households": some([5.0, 400.0, None], TARGETS),
        "height_m": some([9.0, 40.0, 60.0, None], TARGETS),
        "storeys": some([1.0, 8.0, None], TARGETS),
        "fire_resistance_grade": some([1, 3, None], TARGETS),
    }
    return build_subjects(
        {
            "hazard_source": gpd.GeoDataFrame(pd.DataFrame(sources), geometry=places(SOURCES), crs="EPSG:4490"),
            "protected_target": gpd.GeoDataFrame(pd.DataFrame(targets), geometry=places(TARGETS), crs="EPSG:4490"),
        }
    )


def test_rows_are_in_order_and_never_false(book: RuleBook, crowd: Subjects) -> None:
    found = match(book, crowd, DAY)
    assert len(found) > 40
    for one in found:
        for rows, truth in ((one.source_index, one.source_truth), (one.target_index, one.target_truth)):
            assert (np.diff(rows) > 0).all()
            assert set(truth.tolist()) <= {UNKNOWN, TRUE}
        assert (crowd.frame["side"].to_numpy()[one.source_index] == "source").all()
        assert (crowd.frame["side"].to_numpy()[one.target_index] == "target").all()


def test_missing_fields_are_named_exactly_where_something_is_open(book: RuleBook, crowd: Subjects) -> None:
    """An open pair names a field; a certain pair with a known figure names none."""
    rng = np.random.default_rng(7)
    open_pairs = 0
    for one in match(book, crowd, DAY):
        i, j = rng.integers(0, len(one.source_index), 6), rng.integers(0, len(one.target_index), 6)
        said = one.pairs(i, j)
        for k in range(6):
            if said.truth[k] == 0:
                continue
            fields = one.missing_fields(int(one.source_index[i[k]]), int(one.target_index[j[k]]))
            is_open = said.truth[k] == UNKNOWN or np.isnan(said.required_m[k])
            assert bool(fields) == is_open, (one.rule.id, fields)
            open_pairs += is_open
    assert open_pairs > 30


def test_filling_the_missing_fields_of_one_row_settles_it(book: RuleBook) -> None:
    """The named field is enough: with it the same pair is certain."""
    source = {"type": "warehouse_jia_34", "site_regime": "general_industry"}
    target = {"type": "open_flame_point"}
    (before,) = says(source, [target], book, DAY)
    assert before["GB50016-3.5.1-civil_building_other-34gt5"].missing == ("hazard_source.quantity_t",)
    (after,) = says({**source, "quantity_t": 6.0}, [target], book, DAY)
    assert after["GB50016-3.5.1-civil_building_other-34gt5"].truth == TRUE
    assert "GB50016-3.5.1-civil_building_other-34le5" not in after


def test_the_bounds_hold_the_figure(book: RuleBook, crowd: Subjects) -> None:
    for one in match(book, crowd, DAY):
        i, j = (a.ravel() for a in np.meshgrid(np.arange(len(one.source_index)), np.arange(len(one.target_index))))
        said = one.pairs(i, j)
        known = ~np.isnan(said.required_m)
        assert (said.low_m <= said.high_m).all()
        assert (said.low_m[known] == said.required_m[known]).all()
        assert (said.high_m[known] == said.required_m[known]).all()
        assert (said.high_m <= one.reach_m).all()
        assert one.reach_m <= book.largest_m(one.rule, DAY)


def test_a_feature_is_never_too_near_to_itself(book: RuleBook) -> None:
    """A class 甲 store is source and target of the same row of table 3.5.1."""
    store = {
        "code": ["A", "B"], "name": "x", "site_code": "S", "facility_type": "warehouse_jia_34",
        "site_regime": "general_industry",
    }  # fmt: skip
    frame = gpd.GeoDataFrame(pd.DataFrame(store), geometry=[Point(115, 29), Point(115.1, 29)], crs="EPSG:4490")
    inventory = pd.DataFrame({"source_code": ["A", "B"], "quantity_t": [9.0, 9.0]})
    found = match(book, build_subjects({"hazard_source": frame}, inventory), DAY)
    (one,) = [m for m in found if m.rule.id == "GB50016-3.5.1-warehouse_jia-all"]
    i, j = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    assert one.pairs(i, j).truth.tolist() == [0, 2, 2, 0]


def one_rule(book: RuleBook, rule_id: str, source: dict[str, Any], target: dict[str, Any]) -> RowMatch:
    _, found = run(source, [target], book, DAY)
    (one,) = [m for m in found if m.rule.id == rule_id]
    return one


@pytest.mark.parametrize(
    ("rule_id", "source", "target", "because"),
    [
        (  # the class of the target is not confirmed
            "GB50016-3.4.1-jia-civil-low",
            {"type": "workshop_jia", "site_regime": "general_industry"},
            {"type": "hotel", "height_m": 9},
            ("class civil_low not confirmed",),
        ),
        (  # the class is confirmed, but stands in for a definition by consequence
            "GB50016-3.4.1-jia-important",
            {"type": "workshop_jia", "site_regime": "general_industry"},
            {"type": "school", "population": 501},
            ("defined by consequence; thresholds of GB 50156 appendix B stand in",),
        ),
        (  # the figure is from the edition before
            "GB50016-4.4.6-I-a-open_flame_or_spark",
            {"type": "lpg_cylinder_store", "site_regime": "city_gas", "volume_m3": 8},
            {"type": "open_flame_point"},
            (
                "evidence: previous_edition",
                "GB 50016 stands in for GB 51283 or GB 51142, whose tables are not available",
            ),
        ),
        (  # the mapping line of berths is not confirmed
            "GB50074-4.0.10-1-四级-road",
            {"type": "hydrocarbon_berth", "site_regime": "oil_depot", "liquid_class": "jiaB", "depot_capacity_m3": 5000,
             "has_vapour_recovery": False},
            {"type": "road_public", "grade": "class2"},
            ("the split of berths over the groups is compiler own knowledge",),
        ),
        (  # another form of oxygen holder than the table's
            "GB50016-4.3.3-0-sub",
            {"type": "oxygen_holder", "site_regime": "general_industry", "storage_form": "dry_holder", "volume_m3": 10},
            {"type": "substation", "voltage_kv": 110, "transformer_mva": 10},
            ("other oxygen holders by gas_volume_m3; compiler own knowledge",),
        ),
        (  # the capacity was derived with unconfirmed weights
            "GB50074-4.0.10-1-四级-road",
            {"type": "tank_fixed_roof", "site_regime": "oil_depot", "liquid_class": "jiaB", "volume_m3": 5000},
            {"type": "road_public", "grade": "class2"},
            ("hazard_source.depot_capacity_m3 not confirmed",),
        ),
        (  # nothing is in doubt
            "GB50016-4.3.3-0-sub",
            {"type": "oxygen_holder", "site_regime": "general_industry", "storage_form": "wet_holder", "volume_m3": 10},
            {"type": "substation", "voltage_kv": 110, "transformer_mva": 10},
            (),
        ),
    ],
)  # fmt: skip
def test_what_makes_a_finding_provisional(
    book: RuleBook, rule_id: str, source: dict[str, Any], target: dict[str, Any], because: tuple[str, ...]
) -> None:
    one = one_rule(book, rule_id, source, target)
    said = one.pairs(np.array([0]), np.array([0]))
    assert bool(said.provisional[0]) == bool(because)
    assert one.provisional_because(int(one.source_index[0]), int(one.target_index[0])) == because


def test_a_permit_row_starts_where_the_prohibition_ends(book: RuleBook) -> None:
    """Article 35: line works between 5 m and 50 m need an approval; within 5 m article 30 forbids them."""
    works = {"type": "works_activity", "works_kind": "linear_construction"}
    pipe = {"type": "oil_gas_pipeline", "medium": "oil"}
    permit = one_rule(book, "GDF-35-2a", works, pipe)
    assert (permit.rule.type, permit.beyond_m, permit.required_m[0]) == ("permit", 5.0, 50.0)
    assert one_rule(book, "GDF-30", works, pipe).beyond_m is None


def test_what_cannot_be_evaluated_says_why(book: RuleBook) -> None:
    reasons = {key: en for key, _, en in match(book, build_subjects({}), DAY).not_evaluated}
    assert reasons["GLTL-20"] == "must be measured along the river"
    assert "city_facility" in reasons["GLTL-18b"]
    assert reasons["GB50016-4.4.1-n3"].startswith("a definition")
    assert reasons["TLTL-33"].startswith("refers to other standards")
    assert "special grade" in reasons["GB 50074-2014"]


def test_not_evaluated_follows_the_day(book: RuleBook) -> None:
    assert match(book, build_subjects({}), date(1992, 1, 1)).not_evaluated == []
    early = {key for key, _, _ in match(book, build_subjects({}), date(2010, 1, 1)).not_evaluated}
    assert "GA838-ext" in early and "GB50089-4.2" not in early


def test_equal_input_gives_equal_output(book: RuleBook, crowd: Subjects) -> None:
    first, second = match(book, crowd, DAY), match(book, crowd, DAY)
    assert [m.rule.id for m in first] == [m.rule.id for m in second]
    for a, b in zip(first, second, strict=True):
        assert (a.source_index == b.source_index).all() and (a.target_truth == b.target_truth).all()


def test_an_outside_table_does_not_count_the_sites_own_buildings(book: RuleBook) -> None:
    """Table 4.0.4 of GB 50156 is of what stands outside the station; table 3.4.1 of GB 50016 holds within a plant."""
    site = gpd.GeoDataFrame(
        {"code": ["A"], "name": "站"}, geometry=[shapely.box(114.99, 28.99, 115.01, 29.01)], crs="EPSG:4490"
    )
    sources = gpd.GeoDataFrame(
        {
            "code": ["TANK", "SHOP"], "name": "x", "site_code": "A", "facility_type": ["fs_fuel_tank", "workshop_jia"],
            "site_regime": ["vehicle_station", "general_industry"],
            "attributes": [{"fuel": "petrol", "vapour_recovery": "unloading_and_refuelling"}, None],
            "station_grade": ["3", None],
        },
        geometry=[Point(115, 29), Point(115, 29)], crs="EPSG:4490",
    )  # fmt: skip
    flames = gpd.GeoDataFrame(
        {"code": ["OWN", "OTHER"], "name": "x", "target_type": "open_flame_point"},
        geometry=[Point(115.001, 29), Point(115.02, 29)], crs="EPSG:4490",
    )  # fmt: skip
    subjects = build_subjects({"enterprise_site": site, "hazard_source": sources, "protected_target": flames})
    found = {m.rule.id: m for m in match(book, subjects, DAY)}
    expected = {"GB50156-4.0.4-petrol-tank-3-open_flame_or_spark": [0, 2], "GB50016-3.4.1-jia-openflame": [2, 2]}
    for rule, truth in expected.items():
        one = found[rule]
        assert one.pairs(np.zeros(2, dtype=np.int64), np.arange(2)).truth.tolist() == truth, rule


def test_open_process_units_and_missing_tables_make_a_finding_provisional(book: RuleBook) -> None:
    """GB 50016 stands in for GB 51283 in fine chemical plants, and workshop rows for open process units."""
    flame = {"type": "open_flame_point"}
    for source, reason in (
        ({"type": "workshop_jia", "site_regime": "fine_chemical"}, "stands in for GB 51283"),
        ({"type": "process_unit_jia", "site_regime": "general_industry"}, "open process units take the workshop rows"),
    ):
        one = one_rule(book, "GB50016-3.4.1-jia-openflame", source, flame)
        assert one.pairs(np.array([0]), np.array([0])).provisional[0]
        because = one.provisional_because(int(one.source_index[0]), int(one.target_index[0]))
        assert reason in "; ".join(because)


def test_the_class_of_a_tank_decides_its_multiple_of_the_pole_height(book: RuleBook) -> None:
    """Table 10.2.1, buried tanks: 0.75 H for class 甲 and 乙, 0.6 H for class 丙; 20 m poles."""
    tank = {"type": "tank_buried", "site_regime": "general_industry"}
    line = {"type": "power_line", "tower_height_m": 20}
    for given, figures in (
        ({"fire_hazard_class": "jia"}, (15.0, 15.0)),
        ({"fire_hazard_class": "bing"}, (12.0, 12.0)),
        ({}, (12.0, 15.0)),
    ):
        (said,) = says({**tank, **given}, [line], book, DAY)
        one = said["GB50016-10.2.1-buried"]
        assert (one.low_m, one.high_m) == pytest.approx(figures)
        if not given:
            assert "hazard_source.fire_hazard_class" in one.missing
