"""The base vocabulary: attributes, facility types and target types from which every standard derives its classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeVar

from gisrisk.catalog.strict_yaml import read_yaml
from gisrisk.errors import RuleDataError
from gisrisk.paths import shipped

AttributeType = Literal["number", "enum", "bool", "text", "list", "geometry"]
_ATTRIBUTE_TYPES = ("number", "enum", "bool", "text", "list", "geometry")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One attribute a rule may ask for.

    `side` tells whose it is: source, target, both, or context (derived from the surroundings, never entered).
    `default` is taken, and marked assumed, where it is empty; `plausible_max` bounds what an empty one may be.
    """

    name: str
    type: AttributeType
    side: str
    name_zh: str
    meaning: str
    unit: str | None = None
    values: tuple[str | int, ...] = ()
    default: Any = None
    plausible_max: float | None = None
    in_contract: bool = False
    note: str | None = None

    @property
    def can_be_entered(self) -> bool:
        """Whether an import file may give it: not context, not a geometry, and its values are known."""
        has_values = self.type not in ("enum", "list") or bool(self.values)
        return self.side != "context" and self.type != "geometry" and has_values


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group of facility types or of target types; never stored."""

    code: str
    name_zh: str


@dataclass(frozen=True, kw_only=True)
class FacilityType:
    """One kind of hazard source.

    Attributes
    ----------
    layer : str
        Layer that holds features of the type.
    geometry : tuple of str
        Geometry types from which its distances are measured without a substitute.
    required, optional : tuple of str
        Attributes its rules need, or may use.
    implies : dict
        Attribute values the type fixes unless the owner states otherwise.
    stands_for : tuple of str
        Types whose features the whole site stands in for when none of them is on record.
    select : dict or None
        Which rows of another layer act as this type.
    """

    code: str
    name_zh: str
    name_en: str
    parent: str
    layer: str
    geometry: tuple[str, ...]
    required: tuple[str, ...]
    optional: tuple[str, ...]
    traits: tuple[str, ...]
    example: str
    implies: dict[str, Any]
    stands_for: tuple[str, ...]
    select: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class TargetType:
    """One kind of protected target; `select` says which rows of another layer are read as it."""

    code: str
    name_zh: str
    name_en: str
    parent: str
    layer: str
    geometry: tuple[str, ...]
    required: tuple[str, ...]
    optional: tuple[str, ...]
    traits: tuple[str, ...]
    example: str
    implies: dict[str, Any]
    select: dict[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """The whole vocabulary. `classes`, `derived`, `site_regime_hints` and `measuring_points` are as in the file."""

    attributes: dict[str, Attribute]
    facility_groups: dict[str, Group]
    facility_types: dict[str, FacilityType]
    target_groups: dict[str, Group]
    target_types: dict[str, TargetType]
    classes: dict[str, Any]
    derived: dict[str, Any]
    site_regime_hints: dict[str, Any]
    measuring_points: dict[str, Any]


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """The shipped vocabulary, `data/rules/vocabulary.yaml`; read once.

    Raises
    ------
    RuleDataError
        The file is wrong; the message names the entry.
    """
    return read_vocabulary(shipped("data", "rules", "vocabulary.yaml"))


def read_vocabulary(path: Path) -> Vocabulary:
    """Read and check one vocabulary file.

    Raises
    ------
    RuleDataError
        A part or a field is missing, a code stands twice, or a type names an attribute, a group or a type that the
        file does not define.
    """
    content = read_yaml(path, error=RuleDataError)
    parts = ("attributes", "facility_groups", "facility_types", "target_groups", "target_types")
    for part in (*parts, "classes", "derived", "site_regime_hints", "measuring_points"):
        expected = list if part in parts else dict
        if not isinstance(content.get(part), expected):
            raise RuleDataError(f"{path.name}, {part}: missing or not a {expected.__name__}. Restore this part.")

    def table(part: str, make: Callable[[dict[str, Any]], _T], key: str) -> dict[str, _T]:
        return _table(path.name, part, content[part], make, key)

    result = Vocabulary(
        attributes=table("attributes", _attribute, "name"),
        facility_groups=table("facility_groups", _group, "code"),
        facility_types=table("facility_types", _facility_type, "code"),
        target_groups=table("target_groups", _group, "code"),
        target_types=table("target_types", _target_type, "code"),
        classes=content["classes"],
        derived=content["derived"],
        site_regime_hints=content["site_regime_hints"],
        measuring_points=content["measuring_points"],
    )
    _check_names(result, path.name)
    return result


def _table(file: str, part: str, rows: list[Any], make: Callable[[dict[str, Any]], _T], key: str) -> dict[str, _T]:
    """Rows by their code, each made into its own class."""
    made: dict[str, _T] = {}
    for number, row in enumerate(rows, start=1):
        place = f"{file}, {part}[{number}]"
        if not isinstance(row, dict) or not isinstance(row.get(key), str):
            raise RuleDataError(f"{place}: has no '{key}'. Give every entry its {key}.")
        code = row[key]
        if code in made:
            raise RuleDataError(f"{place}: {key} '{code}' stands twice. Remove or rename one of the two.")
        try:
            made[code] = make(row)
        except KeyError as missing:
            raise RuleDataError(f"{place} ({code}): field {missing} is missing. Add it.") from missing
    return made


def _attribute(row: dict[str, Any]) -> Attribute:
    if row["type"] not in _ATTRIBUTE_TYPES:
        raise RuleDataError(
            f"attribute '{row['name']}': type '{row['type']}' is not one of {', '.join(_ATTRIBUTE_TYPES)}. Correct it."
        )
    return Attribute(
        name=row["name"],
        type=row["type"],
        side=row["side"],
        name_zh=row["name_zh"],
        meaning=row.get("meaning", ""),
        unit=row.get("unit"),
        values=tuple(row.get("values", ())),
        default=row.get("default"),
        plausible_max=row.get("plausible_max"),
        in_contract=row.get("in_contract", False),
        note=row.get("note"),
    )


def _group(row: dict[str, Any]) -> Group:
    return Group(code=row["code"], name_zh=row["name_zh"])


def _shared(row: dict[str, Any]) -> dict[str, Any]:
    """Fields that facility types and target types have in common."""
    return {
        "code": row["code"],
        "name_zh": row["name_zh"],
        "name_en": row["name_en"],
        "parent": row["parent"],
        "layer": row["layer"],
        "geometry": tuple(row["geometry"]),
        "required": tuple(row["required"]),
        "optional": tuple(row["optional"]),
        "traits": tuple(row["traits"]),
        "example": row.get("example", ""),
        "implies": dict(row.get("implies", {})),
    }


def _facility_type(row: dict[str, Any]) -> FacilityType:
    return FacilityType(**_shared(row), stands_for=tuple(row.get("stands_for", ())), select=row.get("select"))


def _target_type(row: dict[str, Any]) -> TargetType:
    return TargetType(**_shared(row), select=row.get("select"))


def _check_names(v: Vocabulary, file: str) -> None:
    """Every attribute, group and type that is named must exist."""
    for part, types, groups in (
        ("facility_types", v.facility_types, v.facility_groups),
        ("target_types", v.target_types, v.target_groups),
    ):
        for code, entry in types.items():
            place = f"{file}, {part}, {code}"
            if entry.parent not in groups:
                raise RuleDataError(f"{place}: parent '{entry.parent}' is no group. Use one of {', '.join(groups)}.")
            for name in (*entry.required, *entry.optional, *entry.implies):
                if name not in v.attributes:
                    raise RuleDataError(f"{place}: there is no attribute '{name}'. Add it to attributes or correct it.")
    for code, facility in v.facility_types.items():
        for other in facility.stands_for:
            if other not in v.facility_types:
                raise RuleDataError(f"{file}, facility_types, {code}: stands_for names the unknown type '{other}'.")
