"""What the surroundings say about a feature: the province it lies in, and whether it lies in a dense area."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from gisrisk.catalog.vocabulary import Vocabulary
from gisrisk.rules.features import Features


def place_in_province(features: Features, areas: Features, v: Vocabulary) -> None:
    """Province by the administrative areas that hold an inner point: by its name, else by the digits of the code."""
    names = v.derived["province"]["by_code_prefix"]
    found: dict[int, str] = {}
    for area in np.argsort(areas.column("level") == "province", kind="stable") if len(areas) else ():
        code, name = str(areas.column("code")[area] or ""), areas.column("name")[area]
        if areas.column("level")[area] == "province" and name:
            found[int(area)] = str(name)
        elif code[:6].isdigit():
            found[int(area)] = names.get(code[:2], code[:2])
    points = _inner_points(features)
    values = np.full(len(features), None, dtype=object)
    for area, name in found.items():
        values[shapely.covers(areas.geometry[area], points)] = name
    features.fill("province", np.ones(len(features), bool), values)


def place_in_dense_areas(features: Features, dense: Features) -> None:
    """Whether an inner point lies in a densely populated area; unknown where no such area is on record at all."""
    if len(dense) == 0 or len(features) == 0:
        return
    tree = shapely.STRtree(dense.geometry)
    inside = np.zeros(len(features), dtype=bool)
    inside[tree.query(_inner_points(features), predicate="intersects")[0]] = True
    features.fill("in_dense_area", inside, True)
    features.fill("in_dense_area", ~inside, False, assumed=True)


def _inner_points(features: Features) -> NDArray[np.object_]:
    """A point inside each feature, None where there is no shape."""
    points = np.full(len(features), None, dtype=object)
    shaped = np.array([g is not None and not g.is_empty for g in features.geometry], dtype=bool)
    points[shaped] = shapely.point_on_surface(features.geometry[shaped])
    return points
