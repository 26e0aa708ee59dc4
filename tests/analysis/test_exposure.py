"""People near plants, against sums worked out cell by cell."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from pyproj import Geod
from rasterio.transform import from_origin

from gisrisk.analysis.exposure import outside_band, people_in_areas, people_near_sites, residential_types
from gisrisk.geo import areas_m2
from gisrisk.hazards.tables import gb18218

GEOD = Geod(ellps="GRS80")


def layer(*rows: dict[str, Any]) -> gpd.GeoDataFrame:
    columns = ["code", "name", "site_code", "target_type", "population", "geometry"]
    return gpd.GeoDataFrame(list(rows), columns=columns, geometry="geometry", crs="EPSG:4490")


def write(path: Path, values: Any, *, west: float, north: float, size: float, **options: Any) -> Path:
    array = np.asarray(values, dtype="float32")
    profile = {"driver": "GTiff", "height": array.shape[0], "width": array.shape[1], "count": 1, "dtype": "float32"}
    profile |= {"crs": "EPSG:4490", "transform": from_origin(west, north, size, size)} | options
    with rasterio.open(path, "w", **profile) as raster:
        raster.write(array, 1)
    return path


NOBODY = layer()


def test_residential_types_are_those_where_people_live() -> None:
    assert residential_types() == {"residential_quarter", "residential_building", "village", "staff_dormitory"}


def test_cells_count_with_the_part_that_is_inside(tmp_path: Path) -> None:
    # cells of 0.01 deg; the square takes one whole cell (8), halves of two (4, 2) and a quarter of one (12):
    # 8 + 2 + 1 + 3 = 14
    raster = write(tmp_path / "p.tif", [[4, 12, 0], [8, 2, 0], [0, 0, 0]], west=115.0, north=25.03, size=0.01)
    square = shapely.box(115.0, 25.01, 115.015, 25.025)
    found = people_in_areas([square], NOBODY, raster).iloc[0]
    assert found["raster_people"] == pytest.approx(14, abs=1e-5)  # coverage fractions are 32-bit
    assert (found["people_min"], found["people_max"], found["missing"]) == (14, 14.0, "")


@pytest.mark.parametrize(("people", "whole"), [(14.0, 14), (14.01, 15), (0.2, 1), (0.0, 0)])
def test_part_of_a_person_is_rounded_up(tmp_path: Path, people: float, whole: int) -> None:
    raster = write(tmp_path / "p.tif", [[people, 0], [0, 0]], west=115.0, north=25.02, size=0.01)
    found = people_in_areas([shapely.box(115.0, 25.005, 115.015, 25.02)], NOBODY, raster).iloc[0]
    assert found["people_min"] == whole


def test_the_band_is_outside_the_plant_and_500_m_wide() -> None:
    plant = shapely.box(115.0, 25.8, 115.01, 25.81)
    band = outside_band([plant], gb18218().band_m)
    assert not band.intersects(shapely.Point(115.005, 25.805))
    for lon, lat, azimuth in ((115.005, 25.81, 0), (115.01, 25.805, 90), (115.005, 25.8, 180)):
        near = shapely.Point(GEOD.fwd(lon, lat, azimuth, 499.8)[:2])
        far = shapely.Point(GEOD.fwd(lon, lat, azimuth, 500.2)[:2])
        assert band.contains(near)
        assert not band.contains(far)


def test_people_inside_the_plant_do_not_count(tmp_path: Path) -> None:
    # one person in each cell of 0.001 deg; area of the band over area of a cell, by geodesic areas
    raster = write(tmp_path / "p.tif", np.ones((60, 60)), west=114.97, north=25.83, size=0.001)
    plant = shapely.box(115.0, 25.8, 115.01, 25.81)
    site = layer({"code": "S", "geometry": plant})
    found = people_near_sites(site, NOBODY, NOBODY, raster).iloc[0]
    # perimeter 2 (a + b) times 500 m plus a disc of 500 m, with a = 1002.8 m, b = 1107.8 m of the plant's sides
    a = GEOD.line_length([115.0, 115.01], [25.805, 25.805])
    b = GEOD.line_length([115.0, 115.0], [25.8, 25.81])
    cell_m2 = areas_m2([shapely.box(115.005, 25.805, 115.006, 25.806)])[0]
    expected = (2 * (a + b) * 500 + math.pi * 500**2) / cell_m2
    assert found["raster_people"] == pytest.approx(expected, rel=1e-3)  # cells shrink by 2e-4 over the band's height
    assert found["kind"] == "site"
    assert "栅格" in found["basis"]


def test_homes_and_raster_count_the_same_people(tmp_path: Path) -> None:
    plant = layer({"code": "S", "geometry": shapely.box(115.0, 25.8, 115.01, 25.81)})
    raster = write(tmp_path / "p.tif", np.full((60, 60), 0.0), west=114.97, north=25.83, size=0.001)
    homes = layer(
        {"code": "R1", "target_type": "village", "population": 40, "geometry": shapely.Point(115.012, 25.805)},
        {"code": "R2", "target_type": "school", "population": 900, "geometry": shapely.Point(115.012, 25.806)},
        {"code": "R3", "target_type": "village", "population": 70, "geometry": shapely.Point(115.02, 25.805)},
        {"code": "R4", "target_type": "staff_dormitory", "population": 7, "geometry": shapely.Point(115.005, 25.805)},
    )
    # R1 is 200 m outside; R2 is no home; R3 is 1000 m away; R4 lives inside the plant
    found = people_near_sites(plant, NOBODY, homes, raster).iloc[0]
    assert (found["people_min"], found["people_max"], found["target_people"]) == (40, 40.0, 40.0)
    full = write(tmp_path / "q.tif", np.full((60, 60), 1.0), west=114.97, north=25.83, size=0.001)
    both = people_near_sites(plant, NOBODY, homes, full).iloc[0]
    assert both["people_min"] == math.ceil(both["raster_people"]) > 40


def test_a_village_partly_in_the_band_counts_with_its_share() -> None:
    area = shapely.box(115.0, 25.0, 115.01, 25.01)
    village = {
        "code": "V",
        "target_type": "village",
        "population": 200,
        "geometry": shapely.box(115.005, 25, 115.025, 25.01),
    }
    # a quarter of its width lies inside: 200 / 4 = 50
    found = people_in_areas([area], layer(village), None).iloc[0]
    assert found["target_people"] == pytest.approx(50, rel=1e-6)
    assert found["people_min"] == 50


def test_a_home_inside_a_quarter_is_counted_with_the_quarter() -> None:
    area = shapely.box(115.0, 25.0, 115.01, 25.01)
    quarter = {
        "code": "Q",
        "target_type": "residential_quarter",
        "geometry": shapely.box(115.002, 25.002, 115.008, 25.008),
    }
    tower = {
        "code": "B",
        "target_type": "residential_building",
        "population": 80,
        "geometry": shapely.Point(115.005, 25.005),
    }
    known = people_in_areas([area], layer({**quarter, "population": 300}, tower), None).iloc[0]
    assert known["target_people"] == 300
    unknown = people_in_areas([area], layer({**quarter, "population": None}, tower), None).iloc[0]
    assert unknown["target_people"] == 80
    assert "protected_target.population (Q)" in unknown["missing"]


def test_a_home_of_unknown_population_leaves_a_lower_bound(tmp_path: Path) -> None:
    raster = write(tmp_path / "p.tif", [[6, 0], [0, 0]], west=115.0, north=25.02, size=0.01)
    area = shapely.box(115.0, 25.005, 115.015, 25.02)
    home = layer(
        {"code": "V", "target_type": "village", "population": None, "geometry": shapely.Point(115.005, 25.015)}
    )
    found = people_in_areas([area], home, raster).iloc[0]
    assert (found["people_min"], found["people_max"]) == (6, math.inf)
    assert found["missing"] == "protected_target.population (V)"
    assert "至少6人" in found["basis"]


def test_a_raster_that_ends_inside_the_band_is_not_used(tmp_path: Path) -> None:
    raster = write(tmp_path / "p.tif", np.ones((10, 10)), west=115.0, north=25.1, size=0.01)
    found = people_in_areas([shapely.box(114.99, 25.05, 115.02, 25.06)], NOBODY, raster).iloc[0]
    assert (found["people_min"], found["people_max"]) == (0, math.inf)
    assert found["missing"] == "population raster does not cover"
    assert np.isnan(found["raster_people"])


def test_no_raster_leaves_a_lower_bound() -> None:
    found = people_in_areas([shapely.box(115.0, 25.0, 115.01, 25.01)], NOBODY, None).iloc[0]
    assert (found["people_min"], found["people_max"]) == (0, math.inf)
    assert found["missing"] == "population raster (none registered)"


def test_cells_without_data_count_nobody_but_an_area_of_them_is_unknown(tmp_path: Path) -> None:
    values = [[5, -99999, -99999, -99999], [-99999] * 4, [-99999] * 4, [-99999] * 4]
    raster = write(tmp_path / "p.tif", values, west=115.0, north=25.04, size=0.01, nodata=-99999)
    some = shapely.box(115.0, 25.02, 115.02, 25.04)
    none = shapely.box(115.02, 25.005, 115.035, 25.02)
    found = people_in_areas([some, none], NOBODY, raster)
    assert found["people_min"].tolist() == [5, 0]
    assert found["people_max"].tolist() == [5.0, math.inf]
    assert found["missing"].tolist() == ["", "population raster has no data here"]


def test_an_undeclared_nodata_value_is_not_added_up(tmp_path: Path) -> None:
    raster = write(tmp_path / "p.tif", [[500, -99999], [3, 3]], west=115.0, north=25.02, size=0.01)
    found = people_in_areas([shapely.box(115.0, 25.0, 115.02, 25.02)], NOBODY, raster).iloc[0]
    assert found["people_max"] == math.inf
    assert found["missing"] == "population raster holds negative counts (its nodata value is not declared)"


def test_a_projected_raster_gives_the_same_people(tmp_path: Path) -> None:
    # zone of central meridian 114 (EPSG:4547), 100 m cells with one person each: a band of A m2 holds A / 1e4
    plant = shapely.box(114.0, 25.8, 114.01, 25.81)
    east, north = 500_000, 2_854_000
    raster = write(
        tmp_path / "p.tif",
        np.ones((60, 60)),
        west=0,
        north=0,
        size=1,
        crs="EPSG:4547",
        transform=from_origin(east - 2500, north + 3500, 100, 100),
    )
    found = people_near_sites(layer({"code": "S", "geometry": plant}), NOBODY, NOBODY, raster).iloc[0]
    expected = areas_m2([outside_band([plant], 500)])[0] / 1e4
    assert found["raster_people"] == pytest.approx(expected, rel=1e-4)  # scale is 1 on the central meridian


def test_points_and_sources_without_a_site_are_marked(tmp_path: Path) -> None:
    raster = write(tmp_path / "p.tif", np.ones((60, 60)), west=114.97, north=25.83, size=0.001)
    sites = layer({"code": "S", "geometry": shapely.Point(115.0, 25.8)})
    sources = layer(
        {"code": "T1", "site_code": "S", "geometry": shapely.Point(115.001, 25.8)},
        {"code": "T2", "site_code": None, "geometry": shapely.Point(115.0, 25.8)},
        {"code": "T3", "site_code": "gone", "geometry": shapely.Point(115.0, 25.8)},
    )
    found = people_near_sites(sites, sources, NOBODY, raster)
    assert found[["kind", "code"]].to_numpy().tolist() == [["site", "S"], ["source", "T2"], ["source", "T3"]]
    assert "以点代替厂界" in found["basis"][0]
    assert "以危险源代替" in found["basis"][1]
    # a disc of 500 m over cells of one person
    cell_m2 = areas_m2([shapely.box(115.0, 25.8, 115.001, 25.801)])[0]
    assert found["raster_people"].to_numpy() == pytest.approx(math.pi * 500**2 / cell_m2, rel=1e-3)


def test_worldpop_of_aruba_equals_a_sum_cell_by_cell(shared_dir: Path) -> None:
    """An independent sum: shapely cuts the polygon of each cell with the band; unpopulated cells are nodata there."""
    path = shared_dir / "data" / "raster_aruba_worldpop" / "abw_ppp_2020_UNadj_constrained.tif"
    plants = [shapely.box(-70.035, 12.515, -70.030, 12.520), shapely.box(-69.97, 12.48, -69.965, 12.486)]
    sites = layer(*[{"code": f"S{i}", "geometry": plant} for i, plant in enumerate(plants)])
    found = people_near_sites(sites, NOBODY, NOBODY, path)
    for plant, row in zip(plants, found.to_dict("records"), strict=True):
        expected = _sum_cell_by_cell(path, outside_band([plant], 500))
        assert expected > 50
        # the coverage fractions of the engine under test are 32-bit (6e-8 each)
        assert row["raster_people"] == pytest.approx(expected, rel=1e-6)
        assert row["people_min"] == math.ceil(expected)


def test_worldpop_of_aruba_holds_all_its_people(shared_dir: Path) -> None:
    # 106,766 people in 9,844 populated cells, as the data set says of itself
    path = shared_dir / "data" / "raster_aruba_worldpop" / "abw_ppp_2020_UNadj_constrained.tif"
    with rasterio.open(path) as raster:
        everything = shapely.box(*raster.bounds)
    found = people_in_areas([everything], NOBODY, path).iloc[0]
    assert found["raster_people"] == pytest.approx(106_766, abs=0.5)


def _sum_cell_by_cell(path: Path, area: Any) -> float:
    with rasterio.open(path) as raster:
        values = raster.read(1)
        west, south, east, north = area.bounds
        total = 0.0
        first_row, first_column = raster.index(west, north)
        last_row, last_column = raster.index(east, south)
        for row in range(first_row, last_row + 1):
            for column in range(first_column, last_column + 1):
                if values[row, column] == raster.nodata:
                    continue
                left = raster.transform.c + column * raster.transform.a
                top = raster.transform.f + row * raster.transform.e
                right, bottom = left + raster.transform.a, top + raster.transform.e
                cell = shapely.box(left, bottom, right, top)
                total += float(values[row, column]) * cell.intersection(area).area / cell.area
    return total
