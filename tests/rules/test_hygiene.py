"""GB/T 39499: the worked examples of the fact file, its rounding check values, and what the formula itself demands."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gisrisk.rules.hygiene import Emission, hygiene_data, hygiene_distance, level_of, next_level, right_side

EXAMPLES: list[dict[str, Any]] = hygiene_data()["worked_examples"]["examples"]


@pytest.mark.parametrize("example", EXAMPLES, ids=[e["name"] for e in EXAMPLES])
def test_worked_example(example: dict[str, Any]) -> None:
    """Computed by the compiler of the facts, by bisection, with its own program."""
    emissions = [
        Emission(substance=s["substance"], rate_kg_h=s["Qc_kg_h"], limit_mg_m3=s["Cm_mg_m3"])
        for s in example["substances"]
    ]
    said = hygiene_distance(
        emissions,
        area_m2=example["production_unit_area_m2"],
        mean_wind_m_s=example["mean_wind_m_s"],
        source_class=example["source_class"],
    )
    assert said.final_m == example["final_distance_m"]
    expected = {s["substance"]: s for s in example["substances"]}
    for one in said.substances:
        own = expected[one.substance]
        assert one.initial_m == pytest.approx(own["L_initial_m"], abs=0.01)
        assert one.level_m == own["level_m"]
        assert [metres for _, metres in one.tried] == pytest.approx([m for _, m in own["band_trials"]], abs=0.01)
        # put back into the formula by hand, with the coefficients printed in the example
        inner = own["B"] * one.initial_m ** own["C"] + 0.25 * example["equivalent_radius_m"] ** 2
        assert math.sqrt(inner) * one.initial_m ** own["D"] / own["A"] == pytest.approx(own["Qc_over_Cm"], rel=1e-4)


def test_rounding_check_values() -> None:
    for check in hygiene_data()["rounding"]["check_values"]:
        assert level_of(check["initial"]) == check["final"]
    # edges, from the text of the steps: 50 goes to 100, an exact step stays
    assert [level_of(m) for m in (0.0, 49.99, 50, 99.99, 100, 100.01, 1000, 1000.01)] == [
        50, 50, 100, 100, 100, 200, 1000, 1200,
    ]  # fmt: skip
    assert [next_level(m) for m in (50, 100, 900, 1000, 1200)] == [100, 200, 1000, 1200, 1400]


def test_what_is_missing_is_named_and_gives_no_distance() -> None:
    said = hygiene_distance(
        [Emission(substance="NH3", rate_kg_h=None, limit_mg_m3=0.2)],
        area_m2=None, mean_wind_m_s=2.0, source_class=None,
    )  # fmt: skip
    assert said.final_m is None
    assert said.missing == ("area_m2", "source_class", "NH3.rate_kg_h")
    assert hygiene_distance([], area_m2=1.0, mean_wind_m_s=2.0, source_class=1).missing == ("emissions",)


def test_the_distance_is_provisional_while_the_coefficients_are() -> None:
    said = hygiene_distance([], area_m2=1.0, mean_wind_m_s=2.0, source_class=1)
    assert said.review == "provisional"
    assert "GB/T 39499 coefficients not confirmed" in said.provisional_because


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"area_m2": 0.0}, "area_m2 is 0.0, expected a number > 0"),
        ({"mean_wind_m_s": -1.0}, "mean_wind_m_s is -1.0"),
        ({"area_m2": math.nan}, "area_m2 is nan"),
        ({"source_class": 4}, "source_class is 4, expected 1, 2 or 3"),
        ({"rate_kg_h": math.inf}, "X.rate_kg_h is inf"),
        ({"limit_mg_m3": 0.0}, "X.limit_mg_m3 is 0.0"),
    ],
)
def test_impossible_numbers_are_refused(change: dict[str, Any], reason: str) -> None:
    given_ = {"area_m2": 100.0, "mean_wind_m_s": 2.0, "source_class": 1, "rate_kg_h": 1.0, "limit_mg_m3": 1.0} | change
    emission = Emission(substance="X", rate_kg_h=given_.pop("rate_kg_h"), limit_mg_m3=given_.pop("limit_mg_m3"))
    with pytest.raises(ValueError, match=reason):
        hygiene_distance([emission], **given_)


@given(
    st.floats(0.001, 1000), st.floats(1, 50_000), st.floats(0, 10), st.sampled_from([1, 2, 3]), st.floats(1.001, 3),
)  # fmt: skip
def test_more_emission_never_needs_less(rate: float, area: float, wind: float, source_class: int, more: float) -> None:
    def final(kg_h: float) -> float:
        emission = Emission(substance="X", rate_kg_h=kg_h, limit_mg_m3=0.5)
        said = hygiene_distance([emission], area_m2=area, mean_wind_m_s=wind, source_class=source_class)
        assert said.final_m is not None and said.final_m >= said.substances[0].initial_m
        return said.final_m

    assert final(rate) <= final(rate * more)


def test_every_wind_and_class_has_coefficients_for_every_distance() -> None:
    for wind in (0.0, 1.99, 2.0, 4.0, 4.01, 30.0):
        for source_class in (1, 2, 3):
            said = hygiene_distance(
                [Emission(substance="X", rate_kg_h=1.0, limit_mg_m3=1.0)],
                area_m2=100.0, mean_wind_m_s=wind, source_class=source_class,
            )  # fmt: skip
            assert said.final_m is not None
    assert len(hygiene_data()["coefficients"]["rows"]) == 3 * 3 * 3
    row = hygiene_data()["coefficients"]["rows"][0]
    assert right_side(0.0, 10.0, row) == 0.0
