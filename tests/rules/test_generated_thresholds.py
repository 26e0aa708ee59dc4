"""Every numeric rule that holds on some day, just inside and just outside its figure, through geometry and judgement.

The figure is the one of the rule file; where the named edges lie is typed in `generated.py`. Two scenes of each kind
stand 0.2 m on either side of the figure, with nothing uncertain, and all scenes are judged in one go for each day.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from datetime import date, timedelta
from typing import Any

import pytest
from generated import Scene, draw, frames_of, scenes

from gisrisk.analysis.separation import separation_findings
from gisrisk.rules import Rule, RuleBook
from gisrisk.rules.matching import match
from gisrisk.rules.rule import DISTANCE_TYPES
from gisrisk.rules.subjects import build_subjects

TODAY = date(2026, 11, 25)
INSIDE_M = 0.2
# On today's law another row of the same clause, with a larger figure and the same conditions, always fails with this
# one, so it is judged on a day before that row: the 300 m believed to stand in the edition of 2018.
OVERSHADOWED = {"GB50160-4.1.9-lhc-residential_area": date(2019, 3, 31)}
# Rows without a base type on a side, as the fact vocabulary lists under `unmapped`.
WITHOUT_TYPE = {("WHTL-19-8", "target"): "open class: other areas named by laws and regulations"}


def not_evaluated(book: RuleBook, on: date) -> dict[str, str]:
    return {key: reason for key, _, reason in match(book, build_subjects({}), on).not_evaluated}


def numeric_rules(book: RuleBook) -> dict[date, list[Rule]]:
    """Rules that put a distance between two features, by the day on which they are tried."""
    days: dict[date, list[Rule]] = defaultdict(list)
    for rule in book.rules:
        day = OVERSHADOWED.get(rule.id, TODAY if rule.until is None else rule.until - timedelta(days=1))
        if rule.type in DISTANCE_TYPES and rule.applies_on(day):
            days[day].append(rule)
    left_out = {day: not_evaluated(book, day) for day in days}
    return {day: [r for r in rules if r.id not in left_out[day]] for day, rules in days.items()}


@pytest.fixture(scope="module")
def outcome(book: RuleBook) -> dict[str, list[str]]:
    """Rule id -> what went wrong in each of its scenes; an empty text where all was as expected."""
    wrong: dict[str, list[str]] = {}
    for day, rules in numeric_rules(book).items():
        inside = [scene for rule in rules for scene in scenes(book, rule, day)]
        outside = copy.deepcopy(inside)
        for number, scene in enumerate(inside):
            draw(scene, number, scene.required_m - INSIDE_M, book)
        for number, scene in enumerate(outside, start=len(inside)):
            draw(scene, number, scene.required_m + INSIDE_M, book)
        subjects = build_subjects(frames_of(inside + outside), vocabulary=book.vocabulary)
        found = separation_findings(book, subjects, on=day).findings
        rows = by_scene(found.drop(columns="geometry").to_dict("records"))
        wrong |= {rule.id: [] for rule in rules}
        for near, far in zip(inside, outside, strict=True):
            wrong[near.rule.id].append(judged(near, rows[near.number], rows[far.number]))
    return wrong


def by_scene(rows: list[dict[str, Any]]) -> dict[int, list[dict[str, Any]]]:
    """Findings between the two ends of one scene; two hazard sources may be reported from either side."""
    out: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        ends = sorted([row["source_code"], row["target_code"]])
        if ends[0].startswith("SRC") and ends[1] == ends[0].replace("SRC", "TGT"):
            out[int(ends[0].removeprefix("SRC"))].append(row)
    return out


def judged(scene: Scene, near: list[dict[str, Any]], far: list[dict[str, Any]]) -> str:
    rule = scene.rule
    own = [row for row in near if row["rule_id"] == rule.id]
    if [row for row in far if row["rule_id"] == rule.id]:
        return "fails beyond its figure"
    if len(own) != 1:
        return f"{len(own)} findings inside its figure"
    (row,) = own
    # a permit is not broken by being near: what is missing is the approval
    wanted = ("undetermined", "approval") if rule.type == "permit" else ("violation", "")
    if (row["status"], row["missing"]) != wanted:
        return f"{row['status']} {row['missing']}"
    if abs(row["required_m"] - scene.required_m) > 1e-9:
        return f"required {row['required_m']}"
    if abs(row["measured_m"] - (scene.required_m - INSIDE_M)) > 0.02:
        return f"measured {row['measured_m']}"
    return ""


def test_every_numeric_rule_is_broken_inside_its_figure_and_met_outside(outcome: dict[str, list[str]]) -> None:
    failed = {key: sorted(set(said)) for key, said in outcome.items() if "" not in said}
    assert failed == {}


def test_all_numeric_rules_were_tried(book: RuleBook, outcome: dict[str, list[str]]) -> None:
    reasons = not_evaluated(book, TODAY)
    today = {r.id for r in book.in_force(TODAY) if r.type in DISTANCE_TYPES}
    assert today - set(outcome) == {key for key in reasons if key in today}
    assert {key for key in reasons if key in today} == {
        # the layer city_facility is absent
        "GLF-47", "GLF-47-tunnel", "GLTL-18b", "GLTL-17b", "GLTL-18c", "GLTL-17c", "GDF-35-2b", "GDF-35-3b",
        "GLTL-20", "WKK-head",  # along a river or a flow path
    }  # fmt: skip


def test_every_rule_in_force_resolves_to_base_types_on_both_sides(book: RuleBook) -> None:
    v = book.vocabulary
    without = set()
    for rule in book.in_force(TODAY):
        logic = book.logic(rule)
        for side, entries, known in (
            ("source", logic.sources, set(v.facility_types)),
            ("target", logic.targets, set(v.target_types)),
        ):
            types = {code for entry in entries for code in book.types_of(entry)}
            assert types <= known
            if not types:
                without.add((rule.id, side))
    assert without == set(WITHOUT_TYPE)
