"""The region as import files: a GeoPackage per layer, a CSV of stocks, a GeoTIFF of people, all marked synthetic."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from gisrisk.catalog import layer, load_layers
from gisrisk.demo.board import Row
from gisrisk.demo.outlines import ATTRIBUTION, CITY_CODE, admin_areas
from gisrisk.demo.parks_layout import CHEMICAL_PARK, INDUSTRIAL_PARK
from gisrisk.demo.population import people_per_cell, write_population
from gisrisk.demo.region import BOARD, draw_region
from gisrisk.geo import STORAGE_CRS

DEFAULT_SEED = 20261122
DESCRIPTION = "演示数据 (synthetic): gisrisk 生成的虚构企业、危险源与防护目标, 不代表任何真实单位; 仅县界为真实轮廓。"
_FROZEN_MOMENT = "2026-11-22T00:00:00.000Z"  # GeoPackage stamps the time of writing; fixed so that files do not differ


@dataclass(frozen=True, slots=True)
class DemoFiles:
    """What `write_demo_region` wrote.

    Attributes
    ----------
    layers : dict
        Layer name -> file, in an order in which they can be imported.
    population : Path
        GeoTIFF, people per cell.
    area_code : str
        Administrative area to study.
    park_codes : tuple of str
        The chemical park, then the industrial park.
    residents, background : int
        People in the raster: those of the homes, and the scattered rest.
    """

    folder: Path
    layers: dict[str, Path]
    population: Path
    area_code: str
    park_codes: tuple[str, ...]
    residents: int
    background: int


def write_demo_region(folder: str | Path, *, seed: int = DEFAULT_SEED) -> DemoFiles:
    """Make the synthetic demo region and write it as files that `gisrisk layer import` accepts.

    Parameters
    ----------
    folder : path
        Created when missing; files of the same name are replaced.
    seed : int
        The same seed gives the same tables and coordinates.

    Returns
    -------
    DemoFiles

    Raises
    ------
    SetupIncomplete
        The package with the county outlines is missing: `pip install 'gisrisk[demo]'`.
    """
    out = Path(folder)
    admin = admin_areas(CITY_CODE)
    region = draw_region(seed)
    out.mkdir(parents=True, exist_ok=True)
    files: dict[str, Path] = {"admin_area": _write_vector(admin, out / "admin_area.gpkg", "admin_area", ATTRIBUTION)}
    for name in ("park", "dense_area", "linear_feature", "enterprise_site", "hazard_source", "protected_target"):
        frame = rows_to_frame(region.sheet.of(name), name)
        files[name] = _write_vector(frame, out / f"{name}.gpkg", name, DESCRIPTION)
    stocks = rows_to_table(region.sheet.of("inventory"), "inventory")
    files["inventory"] = out / "inventory.csv"
    stocks.to_csv(files["inventory"], index=False, encoding="utf-8-sig", lineterminator="\n")
    homes = [(BOARD.to_lonlat(shape), persons) for shape, persons in region.homes]
    people = people_per_cell(
        homes,
        BOARD.to_lonlat(region.uninhabited),
        BOARD.to_lonlat(shapely.segmentize(BOARD.extent, 500.0)),
        np.random.default_rng([seed, 9]),
    )
    write_population(people, out / "population.tif")
    return DemoFiles(
        out,
        files,
        out / "population.tif",
        CITY_CODE,
        (CHEMICAL_PARK, INDUSTRIAL_PARK),
        people.residents,
        people.background,
    )


def rows_to_table(rows: Sequence[Row], layer_name: str) -> pd.DataFrame:
    """Rows as a table: declared columns first, in the layer's order; whole numbers stay whole beside empty cells."""
    definition = layer(layer_name)
    names = list(dict.fromkeys(key for row in rows for key in row if key != "geometry"))
    declared = [column.name for column in definition.columns if column.name in names]
    table = pd.DataFrame(
        [{name: row.get(name) for name in names} for row in rows],
        columns=[*declared, *(n for n in names if n not in declared)],
    )
    kinds = {column.name: column.type for column in definition.columns}
    for name in table.columns:
        kind = kinds.get(name)
        if kind == "integer":
            table[name] = table[name].astype("Int64")
        elif kind == "boolean":
            table[name] = table[name].astype("boolean")
        elif kind == "number":
            table[name] = table[name].astype("float64")
        elif kind == "date":
            days = pd.to_datetime(table[name], format="%Y-%m-%d").dt.date.astype(object)
            table[name] = days.where(days.notna(), None)  # GDAL would write NaT as the text "NaT"
    return table


def rows_to_frame(rows: Sequence[Row], layer_name: str) -> gpd.GeoDataFrame:
    """Rows as a frame in EPSG:4490."""
    shapes = BOARD.to_lonlat(np.array([row["geometry"] for row in rows], dtype=object))
    return gpd.GeoDataFrame(rows_to_table(rows, layer_name), geometry=shapes, crs=STORAGE_CRS)


def _write_vector(frame: gpd.GeoDataFrame, path: Path, name: str, description: str) -> Path:
    """Write one GeoPackage with its description and a fixed time stamp."""
    raw = path.with_suffix(".raw.gpkg")
    for old in (path, raw):
        old.unlink(missing_ok=True)
    label = load_layers()[name].label_zh
    identifier = label if description == ATTRIBUTION else f"{label} (演示数据)"
    kinds = frame.geom_type.unique()
    pyogrio.write_dataframe(
        frame,
        raw,
        layer=name,
        driver="GPKG",
        geometry_type=str(kinds[0]) if len(kinds) == 1 else "Unknown",
        # no spatial index: GDAL builds it in a thread of its own, whose timing shows in the file
        layer_options={"DESCRIPTION": description, "IDENTIFIER": identifier, "SPATIAL_INDEX": "NO"},
    )
    with closing(sqlite3.connect(raw)) as database:
        database.execute("UPDATE gpkg_contents SET last_change = ?", (_FROZEN_MOMENT,))
        database.commit()
        database.execute("VACUUM INTO ?", (str(path),))  # a fresh copy, whose counters do not tell how often GDAL wrote
    raw.unlink()
    return path
