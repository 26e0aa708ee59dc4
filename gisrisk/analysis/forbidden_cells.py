"""Which cells of a grid stand nearer to something than it allows, and what binds each of them the most.

A cell counts as its whole square: it is admitted when no point of it is nearer than required, by exact distance to the
true outlines. About every edge lies a capsule of places too near; within a row of squares it is convex, so the squares
it meets are one run of columns with ends in closed form. Areas add their inside. No distance transform is involved.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import shapely
from affine import Affine
from numpy.typing import ArrayLike, NDArray

from gisrisk.analysis.cell_kernel import LEVELS, NORTH, SEGMENTS_OF_PART, SOUTH, TILE, fill_strip, in_bins
from gisrisk.analysis.pair_distance import RING_END, START
from gisrisk.analysis.proximity import _processors
from gisrisk.analysis.segments import Segments, flatten
from gisrisk.errors import OutOfDomain

MOST_CELLS = 1_000_000_000
"""Cells of the largest grid; two bytes each are kept."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Square cells in a plane; row 0 is the northernmost, column 0 the westernmost.

    Attributes
    ----------
    west, north : float
        Corner of the first cell [m].
    cell_m : float
        Side of a cell [m].
    rows, columns : int
    """

    west: float
    north: float
    cell_m: float
    rows: int
    columns: int

    def __post_init__(self) -> None:
        if not (self.cell_m > 0 and np.isfinite(self.west + self.north + self.cell_m)):
            raise OutOfDomain(f"a grid needs finite corners and cells larger than 0 m, not {self.cell_m} m")
        if not (self.rows > 0 and self.columns > 0 and self.rows * self.columns <= MOST_CELLS):
            raise OutOfDomain(
                f"a grid of {self.rows} x {self.columns} cells is empty or has more than {MOST_CELLS} cells; "
                "choose larger cells or a smaller area"
            )

    @classmethod
    def over(cls, bounds: tuple[float, float, float, float], cell_m: float) -> Grid:
        """The smallest grid over west, south, east, north whose lines lie at whole multiples of the cell."""
        west, south, east, north = bounds
        first, last = np.floor(west / cell_m), np.ceil(east / cell_m)
        bottom, top = np.floor(south / cell_m), np.ceil(north / cell_m)
        return cls(first * cell_m, top * cell_m, cell_m, max(int(top - bottom), 1), max(int(last - first), 1))

    @property
    def transform(self) -> Affine:
        """From (column, row) to (x, y), as rasterio wants it."""
        return Affine(self.cell_m, 0.0, self.west, 0.0, -self.cell_m, self.north)

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows, self.columns

    def squares(self, row: ArrayLike, column: ArrayLike, half_m: float | None = None) -> NDArray[Any]:
        """The squares of cells as polygons, or squares of another half side about their centres."""
        half = self.cell_m / 2 if half_m is None else half_m
        x = self.west + (np.asarray(column) + 0.5) * self.cell_m
        y = self.north - (np.asarray(row) + 0.5) * self.cell_m
        boxes: NDArray[Any] = shapely.box(x - half, y - half, x + half, y + half)
        return boxes


def forbidden_cells(
    grid: Grid,
    geometries: NDArray[Any],
    required_m: ArrayLike,
    code: ArrayLike,
    *,
    level: ArrayLike = 0,
    half_m: float | None = None,
    inside: NDArray[np.bool_] | None = None,
    threads: int | None = None,
) -> NDArray[np.uint16]:
    """The code that binds each cell, 0 where the cell is admitted.

    Parameters
    ----------
    grid : Grid
    geometries : ndarray of shapely geometries, shape (n,)
        Points, lines and areas of any kind in the plane of the grid [m]; an area holds its interior.
    required_m : array_like, broadcast to (n,)
        How far a cell must stay from each geometry [m]: exactly that far complies; zero and less demand nothing.
    code : array_like of int, broadcast to (n,)
        What to write, 1 to 65535.
    level : array_like of int, broadcast to (n,)
        Lower levels outweigh higher ones, whatever the shortfall.
    half_m : float, optional
        Half the side of the square that must keep away, about the centre of each cell [m]; at least half a cell, which
        is the default. A square footprint of half side h placed anywhere in the cell needs half a cell + h.
    inside : ndarray of bool, shape (rows, columns), optional
        Cells that are asked for; others may be left 0.
    threads : int, optional
        All processors by default.

    Returns
    -------
    ndarray of uint16, shape (rows, columns)
        Of the geometries that are too near, in the lowest level among them, the code of the one with the largest
        shortfall: required distance minus distance from the centre of the cell; closer than a centimetre, either.
        The same for any number of threads.

    Raises
    ------
    OutOfDomain
        A geometry is missing, empty or not finite, a distance is not finite, a code or a level is out of range, or the
        square is smaller than a cell.
    """
    shapes = np.asarray(geometries, dtype=object)
    count = len(shapes)
    required = np.broadcast_to(np.asarray(required_m, dtype=np.float64), count)
    codes = np.broadcast_to(np.asarray(code, dtype=np.int64), count)
    levels = np.broadcast_to(np.asarray(level, dtype=np.int64), count)
    half = grid.cell_m / 2 if half_m is None else float(half_m)
    if not np.isfinite(required).all():
        raise OutOfDomain("required_m must be finite everywhere; leave out what has no figure")
    if count and not (codes.min() >= 1 and codes.max() <= np.iinfo(np.uint16).max):
        raise OutOfDomain(f"codes must be from 1 to 65535; they run from {codes.min()} to {codes.max()}")
    if count and not (levels.min() >= 0 and levels.max() < LEVELS):
        raise OutOfDomain(f"levels must be from 0 to {LEVELS - 1}; they run from {levels.min()} to {levels.max()}")
    if not half >= grid.cell_m / 2:
        raise OutOfDomain(f"half_m is {half} m; the square must cover the cell of {grid.cell_m} m")
    out = np.zeros(grid.shape, np.uint16)
    asks = np.flatnonzero(required > 0)
    if len(asks) == 0:
        return out
    segments = flatten(shapes[asks], geodesic=False, name_of=lambda row: f"geometries[{asks[row]}]")
    asked = _Asked(required[asks], codes[asks], levels[asks])
    edges, areas = _edges(segments, asked), _areas(segments, asked)
    frame = np.array([grid.west, grid.north, grid.cell_m, half])
    wanted = np.ones((1, 1), np.bool_) if inside is None else np.ascontiguousarray(inside)

    strips = -(-grid.rows // TILE)
    south = grid.north - strips * TILE * grid.cell_m
    upwards = (SOUTH, NORTH, south, TILE * grid.cell_m, half, strips)
    edge_at, edge_rows = in_bins(edges.real, np.arange(len(edges.real)), *upwards)
    area_at, area_rows = in_bins(areas.real, np.arange(len(areas.real)), *upwards)

    def strip(number: int) -> None:
        bin_ = strips - 1 - number
        near = edge_rows[edge_at[bin_] : edge_at[bin_ + 1]]
        around = area_rows[area_at[bin_] : area_at[bin_ + 1]]
        if len(near) or len(around):
            fill_strip(out, wanted, frame, number * TILE, near, around, *edges, *areas, segments.flat)

    with ThreadPoolExecutor(threads or _processors()) as pool:
        list(pool.map(strip, range(strips)))
    return out


class _Parts(NamedTuple):
    """Rows of (first segment, last, code, level), and of (centre x, y, radius, required distance, box)."""

    whole: NDArray[np.int64]
    real: NDArray[np.float64]


def _edges(segments: Segments, asked: _Asked) -> _Parts:
    """Every shape's segments in runs of a few."""
    start, end = segments.table[:-1, START], segments.table[1:, START]
    pieces = -(-(end - start) // SEGMENTS_OF_PART)
    owner = np.repeat(np.arange(len(start)), pieces)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    first = start[owner] + number * SEGMENTS_OF_PART
    last = np.minimum(first + SEGMENTS_OF_PART, end[owner])
    box = segments.box[owner]
    cut = np.flatnonzero((pieces > 1)[owner])
    if len(cut):
        ends = segments.flat[:, :4].reshape(-1, 2, 2)
        bounds = np.stack([first[cut], last[cut]], axis=1).ravel()
        low, high = (np.append(edge, edge[-1:], axis=0) for edge in (ends.min(axis=1), ends.max(axis=1)))
        box[cut] = np.concatenate(
            [np.minimum.reduceat(low, bounds)[::2], np.maximum.reduceat(high, bounds)[::2]], axis=1
        )
    return _as_parts(first, last, box, owner, asked)


def _areas(segments: Segments, asked: _Asked) -> _Parts:
    """The rings of every area."""
    start, end = segments.table[:-1, START], segments.table[:-1, RING_END]
    owner = np.flatnonzero(end > start)
    return _as_parts(start[owner], end[owner], segments.box[owner], owner, asked)


class _Asked(NamedTuple):
    """What is asked of each shape."""

    required_m: NDArray[np.float64]
    code: NDArray[np.int64]
    level: NDArray[np.int64]


def _as_parts(
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    box: NDArray[np.float64],
    owner: NDArray[np.int64],
    asked: _Asked,
) -> _Parts:
    middle, radius = (box[:, :2] + box[:, 2:]) / 2, np.hypot(*(box[:, 2:] - box[:, :2]).T) / 2
    real = np.column_stack([middle, radius, asked.required_m[owner], box])
    whole = np.stack([first, last, asked.code[owner], asked.level[owner]], axis=1)
    return _Parts(np.ascontiguousarray(whole, dtype=np.int64), np.ascontiguousarray(real))
