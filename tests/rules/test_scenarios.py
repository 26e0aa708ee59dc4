"""Readable cases for every document, one on each side of every threshold and date, through the real engine.

Expected metres are typed in `tests/scenarios` from the clauses as the fact files record them; none is our own output.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from world import Said, says

from gisrisk.rules import RuleBook, load_rules
from gisrisk.rules.conditions import TRUE, UNKNOWN
from gisrisk.rules.matching import match
from gisrisk.rules.subjects import build_subjects

SCENARIOS = Path(__file__).parents[1] / "scenarios"
TODAY = date(2026, 1, 1)
FILES = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(SCENARIOS.glob("*.yaml"))}


def cases() -> Iterator[Any]:
    for file, content in FILES.items():
        for number, case in enumerate(content.get("cases", ())):
            yield pytest.param(file, case, id=f"{file}-{number}")


def rows() -> Iterator[Any]:
    for file, content in FILES.items():
        for number, grid in enumerate(content.get("grids", ())):
            for value, expected in grid["expect"].items():
                yield pytest.param(file, grid, value, expected, id=f"{file}-{number}-{grid['rules']}{value}")


class Results:
    """What the engine said, kept so that the last test can ask which rules were ever reached."""

    def __init__(self, book: RuleBook) -> None:
        self.book = book
        self.known: dict[str, list[dict[str, Said]]] = {}

    def of_row(self, grid: dict[str, Any], value: Any) -> list[dict[str, Said]]:
        return self._of({**grid["source"], grid["rows"]: value}, grid["columns"], grid["day"])

    def of_case(self, case: dict[str, Any]) -> dict[str, Said]:
        target = {**case["target"], **case.get("context", {})}
        return self._of(case["source"], [target], case.get("day", TODAY))[0]

    def _of(self, source: dict[str, Any], targets: list[dict[str, Any]], day: date) -> list[dict[str, Said]]:
        key = repr((source, targets, day))
        if key not in self.known:
            self.known[key] = says(source, targets, self.book, day)
        return self.known[key]


@pytest.fixture(scope="module")
def results(book: RuleBook) -> Results:
    return Results(book)


def of_document(said: dict[str, Said], file: str, book: RuleBook) -> dict[str, Said]:
    number = FILES[file]["document_no"]
    return {key: value for key, value in said.items() if book.rule(key).document_no == number}


@pytest.mark.parametrize(("file", "grid", "value", "expected"), list(rows()))
def test_table_row(
    book: RuleBook, results: Results, file: str, grid: dict[str, Any], value: Any, expected: list[float | None]
) -> None:
    """The largest certain figure of the table's rules is the one printed in the table."""
    found = []
    for said in results.of_row(grid, value):
        own = of_document(said, file, book)
        certain = [s.required_m for key, s in own.items() if key.startswith(grid["rules"]) and s.truth == TRUE]
        found.append(max(certain, default=None))
    assert found == expected


@pytest.mark.parametrize(("file", "case"), list(cases()))
def test_case(book: RuleBook, results: Results, file: str, case: dict[str, Any]) -> None:
    said = of_document(results.of_case(case), file, book)
    if "expect" in case:
        assert {key: s.required_m for key, s in said.items() if s.truth == TRUE} == case["expect"]
    for key, fields in case.get("unknown", {}).items():
        assert key in said, f"{key} is not even possible"
        assert said[key].truth == UNKNOWN
        assert list(said[key].missing) == fields
    for key, figure in case.get("open_figure", {}).items():
        assert (said[key].truth, said[key].low_m, said[key].high_m) == (TRUE, figure["low"], figure["high"])
        assert math.isnan(said[key].required_m)  # there is no figure to show
        assert list(said[key].missing) == figure["missing"]
    for key in case.get("provisional", ()):
        assert said[key].provisional
        assert said[key].because
    for key in case.get("confirmed", ()):
        assert not said[key].provisional
        assert said[key].because == ()
    for key, fields in case.get("assumed", {}).items():
        assert list(said[key].assumed) == fields
    for key in case.get("advisory", ()):
        assert not book.rule(key).mandatory


def test_what_the_engine_cannot_evaluate_is_never_reached(book: RuleBook, results: Results) -> None:
    """A rule either holds in some scenario or stands in the list of what is not evaluated, never both."""
    every: list[dict[str, Said]] = []
    for content in FILES.values():
        for grid in content.get("grids", ()):
            for value in grid["expect"]:
                every += results.of_row(grid, value)
        every += [results.of_case(case) for case in content.get("cases", ())]
    reached = {key for said in every for key, s in said.items() if s.truth == TRUE}
    not_evaluated = {key for key, _, _ in match(book, build_subjects({}), TODAY).not_evaluated}
    gaps = {instrument.document_no for instrument in book.instruments.values() if instrument.gaps}
    assert gaps <= not_evaluated
    assert reached & not_evaluated == set()


def test_scenario_files_name_documents_of_the_book() -> None:
    numbers = {rule.document_no for rule in load_rules().rules}
    assert {content["document_no"] for content in FILES.values()} <= numbers


def test_every_document_that_can_be_evaluated_has_a_scenario_with_its_origin(book: RuleBook) -> None:
    not_evaluated = {key for key, _, _ in match(book, build_subjects({}), TODAY).not_evaluated}
    numeric = {
        rule.instrument
        for rule in book.rules
        if rule.demands_distance and rule.id not in not_evaluated and (rule.applies_on(TODAY) or rule.until is not None)
    }
    assert numeric == set(FILES)
    assert all(content.get("origin") and content.get("cases") for content in FILES.values())
