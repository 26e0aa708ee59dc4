"""Reading: areas, boxes, past moments, order; PostGIS and shapely must pick the same rows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
import shapely
from small_town import frame, put, square

from gisrisk.errors import UnknownName
from gisrisk.store import Store
from gisrisk.store.query import moment

CHINA = timezone(timedelta(hours=8))


def codes(content: pd.DataFrame, column: str = "code") -> list[str]:
    return list(content[column])


def test_area_by_code_of_a_county_or_a_park(town: Store) -> None:
    assert codes(town.read("enterprise_site", area="320101")) == ["S1"]
    assert codes(town.read("hazard_source", area="320102")) == ["T2"]
    assert codes(town.read("enterprise_site", area="P1")) == ["S1"]
    assert codes(town.read("enterprise_site", area=square(100, 20))) == []


def test_table_without_geometry_follows_what_it_refers_to(town: Store) -> None:
    assert codes(town.read("inventory", area="320101"), "source_code") == ["T1"]
    assert codes(town.read("inventory", area=shapely.Point(119.505, 32.005)), "source_code") == ["T2"]
    assert codes(town.read("inventory"), "source_code") == ["T1", "T2"]
    assert not hasattr(town.read("inventory"), "geometry")


def test_area_and_box_together(town: Store) -> None:
    assert codes(town.read("enterprise_site", area="320101", bbox=(118.0, 31.0, 120.0, 33.0))) == ["S1"]
    assert codes(town.read("enterprise_site", area="320101", bbox=(119.4, 31.0, 120.0, 33.0))) == []


def test_unknown_area_is_named_with_those_that_exist(town: Store) -> None:
    with pytest.raises(UnknownName, match=r"area '999999'.*320101.*P1"):
        town.read("enterprise_site", area="999999")
    with pytest.raises(UnknownName):
        town.area_geometry("999999")


def test_area_geometry(town: Store) -> None:
    geometry, name, layer = town.area_geometry("320102")
    assert (name, layer) == ("东县", "admin_area")
    assert geometry.equals_exact(square(119.0, 31.5, 1.0))
    assert town.area_geometry("P1")[1:] == ("园区", "park")


def test_area_is_taken_as_it_was_at_the_moment(town: Store) -> None:
    before = town.last_recorded_at()
    put(town, "admin_area", frame([{"code": "320101", "name": "西县", "level": "county"}], [square(110, 20, 1.0)]))
    assert codes(town.read("enterprise_site", area="320101")) == []
    assert codes(town.read("enterprise_site", area="320101", as_of=before)) == ["S1"]


def test_inventory_of_a_past_moment_lies_where_its_source_lay(town: Store) -> None:
    before = town.last_recorded_at()
    moved = {"code": "T1", "name": "液氨罐", "site_code": "S1", "facility_type": "storage_tank"}
    put(town, "hazard_source", frame([moved], [shapely.Point(119.5, 32.0)]))
    assert codes(town.read("inventory", area="320101"), "source_code") == []
    assert codes(town.read("inventory", area="320101", as_of=before), "source_code") == ["T1"]


def test_rows_come_in_the_order_of_their_codes_whatever_the_order_of_import(fresh_store: Store) -> None:
    given = ["b", "B", "a", "10", "9", "甲", "A", "é"]
    rows = [{"code": code, "name": "厂"} for code in given]
    put(fresh_store, "enterprise_site", frame(rows, [shapely.Point(118, 32)] * len(rows)))
    # by code point: digits, capitals, small letters, then the rest; the same under every locale
    assert codes(fresh_store.read("enterprise_site")) == ["10", "9", "A", "B", "a", "b", "é", "甲"]
    assert sorted(given) == ["10", "9", "A", "B", "a", "b", "é", "甲"]


def test_postgis_and_shapely_pick_the_same_rows(fresh_store: Store) -> None:
    random = np.random.default_rng(20261122)
    corners = random.uniform([118, 31], [120, 33], size=(400, 2))
    shapes = [
        shapely.Point(x, y)
        if number % 3 == 0
        else shapely.LineString([(x, y), (x + 0.2, y + 0.1)])
        if number % 3 == 1
        else square(x, y, 0.1)
        for number, (x, y) in enumerate(corners)
    ]
    rows = [{"code": f"{number:03d}", "name": "厂"} for number in range(len(shapes))]
    put(fresh_store, "enterprise_site", frame(rows, shapes))
    area = shapely.Point(119, 32).buffer(0.5).difference(shapely.Point(119.1, 32).buffer(0.2))
    expected = [row["code"] for row, shape in zip(rows, shapes, strict=True) if shape.intersects(area)]
    assert 0 < len(expected) < 400
    assert codes(fresh_store.read("enterprise_site", area=area)) == expected
    box = (118.7, 31.8, 119.2, 32.3)
    expected = [row["code"] for row, shape in zip(rows, shapes, strict=True) if shape.intersects(shapely.box(*box))]
    assert codes(fresh_store.read("enterprise_site", bbox=box)) == expected


def test_touching_the_area_counts(fresh_store: Store) -> None:
    put(fresh_store, "enterprise_site", frame([{"code": "S1", "name": "厂"}], [square(118, 32, 1)]))
    assert len(fresh_store.read("enterprise_site", area=square(119, 32, 1))) == 1
    assert len(fresh_store.read("enterprise_site", area=square(119.0001, 32, 1))) == 0


def test_geometry_of_many_vertices_comes_back(fresh_store: Store) -> None:
    coast = shapely.Point(120, 30).buffer(1.0, quad_segs=200_000)  # its row is longer than a block of the reader
    put(fresh_store, "admin_area", frame([{"code": "330000", "name": "大区"}], [coast]))
    assert fresh_store.read("admin_area").geometry[0].equals_exact(coast)


def test_empty_layers_read_as_empty_frames_with_all_columns(fresh_store: Store, town: Store) -> None:
    full = town.read("hazard_source")
    empty = town.read("hazard_source", as_of="2000-01-01")
    assert len(full) == 2 and len(empty) == 0
    assert list(empty.columns) == list(full.columns)
    assert empty.crs == full.crs
    assert empty.dtypes.to_dict() == full.dtypes.to_dict()


@pytest.mark.parametrize(
    ("given", "means"),
    [
        ("2026-11-01", datetime(2026, 11, 1, 23, 59, 59, 999999, CHINA)),
        (date(2026, 11, 1), datetime(2026, 11, 1, 23, 59, 59, 999999, CHINA)),
        ("2026-11-01T08:30", datetime(2026, 11, 1, 8, 30, tzinfo=CHINA)),
        ("2026-11-01T00:30:00Z", datetime(2026, 11, 1, 8, 30, tzinfo=CHINA)),
        (datetime(2026, 11, 1, 8, 30), datetime(2026, 11, 1, 0, 30, tzinfo=UTC)),
    ],
)
def test_moment_without_an_offset_is_china_time_and_a_day_is_whole(given: object, means: datetime) -> None:
    assert moment(given) == means  # type: ignore[arg-type]


def test_moment_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="2026-11-31"):
        moment("2026-11-31")


def test_counts_and_an_empty_store(fresh_store: Store) -> None:
    assert set(fresh_store.layer_counts().values()) == {0}
    assert fresh_store.last_recorded_at() is None
    assert fresh_store.latest_study() is None
    assert fresh_store.raster("population") is None


def test_counts_are_of_what_holds_now(town: Store) -> None:
    put(town, "park", frame([{"code": "P1", "name": "新名"}], [square(118.4, 31.9, 0.3)]))
    counts = town.layer_counts()
    assert (counts["park"], counts["enterprise_site"], counts["inventory"], counts["dense_area"]) == (1, 2, 2, 0)


def test_missing_text_is_none_and_so_not_taken_for_a_value(town: Store) -> None:
    assert town.read("enterprise_site")["park_code"].tolist() == ["P1", None]  # NaN would count as true


def test_raster_layer_is_not_read_as_rows(fresh_store: Store) -> None:
    with pytest.raises(ValueError, match="raster"):
        fresh_store.read("population")
