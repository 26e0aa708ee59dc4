"""The tables of GB 18218-2018 as Python values, read from `data/rules/gb18218_2018.yaml` and checked.

Quantities become `Fraction`s of the decimal written in the file, so that "S is exactly 1" is decided on paper's terms
and not by the rounding of binary numbers.
"""

from __future__ import annotations

import json
import math
import unicodedata
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import jsonschema

from gisrisk.catalog.strict_yaml import read_yaml
from gisrisk.errors import OutOfDomain, RuleDataError
from gisrisk.paths import shipped

_ONE_KIND = str.maketrans("【】〔〕、–—", "[](),--")


def exact(value: float | int | str | Fraction) -> Fraction:
    """The decimal number a person wrote: 0.1 is one tenth, not the nearest binary number."""
    return value if isinstance(value, Fraction) else Fraction(str(value))


def plain(text: str) -> str:
    """A name made comparable: NFKC, lower case, no spaces, one kind of bracket, dash and comma."""
    folded = unicodedata.normalize("NFKC", text).lower()
    return "".join(folded.translate(_ONE_KIND).split())


def base_name(text: str) -> str:
    """The comparable name up to its first bracket: "硝酸铵(含可燃物≤0.2%)" -> "硝酸铵"."""
    name = plain(text)
    cut = min((at for at in (name.find("("), name.find("[")) if at > 0), default=len(name))
    return name[:cut]


@dataclass(frozen=True, kw_only=True, eq=False)
class Substance:
    """One row of table 1.

    Attributes
    ----------
    names : frozenset of str
        Every comparable full name and synonym.
    bases : frozenset of str
        The same cut at their first bracket.
    not_names : frozenset of str
        Comparable names of other products that share the CAS number (hydrochloric acid for hydrogen chloride).
    qualifier : str or None
        Wording under which alone the row holds; a CAS number does not decide it.
    choice : str or None
        Family of rows of which exactly one applies.
    beta, beta_cas, beta_only_for
        Correction of table 3 where a gas of the row is named there; where the row holds other gases too, the names it
        is for.
    """

    seq: int
    name_zh: str
    cas: frozenset[str]
    critical_quantity_t: Fraction
    names: frozenset[str]
    bases: frozenset[str]
    not_names: frozenset[str]
    qualifier: str | None
    choice: str | None
    beta: Fraction | None
    beta_cas: frozenset[str]
    beta_only_for: frozenset[str]
    confirmed: bool
    source_url: str | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Category:
    """One row of table 2 with its beta of table 4 and its machine-readable condition."""

    symbol: str
    class_zh: str
    any_of: tuple[dict[str, Any], ...]
    states: frozenset[str] | None
    fact: str | None
    unless: tuple[str, ...]
    critical_quantity_t: Fraction
    beta: Fraction
    confirmed: bool
    source_url: str | None


@dataclass(frozen=True, kw_only=True)
class UnitRule:
    """How features of some facility types make units (convention of this project)."""

    kind: str
    grouping: str | None
    inventory_expected: bool
    reason_zh: str | None


@dataclass(frozen=True, kw_only=True)
class Gb18218:
    """The standard as values; `raw` is the file as read."""

    document_number: str
    document_name_zh: str
    in_force_from: date
    in_force_to: date | None
    threshold_s: Fraction
    band_m: float
    alpha_rows: tuple[tuple[int, int | None, Fraction], ...]
    levels: tuple[tuple[int, Fraction | None, Fraction | None], ...]
    substances: tuple[Substance, ...]
    categories: tuple[Category, ...]
    unit_rules: dict[str, UnitRule]
    raw: dict[str, Any]

    def applies_on(self, day: date) -> bool:
        """Whether this edition is in force on a day."""
        return self.in_force_from <= day and (self.in_force_to is None or day < self.in_force_to)

    def alpha(self, people: float) -> Fraction:
        """Correction for the residents within the band outside the boundary; `people` whole or infinite, >= 0."""
        for low, high, value in self.alpha_rows:
            if low <= people and (high is None or people <= high):
                return value
        raise OutOfDomain(f"people is {people}; table 5 is for whole numbers of persons >= 0")

    def level(self, r: Fraction | float) -> int:
        """Level 1 (worst) to 4 of a major hazard installation from its R, >= 0."""
        for number, low, high in self.levels:
            if (low is None or r >= low) and (high is None or r < high):
                return number
        raise OutOfDomain(f"R is {r}, which no level covers")

    def level_name(self, number: int) -> str:
        """Chinese name of a level."""
        return str({row["level"]: row["name_zh"] for row in self.raw["grading"]["levels"]}[number])

    @cached_property
    def by_symbol(self) -> dict[str, Category]:
        return {row.symbol: row for row in self.categories}

    @cached_property
    def smallest_category_quantity_t(self) -> Fraction:
        """Smallest critical quantity of table 2: the bound for a substance of unknown class."""
        return min(row.critical_quantity_t for row in self.categories)

    @cached_property
    def beta_range(self) -> tuple[Fraction, Fraction]:
        """Smallest and largest beta of table 4: the bounds for a substance of unknown category."""
        betas = [row.beta for row in self.categories]
        return min(betas), max(betas)


@lru_cache(maxsize=1)
def gb18218() -> Gb18218:
    """The shipped tables; read once.

    Raises
    ------
    RuleDataError
        The file is wrong; the message names the place.
    """
    return read_gb18218(shipped("data", "rules", "gb18218_2018.yaml"))


def read_gb18218(path: Path) -> Gb18218:
    """Read and check one file of the standard's tables.

    Raises
    ------
    RuleDataError
        The file does not fit its schema, a symbol has no beta, alpha or level leaves a gap, or a row refers to nothing.
    """
    raw = read_yaml(path, error=RuleDataError)
    schema = json.loads(shipped("data", "rules", "schema", "gb18218.schema.json").read_text(encoding="utf-8"))
    # YAML dates are date objects; the schema speaks of text.
    problem = next(
        iter(jsonschema.Draft202012Validator(schema).iter_errors(json.loads(json.dumps(raw, default=str)))), None
    )
    if problem is not None:
        raise RuleDataError(
            f"{path.name}, {'/'.join(map(str, problem.absolute_path))}: {problem.message}. Correct it there."
        )
    grading = raw["grading"]
    betas = {row["symbol"]: exact(row["beta"]) for row in grading["beta_table4"]}
    gases = {row["table1_seq"]: row for row in grading["beta_table3"]}
    substances = tuple(_substance(row, gases.pop(row["seq"], None)) for row in raw["table1"]["rows"])
    if gases:
        raise RuleDataError(f"{path.name}, beta_table3: table1_seq {sorted(gases)} is no row of table 1. Correct it.")
    symbols = [row["symbol"] for row in raw["table2"]["rows"]]
    if sorted(symbols) != sorted(betas):
        raise RuleDataError(
            f"{path.name}: tables 2 and 4 differ in {sorted(set(symbols) ^ set(betas))}. Complete them."
        )
    categories = tuple(_category(row, betas[row["symbol"]]) for row in raw["table2"]["rows"])
    for position, category in enumerate(categories):
        if not set(category.unless) <= set(symbols[:position]):
            raise RuleDataError(f"{path.name}, {category.symbol}: unless must name earlier rows. Reorder table 2.")
    day = raw["document"]
    result = Gb18218(
        document_number=day["number"],
        document_name_zh=day["name_zh"],
        in_force_from=_day(day["in_force_from"]),
        in_force_to=_day(day["in_force_to"]) if day["in_force_to"] else None,
        threshold_s=exact(raw["identification"]["threshold_s"]),
        band_m=float(grading["alpha"]["band_m"]),
        alpha_rows=tuple(
            (row["people_min"], row["people_max"], exact(row["alpha"]))
            for row in sorted(grading["alpha"]["rows"], key=lambda row: int(row["people_min"]))
        ),
        levels=tuple(
            (row["level"], _limit(row["r_min"]), _limit(row["r_max"]))
            for row in sorted(grading["levels"], key=lambda row: int(row["level"]))
        ),
        substances=substances,
        categories=categories,
        unit_rules=_unit_rules(raw["conventions"]["facility_types"], path.name),
        raw=raw,
    )
    _check_gaps(result, path.name)
    return result


def _day(value: date | str) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def _limit(value: float | None) -> Fraction | None:
    return None if value is None else exact(value)


def _substance(row: dict[str, Any], gas: dict[str, Any] | None) -> Substance:
    names = [row["name_zh"], row["name_en"], *row["aliases_zh"], *row.get("names_added", [])]
    return Substance(
        seq=row["seq"],
        name_zh=row["name_zh"],
        cas=frozenset([*row["cas"], *row.get("cas_added", [])]),
        critical_quantity_t=exact(row["critical_quantity_t"]),
        names=frozenset(map(plain, names)),
        bases=frozenset(map(base_name, names)),
        not_names=frozenset(map(plain, row.get("not_names", []))),
        qualifier=row.get("qualifier"),
        choice=row.get("choice"),
        beta=exact(gas["beta"]) if gas else None,
        beta_cas=frozenset(gas["cas"]) if gas else frozenset(),
        beta_only_for=frozenset(map(plain, gas.get("only_for", []))) if gas else frozenset(),
        confirmed=row["confirmed"],
        source_url=row["source_url"],
    )


def _category(row: dict[str, Any], beta: Fraction) -> Category:
    when = row["when"]
    return Category(
        symbol=row["symbol"],
        class_zh=row["class_zh"],
        any_of=tuple(when["any_of"]),
        states=frozenset(when["states"]) if "states" in when else None,
        fact=when.get("fact"),
        unless=tuple(when.get("unless", ())),
        critical_quantity_t=exact(row["critical_quantity_t"]),
        beta=beta,
        confirmed=row["confirmed"],
        source_url=row["source_url"],
    )


def _unit_rules(rows: list[dict[str, Any]], file: str) -> dict[str, UnitRule]:
    rules: dict[str, UnitRule] = {}
    for row in rows:
        rule = UnitRule(
            kind=row["kind"],
            grouping=row.get("grouping"),
            inventory_expected=row.get("inventory") == "expected",
            reason_zh=row.get("reason_zh"),
        )
        for code in row["types"]:
            if code in rules:
                raise RuleDataError(f"{file}, conventions/facility_types: '{code}' stands twice. Keep one.")
            rules[code] = rule
    return rules


def _check_gaps(tables: Gb18218, file: str) -> None:
    """Alpha must cover every whole number of persons, and the levels every R, without gap or overlap."""
    expected: int | None = 0
    for low, high, _ in tables.alpha_rows:
        if low != expected:
            raise RuleDataError(f"{file}, alpha: rows leave a gap or overlap at {low} persons. Close it.")
        expected = None if high is None else high + 1
    if expected is not None:
        raise RuleDataError(f"{file}, alpha: nothing is said above {expected - 1} persons. Add an open row.")
    upper: Fraction | None = None
    for number, r_min, r_max in tables.levels:
        if r_max != upper:
            raise RuleDataError(f"{file}, levels: level {number} ends at {r_max}, the next worse begins at {upper}.")
        upper = r_min
    if upper is not None:
        raise RuleDataError(f"{file}, levels: nothing is said below R = {upper}.")


def shown(value: Fraction | float | None) -> float | None:
    """An exact number as the float that tables and JSON hold; None where it is unbounded or unknown."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return float(value)
