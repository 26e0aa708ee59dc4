"""Reading layers: what holds now or held at a past moment, in an area or a box, in an order that never varies."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, TypeAlias

import geopandas as gpd
import pandas as pd
import psycopg
import shapely
import sqlalchemy as sa
from psycopg import sql
from shapely.geometry.base import BaseGeometry

from gisrisk.catalog import Layer, layer, load_layers
from gisrisk.chinatime import CHINA_TIME
from gisrisk.errors import UnknownName
from gisrisk.geo import STORAGE_CRS
from gisrisk.store.copying import ewkb_hex, fetch
from gisrisk.store.database import SCHEMA, reading
from gisrisk.store.tables import STORAGE_SRID, identity_sql, stored_layers

AREA_LAYERS = ("admin_area", "park")

Moment: TypeAlias = datetime | date | str
Area: TypeAlias = BaseGeometry | str


def moment(value: Moment) -> datetime:
    """A moment with its offset from UTC.

    A day alone (`date`, "2026-11-01") means its end in China time, so that all that was recorded on the day counts. A
    time without an offset is China time.

    Raises
    ------
    ValueError
        The text is not an ISO 8601 day or time.
    """
    if isinstance(value, str):
        text = value.strip()
        try:
            value = date.fromisoformat(text) if len(text) <= 10 else datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(f"'{text}' is not a moment; write 2026-11-01 or 2026-11-01T08:30:00+08:00") from None
    if not isinstance(value, datetime):
        return datetime.combine(value + timedelta(days=1), time(), CHINA_TIME) - timedelta(microseconds=1)
    return value if value.tzinfo is not None else value.replace(tzinfo=CHINA_TIME)


def read(
    engine: sa.Engine,
    layer_name: str,
    *,
    area: Area | None = None,
    as_of: Moment | None = None,
    bbox: tuple[float, float, float, float] | None = None,
    only: Mapping[str, Collection[str]] | None = None,
) -> pd.DataFrame:
    """Rows of a layer that hold now, or held at the moment `as_of`.

    Parameters
    ----------
    area : geometry (EPSG:4490) or code of an admin area or park, optional
        Only rows that touch it. Rows of a table follow the place they refer to (an inventory its hazard source).
    as_of : datetime, date or ISO text, optional
        See `moment`.
    bbox : (west, south, east, north) in degrees, optional
        Only rows that touch the box.
    only : mapping of column to values, optional
        Only rows that hold one of the values in each of these text columns, for example the sources of some sites.

    Returns
    -------
    GeoDataFrame (EPSG:4490), or DataFrame for a table
        The layer's columns, `attributes` (dict) where the layer has them, `fid`, `rev`, `recorded_at` (UTC),
        `position_source`, `position_uncertainty_m`, `geometry`; sorted by identity. Column types as in
        `copying.fetch`.

    Raises
    ------
    UnknownName
        There is no such layer, area or column.
    """
    source = layer(layer_name)
    for name in only or ():
        source.column(name)
    if source.kind == "raster":
        raise ValueError(f"layer '{source.name}' is a raster: use store.raster('{source.name}')")
    when = None if as_of is None else moment(as_of)
    with reading(engine) as cursor:
        shapes = [] if bbox is None else [shapely.box(*bbox)]
        if area is not None:
            shapes.append(_area(cursor, area, when)[0] if isinstance(area, str) else area)
        statement, parameters = _select(source, shapes, when, only or {})
        columns = fetch(cursor, statement, parameters, _kinds(source))
    return _frame(source, columns)


def area_geometry(engine: sa.Engine, code: str, as_of: Moment | None = None) -> tuple[BaseGeometry, str, str]:
    """Geometry (EPSG:4490), name and layer of the admin area or park with this code.

    Raises
    ------
    UnknownName
        Neither layer has the code.
    """
    with reading(engine) as cursor:
        return _area(cursor, code, None if as_of is None else moment(as_of))


def layer_counts(engine: sa.Engine) -> dict[str, int]:
    """Number of rows of each layer that hold now; for a raster layer 1 when one is registered, else 0."""
    parts = [
        sql.SQL("SELECT {}, count(*) FROM {} WHERE retired_at IS NULL").format(
            sql.Literal(each.name), sql.Identifier(SCHEMA, each.name)
        )
        for each in stored_layers()
    ]
    parts.append(sql.SQL("SELECT DISTINCT layer, 1::bigint FROM {}").format(sql.Identifier(SCHEMA, "raster")))
    with reading(engine) as cursor:
        cursor.execute(sql.SQL(" UNION ALL ").join(parts))
        found = dict(cursor.fetchall())
    return {name: int(found.get(name, 0)) for name in load_layers()}


def layers_with_rows(engine: sa.Engine, as_of: Moment | None = None) -> set[str]:
    """Names of the vector layers and tables that hold, or held at the moment, at least one row."""
    when = None if as_of is None else moment(as_of)
    parts = []
    for each in stored_layers():
        rows = sql.SQL(" OR ").join(
            sql.SQL("EXISTS (SELECT 1 FROM {} AS t WHERE {})").format(sql.Identifier(SCHEMA, each.name), held)
            for held in _held("t", when)
        )
        parts.append(sql.SQL("SELECT {} WHERE {}").format(sql.Literal(each.name), rows))
    with reading(engine) as cursor:
        cursor.execute(sql.SQL(" UNION ALL ").join(parts), {"when": when})
        return {str(name) for (name,) in cursor.fetchall()}


def last_recorded_at(engine: sa.Engine) -> datetime | None:
    """Moment of the newest batch that changed something, or of the newest raster; None for an empty store.

    A batch that found every row unchanged does not count: the store holds the same before and after it, and a study of
    the same rows keeps its identity.
    """
    with reading(engine) as cursor:
        cursor.execute(
            f"SELECT greatest((SELECT max(recorded_at) FROM {SCHEMA}.batch WHERE added + changed > 0),"
            f" (SELECT max(recorded_at) FROM {SCHEMA}.raster))"
        )
        (stamp,) = cursor.fetchone() or (None,)
    return stamp if isinstance(stamp, datetime) else None


# ---------------------------------------------------------------- the statement


def _kinds(source: Layer) -> dict[str, str]:
    kinds = {column.name: str(column.type) for column in source.columns}
    if source.has_attributes:
        kinds["attributes"] = "json"
    kinds |= {"fid": "uuid", "rev": "integer", "recorded_at": "timestamp"}
    kinds |= {column.name: str(column.type) for column in source.common}
    if source.kind == "vector":
        kinds["geometry"] = "geometry"
    return kinds


def _select(
    source: Layer, shapes: list[BaseGeometry], when: datetime | None, only: Mapping[str, Collection[str]]
) -> tuple[sql.Composable, dict[str, Any]]:
    parameters: dict[str, Any] = {"when": when} if when is not None else {}
    spatial: list[sql.Composable] = [sql.SQL("TRUE")]
    for number, shape in enumerate(shapes):
        condition = _touches(source, f"shape_{number}", when)
        if condition is not None:
            spatial.append(condition)
            parameters[f"shape_{number}"] = ewkb_hex(shape, STORAGE_SRID)
    for number, (name, values) in enumerate(only.items()):
        spatial.append(sql.SQL("t.{} = ANY({})").format(sql.Identifier(name), sql.Placeholder(f"only_{number}")))
        parameters[f"only_{number}"] = sorted(values)
    where = sql.SQL(" AND ").join(spatial)
    rows = sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT * FROM {} AS t WHERE {} AND {}").format(sql.Identifier(SCHEMA, source.name), held, where)
        for held in _held("t", when)
    )
    shown = sql.SQL(", ").join(_shown(name, kind) for name, kind in _kinds(source).items())
    order = sql.SQL(", ").join(sql.SQL(f'{part} COLLATE "C"') for part in identity_sql(source, "r."))
    statement = sql.SQL("SELECT {} FROM ({}) AS r ORDER BY {}").format(shown, rows, order)
    return statement, parameters


def _held(alias: str, when: datetime | None) -> list[sql.Composable]:
    """Conditions that together select each row that held at the moment; apart, so that each can use its indices."""
    table = sql.Identifier(alias)
    if when is None:
        return [sql.SQL("{}.retired_at IS NULL").format(table)]
    return [
        sql.SQL("{0}.retired_at IS NULL AND {0}.recorded_at <= %(when)s").format(table),
        sql.SQL("{0}.retired_at > %(when)s AND {0}.recorded_at <= %(when)s").format(table),
    ]


def _touches(source: Layer, parameter: str, when: datetime | None) -> sql.Composable | None:
    shape = sql.Placeholder(parameter)
    if source.kind == "vector":
        return sql.SQL("ST_Intersects(t.geom, {}::geometry)").format(shape)
    for column in source.columns:  # a table lies where the thing lies that it refers to
        if column.references is None:
            continue
        other, key = column.references.split(".")
        if layer(other).kind == "vector":
            held = sql.SQL(" OR ").join(sql.SQL("({})").format(each) for each in _held("o", when))
            return sql.SQL(
                "t.{} IN (SELECT o.{} FROM {} AS o WHERE ({}) AND ST_Intersects(o.geom, {}::geometry))"
            ).format(sql.Identifier(column.name), sql.Identifier(key), sql.Identifier(SCHEMA, other), held, shape)
    return None


def _shown(name: str, kind: str) -> sql.Composable:
    if kind == "geometry":
        return sql.SQL("encode(ST_AsBinary(r.geom), 'hex')")
    if kind == "timestamp":
        return sql.SQL("(extract(epoch FROM r.{}) * 1000000)::bigint").format(sql.Identifier(name))
    return sql.Identifier("r", name)


def _frame(source: Layer, columns: dict[str, Any]) -> pd.DataFrame:
    if source.kind != "vector":
        return pd.DataFrame(columns)
    frame: pd.DataFrame = gpd.GeoDataFrame(columns, geometry="geometry", crs=STORAGE_CRS)
    return frame


def _area(cursor: psycopg.Cursor[Any], code: str, when: datetime | None) -> tuple[BaseGeometry, str, str]:
    for name in AREA_LAYERS:
        held = sql.SQL(" OR ").join(sql.SQL("({})").format(each) for each in _held("t", when))
        cursor.execute(
            sql.SQL("SELECT ST_AsBinary(t.geom), t.name FROM {} AS t WHERE t.code = %(code)s AND ({})").format(
                sql.Identifier(SCHEMA, name), held
            ),
            {"code": code, "when": when},
        )
        if (found := cursor.fetchone()) is not None:
            return shapely.from_wkb(bytes(found[0])), str(found[1]), name
    known: list[str] = []
    for name in AREA_LAYERS:
        cursor.execute(
            sql.SQL("SELECT code FROM {} WHERE retired_at IS NULL ORDER BY code LIMIT 30").format(
                sql.Identifier(SCHEMA, name)
            )
        )
        known += [str(found) for (found,) in cursor.fetchall()]
    raise UnknownName("area", code, known)
