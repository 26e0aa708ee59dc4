"""Geometries laid out as flat tables of straight segments, which compiled loops can walk without touching an object.

Every shape becomes a run of segments: a ring of n edges gives n, a line of n vertices gives n - 1 and one of zero
length at its end, a point gives one of zero length. So the starts of a shape's segments are exactly its vertices.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from gisrisk.analysis.compiled import compiled
from gisrisk.analysis.pair_distance import BLOCK, BLOCK_SIZE, PATH, RING_END, START, boxes_of
from gisrisk.errors import OutOfDomain
from gisrisk.geo import to_ecef

PIECE_M = 150.0  # longest chord in geodesic work: it stays within 0.5 mm of the edge it stands for [m]

_POLYGON, _COLLECTION = 3, 7  # shapely's type numbers
_DEGREE_M = 111_700.0


class Segments(NamedTuple):
    """n shapes as m segments. Coordinates are x, y in metres (planar) or longitude, latitude in degrees (geodesic)."""

    table: NDArray[np.int64]
    """(n + 1, 4) by column `START`, `RING_END`, `PATH`, `BLOCK`. Shape g owns the segments from table[g, START] up to
    table[g + 1, START], of which those before table[g, RING_END] are rings around an area; paths
    and blocks likewise."""
    path: NDArray[np.int64]
    """(paths,) first segment of each connected path."""
    box: NDArray[np.float64]
    """(n, 4) west, south, east, north of each shape."""
    block_box: NDArray[np.float64]
    """(blocks, 4) the same of every run of `BLOCK_SIZE` segments."""
    flat: NDArray[np.float64]
    """(m, 5) x, y at the start, x, y at the end, 1 / squared length (0 for a point)."""


def flatten(geometries: NDArray[Any], *, geodesic: bool, name_of: Callable[[int], str]) -> Segments:
    """Lay out shapely geometries of any type as segments; areas must be valid, for which the store has checked.

    Parameters
    ----------
    geometries : ndarray of shapely geometries, shape (n,)
        Lon/lat degrees when `geodesic`, else metres.
    geodesic : bool
        Split edges longer than `PIECE_M` in longitude and latitude, ready for `on_ellipsoid`.
    name_of : callable
        What to call a geometry in an error, from its position: for example "sources[3]".

    Raises
    ------
    OutOfDomain
        A geometry is missing or empty, or a coordinate is not finite or (geodesic) not a longitude and latitude.
    """
    paths, owner, ring = _paths(geometries)
    xy, path = shapely.get_coordinates(paths, return_index=True)
    if not np.isfinite(xy.sum()):
        row = int(owner[path[np.flatnonzero(~np.isfinite(xy).all(axis=1))[0]]])
        raise OutOfDomain(f"{name_of(row)} has a coordinate that is not a finite number")
    flat, seg_path = _as_segments(xy, path, ring)
    if geodesic:
        flat, seg_path = _cut(flat, seg_path)
    n = len(geometries)
    of_shape, in_rings, paths_of_shape, of_path = _count(seg_path, owner, ring, n)
    table = np.zeros((n + 1, 4), np.int64)
    np.cumsum(of_shape, out=table[1:, START])
    table[:-1, RING_END] = table[:-1, START] + in_rings
    np.cumsum(paths_of_shape, out=table[1:, PATH])
    np.cumsum(-(-of_shape // BLOCK_SIZE), out=table[1:, BLOCK])
    first = np.cumsum(of_path) - of_path
    bare = np.flatnonzero(np.diff(table[:, START]) == 0)
    if len(bare):
        raise OutOfDomain(
            f"{name_of(int(bare[0]))} has no geometry ({len(bare)} such rows): its distance to anything is unknown. "
            "Leave such rows out and report them as undetermined."
        )
    box, block_box = boxes_of(flat, table)
    if geodesic:
        _check_degrees(box, name_of)
    return Segments(table, first, box, block_box, flat)


def _paths(geometries: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64], NDArray[np.bool_]]:
    """Connected paths: geometry holding the coordinates, owning shape, and whether it is a ring around an area.

    Sorted by owner, rings first. Whole points, lines and polygons without holes are taken as they are; taking
    geometries apart is the slow step.
    """
    parts, owner = geometries, np.arange(len(geometries), dtype=np.int64)
    kind = shapely.get_type_id(parts)
    if (kind == _COLLECTION).any():  # its areas may overlap, and two rings around a place would cancel each other
        parts = parts.copy()
        parts[kind == _COLLECTION] = [shapely.union_all([part]) for part in parts[kind == _COLLECTION]]
        kind = shapely.get_type_id(parts)
    while (kind > _POLYGON).any():
        multi = kind > _POLYGON
        opened, index = shapely.get_parts(parts[multi], return_index=True)
        parts, owner = np.concatenate([parts[~multi], opened]), np.concatenate([owner[~multi], owner[multi][index]])
        keep = ~shapely.is_empty(parts)
        parts, owner = parts[keep], owner[keep]
        kind = shapely.get_type_id(parts)
    holed = shapely.get_num_interior_rings(parts) > 0
    ring = kind == _POLYGON
    if holed.any():
        rings, index = shapely.get_rings(parts[holed], return_index=True)
        parts, owner = np.concatenate([parts[~holed], rings]), np.concatenate([owner[~holed], owner[holed][index]])
        ring = np.concatenate([ring[~holed], np.ones(len(rings), bool)])
    if (np.diff(owner) <= 0).any():
        order = np.lexsort((~ring, owner))
        parts, owner, ring = parts[order], owner[order], ring[order]
    return parts, owner, ring


def _check_degrees(box: NDArray[np.float64], name_of: Callable[[int], str]) -> None:
    outside = np.flatnonzero((box[:, 0] < -180) | (box[:, 1] < -90) | (box[:, 2] > 180) | (box[:, 3] > 90))
    if len(outside):
        west, south, east, north = box[outside[0]]
        raise OutOfDomain(
            f"{name_of(int(outside[0]))} has coordinates from ({west}, {south}) to ({east}, {north}), which are not "
            "longitude and latitude in degrees; reproject it to EPSG:4490 first"
        )


@compiled
def _as_segments(xy, path, ring):  # type: ignore[no-untyped-def]
    """One segment for each vertex but the closing ones of rings, and the path of each."""
    n = len(path)
    flat = np.empty((n, 5))
    seg_path = np.empty(n, np.int64)
    count = 0
    for k in range(n):
        last = k + 1 == n or path[k + 1] != path[k]
        if last and ring[path[k]]:
            continue
        end = k if last else k + 1
        _put(flat, count, xy[k, 0], xy[k, 1], xy[end, 0], xy[end, 1])
        seg_path[count] = path[k]
        count += 1
    return flat[:count], seg_path[:count]


@compiled
def _cut(whole, whole_path):  # type: ignore[no-untyped-def]
    """The same, with edges cut in longitude and latitude into equal pieces of at most `PIECE_M`."""
    pieces = np.ones(len(whole), np.int64)
    for s in range(len(whole)):
        nearest = 0.0 if whole[s, 1] * whole[s, 3] < 0 else min(abs(whole[s, 1]), abs(whole[s, 3]))
        dx_m = (whole[s, 2] - whole[s, 0]) * _DEGREE_M * np.cos(np.radians(nearest))
        dy_m = (whole[s, 3] - whole[s, 1]) * _DEGREE_M
        pieces[s] = max(1, int(np.ceil(np.sqrt(dx_m * dx_m + dy_m * dy_m) / PIECE_M)))
    total = pieces.sum()
    flat = np.empty((total, 5))
    seg_path = np.empty(total, np.int64)
    at = 0
    for s in range(len(whole)):
        x0, y0, x1, y1 = whole[s, 0], whole[s, 1], whole[s, 2], whole[s, 3]
        ax, ay = x0, y0
        for p in range(1, pieces[s] + 1):
            share = p / pieces[s]
            bx, by = (x1, y1) if p == pieces[s] else (x0 + (x1 - x0) * share, y0 + (y1 - y0) * share)
            _put(flat, at, ax, ay, bx, by)
            seg_path[at] = whole_path[s]
            ax, ay = bx, by
            at += 1
    return flat, seg_path


@compiled
def _count(seg_path, owner, ring, shapes):  # type: ignore[no-untyped-def]
    """Segments of each shape, those of them in rings, paths of each shape, segments of each path."""
    of_shape, in_rings, paths_of_shape = (
        np.zeros(shapes, np.int64),
        np.zeros(shapes, np.int64),
        np.zeros(shapes, np.int64),
    )
    of_path = np.zeros(len(owner), np.int64)
    for s in range(len(seg_path)):
        of_path[seg_path[s]] += 1
    for p in range(len(owner)):
        of_shape[owner[p]] += of_path[p]
        paths_of_shape[owner[p]] += 1
        if ring[p]:
            in_rings[owner[p]] += of_path[p]
    return of_shape, in_rings, paths_of_shape, of_path


@compiled(inline="always")
def _put(flat, s, ax, ay, bx, by):  # type: ignore[no-untyped-def]
    flat[s, 0] = ax
    flat[s, 1] = ay
    flat[s, 2] = bx
    flat[s, 3] = by
    squared = (bx - ax) * (bx - ax) + (by - ay) * (by - ay)
    flat[s, 4] = 1.0 / squared if squared > 0 else 0.0


def on_ellipsoid(segments: Segments) -> NDArray[np.float64]:
    """The segments of geodesic shapes as chords through the ellipsoid.

    Returns
    -------
    ndarray of float64, shape (m, 7)
        Start and vector to the end, earth-centred [m], and 1 / squared length (0 for a point).
    """
    begin = to_ecef(segments.flat[:, 0], segments.flat[:, 1])
    along = to_ecef(segments.flat[:, 2], segments.flat[:, 3]) - begin
    squared = (along**2).sum(axis=1)
    inverse = np.divide(1.0, squared, out=np.zeros_like(squared), where=squared > 0)
    return np.ascontiguousarray(np.concatenate([begin, along, inverse[:, None]], axis=1))
