"""Which rule holds between which features, before any distance is measured.

A rule is tested once against the rows of each side, never against pairs; what only a pair can decide (same site, a
reducing note, a modifier that asks both sides) is kept as small arrays and put together for the pairs that are near.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gisrisk.rules.book import RuleBook
from gisrisk.rules.conditions import ALWAYS, FALSE, TRUE, UNKNOWN, Condition, Truth
from gisrisk.rules.explaining import Explanation
from gisrisk.rules.instrument import Entry, Instrument, Logic, starts_with_clause
from gisrisk.rules.row_match import Mask, Matches, Numbers, PairCondition, RowMatch, Rows, SideMatch
from gisrisk.rules.rule import Rule
from gisrisk.rules.subjects import Side, Subjects


def match(book: RuleBook, subjects: Subjects, on: date) -> Matches:
    """Test every rule in force on a day against the rows of each side.

    Parameters
    ----------
    book : RuleBook
    subjects : Subjects
        From `build_subjects`.
    on : date

    Returns
    -------
    Matches
        Rules with at least one possible source and one possible target, in the order of the book.
    """
    work = _Work(book, subjects, on)
    matches: list[RowMatch] = []
    not_evaluated: list[tuple[str, str, str]] = []
    prohibitions: dict[tuple[str, str], tuple[str, str, str]] = {}
    for rule in book.in_force(on):
        reason = _cannot(rule, book)
        if reason is not None:
            not_evaluated.append((rule.id, *reason))
        elif rule.type != "modifier":
            found = work.row_match(rule)
            if found is not None:
                matches.append(found)
            if rule.prohibited_when:
                number = rule.document_no
                prohibitions[number, rule.clause] = (
                    number,
                    f"{rule.clause}：附加的禁止条件（建成区内不得设置）尚未判定",
                    f"{rule.clause}: its additional prohibition (not inside a built-up area) is not evaluated",
                )
    not_evaluated += prohibitions.values()
    not_evaluated += [(key, f"地方条款放宽国家规定，未适用（{said}）", said) for key, said in book.conflicts.items()]
    for instrument in book.instruments.values():
        if instrument.in_force <= on and (instrument.ended is None or on < instrument.ended):
            not_evaluated += [(instrument.document_no, zh, en) for zh, en in instrument.gaps]
    return Matches(matches, not_evaluated)


_NOT_A_DISTANCE = {
    "definition": ("定义条款，已体现在对象分类中", "a definition; it is built into the classes"),
    "reference": ("引用其他标准，本条不给数值", "refers to other standards and gives no figure"),
    "method": ("按方法计算，不是固定间距", "a method, not a fixed distance"),
    "table_missing": ("表格原文缺失", "the table is not available"),
}


def _cannot(rule: Rule, book: RuleBook) -> tuple[str, str] | None:
    """Why a rule cannot be evaluated; None when it can."""
    if rule.type in _NOT_A_DISTANCE:
        return _NOT_A_DISTANCE[rule.type]
    if rule.modifies is not None and rule.modifies.row_of is not None:
        return ("以另一行为基准，已另立为单独的行", "takes another row as its base; it stands in rows of its own")
    if rule.type == "modifier":
        return None
    if rule.direction == "along_river":
        return ("须沿河道量距", "must be measured along the river")
    if rule.direction not in ("all_round_horizontal", "perpendicular_both_sides", "perpendicular_to_line"):
        return ("须按特定方向量距", "must be measured in a direction that is not on record")
    if not rule.demands_distance or rule.distance_cases:
        return ("条款以公式或文字表述，未给数值", "given by a formula or in words, without a figure")
    layers = {book.vocabulary.target_types[t].layer for e in book.logic(rule).targets for t in book.types_of(e)}
    if layers == {"city_facility"}:
        return (
            "尚无 city_facility 图层（桥梁、渡口、隧道、管道附属设施）",
            "the layer city_facility (bridges, ferries, tunnels, pipeline facilities) is absent",
        )
    return None


_SIDES: tuple[Side, Side] = ("source", "target")


class _Work:
    """One call of `match`: what several rules share is computed once."""

    def __init__(self, book: RuleBook, subjects: Subjects, on: date) -> None:
        self.book, self.subjects, self.on = book, subjects, on
        self.frame = subjects.frame
        self.cache: dict[Hashable, Any] = {}
        self.type_truth = self.frame["type_truth"].to_numpy(dtype=np.int8)
        self.explain = Explanation(book, subjects)
        self.in_force = book.in_force(on)

    def once(self, key: Hashable, make: Callable[[], Any]) -> Any:
        if key not in self.cache:
            self.cache[key] = make()
        return self.cache[key]

    # --- rows of one side -------------------------------------------------------------------------------------------

    def row_match(self, rule: Rule) -> RowMatch | None:
        """A rule with its rows; None when one side has none."""
        logic = self.book.logic(rule)
        source = self.side(rule, logic, "source")
        if len(source.rows) == 0:
            return None
        target = self.side(rule, logic, "target")
        if len(target.rows) == 0:
            return None
        required, low, high = self.figures(rule, target.rows)
        scale = self.scale(rule, logic, source)
        instrument = self.book.instruments[rule.instrument]
        context_source, context_target = self.context(logic, instrument, source.rows, target.rows)
        same = None
        if logic.same_condition:
            truth = self.at(logic.source, target.rows)
            same = PairCondition(rule, np.full(len(source.rows), TRUE, dtype=np.int8), truth)
        return RowMatch(
            rule=rule,
            subjects=self.subjects,
            source=source,
            target=target,
            required_m=required,
            low_m=low,
            high_m=high,
            scale=scale,
            beyond_m=logic.beyond_m,
            context_source=context_source,
            context_target=context_target,
            same_condition=same,
            exceptions=self.exceptions(rule, source.rows, target.rows),
            modifiers=self.modifiers(rule, source.rows, target.rows),
            explain=self.explain,
            outside_site_only=instrument.outside_site_only,
        )

    def side(self, rule: Rule, logic: Logic, side: Side) -> SideMatch:
        """Rows of a side, with the rule's own condition and, for sources, the document's."""
        entries = logic.sources if side == "source" else logic.targets
        own = logic.source if side == "source" else logic.target
        instrument = self.book.instruments[rule.instrument]
        applies = instrument.applies_when_source if side == "source" else None

        def make() -> SideMatch:
            mapped = self.mapped(entries, side)
            if len(mapped.rows) == 0:
                return mapped
            truth = np.minimum(mapped.truth, self.at(own, mapped.rows))
            used = own.attributes()
            if applies is not None:
                truth = np.minimum(truth, self.at(applies, mapped.rows))
                used |= applies.attributes()
            doubtful = mapped.doubtful | self.subjects.noted("unconfirmed", used)[mapped.rows]
            if side == "source" and instrument.stands_in is not None:
                doubtful = doubtful | (self.at(instrument.stands_in[0], mapped.rows) != FALSE)
            keep = truth >= UNKNOWN
            return SideMatch(mapped.rows[keep], truth[keep], doubtful[keep], mapped.factor[keep])

        found: SideMatch = self.once((side, entries, own, instrument.slug if applies is not None else None), make)
        return found

    def mapped(self, entries: tuple[Entry, ...], side: Side) -> SideMatch:
        """Rows that one of the mapping lines matches; several lines are alternatives."""

        def make() -> SideMatch:
            size = len(self.frame)
            truth = np.zeros(size, dtype=np.int8)
            sure = np.zeros(size, dtype=np.int8)
            factor = np.ones(size)
            for entry in entries:
                rows, values, doubtful = self.entry(entry, side)
                if len(rows) == 0:
                    continue
                factor[rows] = np.where(values >= truth[rows], entry.distance_factor, factor[rows])
                truth[rows] = np.maximum(truth[rows], values)
                sure[rows] = np.maximum(sure[rows], np.where(doubtful, FALSE, values))
            rows = np.flatnonzero(truth >= UNKNOWN)
            return SideMatch(rows, truth[rows], sure[rows] < truth[rows], factor[rows])

        found: SideMatch = self.once(("mapped", side, entries), make)
        return found

    def entry(self, entry: Entry, side: Side) -> tuple[Rows, Truth, Mask]:
        """Rows of the types of one mapping line, their truth, and which of them rest on something unconfirmed."""
        return self.once(("entry", side, entry), lambda: self._entry(entry, side))  # type: ignore[no-any-return]

    def _entry(self, entry: Entry, side: Side) -> tuple[Rows, Truth, Mask]:
        rows = self.rows_of(self.book.types_of(entry), side)
        if len(rows) == 0:
            return rows, np.empty(0, dtype=np.int8), np.empty(0, dtype=bool)
        truth = np.minimum(self.type_truth[rows], self.at(entry.when, rows))
        if entry.class_ref is not None:
            truth = np.minimum(truth, self.of_class(entry.class_ref)[rows])
        for code in entry.within_class:
            truth = np.minimum(truth, self.of_class(code)[rows])
        for code in entry.except_class:
            truth = np.minimum(truth, TRUE - self.of_class(code)[rows])
        doubtful = self.subjects.noted("unconfirmed", self.entry_attributes(entry))[rows] | (entry.doubt is not None)
        return rows, truth.astype(np.int8), doubtful

    def entry_attributes(self, entry: Entry) -> frozenset[str]:
        """Attributes a mapping line looks at, its classes included."""
        names = entry.when.attributes()
        classes = (*((entry.class_ref,) if entry.class_ref else ()), *entry.within_class, *entry.except_class)
        for code in classes:
            for member in self.book.classes[code]:
                names |= member.when.attributes()
        return names

    def rows_of(self, types: tuple[str, ...], side: Side) -> Rows:
        found = [self.subjects.rows_of_type[side, t] for t in types if (side, t) in self.subjects.rows_of_type]
        return np.sort(np.concatenate(found)) if found else np.empty(0, dtype=np.int64)

    def of_class(self, code: str) -> Truth:
        """Truth of belonging to a class, for every row of the frame."""

        def make() -> Truth:
            truth = np.zeros(len(self.frame), dtype=np.int8)
            for member in self.book.classes[code]:
                rows = self.rows_of(member.types, "target")
                truth[rows] = np.maximum(truth[rows], self.at(member.when, rows))
            return truth

        found: Truth = self.once(("class", code), make)
        return found

    def at(self, condition: Condition, rows: Rows) -> Truth:
        """A condition on some rows, looking only at the columns it asks for."""
        if condition is ALWAYS or len(rows) == 0:
            return np.full(len(rows), TRUE, dtype=np.int8)
        columns = {name: self.column(name).take(rows) for name in condition.attributes() if name in self.frame}
        return condition.evaluate(pd.DataFrame(columns, index=pd.RangeIndex(len(rows))))

    def column(self, name: str) -> NDArray[np.float64] | pd.Categorical:
        """A column as numbers or as codes, so that no condition has to look at every text again."""

        def make() -> NDArray[np.float64] | pd.Categorical:
            series = self.frame[name]
            if self.book.vocabulary.attributes[name].type == "number":
                return series.to_numpy(dtype=np.float64, na_value=np.nan)
            codes, values = pd.factorize(series.to_numpy(dtype=object))
            return pd.Categorical.from_codes(codes, categories=pd.Index(values, dtype=object))

        found: NDArray[np.float64] | pd.Categorical = self.once(("column", name), make)
        return found

    # --- figures ----------------------------------------------------------------------------------------------------

    def figures(self, rule: Rule, targets: Rows) -> tuple[Numbers, Numbers, Numbers]:
        """Required distance of each target, and the bounds it lies between."""
        plain = rule.required_m(self.on)
        if plain is not None:
            same = np.broadcast_to(np.float64(plain), len(targets))
            return same, same, same
        if rule.factor_of:
            value, low, high = self.known(rule.factor_of[0][0], targets)
        elif rule.formula is not None and rule.formula.side == "target":
            value, low, high = (rule.formula.metres(v) for v in self.known(rule.formula.attribute, targets))
        else:
            value = low = high = np.ones(len(targets))
        return value, low, high

    def scale(self, rule: Rule, logic: Logic, source: SideMatch) -> tuple[Numbers, Numbers, Numbers]:
        """What each source does to the figure, and the bounds it lies between."""
        factor = source.factor
        if logic.cases:
            truths = np.array([self.at(condition, source.rows) for condition, _ in logic.cases])
            factors = np.array([multiple for _, multiple in logic.cases])[:, None]
            possible = truths != FALSE
            low = np.where(possible, factors, np.inf).min(axis=0)
            high = np.where(possible, factors, 0.0).max(axis=0)
            low = np.where(np.isinf(low), 0.0, low)
            return np.where(low == high, high, np.nan) * factor, low * factor, high * factor
        if rule.formula is not None and rule.formula.side == "source":
            value, low, high = (rule.formula.metres(v) for v in self.known(rule.formula.attribute, source.rows))
            return value * factor, low * factor, high * factor
        return factor, factor, factor

    def known(self, name: str, rows: Rows) -> tuple[Numbers, Numbers, Numbers]:
        """Values of a number, and the bounds they lie between: 0 and the largest plausible one where it is missing."""
        value = self.frame[name].to_numpy(dtype=float)[rows] if name in self.frame else np.full(len(rows), np.nan)
        missing = np.isnan(value)
        limit = self.book.vocabulary.attributes[name].plausible_max or np.inf
        return value, np.where(missing, 0.0, value), np.where(missing, limit, value)

    # --- what only the pair decides ---------------------------------------------------------------------------------

    def context(self, logic: Logic, instrument: Instrument, sources: Rows, targets: Rows) -> tuple[Truth, Truth]:
        """Conditions on the surroundings, looked up on the source, else on the target."""
        out = []
        for rows in (sources, targets):
            truth = np.minimum(self.at(logic.context, rows), self.at(instrument.applies_when_context, rows))
            out.append(truth.astype(np.int8))
        return out[0], out[1]

    def exceptions(self, rule: Rule, sources: Rows, targets: Rows) -> tuple[PairCondition, ...]:
        """Rules in force that take the place of this one where they hold."""
        others = [r for r in self.in_force if rule.id in r.replaces]
        return tuple(self.pair_condition(other, sources, targets) for other in others)

    def modifiers(self, rule: Rule, sources: Rows, targets: Rows) -> tuple[PairCondition, ...]:
        """Rules in force that change the figure of this one, where a row can be concerned at all."""
        found = []
        for other in self.in_force:
            change = other.modifies
            if change is None or change.row_of is not None or other.instrument != rule.instrument:
                continue
            if rule.type == "modifier" or not starts_with_clause(rule.clause, change.clause_prefix):
                continue
            condition = self.pair_condition(other, sources, targets)
            if condition.source.any() and condition.target.any():
                found.append(condition)
        return tuple(found)

    def pair_condition(self, other: Rule, sources: Rows, targets: Rows) -> PairCondition:
        """Where another rule holds, over the rows of this match."""
        logic = self.book.logic(other)
        dense = {}
        for side in _SIDES:
            found = self.side(other, logic, side)
            dense[side] = np.zeros(len(self.frame), dtype=np.int8)
            dense[side][found.rows] = found.truth
        truth = dense["target"][targets]
        if logic.same_condition:
            truth = np.minimum(truth, self.at(logic.source, targets))
        return PairCondition(other, dense["source"][sources], truth)
