"""The command that draws a suitability map, called in this process against a store of its own."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pytest
import rasterio
from click.testing import CliRunner, Result
from shapely.geometry import Point, box

from gisrisk.cli.suitability import suitability
from gisrisk.errors import InputRefused, UnknownName
from gisrisk.store import Store

LON, LAT = 114.95, 25.85


@pytest.fixture(scope="module")
def filled(module_store: Store) -> Store:
    """A county with one workshop in it, written as an import would."""
    rows = {
        "admin_area": {
            "code": "369901", "name": "示例县", "level": "county", "geometry": box(LON, LAT, LON + 0.01, LAT + 0.01),
        },
        "enterprise_site": {
            "code": "E1", "name": "厂", "status": "operating",
            "geometry": box(LON + 0.004, LAT + 0.004, LON + 0.006, LAT + 0.006),
        },
        "hazard_source": {
            "code": "S1", "name": "甲类厂房", "site_code": "E1", "facility_type": "workshop_jia",
            "geometry": box(LON + 0.0045, LAT + 0.0045, LON + 0.005, LAT + 0.005),
        },
        "protected_target": {
            "code": "T1", "name": "学校", "target_type": "school", "geometry": Point(LON + 0.009, LAT + 0.009),
        },
    }  # fmt: skip
    for layer, row in rows.items():
        frame = gpd.GeoDataFrame([row], geometry="geometry", crs="EPSG:4490")
        module_store.write_batch(
            layer, frame.assign(position_source="synthetic"), file=f"{layer}.gpkg", sha256="0" * 64
        )
    return module_store


@pytest.fixture
def run(filled: Store, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setenv("GISRISK_DATABASE_URL", filled.url)
    monkeypatch.setenv("GISRISK_LANG", "en")

    def call(*words: str) -> Result:
        return CliRunner().invoke(suitability, list(words))

    return call


def proposal(folder: Path, **content: object) -> str:
    path = folder / "proposal.json"
    path.write_text(json.dumps({"type": "open_flame_point"} | content), encoding="utf-8")
    return str(path)


def test_it_writes_the_map_and_says_what_is_on_it(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    out = tmp_path / "flame.tif"
    done = run(proposal(tmp_path), "--area", "369901", "--out", str(out), "--on", "2026-11-25")
    assert done.exit_code == 0, done.output
    assert "admitted" in done.output and "GB 50016" in done.output and "synthetic" in done.output
    done = run(
        proposal(tmp_path), "--area", "369901", "--out", str(out), "--on", "2026-11-25", "--json", "--cell", "20"
    )
    facts = json.loads(done.stdout)
    with rasterio.open(out) as file:
        assert file.res == (20.0, 20.0)
        assert (file.read(1) == 0).sum() == facts["cells"]["admitted"] > 0
    assert facts["crs"] == "EPSG:4547"
    assert facts["synthetic"] is True


def test_it_refuses_what_it_cannot_answer(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    out = str(tmp_path / "x.tif")
    assert isinstance(run(proposal(tmp_path, type="road"), "--area", "369901", "--out", out).exception, InputRefused)
    assert isinstance(run(proposal(tmp_path), "--area", "nowhere", "--out", out).exception, UnknownName)
    assert run(proposal(tmp_path), "--area", "369901", "--out", "x.png").exit_code == 2
    assert run(proposal(tmp_path), "--out", out).exit_code == 2
    assert not Path(out).exists()
