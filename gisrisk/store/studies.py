"""Studies in the store: written once with all their results, read back as frames."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import pandas as pd
import psycopg
import pyarrow as pa
import shapely
import sqlalchemy as sa
from psycopg import sql
from psycopg.types.json import Jsonb

from gisrisk.errors import UnknownName
from gisrisk.geo import STORAGE_CRS
from gisrisk.store.copying import ewkb_hex, fetch, json_text, send, to_arrow
from gisrisk.store.database import SCHEMA, reading, writing
from gisrisk.store.results import RESULT_TABLES, STUDY, ResultTable
from gisrisk.store.tables import STORAGE_SRID

_GEOMETRY_NAMES = ("geometry", "geom", "area_geometry")


def save_study(engine: sa.Engine, study_row: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]) -> bool:
    """Write a study and its results in one transaction; False, and nothing written, when the store has the study.

    Parameters
    ----------
    study_row : mapping
        Columns of the table `study` (`results.STUDY`), `study_id`, and `geometry` (the area, may be absent).
    tables : mapping of str to DataFrame
        Result table name to its rows; a column that is absent is stored as missing, `study_id` may be absent.

    Raises
    ------
    UnknownName
        A table or column is not declared in `results`.
    ValueError
        A frame is in another CRS than EPSG:4490.
    StoreUnavailable
        The connection was lost. Nothing was stored.
    """
    study_id = str(study_row["study_id"])
    known = {"study_id", "created_at", *STUDY.columns, *_GEOMETRY_NAMES}
    for name in study_row:
        if name not in known:
            raise UnknownName("column of table study", name, sorted(known))
    prepared = {name: _arrow_columns(_result(name), frame, study_id) for name, frame in tables.items()}
    with writing(engine) as cursor:
        if not _enter_study(cursor, study_id, study_row):
            return False
        for name, columns in prepared.items():
            send(cursor, sql.Identifier(SCHEMA, name), columns)
    return True


def study(engine: sa.Engine, study_id: str) -> dict[str, Any]:
    """One study: the columns of table `study` and `geometry` (shapely, or None).

    Raises
    ------
    UnknownName
        There is no such study.
    """
    with reading(engine) as cursor:
        found = _studies(cursor, "WHERE study_id = %(id)s", {"id": study_id})
        if not found:
            cursor.execute(f"SELECT study_id FROM {SCHEMA}.study ORDER BY created_at DESC LIMIT 30")
            raise UnknownName("study", study_id, [str(known) for (known,) in cursor.fetchall()])
    return found[0]


def latest_study(engine: sa.Engine, area: str | None = None) -> dict[str, Any] | None:
    """The study written last, of one area or of any; None when there is none."""
    with reading(engine) as cursor:
        found = _studies(
            cursor,
            "WHERE %(area)s::text IS NULL OR area = %(area)s ORDER BY created_at DESC, study_id LIMIT 1",
            {"area": area},
        )
    return found[0] if found else None


def read_result(engine: sa.Engine, table: str, study_id: str) -> gpd.GeoDataFrame:
    """Rows of one result table of a study, in the order in which they were saved, in EPSG:4490.

    Raises
    ------
    UnknownName
        There is no such table.
    """
    result = _result(table)
    kinds = {"study_id": "text"} | result.columns | {"geometry": "geometry"}
    shown = [
        sql.SQL("encode(ST_AsBinary(geom), 'hex')") if name == "geometry" else sql.Identifier(name) for name in kinds
    ]
    query = sql.SQL("SELECT {} FROM {} WHERE study_id = %(id)s ORDER BY row_id").format(
        sql.SQL(", ").join(shown), sql.Identifier(SCHEMA, table)
    )
    with reading(engine) as cursor:
        columns = fetch(cursor, query, {"id": study_id}, kinds)
    return gpd.GeoDataFrame(columns, geometry="geometry", crs=STORAGE_CRS)


def _result(name: str) -> ResultTable:
    try:
        return RESULT_TABLES[name]
    except KeyError:
        raise UnknownName("result table", name, list(RESULT_TABLES)) from None


def _arrow_columns(result: ResultTable, frame: pd.DataFrame, study_id: str) -> dict[str, pa.Array]:
    geometry_name = frame.geometry.name if isinstance(frame, gpd.GeoDataFrame) else "geometry"
    known = {"study_id", geometry_name, *result.columns}
    if isinstance(frame, gpd.GeoDataFrame) and frame.crs is not None and frame.crs != STORAGE_CRS:
        raise ValueError(f"rows of table {result.name} are in {frame.crs.to_string()}; the store keeps {STORAGE_CRS}")
    for name in frame.columns:
        if name not in known:
            raise UnknownName(f"column of table {result.name}", str(name), sorted(known))
    columns: dict[str, pa.Array] = {"study_id": pa.repeat(pa.scalar(study_id), len(frame))}
    for name, kind in result.columns.items():
        if name in frame.columns:
            columns[name] = to_arrow(frame[name], kind)
    if geometry_name in frame.columns:
        columns["geom"] = to_arrow(frame[geometry_name].to_numpy(), "geometry")
    return columns


def _enter_study(cursor: psycopg.Cursor[Any], study_id: str, row: Mapping[str, Any]) -> bool:
    values: dict[str, Any] = {"study_id": study_id}
    for name, kind in STUDY.columns.items():
        value = row.get(name)
        values[name] = Jsonb(value, dumps=json_text) if kind == "json" and value is not None else value
    if row.get("created_at") is not None:
        values["created_at"] = row["created_at"]
    shape = next((row[name] for name in _GEOMETRY_NAMES if row.get(name) is not None), None)
    if shape is not None:
        values["geom"] = ewkb_hex(shape, STORAGE_SRID)
    cursor.execute(
        sql.SQL("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT (study_id) DO NOTHING").format(
            sql.Identifier(SCHEMA, STUDY.name),
            sql.SQL(", ").join(map(sql.Identifier, values)),
            sql.SQL(", ").join(map(sql.Placeholder, values)),
        ),
        values,
    )
    return cursor.rowcount == 1


def _studies(cursor: psycopg.Cursor[Any], where: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    names = ["study_id", *STUDY.columns, "created_at"]
    cursor.execute(f"SELECT {', '.join(names)}, ST_AsBinary(geom) FROM {SCHEMA}.study {where}", parameters)
    found = []
    for *values, shape in cursor.fetchall():
        row = dict(zip(names, values, strict=True))
        row["geometry"] = None if shape is None else shapely.from_wkb(bytes(shape))
        found.append(row)
    return found
