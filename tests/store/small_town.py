"""Small frames of a made-up town around 118.5 E, 32.0 N."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from gisrisk.store import BatchReport, Store


def square(west: float, south: float, side: float = 0.01) -> shapely.Polygon:
    return shapely.box(west, south, west + side, south + side)


def frame(rows: list[dict[str, Any]], geometries: list[shapely.Geometry] | None = None) -> pd.DataFrame:
    """Rows as `gisrisk.exchange` hands them over."""
    if geometries is None:
        return pd.DataFrame(rows)
    return gpd.GeoDataFrame(rows, geometry=geometries, crs="EPSG:4490")


def put(store: Store, layer: str, content: pd.DataFrame, **more: Any) -> BatchReport:
    return store.write_batch(layer, content, file=f"{layer}.gpkg", sha256="0" * 64, **more)


def sites(*codes: str, name: str = "甲厂") -> pd.DataFrame:
    """One site of 0.01 degrees a side for each code, side by side from 118.5 E."""
    rows = [{"code": code, "name": name, "status": "operating"} for code in codes]
    return frame(rows, [square(118.5 + 0.02 * number, 32.0) for number in range(len(codes))])
