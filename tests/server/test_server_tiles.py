"""Vector tiles, read back by GDAL's own MVT reader."""

from __future__ import annotations

import gzip
import math
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer
from small_area import PARK, RED, SITES, STUDY, UNKNOWN, at, fill, layers

from gisrisk.server import create_app
from gisrisk.server.tile_layers import TILE_LAYERS, is_a_tile, pixel_m
from gisrisk.store import Store

HOME = at(1300, 800)  # amid the chemical park


def address(z: int, place: tuple[float, float] = HOME) -> tuple[int, int, int]:
    """Tile that holds a place, by the formula of the OpenStreetMap wiki (slippy map tilenames)."""
    lon, lat = place
    n = 2**z
    return z, int((lon + 180) / 360 * n), int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * n)


def read(
    client: FlaskClient, folder: Path, layer: str, z: int, part: str | None = None, place=HOME
) -> gpd.GeoDataFrame:
    z, x, y = address(z, place)
    answer = client.get(f"/tiles/{layer}/{z}/{x}/{y}.mvt")
    assert answer.status_code == 200, (layer, z)
    file = folder / "tile.mvt"
    file.write_bytes(answer.data)
    return pyogrio.read_dataframe(file, layer=layer, X=str(x), Y=str(y), Z=str(z))


def test_a_site_lies_in_its_tile_where_it_lies_on_the_map(client, tmp_path):
    shape = SITES[RED][1]
    frame = read(client, tmp_path, "site_grade", 15, place=shape.centroid.coords[0])
    red = frame[frame["site_code"] == RED]
    assert red["level"].tolist() == [1]
    z, x, y = address(15, shape.centroid.coords[0])
    # the tile clips what lies outside it; compare the corner that lies inside with pyproj's own projection
    to_mercator = Transformer.from_crs(4326, 3857, always_xy=True)
    side = 2 * math.pi * 6378137 / 2**z
    west, north = x * side - math.pi * 6378137, math.pi * 6378137 - y * side
    for lon, lat in shape.exterior.coords:
        east_m, north_m = to_mercator.transform(lon, lat)
        if west < east_m < west + side and north - side < north_m < north:
            nearest = red.geometry.iloc[0].exterior.distance(gpd.points_from_xy([east_m], [north_m])[0])
            assert nearest < 2 * side / 4096
            break
    else:
        pytest.fail("no corner of the site lies in the tile: choose another tile")


@pytest.mark.parametrize("layer", sorted(TILE_LAYERS))
@pytest.mark.parametrize("z", range(0, 19, 2))
def test_every_layer_answers_at_every_zoom(client, layer, z):
    z, x, y = address(z)
    answer = client.get(f"/tiles/{layer}/{z}/{x}/{y}.mvt")
    assert answer.status_code in (200, 204)
    assert (answer.status_code == 204) == (not answer.data)


@pytest.mark.parametrize("z", [2, 5, 8])
def test_far_out_the_worst_site_of_a_cell_remains_and_nothing_red_vanishes(client, tmp_path, z):
    frame = read(client, tmp_path, "site_grade", z, place=SITES[RED][1].centroid.coords[0])
    assert RED in set(frame["site_code"])
    assert set(frame.geometry.geom_type) == {"Point"}
    if z <= 5:  # a cell is 20 km and more: the neighbours east of the red site share its cell or the next one
        assert len(frame) <= 2


def test_undetermined_sites_have_no_level_in_the_tile(client, tmp_path):
    frame = read(client, tmp_path, "site_grade", 14, place=SITES[UNKNOWN][1].centroid.coords[0])
    unknown = frame[frame["site_code"] == UNKNOWN]
    assert len(unknown) == 1 and unknown["level"].isna().all()


def test_far_tiles_carry_fewer_columns_than_near_ones(client, tmp_path):
    assert "site_name" not in read(client, tmp_path, "site_grade", 12).columns
    assert "site_name" in read(client, tmp_path, "site_grade", 13).columns


def test_a_park_cut_by_tile_edges_is_named_once(client, tmp_path):
    z = 16
    shape = layers()["park"].set_index("code").geometry[PARK]
    west, south, east, north = shape.bounds
    _, x0, y0 = address(z, (west, north))
    _, x1, y1 = address(z, (east, south))
    pieces = names = 0
    for x in range(x0, x1 + 1):
        for y in range(y0, y1 + 1):
            answer = client.get(f"/tiles/park/{z}/{x}/{y}.mvt")
            if answer.status_code == 200:
                file = tmp_path / f"{x}-{y}.mvt"
                file.write_bytes(answer.data)
                parts = {name for name, _ in pyogrio.list_layers(file)}
                pieces += "park" in parts
                if "park_name" in parts:
                    frame = pyogrio.read_dataframe(file, layer="park_name", X=str(x), Y=str(y), Z=str(z))
                    side = 2 * math.pi * 6378137 / 2**z  # points in the tile's margin are repeated by its neighbour
                    left, top = x * side - math.pi * 6378137, math.pi * 6378137 - y * side
                    names += len(frame.cx[left : left + side, top - side : top])
    assert pieces > 4
    assert names == 1


def test_levels_that_meet_their_rule_or_are_no_hazard_are_not_drawn(client, tmp_path):
    findings = read(client, tmp_path, "finding", 13)
    assert "meets" not in set(findings["status"])
    units = read(client, tmp_path, "hazard_grade", 13)
    assert "not_major" not in set(units["status"]) and set(units.geometry.geom_type) == {"Point"}


def test_a_known_tile_is_not_sent_again(client):
    z, x, y = address(13)
    first = client.get(f"/tiles/site_grade/{z}/{x}/{y}.mvt")
    again = client.get(f"/tiles/site_grade/{z}/{x}/{y}.mvt", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304 and not again.data
    other = client.get(f"/tiles/site_grade/{z}/{x}/{y + 1}.mvt")
    assert other.headers["ETag"] != first.headers["ETag"]


def test_tiles_are_private_and_kept_only_under_the_version_they_have(client):
    z, x, y = address(13)
    named = client.get("/api/v1/style").json["sources"]["site_grade"]["tiles"][0]
    kept = client.get(named.format(z=z, x=x, y=y))
    assert "immutable" in kept.headers["Cache-Control"] and "private" in kept.headers["Cache-Control"]
    stale = client.get(f"/tiles/site_grade/{z}/{x}/{y}.mvt?study={STUDY}&v=000000000000")
    assert stale.headers["Cache-Control"] == "private, no-cache"


def test_gzip_is_used_when_the_client_takes_it(client):
    z, x, y = address(13)
    plain = client.get(f"/tiles/site_grade/{z}/{x}/{y}.mvt")
    packed = client.get(f"/tiles/site_grade/{z}/{x}/{y}.mvt", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers and packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert plain.mimetype == "application/vnd.mapbox-vector-tile"


@pytest.mark.parametrize("tail", ["nothing/0/0/0", "park/1/2/0", "park/1/0/2", "park/23/0/0"])
def test_what_is_no_tile_is_not_found(client, tail):
    answer = client.get(f"/tiles/{tail}.mvt")
    assert answer.status_code == 404 and answer.is_json


@given(z=st.integers(0, 22), data=st.data())
def test_a_tile_exists_exactly_inside_the_quadtree(z, data):
    x, y = data.draw(st.integers(-3, 2**z + 3)), data.draw(st.integers(-3, 2**z + 3))
    assert is_a_tile(z, x, y) == (x in range(2**z) and y in range(2**z))


def test_a_pixel_halves_with_each_zoom_level():
    # 40 075 017 m round the equator on one tile of 512 pixels: 78 271.5 m each at zoom 0
    assert pixel_m(0) == pytest.approx(78271.517, rel=1e-6)
    assert pixel_m(10) == pytest.approx(pixel_m(0) / 1024)


def test_the_map_of_a_study_keeps_showing_what_the_study_saw(fresh_store: Store, tmp_path):
    fill(fresh_store)
    client = create_app(fresh_store).test_client()
    before = read(client, tmp_path, "enterprise_site", 13)
    z, x, y = address(13)
    tag = client.get(f"/tiles/enterprise_site/{z}/{x}/{y}.mvt").headers["ETag"]
    later = layers()["enterprise_site"]
    later.loc[later["code"] == RED, "name"] = "改名后的公司"
    fresh_store.write_batch("enterprise_site", later, file="later.gpkg", sha256="1" * 64)
    after = client.get(f"/tiles/enterprise_site/{z}/{x}/{y}.mvt")
    assert after.headers["ETag"] == tag
    assert "改名后的公司" not in set(read(client, tmp_path, "enterprise_site", 13)["name"])
    assert set(before["name"]) >= {SITES[RED][0]}


def test_without_a_study_the_tiles_follow_every_batch(fresh_store: Store, tmp_path):
    client = create_app(fresh_store).test_client()
    for name in ("park", "enterprise_site"):
        fresh_store.write_batch(name, layers()[name], file=f"{name}.gpkg", sha256="0" * 64)
    first = read(client, tmp_path, "enterprise_site", 13)
    assert SITES[RED][0] in set(first["name"])
    later = layers()["enterprise_site"]
    later.loc[later["code"] == RED, "name"] = "改名后的公司"
    fresh_store.write_batch("enterprise_site", later, file="later.gpkg", sha256="1" * 64)
    assert "改名后的公司" in set(read(client, tmp_path, "enterprise_site", 13)["name"])
    z, x, y = address(13)
    assert client.get(f"/tiles/site_grade/{z}/{x}/{y}.mvt").status_code == 204
