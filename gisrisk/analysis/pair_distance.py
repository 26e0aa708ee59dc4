"""Shortest distance between two shapes laid out as segments: compiled, exact, in the plane or on the ellipsoid.

Two outlines that do not cross are nearest at a vertex of one of them, so only vertices are measured against segments.
Blocks of segments whose boxes lie farther apart than the best distance so far are passed over. Crossing and containment
are decided in the plane of the coordinates, metres or degrees: an edge is straight there by definition.
"""

from __future__ import annotations

import numpy as np

from gisrisk.analysis.compiled import compiled
from gisrisk.analysis.grid_hash import boxes_near
from gisrisk.analysis.segments import BLOCK

# Metres in a degree of longitude on the equator and the least in a degree of latitude (GRS80), lowered by 1e-4 so that
# a chord up to 200 km long is never shorter than the bound made from them.
_X_M = 111_319.490_8 * (1 - 1e-4)
_Y_M = 110_574.27 * (1 - 1e-4)
_TOUCH_DEG = 1e-12  # a vertex this close to an edge lies on it: 1e-7 m, the rounding of an edge in degrees


@compiled
def scan(a, b, grid, reach, slack, first, last, geodesic):  # type: ignore[no-untyped-def]
    """Pairs of sources first..last of `a` with shapes of `b` within reach[i] + slack.

    Returns i, j (rising) and rows of distance, x, y of the nearest point of the source, x, y of that of the target.
    """
    found = np.empty(256, np.int64)
    pair = np.empty((1024, 2), np.int64)
    value = np.empty((1024, 5))
    point = np.empty(4)
    count = 0
    for i in range(first, last):
        limit = reach[i] + slack
        scale_x, scale_y = 1.0, 1.0
        grow_x, grow_y = limit, limit
        if geodesic:
            scale_y = _Y_M
            grow_y = limit / scale_y
            farthest = min(90.0, max(abs(a.box[i, 1]), abs(a.box[i, 3])) + grow_y)
            scale_x = _X_M * np.cos(np.radians(farthest))
            grow_x = limit / scale_x if scale_x > 1.0 else 360.0
        near, found = boxes_near(
            grid,
            b.box,
            a.box[i, 0] - grow_x,
            a.box[i, 1] - grow_y,
            a.box[i, 2] + grow_x,
            a.box[i, 3] + grow_y,
            found,
        )
        for c in range(near):
            j = found[c]
            if _gap2(a.box, i, b.box, j, scale_x, scale_y) > limit * limit:
                continue
            distance = pair_distance(a, i, b, j, limit, scale_x, scale_y, geodesic, point)
            if distance > limit:
                continue
            if count == len(pair):
                pair = np.concatenate((pair, np.empty_like(pair)))
                value = np.concatenate((value, np.empty_like(value)))
            pair[count, 0] = i
            pair[count, 1] = j
            value[count, 0] = distance
            value[count, 1:] = point
            count += 1
    return pair[:count], value[:count]


@compiled
def pair_distance(a, i, b, j, limit, scale_x, scale_y, geodesic, point):  # type: ignore[no-untyped-def]
    """Distance of shape i of `a` and shape j of `b`, inf beyond `limit`; the nearest points go into `point`.

    Planar: metres. Geodesic: the chord through the ellipsoid [m], which orders pairs as the geodesic does. `scale_x`
    and `scale_y` turn differences of coordinates into a lower bound of the distance; zeros switch off passing over.
    """
    meet = (
        a.box[i, 0] <= b.box[j, 2]
        and b.box[j, 0] <= a.box[i, 2]
        and a.box[i, 1] <= b.box[j, 3]
        and b.box[j, 1] <= a.box[i, 3]
    )
    if meet and (_holds(a, i, b, j, point) or _holds(b, j, a, i, point)):
        return 0.0
    best2 = limit * limit
    vertex, segment, along, from_a = -1, -1, 0.0, True
    for block_a in range(a.block_start[i], a.block_start[i + 1]):
        if _gap2(a.block_box, block_a, b.box, j, scale_x, scale_y) > best2:
            continue
        a0 = a.start[i] + (block_a - a.block_start[i]) * BLOCK
        a1 = min(a0 + BLOCK, a.start[i + 1])
        for block_b in range(b.block_start[j], b.block_start[j + 1]):
            gap2 = _gap2(a.block_box, block_a, b.block_box, block_b, scale_x, scale_y)
            if gap2 > best2:
                continue
            b0 = b.start[j] + (block_b - b.block_start[j]) * BLOCK
            b1 = min(b0 + BLOCK, b.start[j + 1])
            if meet and gap2 == 0.0 and _cross(a.flat, a0, a1, b.flat, b0, b1, geodesic, point):
                return 0.0
            for p in range(a0, a1):
                if _point_gap2(a.flat, p, b.block_box, block_b, scale_x, scale_y) > best2:
                    continue
                for q in range(b0, b1):
                    if geodesic:
                        d2, t = _solid(a.solid, p, b.solid, q)
                    else:
                        d2, t = _flat(a.flat, p, b.flat, q)
                    if d2 < best2:
                        best2, vertex, segment, along, from_a = d2, p, q, t, True
            for q in range(b0, b1):
                if _point_gap2(b.flat, q, a.block_box, block_a, scale_x, scale_y) > best2:
                    continue
                for p in range(a0, a1):
                    if a.flat[p, 4] == 0.0:
                        continue  # a point of `a` has been measured above
                    if geodesic:
                        d2, t = _solid(b.solid, q, a.solid, p)
                    else:
                        d2, t = _flat(b.flat, q, a.flat, p)
                    if d2 < best2:
                        best2, vertex, segment, along, from_a = d2, q, p, t, False
    if vertex < 0:
        return np.inf
    if from_a:
        _place(a.flat, vertex, 0.0, point, 0)
        _place(b.flat, segment, along, point, 2)
    else:
        _place(a.flat, segment, along, point, 0)
        _place(b.flat, vertex, 0.0, point, 2)
    return np.sqrt(best2)


@compiled(inline="always")
def _flat(vertices, p, segments, q):  # type: ignore[no-untyped-def]
    """Squared distance of vertex p from segment q in the plane, and the share of the segment before the foot."""
    ux, uy = vertices[p, 0] - segments[q, 0], vertices[p, 1] - segments[q, 1]
    dx, dy = segments[q, 2] - segments[q, 0], segments[q, 3] - segments[q, 1]
    t = min(max((ux * dx + uy * dy) * segments[q, 4], 0.0), 1.0)
    if t == 1.0:
        ux, uy = vertices[p, 0] - segments[q, 2], vertices[p, 1] - segments[q, 3]
        return ux * ux + uy * uy, t
    if t > 0.0:
        cross = ux * dy - uy * dx
        return cross * cross * segments[q, 4], t
    return ux * ux + uy * uy, t


@compiled(inline="always")
def _solid(vertices, p, segments, q):  # type: ignore[no-untyped-def]
    """The same in space."""
    ux, uy, uz = vertices[p, 0] - segments[q, 0], vertices[p, 1] - segments[q, 1], vertices[p, 2] - segments[q, 2]
    dx, dy, dz = segments[q, 3], segments[q, 4], segments[q, 5]
    t = min(max((ux * dx + uy * dy + uz * dz) * segments[q, 6], 0.0), 1.0)
    ux, uy, uz = ux - t * dx, uy - t * dy, uz - t * dz
    return ux * ux + uy * uy + uz * uz, t


@compiled(inline="always")
def _gap2(box_a, i, box_b, j, scale_x, scale_y):  # type: ignore[no-untyped-def]
    """Square of a lower bound of the distance between two boxes; zero when they meet."""
    dx = max(box_a[i, 0] - box_b[j, 2], box_b[j, 0] - box_a[i, 2], 0.0) * scale_x
    dy = max(box_a[i, 1] - box_b[j, 3], box_b[j, 1] - box_a[i, 3], 0.0) * scale_y
    return dx * dx + dy * dy


@compiled(inline="always")
def _point_gap2(flat, p, box, j, scale_x, scale_y):  # type: ignore[no-untyped-def]
    dx = max(flat[p, 0] - box[j, 2], box[j, 0] - flat[p, 0], 0.0) * scale_x
    dy = max(flat[p, 1] - box[j, 3], box[j, 1] - flat[p, 1], 0.0) * scale_y
    return dx * dx + dy * dy


@compiled
def _holds(a, i, b, j, point):  # type: ignore[no-untyped-def]
    """Whether the area of shape i holds a path of shape j; the first vertex of each path speaks for it."""
    if a.ring_end[i] == a.start[i]:
        return False
    for k in range(b.path_start[j], b.path_start[j + 1]):
        s = b.path[k]
        if _inside(a, i, b.flat[s, 0], b.flat[s, 1]):
            _place(b.flat, s, 0.0, point, 0)
            _place(b.flat, s, 0.0, point, 2)
            return True
    return False


@compiled
def _inside(a, i, x, y):  # type: ignore[no-untyped-def]
    """Even-odd rule over all rings: a point in a hole is outside. On the outline the answer may be either."""
    if x < a.box[i, 0] or x > a.box[i, 2] or y < a.box[i, 1] or y > a.box[i, 3]:
        return False
    odd = False
    for block in range(a.block_start[i], a.block_start[i + 1]):
        if a.block_box[block, 3] <= y or a.block_box[block, 1] > y or a.block_box[block, 2] < x:
            continue
        first = a.start[i] + (block - a.block_start[i]) * BLOCK
        for k in range(first, min(first + BLOCK, a.ring_end[i])):
            y0, y1 = a.flat[k, 1], a.flat[k, 3]
            if (y0 > y) != (y1 > y) and x < a.flat[k, 0] + (y - y0) * (a.flat[k, 2] - a.flat[k, 0]) / (y1 - y0):
                odd = not odd
    return odd


@compiled
def _cross(a, a0, a1, b, b0, b1, geodesic, point):  # type: ignore[no-untyped-def]
    """Whether any segments of two blocks cross; in degrees, also whether a vertex lies on a segment.

    In metres a touching vertex is found by its distance.
    """
    for p in range(a0, a1):
        west, east = min(a[p, 0], a[p, 2]), max(a[p, 0], a[p, 2])
        south, north = min(a[p, 1], a[p, 3]), max(a[p, 1], a[p, 3])
        for q in range(b0, b1):
            if west > max(b[q, 0], b[q, 2]) or east < min(b[q, 0], b[q, 2]):
                continue
            if south > max(b[q, 1], b[q, 3]) or north < min(b[q, 1], b[q, 3]):
                continue
            ax, ay = a[p, 2] - a[p, 0], a[p, 3] - a[p, 1]
            bx, by = b[q, 2] - b[q, 0], b[q, 3] - b[q, 1]
            ux, uy = a[p, 0] - b[q, 0], a[p, 1] - b[q, 1]
            a_start, a_end = bx * uy - by * ux, bx * (uy + ay) - by * (ux + ax)
            b_start, b_end = ay * ux - ax * uy, ay * (ux - bx) - ax * (uy - by)
            if a_start * a_end < 0.0 and b_start * b_end < 0.0:
                t = a_start / (a_start - a_end)
                _place(a, p, t, point, 0)
                point[2] = point[0]
                point[3] = point[1]
                return True
            if geodesic:
                d2, _ = _flat(a, p, b, q)
                if d2 <= _TOUCH_DEG * _TOUCH_DEG:
                    _place(a, p, 0.0, point, 0)
                    _place(a, p, 0.0, point, 2)
                    return True
                d2, _ = _flat(b, q, a, p)
                if d2 <= _TOUCH_DEG * _TOUCH_DEG:
                    _place(b, q, 0.0, point, 0)
                    _place(b, q, 0.0, point, 2)
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
