"""When a park must be assessed again: the cited periods of data/rules/methods/assessment_periods.yaml."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date
from functools import cache

from gisrisk.errors import RuleDataError
from gisrisk.rules.methods import load_method

REVIEWS = ("confirmed", "provisional")


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """How often one kind of park is assessed, by which document, and whether that was checked against its text."""

    id: str
    years: int
    document: str
    document_no: str | None
    clause: str
    in_force: date | None
    review: str
    source: str


@cache
def periods() -> dict[str, Period]:
    """Period per kind of park.

    Raises
    ------
    RuleDataError
        A row is not a whole number of years, names no source, or a kind appears twice.
    """
    found: dict[str, Period] = {}
    for row in load_method("assessment_periods")["periods"]:
        source = row.get("source_url") or row.get("source_ref")
        if (
            not isinstance(row["period_years"], int)
            or row["period_years"] < 1
            or not source
            or row["review"] not in REVIEWS
        ):
            raise RuleDataError(
                f"assessment_periods.yaml, {row.get('id')}: needs whole years, a source and a review state"
            )
        period = Period(
            id=row["id"],
            years=row["period_years"],
            document=row["document"],
            document_no=row.get("document_no"),
            clause=row["clause"],
            in_force=row.get("in_force"),
            review=row["review"],
            source=source,
        )
        for kind in row["park_kinds"]:
            if kind in found:
                raise RuleDataError(f"assessment_periods.yaml: park kind '{kind}' has two periods")
            found[kind] = period
    return found


def next_due(assessed_on: date, years: int) -> date:
    """The same day some years later; 29 February becomes 28 February where the year has none."""
    year = assessed_on.year + years
    last = calendar.monthrange(year, assessed_on.month)[1]
    return date(year, assessed_on.month, min(assessed_on.day, last))
