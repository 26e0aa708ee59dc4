"""Clauses that say where a project must stand or must not stand: in a park, outside an area, away from its edge.

They are read from `data/rules/predicates.yaml`. What no layer can answer stands there too, with the reason, so that a
verdict can list what it did not look at.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import jsonschema

from gisrisk.catalog import load_layers
from gisrisk.catalog.strict_yaml import read_yaml
from gisrisk.catalog.vocabulary import Vocabulary
from gisrisk.catalog.vocabulary import vocabulary as shipped_vocabulary
from gisrisk.errors import RuleDataError
from gisrisk.paths import shipped
from gisrisk.rules.conditions import ALWAYS, Condition, parse
from gisrisk.rules.rule import Review

Relation = Literal["within", "not_within", "disjoint", "outside_buffer"]
FILE = "predicates.yaml"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Selection:
    """Features of one layer that a clause speaks of; every part must hold.

    Attributes
    ----------
    types : tuple of str
        Facility or target types of the vocabulary; empty: any.
    columns : tuple of (column, allowed values)
        Columns of the layer itself; an empty cell makes it unknown.
    when : Condition
        On vocabulary attributes, derived ones included.
    approved : bool
        The day lies within `approved_on` .. `approval_expires`; a missing day makes it unknown.
    major_hazard : bool
        The source is part of a major hazard installation by GB 18218.
    only_possible : bool
        The layer cannot tell these features from others: at most possible, never sure.
    """

    layer: str
    types: tuple[str, ...] = ()
    columns: tuple[tuple[str, tuple[Any, ...]], ...] = ()
    when: Condition = ALWAYS
    approved: bool = False
    major_hazard: bool = False
    only_possible: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Predicate:
    """One clause as a spatial condition of subject and object.

    Attributes
    ----------
    relation : str or None
        within: the subject must lie inside one of the objects. not_within, disjoint: it may share no area with any.
        outside_buffer: it must stay `distance_m` away. None: `not_evaluated` says why.
    exceptions : tuple of (code, Chinese, English)
        Cases the clause leaves out. The applicant claims them; a claimed one is to be proved, not taken.
    """

    id: str
    title_zh: str
    document: str
    document_no: str
    clause: str
    since: date
    until: date | None
    mandatory: bool
    review: Review
    evidence: dict[str, str]
    relation: Relation | None = None
    subject: tuple[Selection, ...] = ()
    object: tuple[Selection, ...] = ()
    distance_m: float | None = None
    distance_basis: dict[str, str] | None = None
    effect: str = "required"
    exceptions: tuple[tuple[str, str, str], ...] = ()
    not_evaluated: dict[str, str] | None = None
    notes: str | None = field(default=None, repr=False)

    def applies_on(self, day: date) -> bool:
        """Whether the clause is in force on the day."""
        return self.since <= day and (self.until is None or day < self.until)


@lru_cache(maxsize=4)
def load_predicates(folder: Path | None = None) -> tuple[Predicate, ...]:
    """The shipped clauses, or those of another folder of rules.

    Raises
    ------
    RuleDataError
        The file is wrong; the message lists everything that is.
    """
    found, problems = read_predicates(folder or shipped("data", "rules"))
    if problems:
        raise RuleDataError("\n".join(problems))
    return found


def read_predicates(folder: Path, vocabulary: Vocabulary | None = None) -> tuple[tuple[Predicate, ...], list[str]]:
    """The clauses of a folder of rules and everything that is wrong with them; a folder without the file has none."""
    path = folder / FILE
    if not path.exists():
        return (), []
    try:
        content = read_yaml(path, error=RuleDataError)
    except RuleDataError as error:
        return (), [str(error)]
    validator = _schema()
    errors = sorted(validator.iter_errors(content), key=lambda e: [str(step) for step in e.absolute_path])
    if errors:
        return (), [f"{FILE}: {_place(content, error)}: {error.message}" for error in errors]
    words = vocabulary or shipped_vocabulary()
    problems: list[str] = []
    found: list[Predicate] = []
    for entry in content["predicates"]:
        if any(entry["id"] == other.id for other in found):
            problems.append(f"{FILE}: {entry['id']}: this id stands twice. An id is never reused; give it its own.")
            continue
        try:
            found.append(_predicate(entry, words, problems))
        except (RuleDataError, ValueError) as error:
            problems.append(f"{FILE}: {entry['id']}: {error}")
    return (() if problems else tuple(found)), problems


@lru_cache(maxsize=1)
def _schema() -> Any:
    text = shipped("data", "rules", "schema", "predicates.schema.json").read_text(encoding="utf-8")
    return jsonschema.Draft202012Validator(json.loads(text))


def _place(content: Any, error: Any) -> str:
    steps = list(error.absolute_path)
    if len(steps) > 1 and steps[0] == "predicates":
        entry = content["predicates"][steps[1]]
        name = entry.get("id") if isinstance(entry, dict) else None
        return ", ".join([str(name or f"entry {int(steps[1]) + 1}"), *map(str, steps[2:])])
    return ", ".join(map(str, steps)) or "top level"


def _predicate(entry: dict[str, Any], words: Vocabulary, problems: list[str]) -> Predicate:
    relation = entry.get("predicate")
    if relation == "outside_buffer" and "distance_m" not in entry:
        raise RuleDataError("outside_buffer needs distance_m. Add it with its basis.")
    where = f"{FILE}: {entry['id']}"
    return Predicate(
        id=entry["id"],
        title_zh=entry["title_zh"],
        document=entry["document"],
        document_no=entry["document_no"],
        clause=entry.get("clause", ""),
        since=date.fromisoformat(entry["in_force"]),
        until=date.fromisoformat(entry["repealed"]) if "repealed" in entry else None,
        mandatory=entry.get("mandatory", True),
        review=entry["review"],
        evidence=dict(entry["evidence"]),
        relation=relation,
        subject=tuple(_selection(s, words, f"{where}, subject", problems) for s in entry.get("subject", ())),
        object=tuple(_selection(s, words, f"{where}, object", problems) for s in entry.get("object", ())),
        distance_m=entry.get("distance_m"),
        distance_basis=entry.get("distance_basis"),
        effect=entry.get("effect", "required"),
        exceptions=tuple((e["code"], e["name_zh"], e["name_en"]) for e in entry.get("exceptions", ())),
        not_evaluated=entry.get("not_evaluated"),
        notes=entry.get("notes"),
    )


def _selection(entry: dict[str, Any], words: Vocabulary, where: str, problems: list[str]) -> Selection:
    """A selection, with every name in it looked up."""
    layers = load_layers()
    name = entry["layer"]
    if name not in layers:
        raise RuleDataError(f"{where}: there is no layer '{name}'. Correct it.")
    known = {column.name: column for column in layers[name].columns}
    for column, values in entry.get("columns", {}).items():
        if column not in known:
            problems.append(f"{where}: layer {name} has no column '{column}'. Correct it.")
        elif (allowed := known[column].allowed) is not None:
            problems += [
                f"{where}: '{value}' is not a value of {name}.{column}. Correct it."
                for value in values
                if value not in allowed
            ]
    types: dict[str, Any] = {**words.target_types, **words.facility_types}
    problems += [f"{where}: there is no type '{t}'. Correct it." for t in entry.get("types", ()) if t not in types]
    if entry.get("approved") and not {"approved_on", "approval_expires"} <= set(known):
        problems.append(f"{where}: layer {name} has no days of approval. Leave 'approved' out.")
    if entry.get("major_hazard") and name != "hazard_source":
        problems.append(f"{where}: only a hazard_source can be a major hazard. Leave 'major_hazard' out.")
    return Selection(
        layer=name,
        types=tuple(entry.get("types", ())),
        columns=tuple((column, tuple(values)) for column, values in entry.get("columns", {}).items()),
        when=parse(entry.get("when"), words.attributes, where=where),
        approved=entry.get("approved", False),
        major_hazard=entry.get("major_hazard", False),
        only_possible=entry.get("only_possible", False),
    )
