"""Every status of the contract, on both sides of every threshold, worked out by hand from the definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gisrisk.analysis.judgement import Status, judge

METRES = st.floats(min_value=0, max_value=5000, allow_nan=False)


@pytest.mark.parametrize(
    ("measured_m", "uncertainty_m", "expected"),
    [
        (24.9, 0.0, Status.VIOLATION),
        (25.0, 0.0, Status.MEETS),  # "not less than": equal complies
        (22.9, 2.0, Status.VIOLATION),  # even moved 2 m apart it is too close
        (23.0, 2.0, Status.NEEDS_SURVEY),  # moved 2 m apart it would just comply
        (26.9, 2.0, Status.NEEDS_SURVEY),  # moved 2 m together it would not
        (27.0, 2.0, Status.MEETS),
    ],
)
def test_a_known_rule_of_25_m(measured_m: float, uncertainty_m: float, expected: Status) -> None:
    assert judge(measured_m, 25.0, 25.0, certain=True, uncertainty_m=uncertainty_m) == expected


@pytest.mark.parametrize(
    ("measured_m", "expected"),
    [(9.9, Status.UNDETERMINED), (24.9, Status.UNDETERMINED), (25.0, Status.MEETS)],
)
def test_a_rule_that_may_not_apply_never_breaks(measured_m: float, expected: Status) -> None:
    assert judge(measured_m, 25.0, 25.0, certain=False) == expected


@pytest.mark.parametrize(
    ("measured_m", "expected"),
    [
        (11.9, Status.VIOLATION),  # nearer than the smallest figure it can be
        (12.0, Status.UNDETERMINED),
        (24.9, Status.UNDETERMINED),
        (25.0, Status.MEETS),  # as far as the largest figure it can be
    ],
)
def test_a_figure_between_12_and_25_m(measured_m: float, expected: Status) -> None:
    assert judge(measured_m, 12.0, 25.0, certain=True) == expected


def test_an_allowance_is_subtracted_before_the_comparison() -> None:
    assert judge(104.9, 100.0, 100.0, certain=True, allowance_m=5.0) == Status.VIOLATION
    assert judge(105.0, 100.0, 100.0, certain=True, allowance_m=5.0) == Status.MEETS


def test_a_bare_point_needs_a_survey_as_far_as_the_thing_may_extend() -> None:
    assert judge(249.9, 100.0, 100.0, certain=True, unsized_m=150.0) == Status.NEEDS_SURVEY
    assert judge(250.0, 100.0, 100.0, certain=True, unsized_m=150.0) == Status.MEETS
    assert judge(99.9, 100.0, 100.0, certain=True, unsized_m=150.0) == Status.VIOLATION


@pytest.mark.parametrize("place", ["measured", "low", "high", "uncertainty"])
def test_nan_never_meets_and_never_breaks(place: str) -> None:
    value = {"measured": 10.0, "low": 25.0, "high": 25.0, "uncertainty": 0.0} | {place: np.nan}
    far = value | ({"measured": 1e6} if place != "measured" else {})
    for v in (value, far):
        status = judge(v["measured"], v["low"], v["high"], certain=True, uncertainty_m=v["uncertainty"])
        if place == "low" and v["measured"] == 1e6:
            assert status == Status.MEETS  # the largest figure is known and met: the unknown lower one cannot matter
        elif place == "high" and v["measured"] == 10.0:
            assert status == Status.VIOLATION  # nearer than the smallest figure, whatever the largest is
        else:
            assert status == Status.UNDETERMINED


@given(METRES, METRES, st.booleans(), METRES, METRES)
def test_moving_apart_never_makes_it_worse(
    measured_m: float, required_m: float, certain: bool, uncertainty_m: float, further_m: float
) -> None:
    options = {"certain": certain, "uncertainty_m": uncertainty_m}
    near, far = judge([measured_m, measured_m + further_m], required_m, required_m, **options)
    assert far <= near


@given(METRES, METRES, METRES, METRES)
def test_less_knowledge_never_turns_into_a_pass(
    measured_m: float, required_m: float, uncertainty_m: float, wider_m: float
) -> None:
    sure = judge(measured_m, required_m, required_m, certain=True, uncertainty_m=uncertainty_m)
    vague = judge(measured_m, required_m, required_m, certain=False, uncertainty_m=uncertainty_m)
    wide = judge(measured_m, required_m, required_m, certain=True, uncertainty_m=uncertainty_m + wider_m)
    if sure != Status.MEETS:
        assert vague != Status.MEETS
        assert wide != Status.MEETS
