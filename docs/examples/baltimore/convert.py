"""Turn open data of Baltimore into files that gisrisk imports: a worked example, no part of the package.

    python convert.py DATA_DIR OUT_DIR

DATA_DIR holds the folders `osm_baltimore` and `rmp_us` (see baltimore.md for where they come from). What the sources do
not say stays empty: the example shows what gisrisk makes of that.
"""

from __future__ import annotations

import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
from rasterio.transform import Affine

POUND_T = 0.00045359237  # exact: international pound, in tonnes
DENSE_PER_KM2 = 4000.0  # our choice of what to call a dense neighbourhood; no Chinese text fixes it
CELL_M = 100.0
METRES = "EPSG:32618"  # UTM zone 18 N
CITY = "990100"  # GB/T 2260 uses no code that begins with 99
NO_DATA = -9999.0

CHEMICALS = {  # CAS number -> Chinese name, GHS classes, facility type, medium
    "7782-50-5": ("氯", "acute_tox_2_inhalation;ox_gas_1", "toxic_liquefied_gas_tank", "氯"),
    "7664-41-7": ("氨", "flam_gas_2;acute_tox_3_inhalation", "ammonia_refrigeration", "氨"),
    "106-97-8": ("丁烷", "flam_gas_1", "lpg_tank_pressurised", "丁烷"),
}
AMENITY = {
    "school": "school",
    "hospital": "hospital",
    "clinic": "clinic",
    "nursing_home": "nursing_home",
    "place_of_worship": "religious_site",
    "library": "library_museum",
    "cinema": "entertainment_venue",
    "prison": "prison",
    "fire_station": "government_office",
    "police": "government_office",
}
BUILDING = {
    "residential": "residential_building",
    "terrace": "residential_building",
    "house": "residential_building",
    "apartments": "residential_building",
    "retail": "shop_mall",
    "commercial": "business_office",
    "industrial": "industrial_building",
    "warehouse": "industrial_building",
    "parking_garage": "parking",
    "hotel": "hotel",
    "museum": "library_museum",
    "church": "religious_site",
    "school": "school",
}
SHOP_AMENITY = {"restaurant", "fast_food", "bar", "pub", "bank", "pharmacy", "ice_cream"}
ROAD = {
    "motorway": "expressway",
    "trunk": "urban_trunk",
    "primary": "urban_trunk",
    "secondary": "urban_secondary",
    "tertiary": "urban_branch",
    "residential": "urban_branch",
    "unclassified": "urban_branch",
}


def facilities(data: Path) -> gpd.GeoDataFrame:
    """RMP facilities inside the bounds of the OpenStreetMap extract, with the distance between their two positions."""
    west, south, east, north = -76.6642, 39.2189, -76.4819, 39.3471
    table = pd.read_csv(data / "rmp_us" / "facilities.csv", dtype={"EPAFacilityID": str})
    table = table[table["lng"].between(west, east) & table["lat"].between(south, north)].sort_values("EPAFacilityID")
    frame = gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(table["lng"], table["lat"]), crs="EPSG:4326")
    other = gpd.GeoSeries(gpd.points_from_xy(table["frs_lng"], table["frs_lat"]), index=frame.index, crs="EPSG:4326")
    apart = frame.to_crs(METRES).distance(other.to_crs(METRES))
    return frame.assign(uncertainty_m=apart.clip(lower=50.0).round(0))


def enterprise_sites(rmp: gpd.GeoDataFrame, industrial: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """One site per facility: the industrial area around it if it has no other facility, else a point; then the rest."""
    inside = gpd.sjoin(rmp[["EPAFacilityID", "geometry"]], industrial[["osm_id", "geometry"]], predicate="within")
    alone = inside.groupby("osm_id")["EPAFacilityID"].transform("size") == 1
    area_of = dict(zip(inside.loc[alone, "EPAFacilityID"], inside.loc[alone, "osm_id"], strict=True))
    outline = industrial.set_index("osm_id").geometry
    rows = [
        {
            "code": f"RMP-{row.EPAFacilityID}",
            "name": row.name_en,
            "status": "operating",
            "staff": int(row.fte),
            "is_hazchem_enterprise": True,
            "position_source": "unknown",
            "position_uncertainty_m": row.uncertainty_m,
            "geometry": outline.get(area_of.get(row.EPAFacilityID), row.geometry),
        }
        for row in rmp.rename(columns={"name": "name_en"}).itertuples()
    ]
    rows += [
        {
            "code": f"OSM-{row.osm_id}",
            "name": row.label,
            "position_source": "web_map",
            "position_uncertainty_m": 10.0,
            "geometry": row.geometry,
        }
        for row in industrial.assign(
            label=industrial["name"].fillna("industrial area " + industrial["osm_id"])
        ).itertuples()
        if row.osm_id not in area_of.values()
    ]
    return gpd.GeoDataFrame(rows, crs="EPSG:4326").astype({"staff": "Int64", "is_hazchem_enterprise": "boolean"})


def hazard_sources(rmp: gpd.GeoDataFrame, stocks: pd.DataFrame) -> gpd.GeoDataFrame:
    """One source per facility, a point; the first substance gives its type."""
    first = stocks.drop_duplicates("EPAFacilityID").set_index("EPAFacilityID")["cas_derived"]
    rows = []
    for row in rmp.itertuples():
        name_zh, _, facility_type, medium = CHEMICALS[first[row.EPAFacilityID]]
        rows.append(
            {
                "code": f"RMP-{row.EPAFacilityID}-S1",
                "name": f"{row.name} {name_zh}",
                "site_code": f"RMP-{row.EPAFacilityID}",
                "facility_type": facility_type,
                "medium": medium,
                "position_source": "unknown",
                "position_uncertainty_m": row.uncertainty_m,
                "geometry": row.geometry,
            }
        )
    return gpd.GeoDataFrame(rows, crs="EPSG:4326")


def inventory(stocks: pd.DataFrame) -> pd.DataFrame:
    """Pounds to tonnes; the processes of one facility that hold the same substance are added."""
    pounds = stocks.groupby(["EPAFacilityID", "cas_derived"], as_index=False)["quantity_lb"].sum()
    return pd.DataFrame(
        {
            "source_code": "RMP-" + pounds["EPAFacilityID"] + "-S1",
            "cas": pounds["cas_derived"],
            "substance": [CHEMICALS[cas][0] for cas in pounds["cas_derived"]],
            "ghs_class": [CHEMICALS[cas][1] for cas in pounds["cas_derived"]],
            "quantity_t": pounds["quantity_lb"] * POUND_T,
            "state": "liquefied_gas",
        }
    )


def protected_targets(places: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Sensitive places and buildings whose use is known; a building of unknown use is left out and counted."""
    shops = buildings["amenity"].isin(SHOP_AMENITY)
    buildings = buildings.assign(target_type=buildings["building"].map(BUILDING).mask(shops, "shop_mall"))
    places = places.assign(target_type=places["amenity"].map(AMENITY), building_levels=None)
    both = pd.concat([places, buildings[[*buildings.columns]]], ignore_index=True)
    known = both[both["target_type"].notna()]
    print(f"protected_target: {len(known)} of {len(both)} objects; the others have no use that we can name")
    return gpd.GeoDataFrame(
        {
            "code": "OSM-" + known["osm_id"],
            "name": known["name"].fillna(known["osm_id"]),
            "target_type": known["target_type"],
            "storeys": pd.to_numeric(known["building_levels"], errors="coerce").astype("Int64"),
            "collection_kind": known["target_type"].map({"library_museum": "library"}),
            "position_source": "web_map",
            "position_uncertainty_m": 10.0,
        },
        geometry=known.geometry,
        crs="EPSG:4326",
    )


def linear_features(roads: gpd.GeoDataFrame, rails: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Roads by their OpenStreetMap class, and railways in use."""
    roads = roads.assign(kind="road", grade=roads["highway"].str.removesuffix("_link").map(ROAD))
    rails = rails[rails["railway"] == "rail"].assign(kind="railway", grade=None)
    both = pd.concat([roads[roads["grade"].notna()], rails], ignore_index=True)
    return gpd.GeoDataFrame(
        {
            "code": "OSM-" + both["osm_id"],
            "name": both["name"],
            "kind": both["kind"],
            "grade": both["grade"],
            "position_source": "web_map",
            "position_uncertainty_m": 10.0,
        },
        geometry=both.geometry,
        crs="EPSG:4326",
    )


def admin_areas(neighbourhoods: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The city as the union of its neighbourhoods, and each neighbourhood below it, under codes of no real division."""
    rows = [{"code": CITY, "name": "Baltimore (练习)", "level": "city", "geometry": neighbourhoods.union_all()}]
    rows += [
        {
            "code": f"{CITY}001{number:03d}",
            "name": row.Name,
            "level": "village",
            "parent_code": CITY,
            "geometry": row.geometry,
        }
        for number, row in enumerate(neighbourhoods.itertuples(), start=1)
    ]
    frame = gpd.GeoDataFrame(rows, crs="EPSG:4326")
    return frame.assign(position_source="cadastre", position_uncertainty_m=50.0)


def dense_areas(neighbourhoods: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Neighbourhoods of at least DENSE_PER_KM2 persons per square kilometre."""
    per_km2 = neighbourhoods["Population"] / (neighbourhoods.to_crs(METRES).area / 1e6)
    dense = neighbourhoods[per_km2 >= DENSE_PER_KM2]
    return gpd.GeoDataFrame(
        {
            "code": "BALT-N" + dense["OBJECTID"].astype(int).astype(str),
            "name": dense["Name"],
            "population": dense["Population"].astype(float),
            "basis": "2010 census",
            "position_source": "cadastre",
            "position_uncertainty_m": 50.0,
        },
        geometry=dense.geometry,
        crs="EPSG:4326",
    )


def population(neighbourhoods: gpd.GeoDataFrame) -> tuple[np.ndarray, Affine]:
    """People per 100 m cell (UTM): every count spread evenly over its own polygon, so that the sum is kept."""
    shapes, counts = neighbourhoods.to_crs(METRES).geometry.to_numpy(), neighbourhoods["Population"].to_numpy(float)
    west, south, east, north = shapely.total_bounds(shapes)
    left, top = np.floor(west / CELL_M) * CELL_M, np.ceil(north / CELL_M) * CELL_M
    columns, rows = int(np.ceil((east - left) / CELL_M)), int(np.ceil((top - south) / CELL_M))
    people, covered = np.zeros((rows, columns)), np.zeros((rows, columns), dtype=bool)
    column, row = (grid.ravel() for grid in np.meshgrid(np.arange(columns), np.arange(rows)))
    cells = shapely.box(
        left + column * CELL_M, top - (row + 1) * CELL_M, left + (column + 1) * CELL_M, top - row * CELL_M
    )
    which, cell = shapely.STRtree(cells).query(shapes, predicate="intersects")
    share = shapely.area(shapely.intersection(shapes[which], cells[cell])) / shapely.area(shapes)[which]
    np.add.at(people.ravel(), cell, counts[which] * share)
    covered.ravel()[cell] = True
    people[~covered] = NO_DATA
    return people, Affine(CELL_M, 0.0, left, 0.0, -CELL_M, top)


def write(frame: gpd.GeoDataFrame, out: Path, layer: str) -> None:
    """Write one layer as GeoPackage, invalid outlines mended, empty columns left out."""
    frame = frame.dropna(axis="columns", how="all").set_geometry(frame.geometry.make_valid())
    path = out / f"{layer}.gpkg"
    path.unlink(missing_ok=True)
    frame.to_file(path, layer=layer, driver="GPKG")
    print(f"{layer}: {len(frame)}")


def convert(data: Path, out: Path) -> None:
    """Read the sources below `data`, write every import file into `out`."""
    out.mkdir(parents=True, exist_ok=True)
    osm = data / "osm_baltimore" / "baltimore_layers.gpkg"
    read = {
        name: gpd.read_file(osm, layer=name)
        for name in ("industrial_area", "poi_sensitive", "building", "road", "railway")
    }
    neighbourhoods = gpd.read_file(data / "osm_baltimore" / "neighborhoods_pop2010.gpkg")
    neighbourhoods = neighbourhoods.set_geometry(neighbourhoods.geometry.make_valid()).sort_values("OBJECTID")
    rmp = facilities(data)
    stocks = pd.read_csv(data / "rmp_us" / "facility_chemicals.csv", dtype={"EPAFacilityID": str})
    stocks = stocks[stocks["EPAFacilityID"].isin(rmp["EPAFacilityID"])]
    write(admin_areas(neighbourhoods), out, "admin_area")
    write(dense_areas(neighbourhoods), out, "dense_area")
    write(enterprise_sites(rmp, read["industrial_area"]), out, "enterprise_site")
    write(hazard_sources(rmp, stocks), out, "hazard_source")
    write(protected_targets(read["poi_sensitive"], read["building"]), out, "protected_target")
    write(linear_features(read["road"], read["railway"]), out, "linear_feature")
    inventory(stocks).to_csv(out / "inventory.csv", index=False, encoding="utf-8-sig")
    people, transform = population(neighbourhoods)
    profile = {
        "driver": "GTiff",
        "dtype": "float64",
        "count": 1,
        "crs": METRES,
        "nodata": NO_DATA,
        "compress": "deflate",
    }
    with rasterio.open(
        out / "population.tif", "w", transform=transform, height=people.shape[0], width=people.shape[1], **profile
    ) as file:
        file.write(people, 1)
    print(f"population: {people[people != NO_DATA].sum():.6f} persons")


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
