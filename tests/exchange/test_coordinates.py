"""Coordinates: which CRS, which way to CGCS2000, and what is refused instead of guessed."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Geod, Transformer

from gisrisk.catalog import layer
from gisrisk.errors import InputRefused
from gisrisk.exchange import read_frame, read_table, validate
from gisrisk.exchange.crs import gauss_zone_hint

TARGET = layer("protected_target")
HEAD = "code,name,target_type"


def frame_at(*points: tuple[float, float], crs: object) -> gpd.GeoDataFrame:
    n = len(points)
    columns = {"code": [f"T{i}" for i in range(n)], "name": ["x"] * n, "target_type": ["school"] * n}
    return gpd.GeoDataFrame(columns, geometry=[shapely.Point(p) for p in points], crs=crs)


def read(frame: gpd.GeoDataFrame, **options: object) -> gpd.GeoDataFrame:
    return validate(read_frame(frame, TARGET, name="frame", **options), TARGET)


def refusal(frame: gpd.GeoDataFrame, **options: object) -> str:
    with pytest.raises(InputRefused) as refused:
        read(frame, **options)
    return str(refused.value)


# ---------------------------------------------------------------- which CRS


def test_no_crs_is_refused():
    assert "does not say in which CRS" in refusal(frame_at((114.9, 25.8), crs=None))


def test_a_csv_needs_its_crs_even_with_lon_and_lat(csv):
    path = csv(f"{HEAD},lon,lat", "T1,甲,school,114.9,25.8")
    with pytest.raises(InputRefused, match=r"does not say in which CRS.*--crs"):
        read_table(path, TARGET)


def test_a_crs_that_contradicts_the_file_is_refused():
    text = refusal(frame_at((114.9, 25.8), crs=4490), crs="EPSG:4547")
    assert "in EPSG:4490, --crs says EPSG:4547" in text


def test_a_crs_that_repeats_the_file_is_fine():
    assert len(read(frame_at((114.9, 25.8), crs=4490), crs="EPSG:4490")) == 1


def test_nonsense_is_no_crs():
    assert "'EPSG:nonsense' is no CRS" in refusal(frame_at((114.9, 25.8), crs=None), crs="EPSG:nonsense")


def test_geojson_is_longitude_and_latitude_by_rfc_7946(csv):
    feature = (
        '{"type": "Feature", "properties": {"code": "T1", "name": "甲", "target_type": "school"}, '
        '"geometry": {"type": "Point", "coordinates": [114.9, 25.8]}}'
    )
    path = csv(f'{{"type": "FeatureCollection", "features": [{feature}]}}', name="a.geojson")
    incoming = read_table(path, TARGET)
    assert incoming.crs_used == "EPSG:4326"
    assert any("without a change of datum" in note for note in incoming.warnings)
    assert read_table(path, TARGET, crs="EPSG:4490").crs_used == "EPSG:4490"
    named = '"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}, '
    path = csv(f'{{"type": "FeatureCollection", {named}"features": [{feature}]}}', name="b.geojson")
    assert read_table(path, TARGET).crs_used == "EPSG:4490"
    with pytest.raises(InputRefused, match="--crs says EPSG:4547"):
        read_table(path, TARGET, crs="EPSG:4547")


@pytest.mark.parametrize("crs", [4490, 4326, "OGC:CRS84", 4480, 4979])
def test_cgcs2000_and_wgs84_degrees_are_kept_bit_by_bit(crs):
    x, y = 114.93520123456789, 25.831712345678901
    assert read(frame_at((x, y), crs=crs)).geometry[0].coords[0] == (x, y)


@pytest.mark.parametrize(
    "crs",
    [
        4214,  # Beijing 1954
        4610,  # Xian 1980
        4555,  # New Beijing
        2436,  # Beijing 1954 / 3-degree Gauss-Kruger CM 117E
        2384,  # Xian 1980 / 3-degree Gauss-Kruger CM 117E
        CRS(2436).to_wkt("WKT1_ESRI"),
        CRS(2384).to_wkt("WKT1_ESRI"),
    ],
)
def test_beijing_54_and_xian_80_are_refused(crs):
    text = refusal(frame_at((500_000, 3_000_000) if CRS(crs).is_projected else (117, 27), crs=crs))
    assert "no reliable transformation to CGCS2000 is public" in text
    assert "surveying authority" in text


def test_a_datum_known_only_to_metres_is_refused():
    # EPSG gives NAD83 to WGS 84 an accuracy of 4 m at best
    assert "1 m or better" in refusal(frame_at((-76.5, 39.2), crs=4269))


def test_a_datum_known_to_a_metre_is_taken_with_its_accuracy():
    # EPSG gives ETRS89 to WGS 84 an accuracy of 1 m, parameters zero
    incoming = read_frame(frame_at((500_000.0, 5_538_630.7), crs=25832), TARGET, name="frame")
    assert any("ETRS89" in note and "accuracy 1 m" in note for note in incoming.warnings)
    assert incoming.frame.geometry[0].distance(shapely.Point(9.0, 50.0)) < 1e-7


# ---------------------------------------------------------------- projections


@settings(deadline=None)
@given(lon=st.floats(116.0, 118.0), lat=st.floats(23.0, 49.0))
def test_gauss_kruger_agrees_with_an_independent_formula(lon, lat):
    # 3-degree zone at 117°E without and with the zone prefix; forward by PROJ's approximate series (+approx), which is
    # another formula than the exact one used for the way back. They agree within 1 mm inside a 3-degree zone.
    forward = Transformer.from_crs(
        "EPSG:4490", "+proj=tmerc +approx +lon_0=117 +x_0=500000 +ellps=GRS80 +units=m", always_xy=True
    )
    x, y = forward.transform(lon, lat)
    for crs, easting in ((4548, x), (4527, x + 39_000_000)):
        point = read(frame_at((easting, y), crs=crs)).geometry[0]
        assert Geod(ellps="GRS80").inv(lon, lat, point.x, point.y)[2] < 0.002


def test_on_the_central_meridian_the_northing_is_the_meridian_arc():
    # Arc from the equator on the CGCS2000 ellipsoid by the classical series in n (Helmert), not by PROJ
    point = read(frame_at((500_000.0, 2_544_000.0), crs=4548)).geometry[0]
    assert point.x == pytest.approx(117.0, abs=1e-12)
    a, f = 6378137.0, 1 / 298.257222101
    n = f / (2 - f)
    phi = np.radians(point.y)
    terms = (
        (1 + n**2 / 4 + n**4 / 64) * phi,
        -3 / 2 * (n - n**3 / 8) * np.sin(2 * phi),
        15 / 16 * (n**2 - n**4 / 4) * np.sin(4 * phi),
        -35 / 48 * n**3 * np.sin(6 * phi),
    )
    assert a / (1 + n) * sum(terms) == pytest.approx(2_544_000.0, abs=0.001)


def test_long_edges_keep_their_place_when_projected_data_come_in():
    # a straight 40 km edge in the zone; without more vertices the straight line in degrees leaves it by metres
    line = shapely.LineString([(460_000, 3_000_000), (500_000, 3_000_000)])
    frame = gpd.GeoDataFrame({"code": ["L"]}, geometry=[line], crs=4548)
    incoming = read_frame(frame, layer("linear_feature"), name="frame")
    assert any("longer than 1 km" in note for note in incoming.warnings)
    stored = incoming.frame.geometry[0]
    back = Transformer.from_crs(4490, 4548, always_xy=True)
    along = shapely.line_interpolate_point(stored, np.linspace(0, 1, 999), normalized=True)
    y = back.transform(shapely.get_x(along), shapely.get_y(along))[1]
    assert np.abs(y - 3_000_000).max() < 0.1
    plain = shapely.transform(line, Transformer.from_crs(4548, 4490, always_xy=True).transform, interleaved=False)
    middle = plain.interpolate(0.5, normalized=True)
    assert abs(back.transform(middle.x, middle.y)[1] - 3_000_000) > 10  # so the vertices matter


def test_short_edges_get_no_vertices():
    line = shapely.LineString([(499_500, 3_000_000), (500_000, 3_000_000)])
    frame = gpd.GeoDataFrame({"code": ["L"]}, geometry=[line], crs=4548)
    incoming = read_frame(frame, layer("linear_feature"), name="frame")
    assert shapely.get_num_coordinates(incoming.frame.geometry[0]) == 2


def test_heights_are_dropped_with_a_warning():
    frame = frame_at((114.9, 25.8), crs=4490)
    frame.geometry = [shapely.Point(114.9, 25.8, 130.0)]
    incoming = read_frame(frame, TARGET, name="frame")
    assert any("heights or measures of 1" in note for note in incoming.warnings)
    assert incoming.frame.geometry[0].equals_exact(shapely.Point(114.9, 25.8), 0)


# ---------------------------------------------------------------- numbers that do not fit


@pytest.mark.parametrize(
    ("point", "crs", "parts"),
    [
        ((25.8, 114.9), 4490, ["interchanged", "Longitude comes first"]),  # latitude beyond 90
        ((50.2, 87.0), 4490, ["interchanged"]),  # inside China only when exchanged
        ((200.0, 40.0), 4326, ["is no longitude and latitude"]),
        ((547_752.0, 2_860_000.0), 4490, ["are metres, but EPSG:4490 is in degrees", "--crs"]),
        ((39_547_752.0, 2_860_000.0), 4490, ["are metres", "zone 39 (EPSG:4527)"]),
        ((114.9, 25.8), 4548, ["outside the area of use of EPSG:4548", "look like degrees"]),
        ((2_860_000.0, 547_752.0), 4548, ["outside the area of use", "With x and y exchanged it fits"]),
        ((38_547_752.0, 2_860_000.0), 4527, ["outside the area of use", "zone 38 (EPSG:4526)"]),
        ((39_547_752.0, 2_860_000.0), 4548, ["outside the area of use", "zone 39 (EPSG:4527)"]),
    ],
)
def test_coordinates_that_do_not_fit_their_crs(point, crs, parts):
    text = refusal(frame_at(point, crs=crs))
    for part in [*parts, "row 1, field 'geometry'"]:
        assert part in text


def test_places_outside_china_are_taken_in_degrees():
    # Karhula and Baltimore, where the open test data lie
    assert len(read(frame_at((26.94, 60.50), (-76.58, 39.24), crs=4326))) == 2


def test_only_the_wrong_rows_are_named():
    text = refusal(frame_at((114.9, 25.8), (25.8, 114.9), (114.8, 25.7), crs=4490))
    assert "row 2" in text and "row 1" not in text and "row 3" not in text


def test_degrees_in_columns_do_not_go_with_a_projected_crs(csv):
    path = csv(f"{HEAD},经度,纬度", "T1,甲,school,114.9,25.8")
    with pytest.raises(InputRefused, match="'经度' and others hold degrees"):
        read_table(path, TARGET, crs="EPSG:4547")


def test_csv_eastings_and_northings(csv, accepted):
    path = csv(f"{HEAD},X,Y", "T1,甲,school,500000,2544000")
    point = accepted(path, "protected_target", crs="EPSG:4548").geometry[0]
    assert point.x == pytest.approx(117.0, abs=1e-9)


def test_csv_coordinates_must_be_numbers(csv):
    path = csv(f"{HEAD},lon,lat", "T1,甲,school,114°54′,25.8")
    with pytest.raises(InputRefused, match="row 1, field 'geometry': column 'lon': '114°54′' is not a number"):
        validate(read_table(path, TARGET, crs="EPSG:4490"), TARGET)


@pytest.mark.parametrize(
    ("easting", "hint"),
    [
        (39_547_752, "zone 39 (EPSG:4527)"),
        (25_500_000, "zone 25 (EPSG:4513)"),
        (45_500_000, "zone 45 (EPSG:4533)"),
        (20_500_000, "zone 20 (EPSG:4498)"),
        (547_752, None),
    ],
)
def test_the_zone_an_easting_names(easting, hint):
    assert gauss_zone_hint(easting) == hint
    if hint:
        # the EPSG register itself: the CRS of that code carries the zone in its name
        code = int(hint.split(":")[1].rstrip(")"))
        assert CRS(code).name.endswith(f"zone {easting // 1_000_000}")
