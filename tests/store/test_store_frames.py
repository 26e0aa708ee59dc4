"""Binary COPY data, as PostgreSQL itself reads it back."""

from __future__ import annotations

import datetime as dt
import json
import uuid

import psycopg
import pyarrow as pa
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from gisrisk.store import Store, copying, frames

UTC = dt.UTC
SQL_TYPES = {
    "t": "text",
    "i": "bigint",
    "f": "double precision",
    "b": "boolean",
    "d": "date",
    "w": "timestamp with time zone",
    "u": "uuid",
    "j": "jsonb",
    "g": "geometry(Geometry, 4490)",
}
text = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=12)
row = st.fixed_dictionaries(
    {
        "t": st.none() | text | st.sampled_from(["", "\\N", '"', "甲醇\n㐀"]),
        "i": st.none() | st.integers(-(2**63), 2**63 - 1),
        "f": st.none() | st.floats(allow_nan=False),
        "b": st.none() | st.booleans(),
        "d": st.none() | st.dates(dt.date(1, 1, 1), dt.date(9999, 12, 31)),
        "w": st.none() | st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2200, 1, 1), timezones=st.just(UTC)),
        "u": st.none() | st.uuids(),
        "j": st.none() | st.dictionaries(text, st.none() | st.booleans() | st.integers(-9, 9) | text, max_size=3),
        "g": st.none() | st.tuples(st.floats(70, 140), st.floats(0, 60)).map(shapely.Point),
    }
)


def arrays(rows: list[dict]) -> dict[str, pa.Array]:
    """The rows as the store hands them to COPY."""
    column = {name: [each[name] for each in rows] for name in SQL_TYPES}
    made = {
        "t": pa.array(column["t"], pa.string()),
        "i": pa.array(column["i"], pa.int64()),
        "f": pa.array(column["f"], pa.float64()),
        "b": pa.array(column["b"], pa.bool_()),
        "d": pa.array(column["d"], pa.date32()),
        "w": pa.array([None if each is None else each.isoformat() for each in column["w"]], pa.string()),
        "u": pa.array([None if each is None else str(each) for each in column["u"]], pa.string()),
        "j": pa.array([None if each is None else json.dumps(each) for each in column["j"]], pa.string()),
        "g": pa.array([None if each is None else shapely.to_wkb(each) for each in column["g"]], pa.large_binary()),
    }
    return {name: made[name] for name in SQL_TYPES}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(row, min_size=1, max_size=9))
def test_the_server_reads_what_was_sent(store: Store, rows: list[dict]):
    declared = ", ".join(f"{name} {kind}" for name, kind in SQL_TYPES.items())
    selected = "t, i, f, b, d, w, u, j, encode(ST_AsBinary(g, 'NDR'), 'hex'), ST_SRID(g)"
    chunk_rows, copying.CHUNK_ROWS = copying.CHUNK_ROWS, 4  # so that slices of columns are sent as well
    try:
        with psycopg.connect(store.url) as connection, connection.cursor() as cursor:
            cursor.execute("SET TimeZone = 'UTC'")
            cursor.execute(f"CREATE TEMP TABLE sent (n bigint GENERATED ALWAYS AS IDENTITY, {declared}) ON COMMIT DROP")
            copying.send(cursor, sql.Identifier("pg_temp", "sent"), arrays(rows))
            found = cursor.execute(f"SELECT {selected} FROM sent ORDER BY n").fetchall()
    finally:
        copying.CHUNK_ROWS = chunk_rows
    expected = [
        (
            *(each[name] for name in "tifbdwuj"),
            None if (g := each["g"]) is None else shapely.to_wkb(g).hex(),
            g and 4490,
        )
        for each in rows
    ]
    assert found == expected


def test_identifiers_are_version_4_and_differ(store: Store):
    made = frames.random_uuids(1000)
    with psycopg.connect(store.url) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE made (u uuid) ON COMMIT DROP")
        copying.send(cursor, sql.Identifier("pg_temp", "made"), {"u": made})
        found = [each for (each,) in cursor.execute("SELECT u FROM made").fetchall()]
    assert found == [uuid.UUID(bytes=octets) for octets in made.to_pylist()]
    assert {each.version for each in found} == {4}
    assert {each.variant for each in found} == {uuid.RFC_4122}
    assert len(set(found)) == 1000


def test_a_type_without_a_layout_is_refused():
    with pytest.raises(TypeError, match="column 'x' has the type numeric"):
        frames.encode({"x": pa.array([1])}, {"x": "numeric"})
