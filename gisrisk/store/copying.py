"""Frames to PostgreSQL's COPY and back, column by column in Arrow, without a Python loop over rows.

Rows go there in binary (see `frames`) and come back as CSV, whose dialect agrees with Arrow's: a quoted empty text is a
text, an unquoted nothing is null. Floats come in their shortest exact decimal form, geometries as WKB in hexadecimal,
so what is read back equals what was written bit by bit.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import shapely
from psycopg import sql

from gisrisk.store import frames

CHUNK_ROWS = 20_000
_BLOCK_BYTES = 8 * 2**20
_HALF_BYTE_OF_HEX = np.zeros(256, dtype=np.uint8)
for _digit in "0123456789abcdefABCDEF":
    _HALF_BYTE_OF_HEX[ord(_digit)] = int(_digit, 16)

_READ_TYPES: dict[str, pa.DataType] = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.int64(),  # microseconds since 1970 UTC
    "json": pa.string(),
    "uuid": pa.string(),
    "geometry": pa.string(),
}


class Unfit(ValueError):
    """A value cannot be stored in its column. `row` counts from 0 when the place is known."""

    def __init__(self, reason: str, row: int | None = None) -> None:
        super().__init__(reason)
        self.row = row


def to_arrow(values: Any, kind: str) -> pa.Array:
    """One column as Arrow, ready for COPY.

    Parameters
    ----------
    values : Series or array
        Missing values may be None, NaN, NaT or NA.
    kind : str
        text, integer, number, boolean, date, timestamp, json, uuid or geometry. Lists in a text column are joined with
        ";".

    Raises
    ------
    Unfit
        A value is not of this kind, or is infinite.
    """
    if kind == "geometry":
        return _geometry_to_arrow(np.asarray(values, dtype=object))
    series = values if isinstance(values, pd.Series) else pd.Series(values)
    converted = _CONVERSIONS[kind](series)
    return converted.combine_chunks() if isinstance(converted, pa.ChunkedArray) else converted


def send(
    cursor: psycopg.Cursor[Any],
    table: sql.Composable,
    columns: Mapping[str, pa.Array],
    *,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """COPY columns of equal length into a table.

    `progress(done_rows, all_rows)` is called after each chunk of 20 000 rows.
    """
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(
        table, sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    types = _column_types(cursor, table)
    batch = pa.table(dict(columns)).combine_chunks()

    def encoded(start: int) -> pa.Buffer:
        chunk = batch.slice(start, CHUNK_ROWS).to_batches()
        return frames.encode(dict(zip(columns, chunk[0].columns, strict=True)), types) if chunk else pa.py_buffer(b"")

    with cursor.copy(statement) as copy, ThreadPoolExecutor(1) as ahead:  # encode a chunk while the last is stored
        copy.write(frames.HEADER)
        upcoming = ahead.submit(encoded, 0)
        for start in range(0, batch.num_rows, CHUNK_ROWS):
            data = upcoming.result()
            upcoming = ahead.submit(encoded, start + CHUNK_ROWS)
            copy.write(memoryview(data))
            if progress is not None:
                progress(min(start + CHUNK_ROWS, batch.num_rows), batch.num_rows)
        copy.write(frames.TRAILER)


def _column_types(cursor: psycopg.Cursor[Any], table: sql.Composable) -> dict[str, str]:
    """PostgreSQL type of each column, without schema and modifiers."""
    cursor.execute(
        """
        SELECT attname, CASE WHEN typname = 'geometry' THEN 'geometry' ELSE format_type(atttypid, NULL) END
        FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid
        WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
        """,
        (table.as_string(cursor),),
    )
    return {str(name): str(kind) for name, kind in cursor.fetchall()}


def fetch(
    cursor: psycopg.Cursor[Any], query: sql.Composable, parameters: Mapping[str, Any], kinds: Mapping[str, str]
) -> dict[str, Any]:
    """Run a query through COPY and return its columns as pandas and shapely arrays.

    Parameters
    ----------
    query : Composable
        A SELECT whose columns are `kinds` in order: geometries as geometry, timestamps as microseconds since 1970 UTC.
    kinds : mapping of str to str
        Column name to kind; the names of the result.

    Returns
    -------
    dict of str to Series or array
        text, uuid: `str` objects (missing None, as `gisrisk.exchange` gives them); integer `Int64`; number float64
        (missing NaN); boolean `boolean`; date: `datetime.date` objects (missing None); timestamp: datetime64[us, UTC];
        json: parsed objects (missing None); geometry: shapely geometries.
    """
    statement = sql.SQL("COPY ({}) TO STDOUT (FORMAT csv)").format(query)
    text = io.BytesIO()
    longest_row = 0
    with cursor.copy(statement, parameters or None) as copy:
        for row in copy:
            longest_row = max(longest_row, text.write(row))
    text.seek(0)
    block_size = max(_BLOCK_BYTES, 2 * longest_row)  # Arrow refuses a row longer than its block
    if not text.getbuffer().nbytes:
        table = pa.schema([(name, _READ_TYPES[kind]) for name, kind in kinds.items()]).empty_table()
    else:
        table = pyarrow.csv.read_csv(
            text,
            read_options=pyarrow.csv.ReadOptions(column_names=list(kinds), block_size=block_size),
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types={name: _READ_TYPES[kind] for name, kind in kinds.items()},
                null_values=[""],
                true_values=["t"],
                false_values=["f"],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
    return {name: _from_arrow(table.column(name), kind) for name, kind in kinds.items()}


def json_text(value: Any) -> str:
    """JSON with sorted keys; numpy scalars become plain numbers, NaN becomes null."""
    return json.dumps(_plain(value), ensure_ascii=False, sort_keys=True, allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset | np.ndarray):
        ordered = sorted(value) if isinstance(value, set | frozenset) else value
        return [_plain(each) for each in ordered]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    if value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


# ---------------------------------------------------------------- to Arrow


def ewkb_hex(geometry: shapely.geometry.base.BaseGeometry, srid: int) -> str:
    """One geometry as a query parameter."""
    return str(shapely.to_wkb(shapely.set_srid(shapely.force_2d(geometry), srid), hex=True, include_srid=True))


def _text_to_arrow(series: pd.Series) -> pa.Array:
    try:
        array = pa.array(series, type=pa.string(), from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        array = pa.array([_as_text(value) for value in series], type=pa.string())
    bad = pc.index(pc.match_substring(array, "\x00"), True).as_py()
    if bad >= 0:
        raise Unfit("the text holds a NUL character, which PostgreSQL cannot store", bad)
    return array


def _as_text(value: Any) -> str | None:
    if isinstance(value, list | tuple | set | frozenset | np.ndarray):
        ordered = sorted(value) if isinstance(value, set | frozenset) else value
        return ";".join(str(each) for each in ordered) or None
    return None if value is None or value is pd.NaT or value is pd.NA or value != value else str(value)


def _number_to_arrow(series: pd.Series) -> pa.Array:
    numbers = _numeric(series).to_numpy(dtype=np.float64, na_value=np.nan)
    infinite = np.flatnonzero(np.isinf(numbers))
    if infinite.size:
        raise Unfit("the number is infinite", int(infinite[0]))
    return pa.array(numbers, from_pandas=True)


def _integer_to_arrow(series: pd.Series) -> pa.Array:
    numbers = _numeric(series)
    if pd.api.types.is_float_dtype(numbers.dtype):
        plain = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
        broken = np.flatnonzero(~np.isnan(plain) & ((plain != np.floor(plain)) | np.isinf(plain)))
        if broken.size:
            raise Unfit(f"{plain[broken[0]]} is not a whole number", int(broken[0]))
        return pa.array(plain, from_pandas=True).cast(pa.int64())
    return pa.array(numbers, type=pa.int64(), from_pandas=True)


def _numeric(series: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(series.dtype):
        return series
    try:
        return pd.to_numeric(series)
    except (ValueError, TypeError) as error:
        raise Unfit(f"not a number ({error})") from error


def _boolean_to_arrow(series: pd.Series) -> pa.Array:
    try:
        return pa.array(series, type=pa.bool_(), from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise Unfit(f"not true or false ({error})") from error


def _date_to_arrow(series: pd.Series) -> pa.Array:
    if series.isna().all():  # also a column without rows, which pandas may hold as numbers
        return pa.nulls(len(series), pa.date32())
    try:
        if pd.api.types.is_datetime64_any_dtype(series.dtype):
            return pa.array(series.dt.date, type=pa.date32(), from_pandas=True)
        try:
            return pa.array(series, type=pa.date32(), from_pandas=True)
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            moments = pd.to_datetime(series, errors="raise", format="ISO8601")
            return pa.array(moments.dt.date, type=pa.date32(), from_pandas=True)
    except (ValueError, TypeError, AttributeError) as error:
        raise Unfit(f"not a date ({error})") from error


def _timestamp_to_arrow(series: pd.Series) -> pa.Array:
    moments = pd.to_datetime(series, utc=True)
    return pa.array([None if pd.isna(moment) else moment.isoformat() for moment in moments], type=pa.string())


def _json_to_arrow(series: pd.Series) -> pa.Array:
    return pa.array([_json_cell(value) for value in series], type=pa.string())


def _json_cell(value: Any) -> str | None:
    if isinstance(value, dict) and not value:  # nearly every row
        return "{}"
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, str):  # JSON already
        try:
            value = json.loads(value)
        except json.JSONDecodeError as error:
            raise Unfit(f"not JSON: {error}") from error
    text = json_text(value)
    if "\\u0000" in text:
        raise Unfit("a text holds a NUL character, which PostgreSQL cannot store")
    return text


def _uuid_to_arrow(series: pd.Series) -> pa.Array:
    return pa.array([None if value is None else str(value) for value in series], type=pa.string())


def _geometry_to_arrow(geometries: np.ndarray[Any, np.dtype[Any]]) -> pa.Array:
    """WKB. It names no CRS: PostGIS takes that of the column it is copied into."""
    if shapely.has_z(geometries).any():
        geometries = shapely.force_2d(geometries)
    return pa.array(shapely.to_wkb(geometries, byte_order=1), type=pa.large_binary())


_CONVERSIONS: dict[str, Callable[[pd.Series], pa.Array]] = {
    "text": _text_to_arrow,
    "integer": _integer_to_arrow,
    "number": _number_to_arrow,
    "boolean": _boolean_to_arrow,
    "date": _date_to_arrow,
    "timestamp": _timestamp_to_arrow,
    "json": _json_to_arrow,
    "uuid": _uuid_to_arrow,
}


# ---------------------------------------------------------------- from Arrow


def _from_arrow(column: pa.ChunkedArray, kind: str) -> Any:
    if kind == "geometry":
        return shapely.from_wkb(
            np.concatenate([_bytes_of_hex(chunk) for chunk in column.chunks] or [np.empty(0, object)])
        )
    if kind in {"text", "uuid"}:
        return pd.Series(column.to_numpy(zero_copy_only=False), dtype=object)
    if kind == "integer":
        return pd.Series(column.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get))
    if kind == "boolean":
        return pd.Series(column.to_pandas(types_mapper={pa.bool_(): pd.BooleanDtype()}.get))
    if kind == "date":
        return pd.Series(column.to_pandas(date_as_object=True), dtype=object)
    if kind == "timestamp":
        return pd.Series(column.cast(pa.timestamp("us", "UTC")).to_pandas())
    if kind == "json":
        return pd.Series([_parsed(text) for text in column.to_pylist()], dtype=object)
    return column.to_pandas()


def _parsed(text: str | None) -> Any:
    if text == "{}":  # nearly every row; a fresh one each, for it may be changed
        return {}
    return None if text is None else json.loads(text)


def _bytes_of_hex(chunk: pa.Array) -> np.ndarray[Any, np.dtype[Any]]:
    """Hexadecimal texts as `bytes` objects (None where missing), decoded all at once."""
    if not len(chunk):
        return np.empty(0, dtype=object)
    whole = chunk.cast(pa.large_string())  # the chunks of the CSV reader are no slices: their buffers begin at 0
    validity, offset_buffer, data_buffer = whole.buffers()
    offsets = np.frombuffer(offset_buffer, dtype=np.int64)[: len(whole) + 1]
    halves = _HALF_BYTE_OF_HEX[np.frombuffer(data_buffer or b"", dtype=np.uint8)[: offsets[-1]]]
    data = (halves[0::2] << 4) | halves[1::2]
    buffers = [validity, pa.py_buffer(offsets // 2), pa.py_buffer(data)]
    binary = pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(whole), buffers, whole.null_count)
    decoded: np.ndarray[Any, np.dtype[Any]] = binary.to_numpy(zero_copy_only=False)
    return decoded
