"""Roll-up to areas and parks, on maps small enough to count by eye."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin

from gisrisk.analysis.exposure import outside_band
from gisrisk.analysis.region import assign_by_overlap, region_grades
from gisrisk.geo import areas_m2

WEST_COUNTY, EAST_COUNTY = shapely.box(115.0, 25.0, 115.1, 25.1), shapely.box(115.1, 25.0, 115.2, 25.1)
ADMIN = gpd.GeoDataFrame(
    {
        "code": ["3607", "360701", "360702", "36"],
        "name": ["市", "西区", "东区", "省"],
        "level": ["city", "county", "county", "province"],
    },
    geometry=[shapely.box(115.0, 25.0, 115.2, 25.1), WEST_COUNTY, EAST_COUNTY, shapely.box(114, 24, 117, 27)],
    crs="EPSG:4490",
)
PARK = gpd.GeoDataFrame(
    {"code": ["P"], "name": ["园区"], "level": ["省级"]},
    geometry=[shapely.box(115.02, 25.02, 115.06, 25.06)],
    crs="EPSG:4490",
)
NOBODY = gpd.GeoDataFrame({"code": [], "target_type": [], "population": []}, geometry=[], crs="EPSG:4490")


def square(west: float, south: float, size: float = 0.01) -> Any:
    return shapely.box(west, south, west + size, south + size)


def grades(*rows: dict[str, Any]) -> gpd.GeoDataFrame:
    base = {"park_code": None, "violations": 0, "level": None, "level_at_least": None}
    full = [base | row for row in rows]
    for row in full:
        row["level_at_least"] = row["level_at_least"] or row["level"]
    columns = ["site_code", *base, "geometry"]
    frame = gpd.GeoDataFrame(full, columns=columns, geometry="geometry", crs="EPSG:4490")
    return frame.astype({"level": "Int64", "level_at_least": "Int64", "violations": "int64"})


def hazards(*rows: tuple[str, str | None, str, int | None]) -> gpd.GeoDataFrame:
    frame = pd.DataFrame(list(rows), columns=["unit_code", "site_code", "status", "level"])
    shapes = [shapely.Point(115, 25)] * len(frame)
    return gpd.GeoDataFrame(frame.astype({"level": "Int64"}), geometry=shapes, crs="EPSG:4490")


@pytest.fixture
def population(tmp_path: Path) -> Path:
    """One person in each cell of 0.001 degrees."""
    path = tmp_path / "p.tif"
    shape = (400, 500)
    profile = {"driver": "GTiff", "height": shape[0], "width": shape[1], "count": 1, "dtype": "float32"}
    profile |= {"crs": "EPSG:4490", "transform": from_origin(114.9, 25.3, 0.001, 0.001)}
    with rasterio.open(path, "w", **profile) as raster:
        raster.write(np.ones(shape, dtype="float32"), 1)
    return path


SITES = grades(
    {"site_code": "A", "level": 3, "violations": 2, "geometry": square(115.03, 25.03)},
    {"site_code": "B", "level": 4, "geometry": square(115.05, 25.08)},
    {"site_code": "C", "level": 1, "violations": 1, "geometry": square(115.15, 25.05)},
    {"site_code": "D", "level": 4, "geometry": shapely.Point(115.16, 25.02)},
)
UNITS = hazards(
    ("A1", "A", "major", 3), ("A2", "A", "major", 4), ("C1", "C", "major", 1), ("B1", "B", "not_major", None)
)


def table(result: gpd.GeoDataFrame) -> dict[str, dict[str, Any]]:
    return {row["area_code"]: row for row in result.to_dict("records")}


def test_counts_levels_and_violations_roll_up_at_every_level(population: Path) -> None:
    found = table(region_grades(SITES, UNITS, ADMIN, PARK, population, targets=NOBODY))
    assert set(found) == {"36", "3607", "360701", "360702", "P"}
    west, east, city, park = found["360701"], found["360702"], found["3607"], found["P"]
    assert [west[c] for c in ("sites", "red", "orange", "yellow", "blue", "level", "violations")] == [
        2,
        0,
        0,
        1,
        1,
        3,
        2,
    ]
    assert [east[c] for c in ("sites", "red", "orange", "yellow", "blue", "level", "violations")] == [
        2,
        1,
        0,
        0,
        1,
        1,
        1,
    ]
    assert [city[c] for c in ("sites", "red", "yellow", "blue", "level", "violations")] == [4, 1, 1, 2, 1, 3]
    assert [park[c] for c in ("kind", "area_level", "sites", "yellow", "level")] == ["park", "省级", 1, 1, 3]
    assert [city[f"major_{n}"] for n in (1, 2, 3, 4)] == [1, 0, 1, 1]
    assert {row["status"] for row in found.values()} == {"graded"}
    assert {row["method"] for row in found.values()} == {"region_worst"}


def test_people_near_two_major_sites_are_counted_once(population: Path) -> None:
    # two sites 300 m apart: their bands overlap; expected from the area of the union, one person a cell
    pair = grades(
        {"site_code": "A", "level": 3, "geometry": square(115.03, 25.03)},
        {"site_code": "B", "level": 3, "geometry": square(115.043, 25.03)},
    )
    units = hazards(("A1", "A", "major", 3), ("B1", "B", "major", 3))
    found = table(region_grades(pair, units, ADMIN, PARK, population, targets=NOBODY))["360701"]
    cell_m2 = areas_m2([square(115.04, 25.035, 0.001)])[0]
    both = areas_m2([outside_band(list(pair.geometry), 500)])[0] / cell_m2
    each = sum(areas_m2([outside_band([plant], 500)])[0] for plant in pair.geometry) / cell_m2
    assert found["people_near_major"] == pytest.approx(both, rel=2e-3)  # cells change by 1.5e-4 over the height
    assert found["people_near_major"] < 0.95 * each


def test_people_near_major_is_not_zero_when_it_is_not_known(population: Path) -> None:
    no_raster = table(region_grades(SITES, UNITS, ADMIN, PARK, None, targets=NOBODY))["360701"]
    assert pd.isna(no_raster["people_near_major"])
    assert "至少0人" in no_raster["people_basis"]
    open_unit = hazards(("B1", "B", "undetermined", None))
    maybe = table(region_grades(SITES, open_unit, ADMIN, PARK, population, targets=NOBODY))
    assert pd.isna(maybe["360701"]["people_near_major"])
    assert "1个企业是否构成重大危险源待定" in maybe["360701"]["people_basis"]
    assert maybe["360702"]["people_near_major"] == 0
    assert maybe["360702"]["people_basis"] == "无重大危险源"


@pytest.mark.parametrize(
    ("at_least", "at_worst", "status", "level"),
    [
        (4, 3, "graded", 3),  # it may become yellow at most, which the area is already
        (4, 2, "undetermined", None),
        (2, 2, "graded", 2),
        (2, 1, "undetermined", None),
    ],
)
def test_an_undetermined_site_matters_only_when_it_may_be_worse(
    at_least: int, at_worst: int, status: str, level: int | None, population: Path
) -> None:
    sites = grades(
        {"site_code": "A", "level": 3, "geometry": square(115.03, 25.03)},
        {"site_code": "B", "level": None, "level_at_least": at_least, "geometry": square(115.05, 25.08)},
    )
    sites.attrs["level_at_worst"] = {"A": 3, "B": at_worst}
    found = table(region_grades(sites, hazards(), ADMIN, PARK, population, targets=NOBODY))["360701"]
    assert found["status"] == status
    assert found["undetermined"] == 1
    assert pd.isna(found["level"]) if level is None else found["level"] == level


def test_without_a_word_on_how_bad_a_site_may_be_red_is_possible(population: Path) -> None:
    sites = grades(
        {"site_code": "A", "level": 2, "geometry": square(115.03, 25.03)},
        {"site_code": "B", "level": None, "level_at_least": 4, "geometry": square(115.05, 25.08)},
    )
    assert table(region_grades(sites, hazards(), ADMIN, PARK, population, targets=NOBODY))["P"]["level"] == 2
    found = table(region_grades(sites, hazards(), ADMIN, PARK, population, targets=NOBODY))["360701"]
    assert found["status"] == "undetermined"


def test_an_area_without_sites_is_not_blue(population: Path) -> None:
    one = SITES[SITES["site_code"] == "C"].reset_index(drop=True)
    found = table(region_grades(one, UNITS, ADMIN, PARK, population, targets=NOBODY))["360701"]
    assert (found["status"], found["sites"]) == ("no_sites", 0)
    assert pd.isna(found["level"])


def test_only_areas_inside_the_studied_one_are_graded(population: Path) -> None:
    city = ADMIN.set_index("code").loc["3607", "geometry"]
    found = region_grades(SITES, UNITS, ADMIN, PARK, population, targets=NOBODY, area=city)
    assert list(found["area_code"]) == ["3607", "360701", "360702", "P"]  # not the province, which reaches further


def test_a_unit_without_a_site_counts_through_its_own_row(population: Path) -> None:
    alone = grades({"site_code": "U", "level": 2, "geometry": shapely.Point(115.05, 25.05)})
    found = table(region_grades(alone, hazards(("U", None, "major", 2)), ADMIN, PARK, population, targets=NOBODY))
    assert (found["P"]["major_2"], found["P"]["level"]) == (1, 2)


def test_a_shape_goes_to_the_area_that_covers_most_of_it() -> None:
    counties = ADMIN[ADMIN["level"] == "county"]
    shapes = [
        shapely.box(115.095, 25.05, 115.107, 25.06),  # 5 west, 7 east
        shapely.box(115.092, 25.05, 115.104, 25.06),  # 8 west, 4 east
        shapely.Point(115.1, 25.05),  # on the common edge: the first code
        shapely.LineString([(115.08, 25.05), (115.11, 25.05)]),
        shapely.Point(116.0, 25.05),
    ]
    assert assign_by_overlap(shapes, counties).tolist() == ["360702", "360701", "360701", "360701", None]


def test_sites_on_both_sides_of_a_border_are_counted_once_in_each_level(population: Path) -> None:
    across = grades({"site_code": "X", "level": 2, "geometry": shapely.box(115.095, 25.05, 115.107, 25.06)})
    found = table(region_grades(across, hazards(), ADMIN, PARK, population, targets=NOBODY))
    assert [found[code]["orange"] for code in ("360701", "360702", "3607", "36")] == [0, 1, 1, 1]
