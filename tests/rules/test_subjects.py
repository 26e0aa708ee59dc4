"""How layer rows become parties of rules: types, sides, what is derived, implied, hinted, or taken by default."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely.geometry import LineString, Point, box
from shapely.geometry.base import BaseGeometry

from gisrisk.rules.overlay import site_of_features, site_of_lines
from gisrisk.rules.subjects import Subjects, build_subjects, site_relation_truth

SITE = box(115.0, 29.0, 115.01, 29.01)
OTHER = box(115.05, 29.0, 115.06, 29.01)


def layer(*rows: dict[str, Any]) -> gpd.GeoDataFrame:
    table = pd.DataFrame([{"name": row["code"], **row} for row in rows])
    return gpd.GeoDataFrame(table, geometry="geometry", crs="EPSG:4490")


def site(code: str = "S", geometry: BaseGeometry = SITE, **given: Any) -> dict[str, Any]:
    return {"code": code, "geometry": geometry, "status": "planned", **given}


def source(code: str, kind: str, **given: Any) -> dict[str, Any]:
    return {"code": code, "facility_type": kind, "site_code": "S", "geometry": Point(115.005, 29.005), **given}


def line(code: str, kind: str, geometry: BaseGeometry | None = None, **given: Any) -> dict[str, Any]:
    return {"code": code, "kind": kind, "geometry": geometry or LineString([(115.1, 29), (115.2, 29)]), **given}


def rows(subjects: Subjects, code: str, side: str | None = None) -> pd.DataFrame:
    frame = subjects.frame[subjects.frame["code"] == code]
    return frame if side is None else frame[frame["side"] == side]


def one(subjects: Subjects, code: str, side: str = "source") -> pd.Series[Any]:
    found = rows(subjects, code, side)
    assert len(found) == 1, found[["type", "side"]]
    return found.iloc[0]


def test_nothing_in_nothing_out() -> None:
    subjects = build_subjects({})
    assert len(subjects.frame) == 0
    assert len(subjects.sources) == len(subjects.targets) == 0


def test_a_tank_acts_as_source_and_as_target() -> None:
    subjects = build_subjects(
        {"enterprise_site": layer(site()), "hazard_source": layer(source("T", "tank_fixed_roof"))}
    )
    assert [(r.side, r.type) for r in rows(subjects, "T").itertuples()] == [
        ("source", "tank_fixed_roof"),
        ("target", "hazard_tank"),
    ]
    assert rows(subjects, "T")["geometry_index"].nunique() == 1
    (index,) = rows(subjects, "T")["geometry_index"].unique()
    assert subjects.geometry[index].equals(Point(115.005, 29.005))


def test_the_type_implies_what_the_owner_did_not_state() -> None:
    subjects = build_subjects(
        {"hazard_source": layer(source("A", "tank_fixed_roof"), source("B", "tank_fixed_roof", position="covered"))}
    )
    assert (one(subjects, "A")["position"], one(subjects, "A")["roof"]) == ("above_ground", "fixed")
    assert one(subjects, "B")["position"] == "covered"
    assert one(subjects, "A")["assumed"] == ()


def test_a_default_is_taken_where_the_type_uses_the_attribute_and_is_marked() -> None:
    subjects = build_subjects(
        {
            "hazard_source": layer(
                source("A", "workshop_jia"),
                source("B", "workshop_jia", handles_flammable_vapour=False),
                source("C", "workshop_yi"),
            )
        }
    )
    assert one(subjects, "A")["handles_flammable_vapour"] is True
    assert one(subjects, "A")["assumed"] == ("handles_flammable_vapour",)
    assert one(subjects, "B")["handles_flammable_vapour"] is False
    assert one(subjects, "B")["assumed"] == ()
    assert pd.isna(one(subjects, "C")["handles_flammable_vapour"])


def test_rare_attributes_are_read_from_the_dict_and_lists_from_text() -> None:
    subjects = build_subjects(
        {
            "hazard_source": layer(
                source("A", "dust_corrosive_radiation_facility", attributes={"emission_kinds": "dust; radiation"}),
                source("B", "mine_or_quarry", attributes={"uses_blasting": "true", "unknown_name": 3}),
                source("C", "mine_or_quarry", attributes=None),
            )
        }
    )
    assert one(subjects, "A")["emission_kinds"] == frozenset({"dust", "radiation"})
    assert one(subjects, "B")["uses_blasting"] is True
    assert pd.isna(one(subjects, "C")["uses_blasting"])
    assert "unknown_name" not in subjects.frame


def test_quantity_is_the_sum_of_the_inventory_and_unknown_with_one_gap_or_no_row() -> None:
    inventory = pd.DataFrame(
        {"source_code": ["A", "A", "B", "B"], "quantity_t": [3.0, 2.1, 3.0, None], "substance": ["x", "y", "x", "y"]}
    )
    sources = layer(*(source(code, "warehouse_jia_34") for code in "ABC"))
    subjects = build_subjects({"hazard_source": sources}, inventory)
    assert one(subjects, "A")["quantity_t"] == pytest.approx(5.1)
    assert np.isnan(one(subjects, "B")["quantity_t"])
    assert np.isnan(one(subjects, "C")["quantity_t"])
    same = build_subjects({"hazard_source": sources, "inventory": inventory})
    assert one(same, "A")["quantity_t"] == pytest.approx(5.1)


def test_tank_groups_sum_and_keep_their_largest_tank() -> None:
    subjects = build_subjects(
        {
            "hazard_source": layer(
                source("A", "lpg_tank_pressurised", volume_m3=50.0, group_code="G1"),
                source("B", "lpg_tank_pressurised", volume_m3=120.0, group_code="G1"),
                source("C", "lpg_tank_pressurised", volume_m3=30.0, group_code="G2"),
                source("D", "lpg_tank_pressurised", volume_m3=None, group_code="G2"),
                source("E", "lpg_tank_pressurised", volume_m3=80.0),
                source("F", "lpg_tank_pressurised", volume_m3=80.0, diameter_m=5.0),
                source("H", "lpg_tank_pressurised", volume_m3=70.0, group_code="G1", site_code="S2"),
            )
        }
    )
    values = {c: (one(subjects, c)["group_volume_m3"], one(subjects, c)["single_volume_m3"]) for c in "ABCDEFH"}
    assert values["A"] == values["B"] == (170.0, 120.0)
    assert np.isnan(values["C"][0]) and np.isnan(values["C"][1])  # one tank of the group has no volume
    assert values["E"][0] == 80.0 and np.isnan(values["E"][1])  # one tank or a whole group: not known
    assert values["F"] == (80.0, 80.0)  # a diameter says it is one tank
    assert values["H"][0] == 70.0  # the same group code at another site is another group


def test_gas_volume_by_form() -> None:
    # Fixed volume: 100 m3 at 0.9 MPa gauge is (0.9 + 0.1) / 0.1 = 10 times 100 m3 at 0.1 MPa.
    subjects = build_subjects(
        {
            "hazard_source": layer(
                source("W", "gas_holder", volume_m3=1000.0, storage_form="wet_holder"),
                source("F", "gas_holder", volume_m3=100.0, storage_form="fixed_volume", pressure_mpa=0.9),
                source("P", "gas_holder", volume_m3=100.0, storage_form="fixed_volume"),
                source("L", "oxygen_holder", volume_m3=2.0, storage_form="liquid"),
            )
        }
    )
    assert one(subjects, "W")["gas_volume_m3"] == 1000.0
    assert one(subjects, "F")["gas_volume_m3"] == pytest.approx(1000.0)
    assert np.isnan(one(subjects, "P")["gas_volume_m3"])
    assert one(subjects, "L")["gas_volume_m3"] == 1600.0
    assert one(subjects, "L")["unconfirmed"] == ("gas_volume_m3",)


def test_depot_capacity_weighs_by_liquid_class_and_grades_the_depot() -> None:
    # 甲A counts twice, 丙A half, 丙B a quarter: 2*1000 + 6000 + 0.5*4000 + 0.25*4000 = 11000 m3, grade 3.
    depot = {"site_regime": "oil_depot"}
    subjects = build_subjects(
        {
            "hazard_source": layer(
                source("A", "lpg_tank_pressurised", volume_m3=1000.0, **depot),
                source("B", "tank_fixed_roof", volume_m3=6000.0, liquid_class="jiaB", **depot),
                source("C", "tank_fixed_roof", volume_m3=4000.0, liquid_class="bingA", **depot),
                source("D", "tank_fixed_roof", volume_m3=4000.0, liquid_class="bingB", **depot),
                source("L", "loading_facility", liquid_class="jiaB", **depot),
                source("X", "tank_fixed_roof", volume_m3=1.0, liquid_class="jiaB", site_code="S2", **depot),
                source("Y", "tank_fixed_roof", liquid_class="jiaB", site_code="S2", **depot),
            )
        }
    )
    for code in "ABCDL":
        assert one(subjects, code)["depot_capacity_m3"] == pytest.approx(11000.0)
        assert one(subjects, code)["depot_grade"] == "3"
        assert set(one(subjects, code)["unconfirmed"]) == {"depot_capacity_m3", "depot_grade"}
    assert np.isnan(one(subjects, "X")["depot_capacity_m3"])  # tank Y has no volume
    assert one(subjects, "B")["fire_hazard_class"] == "jia"
    assert one(subjects, "C")["fire_hazard_class"] == "bing"


def test_a_stated_depot_capacity_holds_for_its_parts() -> None:
    subjects = build_subjects(
        {
            "hazard_source": layer(
                source("D", "oil_depot", depot_capacity_m3=99999.0),
                source("T", "tank_fixed_roof", volume_m3=10.0, liquid_class="jiaB", site_regime="oil_depot"),
            )
        }
    )
    assert one(subjects, "T")["depot_capacity_m3"] == 99999.0
    assert one(subjects, "T")["unconfirmed"] == ("depot_grade",)


def test_station_grade_counts_diesel_half() -> None:
    # 100 + 0.5 * 100 = 150 m3 is still grade 2; a drop more is grade 1 (meta, station_and_depot_grades).
    subjects = build_subjects(
        {
            "hazard_source": layer(
                source("A", "vehicle_filling_station", petrol_volume_m3=100.0, diesel_volume_m3=100.0),
                source("B", "vehicle_filling_station", petrol_volume_m3=100.0, diesel_volume_m3=101.0, site_code="S2"),
                source("C", "vehicle_filling_station", petrol_volume_m3=100.0, site_code="S3"),
                source("T", "fs_fuel_tank", fuel="petrol"),
            )
        }
    )
    grades = [rows(subjects, c).query("type == 'vehicle_filling_station'").iloc[0]["station_grade"] for c in "ABC"]
    assert grades[:2] == ["2", "1"] and pd.isna(grades[2])
    assert one(subjects, "T")["station_grade"] == "2"  # the station's volumes hold for its tanks


@pytest.mark.parametrize(
    ("industry_code", "regime"),
    [("2511", "petrochemical"), ("2614", "petrochemical"), ("2631", "fine_chemical"), ("5941", "oil_depot"),
     ("C2614", "petrochemical"), ("3311", "general_industry"), (None, None)],
)  # fmt: skip
def test_a_regime_is_hinted_by_the_longest_industry_prefix_and_marked(
    industry_code: str | None, regime: str | None
) -> None:
    subjects = build_subjects(
        {
            "enterprise_site": layer(site(industry_code=industry_code)),
            "hazard_source": layer(source("W", "workshop_bing")),
        }
    )
    row = one(subjects, "W")
    if regime is None:
        assert pd.isna(row.get("site_regime"))
    else:
        assert row["site_regime"] == regime
        assert "site_regime" in row["assumed"] and "site_regime" in row["unconfirmed"]


def test_the_regime_of_the_source_outranks_that_of_the_site() -> None:
    subjects = build_subjects(
        {
            "enterprise_site": layer(site(site_regime="petrochemical")),
            "hazard_source": layer(
                source("A", "workshop_bing"), source("B", "workshop_bing", site_regime="fine_chemical")
            ),
        }
    )
    assert (one(subjects, "A")["site_regime"], one(subjects, "B")["site_regime"]) == ("petrochemical", "fine_chemical")
    assert one(subjects, "A")["assumed"] == ()


def test_a_source_without_site_code_is_placed_by_its_position() -> None:
    subjects = build_subjects(
        {
            "enterprise_site": layer(site(), site("S2", OTHER)),
            "hazard_source": layer(
                source("A", "workshop_bing", site_code=None),
                source("B", "workshop_bing", site_code=None, geometry=Point(116, 29)),
            ),
        }
    )
    assert one(subjects, "A")["site_code"] == "S" and "site_code" in one(subjects, "A")["assumed"]
    assert pd.isna(one(subjects, "B")["site_code"])


def test_a_whole_depot_stands_in_for_parts_nobody_entered() -> None:
    depot = source("D", "oil_depot", liquid_class="jiaB", depot_capacity_m3=5000.0)
    bare = build_subjects({"hazard_source": layer(depot)})
    parts = rows(bare, "D", "source").set_index("type")
    assert set(parts.index) == {
        "oil_depot", "tank_fixed_roof", "tank_floating_roof", "tank_internal_floating_roof", "loading_facility",
    }  # fmt: skip
    assert parts.loc["tank_floating_roof", "marks"] == ("substitute:site_boundary",)
    assert parts.loc["tank_floating_roof", "type_truth"] == 1
    assert parts.loc["tank_floating_roof", "type_missing"] == ("hazard_source",)
    assert parts.loc["tank_floating_roof", "roof"] == "floating"
    assert parts.loc["oil_depot", "type_truth"] == 2
    entered = build_subjects({"hazard_source": layer(depot, source("T", "tank_fixed_roof", volume_m3=1.0))})
    assert set(rows(entered, "D", "source")["type"]) == {"oil_depot"}


@pytest.mark.parametrize(
    ("given", "truth"),
    [
        ({"plant_kind": "fine_chemical"}, 2),
        ({"plant_kind": "other"}, None),
        ({"industry_code": "2631"}, 2),
        ({"industry_code": "2720"}, 2),
        ({"industry_code": "4420"}, None),
        ({}, 1),
    ],
)
def test_a_site_is_a_chemical_plant_by_kind_by_hint_or_perhaps(given: dict[str, Any], truth: int | None) -> None:
    subjects = build_subjects({"enterprise_site": layer(site(**given))})
    found = rows(subjects, "S", "source").query("type == 'chemical_plant'")
    assert list(found["type_truth"]) == ([] if truth is None else [truth])
    if truth == 1:
        assert found.iloc[0]["type_missing"] == ("plant_kind",)
    assert rows(subjects, "S", "target")["type"].tolist() == ["industrial_enterprise"]


@pytest.mark.parametrize(("status", "stage"), [("operating", "existing"), ("stopped", "existing"), ("planned", None)])
def test_a_running_enterprise_is_taken_as_existing(status: str, stage: str | None) -> None:
    subjects = build_subjects({"enterprise_site": layer(site(status=status, plant_kind="other"))})
    row = one(subjects, "S", "target")
    assert (row.get("project_stage") if stage else stage) == stage
    assert ("project_stage" in row["assumed"]) == (stage is not None)


def test_only_chemical_parks_act() -> None:
    parks = layer(
        {"code": "P", "kind": "chemical_park", "geometry": SITE}, {"code": "Q", "kind": "scenic", "geometry": OTHER}
    )
    assert build_subjects({"park": parks}).frame["code"].tolist() == ["P"]


def test_a_line_lies_in_a_site_when_half_its_length_does() -> None:
    inside = LineString([(115.006, 29.005), (115.014, 29.005)])  # exactly half of it
    mostly_out = LineString([(115.0061, 29.005), (115.0141, 29.005)])
    touching = LineString([(115.01, 28.99), (115.01, 29.0)])
    lines = np.array([inside, mostly_out, touching], dtype=object)
    areas, codes = np.array([OTHER, SITE], dtype=object), np.array(["S2", "S"], dtype=object)
    assert site_of_lines(lines, areas, codes, 0.5 - 1e-9).tolist() == ["S", None, None]


def test_an_inner_point_in_two_sites_is_in_neither() -> None:
    overlapping = np.array([SITE, shapely.affinity.translate(SITE, 0.005, 0)], dtype=object)
    points = np.array([Point(115.007, 29.005), Point(115.002, 29.005), None], dtype=object)
    assert site_of_features(points, overlapping, np.array(["A", "B"], dtype=object)).tolist() == [None, "A", None]


def test_roads_and_railways_know_whose_they_are() -> None:
    within = LineString([(115.001, 29.002), (115.009, 29.002)])
    subjects = build_subjects(
        {
            "enterprise_site": layer(site()),
            "park": layer({"code": "P", "kind": "chemical_park", "geometry": OTHER}),
            "linear_feature": layer(
                line("R1", "road", within, grade="main"),
                line("R2", "road", grade="class1"),
                line("R3", "road", LineString([(115.051, 29.002), (115.059, 29.002)]), grade="minor"),
                line("R4", "road", LineString([(115.051, 29.004), (115.059, 29.004)]), grade="urban_branch"),
                line("W1", "railway", within),
                line("W2", "railway"),
            ),
        }
    )
    said = {
        (r.code, r.type, r.site_relation, r.site_code if r.site_relation else None, r.is_onsite)
        for r in subjects.frame[subjects.frame["layer"] == "linear_feature"].itertuples()
    }
    assert said == {
        ("R1", "road_onsite", "same", "S", True),
        ("R2", "road_public", "", None, False),
        ("R3", "road_onsite", "", None, True),  # a road of a park, of no one site
        ("R4", "road_public", "", None, False),
        ("W1", "railway_line", "same", "S", True),
        ("W1", "railway_line", "different", "S", False),
        ("W2", "railway_line", "", None, False),
    }


@pytest.mark.parametrize(
    ("position", "types"),
    [
        ("above_ground", {("power_line", 2)}),
        ("buried", {("power_cable", 2)}),
        (None, {("power_line", 1), ("power_cable", 1)}),
    ],
)
def test_a_power_line_of_unknown_position_may_be_either(position: str | None, types: set[tuple[str, int]]) -> None:
    subjects = build_subjects({"linear_feature": layer(line("P", "power_line", position=position))})
    assert {(r.type, r.type_truth) for r in subjects.frame.itertuples()} == types


@pytest.mark.parametrize(
    ("medium", "types"),
    [
        ("oil", {("pipeline_hazardous", 2), ("oil_gas_pipeline", 2)}),
        ("toxic_gas", {("pipeline_hazardous", 2)}),
        ("轻烃", {("pipeline_hazardous", 1), ("oil_gas_pipeline", 1)}),
        (None, {("pipeline_hazardous", 1), ("oil_gas_pipeline", 1)}),
    ],
)
def test_a_pipeline_is_what_its_medium_makes_it(medium: str | None, types: set[tuple[str, int]]) -> None:
    subjects = build_subjects({"linear_feature": layer(line("P", "pipeline", medium=medium))})
    assert {(r.type, r.type_truth) for r in subjects.frame.itertuples()} == types


def test_protected_buildings_act_too_and_areas_do_not() -> None:
    targets = layer(
        {"code": "H", "target_type": "residential_building", "geometry": SITE},
        {"code": "L", "target_type": "lake", "geometry": SITE},
    )
    subjects = build_subjects({"protected_target": targets})
    assert {(r.code, r.side, r.type) for r in subjects.frame.itertuples()} == {
        ("H", "source", "building_any"),
        ("H", "target", "residential_building"),
        ("L", "target", "lake"),
    }


@pytest.mark.parametrize(
    ("source_site", "layer_name", "target_site", "relation", "truth"),
    [
        ("A", "hazard_source", "A", "same", 2),
        ("A", "hazard_source", "B", "same", 0),
        (None, "hazard_source", "A", "same", 1),
        ("A", "hazard_source", "B", "different", 2),
        ("A", "hazard_source", "A", "different", 0),
        ("A", "hazard_source", None, "different", 1),
        (None, "hazard_source", None, "", 2),
        (None, "protected_target", "A", "same", 0),
        (None, "protected_target", "A", "different", 2),
        (None, "linear_feature", "A", "same", 2),
        (None, "linear_feature", "A", "different", 2),
    ],
)
def test_whose_site_a_pair_needs(
    source_site: str | None, layer_name: str, target_site: str | None, relation: str, truth: int
) -> None:
    columns = [np.array([v], dtype=object) for v in (source_site, layer_name, target_site, relation)]
    assert site_relation_truth(*columns).tolist() == [truth]
