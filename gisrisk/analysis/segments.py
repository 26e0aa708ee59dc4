"""Geometries laid out as flat tables of straight segments, which compiled loops can walk without touching an object.

Every shape becomes a run of segments: a ring of n edges gives n, a line of n vertices gives n - 1 and one of zero
length at its end, a point gives one of zero length. So the starts of a shape's segments are exactly its vertices.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from gisrisk.analysis.compiled import compiled
from gisrisk.errors import OutOfDomain
from gisrisk.geo import to_ecef

BLOCK = 8  # segments that share one bounding box, so that far parts of a long shape are skipped together
PIECE_M = 150.0  # longest chord in geodesic work: it stays within 0.5 mm of the edge it stands for [m]

_POINT, _LINE, _POLYGON = 0, 1, 3
_DEGREE_M = 111_700.0


class Segments(NamedTuple):
    """n shapes as m segments. Coordinates are x, y in metres (planar) or longitude, latitude in degrees (geodesic)."""

    start: NDArray[np.int64]
    """(n + 1,) shape g owns segments start[g]:start[g + 1]."""
    ring_end: NDArray[np.int64]
    """(n,) its first segments, up to this one, are rings around an area."""
    path_start: NDArray[np.int64]
    """(n + 1,) shape g owns paths path_start[g]:path_start[g + 1]."""
    path: NDArray[np.int64]
    """(paths,) first segment of each connected path."""
    block_start: NDArray[np.int64]
    """(n + 1,) shape g owns blocks block_start[g]:block_start[g + 1]."""
    box: NDArray[np.float64]
    """(n, 4) west, south, east, north of each shape."""
    block_box: NDArray[np.float64]
    """(blocks, 4) the same of every run of `BLOCK` segments."""
    flat: NDArray[np.float64]
    """(m, 5) x, y at the start, x, y at the end, 1 / squared length (0 for a point)."""
    solid: NDArray[np.float64]
    """(m, 7) geodesic only: start on the ellipsoid, vector to the end [m], 1 / squared length; else (0, 7)."""


def flatten(geometries: NDArray[Any], *, geodesic: bool, name: str) -> Segments:
    """Lay out shapely geometries of any type as segments.

    Parameters
    ----------
    geometries : ndarray of shapely geometries, shape (n,)
        Lon/lat degrees when `geodesic`, else metres.
    geodesic : bool
        Also compute positions on the ellipsoid, splitting edges longer than `PIECE_M` in longitude and latitude.
    name : str
        What the array is called in an error ("sources", "targets").

    Raises
    ------
    OutOfDomain
        A geometry is missing or empty, or a coordinate is not finite or (geodesic) not a longitude and latitude.
    """
    bad = shapely.is_missing(geometries) | shapely.is_empty(geometries)
    if bad.any():
        raise OutOfDomain(
            f"{name}[{int(np.flatnonzero(bad)[0])}] has no geometry ({int(bad.sum())} such rows): "
            "its distance to anything is unknown. Leave such rows out and report them as undetermined."
        )
    paths, owner, ring = _paths(geometries)
    xy, path = shapely.get_coordinates(paths, return_index=True)
    _check_coordinates(xy, owner, path, geodesic, name)
    closed = ring[path]
    starts = _segment_starts(xy, path, closed)
    flat, seg_path = _cut(xy, path, closed, starts) if geodesic else _as_is(xy, path, closed, starts)
    n = len(geometries)
    seg_owner = owner[seg_path]
    start = _offsets(np.bincount(seg_owner, minlength=n))
    ring_end = start[:-1] + np.bincount(seg_owner, ring[seg_path], minlength=n).astype(np.int64)
    path_start = _offsets(np.bincount(owner, minlength=n))
    first = _offsets(np.bincount(seg_path, minlength=len(paths)))[:-1]
    block_start = _offsets(-(-np.diff(start) // BLOCK))
    box, block_box = _boxes(flat, start, block_start)
    solid = _on_ellipsoid(flat) if geodesic else np.empty((0, 7))
    return Segments(start, ring_end, path_start, first, block_start, box, block_box, flat, solid)


def _paths(geometries: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64], NDArray[np.bool_]]:
    """Connected paths: geometry holding the coordinates, owning shape, and whether it is a ring around an area.

    Sorted by owner, rings first. Whole points, lines and polygons without holes are taken as they are; taking
    geometries apart is the slow step.
    """
    parts, owner = geometries, np.arange(len(geometries), dtype=np.int64)
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


def _check_coordinates(
    xy: NDArray[np.float64], owner: NDArray[np.int64], path: NDArray[np.int64], geodesic: bool, name: str
) -> None:
    if len(xy) == 0:
        return
    low, high = xy.min(axis=0), xy.max(axis=0)
    if not np.isfinite([low, high]).all():
        row = int(owner[path[np.flatnonzero(~np.isfinite(xy).all(axis=1))[0]]])
        raise OutOfDomain(f"{name}[{row}] has a coordinate that is not a finite number")
    if geodesic and (low < (-180, -90)).any() | (high > (180, 90)).any():
        outside = (xy < (-180, -90)).any(axis=1) | (xy > (180, 90)).any(axis=1)
        k = int(np.flatnonzero(outside)[0])
        raise OutOfDomain(
            f"{name}[{int(owner[path[k]])}] has the coordinate ({xy[k, 0]}, {xy[k, 1]}), which is not a longitude and "
            "latitude in degrees; reproject it to EPSG:4490 first"
        )


def _offsets(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    offsets = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=offsets[1:])
    return offsets


@compiled
def _segment_starts(xy, path, closed):  # type: ignore[no-untyped-def]
    """Vertices at which a segment starts: all but the closing vertex of a ring."""
    n = len(path)
    starts = np.empty(n, np.int64)
    count = 0
    for k in range(n):
        if closed[k] and (k + 1 == n or path[k + 1] != path[k]):
            continue
        starts[count] = k
        count += 1
    return starts[:count]


@compiled
def _as_is(xy, path, closed, starts):  # type: ignore[no-untyped-def]
    """One segment per start, with its path."""
    flat = np.empty((len(starts), 5))
    seg_path = np.empty(len(starts), np.int64)
    for s in range(len(starts)):
        k = starts[s]
        end = k + 1 if k + 1 < len(path) and path[k + 1] == path[k] else k
        _put(flat, s, xy[k, 0], xy[k, 1], xy[end, 0], xy[end, 1])
        seg_path[s] = path[k]
    return flat, seg_path


@compiled
def _cut(xy, path, closed, starts):  # type: ignore[no-untyped-def]
    """The same, with edges cut in longitude and latitude into equal pieces of at most `PIECE_M`."""
    pieces = np.ones(len(starts), np.int64)
    for s in range(len(starts)):
        k = starts[s]
        if k + 1 < len(path) and path[k + 1] == path[k]:
            nearest = min(abs(xy[k, 1]), abs(xy[k + 1, 1]))
            if xy[k, 1] * xy[k + 1, 1] < 0:
                nearest = 0.0
            dx_m = (xy[k + 1, 0] - xy[k, 0]) * _DEGREE_M * np.cos(np.radians(nearest))
            dy_m = (xy[k + 1, 1] - xy[k, 1]) * _DEGREE_M
            pieces[s] = max(1, int(np.ceil(np.sqrt(dx_m * dx_m + dy_m * dy_m) / PIECE_M)))
    total = pieces.sum()
    flat = np.empty((total, 5))
    seg_path = np.empty(total, np.int64)
    at = 0
    for s in range(len(starts)):
        k = starts[s]
        end = k + 1 if k + 1 < len(path) and path[k + 1] == path[k] else k
        x0, y0 = xy[k, 0], xy[k, 1]
        dx, dy = xy[end, 0] - x0, xy[end, 1] - y0
        ax, ay = x0, y0
        for p in range(1, pieces[s] + 1):
            if p == pieces[s]:
                bx, by = xy[end, 0], xy[end, 1]
            else:
                bx, by = x0 + dx * (p / pieces[s]), y0 + dy * (p / pieces[s])
            _put(flat, at, ax, ay, bx, by)
            seg_path[at] = path[k]
            ax, ay = bx, by
            at += 1
    return flat, seg_path


@compiled(inline="always")
def _put(flat, s, ax, ay, bx, by):  # type: ignore[no-untyped-def]
    flat[s, 0] = ax
    flat[s, 1] = ay
    flat[s, 2] = bx
    flat[s, 3] = by
    squared = (bx - ax) * (bx - ax) + (by - ay) * (by - ay)
    flat[s, 4] = 1.0 / squared if squared > 0 else 0.0


@compiled
def _boxes(flat, start, block_start):  # type: ignore[no-untyped-def]
    """Bounding boxes of the shapes and of their blocks."""
    n = len(start) - 1
    box = np.empty((n, 4))
    block_box = np.empty((block_start[n], 4))
    for g in range(n):
        west, south, east, north = np.inf, np.inf, -np.inf, -np.inf
        for b in range(block_start[g], block_start[g + 1]):
            first = start[g] + (b - block_start[g]) * BLOCK
            w, s, e, t = np.inf, np.inf, -np.inf, -np.inf
            for k in range(first, min(first + BLOCK, start[g + 1])):
                w = min(w, flat[k, 0], flat[k, 2])
                s = min(s, flat[k, 1], flat[k, 3])
                e = max(e, flat[k, 0], flat[k, 2])
                t = max(t, flat[k, 1], flat[k, 3])
            block_box[b, 0] = w
            block_box[b, 1] = s
            block_box[b, 2] = e
            block_box[b, 3] = t
            west, south, east, north = min(west, w), min(south, s), max(east, e), max(north, t)
        box[g, 0] = west
        box[g, 1] = south
        box[g, 2] = east
        box[g, 3] = north
    return box, block_box


def _on_ellipsoid(flat: NDArray[np.float64]) -> NDArray[np.float64]:
    begin = to_ecef(flat[:, 0], flat[:, 1])
    along = to_ecef(flat[:, 2], flat[:, 3]) - begin
    squared = (along**2).sum(axis=1)
    inverse = np.divide(1.0, squared, out=np.zeros_like(squared), where=squared > 0)
    return np.ascontiguousarray(np.concatenate([begin, along, inverse[:, None]], axis=1))
