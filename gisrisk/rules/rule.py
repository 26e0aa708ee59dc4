"""One clause as data: what must stay how far from what, since when, and how well that was checked."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, Literal

import numpy as np

RuleType = Literal["minimum", "prohibition", "permit", "modifier", "definition", "reference", "method", "table_missing"]
DISTANCE_TYPES: Final = ("minimum", "prohibition", "permit")
Review = Literal["confirmed", "provisional"]
Status = Literal["in_force", "local", "superseded", "repealed", "international", "unknown"]
State = Literal["not_yet", "in_force", "ended", "unknown", "not_law_here"]
NEVER_HERE: Final = ("international", "unknown")
OVER: Final = ("superseded", "repealed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Modifier:
    """What a modifying rule does to the rows whose clause starts with `clause_prefix`: factor, then floor."""

    clause_prefix: str
    factor: float
    floor_m: float | None = None
    row_of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """A figure as factor times a power of an attribute of one side: 15.87 m times the cube root of a charge in kg.

    Attributes
    ----------
    side : str
        source or target: whose attribute it is.
    factor : float
        Metres at an attribute of 1, in the unit the vocabulary gives the attribute.
    exponent : (int, int)
        Numerator and denominator, so that a cube root stays one.
    """

    side: Literal["source", "target"]
    attribute: str
    factor: float
    exponent: tuple[int, int]

    def metres(self, value: Any) -> Any:
        """The figure [m] at a value of the attribute; works on numbers and on arrays, NaN stays NaN."""
        over, under = self.exponent
        return self.factor * np.asarray(value, dtype=np.float64) ** (over / under)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOff:
    """Somebody compared a rule with an official document; `outdated` where the rule has changed since."""

    rule: str
    document: str
    sha256: str
    by: str
    on: date
    clause_sha256: str
    above_sha256: str
    outdated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rule:
    """One row of one document.

    Attributes
    ----------
    id : str
        Key every finding cites; never reused.
    type : str
        minimum and prohibition are broken by being too near; a permit is not: it asks for an approval within the
        distance. The other types demand no distance of their own.
    mandatory : bool
        False where the clause says "should preferably" (宜), and for permits.
    review : str
        confirmed: the figure was seen in the official or a secondary text of this edition; else provisional.
    provisional_because : tuple of str
        Why, when the whole rule is provisional. What one pair rests on can make its finding provisional too.
    distances : tuple of (date, float or None)
        First day and figure [m] in order of date; None: repealed from that day.
    factor_of : tuple of (attribute, cases)
        Figure as a multiple of a target's attribute; each case is (when of both sides, factor).
    replaces : tuple of str
        Rules that do not apply to a pair to which this one does.
    tightens : tuple of str
        Rules of other documents that this one, a local rule, makes stricter.
    signoffs : tuple of SignOff
        Who compared it with which official document.
    status : str
        Of the document. What is international or of unknown origin is on record for comparison and never in force here.
    until : date or None
        First day on which the document no longer holds. A document that is over while that day is not on record is in
        force on no day: its state is unknown.
    """

    id: str
    instrument: str
    document: str
    document_no: str
    document_name_en: str | None
    clause: str
    title_zh: str
    type: RuleType
    mandatory: bool
    review: Review
    provisional_because: tuple[str, ...]
    confirm_scope: str | None
    source_url: str | None
    evidence_note: str | None
    source_kinds: tuple[str, ...]
    target_kinds: tuple[str, ...]
    measured_from: str
    measured_to: str
    direction: str
    since: date
    distances: tuple[tuple[date, float | None], ...] = ()
    factor_of: tuple[tuple[str, tuple[tuple[dict[str, Any], float], ...]], ...] = ()
    formula: Formula | None = None
    distance_cases: tuple[tuple[dict[str, Any], float], ...] = ()
    expression: str | None = None
    modifies: Modifier | None = None
    replaces: tuple[str, ...] = ()
    when: dict[str, Any] = field(default_factory=dict)
    prohibited_when: dict[str, Any] = field(default_factory=dict)
    notes: str | None = None
    status: Status = "in_force"
    until: date | None = None
    tightens: tuple[str, ...] = ()
    signoffs: tuple[SignOff, ...] = ()

    def applies_on(self, day: date) -> bool:
        """Whether the rule is in force on the day."""
        return self.state_on(day) == "in_force"

    def state_on(self, day: date) -> State:
        """What is known about the rule's force on the day."""
        if self.status in NEVER_HERE:
            return "not_law_here"
        if day < self.since:
            return "not_yet"
        if self.until is not None and day >= self.until:
            return "ended"
        if self.status in OVER and self.until is None:
            return "unknown"
        return "ended" if self.distances and self.required_m(day) is None else "in_force"

    def required_m(self, on: date) -> float | None:
        """Figure in force on the day [m]; None where there is none: not yet, repealed, or not a plain number."""
        at = bisect_right([first for first, _ in self.distances], on) - 1
        return None if at < 0 else self.distances[at][1]

    @property
    def demands_distance(self) -> bool:
        """Whether the rule can put a distance between two features by itself."""
        figures = self.distances or self.factor_of or self.distance_cases or self.formula
        return self.type in DISTANCE_TYPES and bool(figures)
