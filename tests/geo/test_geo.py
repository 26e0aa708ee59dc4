"""The ground floor of all metric work, against pyproj's geodesics and hand calculations."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from gisrisk import geo
from gisrisk.errors import OutOfDomain

LON = st.floats(75, 134)
LAT = st.floats(4, 53)
GEOCENTRIC = Transformer.from_pipeline(
    "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=cart +ellps=GRS80"
)


def test_ecef_equals_the_hand_calculation():
    # On the equator the radius is a; at the pole z = b = a (1 - f), f = 1/298.257222101 (GRS80, Moritz 2000)
    a, f = 6378137.0, 1 / 298.257222101
    assert geo.to_ecef(0.0, 0.0) == pytest.approx([a, 0, 0])
    assert geo.to_ecef(90.0, 0.0) == pytest.approx([0, a, 0], abs=1e-8)
    assert geo.to_ecef(17.0, 90.0) == pytest.approx([0, 0, a * (1 - f)], abs=1e-8)


@given(LON, LAT)
def test_ecef_equals_proj_geocentric(lon, lat):
    assert geo.to_ecef(lon, lat) == pytest.approx(GEOCENTRIC.transform(lon, lat, 0.0), abs=1e-6)


def test_ecef_keeps_the_shape_of_its_input():
    assert geo.to_ecef(np.zeros((2, 5)), 30.0).shape == (2, 5, 3)


@given(LON, LAT, st.floats(-0.1, 0.1), st.floats(-0.1, 0.1))
def test_local_crs_is_metric_about_its_centre(lon, lat, dlon, dlat):
    to_plane = Transformer.from_crs(geo.STORAGE_CRS, geo.local_crs(lon, lat), always_xy=True)
    x, y = to_plane.transform(lon + dlon, lat + dlat)
    true_m = geo.GEOD.inv(lon, lat, lon + dlon, lat + dlat)[2]
    # scale at 12 km from the centre line: 1 + 12^2 / (2 * 6371^2) = 1 + 1.8e-6
    assert math.hypot(x, y) == pytest.approx(true_m, rel=2e-6, abs=1e-6)


def test_local_crs_refuses_metres():
    with pytest.raises(OutOfDomain, match="EPSG:4490"):
        geo.local_crs(500_000.0, 2_900_000.0)


def test_densify_keeps_the_edges_and_bounds_their_length():
    line = shapely.LineString([(115, 25), (115.4, 25.3), (115.4, 25.3001)])
    dense = geo.densify(line)
    xy = shapely.get_coordinates(dense)
    lengths = geo.GEOD.inv(xy[:-1, 0], xy[:-1, 1], xy[1:, 0], xy[1:, 1])[2]
    assert max(lengths) <= geo.MAX_EDGE_M
    assert {(115.4, 25.3), (115.4, 25.3001)} <= set(map(tuple, xy.tolist()))
    assert shapely.hausdorff_distance(line, dense) < 1e-12


def boundary_distances_m(shape, grown, step_deg=3e-4):
    """Distance of points on the boundary of `grown` to the finely split `shape`, by brute-force geodesics."""
    edge = shapely.get_coordinates(shapely.segmentize(grown.boundary, step_deg))
    core = shapely.get_coordinates(shapely.segmentize(shape, 1e-4))
    edge = edge[:: max(1, len(edge) // 120)]
    nearest = []
    for lon, lat in edge:
        close = core[np.argsort(np.hypot((core[:, 0] - lon) * math.cos(math.radians(lat)), core[:, 1] - lat))[:60]]
        nearest.append(
            geo.GEOD.inv(np.full(len(close), lon), np.full(len(close), lat), close[:, 0], close[:, 1])[2].min()
        )
    return np.array(nearest)


@settings(max_examples=25, deadline=None)
@given(LON, LAT, st.floats(1.0, 5000.0))
def test_the_buffer_of_a_point_is_a_geodesic_circle(lon, lat, radius_m):
    ring = shapely.get_coordinates(geo.buffer_m(shapely.Point(lon, lat), radius_m))
    distance_m = geo.GEOD.inv(np.full(len(ring), lon), np.full(len(ring), lat), ring[:, 0], ring[:, 1])[2]
    assert np.abs(distance_m - radius_m).max() < 0.1
    mid = (ring[1:] + ring[:-1]) / 2  # halfway along the chords, where a polygon lies deepest inside its circle
    chord_m = geo.GEOD.inv(np.full(len(mid), lon), np.full(len(mid), lat), mid[:, 0], mid[:, 1])[2]
    assert np.abs(chord_m - radius_m).max() < 0.1


@pytest.mark.parametrize("radius_m", [50.0, 5000.0])
@pytest.mark.parametrize(
    "shape",
    [
        shapely.LineString([(114.2, 25.1), (115.3, 25.6)]),  # 120 km: wider than one plane
        shapely.Polygon([(115, 25), (115.05, 25), (115.1, 25.0), (115.1, 25.05), (115.05, 25.0496), (115, 25.05)]),
    ],
    ids=["long line", "polygon with a shallow hollow"],
)
def test_the_boundary_of_a_buffer_lies_at_its_radius(shape, radius_m):
    # points on `shape` are at most 11 m apart: at 50 m the nearest sampled one may be 0.3 m farther than the true foot
    distance_m = boundary_distances_m(shape, geo.buffer_m(shape, radius_m))
    allowed = 0.1 + (math.hypot(radius_m, 5.6) - radius_m)
    assert np.abs(distance_m - radius_m).max() < allowed


def test_a_buffer_covers_its_shape_and_holes_shrink():
    ring = shapely.Point(115, 25).buffer(0.02).difference(shapely.Point(115, 25).buffer(0.01))
    grown = geo.buffer_m(ring, 100)
    assert grown.covers(ring)
    assert len(grown.interiors) == 1
    # the hole, about 1 km wide, loses 100 m all round
    assert geo.area_m2(shapely.Polygon(grown.interiors[0])) < geo.area_m2(shapely.Polygon(ring.interiors[0]))


def test_a_buffer_of_zero_is_the_polygon_itself():
    box = shapely.box(115, 25, 115.01, 25.01)
    assert geo.area_m2(geo.buffer_m(box, 0.0)) == pytest.approx(geo.area_m2(box), rel=1e-9)


def test_a_buffer_of_nothing_is_empty():
    assert geo.buffer_m(shapely.Polygon(), 10.0).is_empty


@pytest.mark.parametrize("radius_m", [-1.0, math.nan, math.inf])
def test_a_buffer_needs_a_finite_radius(radius_m):
    with pytest.raises(OutOfDomain, match="radius_m"):
        geo.buffer_m(shapely.Point(115, 25), radius_m)


def test_a_collection_is_buffered_whole():
    parts = [
        shapely.Point(115, 25),
        shapely.MultiPoint([(115.1, 25), (115.2, 25)]),
        shapely.box(115.3, 25, 115.31, 25.01),
    ]
    grown = geo.buffer_m(shapely.GeometryCollection(parts), 30.0)
    assert all(grown.contains(part) for part in parts)
    assert len(grown.geoms) == 4


@settings(max_examples=40, deadline=None)
@given(LON, LAT, st.floats(1e-4, 0.3), st.floats(1e-4, 0.3), st.floats(-0.5, 0.5))
def test_area_equals_pyproj_on_a_finely_split_outline(lon, lat, width, height, skew):
    xy = [(lon, lat), (lon + width, lat + skew * height), (lon + width, lat + height), (lon, lat + height)]
    quad = shapely.Polygon(xy)
    # pyproj joins vertices by geodesics; with 2000 pieces an edge the two meanings differ by less than 1e-7;
    # its sums of thousands of edges carry round-off of some cm2
    fine = shapely.segmentize(quad, max(width, height) / 2000)
    assert geo.area_m2(quad) == pytest.approx(abs(geo.GEOD.geometry_area_perimeter(fine)[0]), rel=1e-7, abs=0.01)


def test_area_of_a_spherical_lune_strip_equals_the_hand_calculation():
    # The whole ellipsoid has 510 065 621 724 078.94 m2 (GRS80, Moritz 2000: authalic radius 6371007.1810 m);
    # the northern quarter of 1 degree is 1/720 of it.
    quarter = shapely.box(100, 0, 101, 90)
    assert geo.area_m2(quarter) == pytest.approx(4 * math.pi * 6371007.1810**2 / 720, rel=1e-9)


def test_area_subtracts_holes_and_ignores_ring_direction():
    shell, hole = shapely.box(115, 25, 115.1, 25.1), shapely.box(115.02, 25.02, 115.03, 25.03)
    pierced = shapely.Polygon(shell.exterior, [hole.exterior])
    expected = geo.area_m2(shell) - geo.area_m2(hole)
    assert geo.area_m2(pierced) == pytest.approx(expected, rel=1e-10)
    assert geo.area_m2(shapely.Polygon(pierced.exterior, [hole.exterior.reverse()])) == pytest.approx(
        expected, rel=1e-10
    )


def test_areas_stand_in_the_order_of_the_input():
    box, small = shapely.box(115, 25, 115.1, 25.1), shapely.box(115, 25, 115.01, 25.01)
    areas = geo.areas_m2(
        [shapely.Point(1, 1), box, shapely.MultiPolygon([small, shapely.box(116, 25, 116.01, 25.01)]), small]
    )
    assert areas[0] == 0
    assert areas[1] > areas[3] > 0
    assert areas[2] == pytest.approx(2 * areas[3], rel=1e-9)
