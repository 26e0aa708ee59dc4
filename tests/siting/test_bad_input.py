"""Proposals that cannot be judged: one clear refusal each, exit 3, and nothing stored."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from drawn import LAT, LON, block, feature, project, workshop
from drawn_town import fill
from shapely.geometry import Polygon, mapping

from gisrisk.analysis.siting.proposal import read_proposal
from gisrisk.errors import InputRefused
from gisrisk.store import open_store

Run = Callable[..., subprocess.CompletedProcess[str]]


def bow_tie() -> dict[str, Any]:
    crossing = Polygon([(LON, LAT), (LON + 0.001, LAT + 0.001), (LON + 0.001, LAT), (LON, LAT + 0.001)])
    return project(workshop(), feature("protected_target", crossing, target_type="school"))


def tiny() -> dict[str, Any]:
    return project(feature("protected_target", block(0, 0.4, half_m=0.4), target_type="school"))  # 0.32 m2


def unknown_layer() -> dict[str, Any]:
    return project(feature("castle", block(0, 10)))


def no_layer() -> dict[str, Any]:
    return {"type": "Feature", "properties": {}, "geometry": mapping(block(0, 10))}


def unknown_type() -> dict[str, Any]:
    return project(feature("hazard_source", block(0, 10), facility_type="death_star"))


def unknown_substance() -> dict[str, Any]:
    return project(workshop(), feature("inventory", None, source_code="W1", substance="奇异物质", quantity_t=1.0))


def negative_quantity() -> dict[str, Any]:
    return project(workshop(), feature("inventory", None, source_code="W1", substance="甲醇", quantity_t=-1.0))


def heavier_than_osmium() -> dict[str, Any]:
    tank = feature("hazard_source", block(0, 10), code="T1", facility_type="tank_fixed_roof", volume_m3=10)
    return project(tank, feature("inventory", None, source_code="T1", substance="甲醇", quantity_t=227.0))


def contradiction() -> dict[str, Any]:
    return project(feature("hazard_source", block(0, 10), facility_type="tank_fixed_roof", roof="floating"))


def swapped_coordinates() -> dict[str, Any]:
    shape = Polygon([(y, x) for x, y in block(0, 10).exterior.coords])
    return project(feature("protected_target", shape, target_type="school"))


def nobodys_site() -> dict[str, Any]:
    return project(workshop(site_code="E404"))


def no_place() -> dict[str, Any]:
    return project(feature("inventory", None, source_code="W1", substance="甲醇", quantity_t=1.0))


def without_geometry() -> dict[str, Any]:
    return project(feature("protected_target", None, target_type="school"))


CASES: dict[Callable[[], dict[str, Any]], tuple[str, ...]] = {
    bow_tie: ("row 2", "geometry", "Self-intersection"),
    tiny: ("row 1", "0.32 m²"),
    unknown_layer: ("row 1", "layer", "'castle'"),
    no_layer: ("row 1", "names no layer"),
    unknown_type: ("row 1", "facility_type", "death_star"),
    unknown_substance: ("row 2", "substance", "奇异物质"),
    negative_quantity: ("row 2", "quantity_t"),
    heavier_than_osmium: ("quantity_t", "227 t", "10 m³"),
    contradiction: ("row 1", "roof", "tank_fixed_roof"),
    swapped_coordinates: ("row 1", "geometry"),
    nobodys_site: ("site_code", "E404"),
    no_place: ("no feature has a place",),
    without_geometry: ("row 1", "geometry is missing"),
}


@pytest.fixture(scope="module")
def database(new_database: Callable[[], str]) -> str:
    url = new_database()
    with open_store(url) as store:
        fill(store)
    return url


@pytest.fixture(scope="module")
def gisrisk(database: str, tmp_path_factory: pytest.TempPathFactory, project_root: Path) -> Run:
    environment = os.environ | {
        "GISRISK_DATABASE_URL": database, "GISRISK_DATA_DIR": str(tmp_path_factory.mktemp("data")),
        "GISRISK_LANG": "en", "PYTHONUTF8": "1",
    }  # fmt: skip

    def run(*words: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "gisrisk.cli", *words],
            capture_output=True, text=True, env=environment, cwd=project_root, check=False, timeout=300,
        )  # fmt: skip
        assert done.returncode == status, f"{words} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return run


def rows(database: str) -> dict[str, int]:
    with psycopg.connect(database) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'gisrisk'").fetchall()
        return {n: connection.execute(f"SELECT count(*) FROM gisrisk.{n}").fetchone()[0] for (n,) in names}  # type: ignore[index]


@pytest.mark.parametrize("case", [c for c in CASES if c is not nobodys_site], ids=lambda case: case.__name__)
def test_bad_input_is_refused_with_place_and_reason(case: Callable[[], dict[str, Any]]) -> None:
    with pytest.raises(InputRefused) as caught:
        read_proposal(case())
    for part in CASES[case]:
        assert part in str(caught.value)


@pytest.mark.parametrize(
    "case", [bow_tie, tiny, unknown_substance, heavier_than_osmium, nobodys_site], ids=lambda c: c.__name__
)
def test_the_command_refuses_and_stores_nothing(
    case: Callable[[], dict[str, Any]], gisrisk: Run, database: str, tmp_path: Path
) -> None:
    path = tmp_path / "plan.geojson"
    path.write_text(json.dumps(case()), encoding="utf-8")
    before = rows(database)
    done = gisrisk("siting", "check", str(path), "--out", str(tmp_path / "verdict.json"), status=3)
    for part in (*CASES[case], "Nothing was stored"):
        assert part in done.stderr, f"{part!r} is missing from:\n{done.stderr}"
    assert "Traceback" not in done.stderr
    assert rows(database) == before
    assert not (tmp_path / "verdict.json").exists()


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(InputRefused) as caught:
        read_proposal(project(*bow_tie()["features"], *unknown_type()["features"], *tiny()["features"]))
    assert [p.row for p in caught.value.problems] == [2, 3]  # a broken outline is not measured as well


def test_the_commands_from_check_to_compare(gisrisk: Run, tmp_path: Path) -> None:
    path = tmp_path / "plan.geojson"
    path.write_text(json.dumps(project(workshop(-915, code="N1"))), encoding="utf-8")
    out = tmp_path / "verdict.json"
    said = gisrisk("siting", "check", str(path), "--out", str(out), "--no-alternatives", "--fail-on-finding", status=10)
    document = json.loads(out.read_text("utf-8"))
    assert document["verdict"] == "veto"
    assert document["reference"] in said.stdout and "GB 50016" in said.stdout
    shown = json.loads(gisrisk("siting", "show", document["reference"], "--json").stdout)
    assert {k: v for k, v in shown.items() if k != "created_at"} == document
    assert "veto" in gisrisk("siting", "show", document["reference"]).stdout
    compared = json.loads(gisrisk("siting", "compare", document["reference"], "--json").stdout)
    assert compared["same"]
    assert "nothing has changed" in gisrisk("siting", "compare", document["reference"]).stdout
    assert document["reference"] in gisrisk("siting", "list").stdout
    gisrisk("siting", "show", "X-nothing", status=2)
