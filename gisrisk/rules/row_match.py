"""One rule with the rows it holds for on each side, and what it then says about any pair of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gisrisk.rules.conditions import FALSE, TRUE, UNKNOWN, Truth
from gisrisk.rules.explaining import Explanation
from gisrisk.rules.rule import Modifier, Review, Rule
from gisrisk.rules.subjects import Subjects, site_relation_truth

Rows = NDArray[np.int64]
Numbers = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class SideMatch:
    """Rows of one side that a rule holds for, or may hold for.

    `rows` are in order; `truth` is 1 (unknown) or 2; `doubtful` marks rows that match only through something
    unconfirmed: a class, a mapping line, a derived attribute. `factor` multiplies the figure (sources only).
    """

    rows: Rows
    truth: Truth
    doubtful: Mask
    factor: Numbers


@dataclass(frozen=True, slots=True, eq=False)
class PairCondition:
    """A condition with a part on each side, as truth over the rows of a match; the pair's truth is the smaller."""

    rule: Rule
    source: Truth
    target: Truth

    def truth(self, i: Rows, j: Rows) -> Truth:
        return np.minimum(self.source[i], self.target[j])


@dataclass(frozen=True, slots=True, eq=False)
class PairRule:
    """What a rule says about given pairs; arrays with one entry per pair.

    Attributes
    ----------
    truth : int8
        0 the rule does not hold, 1 unknown, 2 it holds.
    required_m : float
        The figure to show and to compare with [m]; NaN where it rests on a missing attribute.
    low_m, high_m : float
        The figure lies between them whatever is missing: nearer than `low_m` surely breaks the rule (where truth is
        2), at `high_m` or more surely meets it.
    provisional : bool
        The finding can veto nothing: the rule, or something this pair rests on, is not confirmed.
    """

    truth: Truth
    required_m: Numbers
    low_m: Numbers
    high_m: Numbers
    provisional: Mask


@dataclass(frozen=True, kw_only=True, eq=False)
class RowMatch:
    """One rule with the rows it holds for.

    Attributes
    ----------
    source_index, target_index : int64 arrays
        Rows of `Subjects.frame`.
    source_truth, target_truth : int8 arrays
        1 unknown, 2 true; rows that are false are left out.
    required_m, low_m, high_m : float arrays over the targets
        Before mapping factors and modifiers; see `PairRule`.
    scale : three float arrays over the sources
        What the source does to the figure, as (required, low, high): its mapping factor, and the multiple or the power
        of its own attribute that the rule may ask for.
    reach_m : float
        No pair farther apart than this can matter to the rule [m].
    beyond_m : float or None
        Pairs no farther apart than this do not fall under the rule (another clause holds there).
    """

    rule: Rule
    subjects: Subjects
    source: SideMatch
    target: SideMatch
    required_m: Numbers
    low_m: Numbers
    high_m: Numbers
    scale: tuple[Numbers, Numbers, Numbers]
    beyond_m: float | None
    context_source: Truth
    context_target: Truth
    same_condition: PairCondition | None
    exceptions: tuple[PairCondition, ...]
    modifiers: tuple[PairCondition, ...]
    explain: Explanation
    outside_site_only: bool

    @property
    def source_index(self) -> Rows:
        return self.source.rows

    @property
    def source_truth(self) -> Truth:
        return self.source.truth

    @property
    def target_index(self) -> Rows:
        return self.target.rows

    @property
    def target_truth(self) -> Truth:
        return self.target.truth

    @property
    def review(self) -> Review:
        """Of the rule itself; single pairs can be provisional beyond it."""
        return self.rule.review

    @property
    def reach_m(self) -> float:
        highest = float(self.high_m.max(initial=0.0)) * float(self.scale[2].max(initial=0.0))
        for modifier in self.modifiers:
            change = _modifier(modifier)
            highest = max(highest, highest * change.factor, change.floor_m or 0.0)
        return highest

    def pairs(self, i: Rows, j: Rows) -> PairRule:
        """What the rule says about pairs.

        Parameters
        ----------
        i, j : int arrays of one length
            Positions in `source_index` and in `target_index`.
        """
        frame = self.subjects.frame
        source, target = self.source.rows[i], self.target.rows[j]
        truth = np.minimum(self.source.truth[i], self.target.truth[j])
        context = np.where(self.context_source[i] == UNKNOWN, self.context_target[j], self.context_source[i])
        truth = np.minimum(truth, context)
        site, relation = frame["site_code"].to_numpy(dtype=object), frame["site_relation"].to_numpy(dtype=object)
        if (relation[target] != "").any():
            layer = frame["layer"].to_numpy(dtype=object)[source]
            truth = np.minimum(truth, site_relation_truth(site[source], layer, site[target], relation[target]))
        if self.outside_site_only:
            stands_in = frame["stands_in_site"].to_numpy(dtype=object)[target]
            own = np.asarray(site[source] == stands_in, dtype=bool) & ~np.asarray(pd.isna(stands_in), dtype=bool)
            truth = np.where(own, FALSE, truth)
        feature = frame["geometry_index"].to_numpy()
        truth = np.where(feature[source] == feature[target], FALSE, truth)
        if self.same_condition is not None:
            truth = np.minimum(truth, self.same_condition.truth(i, j))
        for exception in self.exceptions:
            truth = np.minimum(truth, TRUE - exception.truth(i, j))
        figures = (self.required_m, self.low_m, self.high_m)
        required, low, high = (values[j] * by[i] for values, by in zip(figures, self.scale, strict=True))
        provisional = self.source.doubtful[i] | self.target.doubtful[j] | (self.rule.review == "provisional")
        for modifier in self.modifiers:
            required, low, high = _modified(modifier, modifier.truth(i, j), required, low, high)
            touched = modifier.truth(i, j) != FALSE
            provisional = provisional | (touched & (modifier.rule.review == "provisional"))
        return PairRule(truth.astype(np.int8), required, low, high, provisional)

    def missing_fields(self, source_row: int, target_row: int) -> tuple[str, ...]:
        """Fields whose absence keeps the rule open for a pair, as layer.attribute; rows of `Subjects.frame`."""
        return self.explain.missing(self, source_row, target_row)

    def assumed_fields(self, source_row: int, target_row: int) -> tuple[str, ...]:
        """Fields of a pair that the rule uses and nobody entered, as layer.attribute."""
        return self.explain.assumed(self, source_row, target_row)

    def provisional_because(self, source_row: int, target_row: int) -> tuple[str, ...]:
        """Why a finding of this pair is provisional; empty when it is confirmed."""
        return self.explain.doubts(self, source_row, target_row)


@dataclass(frozen=True, eq=False)
class Matches:
    """Every rule that can be evaluated, with its rows, and every rule that cannot, with the reason."""

    matches: list[RowMatch]
    not_evaluated: list[tuple[str, str, str]]
    """(rule id, or document number for a gap in a document; reason in Chinese; reason in English)."""

    def __iter__(self) -> Iterator[RowMatch]:
        return iter(self.matches)

    def __len__(self) -> int:
        return len(self.matches)


def _modifier(condition: PairCondition) -> Modifier:
    change = condition.rule.modifies
    if change is None:
        raise TypeError(f"{condition.rule.id} modifies nothing")
    return change


def _modified(
    condition: PairCondition, truth: Truth, required: Numbers, low: Numbers, high: Numbers
) -> tuple[Numbers, Numbers, Numbers]:
    """The figure after a modifier; where it is unknown whether the modifier holds, both outcomes bound the figure."""
    change = _modifier(condition)

    def after(values: Numbers) -> Numbers:
        return np.maximum(values * change.factor, change.floor_m or 0.0)

    holds, open_ = truth == TRUE, truth == UNKNOWN
    return (
        np.where(holds, after(required), np.where(open_, np.nan, required)),
        np.where(holds, after(low), np.where(open_, np.minimum(low, after(low)), low)),
        np.where(holds, after(high), np.where(open_, np.maximum(high, after(high)), high)),
    )
