"""One import, one transaction: rows arrive by COPY, are compared with what holds now, and become revisions or nothing.

Batches are serialised by an advisory lock and stamped by the server's clock after the lock, so that stamps rise in the
order of the commits and "as of T" never changes its answer later. An import that is killed leaves no trace.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pandas as pd
import psycopg
import pyarrow as pa
import sqlalchemy as sa
from psycopg import sql

from gisrisk.catalog import Layer, layer
from gisrisk.errors import InputRefused
from gisrisk.store import bulk, checks, frames
from gisrisk.store.copying import send
from gisrisk.store.database import SCHEMA, writing
from gisrisk.store.tables import identity_sql

Progress = Callable[[int, int], None]

_IMPORT_LOCK = 4_490_003_858
_PENDING = sql.Identifier("pg_temp", "pending")
_INCOMING = sql.Identifier("pg_temp", "incoming")


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What one import did: rows that are new, rows that changed, rows that were there already."""

    batch_id: UUID
    layer: str
    recorded_at: datetime
    added: int
    changed: int
    unchanged: int
    retired: int = 0


def write_batch(
    engine: sa.Engine,
    layer_name: str,
    frame: pd.DataFrame,
    *,
    file: str,
    sha256: str,
    note: str = "",
    progress: Progress | None = None,
) -> BatchReport:
    """Store a checked frame as revisions of a layer, all or nothing.

    Parameters
    ----------
    frame : DataFrame or GeoDataFrame
        Layer columns by name, `position_source`, `position_uncertainty_m`, `attributes` (dict), geometry in EPSG:4490.
        A layer column that is absent is stored as missing. A column `__row__` holds row numbers to show in messages;
        without it rows are counted from 1.
    file, sha256, note : str
        Where the rows came from; kept in the table `batch`.
    progress : callable, optional
        Called with (rows sent, all rows).

    Raises
    ------
    InputRefused
        A required value is missing, an identity occurs twice, a value does not fit its column, a reference points
        nowhere, or a geometry is missing or in another CRS. Nothing was stored.
    StoreUnavailable
        The connection was lost. Nothing was stored.
    UnknownName
        There is no such layer.
    """
    target = layer(layer_name)
    if target.kind == "raster":
        raise ValueError(f"layer '{target.name}' is a raster: use register_raster")
    columns, problems = checks.columns_of(target, frame, file)
    if problems:
        raise InputRefused(problems)
    batch_id = uuid4()
    with writing(engine) as cursor:
        stamp = take_import_lock(cursor)
        if problems := checks.broken_references(cursor, target, frame, file):
            raise InputRefused(problems)
        if bulk.is_empty(cursor, target.name):
            _load(cursor, target, columns, len(frame), batch_id, stamp, progress)
            added, changed = len(frame), 0
        else:
            added, changed = _merge(cursor, target, columns, batch_id, stamp, progress)
        report = BatchReport(batch_id, target.name, stamp, added, changed, len(frame) - added - changed)
        _enter(cursor, report, file=file, sha256=sha256, note=note)
        if added + changed >= bulk.WORTH_ANALYSING:
            cursor.execute("SET LOCAL default_statistics_target = 30")  # a sample of 9000 rows: a quarter of the time
            cursor.execute(sql.SQL("ANALYZE {}").format(_table(target)))
    return report


def take_import_lock(cursor: psycopg.Cursor[Any]) -> datetime:
    """Wait until no other import runs; return this one's stamp, later than any before it whatever the clock says."""
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_IMPORT_LOCK,))
    cursor.execute(
        f"""
        SELECT greatest(clock_timestamp(),
                        (SELECT max(recorded_at) + interval '1 microsecond' FROM {SCHEMA}.batch),
                        (SELECT max(recorded_at) + interval '1 microsecond' FROM {SCHEMA}.raster))
        """
    )
    (stamp,) = cursor.fetchone() or (None,)
    assert isinstance(stamp, datetime)
    return stamp


def writer_name() -> str:
    """The operating-system user who writes."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _load(
    cursor: psycopg.Cursor[Any],
    target: Layer,
    columns: dict[str, pa.Array],
    rows: int,
    batch_id: UUID,
    stamp: datetime,
    progress: Progress | None,
) -> None:
    """First rows of a layer: nothing to compare with, so they go straight into the table."""
    constants = {"recorded_at": stamp.isoformat(), "batch_id": str(batch_id)}
    complete = columns | {name: pa.repeat(pa.scalar(text), rows) for name, text in constants.items()}
    complete["fid"] = frames.random_uuids(rows)
    with bulk.indices_rebuilt(cursor, target.name, rows=rows):
        send(cursor, _table(target), complete, progress=progress)


def _merge(
    cursor: psycopg.Cursor[Any],
    target: Layer,
    columns: dict[str, pa.Array],
    batch_id: UUID,
    stamp: datetime,
    progress: Progress | None,
) -> tuple[int, int]:
    """Compare with the rows that hold now; stamp the superseded ones retired and insert the revisions."""
    table = _table(target)
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    cursor.execute(
        sql.SQL("CREATE TEMP TABLE incoming ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(names, table)
    )
    send(cursor, _INCOMING, columns, progress=progress)
    cursor.execute(sql.SQL("ANALYZE {}").format(_INCOMING))
    same_thing = sql.SQL(" AND ").join(
        sql.SQL(f"{ours} = {theirs}")
        for ours, theirs in zip(identity_sql(target, "i."), identity_sql(target, "n."), strict=True)
    )
    differs = sql.SQL(" OR ").join(_differs(name) for name in columns if name not in target.identity)
    cursor.execute(
        sql.SQL(
            "CREATE TEMP TABLE pending ON COMMIT DROP AS"
            " SELECT i.*, n.row_id AS old_row_id, n.fid AS old_fid, n.rev AS old_rev"
            " FROM {} AS i LEFT JOIN {} AS n ON n.retired_at IS NULL AND {}"
            " WHERE n.row_id IS NULL OR {}"
        ).format(_INCOMING, table, same_thing, differs)
    )
    cursor.execute(
        sql.SQL(
            "UPDATE {} AS n SET retired_at = %s FROM {} AS p WHERE n.row_id = p.old_row_id AND n.retired_at IS NULL"
        ).format(table, _PENDING),
        (stamp,),
    )
    changed = cursor.rowcount
    cursor.execute(
        sql.SQL(
            "INSERT INTO {} ({}, fid, rev, recorded_at, batch_id)"
            " SELECT {}, coalesce(old_fid, gen_random_uuid()), coalesce(old_rev, 0) + 1, %s, %s FROM {}"
        ).format(table, names, names, _PENDING),
        (stamp, batch_id),
    )
    added = cursor.rowcount - changed
    cursor.execute(sql.SQL("DROP TABLE {}, {}").format(_PENDING, _INCOMING))
    return added, changed


def _differs(name: str) -> sql.Composable:
    ours, theirs = sql.Identifier("i", name), sql.Identifier("n", name)
    if name == "geom":  # byte by byte: the operators of PostGIS compare boxes or tolerate an order
        return sql.SQL("ST_AsBinary({}) IS DISTINCT FROM ST_AsBinary({})").format(ours, theirs)
    return sql.SQL("{} IS DISTINCT FROM {}").format(ours, theirs)


def _enter(cursor: psycopg.Cursor[Any], report: BatchReport, *, file: str, sha256: str, note: str) -> None:
    rows = report.added + report.changed + report.unchanged
    cursor.execute(
        f"""
        INSERT INTO {SCHEMA}.batch
            (batch_id, layer, file, sha256, recorded_at, rows, added, changed, unchanged, note, by)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (
            report.batch_id,
            report.layer,
            file,
            sha256,
            report.recorded_at,
            rows,
            report.added,
            report.changed,
            report.unchanged,
            note,
            writer_name(),
        ),
    )


def _table(target: Layer) -> sql.Identifier:
    return sql.Identifier(SCHEMA, target.name)
