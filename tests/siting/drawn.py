"""Scenes drawn by hand along a meridian: distances are laid out by `pyproj.Geod`, positions are exact."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd
import pyproj
import shapely
from shapely.geometry import LineString, Point, Polygon, mapping

GEOD = pyproj.Geod(ellps="GRS80")
LON, LAT = 114.95, 25.80
RECORDED = pd.Timestamp("2026-01-02", tz="UTC")
COLUMNS = {
    "enterprise_site": (
        "code", "name", "site_regime", "plant_kind", "is_hazchem_enterprise", "project_stage", "status", "park_code",
    ),
    "hazard_source": ("code", "name", "site_code", "facility_type", "volume_m3", "fire_hazard_class", "project_stage"),
    "protected_target": ("code", "name", "target_type", "population", "height_m", "storeys"),
    "park": ("code", "name", "kind", "approved_on", "approval_expires", "project_stage"),
    "dense_area": ("code", "name", "population", "is_built_up"),
    "linear_feature": ("code", "name", "kind", "grade", "width_m", "voltage_kv", "position", "medium"),
    "admin_area": ("code", "name", "level"),
}  # fmt: skip


def at(x_m: float, y_m: float) -> tuple[float, float]:
    """Longitude and latitude so many metres east and north of the origin."""
    lon, lat, _ = GEOD.fwd(LON, LAT, 0.0, y_m)
    lon, lat, _ = GEOD.fwd(lon, lat, 90.0, x_m)
    return lon, lat


def block(y0_m: float, y1_m: float, *, x_m: float = 0.0, half_m: float = 10.0) -> Polygon:
    """A block from y0 to y1 metres north of the origin, `half_m` to either side of x."""
    lon = at(x_m, y0_m)[0]
    half = GEOD.fwd(LON, LAT, 90.0, half_m)[0] - LON
    return shapely.box(lon - half, at(0, y0_m)[1], lon + half, at(0, y1_m)[1])


def point(y_m: float, x_m: float = 0.0) -> Point:
    return Point(at(x_m, y_m))


def across(y_m: float, half_m: float = 400.0) -> LineString:
    """A line from west to east, straight in latitude."""
    return LineString([(at(-half_m, 0)[0], at(0, y_m)[1]), (at(half_m, 0)[0], at(0, y_m)[1])])


def frame(layer: str, *rows: dict[str, Any], uncertainty_m: float | None = 0.0) -> gpd.GeoDataFrame:
    """Rows as the store gives them; positions are exact unless said otherwise."""
    common = dict.fromkeys(COLUMNS[layer]) | {
        "position_uncertainty_m": uncertainty_m, "position_source": "survey", "recorded_at": RECORDED, "attributes": {},
    }  # fmt: skip
    full = [common | {"name": row.get("code")} | row for row in rows]
    if not full:
        return gpd.GeoDataFrame({n: [] for n in common} | {"geometry": []}, geometry="geometry", crs="EPSG:4490")
    return gpd.GeoDataFrame(full, geometry="geometry", crs="EPSG:4490")


def inventory(*rows: tuple[str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"source_code": s, "substance": n, "cas": None, "ghs_class": None, "quantity_t": q, "recorded_at": RECORDED}
            for s, n, q in rows
        ],
        columns=["source_code", "substance", "cas", "ghs_class", "quantity_t", "recorded_at"],
    )


def world(**layers: gpd.GeoDataFrame) -> dict[str, pd.DataFrame]:
    """Every layer, empty where nothing is said."""
    return {name: frame(name) for name in COLUMNS} | {"inventory": inventory()} | layers


def feature(layer: str, geometry: Any, **properties: Any) -> dict[str, Any]:
    shape = None if geometry is None else mapping(geometry)
    exact = {} if geometry is None else {"position_uncertainty_m": 0.0, "position_source": "design_drawing"}
    return {"type": "Feature", "properties": {"layer": layer, **(exact | properties)}, "geometry": shape}


def project(*features: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features), **more}


# A class 甲 workshop, 20 m deep, that ends at y = 0. It lies in a plant of general industry.
def workshop(y_m: float = 0.0, **more: Any) -> dict[str, Any]:
    given = {"code": "W1", "facility_type": "workshop_jia", "site_regime": "general_industry"} | more
    return feature("hazard_source", block(y_m - 20, y_m), **given)


def open_flame(y_m: float, code: str = "F1") -> dict[str, Any]:
    return {"code": code, "target_type": "open_flame_point", "geometry": point(y_m)}
