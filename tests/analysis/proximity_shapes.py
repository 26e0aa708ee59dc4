"""Random shapes for the proximity tests, in metres about (0, 0)."""

from __future__ import annotations

import math

import numpy as np
import shapely
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from gisrisk import geo

HALF_WIDTH_M = 400
coordinate = st.integers(-HALF_WIDTH_M, HALF_WIDTH_M).map(float)
place = st.tuples(coordinate, coordinate)
points = place.map(shapely.Point)
lines = st.lists(place, min_size=2, max_size=14, unique=True).map(shapely.LineString)


@st.composite
def polygons(draw: st.DrawFn) -> shapely.Polygon:
    """A star-shaped ring of 3..20 vertices about a random centre, sometimes with a hole."""
    cx, cy = draw(place)
    count = draw(st.integers(3, 20))
    radii = draw(st.lists(st.integers(10, 150), min_size=count, max_size=count))
    angles = [2 * math.pi * k / count for k in range(count)]
    ring = [(cx + r * math.cos(a), cy + r * math.sin(a)) for r, a in zip(radii, angles, strict=True)]
    hole = [(cx + 4 * math.cos(a), cy + 4 * math.sin(a)) for a in angles]
    holes = [hole] if min(radii) >= 20 and count >= 6 and draw(st.booleans()) else []
    return shapely.Polygon(ring, holes)


boxes = st.tuples(coordinate, coordinate, st.integers(1, 300), st.integers(1, 300)).map(
    lambda b: shapely.box(b[0], b[1], b[0] + b[2], b[1] + b[3])
)
simple = st.one_of(points, lines, polygons(), boxes)
several = st.lists(simple, min_size=2, max_size=4).map(shapely.union_all)  # valid multi-part shapes and collections
shapes = st.one_of(simple, several)


def on_globe(shape: BaseGeometry, lon: float, lat: float) -> BaseGeometry:
    """The shape in degrees, about a place, about as large as it is in metres; straight edges stay straight."""
    per_degree = np.array([111_320 * math.cos(math.radians(lat)), 110_900])
    return shapely.transform(shape, lambda xy: xy / per_degree + (lon, lat))


def vertex_geodesics_m(a: BaseGeometry, b: BaseGeometry, step_m: float) -> float:
    """Shortest geodesic from a vertex of one shape to a sampled place on the other's outline; by brute force."""
    best = math.inf
    for one, other in ((a, b), (b, a)):
        vertices = shapely.get_coordinates(one)
        samples = shapely.get_coordinates(geo.densify(other, step_m))
        left, right = np.repeat(vertices, len(samples), axis=0), np.tile(samples, (len(vertices), 1))
        best = min(best, geo.GEOD.inv(left[:, 0], left[:, 1], right[:, 0], right[:, 1])[2].min())
    return best
