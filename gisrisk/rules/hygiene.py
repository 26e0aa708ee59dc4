"""Hygiene protective distance of fugitive emissions (GB/T 39499-2020), solved from `data/rules/gbt39499_2020.yaml`.

Qc/Cm = (1/A) (B L^C + 0.25 r^2)^0.5 L^D gives the initial distance L; steps make it the final one. No coefficient, band
or step stands here. What is missing gives no distance and is named.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from gisrisk.catalog.strict_yaml import read_yaml
from gisrisk.errors import RuleDataError
from gisrisk.paths import shipped

_ORDER = {
    "lt": lambda value, bound: value < bound,
    "le": lambda value, bound: value <= bound,
    "gt": lambda value, bound: value > bound,
    "ge": lambda value, bound: value >= bound,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Emission:
    """One substance that a production unit gives off without a stack.

    Attributes
    ----------
    rate_kg_h : float or None
        Fugitive emission the plant can be held to (Qc).
    limit_mg_m3 : float or None
        One-hour ambient limit (Cm).
    """

    substance: str
    rate_kg_h: float | None
    limit_mg_m3: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InitialDistance:
    """Result for one substance: Qc/Cm, the initial distance, the step it falls on, and each band that was tried [m]."""

    substance: str
    ratio: float
    initial_m: float
    level_m: float
    tried: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HygieneDistance:
    """Hygiene distance of one production unit, from its boundary to that of the sensitive area.

    Attributes
    ----------
    final_m : float or None
        None where something is missing.
    missing : tuple of str
        Inputs whose absence leaves it open.
    substances : tuple of InitialDistance
        Those that decide: the largest Qc/Cm, and the second when it is near.
    review : str
        provisional: the coefficients were not seen in the text of the standard.
    provisional_because : tuple of str
    """

    final_m: float | None
    missing: tuple[str, ...]
    substances: tuple[InitialDistance, ...]
    review: str
    provisional_because: tuple[str, ...]


@lru_cache(maxsize=1)
def hygiene_data() -> dict[str, Any]:
    """The data file of the standard."""
    content: dict[str, Any] = read_yaml(shipped("data", "rules", "gbt39499_2020.yaml"), error=RuleDataError)
    return content


def hygiene_distance(
    emissions: Sequence[Emission], *, area_m2: float | None, mean_wind_m_s: float | None, source_class: int | None
) -> HygieneDistance:
    """Hygiene protective distance of one production unit.

    Parameters
    ----------
    emissions : sequence of Emission
    area_m2 : float or None
        Ground area of the production unit.
    mean_wind_m_s : float or None
        Mean wind of five years.
    source_class : int or None
        1, 2 or 3: how a stack of the same substance stands beside the fugitive source (`source_classes` of the data).

    Raises
    ------
    ValueError
        A number is negative, NaN or infinite, a limit or an area is 0, or the class is none of 1, 2, 3.
    """
    data = hygiene_data()
    doubts = _doubts(data)
    missing = [
        name
        for name, value in (("area_m2", area_m2), ("mean_wind_m_s", mean_wind_m_s), ("source_class", source_class))
        if value is None
    ]
    missing += [
        f"{e.substance}.{name}"
        for e in emissions
        for name, value in (("rate_kg_h", e.rate_kg_h), ("limit_mg_m3", e.limit_mg_m3))
        if value is None
    ]
    if not emissions:
        missing.append("emissions")
    if missing or area_m2 is None or mean_wind_m_s is None or source_class is None:
        return HygieneDistance(
            final_m=None, missing=tuple(missing), substances=(), review=_review(doubts), provisional_because=doubts
        )
    _refuse("area_m2", area_m2, zero=False)
    _refuse("mean_wind_m_s", mean_wind_m_s, zero=True)
    if source_class not in {row["source_class"] for row in data["coefficients"]["rows"]}:
        raise ValueError(f"source_class is {source_class}, expected 1, 2 or 3.")
    radius_m = math.sqrt(area_m2 / math.pi)
    bands = [
        row
        for row in data["coefficients"]["rows"]
        if row["source_class"] == source_class and _within(mean_wind_m_s, row["mean_wind_m_s"])
    ]
    found = [_initial(one, ratio, bands, radius_m) for one, ratio in _deciding(emissions, data)]
    return HygieneDistance(
        final_m=_final([one.level_m for one in found]),
        missing=(),
        substances=tuple(found),
        review=_review(doubts),
        provisional_because=doubts,
    )


def right_side(distance_m: float, radius_m: float, row: Mapping[str, float]) -> float:
    """Right side of the formula at a distance, which rises with it."""
    inner = row["B"] * distance_m ** row["C"] + 0.25 * radius_m**2
    return float(math.sqrt(inner) * distance_m ** row["D"] / row["A"])


def level_of(initial_m: float) -> float:
    """The step an initial distance falls on [m]."""
    for level in hygiene_data()["rounding"]["levels"]:
        if _within(initial_m, level["initial_m"]):
            if "level_m" in level:
                return float(level["level_m"])
            steps = math.ceil((initial_m - level["from_m"]) / level["step_m"])
            return float(level["from_m"] + steps * level["step_m"])
    raise ValueError(f"{initial_m} m lies on no step")


def next_level(level_m: float) -> float:
    """The step above a step [m]."""
    return level_of(math.nextafter(level_m, math.inf))


def _deciding(emissions: Sequence[Emission], data: Mapping[str, Any]) -> list[tuple[Emission, float]]:
    """The substance with the largest Qc/Cm, and the second largest when it is near to it."""
    ratios = []
    for one in emissions:
        assert one.rate_kg_h is not None and one.limit_mg_m3 is not None
        _refuse(f"{one.substance}.rate_kg_h", one.rate_kg_h, zero=True)
        _refuse(f"{one.substance}.limit_mg_m3", one.limit_mg_m3, zero=False)
        ratios.append((one, one.rate_kg_h / one.limit_mg_m3))
    ratios.sort(key=lambda pair: (-pair[1], pair[0].substance))
    share = data["substance_selection"]["near_largest_share"]
    near = len(ratios) > 1 and ratios[1][1] >= ratios[0][1] * (1 - share)
    return ratios[: 2 if near else 1]


def _initial(one: Emission, ratio: float, bands: Sequence[Mapping[str, Any]], radius_m: float) -> InitialDistance:
    """Bands from near to far until a result lies in its own band; none does at an edge: the largest result."""
    tried: list[tuple[str, float]] = []
    initial_m = None
    for row in bands:
        at = _solve(ratio, radius_m, row)
        tried.append((" ".join(f"{test} {bound:g}" for test, bound in row["distance_m"].items()), at))
        if _within(at, row["distance_m"]):
            initial_m = at
            break
    if initial_m is None:
        initial_m = max(at for _, at in tried)
    return InitialDistance(
        substance=one.substance, ratio=ratio, initial_m=initial_m, level_m=level_of(initial_m), tried=tuple(tried)
    )


def _solve(ratio: float, radius_m: float, row: Mapping[str, float]) -> float:
    """The only distance at which the right side equals the ratio, by bisection [m]."""
    low, high = 0.0, 1.0
    while right_side(high, radius_m, row) < ratio:
        high *= 2
    while (middle := (low + high) / 2) not in (low, high):
        low, high = (middle, high) if right_side(middle, radius_m, row) < ratio else (low, middle)
    return high


def _final(levels: Sequence[float]) -> float:
    """The largest step; one more when two substances share it."""
    largest = max(levels)
    return next_level(largest) if list(levels).count(largest) > 1 else largest


def _doubts(data: Mapping[str, Any]) -> tuple[str, ...]:
    parts = ("coefficients", "substance_selection", "multi_substance")
    return tuple(f"GB/T 39499 {part} not confirmed" for part in parts if not data[part]["confirmed"])


def _review(doubts: Sequence[str]) -> str:
    return "provisional" if doubts else "confirmed"


def _within(value: float, band: Mapping[str, float]) -> bool:
    return all(_ORDER[test](value, bound) for test, bound in band.items())


def _refuse(name: str, value: float, *, zero: bool) -> None:
    if not math.isfinite(value) or value < 0 or (value == 0 and not zero):
        raise ValueError(f"{name} is {value}, expected a number {'>= 0' if zero else '> 0'}.")
