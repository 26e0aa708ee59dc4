"""The compiled loops of `forbidden_cells`: the row spans of capsules about edges, and the inside of areas, by tiles."""

from __future__ import annotations

import numpy as np

from gisrisk.analysis.compiled import compiled

TILE = 128
"""Rows and columns of cells that are decided together."""

SEGMENTS_OF_PART = 16
"""Edges that drop out together where something binds all cells of a tile more."""

LEVELS = 8
"""Levels that there can be."""

_CLOSE_M = 1e-6  # bounds of shortfalls are taken this much wider than they come out
_X, _Y, _RADIUS, _REQUIRED, _WEST, SOUTH, _EAST, NORTH = range(8)

_FIRST, _LAST, _CODE, _LEVEL = range(4)


@compiled
def in_bins(real, listed, low_edge, high_edge, start, width, margin, bins):  # type: ignore[no-untyped-def]
    """Parts whose box, grown by the required distance and a margin, meets each of `bins` intervals of a width in a row.

    Returns offsets and a list: those of bin b are list[offsets[b] : offsets[b + 1]], in the order of `listed`.
    """
    first, last = np.empty(len(listed), np.int32), np.empty(len(listed), np.int32)
    offsets = np.zeros(bins + 1, np.int64)
    for n in range(len(listed)):
        k = listed[n]
        grown = real[k, _REQUIRED] + margin
        low = np.floor((real[k, low_edge] - grown - start) / width)
        high = np.floor((real[k, high_edge] + grown - start) / width)
        first[n], last[n] = np.int32(max(min(low, float(bins)), 0.0)), np.int32(min(max(high, -1.0), bins - 1.0))
        for b in range(first[n], last[n] + 1):
            offsets[b + 1] += 1
    for b in range(bins):
        offsets[b + 1] += offsets[b]
    at = offsets[:-1].copy()
    found = np.empty(offsets[bins], np.int32)
    for n in range(len(listed)):
        for b in range(first[n], last[n] + 1):
            found[at[b]] = listed[n]
            at[b] += 1
    return offsets, found


@compiled
def fill_strip(out, wanted, frame, top, part_row, area_row, part, part_real, area, area_real, flat):  # type: ignore[no-untyped-def]
    """Decide the cells of the rows from `top` on, `TILE` of them.

    `frame` is west, north, cell, half side of the square to keep away. Parts and areas are rows of (first segment,
    last, code, level) and (centre x, y, radius, required distance, box); `part_row` and `area_row` list those near
    these rows; `flat` are the segments. `wanted` is of one cell where every cell is asked for.
    """
    rows, columns = out.shape
    west, north, cell, half = frame[0], frame[1], frame[2], frame[3]
    bottom = min(top + TILE, rows)
    tiles = -(-columns // TILE)
    part_at, parts = in_bins(part_real, part_row, _WEST, _EAST, west, TILE * cell, half, tiles)
    area_at, areas = in_bins(area_real, area_row, _WEST, _EAST, west, TILE * cell, half, tiles)
    upper = np.empty(len(parts))
    best = np.empty((TILE, TILE), np.float32)
    odd = np.empty((TILE, TILE), np.bool_)
    begin, end = np.empty((SEGMENTS_OF_PART + 1, TILE), np.int32), np.empty((SEGMENTS_OF_PART + 1, TILE), np.int32)
    gap2, xs = np.empty((TILE, TILE), np.float32), ((np.arange(TILE) + 0.5) * cell).astype(np.float32)
    for tile in range(tiles):
        left = tile * TILE
        right = min(left + TILE, columns)
        if wanted.size > 1 and not wanted[top:bottom, left:right].any():
            continue
        near, around = parts[part_at[tile] : part_at[tile + 1]], areas[area_at[tile] : area_at[tile + 1]]
        if len(near) or len(around):  # an area whose edges are all far may still hold the tile
            _decide(
                out, (top, left, bottom - top, right - left), (west + left * cell, north - top * cell, cell, half),
                part, part_real, area, area_real, flat, near, around, upper, best, odd, begin, end, gap2, xs,
            )  # fmt: skip


@compiled
def _decide(  # type: ignore[no-untyped-def]
    out, place, frame, part, part_real, area, area_real, flat, parts, areas, upper, best, odd, begin, end, gap2, xs
):
    """Cells of one tile: levels in order, in each what lies within reach and can be the largest shortfall."""
    top, left, height, width = place
    west, north, cell, _ = frame
    x, y = west + width * cell * 0.5, north - height * cell * 0.5
    reach = np.sqrt(width * width + height * height) * cell * 0.5  # from the middle of the tile to its corners
    most = np.full(LEVELS, -np.inf)  # of each level, a shortfall that some part gives at the centres of all cells
    present = np.zeros(LEVELS, np.bool_)
    for n in range(len(parts)):
        k = parts[n]
        dx, dy = x - part_real[k, _X], y - part_real[k, _Y]
        middle = np.sqrt(dx * dx + dy * dy)
        required, radius, level = part_real[k, _REQUIRED], part_real[k, _RADIUS], part[k, _LEVEL]
        upper[n] = required - max(middle - radius - reach, 0.0)
        most[level] = max(most[level], required - (middle + radius + reach))
        present[level] = True
    for n in range(len(areas)):
        present[area[areas[n], _LEVEL]] = True
    first = True
    for level in range(LEVELS):
        if not present[level]:
            continue
        # Only where some part forbids every cell of the tile can another be too weak to matter.
        least = most[level] - _CLOSE_M if most[level] > _CLOSE_M else -np.inf
        code, same = 0, True
        for n in range(len(parts)):
            if part[parts[n], _LEVEL] == level and upper[n] >= least:
                same = same and (code == 0 or code == part[parts[n], _CODE])
                code = part[parts[n], _CODE]
        for n in range(len(areas)):
            if area[areas[n], _LEVEL] == level and area_real[areas[n], _REQUIRED] >= least:
                same = same and (code == 0 or code == area[areas[n], _CODE])
                code = area[areas[n], _CODE]
        if same and most[level] > _CLOSE_M:
            for row in range(height):
                line = out[top + row, left : left + width]
                for c in range(width):
                    line[c] = code if first or line[c] == 0 else line[c]
            return
        alone = first and same  # one code, and nothing decided before: there is nothing to compare with
        if first and not same:
            best[:height, :width] = -np.inf
        elif not first:  # what an earlier level has decided stays
            for row in range(height):
                for c in range(width):
                    best[row, c] = -np.inf if out[top + row, left + c] == 0 else np.inf
        for n in range(len(areas)):
            k = areas[n]
            if area[k, _LEVEL] == level and area_real[k, _REQUIRED] >= least:
                _fill_area(out, best, odd, place, frame, area, area_real, flat, k, alone)
        for n in range(len(parts)):
            k = parts[n]
            if part[k, _LEVEL] != level or upper[n] < least:
                continue
            if same:
                _mark_part(
                    out, best, place, frame, flat, part[k, _FIRST], part[k, _LAST], part_real[k, _REQUIRED], code,
                    begin, end, alone,
                )  # fmt: skip
            else:
                _weigh_part(
                    out, best, place, frame, flat, part[k, _FIRST], part[k, _LAST], part_real[k, _REQUIRED],
                    part[k, _CODE], begin, end, gap2, xs,
                )  # fmt: skip
        first = False


@compiled
def _fill_area(out, best, odd, place, frame, area, area_real, flat, k, alone):  # type: ignore[no-untyped-def]
    """Cells whose centre lies in an area, by the even-odd rule along rows; its edges are other parts."""
    top, left, height, width = place
    west, north, cell, _ = frame
    row_0 = max(0, int(np.floor((north - area_real[k, NORTH]) / cell - 0.5)))
    row_1 = min(height, int(np.ceil((north - area_real[k, SOUTH]) / cell + 0.5)))
    if row_0 >= row_1 or area_real[k, _WEST] > west + width * cell or area_real[k, _EAST] < west:
        return
    required, code = np.float32(area_real[k, _REQUIRED]), area[k, _CODE]
    odd[row_0:row_1, :width] = False
    for s in range(area[k, _FIRST], area[k, _LAST]):
        low, high = min(flat[s, 1], flat[s, 3]), max(flat[s, 1], flat[s, 3])
        if low == high:
            continue
        begin = max(row_0, int(np.floor(max((north - high) / cell - 1.5, -1.0))))
        end = min(row_1, int(np.ceil(min((north - low) / cell + 1.5, height))))
        for row in range(begin, end):
            y = north - (row + 0.5) * cell
            if (flat[s, 1] > y) == (flat[s, 3] > y):
                continue
            x = flat[s, 0] + (y - flat[s, 1]) * (flat[s, 2] - flat[s, 0]) / (flat[s, 3] - flat[s, 1])
            at = (x - west) / cell - 0.5
            if at < width - 1:
                column = int(np.floor(max(at, -1.0))) + 1
                odd[row, column] = not odd[row, column]
    for row in range(row_0, row_1):
        within = False
        for column in range(width):
            within = within != odd[row, column]
            if within and (alone or required > best[row, column]):
                best[row, column] = required
                out[top + row, left + column] = code


@compiled(inline="always")
def _clipped(value, low, high):  # type: ignore[no-untyped-def]
    """The value within two bounds; written so that a compiler can treat several rows at once."""
    value = value if value > low else low
    return value if value < high else high


@compiled
def _spans(flat, s, west, north, cell, half, required, height, width, begin, end):  # type: ignore[no-untyped-def]
    """Columns from begin[row] up to end[row] whose squares meet the open capsule about an edge; the rows that have any.

    Within a row of squares the capsule is convex, so they are one run, from its westernmost place to its easternmost.
    """
    x1, y1, x2, y2 = flat[s, 0] - west, flat[s, 1] - north, flat[s, 2] - west, flat[s, 3] - north
    if y1 > y2:  # the lower end first
        x1, y1, x2, y2 = x2, y2, x1, y1
    row_0 = int(max(np.floor((-(y2 + required) - half) / cell - 0.5) + 1.0, 0.0))
    row_1 = int(min(np.ceil((-(y1 - required) + half) / cell - 0.5), float(height)))
    if y1 == y2:  # of a level edge one end is the lower to the east, the other to the west
        east_1 = east_2 = max(x1, x2)
        west_1 = west_2 = min(x1, x2)
        nx, ny = 0.0, 1.0
    else:
        east_1 = west_1 = x1
        east_2 = west_2 = x2
        length = np.sqrt((x2 - x1) * (x2 - x1) + (y2 - y1) * (y2 - y1))
        nx, ny = (y2 - y1) / length, (x1 - x2) / length  # points east
    rise = 1.0 / (y2 - y1) if y2 > y1 else 0.0
    far_east, far_west = (y2, y1) if x2 > x1 else (y1, y2)
    squared, most = required * required, float(width)
    lean = required * ny
    for row in range(row_0, row_1):
        middle = -(row + 0.5) * cell
        y = _clipped(far_east, middle - half, middle + half)
        d1, d2 = y - y1, y - y2
        x = x1 + _clipped((d1 - lean) * rise, 0.0, 1.0) * (x2 - x1) + required * nx
        bulge = squared - d1 * d1
        x = east_1 + np.sqrt(bulge if bulge > 0.0 else 0.0) if d1 < lean else x
        bulge = squared - d2 * d2
        x = east_2 + np.sqrt(bulge if bulge > 0.0 else 0.0) if d2 > lean else x
        end[row] = np.int32(_clipped(np.ceil((x + half) / cell - 0.5), 0.0, most))
        y = _clipped(far_west, middle - half, middle + half)
        d1, d2 = y - y1, y - y2
        x = x1 + _clipped((d1 + lean) * rise, 0.0, 1.0) * (x2 - x1) - required * nx
        bulge = squared - d1 * d1
        x = west_1 - np.sqrt(bulge if bulge > 0.0 else 0.0) if d1 < -lean else x
        bulge = squared - d2 * d2
        x = west_2 - np.sqrt(bulge if bulge > 0.0 else 0.0) if d2 > -lean else x
        begin[row] = np.int32(_clipped(np.floor((x - half) / cell - 0.5) + 1.0, 0.0, most))
    return (row_0, row_1) if row_0 < row_1 else (height, 0)


@compiled
def _mark_part(out, best, place, frame, flat, first, last, required, code, begin, end, alone):  # type: ignore[no-untyped-def]
    """Write the only code of a level."""
    top, left, height, width = place
    west, north, cell, half = frame
    for s in range(first, last):
        b, e = begin[0], end[0]
        row_0, row_1 = _spans(flat, s, west, north, cell, half, required, height, width, b, e)
        for row in range(row_0, row_1):
            if b[row] >= e[row]:
                continue
            r, first_column = np.uint64(top + row), np.uint64(left)
            for c in range(np.uint64(b[row]), np.uint64(e[row])):
                free = alone or best[row, c] != np.inf
                out[r, first_column + c] = code if free else out[r, first_column + c]


@compiled
def _weigh_part(out, best, place, frame, flat, first, last, required, code, begin, end, gap2, xs):  # type: ignore[no-untyped-def]
    """Write a code where its shortfall, from the centre of the cell, is the largest so far."""
    top, left, height, width = place
    west, north, cell, half = frame
    low, high = height, 0
    for s in range(first, last):
        n = s - first
        begin[n, :height] = width
        end[n, :height] = 0
        row_0, row_1 = _spans(flat, s, west, north, cell, half, required, height, width, begin[n], end[n])
        low, high = min(low, row_0), max(high, row_1)
    if low >= high:
        return
    from_, to = begin[SEGMENTS_OF_PART], end[SEGMENTS_OF_PART]
    _widest(begin, end, last - first, from_, to, low, high)
    _clear(gap2, from_, to, low, high)
    for s in range(first, last):
        _nearer(gap2, xs, flat, s, west, north, cell, begin[s - first], end[s - first], low, high)
    _settle(out, best, gap2, np.float32(required), code, top, left, from_, to, low, high)


@compiled
def _widest(begin, end, edges, from_, to, low, high):  # type: ignore[no-untyped-def]
    """In each row the first and the last column that any edge reaches."""
    for row in range(low, high):
        from_[row], to[row] = begin[0, row], end[0, row]
    for n in range(1, edges):
        for row in range(low, high):
            if begin[n, row] < end[n, row]:
                apart = from_[row] >= to[row]
                from_[row] = begin[n, row] if apart or begin[n, row] < from_[row] else from_[row]
                to[row] = end[n, row] if apart or end[n, row] > to[row] else to[row]


# Below, columns are unsigned, so that no index can count from the end of an array, which would keep the loops narrow.
@compiled
def _clear(gap2, from_, to, low, high):  # type: ignore[no-untyped-def]
    """Forget the distances of another part."""
    for row in range(np.uint64(low), np.uint64(high)):
        if from_[row] < to[row]:
            for c in range(np.uint64(from_[row]), np.uint64(to[row])):
                gap2[row, c] = np.inf


@compiled
def _nearer(gap2, xs, flat, s, west, north, cell, begin, end, low, high):  # type: ignore[no-untyped-def]
    """Lower the squared distances of centres to those from one more edge."""
    zero, one = np.float32(0.0), np.float32(1.0)
    ax, ay = np.float32(flat[s, 0] - west), np.float32(flat[s, 1] - north)
    dx, dy = np.float32(flat[s, 2] - flat[s, 0]), np.float32(flat[s, 3] - flat[s, 1])
    inverse = np.float32(flat[s, 4])
    for row in range(np.uint64(low), np.uint64(high)):
        if begin[row] >= end[row]:
            continue
        uy = np.float32(-(np.float64(row) + 0.5) * cell) - ay
        for c in range(np.uint64(begin[row]), np.uint64(end[row])):
            ux = xs[c] - ax
            t = (ux * dx + uy * dy) * inverse
            t = t if t > zero else zero
            t = t if t < one else one
            vx, vy = ux - t * dx, uy - t * dy
            squared = vx * vx + vy * vy
            gap2[row, c] = squared if squared < gap2[row, c] else gap2[row, c]


@compiled
def _settle(out, best, gap2, need, code, top, left, from_, to, low, high):  # type: ignore[no-untyped-def]
    """Write the code where its shortfall is the largest so far."""
    first_column = np.uint64(left)
    for row in range(np.uint64(low), np.uint64(high)):
        if from_[row] >= to[row]:
            continue
        r = row + np.uint64(top)
        for c in range(np.uint64(from_[row]), np.uint64(to[row])):
            shortfall = need - np.sqrt(gap2[row, c])
            more = shortfall > best[row, c]
            best[row, c] = shortfall if more else best[row, c]
            out[r, first_column + c] = code if more else out[r, first_column + c]
