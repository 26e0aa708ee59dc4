"""Why a pair is open, assumed or provisional: asked for single pairs, remembered for single rows."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gisrisk.rules.book import RuleBook
from gisrisk.rules.conditions import FALSE, TRUE, UNKNOWN, Condition
from gisrisk.rules.instrument import Entry
from gisrisk.rules.rule import Rule
from gisrisk.rules.subjects import Side, Subjects

if TYPE_CHECKING:
    from gisrisk.rules.row_match import RowMatch

Row = dict[str, Any]
_SIDES: tuple[Side, Side] = ("source", "target")


class Explanation:
    """Explains the matches of one call of `match`; fields are named layer.attribute."""

    def __init__(self, book: RuleBook, subjects: Subjects) -> None:
        self.book, self.subjects = book, subjects
        self._memory: dict[Hashable, frozenset[str]] = {}

    def missing(self, match: RowMatch, source_row: int, target_row: int) -> tuple[str, ...]:
        """Fields whose absence keeps the rule, or its figure, open for the pair."""
        names = set(self._side_missing(match.rule, source_row, "source"))
        names |= self._side_missing(match.rule, target_row, "target")
        names |= self._context_missing(match, source_row, target_row)
        names |= self._relation_missing(source_row, target_row)
        target = self.subjects.row(target_row)
        names |= {_named(target, name) for name, _ in match.rule.factor_of if pd.isna(target.get(name, np.nan))}
        names |= self._figure_missing(match.rule, source_row, target_row)
        i = np.searchsorted(match.source_index, [source_row])
        j = np.searchsorted(match.target_index, [target_row])
        for other in (*match.exceptions, *match.modifiers):
            if other.truth(i, j)[0] == UNKNOWN:
                names |= self._side_missing(other.rule, source_row, "source")
                names |= self._side_missing(other.rule, target_row, "target")
        return tuple(sorted(names))

    def assumed(self, match: RowMatch, source_row: int, target_row: int) -> tuple[str, ...]:
        """Fields the rule looks at and nobody entered."""
        out: set[str] = set()
        for row_number, side in zip((source_row, target_row), _SIDES, strict=True):
            row = self.subjects.row(row_number)
            conditions = self._conditions(match.rule, row, side)
            used = frozenset[str]().union(*(c.attributes() for c in conditions))
            taken = set(row["assumed"]) & used
            for condition in conditions:
                taken |= condition.assumed(row)
            out |= {_named(row, name) for name in taken}
        return tuple(sorted(out))

    def doubts(self, match: RowMatch, source_row: int, target_row: int) -> tuple[str, ...]:
        """What is unconfirmed about the rule or about what the pair rests on."""
        out = list(match.rule.provisional_because)
        for row_number, side in zip((source_row, target_row), _SIDES, strict=True):
            found = match.source if side == "source" else match.target
            at = int(np.searchsorted(found.rows, row_number))
            if not found.doubtful[at]:
                continue
            row = self.subjects.row(row_number)
            entries = [e for e in self._entries(match.rule, row, side) if self._entry_truth(e, row, side) != FALSE]
            out += [e.doubt for e in entries if e.doubt is not None]
            stands_in = self.book.instruments[match.rule.instrument].stands_in
            if side == "source" and stands_in is not None and stands_in[0].truth(row) != FALSE:
                out.append(stands_in[1])
            used = frozenset[str]().union(*(c.attributes() for c in self._conditions(match.rule, row, side)))
            out += [f"{_named(row, name)} not confirmed" for name in row["unconfirmed"] if name in used]
        return tuple(dict.fromkeys(out))

    def _figure_missing(self, rule: Rule, source_row: int, target_row: int) -> set[str]:
        """Fields the figure itself rests on."""
        source = self.subjects.row(source_row)
        names = {_named(source, name) for case, _ in self.book.logic(rule).cases for name in case.missing(source)}
        if rule.formula is not None:
            row = source if rule.formula.side == "source" else self.subjects.row(target_row)
            if pd.isna(row.get(rule.formula.attribute, np.nan)):
                names.add(_named(row, rule.formula.attribute))
        return names

    def _side_missing(self, rule: Rule, row_number: int, side: Side) -> frozenset[str]:
        """Fields of one row that keep one side of a rule open."""
        key = (rule, row_number, side)
        if key not in self._memory:
            row = self.subjects.row(row_number)
            logic = self.book.logic(rule)
            names = set((logic.source if side == "source" else logic.target).missing(row))
            if side == "source":
                names |= self.book.instruments[rule.instrument].applies_when_source.missing(row)
            elif logic.same_condition:
                names |= logic.source.missing(row)
            entries = self._entries(rule, row, side)
            open_ = [e for e in entries if self._entry_truth(e, row, side) == UNKNOWN]
            settled = any(self._entry_truth(e, row, side) == TRUE for e in entries)
            for entry in () if settled else open_:
                names |= self._entry_missing(entry, row)
            out = {_named(row, name) for name in names}
            if row["type_truth"] == UNKNOWN:
                out |= {n if n == "hazard_source" else _named(row, n) for n in row["type_missing"]}
            self._memory[key] = frozenset(out)
        return self._memory[key]

    def _entry_truth(self, entry: Entry, row: Row, side: Side) -> int:
        """Truth of one mapping line for a row of one of its types, its type taken as given."""
        truth = entry.when.truth(row)
        classes = (*((entry.class_ref,) if entry.class_ref else ()), *entry.within_class)
        for code in classes:
            truth = min(truth, self._class_truth(code, row))
        for code in entry.except_class:
            truth = min(truth, TRUE - self._class_truth(code, row))
        return truth

    def _entry_missing(self, entry: Entry, row: Row) -> set[str]:
        names = entry.when.missing(row)
        for code in (*((entry.class_ref,) if entry.class_ref else ()), *entry.within_class, *entry.except_class):
            if self._class_truth(code, row) == UNKNOWN:
                for condition in self._class_conditions(code, row):
                    names |= condition.missing(row)
        return names

    def _class_truth(self, code: str, row: Row) -> int:
        return max((condition.truth(row) for condition in self._class_conditions(code, row)), default=FALSE)

    def _class_conditions(self, code: str, row: Row) -> list[Condition]:
        return [member.when for member in self.book.classes[code] if row["type"] in member.types]

    def _entries(self, rule: Rule, row: Row, side: Side) -> list[Entry]:
        """The mapping lines of a rule that could be this row's."""
        logic = self.book.logic(rule)
        entries = logic.sources if side == "source" else logic.targets
        return [e for e in entries if row["type"] in self.book.types_of(e)]

    def _conditions(self, rule: Rule, row: Row, side: Side) -> list[Condition]:
        """Every condition a rule puts on a row."""
        logic = self.book.logic(rule)
        out: list[Condition] = [logic.source if side == "source" else logic.target]
        if side == "source":
            out.append(self.book.instruments[rule.instrument].applies_when_source)
        elif logic.same_condition:
            out.append(logic.source)
        for entry in self._entries(rule, row, side):
            out.append(entry.when)
            classes: Iterable[str] = (
                *((entry.class_ref,) if entry.class_ref else ()),
                *entry.within_class,
                *entry.except_class,
            )
            for code in classes:
                out += self._class_conditions(code, row)
        return out

    def _context_missing(self, match: RowMatch, source_row: int, target_row: int) -> set[str]:
        source, target = self.subjects.row(source_row), self.subjects.row(target_row)
        contexts = (
            self.book.logic(match.rule).context,
            self.book.instruments[match.rule.instrument].applies_when_context,
        )
        out: set[str] = set()
        for condition in contexts:
            if condition.truth(source) == UNKNOWN and condition.truth(target) == UNKNOWN:
                out |= condition.missing(source)
        return {f"context.{name}" for name in out}

    def _relation_missing(self, source_row: int, target_row: int) -> set[str]:
        source, target = self.subjects.row(source_row), self.subjects.row(target_row)
        if target["site_relation"] == "" or source["layer"] not in ("hazard_source", "enterprise_site"):
            return set()
        return {_named(row, "site_code") for row in (source, target) if pd.isna(row["site_code"])}


def _named(row: Row, attribute: str) -> str:
    return f"{row['layer']}.{attribute}"
