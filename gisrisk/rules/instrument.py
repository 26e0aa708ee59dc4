"""One document: when it applies, how its words map to facility and target types, and its rules in their order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from gisrisk.catalog.vocabulary import Vocabulary
from gisrisk.errors import RuleDataError
from gisrisk.rules.conditions import ALWAYS, Condition, parse
from gisrisk.rules.rule import DISTANCE_TYPES, NEVER_HERE, OVER, Formula, Modifier, Review, Rule


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Entry:
    """One line of a mapping: words of the document -> types of the vocabulary.

    `doubt` says why what rests on this line stays provisional; None: it does not.
    """

    kinds: frozenset[str]
    types: tuple[str, ...]
    when: Condition
    class_ref: str | None = None
    within_class: tuple[str, ...] = ()
    except_class: tuple[str, ...] = ()
    clause_prefix: tuple[str, ...] = ()
    rule_ids: frozenset[str] = frozenset()
    clause_not_for: frozenset[str] = frozenset()
    distance_factor: float = 1.0
    doubt: str | None = None

    def serves(self, rule_id: str, clause: str) -> bool:
        """Whether the line may be used for this rule."""
        if self.rule_ids and rule_id not in self.rule_ids:
            return False
        if rule_id in self.clause_not_for:
            return False
        return not self.clause_prefix or any(starts_with_clause(clause, prefix) for prefix in self.clause_prefix)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Logic:
    """The conditions of one rule, read; `context` without `distance_m`, which bounds the pair instead."""

    source: Condition
    target: Condition
    context: Condition
    beyond_m: float | None
    same_condition: bool
    cases: tuple[tuple[Condition, float], ...]
    """Multiples of an attribute by a condition on the source."""
    sources: tuple[Entry, ...]
    targets: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Instrument:
    """One document."""

    slug: str
    document: str
    document_no: str
    name_en: str | None
    in_force: date
    """First day in force; `date.max` for what is never in force here."""
    ended: date | None
    edition: date | None
    status: str
    note: str | None
    day_notes: tuple[str, ...]
    """How the days were found where the documents' own text does not give them."""
    stands_in: tuple[Condition, str] | None
    """Where this document is evaluated in place of another one, and why: provisional there."""
    gaps: tuple[tuple[str, str], ...]
    """What the recorded text does not cover, in Chinese and in English."""
    outside_site_only: bool
    """Whether its distances hold only towards what stands outside the source's own site."""
    applies_when_source: Condition
    applies_when_context: Condition
    sources: tuple[Entry, ...]
    targets: tuple[Entry, ...]
    rules: tuple[Rule, ...]
    logic: dict[str, Logic]


def starts_with_clause(clause: str, prefix: str) -> bool:
    """Whether a clause begins with a number: 4.4.1 covers "4.4.1 表4.4.1" and 4.4.1.2, not 4.4.10."""
    return clause.startswith(prefix) and not clause[len(prefix) : len(prefix) + 1].isdigit()


def read_instrument(path: Path, content: dict[str, Any], vocabulary: Vocabulary) -> tuple[Instrument | None, list[str]]:
    """An instrument from the content of its file (already valid against the schema), and what is wrong with it."""
    problems: list[str] = []
    file, attributes = path.name, vocabulary.attributes
    for name in ("in_force", "edition", "ended"):
        try:
            _day(content.get(name, "2000-01-01"))
        except RuleDataError as error:
            return None, [f"{file}: {name}: {error}"]

    def condition(when: dict[str, Any] | None, where: str) -> Condition:
        try:
            return parse(when, attributes, where=f"{file}: {where}")
        except RuleDataError as error:
            problems.append(str(error))
            return ALWAYS

    applies = content.get("applies_when", {})
    sources = tuple(
        _entry(e, f"sources[{i}]", condition, vocabulary, file, problems) for i, e in enumerate(content["sources"])
    )
    targets = tuple(
        _entry(e, f"targets[{i}]", condition, vocabulary, file, problems) for i, e in enumerate(content["targets"])
    )
    points = {
        side: {point["code"] for point in vocabulary.measuring_points[side]}
        for side in ("measured_from", "measured_to")
    }
    rules: list[Rule] = []
    logic: dict[str, Logic] = {}
    for row in content["rules"]:
        where = row["id"]
        for side, codes in points.items():
            if row[side] not in codes:
                problems.append(
                    f"{file}: {where}: {side} '{row[side]}' is not in the closed list of measuring points. "
                    "Use one of the list or add it to the vocabulary."
                )
        try:
            rule = _rule(path.stem, content, row)
        except RuleDataError as error:
            problems.append(f"{file}: {where}: {error}")
            continue
        if rule.formula is not None and rule.formula.attribute not in attributes:
            problems.append(f"{file}: {where}: formula: there is no attribute '{rule.formula.attribute}'. Correct it.")
        made = _logic(rule, sources, targets, condition)
        for side, kinds, entries in (
            ("source", rule.source_kinds, made.sources),
            ("target", rule.target_kinds, made.targets),
        ):
            for kind in kinds:
                demanded = rule.type in DISTANCE_TYPES and _can_hold(rule)
                if demanded and not any(kind in e.kinds for e in entries):
                    problems.append(f"{file}: {where}: {side} '{kind}' is mapped to no type. Add it to {side}s.")
        rules.append(rule)
        logic[rule.id] = made
    if problems:
        return None, problems
    return (
        Instrument(
            slug=path.stem,
            document=content["document"],
            document_no=content["document_no"],
            name_en=content.get("name_en"),
            in_force=_first_day(content),
            ended=_day(content["ended"]) if "ended" in content else None,
            edition=_day(content["edition"]) if "edition" in content else None,
            status=content["status"],
            note=content.get("note"),
            day_notes=tuple(content[k] for k in ("in_force_note", "ended_note") if k in content),
            stands_in=_stands_in(content, condition),
            gaps=tuple((gap["zh"], gap["en"]) for gap in content.get("gaps", ())),
            outside_site_only="outside_site_only" in content,
            applies_when_source=condition(applies.get("source"), "applies_when"),
            applies_when_context=condition(applies.get("context"), "applies_when"),
            sources=sources,
            targets=targets,
            rules=tuple(rules),
            logic=logic,
        ),
        problems,
    )


def _can_hold(rule: Rule) -> bool:
    """Whether there is a day on which the rule is in force."""
    return rule.status not in NEVER_HERE and not (rule.status in OVER and rule.until is None)


def _first_day(content: dict[str, Any]) -> date:
    return _day(content["in_force"]) if "in_force" in content else date.max


def _stands_in(content: dict[str, Any], condition: Any) -> tuple[Condition, str] | None:
    given = content.get("stands_in")
    return None if given is None else (condition(given["when"], "stands_in"), given["reason"])


def _entry(
    entry: dict[str, Any], place: str, condition: Any, vocabulary: Vocabulary, file: str, problems: list[str]
) -> Entry:
    """One mapping line; every type and class it names must exist."""
    known_types = vocabulary.facility_types if "facility_types" in entry else vocabulary.target_types
    types = tuple(entry.get("facility_types") or entry.get("target_types") or ())
    for name in types:
        if name not in known_types:
            problems.append(
                f"{file}: {place}: there is no type '{name}' in the vocabulary. Correct it or add it there."
            )
    named = [entry[k] for k in ("class_ref",) if k in entry]
    classes = [*named, *entry.get("within_class", ()), *entry.get("except_class", ())]
    for name in classes:
        if name not in vocabulary.classes:
            problems.append(
                f"{file}: {place}: there is no class '{name}' in the vocabulary. Correct it or add it there."
            )
    doubts = [entry["basis"]] if entry.get("confirmed") is False and "basis" in entry else []
    if entry.get("confirmed") is False and not doubts:
        doubts = ["mapping not confirmed"]
    if "approximate" in entry:
        doubts.append(entry["approximate"])
    doubts += [f"class {c} not confirmed" for c in classes if not vocabulary.classes.get(c, {}).get("confirmed", False)]
    return Entry(
        kinds=frozenset(entry["kinds"]),
        types=types,
        when=condition({**entry.get("when", {}), **entry.get("also", {})} or None, place),
        class_ref=entry.get("class_ref"),
        within_class=tuple(entry.get("within_class", ())),
        except_class=tuple(entry.get("except_class", ())),
        clause_prefix=tuple(entry.get("clause_prefix", ())),
        rule_ids=frozenset(entry.get("rule_ids", ())),
        clause_not_for=frozenset(entry.get("clause_not_for", ())),
        distance_factor=float(entry.get("distance_factor", 1.0)),
        doubt="; ".join(doubts) or None,
    )


def _rule(slug: str, document: dict[str, Any], row: dict[str, Any]) -> Rule:
    """One row; figures must be positive and their dates in order."""
    first_day = _first_day(document)
    since = _day(row["in_force"]) if "in_force" in row else first_day
    until = _day(document["ended"]) if "ended" in document else None
    if until is not None and until <= first_day:
        raise RuleDataError(f"ended is {until}, expected a day after in_force {first_day}.")
    distances = tuple(
        (_day(first), None if m is None else float(m)) for first, m in row.get("min_distance_m", {}).items()
    )
    if [first for first, _ in distances] != sorted({first for first, _ in distances}):
        raise RuleDataError("the days of min_distance_m are not in order. Write the oldest first.")
    for first, metres in distances:
        if metres is not None and not metres > 0:
            raise RuleDataError(f"min_distance_m is {metres} from {first}, expected > 0; null means repealed.")
    figures = [k for k in _FIGURES if k in row]
    if len(figures) > 1:
        raise RuleDataError(f"has both {figures[0]} and {figures[1]}; only one can hold.")
    evidence = row.get("evidence", {})
    review: Review = row["review"]
    if review == "confirmed" and evidence.get("scope") not in ("text", "secondary"):
        raise RuleDataError(f"is confirmed by '{evidence.get('scope')}'; only text or secondary can confirm.")
    because = () if review == "confirmed" else (f"evidence: {evidence.get('scope') or 'none'}",)
    modifies = row.get("modifies")
    return Rule(
        id=row["id"],
        instrument=slug,
        document=document["document"],
        document_no=document["document_no"],
        document_name_en=document.get("name_en"),
        clause=row["clause"],
        title_zh=row["title_zh"],
        type=row["type"],
        mandatory=row["mandatory"],
        review=review,
        provisional_because=because,
        confirm_scope=evidence.get("scope"),
        source_url=evidence.get("url"),
        evidence_note=evidence.get("note"),
        source_kinds=tuple(row["source"]),
        target_kinds=tuple(row["target"]),
        measured_from=row["measured_from"],
        measured_to=row["measured_to"],
        direction=row["direction"],
        since=distances[0][0] if distances else since,
        status=document["status"],
        until=until,
        formula=_formula(row.get("formula")),
        distances=distances,
        factor_of=_factors(row),
        distance_cases=tuple((case["when"], float(case["distance_m"])) for case in row.get("distance_cases", ())),
        expression=row.get("expression"),
        modifies=Modifier(**modifies) if modifies else None,
        replaces=tuple(row.get("replaces", ())),
        tightens=tuple(row.get("tightens", ())),
        when=row.get("when", {}),
        prohibited_when=row.get("prohibited_when", {}),
        notes=row.get("notes"),
    )


_FIGURES = ("min_distance_m", "factor_of", "factor_of_cases", "formula", "distance_cases", "modifies")


def _formula(given: dict[str, Any] | None) -> Formula | None:
    if given is None:
        return None
    over, under = given["exponent"]
    return Formula(
        side=given["side"], attribute=given["attribute"], factor=float(given["factor"]), exponent=(over, under)
    )


def _factors(row: dict[str, Any]) -> tuple[tuple[str, tuple[tuple[dict[str, Any], float], ...]], ...]:
    """Multiples of an attribute, plain or by case, as cases."""
    out: list[tuple[str, tuple[tuple[dict[str, Any], float], ...]]] = []
    for name, factor in row.get("factor_of", {}).items():
        out.append((name, (({}, float(factor)),)))
    for name, listed in row.get("factor_of_cases", {}).items():
        if any(set(case["when"]) - {"source"} for case in listed):
            raise RuleDataError("a case of factor_of_cases may ask about the source only.")
        out.append((name, tuple((case["when"], float(case["factor"])) for case in listed)))
    return tuple(out)


def _logic(rule: Rule, sources: tuple[Entry, ...], targets: tuple[Entry, ...], condition: Any) -> Logic:
    target, context = dict(rule.when.get("target", {})), dict(rule.when.get("context", {}))
    same = bool(target.pop("same_condition_as_source", False))
    bounds = context.pop("distance_m", {})
    return Logic(
        source=condition(rule.when.get("source"), f"{rule.id}, when.source"),
        target=condition(target or None, f"{rule.id}, when.target"),
        context=condition(context or None, f"{rule.id}, when.context"),
        beyond_m=bounds.get("gt"),
        same_condition=same,
        cases=tuple(
            (condition(case.get("source"), f"{rule.id}, factor_of_cases"), factor)
            for _, cases in rule.factor_of
            for case, factor in cases
        ),
        sources=_serving(rule, rule.source_kinds, sources),
        targets=_serving(rule, rule.target_kinds, targets),
    )


def _serving(rule: Rule, kinds: tuple[str, ...], entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    return tuple(e for e in entries if e.kinds & set(kinds) and e.serves(rule.id, rule.clause))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise RuleDataError(f"'{text}' is not a day; write YYYY-MM-DD.") from error
