"""How hazard sources become units, and what holds whatever the numbers are."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gisrisk.hazards.categories import Material
from gisrisk.hazards.gb18218 import grade_units
from gisrisk.hazards.lookup import look_up, valid_cas
from gisrisk.hazards.tables import gb18218

DAY = date(2026, 11, 22)
CHLORINE = {"substance": "氯", "cas": "7782-50-5"}


def sources(*rows: dict[str, Any]) -> gpd.GeoDataFrame:
    full = [{"name": row["code"], "site_code": None, "group_code": None} | row for row in rows]
    points = [shapely.Point(115 + 0.001 * i, 25.8) for i in range(len(rows))]
    return gpd.GeoDataFrame(full, geometry=points, crs="EPSG:4490")


def inventory(*rows: dict[str, Any]) -> pd.DataFrame:
    columns = ["source_code", "substance", "cas", "ghs_class", "quantity_t", "temperature_c", "pressure_mpa", "state"]
    return pd.DataFrame(list(rows), columns=columns)


def people(*rows: tuple[str, str, int, float]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=["kind", "code", "people_min", "people_max"])
    return frame.assign(basis="手算", missing=["x" if math.isinf(high) else "" for high in frame["people_max"]])


TANK = {"facility_type": "toxic_liquefied_gas_tank", "site_code": "S"}


def test_tanks_of_one_group_are_one_unit() -> None:
    # chlorine, Q = 5 t: 3/5 + 4/5 = 1.4 in the group, 3/5 = 0.6 alone
    units = grade_units(
        sources(
            {"code": "T1", **TANK, "group_code": "G1"},
            {"code": "T2", **TANK, "group_code": "G1"},
            {"code": "T3", **TANK, "group_code": "G2"},
            {"code": "T4", **TANK, "site_code": "R", "group_code": "G1"},
        ),
        inventory(
            *[{"source_code": f"T{i}", **CHLORINE, "quantity_t": q} for i, q in ((1, 3), (2, 4), (3, 3), (4, 3))]
        ),
        people(("site", "S", 5, 5.0), ("site", "R", 5, 5.0)),
        on=DAY,
    ).set_index("unit_code")
    assert units["source_codes"].to_dict() == {"R/G1": "T4", "S/G1": "T1;T2", "S/G2": "T3"}
    assert units["s"].to_dict() == {"R/G1": 0.6, "S/G1": 1.4, "S/G2": 0.6}
    assert units["status"].to_dict() == {"R/G1": "not_major", "S/G1": "major", "S/G2": "not_major"}
    assert units.loc["S/G1", "geometry"].equals(shapely.MultiPoint([(115, 25.8), (115.001, 25.8)]))


def test_tanks_without_a_group_code_may_share_a_bund() -> None:
    # alone 3/5 = 0.6, together 1.2: which it is hangs on the missing code
    held = inventory(*[{"source_code": f"T{i}", **CHLORINE, "quantity_t": 3} for i in (1, 2)])
    near = people(("site", "S", 5, 5.0))
    units = grade_units(sources({"code": "T1", **TANK}, {"code": "T2", **TANK}), held, near, on=DAY)
    assert list(units["status"]) == ["undetermined", "undetermined"]
    assert list(units["missing"]) == ["hazard_source.group_code (T1)", "hazard_source.group_code (T2)"]
    stated = grade_units(
        sources({"code": "T1", **TANK, "group_code": "A"}, {"code": "T2", **TANK, "group_code": "B"}),
        held,
        near,
        on=DAY,
    )
    assert list(stated["status"]) == ["not_major", "not_major"]


def test_warehouses_and_process_units_stand_alone_even_with_a_group_code() -> None:
    units = grade_units(
        sources(
            {"code": "W1", "facility_type": "warehouse_hazchem_other", "site_code": "S", "group_code": "G"},
            {"code": "W2", "facility_type": "warehouse_hazchem_other", "site_code": "S", "group_code": "G"},
            {"code": "P1", "facility_type": "process_unit_jia", "site_code": "S"},
        ),
        inventory(*[{"source_code": code, **CHLORINE, "quantity_t": 3} for code in ("W1", "W2", "P1")]),
        people(("site", "S", 5, 5.0)),
        on=DAY,
    ).set_index("unit_code")
    assert list(units["s"]) == [0.6, 0.6, 0.6]
    assert units["unit_kind"].to_dict() == {
        "P1": "production_unit",
        "W1": "storage_unit_warehouse",
        "W2": "storage_unit_warehouse",
    }


def test_fuel_tanks_of_a_filling_station_are_one_unit() -> None:
    # petrol Q = 200 t: 60/200 + 60/200 = 0.6
    fuel = {"facility_type": "fs_fuel_tank", "site_code": "S"}
    petrol = {"substance": "汽油", "cas": "86290-81-5", "ghs_class": "flam_liq_2", "quantity_t": 60}
    units = grade_units(
        sources(
            {"code": "F1", **fuel},
            {"code": "F2", **fuel},
            {"code": "D", "facility_type": "fs_fuel_dispenser", "site_code": "S"},
            {"code": "V", "facility_type": "vehicle_filling_station", "site_code": "S"},
        ),
        inventory({"source_code": "F1", **petrol}, {"source_code": "F2", **petrol}),
        people(("site", "S", 5, 5.0)),
        on=DAY,
    )
    assert list(units["source_codes"]) == ["F1;F2"]
    assert list(units["s"]) == [0.6]
    assert {row["code"] for row in units.attrs["out_of_scope"]} == {"D", "V"}


def test_a_depot_drawn_as_one_without_tanks_needs_its_inventory() -> None:
    depot = sources({"code": "V", "facility_type": "oil_depot", "site_code": "S"})
    units = grade_units(depot, inventory(), people(("site", "S", 5, 5.0)), on=DAY)
    assert list(units["status"]) == ["undetermined"]
    assert list(units["missing"]) == ["inventory (V)"]


def test_mines_are_out_of_scope_with_the_reason() -> None:
    mine = sources({"code": "M", "facility_type": "mine_or_quarry"})
    units = grade_units(mine, inventory({"source_code": "M", **CHLORINE, "quantity_t": 9}), people(), on=DAY)
    assert len(units) == 0
    assert "采矿" in units.attrs["out_of_scope"][0]["reason_zh"]


def test_no_edition_in_force_gives_no_answer() -> None:
    one = sources({"code": "T", **TANK, "group_code": "G"})
    held = inventory({"source_code": "T", **CHLORINE, "quantity_t": 50})
    units = grade_units(one, held, people(("site", "S", 5, 5.0)), on=date(2019, 2, 28))
    assert list(units["status"]) == ["undetermined"]
    assert "2019-02-28" in units["missing"][0]


def test_a_unit_of_an_unknown_site_does_not_take_zero_people() -> None:
    one = sources({"code": "T", **TANK, "group_code": "G"})
    held = inventory({"source_code": "T", **CHLORINE, "quantity_t": 12.5})
    unit = grade_units(one, held, people(), on=DAY).iloc[0]
    # beta S = 4 * 2.5 = 10; alpha 0.5..2: R 5..20, level 4 or 3
    assert (unit["level_min"], unit["level_max"], unit["missing"]) == (3, 4, "enterprise_site.geometry")
    assert pd.isna(unit["level"])
    assert pd.isna(unit["people_500m"])


def test_cas_numbers_with_a_wrong_check_digit_count_as_not_stated() -> None:
    assert valid_cas("7782-50-5") == "7782-50-5"
    assert valid_cas(" 7782－50－5 ") == "7782-50-5"  # full width, as an input method types it
    assert valid_cas("7782-50-4") is None
    found = look_up(Material(substance="某气", cas="7782-50-4", ghs_class="flam_gas_1"))
    assert [reading.row for reading in found.readings] == ["表2 W2"]
    assert "校验位" in found.notes[0]


def test_name_and_cas_that_disagree_are_bounded_by_both() -> None:
    found = look_up(Material(substance="氨", cas="7782-50-5"))
    assert found.s_per_t == (pytest.approx(1 / 10), pytest.approx(1 / 5))
    assert found.missing[0] == "inventory.substance"


quantities = st.floats(min_value=0, max_value=1e5, allow_nan=False).map(lambda q: round(q, 3))
rows = st.lists(
    st.tuples(
        st.sampled_from(["氯", "甲醇", "硝酸铵", "某物质", "某毒液"]),
        st.sampled_from([None, "flam_liq_2", "acute_tox_2", "W7.1", "??", "易燃液体,类别3"]),
        st.one_of(st.none(), quantities),
    ),
    min_size=1,
    max_size=4,
)


def _grade(held: list[tuple[str, str | None, float | None]], low: int, high: float) -> pd.Series:
    one = sources({"code": "P", "facility_type": "process_unit_jia", "site_code": "S"})
    stock = inventory(
        *[{"source_code": "P", "substance": s, "ghs_class": c, "quantity_t": q, "state": "liquid"} for s, c, q in held]
    )
    return grade_units(one, stock, people(("site", "S", low, high)), on=DAY).iloc[0]


@settings(max_examples=60, deadline=None)
@given(held=rows, low=st.integers(0, 200), more=st.integers(0, 200))
def test_knowing_more_never_contradicts_what_was_said(held: Any, low: int, more: int) -> None:
    """Filling in quantities, or learning the number of people, keeps status and level inside what was stated."""
    vague = _grade(held, low, math.inf)
    known = [(s, c, 7.5 if q is None else q) for s, c, q in held]
    exact = _grade(known, low + more, float(low + more))
    if vague["status"] != "undetermined":
        assert exact["status"] == vague["status"]
    if not pd.isna(vague["level"]):
        assert exact["level"] == vague["level"]
    if not pd.isna(exact["level"]):
        assert vague["level_min"] <= exact["level"]
        assert pd.isna(vague["level_max"]) or exact["level"] <= vague["level_max"]
    assert (vague["missing"] == "") == (vague["status"] == "not_major" or not pd.isna(vague["level"]))


@settings(max_examples=60, deadline=None)
@given(held=rows, extra=quantities, near=st.integers(0, 300))
def test_more_stock_never_gives_a_milder_result(held: Any, extra: float, near: int) -> None:
    order = {"not_major": 0, "undetermined": 1, "major": 2}
    before = _grade(held, near, float(near))
    after = _grade([*held, ("氯", None, extra)], near, float(near))
    assert order[after["status"]] >= order[before["status"]]
    if not pd.isna(before["level_min"]):
        assert after["level_min"] <= before["level_min"]


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_alpha_grows_with_the_people(a: int, b: int) -> None:
    low, high = sorted((a, b))
    assert gb18218().alpha(low) <= gb18218().alpha(high)
