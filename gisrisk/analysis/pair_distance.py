"""Shortest distance between two shapes laid out as segments: compiled, exact, in the plane or on the ellipsoid.

Two outlines that do not cross are nearest at a vertex of one of them, so only vertices are measured against segments.
Blocks of segments whose boxes lie farther apart than the best distance so far are passed over. Crossing and containment
are decided in the plane of the coordinates, metres or degrees: an edge is straight there by definition.
"""

from __future__ import annotations

import numpy as np

from gisrisk.analysis.compiled import compiled

START, RING_END, PATH, BLOCK = 0, 1, 2, 3
"""Columns of `Segments.table`."""

BLOCK_SIZE = 8
"""Segments that share one bounding box, so that far parts of a long shape are passed over together."""

_TOUCH_DEG = 1e-12  # a vertex this close to an edge lies on it: 1e-7 m, the rounding of an edge in degrees


@compiled
def judge(  # type: ignore[no-untyped-def]
    table, path, box, block_box, flat, solid, sources, limit, scale_x, scale_y, first, offsets, candidate
):
    """Candidates of the shapes from `first` on whose distance is within limit[i].

    The first arrays are those of `Segments`; `solid` is None in the plane. Candidate c of shape first + k, for c from
    offsets[k] up to offsets[k + 1], is the shape sources + candidate[c]. Returns i, j (j counted from `sources`) and
    rows of distance, x, y of the nearest place on shape i, x, y of that on shape j.
    """
    pair = np.empty((len(candidate), 2), np.int64)
    value = np.empty((len(candidate), 5))
    point = np.empty(4)
    count = 0
    for k in range(len(offsets) - 1):
        i = first + k
        for c in range(offsets[k], offsets[k + 1]):
            j = sources + candidate[c]
            if _gap2(box, i, box, j, scale_x[i], scale_y[i]) > limit[i] * limit[i]:
                continue
            distance = pair_distance(
                table, path, box, block_box, flat, solid, i, j, limit[i], scale_x[i], scale_y[i], point
            )
            if distance > limit[i]:
                continue
            pair[count, 0] = i
            pair[count, 1] = candidate[c]
            value[count, 0] = distance
            for axis in range(4):
                value[count, axis + 1] = point[axis]
            count += 1
    return pair[:count].copy(), value[:count].copy()


@compiled
def pair_distance(  # type: ignore[no-untyped-def]
    table, path, box, block_box, flat, solid, i, j, limit, scale_x, scale_y, point
):
    """Distance of shapes i and j, inf beyond `limit`; the nearest places, on i and on j, go into `point`.

    Planar when `solid` is None: metres. Geodesic: the chord through the ellipsoid [m], which orders pairs as the
    geodesic does. `scale_x` and `scale_y` turn differences of coordinates into a lower bound of the distance; zeros
    switch off passing over.
    """
    meet = box[i, 0] <= box[j, 2] and box[j, 0] <= box[i, 2] and box[i, 1] <= box[j, 3] and box[j, 1] <= box[i, 3]
    if meet:
        held = _holds(table, path, box, block_box, flat, i, j)
        if held < 0:
            held = _holds(table, path, box, block_box, flat, j, i)
        if held >= 0:
            _place(flat, held, 0.0, point, 0)
            _place(flat, held, 0.0, point, 2)
            return 0.0
    # A first guess, the vertex of i nearest to the box of j against the block of j nearest to it, lets most of the
    # rest be passed over.
    vertex, facing = _nearest_vertex(table, box, block_box, flat, i, j, scale_x, scale_y)
    best2, segment, along, from_i = limit * limit, -1, 0.0, True
    q0 = table[j, START] + (facing - table[j, BLOCK]) * BLOCK_SIZE
    for q in range(q0, min(q0 + BLOCK_SIZE, table[j + 1, START])):
        d2, t = _foot(flat, solid, vertex, q)
        if d2 < best2:
            best2, segment, along = d2, q, t
    for block_i in range(table[i, BLOCK], table[i + 1, BLOCK]):
        if _gap2(block_box, block_i, box, j, scale_x, scale_y) > best2:
            continue
        p0 = table[i, START] + (block_i - table[i, BLOCK]) * BLOCK_SIZE
        p1 = min(p0 + BLOCK_SIZE, table[i + 1, START])
        for block_j in range(table[j, BLOCK], table[j + 1, BLOCK]):
            gap2 = _gap2(block_box, block_i, block_box, block_j, scale_x, scale_y)
            if gap2 > best2:
                continue
            q0 = table[j, START] + (block_j - table[j, BLOCK]) * BLOCK_SIZE
            q1 = min(q0 + BLOCK_SIZE, table[j + 1, START])
            if meet and gap2 == 0.0 and _cross(flat, p0, p1, q0, q1, solid is not None, point):
                return 0.0
            for p in range(p0, p1):
                if _segment_gap2(flat, p, block_box, block_j, scale_x, scale_y) > best2:
                    continue
                for q in range(q0, q1):
                    d2, t = _foot(flat, solid, p, q)
                    if d2 < best2:
                        best2, vertex, segment, along, from_i = d2, p, q, t, True
                    d2, t = _foot(flat, solid, q, p)
                    if d2 < best2:
                        best2, vertex, segment, along, from_i = d2, q, p, t, False
    if segment < 0:
        return np.inf
    _place(flat, vertex, 0.0, point, 0 if from_i else 2)
    _place(flat, segment, along, point, 2 if from_i else 0)
    return np.sqrt(best2)


@compiled(inline="always")
def _foot(flat, solid, p, q):  # type: ignore[no-untyped-def]
    """Squared distance of the start of segment p from segment q, and the share of q before the nearest place."""
    if solid is None:
        ux, uy = flat[p, 0] - flat[q, 0], flat[p, 1] - flat[q, 1]
        dx, dy = flat[q, 2] - flat[q, 0], flat[q, 3] - flat[q, 1]
        t = min(max((ux * dx + uy * dy) * flat[q, 4], 0.0), 1.0)
        ux, uy = ux - t * dx, uy - t * dy
        return ux * ux + uy * uy, t
    ux, uy, uz = solid[p, 0] - solid[q, 0], solid[p, 1] - solid[q, 1], solid[p, 2] - solid[q, 2]
    dx, dy, dz = solid[q, 3], solid[q, 4], solid[q, 5]
    t = min(max((ux * dx + uy * dy + uz * dz) * solid[q, 6], 0.0), 1.0)
    ux, uy, uz = ux - t * dx, uy - t * dy, uz - t * dz
    return ux * ux + uy * uy + uz * uz, t


@compiled(inline="always")
def _gap2(box, i, other, j, scale_x, scale_y):  # type: ignore[no-untyped-def]
    """Square of a lower bound of the distance between two boxes; zero when they meet."""
    dx = max(box[i, 0] - other[j, 2], other[j, 0] - box[i, 2], 0.0) * scale_x
    dy = max(box[i, 1] - other[j, 3], other[j, 1] - box[i, 3], 0.0) * scale_y
    return dx * dx + dy * dy


@compiled(inline="always")
def _segment_gap2(flat, p, box, j, scale_x, scale_y):  # type: ignore[no-untyped-def]
    x0, y0, x1, y1 = flat[p, 0], flat[p, 1], flat[p, 2], flat[p, 3]
    dx = max(min(x0, x1) - box[j, 2], box[j, 0] - max(x0, x1), 0.0) * scale_x
    dy = max(min(y0, y1) - box[j, 3], box[j, 1] - max(y0, y1), 0.0) * scale_y
    return dx * dx + dy * dy


@compiled(inline="always")
def _vertex_gap2(flat, p, box, j, scale_x, scale_y):  # type: ignore[no-untyped-def]
    dx = max(flat[p, 0] - box[j, 2], box[j, 0] - flat[p, 0], 0.0) * scale_x
    dy = max(flat[p, 1] - box[j, 3], box[j, 1] - flat[p, 1], 0.0) * scale_y
    return dx * dx + dy * dy


@compiled
def _nearest_vertex(table, box, block_box, flat, i, j, scale_x, scale_y):  # type: ignore[no-untyped-def]
    """A vertex of shape i near the box of shape j, and the block of shape j near that vertex."""
    facing, least = table[i, BLOCK], np.inf
    for block in range(table[i, BLOCK], table[i + 1, BLOCK]):
        gap2 = _gap2(block_box, block, box, j, scale_x, scale_y)
        if gap2 < least:
            facing, least = block, gap2
    p0 = table[i, START] + (facing - table[i, BLOCK]) * BLOCK_SIZE
    vertex, least = p0, np.inf
    for p in range(p0, min(p0 + BLOCK_SIZE, table[i + 1, START])):
        gap2 = _vertex_gap2(flat, p, box, j, scale_x, scale_y)
        if gap2 < least:
            vertex, least = p, gap2
    facing, least = table[j, BLOCK], np.inf
    for block in range(table[j, BLOCK], table[j + 1, BLOCK]):
        gap2 = _vertex_gap2(flat, vertex, block_box, block, scale_x, scale_y)
        if gap2 < least:
            facing, least = block, gap2
    return vertex, facing


@compiled
def _holds(table, path, box, block_box, flat, i, j):  # type: ignore[no-untyped-def]
    """A segment of shape j whose first vertex lies in the area of shape i, else -1.

    Where outlines do not cross a path is in or out as a whole, so one vertex speaks for each path.
    """
    if table[i, RING_END] == table[i, START]:
        return -1
    for k in range(table[j, PATH], table[j + 1, PATH]):
        s = path[k]
        x, y = flat[s, 0], flat[s, 1]
        if x < box[i, 0] or x > box[i, 2] or y < box[i, 1] or y > box[i, 3]:
            continue
        if _inside(table, block_box, flat, i, x, y):
            return s
    return -1


@compiled
def _inside(table, block_box, flat, i, x, y):  # type: ignore[no-untyped-def]
    """Even-odd rule over all rings: a point in a hole is outside. On the outline the answer may be either."""
    odd = False
    for block in range(table[i, BLOCK], table[i + 1, BLOCK]):
        if block_box[block, 3] <= y or block_box[block, 1] > y or block_box[block, 2] < x:
            continue
        first = table[i, START] + (block - table[i, BLOCK]) * BLOCK_SIZE
        for k in range(first, min(first + BLOCK_SIZE, table[i, RING_END])):
            y0, y1 = flat[k, 1], flat[k, 3]
            if (y0 > y) != (y1 > y) and x < flat[k, 0] + (y - y0) * (flat[k, 2] - flat[k, 0]) / (y1 - y0):
                odd = not odd
    return odd


@compiled
def _cross(flat, p0, p1, q0, q1, geodesic, point):  # type: ignore[no-untyped-def]
    """Whether any segments of two blocks cross; in degrees, also whether a vertex lies on a segment.

    In metres a touching vertex is found by its distance.
    """
    for p in range(p0, p1):
        west, east = min(flat[p, 0], flat[p, 2]), max(flat[p, 0], flat[p, 2])
        south, north = min(flat[p, 1], flat[p, 3]), max(flat[p, 1], flat[p, 3])
        for q in range(q0, q1):
            if west > max(flat[q, 0], flat[q, 2]) or east < min(flat[q, 0], flat[q, 2]):
                continue
            if south > max(flat[q, 1], flat[q, 3]) or north < min(flat[q, 1], flat[q, 3]):
                continue
            px, py = flat[p, 2] - flat[p, 0], flat[p, 3] - flat[p, 1]
            qx, qy = flat[q, 2] - flat[q, 0], flat[q, 3] - flat[q, 1]
            ux, uy = flat[p, 0] - flat[q, 0], flat[p, 1] - flat[q, 1]
            p_start, p_end = qx * uy - qy * ux, qx * (uy + py) - qy * (ux + px)
            q_start, q_end = py * ux - px * uy, py * (ux - qx) - px * (uy - qy)
            if p_start * p_end < 0.0 and q_start * q_end < 0.0:
                t = p_start / (p_start - p_end)
                _place(flat, p, t, point, 0)
                _place(flat, p, t, point, 2)
                return True
            if geodesic:
                on_q, _ = _foot(flat, None, p, q)
                on_p, _ = _foot(flat, None, q, p)
                if min(on_q, on_p) <= _TOUCH_DEG * _TOUCH_DEG:
                    vertex = p if on_q <= on_p else q
                    _place(flat, vertex, 0.0, point, 0)
                    _place(flat, vertex, 0.0, point, 2)
                    return True
    return False


@compiled(inline="always")
def _place(flat, s, t, point, at):  # type: ignore[no-untyped-def]
    """Write the coordinates of the place a share `t` along segment s into point[at:at + 2]."""
    if t == 1.0:
        point[at] = flat[s, 2]
        point[at + 1] = flat[s, 3]
    else:
        point[at] = flat[s, 0] + t * (flat[s, 2] - flat[s, 0])
        point[at + 1] = flat[s, 1] + t * (flat[s, 3] - flat[s, 1])


@compiled
def boxes_of(flat, table):  # type: ignore[no-untyped-def]
    """Bounding boxes of the shapes and of their blocks."""
    n = len(table) - 1
    box = np.empty((n, 4))
    block_box = np.empty((table[n, BLOCK], 4))
    for g in range(n):
        west, south, east, north = np.inf, np.inf, -np.inf, -np.inf
        for b in range(table[g, BLOCK], table[g + 1, BLOCK]):
            first = table[g, START] + (b - table[g, BLOCK]) * BLOCK_SIZE
            w, s, e, t = np.inf, np.inf, -np.inf, -np.inf
            for k in range(first, min(first + BLOCK_SIZE, table[g + 1, START])):
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
