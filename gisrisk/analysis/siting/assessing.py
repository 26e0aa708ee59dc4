"""A proposal judged in both directions, and charged only with what it makes worse."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import geopandas as gpd
import pandas as pd

from gisrisk.analysis.separation import separation_findings
from gisrisk.analysis.siting.proposal import Key, Proposal
from gisrisk.analysis.siting.relations import RELATION_COLUMNS, relation_findings
from gisrisk.analysis.siting.verdict import Effect, Gap, effect_of, verdict_of, weighed
from gisrisk.analysis.siting.world import Frames, World, with_proposal
from gisrisk.geo import STORAGE_CRS
from gisrisk.rules import RuleBook
from gisrisk.rules.predicates import Predicate
from gisrisk.rules.subjects import build_subjects

NOTICEABLE_M = 0.05
"""A shortfall that grows by less than this is the same shortfall: half the stated accuracy of a distance [m]."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a proposal comes to in one world.

    Attributes
    ----------
    effect : Effect
        The verdict, gaps included.
    charged : GeoDataFrame
        Findings the proposal brings about or makes worse; the heaviest first. Columns of a distance finding,
        `overlap_m2`, `effect`, `condition_zh`, `condition_en`.
    existing : GeoDataFrame
        Findings of the same features that stood before and get no worse.
    not_evaluated : list of dict
        rule_id, reason_zh, reason_en.
    """

    effect: Effect
    charged: gpd.GeoDataFrame
    existing: gpd.GeoDataFrame
    not_evaluated: list[dict[str, str]]
    world: World
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True)
class Law:
    """Everything a proposal is held against on one day."""

    book: RuleBook
    predicates: tuple[Predicate, ...]
    on: date


def assess(proposal: Proposal, existing: Frames, law: Law, *, gaps: Sequence[Gap] = ()) -> Assessment:
    """Judge a proposal against existing rows.

    Parameters
    ----------
    proposal : Proposal
    existing : mapping of layer name to DataFrame
        Rows near it, as `Store.read` gives them.
    law : Law
    gaps : sequence of Gap
        What is not known about the surroundings as a whole; each keeps the verdict from being clear.

    Raises
    ------
    InputRefused
        The proposal refers to features that are neither proposed nor on record.
    """
    world = with_proposal(existing, proposal)
    after, not_evaluated = _findings(world.after, world, law, proposal.claims)
    before = _findings(world.before, world, law, frozenset())[0] if world.alters_existing else after.iloc[:0]
    worse = _worse(after, before)
    charged = weighed(after[worse].reset_index(drop=True))
    return Assessment(
        effect=verdict_of(charged, gaps),
        charged=charged,
        existing=weighed(after[~worse].reset_index(drop=True)),
        not_evaluated=not_evaluated,
        world=world,
        gaps=tuple(gaps),
    )


def _findings(
    frames: Frames, world: World, law: Law, claims: frozenset[str]
) -> tuple[gpd.GeoDataFrame, list[dict[str, str]]]:
    """Findings of touched features, distances and places together."""
    subjects = build_subjects(frames)
    apart = separation_findings(law.book, subjects, on=law.on, area=world.place)
    distances = apart.findings[_has_end(apart.findings, world.touched)].assign(overlap_m2=float("nan"))
    places = relation_findings(law.predicates, subjects, frames, world.touched, on=law.on, claims=claims)
    parts = [part for part in (distances, places) if len(part)]
    if not parts:
        empty = gpd.GeoDataFrame({n: [] for n in RELATION_COLUMNS}, geometry="geometry", crs=STORAGE_CRS)
        return empty, [*apart.not_evaluated, *_unanswered(law)]
    columns = {n: [v for part in parts for v in part[n]] for n in RELATION_COLUMNS}
    shapes = columns.pop("geometry")
    together = gpd.GeoDataFrame(columns, geometry=shapes, crs=STORAGE_CRS)[RELATION_COLUMNS]
    return together, [*apart.not_evaluated, *_unanswered(law)]


def _unanswered(law: Law) -> list[dict[str, str]]:
    return [
        {"rule_id": p.id, "reason_zh": p.not_evaluated["zh"], "reason_en": p.not_evaluated["en"]}
        for p in law.predicates
        if p.not_evaluated is not None and p.applies_on(law.on)
    ]


def _has_end(findings: pd.DataFrame, keys: frozenset[Key]) -> Any:
    return [
        (a, str(b)) in keys or (c, str(d)) in keys
        for a, b, c, d in zip(
            findings["source_layer"], findings["source_code"], findings["target_layer"], findings["target_code"],
            strict=True,
        )
    ]  # fmt: skip


def _worse(after: pd.DataFrame, before: pd.DataFrame) -> Any:
    """Which findings are new or weigh more than before."""
    then = {key: weight for key, weight in _weights(before)}
    out = []
    for key, weight in _weights(after):
        old = then.get(key)
        out.append(old is None or weight[0] > old[0] or (weight[0] == old[0] and weight[1] > old[1] + NOTICEABLE_M))
    return pd.Series(out, dtype=bool, index=after.index)


def _weights(findings: pd.DataFrame) -> Iterable[tuple[Any, tuple[tuple[int, int], float]]]:
    """Key and weight of each finding; a clause between two sources is the same from either side."""
    status = {"undetermined": 1, "needs_survey": 2, "violation": 3}
    for row in findings.to_dict("records"):
        ends = (row["source_layer"], str(row["source_code"])), (row["target_layer"], str(row["target_code"]))
        if ends[0][0] == ends[1][0] == "hazard_source":
            ends = (min(ends), max(ends))
        shortfall = row["shortfall_m"]
        if shortfall is None or pd.isna(shortfall):
            shortfall = row["overlap_m2"] ** 0.5 if row["overlap_m2"] and not pd.isna(row["overlap_m2"]) else 0.0
        key = (*ends, row["document_no"], row["clause"])
        yield key, ((int(effect_of(row)), status.get(row["status"], 0)), float(shortfall))
