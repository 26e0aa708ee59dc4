"""Three-valued conditions against an independent scalar reading of the same when-maps."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gisrisk.catalog.vocabulary import Attribute
from gisrisk.errors import RuleDataError
from gisrisk.rules.conditions import ALWAYS, UNKNOWN, parse


def attribute(name: str, kind: Any, values: tuple[str | int, ...] = ()) -> Attribute:
    return Attribute(name=name, type=kind, side="source", name_zh=name, meaning="", values=values)


ATTRIBUTES = {
    a.name: a
    for a in (
        attribute("volume_m3", "number"),
        attribute("height_m", "number"),
        attribute("class", "enum", ("jia", "yi", "bing")),
        attribute("grade", "enum", (1, 2, 3, 4)),
        attribute("vapour", "bool"),
        attribute("roles", "list", ("a", "b", "c")),
        attribute("medium", "text"),
        attribute("toe", "geometry"),
    )
}
NUMBERS = st.sampled_from([0.0, 1.0, 2.0, 2.5])
CELLS = {
    "volume_m3": st.none() | NUMBERS,
    "height_m": st.none() | NUMBERS,
    "class": st.none() | st.sampled_from(["jia", "yi", "bing"]),
    "grade": st.none() | st.sampled_from([1, 2, 3]),
    "vapour": st.none() | st.booleans(),
    "roles": st.none() | st.frozensets(st.sampled_from("abc"), min_size=1),
    "medium": st.none() | st.sampled_from(["oil", "gas"]),
}
ROWS = st.lists(st.fixed_dictionaries(CELLS), min_size=1, max_size=6)


# --- the independent reading: Lukasiewicz style with None for unknown, straight from the when-map -------------------


def read(when: dict[str, Any], row: dict[str, Any]) -> bool | None:
    return conjunction([read_part(key, value, row) for key, value in when.items()])


def conjunction(parts: list[bool | None]) -> bool | None:
    if False in parts:
        return False
    return None if None in parts else True


def disjunction(parts: list[bool | None]) -> bool | None:
    if True in parts:
        return True
    return None if None in parts else False


def read_part(key: str, value: Any, row: dict[str, Any]) -> bool | None:
    if key == "all_of":
        return conjunction([read(item, row) for item in value])
    if key == "any_of":
        return disjunction([read(item, row) for item in value])
    if key == "any_known":
        known = [answer for answer in (read(item, row) for item in value) if answer is not None]
        return any(known) if known else None
    if key == "not":
        answer = read(value, row)
        return None if answer is None else not answer
    tests = value if isinstance(value, dict) else {"in": value} if isinstance(value, list) else {"eq": value}
    cell = row[key]
    if cell is None:
        if "is_null" in tests:
            return bool(tests["is_null"])
        if "if_missing" not in tests:
            return None
        cell = tests["if_missing"]
    elif tests.get("is_null") is True:
        return False
    answers = {
        "eq": lambda w: cell == w,
        "ne": lambda w: cell != w,
        "gt": lambda w: cell > w,
        "ge": lambda w: cell >= w,
        "lt": lambda w: cell < w,
        "le": lambda w: cell <= w,
        "in": lambda w: cell in w,
        "not_in": lambda w: cell not in w,
        "contains": lambda w: w in cell,
        "intersects": lambda w: any(item in cell for item in w),
    }
    return all(answers[name](wanted) for name, wanted in tests.items() if name in answers)


def ways_to_ask(name: str) -> st.SearchStrategy[Any]:
    """Every way of asking for one attribute."""
    cell = {
        "volume_m3": NUMBERS,
        "height_m": NUMBERS,
        "class": st.sampled_from(["jia", "yi", "bing"]),
        "grade": st.sampled_from([1, 2, 3]),
        "vapour": st.booleans(),
        "medium": st.sampled_from(["oil", "gas"]),
        "roles": st.sampled_from(["a", "b", "c"]),
    }[name]
    some = st.lists(cell, min_size=1, max_size=3)
    if name == "roles":
        plain = st.fixed_dictionaries({"contains": cell}) | st.fixed_dictionaries({"intersects": some})
    else:
        checks = {"eq": cell, "ne": cell, "in": some, "not_in": some}
        if name in ("volume_m3", "height_m"):
            checks |= {"gt": cell, "le": cell, "ge": cell, "lt": cell}
        plain = st.fixed_dictionaries({}, optional=checks).filter(bool)
    present = plain.map(lambda t: {**t, "is_null": False})
    taken = plain.flatmap(lambda t: cell.map(lambda c: {**t, "if_missing": c}))
    null = st.sampled_from([{"is_null": True}, {"is_null": False}])
    ways = plain | present | null
    return ways if name == "roles" else ways | taken | cell | some


LEAVES = st.sampled_from(sorted(CELLS)).flatmap(lambda name: ways_to_ask(name).map(lambda t: {name: t}))
WHENS = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).flatmap(
            lambda listed: st.sampled_from(["any_of", "all_of", "any_known"]).map(lambda key: {key: listed})
        )
        | inner.map(lambda one: {"not": one})
        | st.tuples(inner, inner).map(lambda two: {**two[0], **two[1]})
    ),
    max_leaves=8,
)
WORD = {True: 2, None: 1, False: 0}


@given(when=WHENS, rows=ROWS)
def test_a_table_and_a_row_agree_with_the_independent_reading(when: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    condition = parse(when, ATTRIBUTES, where="test")
    expected = [WORD[read(when, row)] for row in rows]
    assert [condition.truth(row) for row in rows] == expected
    assert condition.evaluate(pd.DataFrame(rows)).tolist() == expected


@given(when=WHENS, row=st.fixed_dictionaries(CELLS))
def test_missing_names_empty_attributes_of_unknown_rows_only(when: dict[str, Any], row: dict[str, Any]) -> None:
    condition = parse(when, ATTRIBUTES, where="test")
    missing = condition.missing(row)
    assert bool(missing) == (condition.truth(row) == UNKNOWN)
    assert all(row[name] is None for name in missing)
    assert missing <= condition.attributes()


@given(when=WHENS, row=st.fixed_dictionaries(CELLS), filler=st.fixed_dictionaries(CELLS))
def test_an_attribute_not_named_as_missing_cannot_settle_the_row_alone(
    when: dict[str, Any], row: dict[str, Any], filler: dict[str, Any]
) -> None:
    """Filling only what was not named leaves the row unknown: the named fields are all it takes to look for."""
    condition = parse(when, ATTRIBUTES, where="test")
    if condition.truth(row) != UNKNOWN:
        return
    named = condition.missing(row)
    filled = {n: (filler[n] if row[n] is None and n not in named else row[n]) for n in row}
    if any(word in repr(when) for word in ("any_known", "is_null", "if_missing")):
        return  # these look at emptiness itself, so that filling a field can settle them either way
    assert condition.truth(filled) == UNKNOWN


def test_a_column_the_frame_lacks_counts_as_empty() -> None:
    condition = parse({"volume_m3": {"gt": 1}}, ATTRIBUTES, where="test")
    assert condition.evaluate(pd.DataFrame(index=range(2))).tolist() == [UNKNOWN, UNKNOWN]


def test_nan_and_categories_are_read_as_empty_and_as_their_values() -> None:
    frame = pd.DataFrame(
        {"volume_m3": [math.nan, 2.0, 1.0], "class": pd.Categorical(["jia", None, "yi"], categories=["yi", "jia"])}
    )
    condition = parse({"volume_m3": {"gt": 1}, "class": "jia"}, ATTRIBUTES, where="test")
    assert condition.evaluate(frame).tolist() == [1, 1, 0]


def test_numbers_that_stand_for_grades_compare_as_words() -> None:
    """Grade 2 may come from a file as 2, 2.0 or "2"."""
    frame = pd.DataFrame({"grade": np.array([2, 2.0, "2", 3], dtype=object)})
    assert parse({"grade": [1, 2]}, ATTRIBUTES, where="test").evaluate(frame).tolist() == [2, 2, 2, 0]


def test_assumed_names_what_if_missing_took() -> None:
    condition = parse({"vapour": {"ne": False, "if_missing": True}, "class": "jia"}, ATTRIBUTES, where="test")
    assert condition.assumed({"vapour": None, "class": "jia"}) == {"vapour"}
    assert condition.assumed({"vapour": True, "class": None}) == set()


def test_no_condition_always_holds() -> None:
    assert parse(None, ATTRIBUTES, where="test") is ALWAYS
    assert ALWAYS.truth({}) == 2


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        ({"volume": 3}, "there is no attribute 'volume'"),
        ({"volume_m3": {"above": 3}}, "unknown test 'above'"),
        ({"volume_m3": {"gt": "3"}}, "'3' is not a number"),
        ({"volume_m3": True}, "True is not a number"),
        ({"class": "jai"}, "'jai' is not one of its values (jia, yi, bing)"),
        ({"class": {"gt": "jia"}}, "only numbers can be larger or smaller"),
        ({"grade": [1, 5]}, "'5' is not one of its values"),
        ({"vapour": "yes"}, "neither true nor false"),
        ({"roles": "a"}, "a list attribute cannot be tested so"),
        ({"class": {"contains": "jia"}}, "a enum attribute cannot be tested so"),
        ({"roles": {"intersects": "a"}}, "takes a list of values"),
        ({"toe": {"eq": "x"}}, "a geometry cannot be tested"),
        ({"any_of": {"class": "jia"}}, "'any_of' takes a list"),
        ({"any_of": []}, "'any_of' takes a list"),
        ({"not": "jia"}, "must map attributes to tests"),
        ({"class": {}}, "has no test"),
        ({"class": {"if_missing": "jia"}}, "has no test"),
        ({"class": {"is_null": True, "if_missing": "jia"}}, "both is_null and if_missing"),
        ({"class": {"is_null": "no"}}, "is_null is 'no'"),
        ({"class": {"is_null": True, "eq": "jia"}}, "nothing can be tested beside is_null: true"),
        ({"class": {"eq": "jia", "if_missing": "jai"}}, "'jai' is not one of its values"),
    ],
)
def test_a_slip_in_a_condition_is_refused_with_file_and_id(when: dict[str, Any], reason: str) -> None:
    with pytest.raises(RuleDataError) as refused:
        parse(when, ATTRIBUTES, where="ex_100.yaml: EX-1")
    assert reason in str(refused.value)
    assert str(refused.value).startswith("ex_100.yaml: EX-1: ")
