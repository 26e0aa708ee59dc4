"""Suitability on scenes drawn by hand: distances along a meridian by `pyproj.Geod`, figures from the clauses."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from gisrisk.analysis.suitability import (
    ADMITTED,
    BREAKS_PROVISIONAL,
    FORBIDDEN,
    OUTSIDE,
    UNDETERMINED,
    NothingOnRecord,
    Suitability,
    plane_of,
    scale_excess,
    suitability,
)
from gisrisk.analysis.suitability_proposal import ProposalType, proposal_from, read_proposal
from gisrisk.errors import InputRefused, OutOfDomain
from gisrisk.rules import load_rules

GEOD = pyproj.Geod(ellps="GRS80")
ON = date(2026, 11, 25)
LON, LAT = 114.30, 25.80  # 30 km east of the central meridian of its zone (114 E)


def place(east_m: float, north_m: float) -> tuple[float, float]:
    lon, lat, _ = GEOD.fwd(LON, LAT, 0.0, north_m)
    lon, lat, _ = GEOD.fwd(lon, lat, 90.0, east_m)
    return float(lon), float(lat)


def block(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    return shapely.box(*place(west, south), *place(east, north))


def frame(*rows: dict[str, Any], uncertainty_m: float = 0.0) -> gpd.GeoDataFrame:
    common = {
        "position_uncertainty_m": uncertainty_m,
        "recorded_at": pd.Timestamp("2026-01-02", tz="UTC"),
        "attributes": None,
    }
    return gpd.GeoDataFrame([common | row for row in rows], geometry="geometry", crs="EPSG:4490")


SITE = {"code": "E1", "name": "厂", "site_regime": "general_industry", "geometry": block(-100, -100, 100, 10)}
WORKSHOP = {
    "code": "S1", "name": "甲类厂房", "site_code": "E1", "facility_type": "workshop_jia",
    "geometry": block(-20, -40, 20, 0),
}  # fmt: skip
AREA = block(-300, -300, 300, 300)
FLAME = ProposalType(type="open_flame_point", position_uncertainty_m=0.0)


def scene(uncertainty_m: float = 0.0, **layers: gpd.GeoDataFrame) -> dict[str, pd.DataFrame]:
    return {"enterprise_site": frame(SITE), "hazard_source": frame(WORKSHOP, uncertainty_m=uncertainty_m)} | layers


def answer(
    proposal: ProposalType, frames: dict[str, pd.DataFrame], area: BaseGeometry = AREA, **more: Any
) -> Suitability:
    return suitability(load_rules(), frames, proposal, area, on=ON, **more)


def northwards(result: Suitability) -> list[tuple[float, int]]:
    """Of the cells north of the workshop in the column of its middle: metres from its wall, class."""
    to_degrees = pyproj.Transformer.from_crs(result.crs, "EPSG:4490", always_xy=True)
    x, y = pyproj.Transformer.from_crs("EPSG:4490", result.crs, always_xy=True).transform(*place(0, 0))
    column = int((x - result.grid.west) // result.grid.cell_m)
    out = []
    for row in range(result.grid.rows):
        south = result.grid.north - (row + 1) * result.grid.cell_m
        if south > y and result.cells[row, column] != OUTSIDE:
            metres = GEOD.inv(*to_degrees.transform(x, south), *to_degrees.transform(x, y))[2]
            out.append((float(metres), int(result.cells[row, column])))
    return out


def house(height_m: float | None, footprint: dict[str, float]) -> ProposalType:
    attributes = {} if height_m is None else {"height_m": height_m}
    content = {"type": "residential_building", "attributes": attributes, "footprint": footprint}
    return proposal_from(content | {"position_uncertainty_m": 0})


def test_an_open_flame_is_admitted_from_30_m_off_a_class_jia_workshop() -> None:
    # GB 50016 table 3.4.1: 30 m, from the nearest side of the cell
    result = answer(FLAME, scene())
    for metres, cell in northwards(result):
        if abs(metres - 30.0) > 0.05:  # the margin of the plane lies between
            assert cell == (FORBIDDEN if metres < 30.0 else ADMITTED), metres
    binding = {entry.number: entry.rule for entry in result.legend}
    rules = {binding[n].document_no[:8] for n in np.unique(result.binding[result.cells == FORBIDDEN])}
    assert rules == {"GB 50016"}
    assert (result.binding[result.cells == ADMITTED] == 0).all()


def test_within_the_uncertainty_a_cell_is_undetermined() -> None:
    # 8 m on the workshop, none on the flame: surely broken below 22 m, surely met from 38 m on
    for metres, cell in northwards(answer(FLAME, scene(8.0))):
        expected = FORBIDDEN if metres < 22.0 else UNDETERMINED if metres < 38.0 else ADMITTED
        assert cell == expected or min(abs(metres - 22.0), abs(metres - 38.0)) < 0.05, metres


@pytest.mark.parametrize("footprint", [{"radius_m": 15.0}, {"half_side_m": 15.0}])
def test_a_footprint_keeps_all_of_itself_away(footprint: dict[str, float]) -> None:
    # table 3.4.1: 25 m to low civil buildings; 15 m more from the centre of a disc, or of a square facing the wall
    result = answer(house(9.0, footprint), scene())
    for metres, cell in northwards(result):
        if abs(metres - 40.0) > 0.05:
            broken = cell in (FORBIDDEN, BREAKS_PROVISIONAL)  # which of them is a matter of the classes, not of metres
            assert broken if metres < 40.0 else cell == ADMITTED, metres


def test_both_directions_bind() -> None:
    # the flame as target of an existing workshop, and a new workshop as source towards an existing flame: 30 m each
    flame = frame(
        {"code": "T1", "name": "明火", "target_type": "open_flame_point", "geometry": shapely.Point(*place(0, 0))}
    )
    workshop = proposal_from(
        {
            "type": "workshop_jia",
            "attributes": {"site_regime": "general_industry"},
            "footprint": {"half_side_m": 5},
            "position_uncertainty_m": 0,
        }
    )
    result = answer(workshop, {"protected_target": flame})
    for metres, cell in northwards(result):
        if abs(metres - 35.0) > 0.05:
            assert cell == (FORBIDDEN if metres < 35.0 else ADMITTED), metres


def test_a_missing_field_makes_a_class_of_its_own_and_is_named() -> None:
    # table 3.4.1: 25 m from a class 甲 workshop to low civil buildings, 50 m to high ones
    small = {"half_side_m": 0.001}
    result = answer(house(None, small), scene())
    cells = dict(northwards(result))
    assert {cell for metres, cell in cells.items() if 25.1 < metres < 49.9} == {UNDETERMINED}
    assert {cell for metres, cell in cells.items() if metres > 50.1} == {ADMITTED}
    assert any("protected_target.height_m" in entry.missing for entry in result.legend)
    known = northwards(answer(house(9.0, small), scene()))
    assert {cell for metres, cell in known if metres > 25.1} == {ADMITTED}


def test_cells_outside_the_area_are_no_answer() -> None:
    triangle = shapely.Polygon([place(-300, -300), place(300, -300), place(0, 300)])
    result = answer(FLAME, scene(), triangle)
    whole = answer(FLAME, scene())
    assert (result.cells == OUTSIDE).sum() > 100
    assert (result.binding[result.cells == OUTSIDE] == OUTSIDE).all()
    assert abs(result.counts()[FORBIDDEN] - whole.counts()[FORBIDDEN]) < 5
    assert sum(result.counts().values()) == result.grid.rows * result.grid.columns


def test_an_area_without_data_is_not_a_free_one() -> None:
    far = shapely.box(100.0, 30.0, 100.01, 30.01)
    with pytest.raises(NothingOnRecord, match="not a free one"):
        answer(FLAME, scene(), far)
    with pytest.raises(OutOfDomain, match="polygon"):
        answer(FLAME, scene(), shapely.Point(LON, LAT))


def test_the_same_map_for_one_and_two_threads() -> None:
    one, two = (answer(FLAME, scene(8.0), threads=n) for n in (1, 2))
    assert (one.cells == two.cells).all() and (one.binding == two.binding).all()


def test_the_plane_is_the_zone_of_the_area_or_its_own() -> None:
    assert plane_of(AREA).to_epsg() == 4547  # CGCS2000 / 3-degree Gauss-Kruger CM 114E
    assert pyproj.CRS.from_epsg(4547).coordinate_operation.params[1].value == 114
    across = shapely.box(115.4, 25.0, 115.6, 25.1)  # the border of two zones lies at 115.5 E
    assert plane_of(across).to_epsg() is None


def test_no_length_in_the_plane_is_longer_than_stated() -> None:
    # brute force: lengths of short lines all over the area, in the plane and by Karney's geodesics
    area = shapely.box(112.6, 23.0, 115.4, 30.0)
    crs = plane_of(area)
    excess = scale_excess(crs, area, 1000.0)
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(112.6, 115.4, 4000), rng.uniform(23.0, 30.0, 4000)
    lon[:4], lat[:4] = (112.6, 112.6, 115.4, 115.4), (23.0, 30.0, 23.0, 30.0)
    lon2, lat2, _ = GEOD.fwd(lon, lat, rng.uniform(0, 360, 4000), np.full(4000, 900.0))
    to_plane = pyproj.Transformer.from_crs("EPSG:4490", crs, always_xy=True)
    flat = np.hypot(*(np.array(to_plane.transform(lon, lat)) - np.array(to_plane.transform(lon2, lat2))))
    assert flat.max() <= 900.0 * (1 + excess)
    assert flat.max() >= 900.0 * (1 + 0.9 * excess)  # and not much less: the bound is one


def test_a_proposal_is_read_or_refused_with_everything_that_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "p.json"
    file.write_text(
        json.dumps(
            {"type": "tank_floating_roof", "attributes": {"volume_m3": 1000, "liquid_class": "jiaB"}, "quantity_t": 700}
        ),
        encoding="utf-8",
    )
    known = read_proposal(file)
    assert (known.layer, known.quantity_t) == ("hazard_source", 700.0)
    assert known.attributes["volume_m3"] == 1000.0
    file.write_text(
        json.dumps(
            {"type": "road_highway", "place": 1, "footprint": {"radius_m": -1}, "attributes": {"colour": "red"}}
        ),
        encoding="utf-8",
    )
    with pytest.raises(InputRefused) as refused:
        read_proposal(file)
    assert {problem.field for problem in refused.value.problems} == {"type", "place", "radius_m"}
    for text, word in [("{", "not JSON"), ("[1]", "no JSON object")]:
        file.write_text(text, encoding="utf-8")
        with pytest.raises(InputRefused, match=word):
            read_proposal(file)
    with pytest.raises(InputRefused, match="cannot be read"):
        read_proposal(tmp_path / "absent.json")
    with pytest.raises(InputRefused, match="colour"):
        proposal_from({"type": "school", "attributes": {"colour": "red"}})
    with pytest.raises(InputRefused, match="not allowed"):
        proposal_from({"type": "tank_floating_roof", "attributes": {"liquid_class": "best"}})


def test_only_rules_that_are_not_confirmed_or_not_mandatory_make_a_lighter_class() -> None:
    # of all zones around a whole scene none of class 3 may rest on a confirmed mandatory rule alone, and reversed
    result = answer(FLAME, scene())
    assert BREAKS_PROVISIONAL not in {cell for _, cell in northwards(result)}
    rules = {entry.number: entry.rule for entry in result.legend}
    for number in np.unique(result.binding[result.cells == FORBIDDEN]):
        assert rules[number].mandatory and rules[number].review == "confirmed"
