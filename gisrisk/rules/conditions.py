"""Conditions of a rule in three values: true, false, and unknown where an attribute is empty.

A when-map of a rule file becomes a small tree of frozen nodes. A tree answers for a whole table at once (`evaluate`,
Kleene logic on int8: 0 false, 1 unknown, 2 true; and = min, or = max, not = 2 - x) and for one row (`truth`), and names
what it would need to know (`missing`) or took for granted (`assumed`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gisrisk.catalog.vocabulary import Attribute
from gisrisk.errors import RuleDataError

FALSE: Final = 0
UNKNOWN: Final = 1
TRUE: Final = 2

Truth = NDArray[np.int8]
Row = Mapping[str, Any]

_ORDER: dict[str, Callable[[Any, Any], Any]] = {
    "ge": lambda value, bound: value >= bound,
    "gt": lambda value, bound: value > bound,
    "le": lambda value, bound: value <= bound,
    "lt": lambda value, bound: value < bound,
}
_MEMBERSHIP = ("eq", "ne", "in", "not_in")
_LISTS = ("contains", "intersects")
TESTS: Final = (*_ORDER, *_MEMBERSHIP, *_LISTS, "is_null", "if_missing")


class Condition(Protocol):
    """What every node of a condition can do."""

    def evaluate(self, frame: pd.DataFrame) -> Truth:
        """Truth of every row; a column the frame does not have counts as empty."""
        ...

    def truth(self, row: Row) -> int:
        """Truth of one row, given as attribute -> value; None, NaN or absent is empty."""
        ...

    def missing(self, row: Row) -> set[str]:
        """Attributes whose absence makes this row unknown; none when it is true or false."""
        ...

    def assumed(self, row: Row) -> set[str]:
        """Attributes that are empty in this row and for which the condition itself says what to take."""
        ...

    def attributes(self) -> frozenset[str]:
        """Every attribute the condition asks for."""
        ...


@dataclass(frozen=True, slots=True)
class Test:
    """One attribute against one or more checks, all of which must hold.

    `null` is what an empty attribute makes of the test: None means unknown. `only_null` asks for emptiness itself.
    """

    __test__ = False  # not a test case, whatever pytest thinks of the name

    attribute: str
    kind: str
    checks: tuple[tuple[str, Any], ...] = ()
    null: int | None = None
    only_null: bool = False
    if_missing: Any = None

    def evaluate(self, frame: pd.DataFrame) -> Truth:
        if self.attribute not in frame:
            return np.full(len(frame), self._empty(), dtype=np.int8)
        column = frame[self.attribute]
        if self.kind == "number":
            values = column.to_numpy(dtype=np.float64, na_value=np.nan)
            held = np.ones(len(values), dtype=bool)
            for name, bound in self.checks:
                held &= _check(name, values, bound)
            empty = np.isnan(values)
        else:
            codes, uniques = _coded(column, self.kind)
            known = np.array([self._holds(normal(v, self.kind)) for v in uniques] + [False], dtype=bool)
            held, empty = known[codes], codes < 0
        if self.only_null:
            return np.where(empty, TRUE, FALSE).astype(np.int8)
        return np.where(empty, self._empty(), np.where(held, TRUE, FALSE)).astype(np.int8)

    def truth(self, row: Row) -> int:
        value = row.get(self.attribute)
        if is_empty(value):
            return TRUE if self.only_null else self._empty()
        if self.only_null:
            return FALSE
        return TRUE if self._holds(normal(value, self.kind)) else FALSE

    def missing(self, row: Row) -> set[str]:
        return {self.attribute} if self.truth(row) == UNKNOWN else set()

    def assumed(self, row: Row) -> set[str]:
        taken = self.if_missing is not None and is_empty(row.get(self.attribute))
        return {self.attribute} if taken else set()

    def attributes(self) -> frozenset[str]:
        return frozenset({self.attribute})

    def _empty(self) -> int:
        """Truth of the test where the attribute is empty."""
        if self.only_null:
            return TRUE
        if self.null is not None:
            return self.null
        if self.if_missing is not None:
            return TRUE if self._holds(self.if_missing) else FALSE
        return UNKNOWN

    def _holds(self, value: Any) -> bool:
        return all(bool(_check(name, value, wanted)) for name, wanted in self.checks)


@dataclass(frozen=True, slots=True)
class All:
    """Every part must hold; no part at all is always true."""

    parts: tuple[Condition, ...] = ()

    def evaluate(self, frame: pd.DataFrame) -> Truth:
        out = np.full(len(frame), TRUE, dtype=np.int8)
        for part in self.parts:
            np.minimum(out, part.evaluate(frame), out=out)
        return out

    def truth(self, row: Row) -> int:
        return min((part.truth(row) for part in self.parts), default=TRUE)

    def missing(self, row: Row) -> set[str]:
        return _gather(self, row, self.parts)

    def assumed(self, row: Row) -> set[str]:
        return set().union(*(part.assumed(row) for part in self.parts))

    def attributes(self) -> frozenset[str]:
        return frozenset().union(*(part.attributes() for part in self.parts))


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One part must hold."""

    parts: tuple[Condition, ...]

    def evaluate(self, frame: pd.DataFrame) -> Truth:
        out = np.full(len(frame), FALSE, dtype=np.int8)
        for part in self.parts:
            np.maximum(out, part.evaluate(frame), out=out)
        return out

    def truth(self, row: Row) -> int:
        return max(part.truth(row) for part in self.parts)

    def missing(self, row: Row) -> set[str]:
        return _gather(self, row, self.parts)

    def assumed(self, row: Row) -> set[str]:
        return set().union(*(part.assumed(row) for part in self.parts))

    def attributes(self) -> frozenset[str]:
        return frozenset().union(*(part.attributes() for part in self.parts))


@dataclass(frozen=True, slots=True)
class AnyKnown:
    """Alternative measures of one size: unknown parts are left out; unknown only when no part is known."""

    parts: tuple[Condition, ...]

    def evaluate(self, frame: pd.DataFrame) -> Truth:
        best = np.full(len(frame), -1, dtype=np.int8)
        for part in self.parts:
            one = part.evaluate(frame)
            np.maximum(best, np.where(one == UNKNOWN, -1, one).astype(np.int8), out=best)
        return np.where(best < 0, UNKNOWN, best).astype(np.int8)

    def truth(self, row: Row) -> int:
        known = [t for t in (part.truth(row) for part in self.parts) if t != UNKNOWN]
        return max(known, default=UNKNOWN)

    def missing(self, row: Row) -> set[str]:
        return _gather(self, row, self.parts)

    def assumed(self, row: Row) -> set[str]:
        return set().union(*(part.assumed(row) for part in self.parts))

    def attributes(self) -> frozenset[str]:
        return frozenset().union(*(part.attributes() for part in self.parts))


@dataclass(frozen=True, slots=True)
class Not:
    """The part must not hold."""

    part: Condition

    def evaluate(self, frame: pd.DataFrame) -> Truth:
        return (TRUE - self.part.evaluate(frame)).astype(np.int8)

    def truth(self, row: Row) -> int:
        return TRUE - self.part.truth(row)

    def missing(self, row: Row) -> set[str]:
        return self.part.missing(row)

    def assumed(self, row: Row) -> set[str]:
        return self.part.assumed(row)

    def attributes(self) -> frozenset[str]:
        return self.part.attributes()


ALWAYS: Final = All()


def _gather(node: Condition, row: Row, parts: Sequence[Condition]) -> set[str]:
    """What the unknown parts of an unknown node ask for."""
    if node.truth(row) != UNKNOWN:
        return set()
    return set().union(*(part.missing(row) for part in parts))


def _coded(column: pd.Series[Any], kind: str) -> tuple[NDArray[np.integer[Any]], Sequence[Any]]:
    """A column as codes (-1 where empty) into its distinct values; a categorical column is that already."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy(), list(column.cat.categories)
    objects = column.to_numpy(dtype=object)
    if kind == "list":
        objects = np.array([None if is_empty(v) else _as_set(v) for v in objects] + [None], dtype=object)[:-1]
    codes, uniques = pd.factorize(objects)
    return codes, list(uniques)


# --- values -----------------------------------------------------------------------------------------------------------


def is_empty(value: Any) -> bool:
    """Whether a cell holds nothing: None, NaN, NaT, NA, empty text or an empty list."""
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    if isinstance(value, float | np.floating):
        return bool(np.isnan(value))
    return isinstance(value, str | list | tuple | set | frozenset) and len(value) == 0


def normal(value: Any, kind: str) -> Any:
    """A cell's value as tests compare it: numbers as float, enum and text as text, lists as frozenset of text."""
    if kind == "number":
        return float(value)
    if kind == "bool":
        return bool(value)
    if kind == "list":
        return _as_set(value)
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _as_set(value: Any) -> frozenset[str]:
    parts = value.split(";") if isinstance(value, str) else value
    return frozenset(str(part).strip() for part in parts if str(part).strip())


def _check(name: str, value: Any, wanted: Any) -> Any:
    """One check, on one value or on an array of numbers."""
    if name in _ORDER:
        return _ORDER[name](value, wanted)
    if name == "eq":
        return value == wanted
    if name == "ne":
        return value != wanted
    if name == "contains":
        return wanted in value
    if name == "intersects":
        return bool(value & wanted)
    among = np.isin(value, list(wanted)) if isinstance(value, np.ndarray) else value in wanted
    return among if name == "in" else ~among if isinstance(among, np.ndarray) else not among


# --- reading ----------------------------------------------------------------------------------------------------------


def parse(when: Mapping[str, Any] | None, attributes: Mapping[str, Attribute], *, where: str) -> Condition:
    """A when-map as a condition.

    Parameters
    ----------
    when : mapping or None
        As written in a rule file; None or empty is always true.
    attributes : mapping of str to Attribute
        The vocabulary's attributes.
    where : str
        File and id, quoted in every error.

    Raises
    ------
    RuleDataError
        An unknown attribute, an unknown test, or a value the attribute cannot have.
    """
    if when is None:
        return ALWAYS
    if not isinstance(when, Mapping):
        raise RuleDataError(f"{where}: a condition must map attributes to tests, not be {when!r}.")
    parts = tuple(_part(key, value, attributes, where) for key, value in when.items())
    return parts[0] if len(parts) == 1 else All(parts)


def _part(key: str, value: Any, attributes: Mapping[str, Attribute], where: str) -> Condition:
    if key in ("any_of", "all_of", "any_known"):
        if not isinstance(value, list) or not value:
            raise RuleDataError(f"{where}: '{key}' takes a list of conditions.")
        parts = tuple(parse(item, attributes, where=where) for item in value)
        if key == "all_of":
            return All(parts)
        return AnyOf(parts) if key == "any_of" else AnyKnown(parts)
    if key == "not":
        return Not(parse(value, attributes, where=where))
    attribute = attributes.get(key)
    if attribute is None:
        raise RuleDataError(f"{where}: there is no attribute '{key}' in the vocabulary. Correct it or add it there.")
    if isinstance(value, Mapping):
        return _tests(attribute, value, where)
    name = "in" if isinstance(value, list) else "eq"
    return _tests(attribute, {name: value}, where)


def _tests(attribute: Attribute, tests: Mapping[str, Any], where: str) -> Condition:
    """The tests of one attribute."""
    unknown = [name for name in tests if name not in TESTS]
    if unknown:
        raise RuleDataError(
            f"{where}: '{attribute.name}' has the unknown test '{unknown[0]}'. Use one of {', '.join(TESTS)}."
        )
    checks = tuple((name, _wanted(attribute, name, v, where)) for name, v in tests.items() if name not in _ABOUT_EMPTY)
    is_null, if_missing = tests.get("is_null"), tests.get("if_missing")
    if is_null not in (None, True, False):
        raise RuleDataError(f"{where}: '{attribute.name}': is_null is {is_null!r}, expected true or false.")
    if is_null is not None and if_missing is not None:
        raise RuleDataError(f"{where}: '{attribute.name}' has both is_null and if_missing; only one can hold.")
    if is_null is True and checks:
        raise RuleDataError(f"{where}: '{attribute.name}': nothing can be tested beside is_null: true.")
    if not checks and is_null is None:
        raise RuleDataError(f"{where}: '{attribute.name}' has no test.")
    if if_missing is not None:
        if_missing = _value(attribute, if_missing, where)
    return Test(
        attribute=attribute.name,
        kind=attribute.type,
        checks=checks,
        null=FALSE if is_null is False else None,
        only_null=is_null is True,
        if_missing=if_missing,
    )


_ABOUT_EMPTY = ("is_null", "if_missing")


def _wanted(attribute: Attribute, name: str, value: Any, where: str) -> Any:
    """The value a check compares with, checked against the attribute."""
    place = f"{where}: '{attribute.name}' {name}"
    if name in _ORDER and attribute.type != "number":
        raise RuleDataError(f"{place}: only numbers can be larger or smaller; this attribute is {attribute.type}.")
    if (name in _LISTS) != (attribute.type == "list"):
        raise RuleDataError(f"{place}: a {attribute.type} attribute cannot be tested so.")
    if name in ("in", "not_in", "intersects"):
        if not isinstance(value, list) or not value:
            raise RuleDataError(f"{place}: takes a list of values, not {value!r}.")
        return frozenset(_value(attribute, item, where) for item in value)
    return _value(attribute, value, where)


def _value(attribute: Attribute, value: Any, where: str) -> Any:
    """One value, refused when the attribute can never have it."""
    place = f"{where}: '{attribute.name}'"
    if attribute.type == "number":
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise RuleDataError(f"{place}: {value!r} is not a number.")
        return float(value)
    if attribute.type == "bool":
        if not isinstance(value, bool):
            raise RuleDataError(f"{place}: {value!r} is neither true nor false.")
        return value
    if attribute.type == "geometry":
        raise RuleDataError(f"{place}: a geometry cannot be tested.")
    text = normal(value, "text")
    allowed = [normal(v, "text") for v in attribute.values]
    if allowed and text not in allowed:
        raise RuleDataError(f"{place}: '{text}' is not one of its values ({', '.join(allowed)}).")
    return text


def walk(condition: Condition) -> Iterator[Condition]:
    """The node and everything below it."""
    yield condition
    for part in getattr(condition, "parts", None) or ([condition.part] if isinstance(condition, Not) else []):
        yield from walk(part)
