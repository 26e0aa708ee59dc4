"""Judge the geometries of a file: present, not empty, of an accepted type, valid. Nothing is repaired."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gisrisk.catalog import Layer, vocabulary
from gisrisk.errors import Problem
from gisrisk.exchange.incoming import GEOMETRY

# By shapely's type id 0..7; the last entry answers for a missing geometry, whose id is -1
_TYPE_NAMES = np.array(
    [
        "Point",
        "LineString",
        "LinearRing",
        "Polygon",
        "MultiPoint",
        "MultiLineString",
        "MultiPolygon",
        "GeometryCollection",
        "",
    ]
)
_MULTI = {"MultiPoint": "Point", "MultiLineString": "LineString", "MultiPolygon": "Polygon"}


def simple_type(geometry_type: str) -> str:
    """Geometry type of one part: "Polygon" for "MultiPolygon"."""
    return _MULTI.get(geometry_type, geometry_type)


def geometry_problems(
    frame: gpd.GeoDataFrame, typed: dict[str, Any], layer: Layer, file: str, *, skip: Collection[int | None]
) -> tuple[list[Problem], list[str]]:
    """Problems and warnings of the geometries of a file.

    Parameters
    ----------
    frame : GeoDataFrame
    typed : dict of str to array
        Checked columns, for checks that read a type.
    layer : Layer
    file : str
    skip : collection of int
        Rows (from 1) whose geometry is already known to be wrong.

    Returns
    -------
    problems : list of Problem
        Missing, empty, not accepted, invalid (with the reason that GEOS gives).
    warnings : list of str
        Types whose distance is measured from another kind of geometry, with the number of rows.
    """
    geometry = np.asarray(frame.geometry.array, dtype=object)
    problems: list[Problem] = []

    def add(i: int, reason: str, remedy: str) -> None:
        if i + 1 not in skip and None not in skip:
            problems.append(Problem(file=file, row=i + 1, field=GEOMETRY, reason=reason, remedy=remedy))

    missing = shapely.is_missing(geometry)
    for i in np.flatnonzero(missing):
        add(int(i), "the geometry is missing", "Draw the feature, or remove the row.")
    empty = ~missing & shapely.is_empty(geometry)
    for i in np.flatnonzero(empty):
        add(int(i), "the geometry is empty", "Draw the feature, or remove the row.")
    there = ~missing & ~empty
    accepted = [*layer.geometry, *(multi for multi, one in _MULTI.items() if one in layer.geometry)]
    names = _TYPE_NAMES[shapely.get_type_id(geometry)]
    wrong = there & ~np.isin(names, accepted)
    for i in np.flatnonzero(wrong):
        add(
            int(i),
            f"a {names[i]} is not accepted",
            f"Layer {layer.name} takes {', '.join(layer.geometry)} and their multi types.",
        )
    judged = there & ~wrong
    invalid = judged & ~shapely.is_valid(geometry)
    for i in np.flatnonzero(invalid):
        reason = shapely.is_valid_reason(geometry[i])
        add(
            int(i),
            f"the geometry is invalid: {reason}",
            "Repair it in the GIS and look at the result; gisrisk repairs nothing.",
        )
    return problems, _unsuited(names, typed, layer)


def _unsuited(names: Any, typed: dict[str, Any], layer: Layer) -> list[str]:
    """Warn where a feature is drawn otherwise than its type is measured from."""
    warnings = []
    for check in layer.checks:
        if check.kind != "geometry_suits_type":
            continue
        column = check.columns[0]
        words = vocabulary()
        types = words.facility_types if column == "facility_type" else words.target_types
        odd: Counter[tuple[str, str]] = Counter()
        drawn = pd.DataFrame({"code": typed[column], "name": names}).value_counts().reset_index()
        for code, name, count in drawn.itertuples(index=False, name=None):
            if code in types and name and simple_type(name) not in types[code].geometry:
                odd[code, simple_type(name)] += count
        for (code, name), count in sorted(odd.items()):
            wanted = " or ".join(types[code].geometry)
            warnings.append(
                f"{count} x {code} drawn as {name}; its distances are measured from a {wanted}, so results may be "
                "needs_survey"
            )
    return warnings
