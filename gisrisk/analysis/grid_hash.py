"""A uniform grid over bounding boxes: which boxes may touch this one, asked from compiled loops."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gisrisk.analysis.compiled import compiled

_MOST_CELLS_PER_BOX = 256  # a box over more cells than this stands on the list that every query reads


class Grid(NamedTuple):
    """Boxes by cell; cell c lists item[start[c]:start[c + 1]] in rising order."""

    west: float
    south: float
    per_x: float
    """Cells for each unit of x."""
    per_y: float
    columns: int
    rows: int
    start: NDArray[np.int64]
    item: NDArray[np.int64]
    large: NDArray[np.int64]
    """Boxes over too many cells to be listed in each."""


def build_grid(box: NDArray[np.float64], query_width: float, query_height: float) -> Grid:
    """Grid over boxes, for queries of about the given size.

    Parameters
    ----------
    box : ndarray of float64, shape (n, 4)
        West, south, east, north.
    query_width, query_height : float
        Mean size of the boxes that will be asked about, in the same unit.
    """
    n = len(box)
    west, south = box[:, 0].min(), box[:, 1].min()
    width, height = box[:, 2].max() - west, box[:, 3].max() - south
    # A cell of half a query leaves few misses and few cells to visit; a typical box guards against cells much smaller
    # than what they hold.
    some = box[:: max(1, n // 1000)]
    cell_x = max(query_width / 2, float(np.median(some[:, 2] - some[:, 0])), width * 1e-6, 1e-12)
    cell_y = max(query_height / 2, float(np.median(some[:, 3] - some[:, 1])), height * 1e-6, 1e-12)
    most = max(1024.0, 4.0 * n)
    while (width / cell_x + 1) * (height / cell_y + 1) > most:
        cell_x, cell_y = cell_x * 1.1, cell_y * 1.1
    columns, rows = int(width / cell_x) + 1, int(height / cell_y) + 1
    per_x, per_y = 1.0 / cell_x, 1.0 / cell_y
    start, item, large = _fill(box, west, south, per_x, per_y, columns, rows)
    return Grid(float(west), float(south), float(per_x), float(per_y), columns, rows, start, item, large)


@compiled(inline="always")
def cell_of(value, origin, per_unit, count):  # type: ignore[no-untyped-def]
    """Column or row of a coordinate, held inside the grid; never falls when the coordinate rises."""
    return int(min(max((value - origin) * per_unit, 0.0), count - 1.0))


@compiled
def _fill(box, west, south, per_x, per_y, columns, rows):  # type: ignore[no-untyped-def]
    n = len(box)
    start = np.zeros(columns * rows + 1, np.int64)
    large = np.empty(n, np.int64)
    large_count = 0
    for g in range(n):
        x0, x1 = cell_of(box[g, 0], west, per_x, columns), cell_of(box[g, 2], west, per_x, columns)
        y0, y1 = cell_of(box[g, 1], south, per_y, rows), cell_of(box[g, 3], south, per_y, rows)
        if (x1 - x0 + 1) * (y1 - y0 + 1) > _MOST_CELLS_PER_BOX:
            large[large_count] = g
            large_count += 1
            continue
        for y in range(y0, y1 + 1):
            for x in range(x0, x1 + 1):
                start[y * columns + x + 1] += 1
    for c in range(columns * rows):
        start[c + 1] += start[c]
    item = np.empty(start[columns * rows], np.int64)
    free = start[:-1].copy()
    for g in range(n):
        x0, x1 = cell_of(box[g, 0], west, per_x, columns), cell_of(box[g, 2], west, per_x, columns)
        y0, y1 = cell_of(box[g, 1], south, per_y, rows), cell_of(box[g, 3], south, per_y, rows)
        if (x1 - x0 + 1) * (y1 - y0 + 1) > _MOST_CELLS_PER_BOX:
            continue
        for y in range(y0, y1 + 1):
            for x in range(x0, x1 + 1):
                c = y * columns + x
                item[free[c]] = g
                free[c] += 1
    return start, item, large[:large_count].copy()


@compiled
def boxes_near(grid, box, query, first, last):  # type: ignore[no-untyped-def]
    """Boxes that meet the closed query boxes first..last, each once and rising.

    Returns offsets (last - first + 1,) and numbers of boxes: query q found numbers[offsets[q - first]:offsets[q - first
    + 1]]. A box over several cells is taken only in the first cell that it shares with the query, which needs no memory
    of what was seen.
    """
    offsets = np.zeros(last - first + 1, np.int64)
    found = np.empty(4096, np.int64)
    count = 0
    for q in range(first, last):
        west, south, east, north = query[q, 0], query[q, 1], query[q, 2], query[q, 3]
        x0, x1 = cell_of(west, grid.west, grid.per_x, grid.columns), cell_of(east, grid.west, grid.per_x, grid.columns)
        y0, y1 = cell_of(south, grid.south, grid.per_y, grid.rows), cell_of(north, grid.south, grid.per_y, grid.rows)
        begin = count
        for y in range(y0, y1 + 1):
            for x in range(x0, x1 + 1):
                c = y * grid.columns + x
                for k in range(grid.start[c], grid.start[c + 1]):
                    g = grid.item[k]
                    if box[g, 0] > east or box[g, 2] < west or box[g, 1] > north or box[g, 3] < south:
                        continue
                    if x > x0 and cell_of(box[g, 0], grid.west, grid.per_x, grid.columns) != x:
                        continue
                    if y > y0 and cell_of(box[g, 1], grid.south, grid.per_y, grid.rows) != y:
                        continue
                    if count == len(found):
                        found = np.concatenate((found, np.empty_like(found)))
                    found[count] = g
                    count += 1
        for k in range(len(grid.large)):
            g = grid.large[k]
            if box[g, 0] > east or box[g, 2] < west or box[g, 1] > north or box[g, 3] < south:
                continue
            if count == len(found):
                found = np.concatenate((found, np.empty_like(found)))
            found[count] = g
            count += 1
        _sort(found[begin:count])
        offsets[q - first + 1] = count
    return offsets, found[:count]


@compiled
def _sort(numbers):  # type: ignore[no-untyped-def]
    if len(numbers) > 64:
        numbers[:] = np.sort(numbers)
        return
    for a in range(1, len(numbers)):
        value = numbers[a]
        b = a - 1
        while b >= 0 and numbers[b] > value:
            numbers[b + 1] = numbers[b]
            b -= 1
        numbers[b + 1] = value
