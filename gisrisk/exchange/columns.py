"""Which column of a file is which field of a layer: names, Chinese headings, synonyms, and the user's own mapping."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gisrisk.catalog import Layer, vocabulary
from gisrisk.catalog.headings import normalised
from gisrisk.catalog.strict_yaml import read_yaml
from gisrisk.errors import GisriskError, Problem
from gisrisk.exchange.incoming import ATTRIBUTE_PREFIX

IGNORE = "-"
COORDINATE_HEADINGS: dict[str, tuple[str, ...]] = {
    "lon": ("lon", "lng", "long", "longitude", "经度", "东经", "经度(°)", "经度(度)"),
    "lat": ("lat", "latitude", "纬度", "北纬", "纬度(°)", "纬度(度)"),
    "x": ("x", "easting", "东坐标", "横坐标", "东坐标(m)"),
    "y": ("y", "northing", "北坐标", "纵坐标", "北坐标(m)"),
    "wkt": ("wkt", "geometry", "geom", "几何", "图形"),
}


class MappingError(GisriskError):
    """A mapping entry of the user is not understood."""

    exit_status = 2


@dataclass
class ColumnPlan:
    """What each column of a file is read as.

    `fields` maps headings to fields (attributes with the prefix `attributes.`), `coordinates` lon, lat, x, y or wkt to
    its heading, `values` fields to their value mapping, `ignored` lists headings left out.
    """

    fields: dict[str, str] = field(default_factory=dict)
    coordinates: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def mapping(self) -> dict[str, str]:
        """Heading to field, as shown to the user."""
        shown = {heading: name.removeprefix(ATTRIBUTE_PREFIX) for heading, name in self.fields.items()}
        shown |= {heading: name for name, heading in self.coordinates.items()}
        return shown | dict.fromkeys(self.ignored, IGNORE)


def load_mapping(entries: Iterable[str]) -> dict[str, str]:
    """Mapping from entries as given on the command line.

    Parameters
    ----------
    entries : iterable of str
        `COL=FIELD` reads column COL as FIELD; `COL=-` leaves it out; `FIELD:VALUE=CODE` reads VALUE of FIELD as CODE;
        `FIELD:=CODE` reads an empty or absent FIELD as CODE; `@FILE.yaml` takes entries from a YAML mapping.

    Raises
    ------
    MappingError
        An entry is none of these, or one column is given twice with different fields.
    """
    mapping: dict[str, str] = {}
    for entry in entries:
        if entry.startswith("@"):
            pairs = {str(key): str(value) for key, value in read_yaml(Path(entry[1:]), error=MappingError).items()}
        else:
            column, sep, name = entry.rpartition("=")
            if not sep or not column.strip() or not name.strip():
                raise MappingError(
                    f"--map {entry}: not understood. Write COL=FIELD, COL=- to leave a column out, or FIELD:VALUE=CODE."
                )
            pairs = {column.strip(): name.strip()}
        for key, value in pairs.items():
            if mapping.setdefault(key, value) != value:
                raise MappingError(f"--map: '{key}' is given twice, as {mapping[key]} and as {value}. Keep one.")
    return mapping


def plan_columns(
    headings: Sequence[str], layer: Layer, mapping: Mapping[str, str] | None, *, file: str, coordinates: bool
) -> ColumnPlan:
    """Decide for every heading of a file which field it is.

    Parameters
    ----------
    headings : sequence of str
        Columns of the file, geometry column excepted.
    layer : Layer
    mapping : mapping of str to str, optional
        As `load_mapping` gives.
    file : str
        For messages.
    coordinates : bool
        Whether coordinates may stand in columns (lon and lat, x and y, or WKT).

    Returns
    -------
    ColumnPlan
        With a problem for every heading not understood, every field named twice, every mapping entry that fits nothing.
    """
    plan = ColumnPlan()
    known = _known_names(layer, coordinates)
    ignored = {normalised(name) for name in layer.ignored}
    asked = dict(mapping or {})
    by_heading = _split_mapping(asked, headings, layer, plan, file)
    taken: dict[str, str] = {}
    left_out = []
    for heading in headings:
        asked_name = by_heading.get(heading)
        if asked_name == IGNORE:
            plan.ignored.append(heading)
            continue
        target = known.get(normalised(heading if asked_name is None else asked_name))
        if target is None and asked_name is None and normalised(heading) in ignored:
            plan.ignored.append(heading)
            left_out.append(heading)
            continue
        if target is None:
            plan.problems.append(_unknown(heading, asked_name, known, layer, file))
            continue
        if target in taken:
            plan.problems.append(
                Problem(
                    file=file,
                    field=heading,
                    reason=f"both '{taken[target]}' and '{heading}' stand for {_shown(target)}",
                    remedy=f'Leave one out, for example with --map "{heading}=-".',
                )
            )
            continue
        taken[target] = heading
        if target in COORDINATE_HEADINGS:
            plan.coordinates[target] = heading
        else:
            plan.fields[heading] = target
    if left_out:
        plan.notes.append(f"columns kept by GIS software were left out: {', '.join(left_out)}")
    return plan


def _shown(target: str) -> str:
    return f"'{target.removeprefix(ATTRIBUTE_PREFIX)}'"


def _known_names(layer: Layer, coordinates: bool) -> dict[str, str]:
    """Normalised heading to field; a name of the layer wins over an attribute, an exact name over a synonym."""
    known: dict[str, str] = {}
    for column in layer.import_columns:
        known.setdefault(normalised(column.name), column.name)
    entered = [a for a in vocabulary().attributes.values() if a.can_be_entered] if layer.has_attributes else []
    for attribute in entered:
        known.setdefault(normalised(attribute.name), ATTRIBUTE_PREFIX + attribute.name)
    for column in layer.import_columns:
        for heading in (column.label_zh, column.label_en, *column.aliases):
            known.setdefault(normalised(heading), column.name)
    if coordinates:
        for name, headings in COORDINATE_HEADINGS.items():
            for heading in headings:
                known.setdefault(normalised(heading), name)
    for attribute in entered:
        if not layer.has_column(attribute.name):
            known.setdefault(normalised(attribute.name_zh), ATTRIBUTE_PREFIX + attribute.name)
    return known


def _split_mapping(
    asked: dict[str, str], headings: Sequence[str], layer: Layer, plan: ColumnPlan, file: str
) -> dict[str, str]:
    """Column entries by the heading they mean; value entries go into the plan."""
    by_heading: dict[str, str] = {}
    by_form = {normalised(heading): heading for heading in headings}
    for key, target in asked.items():
        heading = key if key in headings else by_form.get(normalised(key))
        name, sep, value = key.partition(":")
        if heading is not None:
            by_heading[heading] = target
        elif sep and (layer.has_column(name) or (layer.has_attributes and _can_be_entered(name))):
            plan.values.setdefault(name, {})[value.strip()] = target
        else:
            plan.problems.append(
                Problem(
                    file=file,
                    field=key,
                    reason="the mapping names a column that the file does not have",
                    remedy=f"Its columns are: {', '.join(headings)}.",
                )
            )
    return by_heading


def _can_be_entered(name: str) -> bool:
    attribute = vocabulary().attributes.get(name)
    return attribute is not None and attribute.can_be_entered


def _unknown(heading: str, target: str | None, known: dict[str, str], layer: Layer, file: str) -> Problem:
    """The problem for a heading (or a mapping target) that is no field, with the closest known names."""
    name = heading if target is None else target
    close = difflib.get_close_matches(normalised(name), list(known), n=3, cutoff=0.6)
    suggestions = list(dict.fromkeys(known[match].removeprefix(ATTRIBUTE_PREFIX) for match in close))
    nearest = f"Closest known: {', '.join(suggestions)}. " if suggestions else ""
    if target is not None:
        reason = f"layer {layer.name} has no field '{target}', as which the mapping wants to read it"
        return Problem(
            file=file, field=heading, reason=reason, remedy=f"{nearest}'gisrisk layer show {layer.name}' lists all."
        )
    return Problem(
        file=file,
        field=heading,
        reason=f"layer {layer.name} has no such column",
        remedy=f'{nearest}Read it as a field with --map "{heading}=FIELD", or leave it out with --map "{heading}=-".',
    )
