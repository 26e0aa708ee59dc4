"""Every kind of bad input through the command line: one clear error, exit 3, and the store as it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import psycopg
import pytest
import shapely

SQUARE = shapely.box(114.90, 25.80, 114.91, 25.81)
GOOD = {"code": "E1", "name": "甲厂", "geometry": SQUARE}


def site_file(folder: Path, *rows: dict[str, Any], crs: str | None = "EPSG:4490") -> str:
    path = folder / "sites.gpkg"
    gpd.GeoDataFrame(list(rows), geometry="geometry", crs=crs).to_file(path, layer="sites")
    return str(path)


def csv_file(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def state(database: str) -> Callable[[], list[tuple[Any, ...]]]:
    """Function that counts the rows of every table of ours."""

    def count() -> list[tuple[Any, ...]]:
        with psycopg.connect(database) as connection:
            names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'gisrisk' ORDER BY 1")
            return [
                (name, connection.execute(f"SELECT count(*) FROM gisrisk.{name}").fetchone()[0])  # type: ignore[index]
                for (name,) in names.fetchall()
            ]

    return count


@pytest.fixture(scope="module")
def before(gisrisk: Any, state: Any, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Any, ...]]:
    """One good site is there, so that "unchanged" is more than "empty"."""
    gisrisk("layer", "import", "enterprise_site", site_file(tmp_path_factory.mktemp("good"), GOOD))
    counts = state()
    assert ("enterprise_site", 1) in counts
    return counts  # type: ignore[no-any-return]


def csv_source(folder: Path, heading: str, row: str) -> list[str]:
    text = f"code,name,facility_type,{heading}\nH1,罐,{row}\n"
    return ["hazard_source", csv_file(folder, "h.csv", text), "--crs", "EPSG:4490"]


def unknown_column(folder: Path) -> list[str]:
    return ["enterprise_site", site_file(folder, GOOD | {"code": "E2", "hight_of_chimney": 3.0})]


def wrong_crs(folder: Path) -> list[str]:
    return ["enterprise_site", site_file(folder, GOOD | {"code": "E2"}, crs="EPSG:4547")]  # degrees called metres


def no_crs(folder: Path) -> list[str]:
    return ["enterprise_site", csv_file(folder, "s.csv", f'code,name,wkt\nE2,乙厂,"{SQUARE.wkt}"\n')]


def beijing_54(folder: Path) -> list[str]:
    return [
        "enterprise_site",
        csv_file(folder, "s.csv", f'code,name,wkt\nE2,乙厂,"{SQUARE.wkt}"\n'),
        "--crs",
        "EPSG:4214",
    ]


def swapped(folder: Path) -> list[str]:
    return [
        "hazard_source",
        csv_file(folder, "h.csv", "code,name,facility_type,lon,lat\nH1,罐,tank_fixed_roof,25.8,114.9\n"),
        "--crs",
        "EPSG:4490",
    ]


def text_in_number(folder: Path) -> list[str]:
    return [
        "hazard_source",
        csv_file(
            folder, "h.csv", "code,name,facility_type,volume_m3,lon,lat\nH1,罐,tank_fixed_roof,约五百,114.9,25.8\n"
        ),
        "--crs",
        "EPSG:4490",
    ]


def value_not_allowed(folder: Path) -> list[str]:
    return [
        "hazard_source",
        csv_file(folder, "h.csv", "code,name,facility_type,lon,lat\nH1,罐,tank_of_dreams,114.9,25.8\n"),
        "--crs",
        "EPSG:4490",
    ]


def missing_required(folder: Path) -> list[str]:
    return ["enterprise_site", site_file(folder, GOOD | {"code": "E2"}, GOOD | {"code": "E3", "name": None})]


def invalid_geometry(folder: Path) -> list[str]:
    bow_tie = shapely.Polygon([(114.90, 25.80), (114.91, 25.81), (114.91, 25.80), (114.90, 25.81)])
    return ["enterprise_site", site_file(folder, GOOD | {"code": "E2"}, GOOD | {"code": "E3", "geometry": bow_tie})]


def empty_geometry(folder: Path) -> list[str]:
    return [
        "enterprise_site",
        site_file(folder, GOOD | {"code": "E2", "geometry": shapely.Polygon()}, GOOD | {"code": "E3"}),
    ]


def duplicate_code(folder: Path) -> list[str]:
    return ["enterprise_site", site_file(folder, GOOD | {"code": "E2"}, GOOD | {"code": "E2"})]


def broken_reference(folder: Path) -> list[str]:
    return [
        "hazard_source",
        csv_file(folder, "h.csv", "code,name,facility_type,site_code,lon,lat\nH1,罐,tank_fixed_roof,E404,114.9,25.8\n"),
        "--crs",
        "EPSG:4490",
    ]


# what must stand in the message beside file, "Nothing was stored" and a remedy
CASES: dict[Callable[[Path], list[str]], tuple[str, ...]] = {
    unknown_column: ("hight_of_chimney",),
    wrong_crs: ("EPSG:4547",),
    no_crs: ("--crs",),
    beijing_54: ("Beijing 1954", "local parameters"),
    swapped: ("row 1",),
    text_in_number: ("row 1", "volume_m3", "约五百"),
    value_not_allowed: ("row 1", "facility_type", "tank_of_dreams"),
    missing_required: ("row 2", "name"),
    invalid_geometry: ("row 2", "Self-intersection"),
    empty_geometry: ("row 1", "empty"),
    duplicate_code: ("row 2", "code", "E2"),
    broken_reference: ("row 1", "site_code", "E404"),
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_bad_input_is_refused_whole(case: Any, gisrisk: Any, state: Any, before: Any, tmp_path: Path) -> None:
    words = case(tmp_path)
    done = gisrisk("layer", "import", *words, status=3)
    for part in (Path(words[1]).name, "Nothing was stored", *CASES[case]):
        assert part in done.stderr, f"{part!r} is missing from:\n{done.stderr}"
    assert "Traceback" not in done.stderr
    assert state() == before


def test_a_dry_run_stores_nothing(gisrisk: Any, state: Any, before: Any, tmp_path: Path) -> None:
    done = gisrisk(
        "layer", "import", "enterprise_site", site_file(tmp_path, GOOD | {"code": "E2"}), "--dry-run", "--json"
    )
    assert json.loads(done.stdout)["rows"] == 1
    assert state() == before


def test_an_unknown_layer_is_wrong_use(gisrisk: Any, before: Any, tmp_path: Path) -> None:
    done = gisrisk("layer", "import", "enterprize_site", site_file(tmp_path, GOOD), status=2)
    assert "enterprise_site" in done.stderr  # the known names are listed


def test_a_missing_file_is_refused(gisrisk: Any, before: Any) -> None:
    assert "nowhere.gpkg" in gisrisk("layer", "import", "park", "nowhere.gpkg", status=3).stderr


def test_an_unknown_area_is_wrong_use(gisrisk: Any, before: Any) -> None:
    assert "999999" in gisrisk("study", "run", "--area", "999999", status=2).stderr


def test_what_comes_out_goes_back_in_unchanged(gisrisk: Any, before: Any, tmp_path: Path) -> None:
    out = str(tmp_path / "again.gpkg")
    gisrisk("layer", "export", "enterprise_site", out)
    facts = json.loads(gisrisk("layer", "import", "enterprise_site", out, "--json").stdout)
    assert (facts["added"], facts["changed"], facts["unchanged"]) == (0, 0, 1)
