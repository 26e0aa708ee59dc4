"""The ledger of existing violations: shortfall, people, since when, remedy, and whose move clears most."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from drawn import block, frame, open_flame, point
from drawn_town import put, town

from gisrisk.analysis.ledger import relocation_ranking, violation_ledger, with_history
from gisrisk.analysis.separation import separation_findings
from gisrisk.chinatime import day_of
from gisrisk.rules import load_rules
from gisrisk.rules.subjects import build_subjects
from gisrisk.store import Store
from gisrisk.study import run_study
from gisrisk.violations import existing_violations, write_frame

ON = date(2026, 11, 25)


def found(frames: dict[str, pd.DataFrame]) -> gpd.GeoDataFrame:
    return violation_ledger(separation_findings(load_rules(), build_subjects(frames), on=ON).findings, frames)


def test_one_row_for_each_source_target_and_clause() -> None:
    """The workshop of the town stands 10 m from the flame F1, 30 m are required: 20 m short."""
    ledger = found(town())
    at_flame = ledger[(ledger["target_code"] == "F1") & ledger["document_no"].str.startswith("GB 50016")]
    (row,) = at_flame.to_dict("records")
    assert (row["source_code"], row["site_code"], row["required_m"]) == ("W1", "E1", 30.0)
    assert row["shortfall_m"] == pytest.approx(20.0, abs=0.01)
    assert "20.0 m" in row["remedy_zh"] and "F1" in row["remedy_zh"]
    assert row["row_no"] == 1  # confirmed and the farthest short


def test_since_goes_back_through_revisions_that_changed_nothing_of_it() -> None:
    """Recorded on 2 January; on 3 March the workshop got a new name; on 4 May the flame moved from 40 m to 10 m."""
    day = {
        1: pd.Timestamp("2026-01-02", tz="UTC"),
        3: pd.Timestamp("2026-03-03", tz="UTC"),
        5: pd.Timestamp("2026-05-04", tz="UTC"),
    }
    shop = {"code": "W1", "facility_type": "workshop_jia", "site_regime": "general_industry", "geometry": block(-20, 0)}
    shops = {1: frame("hazard_source", shop), 3: frame("hazard_source", shop | {"name": "新名", "recorded_at": day[3]})}
    near = {"code": "F2", "target_type": "open_flame_point", "geometry": point(-30)}
    flames = {
        1: frame("protected_target", open_flame(40), near),
        5: frame("protected_target", open_flame(10) | {"recorded_at": day[5]}, near),
    }

    def frames_at(moment: pd.Timestamp | None) -> dict[str, pd.DataFrame]:
        if moment is not None and moment < day[1]:
            return {"hazard_source": shops[1].iloc[:0], "protected_target": flames[1].iloc[:0]}
        shop_now = shops[3] if moment is None or moment >= day[3] else shops[1]
        return {
            "hazard_source": shop_now,
            "protected_target": flames[5] if moment is None or moment >= day[5] else flames[1],
        }

    now = frames_at(None)
    ledger = with_history(found(now), now, frames_at, load_rules(), on=ON)
    since = dict(zip(ledger["target_code"], ledger["since"], strict=True))
    assert since["F1"] == date(2026, 5, 4)  # the flame came near then
    assert since["F2"] == date(2026, 1, 2)  # the new name of the workshop changed nothing


def test_the_ranking_counts_each_place_once_and_names_parks_with_room() -> None:
    world = town()
    flame = {"code": "F3", "target_type": "open_flame_point", "population": 7.0, "geometry": point(-25)}
    world["protected_target"] = frame("protected_target", open_flame(10) | {"population": 5.0}, flame)
    ledger = found(world)
    ranking = relocation_ranking(ledger, world, on=ON)
    (row,) = ranking.to_dict("records")
    assert (row["rank"], row["site_code"], row["people"], row["places"]) == (1, "E1", 12.0, 2)
    assert row["rows"] == len(ledger)
    # the park is 1 km x 1 km and empty: 100 ha; the site is 120 m x 65 m
    assert row["parks"].startswith("P1 甲园区 (100.0 ha)")
    assert row["area_m2"] == pytest.approx(120 * 65, rel=0.01)
    assert not row["in_dense_area"]
    expired = dict(world, park=world["park"].assign(approval_expires=date(2026, 1, 1)))
    assert relocation_ranking(ledger, expired, on=ON)["parks"].iloc[0] == ""


def test_no_violation_no_rows() -> None:
    world = town() | {"protected_target": frame("protected_target")}
    ledger = found(world)
    assert len(ledger) == 0
    assert len(relocation_ranking(ledger, world, on=ON)) == 0


def test_from_the_store_to_a_file(town_store: Store, tmp_path: Path) -> None:
    first = town_store.last_recorded_at()
    assert first is not None
    put(town_store, "hazard_source", town()["hazard_source"].assign(name="新名"))
    study = run_study(store=town_store, on=ON)
    violations = existing_violations(study, town_store)
    row = violations.ledger[violations.ledger["target_code"] == "F1"].iloc[0]
    assert row["since"] == day_of(first)
    for name in ("ledger.csv", "ledger.gpkg", "ledger.geojson", "ledger.parquet"):
        path = write_frame(violations.ledger, tmp_path / name, name="violations")
        assert path.stat().st_size > 0
    table = pd.read_csv(tmp_path / "ledger.csv", encoding="utf-8-sig")
    assert table["required_m"].iloc[0] == 30.0 and len(table) == len(violations.ledger)
    assert len(gpd.read_file(tmp_path / "ledger.gpkg")) == len(violations.ledger)
