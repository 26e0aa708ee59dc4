"""The rule book: every document under `data/rules/instruments`, read, checked, and asked by day."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import jsonschema

from gisrisk.catalog.strict_yaml import read_yaml
from gisrisk.catalog.vocabulary import FacilityType, TargetType, Vocabulary, read_vocabulary
from gisrisk.errors import RuleDataError, UnknownName
from gisrisk.paths import shipped
from gisrisk.rules.conditions import Condition, parse
from gisrisk.rules.instrument import Entry, Instrument, Logic, read_instrument, starts_with_clause
from gisrisk.rules.local import conflicts
from gisrisk.rules.predicates import read_predicates
from gisrisk.rules.rule import Modifier, Rule
from gisrisk.rules.signoffs import FILE as SIGNOFFS
from gisrisk.rules.signoffs import SignOffs, read_signoffs
from gisrisk.settings import data_dir


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClassMember:
    """One line of a class: features of these types that meet the condition belong to it."""

    types: tuple[str, ...]
    when: Condition


@dataclass(frozen=True, kw_only=True, eq=False)
class RuleBook:
    """All documents as of one state of `data/rules`; `version` names that state."""

    version: str
    vocabulary: Vocabulary
    instruments: dict[str, Instrument]
    classes: dict[str, tuple[ClassMember, ...]]
    rules: tuple[Rule, ...]
    conflicts: dict[str, str] = field(default_factory=dict)
    """Local rules that loosen a national one and are not applied: rule id -> what is wrong."""

    def rule(self, rule_id: str) -> Rule:
        """One rule by its id.

        Raises
        ------
        UnknownName
            No rule has this id.
        """
        for rule in self.rules:
            if rule.id == rule_id:
                return rule
        raise UnknownName("rule", rule_id, [rule.id for rule in self.rules])

    def in_force(self, on: date) -> list[Rule]:
        """Rules in force on a day, in the order of the documents."""
        return [rule for rule in self.rules if rule.applies_on(on)]

    def logic(self, rule: Rule) -> Logic:
        """The conditions of a rule, ready to evaluate."""
        return self.instruments[rule.instrument].logic[rule.id]

    def types_of(self, entry: Entry) -> tuple[str, ...]:
        """Types a mapping line can match; those of its class where it names none."""
        if entry.types or entry.class_ref is None:
            return entry.types
        return tuple(dict.fromkeys(t for member in self.classes[entry.class_ref] for t in member.types))

    def largest_m(self, rule: Rule, on: date) -> float:
        """The largest figure the rule can ask for on a day [m]; 0 where it asks for none.

        A multiple of an attribute counts with the attribute's `plausible_max`; mapping factors and rules that enlarge
        the figure are included, so that a search within this distance loses no pair.
        """
        widest = max((entry.distance_factor for entry in self.logic(rule).sources), default=1.0)
        plain = [rule.required_m(on) or 0.0]
        by_case = [metres for _, metres in rule.distance_cases]
        multiples = [
            factor * (self.vocabulary.attributes[name].plausible_max or 0.0)
            for name, cases in rule.factor_of
            for _, factor in cases
        ]
        power = [] if rule.formula is None else [float(rule.formula.metres(self._plausible(rule.formula.attribute)))]
        largest = widest * max(plain + by_case + multiples + power)
        for change in self.modifiers_of(rule, on):
            largest = max(largest, largest * change.factor, change.floor_m or 0.0)
        return largest

    def modifiers_of(self, rule: Rule, on: date) -> list[Modifier]:
        """What other rules in force may do to the figure of a rule."""
        if rule.type == "modifier":
            return []
        others = (r for r in self.instruments[rule.instrument].rules if r.modifies is not None and r.applies_on(on))
        changes = [other.modifies for other in others if other.modifies is not None]
        return [c for c in changes if c.row_of is None and starts_with_clause(rule.clause, c.clause_prefix)]

    def _plausible(self, attribute: str) -> float:
        return self.vocabulary.attributes[attribute].plausible_max or 0.0

    def reach_m(self, on: date) -> float:
        """The largest figure any rule in force can ask for [m]."""
        return max((self.largest_m(rule, on) for rule in self.in_force(on)), default=0.0)


def own_folder() -> Path:
    """Folder of the user's own rules: `local/*.yaml` and the sign-offs."""
    return data_dir() / "rules"


def load_rules(folder: Path | None = None, *, own: Path | None = None) -> RuleBook:
    """The shipped rule book with the user's own documents and sign-offs, or that of another folder.

    Parameters
    ----------
    folder : Path, optional
        `data/rules` of another checkout; the shipped one, together with `own_folder()`, by default.
    own : Path, optional
        Folder of own rules to use.

    Raises
    ------
    RuleDataError
        Something under the folders is wrong; the message lists everything that is.
    """
    folder, own = _folders(folder, own)
    return _loaded(folder, own, _version(folder, own))


@lru_cache(maxsize=8)
def _loaded(folder: Path, own: Path | None, version: str) -> RuleBook:
    """Read once for each state of the files."""
    book, problems = read_book(folder, own)
    if book is None:
        raise RuleDataError("\n".join(problems))
    return book


def check_rules(folder: Path | None = None, *, own: Path | None = None) -> list[str]:
    """Everything that is wrong with the rules, and every local rule that is not applied; empty when all is well."""
    place, own_place = _folders(folder, own)
    book, problems = read_book(place, own_place)
    found = problems if book is None else [*book.conflicts.values()]
    return found + read_predicates(place)[1]


def _folders(folder: Path | None, own: Path | None) -> tuple[Path, Path | None]:
    if folder is None:
        return shipped("data", "rules"), own or own_folder()
    return folder, own


def read_book(folder: Path, own: Path | None = None) -> tuple[RuleBook | None, list[str]]:
    """Read a folder of rules and the user's own; the book is None when there are problems."""
    problems: list[str] = []
    try:
        content = read_yaml(folder / "vocabulary.yaml", error=RuleDataError)
        problems += _schema_problems("vocabulary.yaml", content, "vocabulary")
        vocabulary = read_vocabulary(folder / "vocabulary.yaml")
    except RuleDataError as error:
        return None, [*problems, str(error)]
    classes, found = _classes(vocabulary)
    problems += found
    problems += _vocabulary_problems(vocabulary)
    instruments: dict[str, Instrument] = {}
    local: list[Instrument] = []
    for path in [*sorted((folder / "instruments").glob("*.yaml")), *_own_files(own)]:
        instrument, found = _instrument(path, vocabulary)
        problems += found
        if instrument is None:
            continue
        if path.parent != folder / "instruments":
            if instrument.status != "local" or path.stem in instruments:
                problems.append(
                    f"{path.name}: a document of your own has the status local and a file name of its own. Correct it."
                )
                continue
            local.append(instrument)
        instruments[path.stem] = instrument
    rules = tuple(rule for instrument in instruments.values() for rule in instrument.rules)
    problems += _cross_problems(rules)
    signoffs = read_signoffs(own, [rule.id for rule in rules]) if own is not None else SignOffs((), ())
    problems += signoffs.problems
    if problems:
        return None, problems
    version = _version(folder, own)
    book = RuleBook(version=version, vocabulary=vocabulary, instruments=instruments, classes=classes, rules=rules)
    refused = conflicts(local, book) if local else {}
    kept = {
        slug: replace(one, rules=signoffs.applied([rule for rule in one.rules if rule.id not in refused]))
        for slug, one in instruments.items()
    }
    rules = tuple(rule for instrument in kept.values() for rule in instrument.rules)
    return replace(book, instruments=kept, rules=rules, conflicts=refused), []


def _own_files(own: Path | None) -> list[Path]:
    return [] if own is None else sorted((own / "local").glob("*.yaml"))


def _instrument(path: Path, vocabulary: Vocabulary) -> tuple[Instrument | None, list[str]]:
    try:
        content = read_yaml(path, error=RuleDataError)
    except RuleDataError as error:
        return None, [str(error)]
    problems = _schema_problems(path.name, content, "instrument")
    return (None, problems) if problems else read_instrument(path, content, vocabulary)


def _cross_problems(rules: tuple[Rule, ...]) -> list[str]:
    """What only shows when all documents are read: ids used twice, ids that are named but do not exist."""
    problems, seen = [], dict[str, Rule]()
    for rule in rules:
        if rule.id in seen:
            problems.append(
                f"{rule.instrument}.yaml: {rule.id}: this id stands also in {seen[rule.id].instrument}.yaml. "
                "An id is never reused; give the new rule its own."
            )
        seen[rule.id] = rule
    for rule in rules:
        problems.extend(
            f"{rule.instrument}.yaml: {rule.id}: replaces '{other}', which is no rule. Correct the id."
            for other in rule.replaces
            if other not in seen
        )
    return problems


def _classes(vocabulary: Vocabulary) -> tuple[dict[str, tuple[ClassMember, ...]], list[str]]:
    """The classes with their conditions read."""
    classes: dict[str, tuple[ClassMember, ...]] = {}
    problems: list[str] = []
    for code, entry in vocabulary.classes.items():
        members = []
        for number, member in enumerate(entry["members"], start=1):
            where = f"vocabulary.yaml: class {code}, member {number}"
            unknown = [t for t in member["target_types"] if t not in vocabulary.target_types]
            problems.extend(f"{where}: there is no target type '{name}'. Correct it." for name in unknown)
            try:
                members.append(
                    ClassMember(
                        types=tuple(member["target_types"]),
                        when=parse(member.get("when"), vocabulary.attributes, where=where),
                    )
                )
            except RuleDataError as error:
                problems.append(str(error))
        classes[code] = tuple(members)
    return classes, problems


def _vocabulary_problems(vocabulary: Vocabulary) -> list[str]:
    """What the schema cannot see: selections and implied values fit the attributes, aliases lead somewhere."""
    problems = []
    types: list[tuple[str, FacilityType | TargetType]] = [*vocabulary.facility_types.items()]
    types += vocabulary.target_types.items()
    for code, entry in types:
        select = {k: v for k, v in (entry.select or {}).items() if k != "any_trait"}
        for what, when in (("select", select), ("implies", entry.implies)):
            try:
                parse(when, vocabulary.attributes, where=f"vocabulary.yaml: {code}, {what}")
            except RuleDataError as error:
                problems.append(str(error))
    for side in ("measured_from", "measured_to"):
        codes = {point["code"] for point in vocabulary.measuring_points[side]}
        for point in vocabulary.measuring_points[side]:
            used = [line["use"] for line in point.get("resolve", ())] + list(point.get("alias_of", ()))
            problems.extend(
                f"vocabulary.yaml: {side}, {point['code']}: leads to '{use}', which is not in the list. Correct it."
                for use in used
                if use not in codes
            )
    return problems


@lru_cache(maxsize=2)
def _schema(name: str) -> Any:
    text = shipped("data", "rules", "schema", f"{name}.schema.json").read_text(encoding="utf-8")
    return jsonschema.Draft202012Validator(json.loads(text))


def _schema_problems(file: str, content: Any, name: str) -> list[str]:
    """What a file has that its schema does not allow, each with the place and the id of the entry."""
    errors = sorted(_schema(name).iter_errors(content), key=lambda e: [str(step) for step in e.absolute_path])
    return [f"{file}: {_place(content, error.absolute_path)}: {error.message}" for error in errors]


def _place(content: Any, path: Any) -> str:
    """Path of a schema error as a person would say it: rules[3] (GLTL-17a), min_distance_m."""
    words: list[str] = []
    for step in path:
        content = content[step]
        if isinstance(step, int):
            keys = ("id", "code", "name") if isinstance(content, dict) else ()
            name = next((content[key] for key in keys if key in content), None)
            words[-1:] = [f"{words[-1] if words else ''}[{step}]" + (f" ({name})" if name else "")]
        else:
            words.append(str(step))
    return ", ".join(words) or "top level"


def _files(folder: Path) -> Iterator[Path]:
    yield from sorted((p for p in folder.rglob("*") if p.is_file()), key=lambda p: p.relative_to(folder).as_posix())


def _version(folder: Path, own: Path | None) -> str:
    """12 hex digits that change when any file under the folder, a document of one's own or a sign-off does."""
    digest = hashlib.sha256()
    for path in _files(folder):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(_sha256(path, path.stat().st_mtime_ns, path.stat().st_size))
    mine = [*_own_files(own), *([own / SIGNOFFS] if own is not None and (own / SIGNOFFS).exists() else [])]
    for path in mine:
        digest.update(f"own/{path.name}".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]


@lru_cache(maxsize=512)
def _sha256(path: Path, changed_ns: int, size: int) -> bytes:
    """Digest of a shipped file, remembered while its time and size stay."""
    return hashlib.sha256(path.read_bytes()).digest()
