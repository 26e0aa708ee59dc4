"""Which enterprise site a feature lies in: for lines by the share of their length, for the rest by an inner point."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gisrisk.geo import GEOD

Geometries = NDArray[np.object_]
_AREAL = (3, 6)  # shapely type ids of Polygon and MultiPolygon


def site_of_lines(lines: Geometries, areas: Geometries, codes: NDArray[Any], share: float) -> NDArray[np.object_]:
    """Code of the area that holds at least `share` of each line's length, None where none does.

    Parameters
    ----------
    lines, areas : ndarray of shapely geometries, longitude and latitude
        Areas that are not polygons hold nothing.
    codes : ndarray of str, one per area
    share : float
        0..1; of several areas the one with the largest share wins.
    """
    out = np.full(len(lines), None, dtype=object)
    best = np.full(len(lines), share)
    for i, k in _touching(lines, areas):
        length_m = GEOD.geometry_length(lines[i])
        inside_m = GEOD.geometry_length(_line_part(shapely.intersection(lines[i], areas[k])))
        held = inside_m / length_m if length_m > 0 else 0.0
        if held > best[i] or (held >= share and out[i] is None):
            out[i], best[i] = codes[k], held
    return out


def site_of_features(features: Geometries, areas: Geometries, codes: NDArray[Any]) -> NDArray[np.object_]:
    """Code of the only area that holds an inner point of each feature; None where none or several do."""
    has_shape = np.array([g is not None and not g.is_empty for g in features], dtype=bool)
    points = np.full(len(features), None, dtype=object)
    points[has_shape] = shapely.point_on_surface(features[has_shape])
    found: dict[int, list[int]] = {}
    for i, k in _touching(points, areas):
        found.setdefault(i, []).append(k)
    out = np.full(len(features), None, dtype=object)
    for i, ks in found.items():
        if len(ks) == 1:
            out[i] = codes[ks[0]]
    return out


def _touching(features: Geometries, areas: Geometries) -> list[tuple[int, int]]:
    """Pairs (feature, area) that share a point, in order; areas that are no polygons are left out."""
    polygons = np.flatnonzero(np.isin(shapely.get_type_id(areas), _AREAL)) if len(areas) else np.empty(0, dtype=int)
    if len(polygons) == 0 or len(features) == 0:
        return []
    tree = shapely.STRtree(areas[polygons])
    i, k = tree.query(features, predicate="intersects")
    order = np.lexsort((k, i))
    return list(zip(i[order].tolist(), polygons[k[order]].tolist(), strict=True))


def _line_part(geometry: Any) -> Any:
    """The lines of an intersection; a line that only touches gives points, which have no length."""
    parts = shapely.get_parts(geometry)
    return shapely.MultiLineString([p for p in parts if p.geom_type == "LineString"])
