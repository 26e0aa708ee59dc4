"""Rows of the store as plain dictionaries that JSON can carry: the only place where the server runs SQL for records."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, text

Row = dict[str, Any]


def plain(value: Any) -> Any:
    """A value as JSON can carry it: dates as ISO text, not-a-number as None."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return plain(float(value))
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def rows(engine: Engine, sql: str, **values: Any) -> list[Row]:
    """All rows of a query; a column named `geometry` (GeoJSON text) or `bbox` (array) is parsed."""
    with engine.connect() as connection:
        found = connection.execute(text(sql), values).mappings().all()
    return [{key: _parsed(key, value) for key, value in row.items()} for row in found]


def one(engine: Engine, sql: str, **values: Any) -> Row | None:
    """First row of a query, or None."""
    found = rows(engine, sql, **values)
    return found[0] if found else None


def _parsed(key: str, value: Any) -> Any:
    if key == "geometry" and isinstance(value, str):
        return json.loads(value)
    return plain(value)


def bbox_sql(geometry: str) -> str:
    """SQL array `west, south, east, north` [degrees] of a geometry expression; NULL when it is NULL or empty."""
    box = f"Box2D({geometry})"
    return f"ARRAY[ST_XMin({box}), ST_YMin({box}), ST_XMax({box}), ST_YMax({box})]"


def union_bbox(boxes: Sequence[Sequence[float | None] | None]) -> list[float] | None:
    """Smallest box round several; None when none of them has numbers."""
    known = [box for box in boxes if box and all(value is not None for value in box)]
    if not known:
        return None
    west, south, east, north = zip(*known, strict=True)
    return [min(west), min(south), max(east), max(north)]
