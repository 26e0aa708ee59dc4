"""Result rows as people and programs read them: lists as lists, field names with their labels, one record for all."""

from __future__ import annotations

from typing import Any

from gisrisk.catalog import layer, load_layers, vocabulary
from gisrisk.catalog.palette import LEVELS, UNDETERMINED, Level
from gisrisk.errors import UnknownName
from gisrisk.products.view import as_list
from gisrisk.rules.methods import load_method
from gisrisk.server.database import Row
from gisrisk.server.text import either, language, t, texts

_LISTS = ("reasons", "missing", "assumed", "substitutes", "source_codes")


def listed(row: Row) -> Row:
    """The row with its list-like columns as lists of text."""
    return {key: as_list(value) if key in _LISTS else value for key, value in row.items()}


def level_entry(number: int | None) -> Level:
    """Palette entry of a level number; missing or 0 is undetermined."""
    return next((entry for entry in LEVELS if entry.number == number), UNDETERMINED)


def grade_name(row: Row) -> str:
    """Name of a grade in the language of the request; of an undetermined one also the floor when it is known."""
    if row.get("status") == "no_sites":
        return t("level.no_sites")
    if row.get("level"):
        return either(level_entry(row["level"]), "name")
    name = t("level.undetermined")
    floor = row.get("level_at_least")
    if not floor or floor == LEVELS[-1].number:  # at least the lowest level says nothing
        return name
    return f"{name} ({t('level.at_least', name=either(level_entry(floor), 'name'))})"


def major_name(level: Any) -> str:
    """Name of a major-hazard grade, empty when there is none."""
    if level is None or int(level) not in (1, 2, 3, 4):
        return ""
    return t(f"hazard.major_level_{int(level)}")


def layer_label(name: str | None) -> str:
    """Label of a layer; the name itself when the catalogue does not know it."""
    if name is None or name not in load_layers():
        return name or ""
    label = either(layer(name), "label")
    return label[:1].upper() + label[1:]


def field_label(name: str) -> str:
    """Label of a field, given as `column` or `layer.column`, with the name beside it so that a user finds the column.

    Words after the name are kept; text that names no field is returned as it is.
    """
    field, space, rest = name.partition(" ")
    table, _, column = field.rpartition(".")
    label = _column_label(table, column) or _attribute_label(column)
    if not label or label == field:
        return name
    place = f"{layer_label(table)}{t('mark.colon')}" if table in load_layers() else ""
    return f"{place}{label} ({column}){space}{rest}"


def point_label(side: str, code: str | None) -> str:
    """Label of a measuring point; `side` is measured_from or measured_to."""
    points = {str(point["code"]): str(point["name_zh"]) for point in vocabulary().measuring_points[side]}
    if not code:
        return ""
    return points.get(code, code) if language() == "zh" else code.replace("_", " ")


def stand_in_label(mark: str) -> str:
    """What stood in for the measuring point the clause names."""
    key = f"stand_in.{mark.removeprefix('substitute:')}"
    return t(key) if key in texts() else mark


def value_label(table: str, column: str, code: str | None) -> str:
    """Label of a coded value of a column; the code itself when it has none."""
    if code is None:
        return ""
    allowed = layer(table).column(column).allowed or {}
    found = allowed.get(code)
    return getattr(found, language()) if found is not None else code


def method_name(method: Any) -> str:
    """Name of a grading method, given as its declaration or as its id; an id that is not declared stands for itself."""
    if isinstance(method, str):
        try:
            method = load_method(method)
        except UnknownName:
            return str(method)
    return (either(method, "name") or str(method.get("id", ""))) if method else ""


def citation(row: Row) -> str:
    """Document, its number and the clause of a finding, as one text."""
    parts = [row.get("document"), row.get("document_no"), row.get("clause")]
    kept: list[str] = []
    for part in parts:
        if part and str(part) not in kept:
            kept.append(str(part))
    return " ".join(kept)


def finding_record(row: Row) -> Row:
    """A finding for popup, table and API: the stored columns, lists as lists, and texts in the language asked for."""
    record = listed(row)
    return record | {
        "citation": citation(row),
        "source_layer_label": layer_label(row.get("source_layer")),
        "target_layer_label": layer_label(row.get("target_layer")),
        "missing_labels": [field_label(name) for name in record["missing"]],
        "assumed_labels": [field_label(name) for name in record["assumed"]],
        "measured_from_label": point_label("measured_from", row["measured_from"]),
        "measured_to_label": point_label("measured_to", row["measured_to"]),
        "substitutes_labels": [stand_in_label(mark) for mark in record["substitutes"]],
    }


def site_record(row: Row) -> Row:
    """A graded site for popup, table and API."""
    record = listed(row) | {"grade": grade_name(row), "major": major_name(row.get("major_level"))}
    record["method_name"] = method_name(row.get("method"))
    if "units" in row:
        record["units"] = [unit_record(unit) for unit in row["units"]]
    if "findings" in row:
        record["findings"] = [finding_record(finding) for finding in row["findings"]]
    return record


def unit_record(unit: Row) -> Row:
    """A hazard unit for popup and API."""
    record = listed(unit)
    return record | {
        "status_label": unit_status(unit),
        "missing_labels": [field_label(name) for name in record["missing"]],
    }


def unit_status(unit: Row) -> str:
    """What was found out about a hazard unit, in words."""
    if unit["status"] == "major":
        return major_name(unit["level"]) or t("hazard.major_ungraded")
    return t(f"hazard.{unit['status']}")


def _column_label(table: str, column: str) -> str:
    tables = [table] if table else ["hazard_source", "protected_target", "enterprise_site", "inventory"]
    for candidate in tables:
        if candidate in load_layers() and layer(candidate).has_column(column):
            return either(layer(candidate).column(column), "label")
    return ""


def _attribute_label(name: str) -> str:
    try:
        found = vocabulary().attributes.get(name)
    except UnknownName:
        return ""
    return either(found, "name") if found is not None else ""
