"""What a batch must satisfy before a row of it is stored, with every fault named by file, row and field.

`gisrisk.exchange` has checked a user's file against the layer's declaration; this is what only the store can know
(references), and what would otherwise surface as a database error (identity, required values, value types).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import psycopg
import pyarrow as pa
import shapely
from psycopg import sql

from gisrisk.catalog import Column, Layer
from gisrisk.errors import Problem
from gisrisk.geo import STORAGE_CRS
from gisrisk.store.copying import Unfit, to_arrow
from gisrisk.store.tables import SCHEMA

ROW = "__row__"
_MOST_PROBLEMS = 1000  # a message lists 20; a million objects of them would only fill memory


def columns_of(target: Layer, frame: pd.DataFrame, file: str) -> tuple[dict[str, pa.Array], list[Problem]]:
    """The columns of a frame as Arrow, named as in the table, and all that is wrong with them."""
    columns: dict[str, pa.Array] = {}
    problems: list[Problem] = []
    rows = row_numbers(frame)
    known = {column.name for column in target.import_columns} | {ROW, "attributes"}
    geometry_name = frame.geometry.name if isinstance(frame, gpd.GeoDataFrame) else None
    for name in frame.columns:
        if name not in known and name != geometry_name:
            unknown = Problem(file=file, field=str(name), reason="the layer has no such column", remedy="Remove it")
            problems.append(unknown)
    for column in target.import_columns:
        columns[column.name] = _column(column, frame, file, rows, problems)
    if columns["position_source"].null_count:
        columns["position_source"] = columns["position_source"].fill_null("unknown")
    if target.has_attributes:
        columns["attributes"] = _attributes(frame, file, rows, problems)
    if target.kind == "vector":
        problems += _geometry_problems(frame, file, rows)
        if geometry_name is not None:
            columns["geom"] = to_arrow(frame.geometry.to_numpy(), "geometry")
    problems += _duplicates(target, frame, file, rows)
    return columns, problems


def row_numbers(frame: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Number of each row as its author counts: the column `__row__`, else from 1."""
    if ROW in frame.columns:
        return frame[ROW].to_numpy(dtype=np.int64)
    return np.arange(1, len(frame) + 1)


def broken_references(cursor: psycopg.Cursor[Any], target: Layer, frame: pd.DataFrame, file: str) -> list[Problem]:
    """Values that should name a row of another layer and do not; empty values are allowed.

    A layer that refers to itself may name rows of the same batch.
    """
    problems: list[Problem] = []
    rows = row_numbers(frame)
    for column in target.columns:
        if column.references is None or column.name not in frame.columns:
            continue
        other, key = column.references.split(".")
        values = frame[column.name]
        wanted = set(values.dropna().astype(str))
        if other == target.name and key in frame.columns:
            wanted -= set(frame[key].dropna().astype(str))
        if not wanted:
            continue
        cursor.execute(
            sql.SQL(
                "SELECT wanted FROM unnest(%s::text[]) AS wanted"
                " WHERE NOT EXISTS (SELECT FROM {} AS other WHERE other.retired_at IS NULL AND other.{} = wanted)"
            ).format(sql.Identifier(SCHEMA, other), sql.Identifier(key)),
            (sorted(wanted),),
        )
        missing = {value for (value,) in cursor.fetchall()}
        faulty = np.flatnonzero(values.isin(missing).to_numpy())
        problems += [
            Problem(
                file=file,
                row=int(rows[at]),
                field=column.name,
                reason=f"'{values.iloc[at]}' is not the {key} of any {other} in the store",
                remedy=f"Correct it, or import the {other} first",
            )
            for at in _first(faulty)
        ]
    return problems


def _column(
    column: Column, frame: pd.DataFrame, file: str, rows: np.ndarray[Any, Any], problems: list[Problem]
) -> pa.Array:
    if column.name not in frame.columns:
        if column.required or column.key:
            problems.append(
                Problem(file=file, field=column.name, reason="the required column is missing", remedy="Add it")
            )
        return pa.nulls(len(frame), pa.string())
    try:
        array = to_arrow(frame[column.name], column.type)
    except Unfit as unfit:
        row = None if unfit.row is None else int(rows[unfit.row])
        remedy = f"Give a value of type {column.type}"
        problems.append(Problem(file=file, row=row, field=column.name, reason=str(unfit), remedy=remedy))
        return pa.nulls(len(frame), pa.string())
    if (column.required or column.key) and array.null_count:
        empty = np.flatnonzero(array.is_null().to_numpy(zero_copy_only=False))
        problems += [
            Problem(file=file, row=int(rows[at]), field=column.name, reason="the value is missing", remedy="Fill it in")
            for at in _first(empty)
        ]
    return array


def _attributes(frame: pd.DataFrame, file: str, rows: np.ndarray[Any, Any], problems: list[Problem]) -> pa.Array:
    if "attributes" not in frame.columns:
        return pa.repeat(pa.scalar("{}"), len(frame))
    try:
        return to_arrow(frame["attributes"], "json").fill_null("{}")
    except Unfit as unfit:
        row = None if unfit.row is None else int(rows[unfit.row])
        problems.append(Problem(file=file, row=row, field="attributes", reason=str(unfit), remedy="Correct it"))
        return pa.repeat(pa.scalar("{}"), len(frame))


def _geometry_problems(frame: pd.DataFrame, file: str, rows: np.ndarray[Any, Any]) -> list[Problem]:
    if not isinstance(frame, gpd.GeoDataFrame):
        return [
            Problem(file=file, reason="the layer has geometries and the rows have none", remedy="Give a GeoDataFrame")
        ]
    if frame.crs is None or frame.crs != STORAGE_CRS:
        found = "none" if frame.crs is None else frame.crs.to_string()
        return [
            Problem(
                file=file,
                field="geometry",
                reason=f"the coordinate system is {found}, the store keeps {STORAGE_CRS}",
                remedy=f"Transform the rows first: frame.to_crs('{STORAGE_CRS}')",
            )
        ]
    geometries = frame.geometry.to_numpy()
    absent = np.flatnonzero(shapely.is_missing(geometries) | shapely.is_empty(geometries))
    return [
        Problem(file=file, row=int(rows[at]), field="geometry", reason="the geometry is missing", remedy="Draw it")
        for at in _first(absent)
    ]


def _duplicates(target: Layer, frame: pd.DataFrame, file: str, rows: np.ndarray[Any, Any]) -> list[Problem]:
    present = [name for name in target.identity if name in frame.columns]
    if not present:
        return []
    identity = frame[present].astype(object).where(frame[present].notna(), "")
    again = identity.duplicated(keep="first").to_numpy()
    if not again.any():
        return []
    first_rows = pd.Series(rows).groupby([identity[name].to_numpy() for name in present]).transform("first").to_numpy()
    return [
        Problem(
            file=file,
            row=int(rows[at]),
            field=", ".join(present),
            reason=f"'{' / '.join(str(value) for value in identity.iloc[at])}' stands in row {first_rows[at]} already",
            remedy="Keep one of the rows",
        )
        for at in _first(np.flatnonzero(again))
    ]


def _first(places: Iterable[Any]) -> list[int]:
    return [int(at) for at in places][:_MOST_PROBLEMS]
