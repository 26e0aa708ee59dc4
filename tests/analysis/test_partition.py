"""The partition of levels: nothing overlaps, nothing is lost, the worst level wins."""

from __future__ import annotations

import math
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from gisrisk.analysis.partition import GRID_DEG, risk_levels
from gisrisk.geo import areas_m2
from gisrisk.rules.methods import load_method

METHOD = load_method("enterprise_matrix")
WEST, SOUTH = 115.0, 25.8


def grades(rows: list[tuple[int | None, int, Any]]) -> gpd.GeoDataFrame:
    levels, at_least, shapes = zip(*rows, strict=True)
    frame = gpd.GeoDataFrame({"level": levels, "level_at_least": at_least}, geometry=list(shapes), crs="EPSG:4490")
    return frame.astype({"level": "Int64", "level_at_least": "Int64"})


def by_level(result: gpd.GeoDataFrame) -> dict[int, Any]:
    return dict(zip(result["level"], result.geometry, strict=True))


def test_the_worst_level_takes_the_common_part() -> None:
    red = shapely.box(115.0, 25.0, 115.02, 25.02)
    blue = shapely.box(115.01, 25.01, 115.03, 25.03)
    parts = by_level(risk_levels(grades([(4, 4, blue), (1, 1, red)]), method=METHOD))
    assert parts[1].equals(red)
    assert parts[4].equals(blue.difference(red))


def test_a_blue_site_inside_a_red_one_disappears_and_a_red_one_cuts_a_hole() -> None:
    big, small = shapely.box(115.0, 25.0, 115.03, 25.03), shapely.box(115.01, 25.01, 115.02, 25.02)
    hidden = by_level(risk_levels(grades([(1, 1, big), (4, 4, small)]), method=METHOD))
    assert set(hidden) == {1}
    hole = by_level(risk_levels(grades([(4, 4, big), (1, 1, small)]), method=METHOD))
    assert len(hole[4].geoms[0].interiors) == 1
    assert hole[1].equals(small)


@pytest.mark.parametrize(("known", "at_least", "winner"), [(1, 2, 1), (2, 2, 0), (3, 2, 0), (3, 4, 3), (4, 4, 0)])
def test_an_undetermined_site_covers_what_is_not_worse_than_its_known_part(
    known: int, at_least: int, winner: int
) -> None:
    square = shapely.box(115.0, 25.0, 115.01, 25.01)
    parts = by_level(risk_levels(grades([(known, known, square), (None, at_least, square)]), method=METHOD))
    assert list(parts) == [winner]


def test_a_point_is_drawn_as_a_disc_of_the_declared_radius() -> None:
    disc = by_level(risk_levels(grades([(2, 2, shapely.Point(115.0, 25.8))]), method=METHOD))[2]
    radius_m = METHOD["point_site_radius_m"]
    geod = Geod(ellps="GRS80")
    ring = np.array(disc.geoms[0].exterior.coords)
    n = len(ring)
    distance_m = geod.inv(np.full(n, 115.0), np.full(n, 25.8), ring[:, 0], ring[:, 1])[2]
    assert distance_m == pytest.approx(radius_m, abs=0.1)
    assert areas_m2([disc])[0] == pytest.approx(math.pi * radius_m**2, rel=5e-3)


def test_nothing_to_draw_gives_no_rows() -> None:
    empty = gpd.GeoDataFrame({"level": [], "level_at_least": []}, geometry=[], crs="EPSG:4490")
    result = risk_levels(empty, method=METHOD)
    assert len(result) == 0
    assert list(result.columns) == ["level", "method", "geometry"]


coordinate = st.integers(0, 4000).map(lambda n: n / 97_000)  # not on the grid, so that nodes must be snapped


@st.composite
def polygons(draw: Any) -> Any:
    """Triangles and convex hulls, some sharing edges because their corners come from a small set."""
    points = draw(st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=7, unique=True))
    hull = shapely.MultiPoint([(WEST + x, SOUTH + y) for x, y in points]).convex_hull
    return (
        hull
        if hull.geom_type == "Polygon" and hull.area > 1e-8
        else shapely.box(WEST, SOUTH, WEST + 0.01, SOUTH + 0.01)
    )


footprints = st.lists(st.tuples(st.integers(1, 4), polygons()), min_size=1, max_size=6)


@settings(max_examples=80, deadline=None)
@given(footprints)
def test_interiors_are_disjoint_and_nothing_is_lost_or_added(shapes: list[tuple[int, Any]]) -> None:
    result = risk_levels(grades([(level, level, shape) for level, shape in shapes]), method=METHOD)
    parts = list(result.geometry)
    assert all(part.is_valid for part in parts)
    for i, one in enumerate(parts):
        for other in parts[i + 1 :]:
            assert not shapely.relate_pattern(one, other, "T********")
    union = shapely.union_all([shape for _, shape in shapes])
    together = shapely.union_all(parts)
    # snapping moves a boundary by one grid step at most
    slack = 2 * GRID_DEG * (union.length + together.length)
    assert shapely.symmetric_difference(union, together).area <= slack


@settings(max_examples=80, deadline=None)
@given(footprints, st.lists(st.tuples(coordinate, coordinate), min_size=5, max_size=20))
def test_the_worst_level_wins_at_every_point(shapes: list[tuple[int, Any]], places: list[tuple[float, float]]) -> None:
    parts = by_level(risk_levels(grades([(level, level, shape) for level, shape in shapes]), method=METHOD))
    edges = shapely.union_all([shape.boundary for _, shape in shapes])
    for x, y in places:
        point = shapely.Point(WEST + x, SOUTH + y)
        if edges.distance(point) < 10 * GRID_DEG:
            continue  # within the grid of a boundary either side is right
        expected = min((level for level, shape in shapes if shape.contains(point)), default=None)
        found = [level for level, part in parts.items() if part.contains(point)]
        assert found == ([] if expected is None else [expected])


@settings(max_examples=25, deadline=None)
@given(footprints, st.randoms())
def test_the_order_of_the_sites_does_not_matter(shapes: list[tuple[int, Any]], random: Any) -> None:
    rows = [(level, level, shape) for level, shape in shapes]
    one = risk_levels(grades(rows), method=METHOD)
    random.shuffle(rows)
    other = risk_levels(grades(rows), method=METHOD)
    assert list(one["level"]) == list(other["level"])
    assert all(a.equals_exact(b) for a, b in zip(one.geometry, other.geometry, strict=True))
