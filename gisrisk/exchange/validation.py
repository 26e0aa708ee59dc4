"""Check a file against its layer and name everything that is wrong with it at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gisrisk.catalog import Column, Label, Layer
from gisrisk.catalog.formats import FORMATS
from gisrisk.catalog.headings import normalised
from gisrisk.errors import InputRefused, Problem
from gisrisk.exchange import values as convert
from gisrisk.exchange.attributes import attributes_of
from gisrisk.exchange.geometry import geometry_problems
from gisrisk.exchange.incoming import GEOMETRY, Incoming, raw_values
from gisrisk.exchange.values import Fault, located
from gisrisk.geo import STORAGE_CRS

_SHOWN_CODES = 12
Frame = TypeVar("Frame", gpd.GeoDataFrame, pd.DataFrame)


def validate(incoming: Incoming, layer: Layer) -> gpd.GeoDataFrame | pd.DataFrame:
    """The rows of a file, typed and checked, ready to be stored.

    Parameters
    ----------
    incoming : Incoming
        As `read_table` gives.
    layer : Layer

    Returns
    -------
    GeoDataFrame in EPSG:4490, or DataFrame for a table
        One row per row of the file in its order. Columns: all columns of the layer and the common ones, present or not
        in the file, then `attributes` (a dictionary per row, empty where none) where the layer has them, then
        `geometry`. Types: text and date are objects (`str`, `datetime.date`) with None where missing, integer is
        `Int64`, boolean is `boolean`, number is float64 with NaN where missing. `frame.attrs["warnings"]` lists what a
        person should know although it stops nothing.

    Raises
    ------
    InputRefused
        With every problem found: in reading (unknown columns, coordinates), in values, in required fields, in
        identities, in geometries.

    Notes
    -----
    References to other layers are checked by the store, which knows the other layers.
    """
    problems = list(incoming.problems)
    warnings: list[str] = []
    rows = len(incoming.frame)
    if rows == 0 and not problems:
        problems.append(Problem(file=incoming.file, reason="the file holds no rows", remedy="Export it again."))
    typed: dict[str, Any] = {}
    for column in layer.import_columns:
        source = raw_values(incoming, column.name, rows)
        if source is None:
            typed[column.name] = _absent(column, rows)
            if column.required:
                remedy = f'Add it, or name the column that holds it with --map "COL={column.name}".'
                problems.append(_whole_file(incoming, column, "the required column is missing", remedy))
            continue
        result, faults, notes = typed_column(source, column)
        typed[column.name] = result
        problems += located(faults, incoming.file, column.name)
        warnings += [f"{column.name}: {note}" for note in notes]
        if column.required:
            problems += _required(result, faults, column, incoming.file)
    if layer.has_attributes:
        typed["attributes"], found = attributes_of(incoming, layer, rows)
        problems += found
    problems += _identity(typed, layer, incoming.file)
    problems += _order(typed, layer, incoming.file)
    if layer.kind != "vector":
        _raise(problems)
        return _with_warnings(pd.DataFrame(_series(typed)), warnings)
    told = {problem.row for problem in incoming.problems if problem.field == GEOMETRY}
    found, notes = geometry_problems(incoming.frame, typed, layer, incoming.file, skip=told)
    problems += found
    _raise(problems)
    frame = gpd.GeoDataFrame(_series(typed), geometry=incoming.frame.geometry.array, crs=STORAGE_CRS)
    return _with_warnings(frame, warnings + notes)


def _series(typed: dict[str, Any]) -> dict[str, pd.Series]:
    """Columns as Series; object columns stay objects, so that a missing value stays None."""
    return {
        name: pd.Series(values, dtype=object if isinstance(values.dtype, np.dtypes.ObjectDType) else None)
        for name, values in typed.items()
    }


def _with_warnings(frame: Frame, warnings: list[str]) -> Frame:
    frame.attrs["warnings"] = warnings
    return frame


def _raise(problems: list[Problem]) -> None:
    if problems:
        raise InputRefused(sorted(problems, key=lambda p: (p.row is not None, p.row or 0)))


def _absent(column: Column, rows: int) -> Any:
    """A column of missing values in the column's type."""
    if column.type == "number":
        return np.full(rows, np.nan)
    if column.type == "integer":
        return pd.arrays.IntegerArray(np.zeros(rows, dtype=np.int64), np.ones(rows, dtype=bool))
    if column.type == "boolean":
        return pd.arrays.BooleanArray(np.zeros(rows, dtype=bool), np.ones(rows, dtype=bool))
    return np.full(rows, None, dtype=object)


def typed_column(source: pd.Series, column: Column) -> tuple[Any, list[Fault], list[str]]:
    """One column in its declared type, with the faults of its values and notes for the user.

    Returns
    -------
    values : array
        As described in `validate`.
    faults, notes
    """
    if column.allowed is not None:
        text, faults, _ = convert.texts(source)
        result, more = convert.choices(text, _by_word(column.allowed), _allowed_remedy(column.allowed, column.name))
        faults += more
        if column.type == "integer":
            whole, _ = convert.integers(pd.Series(result, dtype=object))
            return whole, faults, []
        return result, faults, []
    if column.type == "text":
        text, faults, notes = convert.texts(source)
        if column.format is not None:
            faults += _format_faults(text, column.format)
        return text, faults, notes
    if column.type == "date":
        return *convert.dates(source), []
    if column.type == "boolean":
        return *convert.booleans(source), []
    if column.type == "integer":
        whole, faults = convert.integers(source)
        numbers = np.where(whole.isna(), np.nan, whole.to_numpy(dtype=np.float64, na_value=np.nan))
        return whole, faults + _range_faults(numbers, column), []
    numbers, faults = convert.numbers(source)
    return numbers, faults + _range_faults(numbers, column), []


def _by_word(allowed: dict[str, Label]) -> Callable[[str], str | None]:
    words: dict[str, str] = {}
    for code, label in allowed.items():
        for word in (label.zh, label.en, *label.aliases, code):
            words[normalised(word)] = code
    return lambda text: text if text in allowed else words.get(normalised(text))


def _allowed_remedy(allowed: dict[str, Label], name: str) -> str:
    shown = [f"{code} {label.zh}" if label.zh != code else code for code, label in allowed.items()]
    more = f" ... ({len(shown)} in all, see docs/layers.md)" if len(shown) > _SHOWN_CODES else ""
    return f'Use one of: {", ".join(shown[:_SHOWN_CODES])}{more}; or say what it means with --map "{name}:VALUE=CODE".'


def _format_faults(text: NDArray[np.object_], name: str) -> list[Fault]:
    wanted = FORMATS[name]
    return [
        Fault(
            int(i),
            f"'{convert.shown(text[i])}' does not have the form of the column",
            f"Give {wanted.en} ({wanted.zh}).",
        )
        for i in np.flatnonzero(~pd.isna(text))
        if not wanted.test(text[i])
    ]


def _range_faults(numbers: NDArray[np.float64], column: Column) -> list[Fault]:
    faults = []
    with np.errstate(invalid="ignore"):
        low = numbers < column.minimum if column.minimum is not None else np.zeros(len(numbers), dtype=bool)
        high = numbers > column.maximum if column.maximum is not None else np.zeros(len(numbers), dtype=bool)
    for rows, words, bound in (
        (low, "below the smallest", column.minimum),
        (high, "above the largest", column.maximum),
    ):
        for i in np.flatnonzero(rows):
            reason = f"{numbers[i]:g} {column.unit} is {words} allowed value {bound:g}"
            faults.append(Fault(int(i), reason, "Correct the value, or leave it empty if it is not known."))
    return faults


def _whole_file(incoming: Incoming, column: Column, reason: str, remedy: str) -> Problem:
    return Problem(file=incoming.file, field=f"{column.name} ({column.label_zh})", reason=reason, remedy=remedy)


def _required(result: Any, faults: list[Fault], column: Column, file: str) -> list[Problem]:
    """Empty values of a required column, except where a value stands that is wrong."""
    wrong = {fault.row for fault in faults}
    empty = np.flatnonzero(np.asarray(pd.isna(pd.Series(result)), dtype=bool))
    remedy = "Fill it in; the row cannot be stored without it."
    return [
        Problem(file=file, row=int(i) + 1, field=column.name, reason="the required value is missing", remedy=remedy)
        for i in empty
        if int(i) not in wrong
    ]


def _identity(typed: dict[str, Any], layer: Layer, file: str) -> list[Problem]:
    """Rows that name the same thing as an earlier row of the file."""
    names = list(layer.identity)
    frame = pd.DataFrame({name: typed[name] for name in names})
    complete = frame[[name for name in names if layer.column(name).required]].notna().all(axis=1)
    repeated = frame[complete & frame.duplicated(keep="first")]
    if repeated.empty:
        return []
    first: dict[tuple[Any, ...], int] = {}
    for key, place in zip(frame.fillna("").itertuples(index=False, name=None), frame.index, strict=True):
        first.setdefault(key, int(place))
    problems = []
    for place, key in zip(repeated.index, repeated.fillna("").itertuples(index=False, name=None), strict=True):
        shown = ", ".join(convert.shown(part) for part in key if part != "")
        reason = f"'{shown}' stands already in row {first[key] + 1}"
        remedy = "Every row needs its own " + " + ".join(names) + "; correct it or join the rows."
        problems.append(Problem(file=file, row=int(place) + 1, field=", ".join(names), reason=reason, remedy=remedy))
    return problems


def _order(typed: dict[str, Any], layer: Layer, file: str) -> list[Problem]:
    """Dates that stand in the wrong order."""
    problems = []
    for check in layer.checks:
        if check.kind != "order":
            continue
        earlier, later = check.columns
        for i, (first, second) in enumerate(zip(typed[earlier], typed[later], strict=True)):
            if first is not None and second is not None and first > second:
                reason = f"{second} lies before {earlier} {first}"
                remedy = "Correct one of the two days."
                problems.append(Problem(file=file, row=i + 1, field=later, reason=reason, remedy=remedy))
    return problems
