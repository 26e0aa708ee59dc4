"""Which features stand within reach of which, how far apart edge to edge, and along which shortest line.

Polygons are areas: what overlaps or lies inside has the distance zero. Sources and targets may be points, lines, areas
and multi-part shapes. A grid over the targets' boxes gives candidates, compiled loops give exact distances.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry.base import BaseGeometry

from gisrisk.analysis.grid_hash import boxes_near, build_grid
from gisrisk.analysis.pair_distance import judge, pair_distance
from gisrisk.analysis.segments import Segments, flatten, on_ellipsoid
from gisrisk.errors import OutOfDomain
from gisrisk.geo import GEOD

FARTHEST_REACH_M = 200_000.0
"""Largest reach of geodesic work [m]; beyond it chords no longer order pairs as geodesics do."""

_ROUNDING_M = 1e-9  # a planar pair at exactly the reach is within it whatever the last bit says
_GEODESIC_ROUNDING_M = 1e-7
_CHORD_SLACK_M = 0.01  # a chord through a piece of an edge may pass this much beside the edge, and never more
_WORTH_THREADS = 20_000  # candidate pairs, as estimated; for fewer, starting threads takes longer than they save
_MOST_CANDIDATES = 2_000_000  # of one task, as estimated
# Metres in a degree of longitude on the equator and the fewest in a degree of latitude (GRS80), lowered by 1e-4 so
# that a chord up to 200 km long is never shorter than the bound made from them.
_LONGITUDE_M = 111_319.490_8 * (1 - 1e-4)
_LATITUDE_M = 110_574.27 * (1 - 1e-4)


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pairs in the order of (i, j); all arrays have the shape (pairs,).

    `lon1, lat1` is the place on the source and `lon2, lat2` that on the target which are nearest to each other:
    degrees, or metres (x, y) for planar work. Where the shapes meet, both are one common place.
    """

    i: NDArray[np.int64]
    j: NDArray[np.int64]
    distance_m: NDArray[np.float64]
    lon1: NDArray[np.float64]
    lat1: NDArray[np.float64]
    lon2: NDArray[np.float64]
    lat2: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.i)


def pairs_within(sources: Any, targets: Any, reach_m: ArrayLike, *, geodesic: bool = True) -> Pairs:
    """All pairs of a source and a target whose edge-to-edge distance is at most `reach_m`.

    Parameters
    ----------
    sources, targets : GeoSeries, GeoDataFrame, or sequence of shapely geometries, lengths n and m
        Longitude and latitude in degrees (EPSG:4490), or with `geodesic=False` planar coordinates in metres. Not
        across the 180th meridian.
    reach_m : float or array_like of shape (n,)
        How far to look from each source [m], >= 0. A pair at exactly the reach is within it.
    geodesic : bool
        Measure on the ellipsoid instead of in the plane.

    Returns
    -------
    Pairs
        Rising in (i, j), the positions in `sources` and `targets`. The same for any number of processors.

    Raises
    ------
    OutOfDomain
        A reach is negative, not finite or (geodesic) over `FARTHEST_REACH_M`; a geometry is missing or empty;
        coordinates are not what `geodesic` says.

    Notes
    -----
    Geodesic: edges, straight in longitude and latitude, are split into chords of at most 150 m through the ellipsoid of
    CGCS2000; the nearest places on the chords are taken back to longitude and latitude, and the geodesic between them
    (Karney's algorithm in PROJ) is the distance. The error is below 2 mm for distances up to 20 km.

    Examples
    --------
    >>> import shapely
    >>> targets = [shapely.Point(30, 40), shapely.box(0, 51, 9, 60)]
    >>> pairs = pairs_within([shapely.Point(0, 0)], targets, 50, geodesic=False)
    >>> pairs.j.tolist(), pairs.distance_m.tolist()
    ([0], [50.0])
    """
    source_shapes = _shapes(sources, "sources", geodesic)
    target_shapes = _shapes(targets, "targets", geodesic)
    reach = _reach(reach_m, len(source_shapes), geodesic)

    def name_of(row: int) -> str:
        count = len(source_shapes)
        return f"sources[{row}]" if row < count else f"targets[{row - count}]"

    if len(source_shapes) == 0 or len(target_shapes) == 0:
        return _as_pairs(np.empty((0, 2), np.int64), np.empty((0, 5)))
    segments = flatten(np.concatenate([source_shapes, target_shapes]), geodesic=geodesic, name_of=name_of)
    pair, value = _judge_all(segments, reach, geodesic)
    if geodesic:
        value = _measure(value)
        near = value[:, 0] <= reach[pair[:, 0]] + _GEODESIC_ROUNDING_M
        pair, value = pair[near], value[near]
    return _as_pairs(pair, value)


def distance_m(a: BaseGeometry, b: BaseGeometry, *, geodesic: bool = True) -> float:
    """Edge-to-edge distance of two shapes [m], by the engine of `pairs_within`, at any distance.

    Parameters
    ----------
    a, b : shapely geometry
        Degrees (EPSG:4490), or metres with `geodesic=False`.

    Notes
    -----
    Every vertex is measured against every edge. Beyond 200 km the geodesic distance may be too long by one part in a
    hundred thousand of it, because the nearest places are chosen by their chord.
    """
    shapes = np.concatenate([_shapes([a], "a", geodesic), _shapes([b], "b", geodesic)])
    segments = flatten(shapes, geodesic=geodesic, name_of=("a", "b").__getitem__)
    solid = on_ellipsoid(segments) if geodesic else None
    value = np.empty((1, 5))
    value[0, 0] = pair_distance(*segments, solid, 0, 1, np.inf, 0.0, 0.0, value[0, 1:])
    return float(_measure(value)[0, 0] if geodesic else value[0, 0])


def shortest_lines(pairs: Pairs) -> NDArray[Any]:
    """The shortest line of each pair, from source to target; of length zero where they meet.

    Returns
    -------
    ndarray of shapely LineString, shape (pairs,)
        Two vertices each, in the coordinates of the input.
    """
    ends = np.stack([pairs.lon1, pairs.lat1, pairs.lon2, pairs.lat2], axis=1).reshape(-1, 2, 2)
    lines: NDArray[Any] = shapely.linestrings(ends) if len(ends) else np.empty(0, object)
    return lines


def _shapes(geometries: Any, name: str, geodesic: bool) -> NDArray[Any]:
    """The geometries as an object array, after checking that a CRS, if known, has the unit asked for."""
    crs = getattr(geometries, "crs", None)
    if crs is not None and crs.is_geographic != geodesic:
        wanted = "longitude and latitude in degrees" if geodesic else "planar coordinates in metres"
        raise OutOfDomain(
            f"{name} are in {crs.to_string()} but geodesic={geodesic} needs {wanted}; reproject them or change the mode"
        )
    if hasattr(geometries, "geometry"):
        geometries = geometries.geometry.to_numpy()
    if isinstance(geometries, Sequence):
        array = np.empty(len(geometries), object)
        array[:] = geometries
        return array
    return np.asarray(geometries, dtype=object)


def _reach(reach_m: ArrayLike, count: int, geodesic: bool) -> NDArray[np.float64]:
    reach = np.asarray(reach_m, dtype=np.float64)
    if reach.shape not in ((), (count,)):
        raise OutOfDomain(
            f"reach_m has the shape {reach.shape}; one number or one for each of {count} sources is needed"
        )
    most = FARTHEST_REACH_M if geodesic else np.finfo(np.float64).max
    if not ((reach >= 0) & (reach <= most)).all():
        raise OutOfDomain(
            f"reach_m must be from 0 to {most:g} m everywhere; it runs from {reach.min()} to {reach.max()}"
        )
    return np.ascontiguousarray(np.broadcast_to(reach, (count,)))


def _judge_all(
    segments: Segments, reach: NDArray[np.float64], geodesic: bool
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Judge spans of sources on all processors; with threads of our own, which are safe in a server."""
    sources = len(reach)
    limit = reach + (_CHORD_SLACK_M if geodesic else _ROUNDING_M)
    scale_x, scale_y = _least_scale(segments.box[:sources], limit) if geodesic else (np.ones(sources), np.ones(sources))
    query = segments.box[:sources] + (limit / np.array([-scale_x, -scale_y, scale_x, scale_y])).T
    target_box = segments.box[sources:]
    width, height = float((query[:, 2] - query[:, 0]).mean()), float((query[:, 3] - query[:, 1]).mean())
    grid = build_grid(target_box, width, height)
    solid = on_ellipsoid(segments) if geodesic else None

    def task(span: tuple[int, int]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        offsets, candidate = boxes_near(grid, target_box, query, *span)
        pair, value = judge(*segments, solid, sources, limit, scale_x, scale_y, span[0], offsets, candidate)
        return pair, value

    each = max(1.0, len(target_box) * width * height * grid.per_x * grid.per_y / (grid.columns * grid.rows))
    spans = list(_spans(sources, each))
    if len(spans) == 1:
        return task(spans[0])
    with ThreadPoolExecutor(_processors()) as pool:
        done = list(pool.map(task, spans))
    return np.concatenate([pair for pair, _ in done]), np.concatenate([value for _, value in done])


def _spans(sources: int, candidates_each: float) -> Iterator[tuple[int, int]]:
    """Spans of sources for one task each: a few for each processor, none with more candidates than fit in memory."""
    if sources * candidates_each < _WORTH_THREADS:
        yield 0, sources
        return
    length = math.ceil(min(sources / (4 * _processors()), _MOST_CANDIDATES / candidates_each))
    for first in range(0, sources, length):
        yield first, min(first + length, sources)


def _least_scale(box: NDArray[np.float64], limit_m: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Metres in a degree of longitude and of latitude, not more than anywhere within `limit_m` of the boxes."""
    scale_y = np.full(len(box), _LATITUDE_M)
    farthest = np.minimum(90.0, np.abs(box[:, [1, 3]]).max(axis=1) + limit_m / scale_y)
    return np.maximum(_LONGITUDE_M * np.cos(np.radians(farthest)), 1e-3), scale_y


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _measure(value: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same rows with the chord replaced by the geodesic; where shapes meet it stays zero."""
    apart = np.flatnonzero(value[:, 0] > 0)
    measured = value.copy()
    lon1, lat1, lon2, lat2 = value[apart, 1:].T
    measured[apart, 0] = GEOD.inv(lon1, lat1, lon2, lat2)[2]
    return measured


def _as_pairs(pair: NDArray[np.int64], value: NDArray[np.float64]) -> Pairs:
    i, j = np.ascontiguousarray(pair.T)
    distance, lon1, lat1, lon2, lat2 = np.ascontiguousarray(value.T)
    return Pairs(i, j, distance, lon1, lat1, lon2, lat2)
