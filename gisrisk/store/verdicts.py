"""Verdicts of siting checks in the store: written once under their reference number, read back as they were."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import shapely
import sqlalchemy as sa
from psycopg import sql
from psycopg.types.json import Jsonb

from gisrisk.errors import UnknownName
from gisrisk.store.copying import ewkb_hex, json_text
from gisrisk.store.database import SCHEMA, reading, writing
from gisrisk.store.results import VERDICT
from gisrisk.store.tables import STORAGE_SRID


def save_verdict(engine: sa.Engine, row: Mapping[str, Any]) -> bool:
    """Write a verdict; False, and nothing written, when the store has this reference number.

    Parameters
    ----------
    row : mapping
        `reference`, the columns of `results.VERDICT`, and `geometry` (the footprint, EPSG:4490).

    Raises
    ------
    StoreUnavailable
        The connection was lost. Nothing was stored.
    """
    values: dict[str, Any] = {"reference": row["reference"], "geom": ewkb_hex(row["geometry"], STORAGE_SRID)}
    for name, kind in VERDICT.columns.items():
        value = row.get(name)
        values[name] = Jsonb(value, dumps=json_text) if kind == "json" and value is not None else value
    with writing(engine) as cursor:
        cursor.execute(
            sql.SQL("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT (reference) DO NOTHING").format(
                sql.Identifier(SCHEMA, VERDICT.name),
                sql.SQL(", ").join(map(sql.Identifier, values)),
                sql.SQL(", ").join(map(sql.Placeholder, values)),
            ),
            values,
        )
        return cursor.rowcount == 1


def verdict(engine: sa.Engine, reference: str) -> dict[str, Any]:
    """One verdict: `reference`, the columns of `results.VERDICT`, `created_at`, and `geometry`.

    Raises
    ------
    UnknownName
        There is no such reference number.
    """
    names = ["reference", *VERDICT.columns, "created_at"]
    with reading(engine) as cursor:
        cursor.execute(
            f"SELECT {', '.join(names)}, ST_AsBinary(geom) FROM {SCHEMA}.verdict WHERE reference = %(reference)s",
            {"reference": reference},
        )
        found = cursor.fetchone()
    if found is None:
        raise UnknownName("verdict", reference, [row["reference"] for row in verdicts(engine, 30)])
    *values, shape = found
    return dict(zip(names, values, strict=True)) | {"geometry": shapely.from_wkb(bytes(shape))}


def verdicts(engine: sa.Engine, limit: int = 100) -> list[dict[str, Any]]:
    """The verdicts saved last: reference, name, verdict, on_day, as_of, rule_set, synthetic, created_at."""
    names = ["reference", "name", "verdict", "on_day", "as_of", "rule_set", "synthetic", "created_at"]
    with reading(engine) as cursor:
        cursor.execute(
            f"SELECT {', '.join(names)} FROM {SCHEMA}.verdict ORDER BY created_at DESC, reference LIMIT %(limit)s",
            {"limit": limit},
        )
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
