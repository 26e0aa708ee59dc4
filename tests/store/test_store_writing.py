"""Imports: what becomes a revision, what is refused, and that history never changes."""

from __future__ import annotations

from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_town import frame, put, sites, square

from gisrisk.errors import InputRefused, UnknownName
from gisrisk.store import Store, bulk


def test_second_import_of_the_same_rows_makes_no_revision(fresh_store: Store) -> None:
    first = put(fresh_store, "enterprise_site", sites("S1", "S2", "S3"))
    again = put(fresh_store, "enterprise_site", sites("S1", "S2", "S3"))
    assert (first.added, first.changed, first.unchanged) == (3, 0, 0)
    assert (again.added, again.changed, again.unchanged) == (0, 0, 3)
    assert again.recorded_at > first.recorded_at
    assert fresh_store.read("enterprise_site")["rev"].tolist() == [1, 1, 1]
    assert fresh_store.last_recorded_at() == first.recorded_at  # nothing changed since


def test_change_keeps_the_identity_and_the_past(fresh_store: Store) -> None:
    first = put(fresh_store, "enterprise_site", sites("S1", "S2"))
    before = fresh_store.read("enterprise_site")
    changed = sites("S1", "S2", "S3")
    changed.loc[1, "name"] = "乙厂"
    second = put(fresh_store, "enterprise_site", changed)
    assert (second.added, second.changed, second.unchanged) == (1, 1, 1)

    now = fresh_store.read("enterprise_site").set_index("code")
    assert now["name"].to_dict() == {"S1": "甲厂", "S2": "乙厂", "S3": "甲厂"}
    assert now["rev"].to_dict() == {"S1": 1, "S2": 2, "S3": 1}
    assert now.loc["S2", "fid"] == before.set_index("code").loc["S2", "fid"]
    assert now["fid"].is_unique

    past = fresh_store.read("enterprise_site", as_of=first.recorded_at)
    pd.testing.assert_frame_equal(past, before)
    assert fresh_store.read("enterprise_site", as_of="2020-01-01").empty


def moved(content: gpd.GeoDataFrame) -> None:
    content.geometry = content.geometry.translate(1e-9)  # 0.1 mm


def redrawn(content: gpd.GeoDataFrame) -> None:
    content.geometry = content.geometry.reverse()


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.__setitem__("name", "乙厂"),
        lambda c: c.__setitem__("name", c["name"] + " "),
        lambda c: c.__setitem__("staff", 7),
        lambda c: c.__setitem__("built_on", date(2001, 2, 3)),
        lambda c: c.__setitem__("is_hazchem_enterprise", True),
        lambda c: c.__setitem__("attributes", [{"remark": 1}]),
        lambda c: c.__setitem__("position_source", "survey"),
        lambda c: c.__setitem__("position_uncertainty_m", 0.5),
        moved,
        redrawn,
    ],
)
def test_any_difference_is_a_change_and_going_back_is_another(fresh_store: Store, change: Any) -> None:
    put(fresh_store, "enterprise_site", sites("S1"))
    other = sites("S1")
    change(other)
    assert put(fresh_store, "enterprise_site", other).changed == 1
    assert put(fresh_store, "enterprise_site", other).unchanged == 1
    assert put(fresh_store, "enterprise_site", sites("S1")).changed == 1
    assert fresh_store.read("enterprise_site")["rev"].tolist() == [3]


def test_every_kind_of_value_comes_back_as_it_went(fresh_store: Store) -> None:
    names = ['逗号, "引号"', "两行\n\\.\nN", "", " 空格 ", "\\N", None]
    number = [0.1, 1e-300, -0.0, 12345678901234567.0, 1 / 3, None]
    count = len(names)
    content = frame(
        [
            {
                "code": f"T{place}",
                "name": names[place] if names[place] is not None else "有",
                "facility_type": "storage_tank",
                "storage_form": names[place],
                "volume_m3": number[place],
                "storeys": [3, None, 0, -1, 2**40, 5][place],
                "handles_flammable_vapour": [True, False, None, True, False, None][place],
                "commissioned_on": [
                    date(1949, 10, 1),
                    None,
                    date(2026, 2, 28),
                    date(1, 1, 1),
                    date(9999, 12, 31),
                    None,
                ][place],
                "attributes": [{}, {"a": [1, 2.5, "三"], "b": {"c": None}}, None, {"x": True}, {"": '"'}, {"n": 0.1}][
                    place
                ],
                "position_source": ["survey", None, "synthetic", "unknown", "imagery", "survey"][place],
                "position_uncertainty_m": number[place],
            }
            for place in range(count)
        ],
        [
            shapely.Point(118.123456789012345, 32.1),
            shapely.LineString([(118, 32), (118.1, 32.1), (118.2, 32)]),
            square(118, 32).difference(square(118.002, 32.002, 0.001)),
            shapely.MultiPoint([(118, 32), (119, 33)]),
            shapely.MultiPolygon([square(118, 32), square(119, 32)]),
            shapely.Point(118, 32, 50.0),  # heights are not kept
        ],
    )
    put(fresh_store, "hazard_source", content)
    back = fresh_store.read("hazard_source")
    assert back["code"].tolist() == content["code"].tolist()
    for name in ("name", "storage_form", "volume_m3", "storeys", "handles_flammable_vapour", "commissioned_on"):
        expected = [None if pd.isna(value) else value for value in content[name]]
        assert [None if pd.isna(value) else value for value in back[name]] == expected, name
    assert np.signbit(back["volume_m3"][2])
    assert back["attributes"].tolist() == [each or {} for each in content["attributes"]]
    assert back["position_source"].tolist() == ["survey", "unknown", "synthetic", "unknown", "imagery", "survey"]
    assert (shapely.to_wkb(back.geometry) == shapely.to_wkb(shapely.force_2d(content.geometry))).all()
    assert back.crs == "EPSG:4490"
    assert back["recorded_at"].dt.tz is not None
    assert put(fresh_store, "hazard_source", back.drop(columns=["fid", "rev", "recorded_at"])).unchanged == count


def refused(store: Store, layer: str, content: pd.DataFrame, **more: Any) -> list[Any]:
    counts, stamp = store.layer_counts(), store.last_recorded_at()
    with pytest.raises(InputRefused) as caught:
        put(store, layer, content, **more)
    assert (store.layer_counts(), store.last_recorded_at()) == (counts, stamp)
    return list(caught.value.problems)


def test_reference_that_points_nowhere_is_refused_with_its_row(town: Store) -> None:
    content = frame(
        [
            {"code": "T8", "name": "罐", "facility_type": "storage_tank", "site_code": "S1"},
            {"code": "T9", "name": "罐", "facility_type": "storage_tank", "site_code": "没有"},
            {"code": "T7", "name": "罐", "facility_type": "storage_tank", "site_code": None},
        ],
        [shapely.Point(118.5, 32)] * 3,
    )
    (problem,) = refused(town, "hazard_source", content)
    assert (problem.file, problem.row, problem.field) == ("hazard_source.gpkg", 2, "site_code")
    assert "没有" in problem.reason and "enterprise_site" in problem.reason

    content["__row__"] = [10, 20, 30]
    (problem,) = refused(town, "hazard_source", content)
    assert problem.row == 20


def test_inventory_of_an_unknown_source_is_refused(town: Store) -> None:
    (problem,) = refused(town, "inventory", frame([{"source_code": "T9", "substance": "苯", "quantity_t": 1.0}]))
    assert problem.field == "source_code"


def test_identity_twice_in_one_batch_is_refused(fresh_store: Store) -> None:
    problems = refused(fresh_store, "enterprise_site", sites("S1", "S2", "S1", "S1"))
    assert [problem.row for problem in problems] == [3, 4]
    assert "row 1" in problems[0].reason


def test_inventory_is_identified_by_source_substance_and_cas(town: Store) -> None:
    held = [
        {"source_code": "T2", "substance": "氯", "cas": "7782-50-5", "quantity_t": 5.0},  # new: the old one has no CAS
        {"source_code": "T2", "substance": "氯", "cas": None, "quantity_t": 6.0},  # changed
        {"source_code": "T1", "substance": "氨", "cas": "7664-41-7", "quantity_t": 40.0},
    ]
    report = put(town, "inventory", frame(held))
    assert (report.added, report.changed, report.unchanged) == (1, 1, 1)
    (problem,) = refused(town, "inventory", frame([held[1], held[1]]))
    assert problem.row == 2


@pytest.mark.parametrize(
    ("break_it", "row", "field"),
    [
        (lambda c: c.drop(columns="name"), None, "name"),
        (lambda c: c.assign(name=["甲", None]), 2, "name"),
        (lambda c: c.assign(staff=[1, "many"]), None, "staff"),
        (lambda c: c.assign(staff=[1, 1.5]), 2, "staff"),
        (lambda c: c.assign(position_uncertainty_m=[np.inf, 1.0]), 1, "position_uncertainty_m"),
        (lambda c: c.assign(built_on=["2001-02-30", "2001-01-01"]), None, "built_on"),
        (lambda c: c.assign(is_hazchem_enterprise=["maybe", "no"]), None, "is_hazchem_enterprise"),
        (lambda c: c.assign(name=["甲\x00", "乙"]), 1, "name"),
        (lambda c: c.assign(colour="red"), None, "colour"),
        (lambda c: c.set_geometry([shapely.Point(118, 32), None], crs=c.crs), 2, "geometry"),
        (lambda c: c.set_geometry([shapely.Polygon(), shapely.Point(118, 32)], crs=c.crs), 1, "geometry"),
        (lambda c: c.to_crs("EPSG:4549"), None, "geometry"),
        (lambda c: pd.DataFrame(c.drop(columns="geometry")), None, None),
    ],
)
def test_batch_that_does_not_fit_is_refused_whole(fresh_store: Store, break_it: Any, row: Any, field: Any) -> None:
    problems = refused(fresh_store, "enterprise_site", break_it(sites("S1", "S2")))
    assert (row, field) in [(problem.row, problem.field) for problem in problems]


def test_unknown_layer_is_named(fresh_store: Store) -> None:
    with pytest.raises(UnknownName, match="enterprise_site"):
        put(fresh_store, "enterprise_sites", sites("S1"))


def test_empty_batch_is_entered_and_changes_nothing(fresh_store: Store) -> None:
    report = put(fresh_store, "enterprise_site", sites("S1").iloc[:0])
    assert (report.added, report.changed, report.unchanged) == (0, 0, 0)
    assert fresh_store.last_recorded_at() is None


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM enterprise_site WHERE code = 'S1'",
        "TRUNCATE enterprise_site",
        "UPDATE enterprise_site SET name = 'x'",
        "UPDATE enterprise_site SET geom = ST_Translate(geom, 1e-12, 0) WHERE code = 'S1'",
        "UPDATE enterprise_site SET retired_at = now() + interval '1 day', rev = 9 WHERE code = 'S1'",
        "UPDATE enterprise_site SET retired_at = recorded_at - interval '1 s' WHERE code = 'S1'",
        "UPDATE enterprise_site SET retired_at = NULL WHERE code = 'S2' AND rev = 1",
        "UPDATE enterprise_site SET retired_at = retired_at + interval '1 day' WHERE code = 'S2' AND rev = 1",
        "UPDATE batch SET note = 'x'",
        "DELETE FROM batch",
        "TRUNCATE batch",
        "DELETE FROM raster",
    ],
)
def test_what_was_recorded_cannot_be_changed_by_sql(module_store: Store, statement: str) -> None:
    if module_store.layer_counts()["enterprise_site"] == 0:
        put(module_store, "enterprise_site", sites("S1", "S2"))
        put(module_store, "enterprise_site", sites("S1", "S2").assign(name=["甲厂", "乙厂"]))
    before = module_store.read("enterprise_site")
    with pytest.raises(sa.exc.IntegrityError), module_store.engine.begin() as connection:
        connection.execute(sa.text(statement))
    pd.testing.assert_frame_equal(module_store.read("enterprise_site"), before)


def test_row_can_be_retired_once(fresh_store: Store) -> None:
    put(fresh_store, "enterprise_site", sites("S1"))
    with fresh_store.engine.begin() as connection:
        connection.execute(sa.text("UPDATE enterprise_site SET retired_at = clock_timestamp()"))
    assert fresh_store.read("enterprise_site").empty


def indices(store: Store) -> set[str]:
    with store.engine.connect() as connection:
        found = connection.execute(sa.text("SELECT indexdef FROM pg_indexes WHERE schemaname = 'gisrisk'"))
        return set(found.scalars())


def test_first_load_with_indices_rebuilt_equals_plain_insertion(
    fresh_store: Store, module_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = frame(
        [{"code": f"T{place}", "name": "楼", "target_type": "residential_building"} for place in range(50)],
        [square(118 + place / 10, 32) for place in range(50)],
    )
    before = indices(fresh_store)
    put(module_store, "protected_target", content)
    monkeypatch.setattr(bulk, "WORTH_REBUILDING", 1)
    put(fresh_store, "protected_target", content)
    assert indices(fresh_store) == before
    one, other = (
        store.read("protected_target").drop(columns=["fid", "recorded_at"]) for store in (fresh_store, module_store)
    )
    pd.testing.assert_frame_equal(one, other)


def test_progress_counts_up_to_all_rows(fresh_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gisrisk.store.copying.CHUNK_ROWS", 2)
    seen: list[tuple[int, int]] = []
    put(fresh_store, "enterprise_site", sites("S1", "S2", "S3", "S4", "S5"), progress=lambda *each: seen.append(each))
    assert seen == [(2, 5), (4, 5), (5, 5)]


def test_stamps_rise_even_when_the_clock_was_ahead(fresh_store: Store) -> None:
    put(fresh_store, "enterprise_site", sites("S1"))
    with fresh_store.engine.begin() as connection:  # as if the server's clock had been an hour fast for one import
        connection.execute(
            sa.text(
                "INSERT INTO batch SELECT gen_random_uuid(), layer, file, sha256, recorded_at + interval '1 hour',"
                " rows, added, changed, unchanged, note, by FROM batch"
            )
        )
    ahead = fresh_store.last_recorded_at()
    assert ahead is not None
    assert put(fresh_store, "enterprise_site", sites("S1", "S2")).recorded_at > ahead


Content = dict[str, tuple[str, int | None]]
contents: st.SearchStrategy[Content] = st.dictionaries(
    st.sampled_from(["A", "B", "C", "D"]),
    st.tuples(st.sampled_from(["甲", "乙"]), st.sampled_from([None, 0, 1])),
    min_size=1,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(contents, min_size=1, max_size=5))
def test_every_past_moment_reads_as_a_dictionary_would_remember_it(
    fresh_store: Store, empty_again: Any, batches: list[Content]
) -> None:
    empty_again(fresh_store)
    remembered: Content = {}
    history: list[tuple[Any, Content]] = []
    for batch in batches:
        rows = [{"code": code, "name": name, "staff": staff} for code, (name, staff) in batch.items()]
        report = put(fresh_store, "enterprise_site", frame(rows, [shapely.Point(118, 32)] * len(rows)))
        assert report.added == len(batch.keys() - remembered.keys())
        assert report.unchanged == sum(remembered.get(code) == content for code, content in batch.items())
        remembered = remembered | batch
        history.append((report.recorded_at, remembered))
    for stamp, expected in [*history, (None, remembered)]:
        found = fresh_store.read("enterprise_site", as_of=stamp)
        staff = [None if pd.isna(value) else int(value) for value in found["staff"]]
        assert dict(zip(found["code"], zip(found["name"], staff, strict=True), strict=True)) == expected
