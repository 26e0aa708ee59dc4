"""A user's own documents: they may add and tighten; what loosens a national rule is reported and not applied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from gisrisk.rules.conditions import ALWAYS
from gisrisk.rules.instrument import Entry, Instrument
from gisrisk.rules.rule import DISTANCE_TYPES, Rule

if TYPE_CHECKING:
    from gisrisk.rules.book import RuleBook


def conflicts(own: Sequence[Instrument], book: RuleBook) -> dict[str, str]:
    """Rules of the user's own documents that loosen a national one, each with the reason.

    Parameters
    ----------
    own : sequence of Instrument
        Documents of the user's folder.
    book : RuleBook
        All documents, the user's own among them.
    """
    slugs = {instrument.slug for instrument in own}
    national = [rule for rule in book.rules if rule.instrument not in slugs]
    known = {rule.id: rule for rule in national}
    out: dict[str, str] = {}
    for instrument in own:
        for rule in instrument.rules:
            reason = _loosens(rule, known, [n for n in national if _covers(n, rule, book)])
            if reason is not None:
                out[rule.id] = f"{instrument.slug}.yaml: {rule.id}: {reason}"
    return out


def _loosens(rule: Rule, known: Mapping[str, Rule], covering: Sequence[Rule]) -> str | None:
    """Why a local rule asks for less than a national one; None when it does not."""
    replaced = [other for other in rule.replaces if other in known]
    if replaced:
        return (
            f"it takes the place of {replaced[0]}, a national rule. A local rule may only tighten; it is not applied."
        )
    for other in (*(known[i] for i in rule.tightens if i in known), *covering):
        if rule.type == "permit" and other.type != "permit":
            return f"it only asks for an approval where {other.id} forbids. It is not applied."
        mine, theirs = _figure(rule), _figure(other)
        if mine is not None and theirs is not None and mine < theirs:
            return (
                f"it asks for {mine:g} m where {other.id} ({other.document_no}) asks for {theirs:g} m. "
                "A local rule may only tighten; it is not applied."
            )
    return None


def _figure(rule: Rule) -> float | None:
    """The figure the rule asks for last, where it is a plain number."""
    figures = [metres for _, metres in rule.distances if metres is not None]
    return figures[-1] if figures else None


def _covers(national: Rule, local: Rule, book: RuleBook) -> bool:
    """Whether the national rule holds for every pair for which the local one does, as far as types and words show."""
    if national.type not in DISTANCE_TYPES or local.type not in DISTANCE_TYPES or national.status != "in_force":
        return False
    theirs, mine = book.logic(national), book.logic(local)
    instrument, own = book.instruments[national.instrument], book.instruments[local.instrument]
    pairs = (
        (theirs.source, mine.source), (theirs.target, mine.target), (theirs.context, mine.context),
        (instrument.applies_when_source, own.applies_when_source),
        (instrument.applies_when_context, own.applies_when_context),
    )  # fmt: skip
    if not all(asked in (ALWAYS, given) for asked, given in pairs):
        return False
    return _within(mine.sources, theirs.sources, book) and _within(mine.targets, theirs.targets, book)


def _within(mine: Sequence[Entry], theirs: Sequence[Entry], book: RuleBook) -> bool:
    """Whether every type of one mapping is reached by the other without a further condition, or under the same one."""
    if not mine:
        return False
    for entry in mine:
        for code in book.types_of(entry):
            if not any(code in book.types_of(other) and _as_wide(other, entry) for other in theirs):
                return False
    return True


def _as_wide(other: Entry, entry: Entry) -> bool:
    if other.within_class or other.except_class:
        return False
    if other.class_ref is not None and other.class_ref != entry.class_ref:
        return False
    return other.when == ALWAYS or other.when == entry.when
