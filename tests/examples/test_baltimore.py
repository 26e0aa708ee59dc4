"""The Baltimore example: what the conversion writes, what GB 18218 gives for it by hand, the commands of its page."""

from __future__ import annotations

import os
import re
import runpy
import shlex
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely

from gisrisk.analysis.exposure import people_near_sites
from gisrisk.catalog import layer
from gisrisk.exchange import import_order, read_table, validate
from gisrisk.hazards.gb18218 import grade_units
from gisrisk.store import Store

LAYERS = (
    "admin_area",
    "dense_area",
    "enterprise_site",
    "hazard_source",
    "inventory",
    "protected_target",
    "linear_feature",
)
POUND_T = Fraction("0.00045359237")  # the international avoirdupois pound is 0.45359237 kg by definition

# Read from the submissions (rmp_us/facility_chemicals.csv) and from GB 18218-2018 as recorded in the project's fact
# file: pounds; Q of table 1 (chlorine 5 t, ammonia 10 t, liquefied petroleum gas incl. butane 50 t); beta of table 3
# (chlorine 4, ammonia 2) or, for butane, of W2 flammable gas in table 4 (1.5); alpha by the people within 500 m (100
# and more 2.0, 50-99 1.5, 30-49 1.2, 1-29 1.0, none 0.5); S and R worked on paper from them.
BY_HAND = {
    # facility: (pounds, Q, beta, alpha, S, R, level)
    "100000052621": ("76500", 5, "4", "2.0", 6.939963261, 55.519706088, 2),  # 64000 + 7500 + 2500 + 2500 lb chlorine
    "100000167295": ("13000", 10, "2", "2.0", 0.589670081, 2.358680324, None),
    "100000207581": ("40068", 10, "2", "2.0", 1.817453908116, 7.269815632464, 4),
    "100000209295": ("250000", 50, "1.5", "1.0", 2.26796185, 3.401942775, 4),
    "100000228309": ("1749600", 50, "1.5", "1.2", 15.87210421104, 28.569787579872, 3),
    "100000228318": ("729000", 50, "1.5", "2.0", 6.6133767546, 19.8401302638, 3),
    "100000228425": ("874800", 50, "1.5", "1.0", 7.93605210552, 11.90407815828, 3),
}


@pytest.fixture(scope="module")
def convert_script(project_root: Path) -> Path:
    return project_root / "docs" / "examples" / "baltimore" / "convert.py"


@pytest.fixture(scope="module")
def converted(shared_dir: Path, convert_script: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("baltimore")
    runpy.run_path(str(convert_script))["convert"](shared_dir / "data", folder)
    return folder


@pytest.fixture(scope="module")
def filled(module_store: Store, converted: Path) -> Store:
    """The store with every layer of the example, imported as the command line does it."""
    for name in import_order(LAYERS):
        file = converted / (f"{name}.csv" if name == "inventory" else f"{name}.gpkg")
        incoming = read_table(file, layer(name), crs=None if name == "inventory" else "EPSG:4326")
        module_store.write_batch(name, validate(incoming, layer(name)), file=incoming.file, sha256=incoming.sha256)
    module_store.register_raster("population", converted / "population.tif")
    return module_store


@pytest.fixture(scope="module")
def units(filled: Store) -> pd.DataFrame:
    raster = filled.raster("population")
    assert raster is not None
    sources = filled.read("hazard_source")
    people = people_near_sites(filled.read("enterprise_site"), sources, filled.read("protected_target"), raster.path)
    graded = grade_units(sources, filled.read("inventory"), people, on=date(2026, 11, 22))
    return graded.set_index(graded["site_code"].str.removeprefix("RMP-"))


def test_the_worked_numbers_follow_from_pounds_and_tables() -> None:
    # guards the table above against a slip: S = lb * 0.00045359237 / Q and R = alpha * beta * S, in exact fractions
    for pounds, critical_t, beta, alpha, s, r, level in BY_HAND.values():
        index = Fraction(pounds) * POUND_T / critical_t
        assert float(index) == pytest.approx(s, rel=1e-9)
        assert float(Fraction(alpha) * Fraction(beta) * index) == pytest.approx(r, rel=1e-9)
        expected = None if s < 1 else 1 if r >= 100 else 2 if r >= 50 else 3 if r >= 10 else 4
        assert level == expected


def test_seven_facilities_are_graded_as_worked_by_hand(units: pd.DataFrame) -> None:
    assert set(units.index) == set(BY_HAND)
    for facility, (_, _, _, alpha, s, r, level) in BY_HAND.items():
        unit = units.loc[facility]
        assert unit["s"] == pytest.approx(s, rel=1e-9), facility
        assert unit["alpha"] == float(alpha), facility
        assert unit["r"] == pytest.approx(r, rel=1e-9), facility
        assert unit["status"] == ("not_major" if level is None else "major"), facility
        assert pd.isna(unit["level"]) if level is None else unit["level"] == level, facility


def test_pounds_become_tonnes_by_the_exact_factor(filled: Store) -> None:
    stocks = filled.read("inventory").set_index("source_code")["quantity_t"]
    for facility, (pounds, *_) in BY_HAND.items():
        assert stocks[f"RMP-{facility}-S1"] == pytest.approx(float(Fraction(pounds) * POUND_T), rel=1e-12)


def test_people_within_500_m_agree_with_the_neighbourhoods_themselves(
    units: pd.DataFrame, shared_dir: Path, converted: Path
) -> None:
    # Another way to the same number: density of each neighbourhood times its area in the band, in the Maryland State
    # Plane (EPSG:26985), without the raster. The raster smears a border by up to one cell of 100 m, hence 45 % for
    # counts of a few tens and 5 % for large ones.
    neighbourhoods = gpd.read_file(shared_dir / "data" / "osm_baltimore" / "neighborhoods_pop2010.gpkg").to_crs(26985)
    outline = neighbourhoods.geometry.make_valid()
    sites = gpd.read_file(converted / "enterprise_site.gpkg").to_crs(26985).set_index("code").geometry
    for facility in BY_HAND:
        site = sites[f"RMP-{facility}"]
        band = site.buffer(500, quad_segs=64)
        band = band if site.geom_type == "Point" else band.difference(site)
        people = float((neighbourhoods["Population"] * outline.intersection(band).area / outline.area).sum())
        counted = int(units.loc[facility, "people_500m"])
        assert counted == pytest.approx(people, rel=0.45 if people < 100 else 0.05), facility


def test_raster_keeps_every_person_of_the_census(converted: Path) -> None:
    with rasterio.open(converted / "population.tif") as raster:
        people = raster.read(1, masked=True)
        assert raster.res == (100.0, 100.0)
    assert people.sum() == pytest.approx(620175, abs=1e-3)  # sum stated in SOURCE.md of the data
    assert people.min() >= 0


def test_raster_puts_people_where_their_neighbourhood_is(converted: Path, shared_dir: Path) -> None:
    # cells that lie wholly inside one neighbourhood hold its mean density
    neighbourhoods = gpd.read_file(shared_dir / "data" / "osm_baltimore" / "neighborhoods_pop2010.gpkg").to_crs(32618)
    neighbourhoods = neighbourhoods.set_geometry(neighbourhoods.geometry.make_valid())
    one = neighbourhoods.sort_values("Population").iloc[-1]
    overlapped = neighbourhoods[neighbourhoods["OBJECTID"] != one["OBJECTID"]].union_all()
    with rasterio.open(converted / "population.tif") as raster:
        people = raster.read(1)
        rows, columns = np.indices(people.shape)
        x, y = (np.asarray(c) for c in raster.xy(rows.ravel(), columns.ravel()))
    cells = shapely.box(x - 50, y - 50, x + 50, y + 50)
    inside = shapely.contains(one.geometry.difference(overlapped.buffer(1)), cells)
    assert inside.sum() > 20
    expected = one["Population"] * 100.0**2 / one.geometry.area
    assert people.ravel()[inside] == pytest.approx(expected, rel=1e-9)


def test_unknown_stays_unknown(filled: Store) -> None:
    targets, lines = filled.read("protected_target"), filled.read("linear_feature")
    assert targets["population"].isna().all()
    assert lines["admin_class"].isna().all()
    assert filled.read("hazard_source")["volume_m3"].isna().all()
    # the dairy has two positions 3.8 km apart (SOURCE.md of the data speaks of such conflicts), and says so
    sites = filled.read("enterprise_site").set_index("code")
    assert sites.loc["RMP-100000167295", "position_uncertainty_m"] == pytest.approx(3800, rel=0.05)


def test_the_commands_of_the_page_run_as_written(
    new_database: Callable[[], str], shared_dir: Path, convert_script: Path, tmp_path: Path, project_root: Path
) -> None:
    page = (project_root / "docs" / "examples" / "baltimore.md").read_text(encoding="utf-8")
    lines = [line for block in re.findall(r"```sh\n(.*?)```", page, re.S) for line in block.splitlines()]
    assert sum(line.startswith("gisrisk ") for line in lines) >= 9
    environment = os.environ | {
        "GISRISK_DATABASE_URL": new_database(),
        "GISRISK_DATA_DIR": str(tmp_path / "data"),
        "PYTHONPATH": str(project_root),
        "PYTHONUTF8": "1",
    }
    for line in lines:
        words = shlex.split(line.replace("DATA", str(shared_dir / "data")))
        if words[0] == "python":
            words = [sys.executable, str(convert_script), *words[2:]]
        else:
            words = [sys.executable, "-m", "gisrisk.cli", *words[1:]]
        done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    grades = pd.read_csv(tmp_path / "products" / "hazard_grades.csv", encoding="utf-8-sig")
    assert sorted(grades["r"].round(6)) == sorted(round(case[5], 6) for case in BY_HAND.values())
