"""First load of an empty layer: indices are dropped before the COPY and built once after it, in the same transaction.

Building an index over all rows at once takes a fraction of the time of a million insertions into it. Nobody misses the
indices of an empty table; readers wait for the commit and then find the rows and all indices together.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql

from gisrisk.store.database import SCHEMA

WORTH_REBUILDING = 20_000  # rows; below it insertion into the indices is as quick
WORTH_ANALYSING = 1_000  # rows; fewer do not move the planner's statistics


def is_empty(cursor: psycopg.Cursor[Any], table: str) -> bool:
    """Whether a layer table has no row at all, retired ones included."""
    cursor.execute(sql.SQL("SELECT NOT EXISTS (SELECT FROM {})").format(sql.Identifier(SCHEMA, table)))
    answer = cursor.fetchone()
    return bool(answer and answer[0])


@contextlib.contextmanager
def indices_rebuilt(cursor: psycopg.Cursor[Any], table: str, *, rows: int) -> Iterator[None]:
    """Drop the indices of an empty table, run the block, build them again; for few rows only run the block.

    Indices behind constraints stay. A user who does not own the table keeps all of them.
    """
    definitions = _droppable(cursor, table) if rows >= WORTH_REBUILDING else []
    for index, _ in definitions:
        cursor.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(SCHEMA, index)))
    yield
    if definitions:
        cursor.execute("SET LOCAL maintenance_work_mem = '512MB'")
    for _, definition in definitions:
        cursor.execute(definition.encode())  # PostgreSQL's own text of the index


def _droppable(cursor: psycopg.Cursor[Any], table: str) -> list[tuple[str, str]]:
    cursor.execute(
        """
        SELECT name.relname, pg_get_indexdef(index.indexrelid)
        FROM pg_index AS index
        JOIN pg_class AS name ON name.oid = index.indexrelid
        JOIN pg_class AS owner ON owner.oid = index.indrelid
        WHERE index.indrelid = to_regclass(%s) AND pg_has_role(owner.relowner, 'USAGE')
          AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = index.indexrelid)
        ORDER BY name.relname
        """,
        (f"{SCHEMA}.{table}",),
    )
    return [(str(name), str(definition)) for name, definition in cursor.fetchall()]
