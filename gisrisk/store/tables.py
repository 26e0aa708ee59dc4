"""The tables of the store, built from the catalog: what every layer row carries besides the layer's own columns.

A layer table is append-only. One thing keeps its `fid` for ever; each change of it is a new row with the next `rev`. A
row holds from `recorded_at` until `retired_at` (null: it holds now). The migrations create what is declared here
(a test compares the two), and also what SQLAlchemy cannot declare: the triggers and the `<layer>_now` views.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql as pg

from gisrisk.catalog import Column, Layer, load_layers
from gisrisk.store.results import RESULT_TABLES, STUDY, VERDICT, ResultTable

SCHEMA = "gisrisk"
STORAGE_SRID = 4490
TILE_SRID = 3857

_TYPES: dict[str, type[sa.types.TypeEngine[Any]]] = {
    "text": sa.Text,
    "integer": sa.BigInteger,
    "number": sa.Double,
    "boolean": sa.Boolean,
    "date": sa.Date,
    "timestamp": sa.TIMESTAMP,
    "json": pg.JSONB,
}


@lru_cache(maxsize=1)
def metadata() -> sa.MetaData:
    """All tables of schema `gisrisk`."""
    tables = sa.MetaData(schema=SCHEMA)
    _batch(tables)
    _raster(tables)
    for layer in stored_layers():
        _layer_table(tables, layer)
    _study(tables)
    _verdict(tables)
    for result in RESULT_TABLES.values():
        _result_table(tables, result)
    return tables


def stored_layers() -> list[Layer]:
    """Layers that have a table of rows (rasters are files with a register), in the catalog's order."""
    return sorted((layer for layer in load_layers().values() if layer.kind != "raster"), key=lambda each: each.order)


def identity_sql(layer: Layer, prefix: str = "") -> list[str]:
    """SQL of the values that together name one thing; a missing optional part counts as the empty text.

    `prefix` is put before each column name, for example "now.".
    """
    return [
        f"{prefix}{name}"
        if layer.column(name).required or layer.column(name).key
        else f"COALESCE({prefix}{name}, ''::text)"
        for name in layer.identity
    ]


def _layer_table(tables: sa.MetaData, layer: Layer) -> None:
    name = layer.name
    current = sa.text("retired_at IS NULL")
    own = [_column(column) for column in layer.columns]
    if layer.has_attributes:
        own.append(sa.Column("attributes", pg.JSONB, nullable=False, server_default=sa.text("'{}'::jsonb")))
    geometry = _geometry_columns(nullable=False) if layer.kind == "vector" else []
    table = sa.Table(
        name,
        tables,
        sa.Column("row_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("fid", sa.Uuid, nullable=False, server_default=sa.text("gen_random_uuid()")),
        sa.Column("rev", sa.Integer, nullable=False, server_default=sa.text("1")),
        sa.Column("recorded_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("retired_at", sa.TIMESTAMP(timezone=True)),
        # No foreign key: it would be checked row by row, and the writer enters the batch in the same transaction.
        sa.Column("batch_id", sa.Uuid, nullable=False),
        sa.Column("position_source", sa.Text, nullable=False, server_default=sa.text("'unknown'::text")),
        sa.Column("position_uncertainty_m", sa.Double),
        *own,
        *geometry,
        sa.CheckConstraint("retired_at > recorded_at", name=f"ck_{name}_retired_later"),
    )
    sa.Index(f"uq_{name}_fid_rev", table.c.fid, table.c.rev, unique=True)
    sa.Index(f"ix_{name}_batch_id", table.c.batch_id)
    sa.Index(f"ix_{name}_retired_at", table.c.retired_at, postgresql_where=sa.text("retired_at IS NOT NULL"))
    sa.Index(
        f"uq_{name}_identity_now",
        *[table.c[part] if part in table.c else sa.text(f"({part})") for part in identity_sql(layer)],
        unique=True,
        postgresql_where=current,
    )
    for column in layer.columns:
        if column.references is not None and (column.name,) != layer.identity[:1]:
            sa.Index(f"ix_{name}_{column.name}_now", table.c[column.name], postgresql_where=current)
    for geom in geometry:
        sa.Index(f"ix_{name}_{geom.name}_now", geom, postgresql_using="gist", postgresql_where=current)


def _column(column: Column) -> sa.Column[Any]:
    return sa.Column(column.name, _TYPES[column.type], nullable=not (column.required or column.key))


def _geometry_columns(*, nullable: bool) -> list[sa.Column[Any]]:
    return [
        sa.Column("geom", Geometry("GEOMETRY", STORAGE_SRID, spatial_index=False), nullable=nullable),
        sa.Column(
            "geom_3857",
            Geometry("GEOMETRY", TILE_SRID, spatial_index=False),
            sa.Computed(f"st_transform(geom, {TILE_SRID})", persisted=True),
        ),
    ]


def _batch(tables: sa.MetaData) -> None:
    sa.Table(
        "batch",
        tables,
        sa.Column("batch_id", sa.Uuid, primary_key=True),
        sa.Column("layer", sa.Text, nullable=False),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.TIMESTAMP(timezone=True), nullable=False, unique=True),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("added", sa.BigInteger, nullable=False),
        sa.Column("changed", sa.BigInteger, nullable=False),
        sa.Column("unchanged", sa.BigInteger, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
    )


def _raster(tables: sa.MetaData) -> None:
    table = sa.Table(
        "raster",
        tables,
        sa.Column("raster_id", sa.Uuid, primary_key=True),
        sa.Column("layer", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("source_file", sa.Text, nullable=False),
        sa.Column("source_sha256", sa.Text, nullable=False),
        sa.Column("crs", sa.Text, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("cells", sa.BigInteger, nullable=False),
        sa.Column("total", sa.Double, nullable=False),
        sa.Column("lowest", sa.Double, nullable=False),
        sa.Column("highest", sa.Double, nullable=False),
        sa.Column("recorded_at", sa.TIMESTAMP(timezone=True), nullable=False, unique=True),
        sa.Column("position_source", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
    )
    sa.Index("ix_raster_layer", table.c.layer, table.c.recorded_at)


def _study(tables: sa.MetaData) -> None:
    columns = [_result_column(name, kind, required=name in STUDY.required) for name, kind in STUDY.columns.items()]
    table = sa.Table(
        STUDY.name,
        tables,
        sa.Column("study_id", sa.Text, primary_key=True),
        *columns,
        sa.Column(
            "created_at", sa.TIMESTAMP(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")
        ),
        sa.Column("geom", Geometry("GEOMETRY", STORAGE_SRID, spatial_index=False)),
    )
    sa.Index("ix_study_area", table.c.area, table.c.created_at)


def _verdict(tables: sa.MetaData) -> None:
    columns = [_result_column(name, kind, required=name in VERDICT.required) for name, kind in VERDICT.columns.items()]
    table = sa.Table(
        VERDICT.name,
        tables,
        sa.Column("reference", sa.Text, primary_key=True),
        *columns,
        sa.Column(
            "created_at", sa.TIMESTAMP(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")
        ),
        *_geometry_columns(nullable=False),
    )
    sa.Index("ix_verdict_created_at", table.c.created_at)
    sa.Index("ix_verdict_geom_3857", table.c.geom_3857, postgresql_using="gist")


def _result_table(tables: sa.MetaData, result: ResultTable) -> None:
    geometry = _geometry_columns(nullable=True)
    table = sa.Table(
        result.name,
        tables,
        sa.Column("row_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("study_id", sa.Text, sa.ForeignKey(f"{SCHEMA}.study.study_id", ondelete="CASCADE"), nullable=False),
        *[_result_column(name, kind, required=name in result.required) for name, kind in result.columns.items()],
        *geometry,
    )
    sa.Index(f"ix_{result.name}_study_id", table.c.study_id, *[table.c[name] for name in result.looked_up_by])
    sa.Index(f"ix_{result.name}_geom_3857", table.c.geom_3857, postgresql_using="gist")


def _result_column(name: str, kind: str, *, required: bool) -> sa.Column[Any]:
    column_type = sa.TIMESTAMP(timezone=True) if kind == "timestamp" else _TYPES[kind]()
    return sa.Column(name, column_type, nullable=not required)
