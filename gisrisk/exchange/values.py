"""One column of raw values into its declared type, strictly: what is not surely meant is a fault, never a guess."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gisrisk.errors import Problem

Objects = NDArray[np.object_]
_NUMBER = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_WITH_UNIT = re.compile(r"^[+-]?[0-9.,]+\s*[^0-9.,\s].*$")
_GROUPED = re.compile(r"^[+-]?[0-9]{1,3}([,，][0-9]{3})+(\.[0-9]+)?$")
_DATE = re.compile(
    r"([0-9]{4})(?:-([0-9]{1,2})-([0-9]{1,2})|/([0-9]{1,2})/([0-9]{1,2})|([0-9]{2})([0-9]{2}))", re.ASCII
)
_MIDNIGHT = re.compile(r"[T ]00:00(:00(\.0+)?)?(Z|[+-]00:?00)?$")
_BOOLEAN = {"是": True, "否": False, "true": True, "false": False, "1": True, "0": False}
_LARGEST_INTEGER = 2.0**53


@dataclass(frozen=True, slots=True)
class Fault:
    """One value that cannot be taken; `row` counts from 0."""

    row: int
    reason: str
    remedy: str


def located(faults: Iterable[Fault], file: str, name: str) -> list[Problem]:
    """Faults of one column as problems of a file."""
    return [Problem(file=file, row=f.row + 1, field=name, reason=f.reason, remedy=f.remedy) for f in faults]


def shown(value: Any) -> str:
    """A value as a message quotes it: at most 40 characters."""
    text = str(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _missing(values: Objects) -> NDArray[np.bool_]:
    result: NDArray[np.bool_] = np.asarray(pd.isna(pd.Series(values, dtype=object)), dtype=bool)
    return result


def _kind(series: pd.Series) -> str:
    """integer, number, boolean, time, text or mixed: what pandas holds."""
    dtype = series.dtype
    if pd.api.types.is_bool_dtype(dtype):
        return "boolean"
    if pd.api.types.is_integer_dtype(dtype):
        return "integer"
    if pd.api.types.is_float_dtype(dtype):
        return "number"
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return "time"
    inferred = pd.api.types.infer_dtype(series, skipna=True)
    return "text" if inferred in ("string", "empty") else "mixed"


def texts(series: pd.Series) -> tuple[Objects, list[Fault], list[str]]:
    """Column as text: blanks around a value are removed with a note, an empty text is missing.

    Returns
    -------
    values : ndarray of str or None, shape (n,)
    faults : list of Fault
    notes : list of str
        What was changed, without the name of the column.
    """
    kind = _kind(series)
    if kind == "text":
        return _trimmed(pa.array(series, type=pa.string(), from_pandas=True))
    raw = series.to_numpy(dtype=object)
    values = np.full(len(series), None, dtype=object)
    faults: list[Fault] = []
    was_number = False
    for i in np.flatnonzero(~_missing(raw)):
        value = raw[i]
        if isinstance(value, str):
            values[i] = value
        elif isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
            faults.append(Fault(int(i), f"'{shown(value)}' is not text", "Make the column a text column."))
        elif float(value).is_integer() and abs(float(value)) < _LARGEST_INTEGER:
            values[i], was_number = str(int(value)), True
        else:
            faults.append(Fault(int(i), f"the number {shown(value)} stands in a text column", "Make it a text column."))
    trimmed, _, notes = _trimmed(pa.array(values, type=pa.string()))
    if was_number:
        notes.append("numbers were read as text; zeros that led them were lost before the file reached us")
    return trimmed, faults, notes


def _trimmed(array: pa.Array) -> tuple[Objects, list[Fault], list[str]]:
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    trimmed = pc.utf8_trim_whitespace(array)
    changed = pc.sum(pc.not_equal(trimmed, array)).as_py() or 0
    nul = pc.match_substring(trimmed, "\x00")
    trimmed = pc.if_else(pc.equal(trimmed, ""), None, trimmed)
    values = np.asarray(trimmed.to_numpy(zero_copy_only=False), dtype=object)
    values[trimmed.is_null().to_numpy(zero_copy_only=False)] = None
    faults = [
        Fault(int(i), "the text holds a NUL character", "Type the value again.")
        for i in np.flatnonzero(pc.fill_null(nul, False).to_numpy(zero_copy_only=False))
    ]
    return values, faults, [f"blanks around {changed} values were removed"] if changed else []


def numbers(series: pd.Series) -> tuple[NDArray[np.float64], list[Fault]]:
    """Column as float64, NaN where missing. A unit, a thousands separator or a word beside the digits is a fault."""
    kind = _kind(series)
    if kind in ("integer", "number"):
        values = series.to_numpy(dtype=np.float64, na_value=np.nan)
        infinite = np.flatnonzero(np.isinf(values))
        return values, [
            Fault(int(i), "the number is infinite", "Give a finite number or leave it empty.") for i in infinite
        ]
    if kind in ("boolean", "time"):
        found = "true/false" if kind == "boolean" else "a date"
        rows = np.flatnonzero(series.notna().to_numpy())
        faults = [Fault(int(i), f"{found} stands in a number column", "Give a number.") for i in rows]
        return np.full(len(series), np.nan), faults
    if kind == "mixed":
        series = series.map(lambda value: value if pd.isna(value) else str(value))
    raw, faults, _ = _trimmed(pa.array(series.to_numpy(dtype=object), type=pa.string(), from_pandas=True))
    text = pa.array(raw, type=pa.string())
    good = pc.fill_null(pc.match_substring_regex(text, _NUMBER), False)
    values = np.full(len(raw), np.nan)
    mask = good.to_numpy(zero_copy_only=False)
    values[mask] = pc.cast(pc.filter(text, good), pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    for i in np.flatnonzero(~mask & ~pd.isna(raw)):
        faults.append(_not_a_number(int(i), raw[i]))
    for i in np.flatnonzero(np.isinf(values)):
        faults.append(Fault(int(i), f"'{shown(raw[i])}' is too large", "Give a finite number."))
    return values, faults


def _not_a_number(row: int, text: str) -> Fault:
    if _GROUPED.match(text):
        return Fault(row, f"'{shown(text)}' is not a number", "Write it without separators between the thousands.")
    if _WITH_UNIT.match(text):
        return Fault(row, f"'{shown(text)}' is not a number", "Write the digits only; the column has its unit already.")
    return Fault(row, f"'{shown(text)}' is not a number", "Write a number with a decimal point, or leave it empty.")


def integers(series: pd.Series) -> tuple[pd.arrays.IntegerArray, list[Fault]]:
    """Column as nullable Int64. 12.0 is taken as 12; 12.5 is a fault."""
    values, faults = numbers(series)
    missing = np.isnan(values)
    with np.errstate(invalid="ignore"):
        broken = ~missing & ((values != np.floor(values)) | (np.abs(values) > _LARGEST_INTEGER))
    faults += [
        Fault(int(i), f"{values[i]:g} is not a whole number", "Give a whole number.") for i in np.flatnonzero(broken)
    ]
    unusable = missing | broken
    return pd.arrays.IntegerArray(np.where(unusable, 0, values).astype(np.int64), unusable), faults


def booleans(series: pd.Series) -> tuple[pd.arrays.BooleanArray, list[Fault]]:
    """Column as nullable boolean from true/false, 是/否 or 1/0."""
    raw = series.to_numpy(dtype=object)
    missing = _missing(raw).copy()
    values = np.zeros(len(raw), dtype=bool)
    faults = []
    for i in np.flatnonzero(~missing):
        value = raw[i]
        if isinstance(value, bool | np.bool_):
            values[i] = bool(value)
            continue
        word = f"{value:g}" if isinstance(value, int | float | np.number) else str(value).strip().lower()
        if word == "":
            missing[i] = True
        elif word in _BOOLEAN:
            values[i] = _BOOLEAN[word]
        else:
            missing[i] = True
            faults.append(
                Fault(int(i), f"'{shown(value)}' is neither yes nor no", "Write 是 or 否, true or false, 1 or 0.")
            )
    return pd.arrays.BooleanArray(values, missing), faults


def dates(series: pd.Series) -> tuple[Objects, list[Fault]]:
    """Column as `datetime.date` or None, from YYYY-MM-DD, YYYY/MM/DD or YYYYMMDD."""
    raw = series.to_numpy(dtype=object)
    values = np.full(len(raw), None, dtype=object)
    faults = []
    known: dict[Any, dt.date | str] = {}
    for i in np.flatnonzero(~_missing(raw)):
        value = raw[i]
        if isinstance(value, str) and not value.strip():
            continue
        if value not in known:
            known[value] = _day(value)
        day = known[value]
        if isinstance(day, str):
            faults.append(
                Fault(int(i), f"'{shown(value)}' {day}", "Write the day as YYYY-MM-DD, for example 2024-05-01.")
            )
        else:
            values[i] = day
    return values, faults


def _day(value: Any) -> dt.date | str:
    """The day, or what is wrong with the value."""
    if isinstance(value, dt.datetime):
        return value.date() if value.time() == dt.time() else "has a time of day; the column holds days"
    if isinstance(value, dt.date):
        return value
    if isinstance(value, int | float | np.number):
        if isinstance(value, bool | np.bool_) or not float(value).is_integer():
            return "is not a day"
        value = str(int(value))
        if len(value) == 5:
            return "is not a day (it may be the serial number of a spreadsheet)"
    text = str(value).strip()
    match = _DATE.fullmatch(_MIDNIGHT.sub("", text))
    if match is None:
        return (
            "is not a day (it may be the serial number of a spreadsheet)"
            if re.fullmatch("[0-9]{5}", text)
            else "is not a day"
        )
    year, month, day = (int(part) for part in match.groups() if part is not None)
    try:
        return dt.date(year, month, day)
    except ValueError:
        return "is not a day of the calendar"


def choices(values: Objects, meaning: Callable[[str], str | None], known: str) -> tuple[Objects, list[Fault]]:
    """Text values into the codes they mean.

    Parameters
    ----------
    values : ndarray of str or None, shape (n,)
    meaning : callable
        Gives the code a text stands for, None where it stands for nothing.
    known : str
        The remedy: what may stand there.
    """
    place, unique = pd.factorize(values)
    codes = np.array([meaning(value) for value in unique] + [None], dtype=object)
    result = codes[place]
    bad = pd.isna(result) & ~pd.isna(values)
    return result, [Fault(int(i), f"'{shown(values[i])}' is not allowed", known) for i in np.flatnonzero(bad)]
