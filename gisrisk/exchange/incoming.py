"""What a file gives before it is checked: its rows under the layer's names, and everything already found wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd

from gisrisk.errors import Problem

GEOMETRY = "geometry"
ATTRIBUTE_PREFIX = "attributes."


@dataclass(frozen=True, kw_only=True)
class Incoming:
    """One file as read.

    Attributes
    ----------
    frame : GeoDataFrame in EPSG:4490, or DataFrame for a table
        One row per row of the file, in its order, index 0..n-1; columns are the layer's columns found in the file with
        the values as they stand there, and `attributes.<name>` for attributes of the vocabulary.
    file : str
        Name of the file (without its folder), with `:layer` where one was named.
    sha256 : str
        Hex digest of the file's bytes.
    crs_used : str or None
        CRS in which the coordinates were read; None for a table.
    column_mapping : dict of str to str
        File heading to the field it was read as; "-" for a heading left out.
    value_mapping : dict
        Field to {value in the file: value to read instead}; "" stands for an empty value.
    warnings : tuple of str
        What a person should know although it does not stop the import.
    problems : tuple of Problem
        What was found wrong while reading; `validate` raises them together with its own.
    """

    frame: gpd.GeoDataFrame | pd.DataFrame
    file: str
    sha256: str
    crs_used: str | None
    column_mapping: dict[str, str]
    value_mapping: dict[str, dict[str, str]]
    warnings: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def raw_values(incoming: Incoming, name: str, rows: int) -> pd.Series | None:
    """Raw values of a field with the user's value mapping applied; None where the file has nothing for it."""
    replacements = incoming.value_mapping.get(name.removeprefix(ATTRIBUTE_PREFIX), {})
    if name not in incoming.frame:
        if "" not in replacements:
            return None
        return pd.Series([replacements[""]] * rows, dtype=object)
    source = incoming.frame[name]
    if not replacements:
        return source

    def replaced(value: Any) -> Any:
        key = "" if pd.isna(value) else str(value).strip()
        return replacements.get(key, value)

    return source.astype(object).map(replaced)
