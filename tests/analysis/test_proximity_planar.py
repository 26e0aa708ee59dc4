"""Planar proximity against brute force over all pairs with GEOS, which shares no code with ours."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from proximity_shapes import place, shapes

from gisrisk.analysis import proximity
from gisrisk.analysis.proximity import distance_m, pairs_within, shortest_lines
from gisrisk.errors import OutOfDomain


def planar(sources, targets, reach_m):
    return pairs_within(sources, targets, reach_m, geodesic=False)


def brute_force(sources, targets):
    return shapely.distance(np.array(sources, object)[:, None], np.array(targets, object)[None, :])


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(shapes, st.integers(0, 500)), min_size=1, max_size=8), st.lists(shapes, min_size=1, max_size=12)
)
def test_pairs_and_distances_equal_brute_force(sources, targets):
    reach = np.array([r for _, r in sources], float)
    sources = [shape for shape, _ in sources]
    expected = brute_force(sources, targets)
    pairs = planar(sources, targets, reach)
    found = set(zip(pairs.i.tolist(), pairs.j.tolist(), strict=True))
    # a distance within rounding of the reach may fall either way in GEOS; ours takes it in
    surely = {(i, j) for i, j in np.argwhere(expected <= reach[:, None] - 1e-8).tolist()}
    perhaps = {(i, j) for i, j in np.argwhere(expected <= reach[:, None] + 1e-8).tolist()}
    assert surely <= found <= perhaps
    assert pairs.distance_m == pytest.approx(expected[pairs.i, pairs.j], abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(shapes, shapes)
def test_the_shortest_line_joins_the_two_shapes(a, b):
    line = shortest_lines(planar([a], [b], 5000))[0]
    assert line.length == pytest.approx(shapely.distance(a, b), abs=1e-9)
    start, end = shapely.points(shapely.get_coordinates(line))
    assert a.distance(start) < 1e-9
    assert b.distance(end) < 1e-9


@settings(max_examples=100, deadline=None)
@given(shapes, shapes)
def test_distance_is_symmetric(a, b):
    assert distance_m(a, b, geodesic=False) == pytest.approx(distance_m(b, a, geodesic=False), abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(shapes, shapes, st.floats(-1e6, 1e6), st.floats(-5e6, 5e6))
def test_distance_does_not_depend_on_where_the_plane_begins(a, b, east, north):
    moved = [shapely.transform(shape, lambda xy: xy + np.array([east, north])) for shape in (a, b)]
    # coordinates near 5e6 m are rounded to 1e-9 m
    assert distance_m(*moved, geodesic=False) == pytest.approx(distance_m(a, b, geodesic=False), abs=1e-7)


@settings(max_examples=100, deadline=None)
@given(shapes, shapes, st.floats(3, 50))
def test_vertices_along_an_edge_do_not_matter(a, b, step):
    dense = distance_m(shapely.segmentize(a, step), shapely.segmentize(b, step), geodesic=False)
    assert dense == pytest.approx(distance_m(a, b, geodesic=False), abs=1e-6)


@given(place, st.integers(0, 12))
def test_a_pair_at_exactly_the_reach_is_within_it(at, k):
    # multiples of the Pythagorean triple 3, 4, 5: the distance is exactly 5 k
    target = shapely.Point(at[0] + 3 * k, at[1] + 4 * k)
    assert len(planar([shapely.Point(at)], [target], 5.0 * k)) == 1
    if k:
        assert len(planar([shapely.Point(at)], [target], 5.0 * k - 1e-6)) == 0


RING = shapely.box(0, 0, 100, 100).difference(shapely.box(40, 40, 60, 60))


@pytest.mark.parametrize(
    ("a", "b", "expected_m"),
    [
        (RING, shapely.Point(50, 50), 10.0),  # in the hole: outside, 10 m from its edge
        (RING, shapely.box(45, 45, 55, 58), 2.0),
        (RING, shapely.Point(20, 20), 0.0),
        (RING, shapely.Point(0, 50), 0.0),  # on the outline
        (RING, shapely.box(100, 100, 120, 120), 0.0),  # one common corner
        (RING, shapely.box(100, 20, 120, 30), 0.0),  # part of a common edge
        (RING, shapely.box(-10, -10, 200, 200), 0.0),  # inside the other
        (RING, shapely.LineString([(-5, 50), (45, 50)]), 0.0),
        (RING, shapely.MultiPoint([(500, 0), (103, 104)]), 5.0),
        (shapely.LineString([(0, 0), (10, 10)]), shapely.LineString([(0, 10), (10, 0)]), 0.0),
        (shapely.LinearRing([(0, 0), (9, 0), (9, 9), (0, 9)]), shapely.Point(4, 3), 3.0),  # a ring is not an area
        (shapely.GeometryCollection([shapely.box(0, 0, 9, 9), shapely.box(3, 3, 6, 6)]), shapely.Point(4, 4), 0.0),
        (shapely.Point(0, 0, 77), shapely.Point(3, 4, -20), 5.0),  # height plays no part
    ],
)
def test_distances_that_can_be_read_off_a_drawing(a, b, expected_m):
    assert distance_m(a, b, geodesic=False) == pytest.approx(expected_m, abs=1e-12)
    assert distance_m(b, a, geodesic=False) == pytest.approx(expected_m, abs=1e-12)
    assert planar([a], [b], 20).distance_m.tolist() == pytest.approx([expected_m], abs=1e-12)


def prefecture(count, seed):
    rng = np.random.default_rng(seed)
    angles = np.linspace(0, 2 * np.pi, 9)[:-1]
    centres = rng.uniform(0, 20_000, (count, 1, 2))
    rings = centres + np.stack([np.cos(angles), np.sin(angles)], axis=-1) * rng.uniform(5, 60, (count, 8, 1))
    shapes = shapely.polygons(np.concatenate([rings, rings[:, :1]], axis=1))
    shapes[::3] = shapely.points(centres[::3, 0])
    shapes[0] = shapely.LineString(rng.uniform(0, 20_000, (200, 2)))  # over many cells of the grid
    shapes[1] = shapely.box(2_000, 2_000, 18_000, 18_000)
    return shapes


@pytest.mark.parametrize("reach_m", [0.0, 30.0, 700.0])
def test_many_shapes_of_unequal_size_equal_the_tree_of_geos(reach_m):
    sources, targets = prefecture(700, 1), prefecture(1500, 2)
    pairs = planar(sources, targets, reach_m)
    i, j = shapely.STRtree(targets).query(sources, predicate="dwithin", distance=reach_m)
    order = np.lexsort((j, i))
    assert pairs.i.tolist() == i[order].tolist()
    assert pairs.j.tolist() == j[order].tolist()
    assert pairs.distance_m.sum() == pytest.approx(shapely.distance(sources[i], targets[j]).sum(), rel=1e-9, abs=1e-9)


def test_the_result_does_not_depend_on_the_number_of_processors(monkeypatch):
    sources, targets = prefecture(1000, 3), prefecture(1000, 4)
    results = []
    for processors in (1, 2, 5):
        monkeypatch.setattr(proximity, "_processors", lambda processors=processors: processors)
        results.append(planar(sources, targets, 900))
    for other in results[1:]:
        assert all(np.array_equal(getattr(other, f), getattr(results[0], f)) for f in ("i", "j", "distance_m", "lon2"))


def test_requests_may_run_side_by_side_in_one_server():
    sources, targets = prefecture(600, 5), prefecture(600, 6)
    alone = planar(sources, targets, 400)
    with ThreadPoolExecutor(4) as pool:
        for pairs in pool.map(lambda _: planar(sources, targets, 400), range(8)):
            assert np.array_equal(pairs.distance_m, alone.distance_m)


def test_nothing_gives_no_pairs():
    pairs = planar([], [shapely.Point(0, 0)], 10)
    assert len(pairs) == 0
    assert shortest_lines(pairs).tolist() == []
    assert len(planar([shapely.Point(0, 0)], [], np.array([10.0]))) == 0


def test_a_reach_for_each_source():
    sources = [shapely.Point(0, 0), shapely.Point(0, 0)]
    pairs = planar(sources, [shapely.Point(0, 7)], [6.0, 8.0])
    assert (pairs.i.tolist(), pairs.j.tolist()) == ([1], [0])


@pytest.mark.parametrize("reach_m", [-1.0, np.nan, np.inf, [1.0, np.nan]])
def test_a_reach_must_be_known(reach_m):
    with pytest.raises(OutOfDomain, match="reach_m must be from 0"):
        planar([shapely.Point(0, 0)] * 2, [shapely.Point(0, 0)], reach_m)


def test_a_reach_for_the_wrong_number_of_sources_is_refused():
    with pytest.raises(OutOfDomain, match="one for each of 2 sources"):
        planar([shapely.Point(0, 0)] * 2, [shapely.Point(0, 0)], [1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (None, "has no geometry"),
        (shapely.Polygon(), "has no geometry"),
        (shapely.GeometryCollection(), "has no geometry"),
        (shapely.Point(np.nan, 0), "not a finite number"),
        (shapely.LineString([(0, 0), (np.inf, 1)]), "not a finite number"),
    ],
)
@pytest.mark.parametrize("geodesic", [False, True])
def test_a_place_that_is_not_known_is_refused_and_named(bad, reason, geodesic):
    good = shapely.Point(0, 0)
    with pytest.raises(OutOfDomain, match=rf"^targets\[2\] .*{reason}"):
        pairs_within([good], [good, good, bad], 10, geodesic=geodesic)
    with pytest.raises(OutOfDomain, match=rf"^sources\[0\] .*{reason}"):
        pairs_within([bad], [good], 10, geodesic=geodesic)


def test_frames_are_taken_and_their_crs_is_held_against_the_mode():
    degrees = gpd.GeoDataFrame(geometry=[shapely.Point(115, 25)], crs=4490, index=[7])
    metres = degrees.to_crs(4548)
    assert len(planar(metres, metres.geometry, 1)) == 1
    assert len(pairs_within(degrees, degrees.geometry, 1)) == 1
    with pytest.raises(OutOfDomain, match="EPSG:4490 but geodesic=False"):
        planar(degrees, metres, 1)
    with pytest.raises(OutOfDomain, match="targets are in EPSG:4548 but geodesic=True"):
        pairs_within(degrees, metres, 1)
