"""How far around a proposal data matter, layer by layer, and which layers it cannot be judged without."""

from __future__ import annotations

from datetime import date

from gisrisk.analysis.siting.assessing import Law
from gisrisk.analysis.siting.proposal import Proposal
from gisrisk.catalog import load_layers
from gisrisk.rules import RuleBook
from gisrisk.rules.subjects import build_subjects

EDGE_MARGIN_M = 300.0
"""Beyond the largest figure: half-widths of roads, bare points, bare river lines and uncertainty bring edges nearer."""


def layer_reach_m(proposal: Proposal, law: Law) -> dict[str, float]:
    """Largest distance at which a feature of each layer can matter to the proposal [m].

    Layers that no clause in force sets against the proposal are absent. Types are those of the proposed rows on their
    own; rows that may act as several types count with all of them.
    """
    frame = build_subjects(proposal.frames).frame
    reach: dict[str, float] = {}
    if len(frame):
        mine = {side: set(frame.loc[frame["side"] == side, "type"]) for side in ("source", "target")}
        reach = _by_distance(law.book, law.on, mine["source"], mine["target"])
    touched = set(proposal.frames)
    for predicate in law.predicates:
        if predicate.relation is None or not predicate.applies_on(law.on):
            continue
        sides = {s.layer for s in predicate.subject}, {s.layer for s in predicate.object}
        for here, there in (sides, sides[::-1]):
            if here & touched:
                for name in there:
                    reach[name] = max(reach.get(name, 0.0), predicate.distance_m or 0.0)
    return {name: metres for name, metres in reach.items() if name in load_layers()}


def _by_distance(book: RuleBook, on: date, sources: set[str], targets: set[str]) -> dict[str, float]:
    words = book.vocabulary
    reach: dict[str, float] = {}
    for rule in book.in_force(on):
        if not rule.demands_distance:
            continue
        logic = book.logic(rule)
        here = {t for entry in logic.sources for t in book.types_of(entry)}
        there = {t for entry in logic.targets for t in book.types_of(entry)}
        layers: set[str] = set()
        if here & sources:
            layers |= {words.target_types[t].layer for t in there if t in words.target_types}
        if there & targets:
            layers |= {words.facility_types[t].layer for t in here if t in words.facility_types}
            # A whole site stands in for parts nobody has entered.
            layers |= {"enterprise_site"} if "hazard_source" in layers else set()
        for name in layers:
            reach[name] = max(reach.get(name, 0.0), book.largest_m(rule, on))
    return reach
