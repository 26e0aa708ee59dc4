"""Studies: written once, whole or not at all, and read back as they were."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime
from typing import Any

import geopandas as gpd
import pandas as pd
import psycopg
import pytest
import shapely
import sqlalchemy as sa
from small_town import square

from gisrisk.errors import UnknownName
from gisrisk.store import Store
from gisrisk.store.results import RESULT_TABLES


def row(study_id: str = "a1", **more: Any) -> dict[str, Any]:
    return {
        "study_id": study_id,
        "area": "320101",
        "area_name": "西县",
        "on_day": date(2026, 11, 22),
        "as_of": datetime(2026, 11, 20, 4, 5, 6, 789, tzinfo=UTC),
        "rule_set": "0123456789ab",
        "method": {"id": "four_colours", "name_zh": "四色"},
        "parameters": {"reach_m": 2000.0, "list": (1, 2)},
        "input_sha256": "f" * 64,
        "code_version": "0.1.0",
        "synthetic": True,
        "counts": {"findings": 2},
        "timings_s": {"read": 0.25},
        "not_evaluated": ["a", "b"],
        "geometry": square(118, 31.5, 1.0),
    } | more


def findings() -> gpd.GeoDataFrame:
    rows = [
        {
            "finding_no": 2,
            "rule_id": "GB 50016/4.2.1-a",
            "clause": "4.2.1",
            "mandatory": True,
            "required_m": 25.0,
            "measured_m": 12.625,
            "status": "violation",
            "missing": [],
            "people": 12.0,
            "since": date(2015, 5, 1),
        },
        {
            "finding_no": 1,
            "rule_id": "X",
            "mandatory": False,
            "status": "undetermined",
            "missing": ["height_m", "roof"],
        },
    ]
    return gpd.GeoDataFrame(rows, geometry=[shapely.LineString([(118, 32), (118.1, 32)]), None], crs="EPSG:4490")


def grades() -> pd.DataFrame:
    return pd.DataFrame(
        [{"unit_code": "U1", "status": "major", "level": 1, "level_min": None, "detail": {"q": [1.5, None]}}]
    )


def test_study_comes_back_as_it_was_saved(fresh_store: Store) -> None:
    assert fresh_store.save_study(row(), {"finding": findings(), "hazard_grade": grades()}) is True
    back = fresh_store.study("a1")
    expected = row()
    assert back.pop("geometry").equals_exact(expected.pop("geometry"))
    assert back.pop("created_at").tzinfo is not None
    expected["parameters"]["list"] = [1, 2]
    assert back == expected

    found = fresh_store.read_result("finding", "a1")
    assert found["finding_no"].tolist() == [2, 1]  # in the order saved
    assert found["missing"].isna().tolist() == [True, False] and found["missing"][1] == "height_m;roof"
    assert found["measured_m"][0] == 12.625 and pd.isna(found["measured_m"][1])
    assert found["mandatory"].tolist() == [True, False]
    assert found["since"].tolist() == [date(2015, 5, 1), None]
    assert found.geometry[0].equals_exact(findings().geometry[0]) and found.geometry[1] is None
    assert found.crs == "EPSG:4490"
    (grade,) = fresh_store.read_result("hazard_grade", "a1").to_dict("records")
    assert (grade["level"], pd.isna(grade["level_min"]), grade["detail"]) == (1, True, {"q": [1.5, None]})
    assert fresh_store.read_result("site_grade", "a1").empty


@pytest.mark.parametrize("count", [0, 2])
def test_a_date_column_without_a_date_may_have_any_pandas_type(fresh_store: Store, count: int) -> None:
    frame = findings().iloc[:count].assign(since=pd.Series([float("nan")] * count, dtype=float))
    fresh_store.save_study(row(), {"finding": frame})
    assert fresh_store.read_result("finding", "a1")["since"].tolist() == [None] * count


def test_same_study_is_written_once(fresh_store: Store) -> None:
    assert fresh_store.save_study(row(), {"finding": findings()}) is True
    created = fresh_store.study("a1")["created_at"]
    assert fresh_store.save_study(row(area_name="other"), {"finding": findings()}) is False
    assert len(fresh_store.read_result("finding", "a1")) == 2
    assert fresh_store.study("a1")["area_name"] == "西县"
    assert fresh_store.study("a1")["created_at"] == created


def test_same_study_from_many_threads_is_written_once(fresh_store: Store) -> None:
    answers: list[bool] = []
    threads = [
        threading.Thread(target=lambda: answers.append(fresh_store.save_study(row(), {"finding": findings()})))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [False, False, False, True]
    assert len(fresh_store.read_result("finding", "a1")) == 2


def test_study_that_does_not_fit_leaves_nothing(fresh_store: Store) -> None:
    with pytest.raises(psycopg.errors.NotNullViolation):
        fresh_store.save_study(row(), {"finding": findings().assign(status=None)})
    assert fresh_store.latest_study() is None
    with pytest.raises(UnknownName, match="colour"):
        fresh_store.save_study(row(), {"finding": findings().assign(colour="red")})
    with pytest.raises(UnknownName, match="result table"):
        fresh_store.save_study(row(), {"findings": findings()})
    with pytest.raises(ValueError, match="EPSG:3857"):
        fresh_store.save_study(row(), {"finding": findings().to_crs("EPSG:3857")})
    with pytest.raises(UnknownName, match="surprise"):
        fresh_store.save_study(row(surprise=1), {})
    assert fresh_store.latest_study() is None


def test_latest_study_of_an_area(fresh_store: Store) -> None:
    fresh_store.save_study(row("a1"), {})
    fresh_store.save_study(row("b1", area="P1"), {})
    fresh_store.save_study(row("a2"), {})
    fresh_store.save_study(row("b2", area="P1", geometry=None), {})
    newest = fresh_store.latest_study()
    assert newest is not None and (newest["study_id"], newest["geometry"]) == ("b2", None)
    newest = fresh_store.latest_study("320101")
    assert newest is not None and newest["study_id"] == "a2"
    assert fresh_store.latest_study("999999") is None


def test_unknown_study_and_table_are_named(fresh_store: Store) -> None:
    fresh_store.save_study(row("a1"), {})
    with pytest.raises(UnknownName, match=r"study 'zz'.*a1"):
        fresh_store.study("zz")
    with pytest.raises(UnknownName, match="finding"):
        fresh_store.read_result("findings", "a1")


@pytest.mark.parametrize("table", ["study", *RESULT_TABLES])
def test_result_is_never_changed_but_a_study_can_be_deleted_whole(module_store: Store, table: str) -> None:
    module_store.save_study(row("a1"), {"finding": findings()})
    with pytest.raises(sa.exc.IntegrityError), module_store.engine.begin() as connection:
        connection.execute(sa.text(f"UPDATE {table} SET study_id = 'x'"))
    with module_store.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM study"))
    assert module_store.read_result("finding", "a1").empty
