"""A plan of several plots in one run: a ledger, refusals as lines, and a broken run taken up again."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from drawn import block, feature, project, workshop
from shapely.geometry import Polygon

from gisrisk.siting import Desk
from gisrisk.siting_batch import check_plots
from gisrisk.store import Store


def plan(path: Path) -> Path:
    """Six plots: a veto, two clear ones, a plant of several features, a bow tie, one outside all data."""
    features = [
        workshop(-915, code="A"),
        workshop(-1500, code="B"),
        workshop(-1600, code="C"),
        feature("enterprise_site", block(-1400, -1300, half_m=40), code="E9", plant_kind="other",
                is_hazchem_enterprise=False),
        feature("hazard_source", block(-1360, -1340), code="H9", site_code="E9", facility_type="workshop_yi"),
        feature("inventory", None, source_code="H9", substance="甲醇", quantity_t=1.0),
        feature("protected_target", Polygon([(114.95, 25.8), (114.951, 25.801), (114.951, 25.8), (114.95, 25.801)]),
                target_type="school", code="D"),
        workshop(-50_000, code="F"),
    ]  # fmt: skip
    path.write_text(json.dumps(project(*features)), encoding="utf-8")
    return path


def lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def desk(store: Store) -> Desk:
    return Desk(store, on="2026-11-25")


def test_every_plot_has_its_lines_sorted_by_weight(standing: Store, tmp_path: Path) -> None:
    out = tmp_path / "ledger.csv"
    done = check_plots(plan(tmp_path / "plan.geojson"), out, desk=desk(standing))
    assert done.plots == 6 and done.taken_up == 0
    found = lines(out)
    words = {row["plot"]: row["verdict"] for row in found}
    assert words == {"A": "veto", "B": "clear", "C": "clear", "E9": words["E9"], "D": "refused", "F": "undetermined"}
    assert sum(done.counts.values()) == 6
    order = [row["verdict"] for row in found]
    assert order == sorted(order, key=["refused", "veto", "undetermined", "conditional", "clear"].index)
    veto = next(row for row in found if row["plot"] == "A")
    assert (veto["target_code"], float(veto["required_m"]), veto["effect"]) == ("X1", 30.0, "veto")
    refused = next(row for row in found if row["plot"] == "D")
    assert "row 7" in refused["condition_zh"] and "Self-intersection" in refused["condition_zh"]
    assert not out.with_name("ledger.csv.journal").exists()
    assert standing.verdicts() == [] or all(v["name"] != "plan.geojson [A]" for v in standing.verdicts())


def test_a_broken_run_goes_on_where_it_stopped(standing: Store, tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole.csv", tmp_path / "broken.csv"
    path = plan(tmp_path / "plan.geojson")
    check_plots(path, whole, desk=desk(standing))

    class Stopped(Exception):
        pass

    def stop(step: str, done: int, total: int) -> None:
        if done == 3:
            raise Stopped

    with pytest.raises(Stopped):
        check_plots(path, broken, desk=desk(standing), progress=stop)
    assert not broken.exists()
    journal = broken.with_name("broken.csv.journal")
    with journal.open("a", encoding="utf-8") as stream:
        stream.write('{"plot": "E9", "ro')  # the power went while a line was written
    judged: list[Any] = []
    again = desk(standing)
    judge = again.judge
    again.judge = lambda *a, **k: judged.append(a) or judge(*a, **k)  # type: ignore[method-assign, func-returns-value]
    done = check_plots(path, broken, desk=again)
    assert done.taken_up == 3
    assert len(judged) == 2  # of the three plots left one is refused before it is judged
    assert broken.read_bytes() == whole.read_bytes()


def test_another_question_begins_anew(standing: Store, tmp_path: Path) -> None:
    path, out = plan(tmp_path / "plan.geojson"), tmp_path / "ledger.csv"
    journal = out.with_name("ledger.csv.journal")
    journal.write_text(json.dumps({"on": "1999-01-01"}) + "\n" + json.dumps({"plot": "A", "rows": []}) + "\n", "utf-8")
    assert check_plots(path, out, desk=desk(standing)).taken_up == 0


def test_plots_are_named_by_the_property(standing: Store, tmp_path: Path) -> None:
    path = tmp_path / "plan.geojson"
    path.write_text(
        json.dumps(project(workshop(-1500, code="A", plot="甲"), workshop(-1560, code="B", plot="甲"))), "utf-8"
    )
    done = check_plots(path, tmp_path / "ledger.csv", desk=desk(standing))
    assert done.plots == 1
    assert {row["plot"] for row in lines(tmp_path / "ledger.csv")} == {"甲"}
