"""How far one feature without a place must stay from every other, by every rule in force and in both directions.

A pair meets, breaks or leaves open a rule as its distance lies beyond, below or between two radii; this module turns
the judgement of `judgement.judge` round and gives these radii, which no longer depend on where the feature stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gisrisk import settings
from gisrisk.analysis.proximity import FARTHEST_REACH_M
from gisrisk.rules import RuleBook
from gisrisk.rules.conditions import TRUE
from gisrisk.rules.matching import match
from gisrisk.rules.measuring import MeasuringPoints
from gisrisk.rules.row_match import RowMatch
from gisrisk.rules.rule import Rule
from gisrisk.rules.subjects import Subjects

SURE, PROVISIONAL, OPEN = 0, 1, 2
"""Levels of a zone, weightiest first: a confirmed mandatory rule is broken for certain; some other rule is broken for
certain; a rule is not surely met (a field is missing, an approval is asked for, or a survey must decide)."""


@dataclass(frozen=True, slots=True, eq=False)
class Zones:
    """Of each feature and level the widest zone; arrays with one entry per zone, in order of feature and level.

    Attributes
    ----------
    feature : int64
        Position in `Subjects.geometry`.
    radius_m : float64
        Nearer than this the level holds, edge to edge on the ellipsoid [m].
    level : int8
    rule : int64
        Position in `rules`.
    rules : tuple of Rule
        Rules that set a zone, in the order of the book.
    missing : dict of rule id to fields
        Fields that would settle the rules which are open for want of one, as layer.attribute.
    not_evaluated : list of (id, reason in Chinese, in English)
    """

    feature: NDArray[np.int64]
    radius_m: NDArray[np.float64]
    level: NDArray[np.int8]
    rule: NDArray[np.int64]
    rules: tuple[Rule, ...]
    missing: dict[str, tuple[str, ...]]
    not_evaluated: list[tuple[str, str, str]]

    def __len__(self) -> int:
        return len(self.feature)


def zones_about(book: RuleBook, subjects: Subjects, feature: int, *, on: date) -> Zones:
    """The zones that every other feature forbids or leaves open to one feature.

    Parameters
    ----------
    book : RuleBook
    subjects : Subjects
        Of all features, the one in question included.
    feature : int
        Its position in `Subjects.geometry`; where it is drawn does not matter.
    on : date
        Day whose law applies.

    Notes
    -----
    A clause that holds only beyond some distance (its `beyond_m`) is taken to hold nearer as well: another clause of
    the document holds there, and the zone errs on the safe side.
    """
    found = match(book, subjects, on)
    points = MeasuringPoints(subjects)
    stated = pd.to_numeric(subjects.frame["position_uncertainty_m"], errors="coerce").to_numpy(dtype=np.float64)
    uncertainty = np.where(np.isnan(stated), settings.number("default_position_uncertainty_m"), stated)
    rules: list[Rule] = []
    missing: dict[str, tuple[str, ...]] = {}
    parts: list[pd.DataFrame] = []
    for row_match in found:
        zones = _zones_of(row_match, subjects, points, uncertainty, feature)
        if len(zones) == 0:
            continue
        if row_match.rule not in rules:
            rules.append(row_match.rule)
        parts.append(zones.assign(rule=len(rules) - 1))
        unknown = zones[zones["unknown"]]
        if len(unknown):
            first = unknown.iloc[0]
            fields = row_match.missing_fields(int(first["source"]), int(first["target"]))
            missing[row_match.rule.id] = tuple(sorted({*missing.get(row_match.rule.id, ()), *fields}))
    if not parts:
        nothing = np.empty(0, np.int64)
        return Zones(nothing, np.empty(0), nothing.astype(np.int8), nothing, (), {}, found.not_evaluated)
    rows = pd.concat(parts, ignore_index=True)
    rows = rows.sort_values(
        ["feature", "level", "radius_m", "rule"], ascending=[True, True, False, True], kind="stable"
    ).drop_duplicates(["feature", "level"])
    return Zones(
        rows["feature"].to_numpy(np.int64), rows["radius_m"].to_numpy(np.float64), rows["level"].to_numpy(np.int8),
        rows["rule"].to_numpy(np.int64), tuple(rules), missing, found.not_evaluated,
    )  # fmt: skip


def _zones_of(
    found: RowMatch, subjects: Subjects, points: MeasuringPoints, uncertainty: NDArray[np.float64], feature: int
) -> pd.DataFrame:
    """Zones of one rule: feature, level, radius, and whether a missing field keeps the rule open."""
    owner = subjects.frame["geometry_index"].to_numpy()
    of_source, of_target = owner[found.source_index], owner[found.target_index]
    ours, facing = np.flatnonzero(of_source == feature), np.flatnonzero(of_target == feature)
    i = np.concatenate([np.repeat(ours, len(of_target)), np.tile(np.arange(len(of_source)), len(facing))])
    j = np.concatenate([np.tile(np.arange(len(of_target)), len(ours)), np.repeat(facing, len(of_source))])
    if len(i) == 0:
        return pd.DataFrame()
    law = found.pairs(i, j)
    holds = law.truth > 0
    i, j = i[holds], j[holds]
    certain, provisional = law.truth[holds] == TRUE, law.provisional[holds]
    low, high = law.low_m[holds], law.high_m[holds]
    start = points.measure("measured_from", found.rule.measured_from, found.source_index)
    end = points.measure("measured_to", found.rule.measured_to, found.target_index)
    source, target = found.source_index[i], found.target_index[j]
    slack = uncertainty[source] + uncertainty[target]
    allowance = start.allowance_m[i] + end.allowance_m[j]
    outward = start.offset_m[i] + end.offset_m[j]
    other = np.where(of_source[i] == feature, of_target[j], of_source[i])

    # effective = max(distance - outward, 0) - allowance; it breaks below low - slack, and meets from high + slack on
    breaks = low - slack + allowance
    breaks = np.where(certain & (found.rule.type != "permit") & (breaks > 0), breaks + outward, 0.0)
    opens = high + slack + start.may_extend_m[i] + end.may_extend_m[j] + allowance
    opens = np.where(opens > 0, opens + outward, 0.0)
    opens = np.where(np.isfinite(opens), np.minimum(opens, FARTHEST_REACH_M), FARTHEST_REACH_M)
    level = np.where(provisional, PROVISIONAL, SURE if found.rule.mandatory else PROVISIONAL)
    rows = pd.DataFrame(
        {
            "feature": np.concatenate([other, other]),
            "level": np.concatenate([level, np.full(len(i), OPEN)]),
            "radius_m": np.concatenate([breaks, opens]),
            "unknown": np.concatenate([np.zeros(len(i), bool), ~certain | (low != high)]),
            "source": np.concatenate([source, source]),
            "target": np.concatenate([target, target]),
        }
    )
    widest: pd.DataFrame = rows[rows["radius_m"] > 0]
    return widest
