"""Geodesic proximity against brute-force geodesics of PROJ on finely split outlines."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from proximity_shapes import on_globe, shapes, simple, vertex_geodesics_m

from gisrisk import geo
from gisrisk.analysis.proximity import distance_m, pairs_within, shortest_lines
from gisrisk.errors import OutOfDomain

LON = st.floats(73, 135)
LAT = st.floats(3, 54)


def most_m(true_m, step_m):
    """What sampling may add: the foot of the perpendicular is at most half a step from a sample along its edge."""
    return math.hypot(true_m, step_m / 2) - true_m + 2e-3


@settings(max_examples=80, deadline=None)
@given(simple, simple, LON, LAT)
def test_distance_equals_brute_force(a, b, lon, lat):
    a, b = on_globe(a, lon, lat), on_globe(b, lon, lat)
    measured = distance_m(a, b)
    if shapely.intersects(a, b):
        assert measured == 0
        return
    sampled = vertex_geodesics_m(a, b, step_m=1.0)
    assert measured - 2e-3 <= sampled <= measured + most_m(measured, 1.0)


@settings(max_examples=20, deadline=None)
@given(simple, simple, LON, LAT, st.floats(5_000, 20_000), st.floats(0, 360))
def test_distance_of_large_shapes_far_apart_equals_brute_force(a, b, lon, lat, apart_m, azimuth):
    # 20 times as large: edges of up to 20 km, whose meaning (straight in degrees) is 10 m away from a geodesic
    lon2, lat2, _ = geo.GEOD.fwd(lon, lat, azimuth, apart_m)
    a, b = (
        on_globe(shapely.transform(shape, lambda xy: xy * 20), *at)
        for shape, at in ((a, (lon, lat)), (b, (lon2, lat2)))
    )
    measured = distance_m(a, b)
    if shapely.intersects(a, b):
        assert measured == 0
        return
    sampled = vertex_geodesics_m(a, b, step_m=10.0)
    assert measured - 2e-3 <= sampled <= measured + most_m(measured, 10.0)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(shapes, st.integers(0, 500)), min_size=1, max_size=6),
    st.lists(shapes, min_size=1, max_size=8),
    LON,
    LAT,
)
def test_pairs_are_those_whose_distance_is_within_reach(sources, targets, lon, lat):
    reach = np.array([r for _, r in sources], float)
    sources = [on_globe(shape, lon, lat) for shape, _ in sources]
    targets = [on_globe(shape, lon, lat) for shape in targets]
    expected = np.array([[distance_m(a, b) for b in targets] for a in sources])  # itself checked above
    expected[shapely.intersects(np.array(sources)[:, None], np.array(targets)[None])] = 0
    pairs = pairs_within(sources, targets, reach)
    found = set(zip(pairs.i.tolist(), pairs.j.tolist(), strict=True))
    assert {(i, j) for i, j in np.argwhere(expected <= reach[:, None] - 1e-3).tolist()} <= found
    assert found <= {(i, j) for i, j in np.argwhere(expected <= reach[:, None] + 1e-3).tolist()}
    assert pairs.distance_m == pytest.approx(expected[pairs.i, pairs.j], abs=1e-3)


@settings(max_examples=60, deadline=None)
@given(shapes, shapes, LON, LAT, st.floats(-170, 40))
def test_the_longitude_does_not_matter(a, b, lon, lat, moved):
    here = distance_m(on_globe(a, lon, lat), on_globe(b, lon, lat))
    there = distance_m(on_globe(a, lon + moved, lat), on_globe(b, lon + moved, lat))
    assert there == pytest.approx(here, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(shapes, shapes, LON, LAT)
def test_distance_is_symmetric(a, b, lon, lat):
    a, b = on_globe(a, lon, lat), on_globe(b, lon, lat)
    # the two orders may choose between places that are equally near to within the depth of a chord, 0.5 mm
    assert distance_m(a, b) == pytest.approx(distance_m(b, a), abs=1e-3)


@settings(max_examples=60, deadline=None)
@given(simple, simple, LON, LAT, st.floats(1, 20), st.floats(7, 90))
def test_vertices_along_an_edge_do_not_matter(a, b, lon, lat, larger, step_m):
    a, b = (on_globe(shapely.transform(shape, lambda xy: xy * larger), lon, lat) for shape in (a, b))
    assert distance_m(geo.densify(a, step_m), geo.densify(b, step_m)) == pytest.approx(distance_m(a, b), abs=1e-3)


@settings(max_examples=60, deadline=None)
@given(shapes, shapes, LON, LAT)
def test_the_shortest_line_has_the_length_reported_and_joins_the_shapes(a, b, lon, lat):
    a, b = on_globe(a, lon, lat), on_globe(b, lon, lat)
    pairs = pairs_within([a], [b], 5000)
    line = shortest_lines(pairs)[0]
    assert geo.GEOD.geometry_length(line) == pytest.approx(pairs.distance_m[0], abs=1e-6)
    start, end = shapely.points(shapely.get_coordinates(line))
    assert a.distance(start) < 1e-11  # degrees: 1e-6 m
    assert b.distance(end) < 1e-11


@given(LON, LAT, st.floats(0, 20_000), st.floats(0, 360))
def test_a_pair_at_exactly_the_reach_is_within_it(lon, lat, apart_m, azimuth):
    lon2, lat2, _ = geo.GEOD.fwd(lon, lat, azimuth, apart_m)
    exactly_m = geo.GEOD.inv(lon, lat, lon2, lat2)[2]
    pairs = pairs_within([shapely.Point(lon, lat)], [shapely.Point(lon2, lat2)], exactly_m)
    # the same place twice is 0 m apart here, and a rounding error of 1e-9 m apart by way of fwd and inv
    assert pairs.distance_m.tolist() == pytest.approx([exactly_m], abs=1e-7)
    assert exactly_m == pytest.approx(apart_m, abs=1e-6)


def test_one_degree_of_the_meridian_equals_the_handbook():
    # Length of the meridian from 0 to 1 degree on GRS80: 110574.3 m; of one degree of the equator:
    # pi a / 180 = 111319.49 m with a = 6378137 m
    assert distance_m(shapely.Point(0, 0), shapely.Point(0, 1)) == pytest.approx(110_574.3, abs=0.1)
    assert distance_m(shapely.Point(0, 0), shapely.Point(1, 0)) == pytest.approx(math.pi * 6_378_137 / 180, abs=1e-3)


def test_an_edge_is_straight_in_degrees():
    # Edge along the parallel 50 N, 0.4 degrees long, and a point on the parallel at its middle. A geodesic edge would
    # pass north of it by s^2 tan(50) / (8 R) = 28.7 km squared * 1.19 / (8 * 6371 km) = 19 m.
    edge = shapely.LineString([(110.0, 50.0), (110.4, 50.0)])
    assert distance_m(edge, shapely.Point(110.2, 50.0)) == 0
    north = shapely.Point(110.2, 50.001)
    assert distance_m(edge, north) == pytest.approx(geo.GEOD.inv(110.2, 50.0, 110.2, 50.001)[2], abs=1e-3)


@pytest.mark.parametrize("lat", [-70.0, 0.0, 89.9])
def test_it_works_anywhere(lat):
    a = shapely.Point(10.0, lat)
    lon2, lat2, _ = geo.GEOD.fwd(10.0, lat, 75.0, 900.0)
    pairs = pairs_within([a], [shapely.Point(lon2, lat2)], 901.0)
    assert pairs.distance_m == pytest.approx([900.0], abs=1e-6)
    assert len(pairs_within([a], [shapely.Point(lon2, lat2)], 899.0)) == 0


def test_holes_touching_and_containment():
    unit = 1e-3
    ring = shapely.box(115, 25, 115 + 10 * unit, 25 + 10 * unit).difference(
        shapely.box(115 + 4 * unit, 25 + 4 * unit, 115 + 6 * unit, 25 + 6 * unit)
    )
    in_hole = shapely.Point(115 + 5 * unit, 25 + 5 * unit)
    # from the middle of the hole the nearest edge is due west or east, one thousandth of a degree of longitude away
    east_m = geo.GEOD.inv(in_hole.x, in_hole.y, in_hole.x + unit, in_hole.y)[2]
    assert distance_m(ring, in_hole) == pytest.approx(east_m, abs=1e-3)
    assert distance_m(ring, shapely.Point(115 + unit, 25 + unit)) == 0
    assert distance_m(ring, shapely.Point(115 + 10 * unit, 25 + 3 * unit)) == 0
    assert distance_m(ring, shapely.box(115 + 10 * unit, 25, 115 + 12 * unit, 25 + unit)) == 0


def test_metres_are_refused():
    with pytest.raises(OutOfDomain, match=r"targets\[0\] has coordinates .*reproject it to EPSG:4490"):
        pairs_within([shapely.Point(115, 25)], [shapely.Point(39_500_000, 2_800_000)], 100)


def test_a_reach_beyond_the_method_is_refused():
    with pytest.raises(OutOfDomain, match="200000 m"):
        pairs_within([shapely.Point(115, 25)], [shapely.Point(115, 25)], 300_000)
