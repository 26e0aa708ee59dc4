"""Vocabulary attributes of a file: one dictionary per row, every value of its declared kind."""

from __future__ import annotations

import difflib
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gisrisk.catalog import Attribute, Layer, vocabulary
from gisrisk.errors import Problem
from gisrisk.exchange import values as convert
from gisrisk.exchange.incoming import ATTRIBUTE_PREFIX, Incoming, raw_values
from gisrisk.exchange.values import Fault, located

LIST_SEPARATOR = ";"


def attributes_of(incoming: Incoming, layer: Layer, rows: int) -> tuple[NDArray[np.object_], list[Problem]]:
    """One dictionary per row with the vocabulary attributes that are given there."""
    result = np.empty(rows, dtype=object)
    for i in range(rows):
        result[i] = {}
    problems: list[Problem] = []
    given = [name for name in incoming.frame.columns if str(name).startswith(ATTRIBUTE_PREFIX)]
    constants = [
        ATTRIBUTE_PREFIX + name
        for name, replacements in incoming.value_mapping.items()
        if "" in replacements and not layer.has_column(name)
    ]
    for name in dict.fromkeys([*given, *constants]):
        attribute = vocabulary().attributes[name.removeprefix(ATTRIBUTE_PREFIX)]
        source = raw_values(incoming, name, rows)
        if source is None:
            continue
        converted, faults = attribute_values(source, attribute)
        problems += located(faults, incoming.file, attribute.name)
        for given_here, value in zip(result, converted, strict=True):
            if value is not None:
                given_here[attribute.name] = value
    return result, problems


def attribute_values(source: pd.Series, attribute: Attribute) -> tuple[list[Any], list[Fault]]:
    """Values of one vocabulary attribute as plain Python values (lists for list attributes), None where missing."""
    if attribute.type == "number":
        numbers, faults = convert.numbers(source)
        return [None if np.isnan(value) else float(value) for value in numbers], faults
    if attribute.type == "bool":
        flags, faults = convert.booleans(source)
        return [None if gone else bool(flag) for flag, gone in zip(flags, flags.isna(), strict=True)], faults
    text, faults, _ = convert.texts(source)
    if attribute.type == "text":
        return list(text), faults
    allowed = {str(value): value for value in attribute.values}
    remedy = f"Use one of: {', '.join(allowed)}."
    result: list[Any] = []
    for i, value in enumerate(text):
        if value is None:
            result.append(None)
            continue
        parts = [value] if attribute.type == "enum" else [part.strip() for part in value.split(LIST_SEPARATOR)]
        unknown = [part for part in parts if part not in allowed]
        if unknown:
            close = difflib.get_close_matches(unknown[0], list(allowed), n=1)
            hint = f"Did you mean '{close[0]}'? " if close else ""
            faults.append(Fault(i, f"'{convert.shown(unknown[0])}' is not allowed", hint + remedy))
            result.append(None)
        else:
            codes = [allowed[part] for part in parts]
            result.append(codes[0] if attribute.type == "enum" else codes)
    return result, faults
