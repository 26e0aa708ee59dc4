"""Cut the footprints of graded sites into one planar partition in which the worst level wins and nothing overlaps.

All boundaries are noded together on a fixed grid and every face gets one level, so that neighbouring areas share their
vertices exactly: no slivers, no double colours.
"""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gisrisk.geo import STORAGE_CRS, buffer_m

GRID_DEG = 1e-9
"""Grid on which boundaries are noded [degrees]: 0.1 mm, far below any survey."""

UNDETERMINED = 0


def risk_levels(grades: gpd.GeoDataFrame, *, method: dict[str, Any]) -> gpd.GeoDataFrame:
    """Levels of the sites as areas without overlap.

    Parameters
    ----------
    grades : GeoDataFrame in EPSG:4490
        Result of `site_grades`: level (null when undetermined), level_at_least, geometry. Points and lines are drawn
        as the places within `point_site_radius_m` of the method.
    method : dict
        The site method, see `gisrisk.rules.methods.load_method`.

    Returns
    -------
    GeoDataFrame in EPSG:4490
        level (1..4, 0 undetermined), method, geometry (MultiPolygon); one row for each level that occurs, in order.

    Notes
    -----
    Worst wins. An undetermined site lies over levels that are not worse than what is known of it: "at least level 3"
    covers level 3 and level 4, and is covered by level 2.
    """
    shapes = drawn_footprints(grades, float(method["point_site_radius_m"]))
    levels = grades["level"].to_numpy(dtype=float, na_value=np.nan)
    at_least = grades["level_at_least"].to_numpy(dtype=float, na_value=np.nan)
    known = ~np.isnan(levels)
    # Rank 2 n: known level n; 2 n - 1: undetermined, at least n; the smallest rank wins.
    rank = np.where(known, 2 * np.nan_to_num(levels), 2 * np.nan_to_num(at_least, nan=4.0) - 1).astype(int)
    faces, winner = worst_faces(shapes, rank)
    level = np.where(winner % 2 == 0, winner // 2, UNDETERMINED)
    rows = [
        {"level": int(number), "method": method["id"], "geometry": _joined(faces[level == number])}
        for number in sorted(set(level.tolist()))
    ]
    return gpd.GeoDataFrame(
        pd.DataFrame(rows, columns=["level", "method", "geometry"]), geometry="geometry", crs=STORAGE_CRS
    )


def drawn_footprints(grades: gpd.GeoDataFrame, radius_m: float) -> NDArray[Any]:
    """Footprints as polygons: points and lines grown by `radius_m` [m]."""
    return np.array(
        [g if shapely.get_dimensions(g) == 2 else buffer_m(g, radius_m) for g in grades.geometry], dtype=object
    )


def worst_faces(shapes: NDArray[Any], rank: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Faces of the arrangement of polygons, each with the smallest rank of the polygons that cover it.

    Parameters
    ----------
    shapes : ndarray of shapely polygons, length n
    rank : ndarray of int, length n
        The smallest wins.

    Returns
    -------
    faces : ndarray of shapely polygons, length m
        Interiors are disjoint; together they are the union of the shapes up to `GRID_DEG`.
    winner : ndarray of int, length m
    """
    snapped = shapely.set_precision(shapes, GRID_DEG)
    kept = ~shapely.is_empty(snapped)
    snapped, rank = snapped[kept], rank[kept]
    if len(snapped) == 0:
        return np.empty(0, dtype=object), np.empty(0, dtype=np.int64)
    lines = shapely.union_all(shapely.boundary(snapped), grid_size=GRID_DEG)
    faces = np.asarray(shapely.get_parts(shapely.polygonize(shapely.get_parts(lines))), dtype=object)
    face, shape = shapely.STRtree(snapped).query(shapely.point_on_surface(faces), predicate="within")
    none = np.iinfo(np.int64).max
    winner = np.full(len(faces), none, dtype=np.int64)
    np.minimum.at(winner, face, rank[shape].astype(np.int64))
    covered = winner < none  # a face that no shape covers is a hole between them
    order = np.lexsort((shapely.bounds(faces)[:, 1], shapely.bounds(faces)[:, 0], winner))
    order = order[covered[order]]
    return faces[order], winner[order]


def _joined(faces: NDArray[Any]) -> Any:
    """Faces that share their vertices, as one MultiPolygon in normal order."""
    joined = shapely.normalize(shapely.coverage_union_all(faces))
    return shapely.multipolygons(shapely.get_parts(joined))
