"""PostgreSQL's binary COPY format made from Arrow columns: whole columns at a time, no Python loop over rows.

Binary rows spare the server the parsing of numbers, times, identifiers and hexadecimal geometries, which takes longer
than storing them. A row is the number of its fields, then for each its length (-1: null) and its bytes, big-endian.

References
----------
PostgreSQL 15 documentation, "COPY", section "Binary Format"; the layout of each type is that of its `_recv` function.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from uuid import UUID

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"

_EPOCH_DAYS = 10_957  # PostgreSQL counts from 2000-01-01, Arrow from 1970-01-01
_EPOCH_US = 946_684_800_000_000
Bytes = NDArray[np.uint8]


def encode(columns: Mapping[str, pa.Array], types: Mapping[str, str]) -> pa.Buffer:
    """Rows of equal-length columns as binary COPY data, without `HEADER` and `TRAILER`.

    Parameters
    ----------
    columns : mapping of str to Array
        In the order of the COPY statement; at least one row. A column may be of Arrow type string where the text is
        that of the value (uuid, ISO 8601 time, JSON), or wholly null whatever its type.
    types : mapping of str to str
        PostgreSQL type of each column as `format_type` names it.

    Raises
    ------
    TypeError
        A type is none of text, bigint, double precision, boolean, date, timestamp with time zone, jsonb, uuid and
        geometry.
    """
    rows = len(next(iter(columns.values())))
    pieces = _Pieces(rows)
    pieces.fixed(_repeated(len(columns).to_bytes(2, "big"), rows))
    for name, array in columns.items():
        if array.null_count == rows:
            pieces.fixed(_repeated(b"\xff\xff\xff\xff", rows))
            continue
        kind = types[name]
        if kind in _VARIABLE:
            pieces.variable(array, _VARIABLE[kind])
        elif kind in _FIXED:
            pieces.values(_FIXED[kind](array), _valid(array))
        else:
            raise TypeError(f"column '{name}' has the type {kind}, which binary COPY is not written for here")
    return pieces.joined()


def random_uuids(count: int) -> pa.Array:
    """Version 4 identifiers as the 16 bytes that a uuid column takes."""
    octets = np.frombuffer(os.urandom(16 * count), dtype=np.uint8).reshape(count, 16).copy()
    octets[:, 6] = octets[:, 6] & 0x0F | 0x40
    octets[:, 8] = octets[:, 8] & 0x3F | 0x80
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), count, [None, pa.py_buffer(octets)])


class _Pieces:
    """Parts of each row in order; neighbours of fixed width are kept as one."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self._blocks: list[Bytes] = []
        self._done: list[pa.Array] = []

    def fixed(self, block: Bytes) -> None:
        """The same number of bytes in each row: shape (rows, width)."""
        self._blocks.append(block)

    def values(self, block: Bytes, valid: NDArray[np.bool_] | None) -> None:
        """Values of fixed width with their length before them; those that are not valid become null."""
        width = block.shape[1]
        headed = np.concatenate([_repeated(width.to_bytes(4, "big"), self.rows), block], axis=1)
        if valid is None:
            self.fixed(headed)
            return
        self._headed(headed, valid)

    def variable(self, array: pa.Array, prefix: bytes) -> None:
        """Texts or bytes of any length, each after its length and a prefix."""
        payload = array.cast(pa.large_binary())
        valid = _valid(array)
        lengths = pc.binary_length(payload).fill_null(0).to_numpy(zero_copy_only=False) + len(prefix)
        head = np.ascontiguousarray(lengths.astype(">i4")).view(np.uint8).reshape(-1, 4)
        headed = np.concatenate([head, _repeated(prefix, self.rows)], axis=1) if prefix else head
        if valid is None:
            self.fixed(headed)
        else:
            self._headed(headed, valid)
            payload = payload.fill_null(b"")
        self._flush()
        self._done.append(payload)

    def joined(self) -> pa.Buffer:
        self._flush()
        if len(self._done) == 1:
            whole = self._done[0]
        else:
            whole = pc.binary_join_element_wise(*self._done, pa.scalar(b"", pa.large_binary()))
        offsets = np.frombuffer(whole.buffers()[1], dtype=np.int64)[whole.offset : whole.offset + len(whole) + 1]
        return whole.buffers()[2].slice(int(offsets[0]), int(offsets[-1] - offsets[0]))

    def _headed(self, headed: Bytes, valid: NDArray[np.bool_]) -> None:
        """Rows of length and value, of which those that are not valid keep a length of -1 alone."""
        headed[~valid, :4] = 0xFF
        keep = np.ones(headed.shape, dtype=np.bool_)
        keep[~valid, 4:] = False
        self._flush()
        self._done.append(_binary(np.where(valid, headed.shape[1], 4), headed[keep]))

    def _flush(self) -> None:
        if self._blocks:
            block = np.concatenate(self._blocks, axis=1)
            self._done.append(_binary(np.full(self.rows, block.shape[1]), block))
            self._blocks = []


def _binary(lengths: NDArray[np.int64], data: Bytes) -> pa.Array:
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(data))]
    return pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(lengths), buffers)


def _repeated(octets: bytes, rows: int) -> Bytes:
    return np.broadcast_to(np.frombuffer(octets, dtype=np.uint8), (rows, len(octets)))


def _valid(array: pa.Array) -> NDArray[np.bool_] | None:
    """Which values are there; None when all are."""
    if not array.null_count:
        return None
    valid: NDArray[np.bool_] = array.is_valid().to_numpy(zero_copy_only=False)
    return valid


def _big_endian(values: NDArray[np.generic], kind: str) -> Bytes:
    return np.ascontiguousarray(values.astype(kind)).view(np.uint8).reshape(len(values), -1)


def _integers(array: pa.Array) -> Bytes:
    return _big_endian(array.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False), ">i8")


def _numbers(array: pa.Array) -> Bytes:
    return _big_endian(array.cast(pa.float64()).fill_null(0.0).to_numpy(zero_copy_only=False), ">f8")


def _booleans(array: pa.Array) -> Bytes:
    return _big_endian(array.fill_null(False).to_numpy(zero_copy_only=False), ">u1")


def _dates(array: pa.Array) -> Bytes:
    days = array.cast(pa.int32()).fill_null(_EPOCH_DAYS).to_numpy(zero_copy_only=False)
    return _big_endian(days - _EPOCH_DAYS, ">i4")


def _times(array: pa.Array) -> Bytes:
    def microseconds(texts: list[str]) -> Bytes:
        moments = pd.to_datetime(pd.Series(texts), utc=True, format="ISO8601").dt.as_unit("us")
        return _big_endian(moments.astype("int64").to_numpy() - _EPOCH_US, ">i8")

    return _by_dictionary(array, microseconds)


def _uuids(array: pa.Array) -> Bytes:
    if pa.types.is_fixed_size_binary(array.type):
        octets: Bytes = np.frombuffer(array.buffers()[1], dtype=np.uint8)
        return octets[16 * array.offset : 16 * (array.offset + len(array))].reshape(-1, 16)

    def octets_of(texts: list[str]) -> Bytes:
        return np.frombuffer(b"".join(UUID(text).bytes for text in texts), dtype=np.uint8).reshape(-1, 16)

    return _by_dictionary(array, octets_of)


def _by_dictionary(array: pa.Array, convert: Callable[[list[str]], Bytes]) -> Bytes:
    """Convert each different text once; they are mostly a few constants. Nulls get any value."""
    encoded = array.dictionary_encode()
    converted: Bytes = convert(encoded.dictionary.to_pylist())
    taken: Bytes = converted[encoded.indices.fill_null(0).to_numpy(zero_copy_only=False)]
    return taken


_FIXED: dict[str, Callable[[pa.Array], Bytes]] = {
    "bigint": _integers,
    "double precision": _numbers,
    "boolean": _booleans,
    "date": _dates,
    "timestamp with time zone": _times,
    "uuid": _uuids,
}
_VARIABLE = {"text": b"", "geometry": b"", "jsonb": b"\x01"}
