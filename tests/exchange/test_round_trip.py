"""What is written and read again is the same, bit by bit, in all four formats."""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gisrisk.catalog import Column, Layer, layer, load_layers, vocabulary
from gisrisk.exchange import CannotWrite, read_table, validate, write_table

VECTORS = [one.name for one in load_layers().values() if one.kind == "vector"]
SUFFIXES = [".gpkg", ".geojson", ".csv", ".parquet"]
# Codes and names that have broken imports before: leading zeros, rare Han, emoji, quotes, line breaks, looks of
# other types
AWKWARD = [
    "007",
    "㐀䶮",
    "🛢️储罐",
    'a "b", c',
    "line\nbreak",
    "2024-05-01",
    "1e5",
    "true",
    "NULL",
    "NA",
    "None",
    "=1+1",
    "{}",
    "a;b",
    "'",
    "中 文",
    "é",
]
SHAPES = {
    "Point": [shapely.Point(114.93520123456789, 25.1 + 0.2), shapely.MultiPoint([(114.1, 25), (114.2, 25)])],
    "LineString": [
        shapely.LineString([(114.1, 25.3), (114.7, 25.9)]),
        shapely.MultiLineString([[(1e-7 / 3, 25), (0.1, 26)], [(1, 2), (3, 4)]]),
    ],
    "Polygon": [
        shapely.Polygon([(114, 25), (115, 25), (115, 26), (114, 26)], [[(114.2, 25.2), (114.2, 25.4), (114.4, 25.4)]]),
        shapely.MultiPolygon([shapely.box(114, 25, 114.1, 25.1), shapely.box(1 / 3, 2 / 3, 4 / 3, 5 / 3)]),
    ],
}
DIVISIONS = [f"36070{i}" for i in range(10)] + [f"36070200{i}" for i in range(10)]
GOOD_OF_FORMAT = {
    "cas": ["7782-50-5", "67-56-1"],
    "industry_code": ["26", "0710"],
    "hazard_symbols": ["W5.3;J4", "J1"],
    "division_code": DIVISIONS,
}


def again(frame: pd.DataFrame, one: Layer, suffix: str, folder: Path) -> pd.DataFrame:
    path = write_table(frame, folder / f"file{suffix}", one)
    crs = "EPSG:4490" if suffix == ".csv" and one.kind == "vector" else None
    return validate(read_table(path, one, crs=crs), one)


def assert_same(before: pd.DataFrame, after: pd.DataFrame, one: Layer) -> None:
    assert len(before) == len(after)
    names = [column.name for column in one.import_columns] + ["attributes"] * one.has_attributes
    for name in names:
        for was, is_now in zip(before[name], after[name], strict=True):
            assert (is_now == was) or (pd.isna(was) and pd.isna(is_now)), (name, was, is_now)
    if one.kind == "vector":
        for was, is_now in zip(before.geometry, after.geometry, strict=True):
            assert is_now.equals_exact(was, 0), (was.wkt, is_now.wkt)
            assert is_now.geom_type == was.geom_type
        assert after.crs == "EPSG:4490"


def value(column: Column, number: int) -> object:
    """A value of the column, None on every third row where that is allowed."""
    if not column.required and number % 3 == 2:
        return None
    if column.allowed is not None:
        code = list(column.allowed)[number % len(column.allowed)]
        return int(code) if column.type == "integer" else code
    if column.format is not None:
        good = GOOD_OF_FORMAT[column.format]
        return good[number % len(good)]
    return {
        "text": AWKWARD[number % len(AWKWARD)],
        "integer": number + 1,
        "number": (number + 1) / 3,
        "boolean": number % 2 == 0,
        "date": dt.date(1999 + number, 2, 28),
    }[column.type]


def awkward_frame(one: Layer) -> gpd.GeoDataFrame:
    rows = len(AWKWARD)
    columns = {c.name: pd.Series([value(c, i) for i in range(rows)], dtype=object) for c in one.import_columns}
    if one.has_attributes:
        own = {column.name for column in one.columns}
        columns["attributes"] = pd.Series([attributes(i, own) for i in range(rows)], dtype=object)
    shapes = [shape for kind in one.geometry for shape in SHAPES[kind]]
    return gpd.GeoDataFrame(columns, geometry=[shapes[i % len(shapes)] for i in range(rows)], crs=4490)


def attributes(number: int, own: set[str]) -> dict[str, object]:
    """Vocabulary attributes of every kind, none on every third row."""
    if number % 3 == 2:
        return {}
    given_here: dict[str, object] = {}
    for name, attribute in vocabulary().attributes.items():
        if name in own or not attribute.can_be_entered:
            continue
        if attribute.type == "number":
            given_here[name] = number / 7 + 0.1
        elif attribute.type == "bool":
            given_here[name] = number % 2 == 1
        elif attribute.type == "text":
            given_here[name] = AWKWARD[number % len(AWKWARD)]
        elif attribute.type == "enum":
            given_here[name] = attribute.values[number % len(attribute.values)]
        else:
            given_here[name] = list(attribute.values[: 1 + number % 2])
    return given_here


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("name", VECTORS)
def test_every_vector_layer_comes_back(name, suffix, tmp_path):
    one = layer(name)
    frame = awkward_frame(one)
    assert_same(frame, again(frame, one, suffix, tmp_path), one)


@pytest.mark.parametrize("suffix", [".gpkg", ".csv", ".parquet"])
def test_the_inventory_comes_back(suffix, tmp_path):
    one = layer("inventory")
    frame = pd.DataFrame(awkward_frame_of_table(one))
    assert_same(frame, again(frame, one, suffix, tmp_path), one)


def awkward_frame_of_table(one: Layer) -> dict[str, pd.Series]:
    rows = len(AWKWARD)
    columns = {c.name: pd.Series([value(c, i) for i in range(rows)], dtype=object) for c in one.import_columns}
    columns["attributes"] = pd.Series([attributes(i, set(columns)) for i in range(rows)], dtype=object)
    return columns


# Text as a person may type it: no control characters (a spreadsheet cell has none but line breaks), no blanks at the
# ends (import removes them and says so), no lone surrogates (no file can hold them)
TYPED = (
    st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=30)
    .map(str.strip)
    .filter(lambda text: text != "")
)
LON = st.floats(-180, 180, allow_subnormal=False)
LAT = st.floats(-90, 90, allow_subnormal=False)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=st.lists(
        st.tuples(TYPED, TYPED, st.none() | TYPED, st.none() | st.floats(0, allow_infinity=False), LON, LAT),
        min_size=1,
        max_size=6,
        unique_by=lambda row: row[0],
    )
)
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_any_text_number_and_position_comes_back(suffix, rows):
    one = layer("protected_target")
    frame = gpd.GeoDataFrame(
        {
            "code": [row[0] for row in rows],
            "name": [row[1] for row in rows],
            "target_type": "school",
            "population": [row[3] for row in rows],
        },
        geometry=[shapely.Point(row[4], row[5]) for row in rows],
        crs=4490,
    )
    # a position inside China only when exchanged is refused on purpose
    frame = frame[[not (3 <= p.x <= 54 and 73 <= p.y <= 136) for p in frame.geometry]].reset_index(drop=True)
    if frame.empty:
        return
    with tempfile.TemporaryDirectory() as folder:
        after = again(frame, one, suffix, Path(folder))
    assert list(after["code"]) == list(frame["code"])
    assert list(after["name"]) == list(frame["name"])
    for was, is_now in zip(frame["population"].astype(float), after["population"], strict=True):
        assert is_now == was or (pd.isna(was) and pd.isna(is_now))
    assert all(b.equals_exact(a, 0) for a, b in zip(frame.geometry, after.geometry, strict=True))


def test_geojson_follows_rfc_7946(tmp_path):
    one = layer("park")
    path = write_table(awkward_frame(one), tmp_path / "parks.geojson", one)
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content["type"] == "FeatureCollection"
    assert "crs" not in content  # RFC 7946, section 4
    assert content["features"][0]["geometry"]["coordinates"][0][0] == [114.0, 25.0]  # longitude first


def test_csv_opens_in_a_spreadsheet_with_chinese(tmp_path):
    one = layer("park")
    path = write_table(awkward_frame(one), tmp_path / "parks.csv", one)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")


def test_other_software_reads_our_geoparquet_and_geopackage(tmp_path):
    one = layer("protected_target")
    frame = awkward_frame(one)
    parquet = gpd.read_parquet(write_table(frame, tmp_path / "a.parquet", one))
    package = gpd.read_file(write_table(frame, tmp_path / "a.gpkg", one), layer="protected_target")
    for read in (parquet, package):
        assert read.crs == "EPSG:4490"
        assert list(read["code"]) == list(frame["code"])
        assert all(b.equals_exact(a, 0) for a, b in zip(frame.geometry, read.geometry, strict=True))
    assert str(package["built_on"].dtype) in ("object", "datetime64[ms]")


def test_the_bookkeeping_of_the_store_is_shown_and_left_out_again(tmp_path):
    one = layer("park")
    frame = awkward_frame(one)
    frame["fid"] = [f"00000000-0000-0000-0000-{i:012d}" for i in range(len(frame))]
    frame["rev"] = 1
    frame["recorded_at"] = pd.Timestamp("2026-11-22T08:00:00Z")
    for suffix in SUFFIXES:
        path = write_table(frame, tmp_path / f"parks{suffix}", one)
        incoming = read_table(path, one, crs="EPSG:4490" if suffix == ".csv" else None)
        assert {k for k, v in incoming.column_mapping.items() if v == "-"} == {"feature_uid", "rev", "recorded_at"}
        assert any("feature_uid, rev, recorded_at" in warning for warning in incoming.warnings)
        assert_same(frame, validate(incoming, one), one)


def test_what_cannot_be_written_is_said(tmp_path):
    one = layer("inventory")
    with pytest.raises(CannotWrite, match=r"'\.shp' is not written"):
        write_table(pd.DataFrame(), tmp_path / "a.shp", one)
    with pytest.raises(CannotWrite, match="has no geometry"):
        write_table(pd.DataFrame(), tmp_path / "a.geojson", one)


def test_a_failed_write_leaves_the_old_file(tmp_path):
    one = layer("park")
    path = tmp_path / "parks.gpkg"
    path.write_text("old")
    with pytest.raises(KeyError):
        write_table(pd.DataFrame({"code": ["P"]}), path, one)  # no geometry column
    broken = awkward_frame(one)
    broken["approved_on"] = "soon"
    with pytest.raises(pa.ArrowTypeError):
        write_table(broken, path, one)
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["parks.gpkg"]
