"""Read `layers/*.yaml` into layers, and refuse a file with a slip in it: file, place, reason, remedy."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import jsonschema

from gisrisk.catalog.formats import FORMATS
from gisrisk.catalog.headings import normalised
from gisrisk.catalog.layer import Check, Column, Label, Layer, Provenance, RasterValue, Style
from gisrisk.catalog.strict_yaml import read_yaml
from gisrisk.catalog.vocabulary import Vocabulary, vocabulary
from gisrisk.errors import LayerDefinitionError, UnknownName
from gisrisk.paths import shipped

COMMON_FILE = "_common.yaml"


@lru_cache(maxsize=1)
def load_layers() -> dict[str, Layer]:
    """All shipped layers by name, in their declared order (a layer comes after those it refers to); read once.

    Raises
    ------
    LayerDefinitionError
        A file in `layers/` is wrong; the message names file, place in the file, reason and remedy.
    """
    return read_layers(shipped("layers"), vocabulary())


def layer(name: str) -> Layer:
    """The shipped layer of this name.

    Raises
    ------
    UnknownName
        No file in `layers/` declares it.
    """
    layers = load_layers()
    if name not in layers:
        raise UnknownName("layer", name, list(layers))
    return layers[name]


def read_layers(folder: Path, words: Vocabulary) -> dict[str, Layer]:
    """Read and check every layer file of a folder.

    Parameters
    ----------
    folder : Path
        Holds `schema.json`, `_common.yaml` and one YAML per layer.
    words : Vocabulary
        Gives the values of columns that say `allowed_from`.

    Raises
    ------
    LayerDefinitionError
        As in `load_layers`.
    """
    schema = json.loads((folder / "schema.json").read_text(encoding="utf-8"))
    common_content = read_yaml(folder / COMMON_FILE, error=LayerDefinitionError)
    _check_schema(common_content, {"$ref": "#/$defs/commonFile", "$defs": schema["$defs"]}, COMMON_FILE)
    common = _columns(common_content["columns"], COMMON_FILE, words, layer_name=None)
    layers: list[Layer] = []
    for path in sorted(folder.glob("*.yaml")):
        if path.name == COMMON_FILE:
            continue
        content = read_yaml(path, error=LayerDefinitionError)
        _check_schema(content, schema, path.name)
        if content["name"] != path.stem:
            remedy = f"Call the file {content['name']}.yaml or correct the name"
            raise _wrong(path.name, "name", f"is '{content['name']}', not the name of the file", remedy)
        layers.append(_layer(content, path.name, words, common, tuple(common_content["ignored"])))
    layers.sort(key=lambda one: one.order)
    by_name = {one.name: one for one in layers}
    for one in layers:
        _check_references(one, by_name)
    return by_name


def _wrong(file: str, place: str, reason: str, remedy: str) -> LayerDefinitionError:
    return LayerDefinitionError(f"layers/{file}, {place}: {reason}. {remedy}{'' if remedy.endswith('?') else '.'}")


def _hint(name: str, known: list[str]) -> str:
    """The remedy for a name that does not exist: the nearest one that does, or all of them."""
    close = difflib.get_close_matches(name, known, n=1)
    return f"Did you mean '{close[0]}'?" if close else f"Known: {', '.join(known)}"


def _check_schema(content: dict[str, Any], schema: dict[str, Any], file: str) -> None:
    """Raise on the first place where the file leaves the schema, with a hint where a name looks mistyped."""
    errors = sorted(jsonschema.Draft202012Validator(schema).iter_errors(content), key=lambda e: list(map(str, e.path)))
    if not errors:
        return
    error = errors[0]
    place = ".".join(str(part) for part in error.absolute_path) or "top level"
    remedy = "Correct it; layers/schema.json says what may stand there"
    if error.validator == "additionalProperties" and isinstance(error.schema, dict):
        known = list(error.schema.get("properties", {}))
        extra = [key for key in error.instance if key not in known]
        remedy = _hint(extra[0], known) if extra else remedy
    elif error.validator == "enum" and isinstance(error.instance, str):
        remedy = _hint(error.instance, [str(value) for value in error.validator_value])
    elif error.validator == "required":
        remedy = "Add it"
    elif error.validator is None:  # the schema `false`: the key is not for this kind of layer
        raise _wrong(file, place, f"does not belong to a layer of kind '{content.get('kind')}'", "Remove it")
    raise _wrong(file, place, error.message, remedy)


def _label(content: dict[str, Any]) -> Label:
    return Label(content["zh"], content["en"], tuple(content.get("aliases", ())))


def _columns(content: dict[str, Any], file: str, words: Vocabulary, layer_name: str | None) -> tuple[Column, ...]:
    columns = tuple(_column(name, c, file, words, layer_name) for name, c in content.items())
    seen: dict[str, str] = {}
    for column in columns:
        for heading in (column.name, column.label_zh, *column.aliases):
            first = seen.setdefault(normalised(heading), column.name)
            if first != column.name:
                raise _wrong(
                    file,
                    f"columns.{column.name}.aliases",
                    f"heading '{heading}' already stands for '{first}'",
                    "A heading can mean one column only; remove it from one of the two",
                )
    return columns


def _column(name: str, content: dict[str, Any], file: str, words: Vocabulary, layer_name: str | None) -> Column:
    place = f"columns.{name}"
    allowed = _allowed(content, file, place, words, layer_name)
    if content["type"] in ("number", "integer") and "unit" not in content and allowed is None:
        raise _wrong(file, f"{place}.unit", "a number without a unit", "Add unit, for example m3, persons or count")
    if content["type"] not in ("number", "integer"):
        for key in ("unit", "min", "max"):
            if key in content:
                raise _wrong(
                    file, f"{place}.{key}", f"a {content['type']} has no {key}", "Remove it or change the type"
                )
    if "min" in content and "max" in content and content["min"] > content["max"]:
        raise _wrong(file, f"{place}.min", f"{content['min']} is above max {content['max']}", "Exchange the two")
    if "format" in content and (content["format"] not in FORMATS or content["type"] != "text"):
        known = ", ".join(FORMATS)
        raise _wrong(file, f"{place}.format", f"'{content['format']}' is no format of a text", f"Known: {known}")
    return Column(
        name=name,
        type=content["type"],
        label_zh=content["label"]["zh"],
        label_en=content["label"]["en"],
        meaning=_label(content["meaning"]),
        unit=content.get("unit"),
        required=content.get("required", False),
        key=content.get("key", False),
        allowed=allowed,
        allowed_from=content.get("allowed_from"),
        minimum=content.get("min"),
        maximum=content.get("max"),
        format=content.get("format"),
        aliases=tuple(content.get("aliases", ())),
        references=content.get("references"),
    )


def _allowed(
    content: dict[str, Any], file: str, place: str, words: Vocabulary, layer_name: str | None
) -> dict[str, Label] | None:
    """Allowed values with their labels: written out, or taken from the vocabulary."""
    if "allowed" in content and "allowed_from" in content:
        raise _wrong(file, f"{place}.allowed_from", "stands beside allowed", "Keep one of the two")
    if "labels" in content and "allowed_from" not in content:
        raise _wrong(file, f"{place}.labels", "there is no allowed_from beside it", "Write the values under allowed")
    if "allowed" in content:
        allowed = {code: _label(value) for code, value in content["allowed"].items()}
    elif "allowed_from" in content:
        allowed = dict(_from_vocabulary(content["allowed_from"], file, place, words, layer_name))
        for code, value in content.get("labels", {}).items():
            if code not in allowed:
                reason = f"{content['allowed_from']} has no such value"
                raise _wrong(file, f"{place}.labels.{code}", reason, _hint(code, list(allowed)))
            allowed[code] = _label(value)
    else:
        return None
    seen: dict[str, str] = {}
    for code, label in allowed.items():
        for word in (code, label.zh, label.en, *label.aliases):
            first = seen.setdefault(normalised(word), code)
            if first != code:
                raise _wrong(file, f"{place}, value {code}", f"'{word}' already means '{first}'", "Use different words")
    return allowed


def _from_vocabulary(
    source: str, file: str, place: str, words: Vocabulary, layer_name: str | None
) -> Iterator[tuple[str, Label]]:
    """Codes and labels of one list of the vocabulary; types only those whose layer is this one."""
    part = source.split(".")[1]
    if part in ("facility_types", "target_types"):
        types = words.facility_types.values() if part == "facility_types" else words.target_types.values()
        yield from ((t.code, Label(t.name_zh, t.name_en)) for t in types if t.layer == layer_name)
        return
    name = source.split(".")[2]
    if name not in words.attributes or not words.attributes[name].values:
        reason = f"the vocabulary has no attribute '{name}' with values"
        known = [attribute.name for attribute in words.attributes.values() if attribute.values]
        raise _wrong(file, f"{place}.allowed_from", reason, _hint(name, known))
    for value in words.attributes[name].values:
        yield str(value), Label(str(value), str(value))


def _layer(
    content: dict[str, Any], file: str, words: Vocabulary, common: tuple[Column, ...], ignored: tuple[str, ...]
) -> Layer:
    columns = _columns(content.get("columns", {}), file, words, content["name"])
    identity = tuple(content.get("identity", ()))
    names = {column.name: column for column in columns}
    checks = tuple(Check(kind, tuple(named)) for check in content.get("checks", ()) for kind, named in check.items())
    for where, used in [("identity", identity), *((f"checks.{check.kind}", check.columns) for check in checks)]:
        for name in used:
            if name not in names:
                raise _wrong(file, where, f"there is no column '{name}'", _hint(name, list(names)))
    for check in checks:
        if check.kind == "order" and any(names[name].type != "date" for name in check.columns):
            raise _wrong(file, "checks.order", "both columns must be dates", "Correct the names or the types")
    keys = [column for column in columns if column.key]
    if any(not column.required for column in keys) or len(keys) > 1 or (keys and identity != (keys[0].name,)):
        remedy = "Correct key, required or identity"
        raise _wrong(file, "columns", "a key is one required column, alone in identity", remedy)
    for column in common:
        if column.name in names:
            raise _wrong(file, f"columns.{column.name}", f"{COMMON_FILE} gives it to every layer", "Remove it here")
    style = content["style"]
    if "label_column" in style and style["label_column"] not in names:
        reason = f"there is no column '{style['label_column']}'"
        raise _wrong(file, "style.label_column", reason, _hint(style["label_column"], list(names)))
    return Layer(
        name=content["name"],
        order=content["order"],
        label_zh=content["label"]["zh"],
        label_en=content["label"]["en"],
        meaning=_label(content["meaning"]),
        kind=content["kind"],
        geometry=tuple(content.get("geometry", ())),
        identity=identity,
        columns=columns,
        common=() if content["kind"] == "raster" else common,
        has_attributes=content.get("attributes", False),
        style=Style(**{**style, "dash_px": tuple(style.get("dash_px", ()))}),
        provenance=Provenance(
            publisher=content["provenance"]["publisher"],
            licence=content["provenance"]["licence"],
            data_zh=content["provenance"]["data"]["zh"],
            data_en=content["provenance"]["data"]["en"],
        ),
        checks=checks,
        raster=_raster(content.get("raster")),
        ignored=ignored,
    )


def _raster(content: dict[str, Any] | None) -> RasterValue | None:
    if content is None:
        return None
    return RasterValue(
        label_zh=content["label"]["zh"],
        label_en=content["label"]["en"],
        unit=content["unit"],
        minimum=content.get("min"),
        maximum=content.get("max"),
    )


def _check_references(one: Layer, layers: dict[str, Layer]) -> None:
    """A reference must name a key column of a layer that comes earlier in the order (so that import can follow it)."""
    for column in one.columns:
        if column.references is None:
            continue
        layer_name, _, column_name = column.references.partition(".")
        file, place = f"{one.name}.yaml", f"columns.{column.name}.references"
        target = layers.get(layer_name)
        if target is None:
            raise _wrong(file, place, f"there is no layer '{layer_name}'", _hint(layer_name, list(layers)))
        if target.key is None or target.key.name != column_name:
            raise _wrong(file, place, f"'{column_name}' is not the key of {layer_name}", "Refer to its key")
        if target.order >= one.order:
            raise _wrong(file, "order", f"comes before {layer_name}, to which it refers", "Give it a larger order")


def import_order(names: Iterable[str]) -> list[str]:
    """Layer names in an order in which they can be imported: a layer after those it refers to.

    Raises
    ------
    UnknownName
        One of the names is no layer.
    """
    return sorted(names, key=lambda name: layer(name).order)
