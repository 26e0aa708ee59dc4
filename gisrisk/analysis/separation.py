"""Protective distances: every (source, target, clause) that is too close, or cannot yet be decided.

Rules say which rows they hold for (`rules.matching`), the proximity engine says what is near (`proximity`), the
measuring points say what the drawn geometry stands for (`rules.measuring`), and `judgement` decides. Here these meet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gisrisk import settings
from gisrisk.analysis.judgement import Status, judge
from gisrisk.analysis.proximity import Pairs, pairs_within
from gisrisk.chinatime import day_of
from gisrisk.geo import STORAGE_CRS
from gisrisk.rules import RuleBook
from gisrisk.rules.matching import match
from gisrisk.rules.measuring import Measure, MeasuringPoints
from gisrisk.rules.row_match import RowMatch
from gisrisk.rules.subjects import Subjects

COLUMNS = [
    "finding_no", "rule_id", "document", "document_no", "clause", "title_zh", "rule_type", "review", "mandatory",
    "source_layer", "source_code", "source_name", "target_layer", "target_code", "target_name", "required_m",
    "measured_m", "shortfall_m", "status", "missing", "assumed", "measured_from", "measured_to", "substitutes",
    "uncertainty_m", "people", "since", "geometry",
]  # fmt: skip

# A permit rule asks for an approval within its distance; whether one was given is on no layer yet.
APPROVAL = "approval"
# Distances between lines are meant for lines that run beside each other; where they cross, other clauses hold.
CROSSING = "crossing"
_LINE = ("lon1", "lat1", "lon2", "lat2")  # the shortest line of a pair, from source to target
# Searches are grouped so that one far-reaching rule (3 km from the Yangtze) does not widen all others.
_REACH_STEPS_M = (60.0, 150.0, 400.0, 1200.0, 4000.0)


@dataclass(frozen=True, slots=True)
class Separation:
    """Findings (columns `COLUMNS`, EPSG:4490) and the rules in force that could not be evaluated, with the reason."""

    findings: gpd.GeoDataFrame
    not_evaluated: list[dict[str, str]]


def separation_findings(
    book: RuleBook, subjects: Subjects, *, on: date, area: BaseGeometry | None = None
) -> Separation:
    """Judge every pair that any rule in force on a day can reach.

    Parameters
    ----------
    book : RuleBook
    subjects : Subjects
        From `rules.subjects.build_subjects`.
    on : date
        Day whose law applies.
    area : shapely geometry, optional
        Only pairs of which an end touches it (EPSG:4490).

    Returns
    -------
    Separation
        One finding per (source, target, clause): the strictest row of the clause that fails. Pairs that meet their
        distance are left out. Between two hazard sources a clause is reported once, not once from each side.
    """
    found = match(book, subjects, on)
    points, uncertainty = MeasuringPoints(subjects), _Uncertainty.of(subjects)
    touches = None if area is None else shapely.intersects(area, subjects.geometry)
    matches = [_Measured.of(m, points, uncertainty) for m in found]
    parts: list[pd.DataFrame] = []
    for numbers, near in _near_pairs(matches, subjects):
        for number in numbers:
            rows = _judged(matches[number], near, uncertainty)
            if touches is not None and len(rows):
                feature = subjects.frame["geometry_index"].to_numpy()
                rows = rows[touches[feature[rows["source"]]] | touches[feature[rows["target"]]]]
            if len(rows):
                parts.append(rows.assign(match=number))
    rules = [m.found for m in matches]
    chosen = _one_per_clause(pd.concat(parts, ignore_index=True), rules, subjects) if parts else None
    findings = _as_findings(chosen, rules, subjects, on)
    return Separation(findings, [{"rule_id": r, "reason_zh": zh, "reason_en": en} for r, zh, en in found.not_evaluated])


# --- which pairs are near enough to matter ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Near:
    """Pairs of features within reach; `source` and `target` are feature numbers (`Subjects.geometry`)."""

    pairs: Pairs
    source: NDArray[np.int64]
    target: NDArray[np.int64]


def _near_pairs(matches: Sequence[_Measured], subjects: Subjects) -> Iterator[tuple[list[int], _Near]]:
    """Matches in groups of similar reach, each with its near pairs."""
    feature = subjects.frame["geometry_index"].to_numpy()
    step = np.searchsorted(_REACH_STEPS_M, [m.farthest_m for m in matches])
    for number in np.unique(step):
        group: list[int] = np.flatnonzero(step == number).tolist()
        source_reach = np.zeros(len(subjects.geometry))
        is_target = np.zeros(len(subjects.geometry), dtype=bool)
        for k in group:
            np.maximum.at(source_reach, feature[matches[k].found.source_index], matches[k].reach_m)
            is_target[feature[matches[k].found.target_index]] = True
        sources, targets = np.flatnonzero(source_reach > 0), np.flatnonzero(is_target)
        if len(sources) == 0 or len(targets) == 0:
            continue
        pairs = pairs_within(subjects.geometry[sources], subjects.geometry[targets], source_reach[sources])
        yield group, _Near(pairs, sources[pairs.i], targets[pairs.j])


def _joined(feature_of_pair: NDArray[np.int64], feature_of_row: NDArray[np.int64]) -> tuple[Any, Any]:
    """All (pair, row position) with equal feature; a feature may act in several rows of one match."""
    order = np.argsort(feature_of_row, kind="stable")
    ordered = feature_of_row[order]
    first, last = np.searchsorted(ordered, feature_of_pair, "left"), np.searchsorted(ordered, feature_of_pair, "right")
    count = last - first
    pair = np.repeat(np.arange(len(feature_of_pair)), count)
    inside = np.arange(len(pair)) - np.repeat(np.cumsum(count) - count, count)
    return pair, order[np.repeat(first, count) + inside]


# --- one rule against its near pairs ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Uncertainty:
    """Positional uncertainty of each row [m] and whether it was assumed for want of a stated one."""

    metres: NDArray[np.float64]
    assumed: NDArray[np.bool_]

    @classmethod
    def of(cls, subjects: Subjects) -> _Uncertainty:
        stated = pd.to_numeric(subjects.frame["position_uncertainty_m"], errors="coerce").to_numpy(dtype=np.float64)
        unknown = np.isnan(stated)
        return cls(np.where(unknown, settings.number("default_position_uncertainty_m"), stated), unknown)


@dataclass(frozen=True, slots=True)
class _Measured:
    """A match with how its two ends lie on their rows.

    `reach_m` says for each source row how far its geometry as drawn can be from any target of the match and still not
    surely meet the rule; no pair beyond it needs to be looked at.
    """

    found: RowMatch
    start: Measure
    end: Measure
    reach_m: NDArray[np.float64]

    @classmethod
    def of(cls, found: RowMatch, points: MeasuringPoints, uncertainty: _Uncertainty) -> _Measured:
        start = points.measure("measured_from", found.rule.measured_from, found.source_index)
        end = points.measure("measured_to", found.rule.measured_to, found.target_index)
        here = _widening(start) + uncertainty.metres[found.source_index]
        there = (_widening(end) + uncertainty.metres[found.target_index]).max(initial=0.0)
        return cls(found, start, end, found.reach_m + here + there)

    @property
    def farthest_m(self) -> float:
        return float(self.reach_m.max(initial=0.0))


def _widening(end: Measure) -> NDArray[np.float64]:
    """How much nearer than the geometry as drawn the edge may have to be taken [m]."""
    return end.offset_m + end.allowance_m + end.may_extend_m


def _judged(measured_match: _Measured, near: _Near, uncertainty: _Uncertainty) -> pd.DataFrame:
    """Pairs that do not surely meet the rule, as a frame of numbers."""
    found, start, end = measured_match.found, measured_match.start, measured_match.end
    feature = found.subjects.frame["geometry_index"].to_numpy()
    close = np.flatnonzero(near.pairs.distance_m <= measured_match.farthest_m)
    pair, i = _joined(near.source[close], feature[found.source_index])
    again, j = _joined(near.target[close[pair]], feature[found.target_index])
    pair, i = close[pair[again]], i[again]
    law = found.pairs(i, j)
    holds = law.truth > 0
    pair, i, j = pair[holds], i[holds], j[holds]
    truth, required, low, high = (v[holds] for v in (law.truth, law.required_m, law.low_m, law.high_m))
    measured = np.maximum(near.pairs.distance_m[pair] - start.offset_m[i] - end.offset_m[j], 0.0)
    source, target = found.source_index[i], found.target_index[j]
    slack = uncertainty.metres[source] + uncertainty.metres[target]
    allowance = start.allowance_m[i] + end.allowance_m[j]
    status = judge(
        measured, low, high, certain=truth == 2, allowance_m=allowance, uncertainty_m=slack,
        unsized_m=start.may_extend_m[i] + end.may_extend_m[j],
    )  # fmt: skip
    dimension = shapely.get_dimensions(found.subjects.geometry)[feature]
    crossing = (dimension[source] == 1) & (dimension[target] == 1) & (near.pairs.distance_m[pair] == 0)
    status = np.where(
        crossing | (found.rule.type == "permit"), np.minimum(status, np.int8(Status.UNDETERMINED)), status
    )
    if found.beyond_m is not None:
        status = np.where(measured > found.beyond_m, status, np.int8(Status.MEETS))
    keep = status != Status.MEETS
    rows = pd.DataFrame(
        {
            "pair": pair, "source": source, "target": target, "status": status, "required_m": required, "low_m": low,
            "high_m": high, "measured_m": measured, "allowance_m": allowance, "uncertainty_m": slack,
            "provisional": law.provisional[holds],
            "uncertainty_assumed": uncertainty.assumed[source] | uncertainty.assumed[target],
            "crossing": crossing, "from_mark": start.mark[i], "to_mark": end.mark[j],
            **{name: getattr(near.pairs, name)[pair] for name in _LINE},
        }
    )  # fmt: skip
    failing: pd.DataFrame = rows[keep]
    return failing


# --- one finding per clause ---------------------------------------------------------------------------------------


def _one_per_clause(rows: pd.DataFrame, matches: Sequence[RowMatch], subjects: Subjects) -> pd.DataFrame:
    """The heaviest, then strictest row of each (source, target, clause), with every field that keeps it open."""
    frame = subjects.frame
    feature, layer = frame["geometry_index"].to_numpy(), frame["layer"].to_numpy()
    rules = [m.rule for m in matches]
    rows["clause"] = [f"{rules[k].instrument}\n{rules[k].clause}" for k in rows["match"]]
    a, b = feature[rows["source"].to_numpy()], feature[rows["target"].to_numpy()]
    mutual = (layer[rows["source"]] == "hazard_source") & (layer[rows["target"]] == "hazard_source")
    rows["one"], rows["other"] = np.where(mutual, np.minimum(a, b), a), np.where(mutual, np.maximum(a, b), b)
    rows["figure"] = rows["required_m"].fillna(rows["high_m"])
    rows["rule_id"] = [rules[k].id for k in rows["match"]]
    # A row that alone can stand as a breach (mandatory, confirmed) outweighs others of the same status, however strict.
    mandatory = np.array([rules[k].mandatory for k in rows["match"]], dtype=bool)
    rows["binding"] = mandatory & ~rows["provisional"].to_numpy(dtype=bool)
    rows = rows.sort_values(
        ["one", "other", "clause", "status", "binding", "provisional", "figure", "rule_id", "source", "target"],
        ascending=[True, True, True, False, False, True, False, True, True, True], kind="stable",
    )  # fmt: skip
    groups = rows.groupby(["one", "other", "clause"], sort=False)
    chosen = groups.head(1).copy()
    open_rows = rows[rows["status"] == Status.UNDETERMINED]
    missing: dict[tuple[int, int, str], set[str]] = {}
    for row in open_rows.to_dict("records"):
        found = matches[row["match"]]
        fields = set(found.missing_fields(row["source"], row["target"]))
        if found.rule.type == "permit":
            fields.add(APPROVAL)
        if row["crossing"]:
            fields.add(CROSSING)
        missing.setdefault((row["one"], row["other"], row["clause"]), set()).update(fields)
    keys = zip(chosen["one"], chosen["other"], chosen["clause"], strict=True)
    chosen["missing"] = [
        ";".join(sorted(missing.get(key, ()))) if status == Status.UNDETERMINED else ""
        for key, status in zip(keys, chosen["status"], strict=True)
    ]
    return chosen


def _as_findings(
    chosen: pd.DataFrame | None, matches: Sequence[RowMatch], subjects: Subjects, on: date
) -> gpd.GeoDataFrame:
    if chosen is None:
        return gpd.GeoDataFrame({name: [] for name in COLUMNS}, geometry="geometry", crs=STORAGE_CRS)
    records: list[dict[str, Any]] = []
    for row in chosen.to_dict("records"):
        found, source, target = matches[row["match"]], subjects.row(row["source"]), subjects.row(row["target"])
        rule = found.rule
        assumed = [*found.assumed_fields(row["source"], row["target"])]
        if row["uncertainty_assumed"]:
            assumed.append("position_uncertainty_m")
        required = row["required_m"] if not np.isnan(row["required_m"]) else row["high_m"]
        records.append(
            {
                "rule_id": rule.id, "document": rule.document, "document_no": rule.document_no, "clause": rule.clause,
                "title_zh": rule.title_zh, "rule_type": rule.type,
                "review": "provisional" if row["provisional"] else rule.review, "mandatory": rule.mandatory,
                "source_layer": source["layer"], "source_code": source["code"], "source_name": source["name"],
                "target_layer": target["layer"], "target_code": target["code"], "target_name": target["name"],
                "required_m": required, "measured_m": row["measured_m"],
                "shortfall_m": max(required - (row["measured_m"] - row["allowance_m"]), 0.0),
                "status": Status(row["status"]).text, "missing": row["missing"],
                "assumed": ";".join(sorted(set(assumed))),
                "measured_from": rule.measured_from, "measured_to": rule.measured_to,
                "substitutes": ";".join(mark for mark in (row["from_mark"], row["to_mark"]) if mark),
                "uncertainty_m": row["uncertainty_m"], "people": _people(target),
                "since": _since(rule, source, target, on),
                "geometry": shapely.LineString(np.reshape([row[name] for name in _LINE], (2, 2))),
            }
        )  # fmt: skip
    out = pd.DataFrame(records)
    out["_weight"] = -chosen["status"].to_numpy()
    order = ["_weight", "shortfall_m", "source_code", "target_code", "document_no", "clause", "rule_id"]
    out = out.sort_values(order, ascending=[True, False, True, True, True, True, True], kind="stable")
    out = out.drop(columns="_weight").reset_index(drop=True)
    out.insert(0, "finding_no", np.arange(1, len(out) + 1))
    return gpd.GeoDataFrame(out[COLUMNS], geometry="geometry", crs=STORAGE_CRS)


def _people(target: dict[str, Any]) -> float:
    """People of the target; NaN where the layer does not say or the target is no place of people."""
    value = target.get("population")
    return float("nan") if value is None or pd.isna(value) else float(value)


def _since(rule: Any, source: dict[str, Any], target: dict[str, Any], on: date) -> date:
    """First day on which this figure and both features in their present state stood together, as far as we know."""
    days: Iterable[date] = [
        max((first for first, figure in rule.distances if first <= on and figure is not None), default=rule.since)
    ]
    moments = [pd.Timestamp(end["recorded_at"]) for end in (source, target) if not pd.isna(end["recorded_at"])]
    return max([*days, *(day_of(moment) for moment in moments)])
