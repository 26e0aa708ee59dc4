"""Write a layer to GeoPackage, GeoJSON, CSV or GeoParquet so that reading the file gives the same rows again."""

from __future__ import annotations

import datetime as dt
import json
import math
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pyogrio
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from gisrisk.catalog import Layer, vocabulary
from gisrisk.errors import GisriskError
from gisrisk.exchange.attributes import LIST_SEPARATOR
from gisrisk.geo import STORAGE_CRS

# Bookkeeping of the store that an export shows; import leaves it out again. `fid` is a reserved word in GeoPackage.
_BOOKKEEPING = {"fid": "feature_uid", "rev": "rev", "recorded_at": "recorded_at"}
_ARROW = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
}
_GEOMETRY = "geometry"


class CannotWrite(GisriskError):
    """The file name asks for a format we do not write, or for geometries the layer does not have."""

    exit_status = 2


def write_table(frame: pd.DataFrame, path: str | Path, layer: Layer) -> Path:
    """Write rows of a layer; an existing file is replaced as a whole, or left alone when writing fails.

    Parameters
    ----------
    frame : DataFrame or GeoDataFrame
        As `validate` or the store gives: columns of the layer by name, `attributes`, bookkeeping, `geometry` in
        EPSG:4490. Columns of the layer that are absent are written empty.
    path : str or Path
        The ending chooses the format: .gpkg, .geojson, .csv (UTF-8 with byte-order mark, geometry as WKT in column
        `wkt`), .parquet.
    layer : Layer

    Returns
    -------
    Path
        The file.

    Raises
    ------
    CannotWrite
        The ending is none of these, or a table is asked for as GeoJSON.
    """
    target = Path(path)
    writers = {".gpkg": _geopackage, ".geojson": _geojson, ".csv": _csv, ".parquet": _parquet}
    suffix = target.suffix.lower()
    if suffix not in writers:
        raise CannotWrite(f"{target.name}: the format '{suffix}' is not written. Use {', '.join(writers)}.")
    if layer.kind != "vector" and suffix == ".geojson":
        raise CannotWrite(f"{target.name}: layer {layer.name} has no geometry. Write it as .csv, .gpkg or .parquet.")
    table = _arrow_table(frame, layer)
    geometry = np.asarray(frame[_GEOMETRY].array, dtype=object) if layer.kind == "vector" else None
    folder = target.parent
    handle, temporary = tempfile.mkstemp(prefix=".gisrisk-", suffix=suffix, dir=folder)
    os.close(handle)
    os.unlink(temporary)  # GDAL wants to create the file itself
    try:
        writers[suffix](table, geometry, Path(temporary), layer)
        os.replace(temporary, target)
    finally:
        Path(temporary).unlink(missing_ok=True)
    return target


def _arrow_table(frame: pd.DataFrame, layer: Layer) -> pa.Table:
    """Columns in the layer's order and types, then one column per attribute in use, then the store's bookkeeping."""
    arrays: dict[str, pa.Array] = {}
    for column in layer.import_columns:
        if column.name in frame:
            arrays[column.name] = pa.array(_plain(frame[column.name], column.type), type=_ARROW[column.type])
        else:
            arrays[column.name] = pa.nulls(len(frame), type=_ARROW[column.type])
    if layer.has_attributes and "attributes" in frame:
        arrays |= _attribute_arrays(list(frame["attributes"]))
    for name, shown in _BOOKKEEPING.items():
        if name in frame:
            arrays[shown] = pa.array([_text(value) for value in frame[name]], type=pa.string())
    return pa.table(arrays)


def _plain(values: pd.Series, kind: str) -> list[Any]:
    """Python values with None where missing."""
    missing = np.asarray(values.isna(), dtype=bool)
    if kind == "date":
        plain = [value.date() if isinstance(value, dt.datetime) else value for value in values]
    elif kind == "integer":
        plain = [None if gone else int(value) for value, gone in zip(values, missing, strict=True)]
    elif kind == "boolean":
        plain = [None if gone else bool(value) for value, gone in zip(values, missing, strict=True)]
    else:
        plain = values.tolist()
    return [None if gone else value for value, gone in zip(plain, missing, strict=True)]


def _text(value: Any) -> str | None:
    if value is None or value is pd.NaT:
        return None
    return value.isoformat() if isinstance(value, dt.datetime) else str(value)


def _attribute_arrays(rows: list[Any]) -> dict[str, pa.Array]:
    """One column per attribute that any row has; lists as text separated by ";"."""
    dicts = [row if isinstance(row, dict) else {} for row in rows]
    used = {name for row in dicts for name in row}
    types = {"number": pa.float64(), "bool": pa.bool_()}
    arrays = {}
    for name, attribute in vocabulary().attributes.items():
        if name not in used:
            continue
        values = [row.get(name) for row in dicts]
        if attribute.type in types:
            arrays[name] = pa.array(values, type=types[attribute.type])
        else:
            joined = [
                LIST_SEPARATOR.join(map(str, v)) if isinstance(v, list) else None if v is None else str(v)
                for v in values
            ]
            arrays[name] = pa.array(joined, type=pa.string())
    return arrays


def _wkb(geometry: NDArray[np.object_]) -> pa.Array:
    return pa.array(shapely.to_wkb(geometry), type=pa.binary())


def _geopackage(table: pa.Table, geometry: NDArray[np.object_] | None, path: Path, layer: Layer) -> None:
    if geometry is None:
        pyogrio.write_arrow(table, path, layer=layer.name, driver="GPKG", geometry_type=None)
        return
    pyogrio.write_arrow(
        table.append_column(_GEOMETRY, _wkb(geometry)),
        path,
        layer=layer.name,
        driver="GPKG",
        geometry_name=_GEOMETRY,
        geometry_type="Unknown",
        crs=STORAGE_CRS,
    )


def _geojson(table: pa.Table, geometry: NDArray[np.object_] | None, path: Path, layer: Layer) -> None:
    """RFC 7946, written by hand: shortest exact numbers, no crs member, one feature a line."""
    shapes = shapely.to_geojson(geometry)
    names = table.column_names
    with path.open("w", encoding="utf-8") as stream:
        stream.write(f'{{"type": "FeatureCollection", "name": {json.dumps(layer.name)}, "features": [')
        for number, (values, shape) in enumerate(zip(_rows(table), shapes, strict=True)):
            properties = json.dumps(dict(zip(names, values, strict=True)), ensure_ascii=False, default=str)
            stream.write(",\n" if number else "\n")
            stream.write(f'{{"type": "Feature", "properties": {properties}, "geometry": {shape or "null"}}}')
        stream.write("\n]}\n")


def _rows(table: pa.Table) -> list[tuple[Any, ...]]:
    columns = [column.to_pylist() for column in table.columns]
    finite = [[None if isinstance(v, float) and not math.isfinite(v) else v for v in column] for column in columns]
    return list(zip(*finite, strict=True))


def _csv(table: pa.Table, geometry: NDArray[np.object_] | None, path: Path, layer: Layer) -> None:
    """UTF-8 with byte-order mark so that spreadsheets show Chinese; coordinates with all their digits."""
    if geometry is not None:
        # 20 decimals give back the same double; fewer do not
        wkt = shapely.to_wkt(geometry, rounding_precision=20, trim=True)
        table = table.append_column("wkt", pa.array(wkt, type=pa.string()))
    with path.open("wb") as stream:
        stream.write(b"\xef\xbb\xbf")
        pyarrow.csv.write_csv(table, stream)


def _parquet(table: pa.Table, geometry: NDArray[np.object_] | None, path: Path, layer: Layer) -> None:
    """GeoParquet 1.0 with the CRS written out."""
    if geometry is not None:
        there = geometry[~shapely.is_missing(geometry)]
        column = {
            "encoding": "WKB",
            "geometry_types": sorted({shape.geom_type for shape in there}),
            "crs": CRS(STORAGE_CRS).to_json_dict(),
        }
        if len(there):
            column["bbox"] = [float(edge) for edge in shapely.total_bounds(there)]
        geo = {"version": "1.0.0", "primary_column": _GEOMETRY, "columns": {_GEOMETRY: column}}
        table = table.append_column(_GEOMETRY, _wkb(geometry))
        table = table.replace_schema_metadata({"geo": json.dumps(geo)})
    pyarrow.parquet.write_table(table, path, compression="zstd")
