"""How far around a proposal data matter, layer by layer, and which layers it cannot be judged without."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import pandas as pd

from gisrisk import settings
from gisrisk.analysis.siting.assessing import Law
from gisrisk.analysis.siting.proposal import Proposal
from gisrisk.catalog import load_layers
from gisrisk.rules import RuleBook
from gisrisk.rules.rule import Rule
from gisrisk.rules.subjects import build_subjects

POORLY_KNOWN_M = 100.0
"""Positional uncertainty up to which existing features are read in full [m]; survey and imagery are far better."""
NEAR_M = 400.0
"""Protected targets that only matter beyond this (lakes by the Yangtze rule) are read by their type [m]."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Distances at which existing features can matter to a proposal.

    Attributes
    ----------
    figure_m : dict of layer name to float
        The largest figure of any clause that sets the layer against the proposal [m]. Other layers are absent.
    read_m : dict of layer name to float
        How far rows must be read: the figure and everything that brings an edge nearer than it is drawn [m].
    far_target_m : dict of target type to float
        Protected targets that matter farther than `NEAR_M`, and how far; `read_m` speaks of all others.
    """

    figure_m: dict[str, float]
    read_m: dict[str, float]
    far_target_m: dict[str, float]


def reach_of(proposal: Proposal, law: Law) -> Reach:
    """How far each layer matters to the proposal.

    Types are those of the proposed rows on their own; rows that may act as several types count with all of them.
    """
    frame = build_subjects(proposal.frames).frame
    stated = pd.to_numeric(frame["position_uncertainty_m"], errors="coerce") if len(frame) else pd.Series(dtype=float)
    own_m = max(float(stated.max()) if stated.notna().any() else 0.0, settings.number("default_position_uncertainty_m"))
    reach = _Collected(law.book, own_m + POORLY_KNOWN_M)
    if len(frame):
        mine = {side: set(frame.loc[frame["side"] == side, "type"]) for side in ("source", "target")}
        reach.by_distance(law.on, mine["source"], mine["target"])
    touched = set(proposal.frames)
    for predicate in law.predicates:
        if predicate.relation is None or not predicate.applies_on(law.on):
            continue
        sides = {s.layer for s in predicate.subject}, {s.layer for s in predicate.object}
        for here, there in (sides, sides[::-1]):
            if here & touched:
                for name in there:
                    reach.add(name, (), predicate.distance_m or 0.0, 0.0)
    return reach.result()


class _Collected:
    """Figures by layer and by target type while they are collected."""

    def __init__(self, book: RuleBook, uncertainty_m: float) -> None:
        table = book.vocabulary.measuring_points
        self.book = book
        widest_half_m = max(float(m) for m in table["half_width_m"].values() if not isinstance(m, bool))
        self.margin_m = 2 * float(table["unsized_point_may_extend_m"]["value"]) + widest_half_m + uncertainty_m
        self.river_m = float(table["river_centreline_may_extend_m"]["value"])
        self.shores = _shore_points(table)
        self.figure: dict[str, float] = {}
        self.read: dict[str, float] = {}
        self.targets: dict[str, float] = {}

    def add(self, layer: str, types: Iterable[str], figure_m: float, more_m: float) -> None:
        self.figure[layer] = max(self.figure.get(layer, 0.0), figure_m)
        whole = figure_m + self.margin_m + more_m
        if layer == "protected_target" and types and figure_m > NEAR_M:
            for name in types:
                self.targets[name] = max(self.targets.get(name, 0.0), whole)
            return
        self.read[layer] = max(self.read.get(layer, 0.0), whole)

    def by_distance(self, on: date, sources: set[str], targets: set[str]) -> None:
        words = self.book.vocabulary
        for rule in self.book.in_force(on):
            if not rule.demands_distance:
                continue
            logic = self.book.logic(rule)
            here = {t for entry in logic.sources for t in self.book.types_of(entry)}
            there = {t for entry in logic.targets for t in self.book.types_of(entry)}
            figure_m, more_m = self.book.largest_m(rule, on), self._more_m(rule)
            if here & sources:
                for name in {words.target_types[t].layer for t in there if t in words.target_types}:
                    of_layer = [t for t in there if t in words.target_types and words.target_types[t].layer == name]
                    self.add(name, of_layer, figure_m, more_m)
            if there & targets:
                layers = {words.facility_types[t].layer for t in here if t in words.facility_types}
                # A whole site stands in for parts nobody has entered.
                for name in layers | ({"enterprise_site"} if "hazard_source" in layers else set()):
                    self.add(name, (), figure_m, more_m)

    def _more_m(self, rule: Rule) -> float:
        """A river known by its centre line alone may reach much nearer."""
        return self.river_m if {rule.measured_from, rule.measured_to} & self.shores else 0.0

    def result(self) -> Reach:
        known = load_layers()
        read = dict(self.read)
        if self.targets:
            read.setdefault("protected_target", self.margin_m)
        return Reach(
            {name: metres for name, metres in self.figure.items() if name in known},
            {name: metres for name, metres in read.items() if name in known},
            {name: metres for name, metres in self.targets.items() if metres > read.get("protected_target", 0.0)},
        )


def _shore_points(table: dict[str, object]) -> set[str]:
    """Measuring points that are a shoreline, or may be resolved to one."""
    points: list[dict[str, object]] = [*table["measured_from"], *table["measured_to"]]  # type: ignore[misc]
    shores = {str(p["code"]) for p in points if p.get("method") == "shoreline"}
    for point in points:
        uses = {str(line["use"]) for line in point.get("resolve", ())}  # type: ignore[attr-defined]
        if uses & shores:
            shores.add(str(point["code"]))
    return shores
