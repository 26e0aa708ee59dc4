"""The demo region as frames, through the same reading and validation an import takes, without a database."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd

from gisrisk.catalog import import_order, layer
from gisrisk.demo import write_demo_region
from gisrisk.exchange import read_table, validate

RECORDED = pd.Timestamp("2026-11-01", tz="UTC")


def demo_frames(folder: Path) -> dict[str, pd.DataFrame | gpd.GeoDataFrame]:
    files = write_demo_region(folder)
    frames = {}
    for name in import_order(files.layers):
        frame = validate(read_table(files.layers[name], layer(name), crs="EPSG:4490"), layer(name))
        frames[name] = frame.assign(recorded_at=RECORDED)
    return frames
