"""The tables: fields of the contract, colours inside the GeoPackage, complete files or none."""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
import subprocess
from datetime import date
from pathlib import Path
from xml.etree import ElementTree as ET

import geopandas as gpd
import pandas as pd
import pytest
from made_up import MadeUpStudy, make_study

from gisrisk.catalog.palette import LEVELS, UNDETERMINED
from gisrisk.errors import OutOfDomain
from gisrisk.products import write, write_products
from gisrisk.products.tables import (
    write_findings,
    write_hazard_grades,
    write_region_grades,
    write_risk_levels,
    write_tables,
)

# docs of the contract, "Finding fields", in its order; geometry is the geometry column
CONTRACT = [
    "study_id", "rule_id", "document", "clause", "review", "mandatory", "source_layer", "source_code", "target_layer",
    "target_code", "required_m", "measured_m", "shortfall_m", "status", "missing", "people", "since",
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(study: MadeUpStudy, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("tables")
    write_tables(study, out)
    return out


def test_findings_have_the_fields_of_the_contract_and_the_agreed_extras(folder: Path) -> None:
    frame = gpd.read_file(folder / "findings.gpkg", layer="findings")
    assert list(frame.columns[:17]) == CONTRACT
    extras = {"title_zh", "source_name", "target_name", "assumed", "substitutes", "uncertainty_m"}
    assert extras <= set(frame.columns)
    assert frame.crs.to_epsg() == 4490 and set(frame.geometry.geom_type) == {"LineString"}


def test_findings_keep_their_values(folder: Path, study: MadeUpStudy) -> None:
    frame = gpd.read_file(folder / "findings.gpkg", layer="findings").set_index("finding_no")
    truth = study.findings.set_index("finding_no")
    assert sorted(frame.index) == sorted(truth.index)
    for no, row in truth.iterrows():
        assert frame.loc[no, "measured_m"] == row["measured_m"]
        assert frame.loc[no, "status"] == row["status"]
        assert frame.geometry[no].equals_exact(row["geometry"], 0)
    # an unknown requirement is empty, never 0
    assert pd.isna(frame.loc[7, "required_m"]) and frame.loc[7, "missing"] == "hazard_source.fire_hazard_class"


def test_dates_are_dates(tmp_path: Path) -> None:
    study = make_study()
    study.findings["since"] = [date(2024, 2, 29), *[None] * 6]
    write_findings(study, tmp_path / "f.gpkg")
    frame = gpd.read_file(tmp_path / "f.gpkg", layer="findings")
    assert frame.loc[frame["finding_no"] == 1, "since"].iloc[0] == pd.Timestamp("2024-02-29")
    assert frame["since"].isna().sum() == 6


@pytest.mark.parametrize("ending", [".gpkg", ".geojson", ".csv", ".parquet"])
def test_every_format_of_the_findings_holds_every_row(study: MadeUpStudy, tmp_path: Path, ending: str) -> None:
    path = write_findings(study, tmp_path / f"f{ending}")
    if ending == ".csv":
        frame = pd.read_csv(path, encoding="utf-8-sig")
        assert frame["wkt"].str.startswith("LINESTRING").all()
    else:
        frame = gpd.read_parquet(path) if ending == ".parquet" else gpd.read_file(path, layer="findings")
    assert sorted(frame["finding_no"]) == [1, 2, 3, 4, 5, 6, 7]
    assert frame["shortfall_m"].sum() == pytest.approx(study.findings["shortfall_m"].sum())


def test_an_unknown_ending_is_refused(study: MadeUpStudy, tmp_path: Path) -> None:
    with pytest.raises(OutOfDomain, match=r"\.shp"):
        write_findings(study, tmp_path / "f.shp")


def test_empty_results_give_empty_files(tmp_path: Path) -> None:
    study = make_study()
    study.findings = study.findings.iloc[:0]
    study.region_grades = study.region_grades.iloc[:0]
    write_tables(study, tmp_path)
    assert gpd.read_file(tmp_path / "findings.gpkg", layer="findings").empty
    assert list(gpd.read_file(tmp_path / "findings.gpkg", layer="findings").columns[:17]) == CONTRACT


def test_hazard_grades_open_in_a_spreadsheet(folder: Path) -> None:
    raw = (folder / "hazard_grades.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")  # the mark by which spreadsheets know UTF-8
    rows = list(csv.DictReader(raw.decode("utf-8-sig").splitlines()))
    first = next(row for row in rows if row["unit_code"] == "U001")
    assert (first["status"], first["level"], first["s"], first["r"]) == ("major", "1", "320.5", "612.0")
    assert first["source_codes"] == "H001-1" and json.loads(first["detail"]) == {"q_over_q": [1.2, 3.4]}
    waiting = next(row for row in rows if row["unit_code"] == "U005")
    assert waiting["s"] == "" and waiting["level"] == "" and waiting["missing"] == "inventory.quantity_t"


def styles_of(path: Path) -> list[sqlite3.Row]:
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    rows = connection.execute("SELECT * FROM layer_styles").fetchall()
    connection.close()
    return rows


@pytest.mark.parametrize("name", ["risk_levels", "region_grades", "site_grades"])
def test_the_geopackage_carries_the_four_colours(folder: Path, name: str) -> None:
    (row,) = styles_of(folder / f"{name}.gpkg")
    assert row["f_table_name"] == name and row["useAsDefault"] == 1 and row["f_geometry_column"] == "geom"
    sld = ET.fromstring(row["styleSLD"])
    se, ogc = "{http://www.opengis.net/se}", "{http://www.opengis.net/ogc}"
    found = {
        rule.find(f".//{ogc}Literal").text: rule.find(f".//{se}Fill/{se}SvgParameter").text
        for rule in sld.iter(f"{se}Rule")
        if rule.find(f".//{ogc}Literal") is not None
    }
    assert found == {str(level.number): level.hex for level in LEVELS} | {"0": UNDETERMINED.hex}
    assert sld.get("version") == "1.1.0"


@pytest.mark.skipif(shutil.which("ogrinfo") is None, reason="GDAL's programs are not installed")
def test_gdal_reads_layer_and_style_without_a_warning(folder: Path) -> None:
    command = ["ogrinfo", "-ro", "-al", "-so", str(folder / "risk_levels.gpkg")]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "Layer name: risk_levels" in done.stdout and "Layer name: layer_styles" in done.stdout
    assert "演示数据" in done.stdout and "Warning" not in done.stderr


_QGIS = """
import sys
from qgis.core import QgsApplication, QgsRenderContext, QgsVectorLayer
app = QgsApplication([], False); app.initQgis()
layer = QgsVectorLayer(sys.argv[1] + "|layername=site_grades", "l", "ogr")
renderer, context = layer.renderer(), QgsRenderContext()
renderer.startRender(context, layer.fields())
for f in layer.getFeatures():
    print(f["site_code"], renderer.symbolForFeature(f, context).color().name().upper())
"""


def test_qgis_opens_the_layer_in_the_four_colours(folder: Path, study: MadeUpStudy) -> None:
    python = "/usr/bin/python3"
    probe = subprocess.run([python, "-c", "import qgis.core"], capture_output=True, check=False)
    if probe.returncode != 0:
        pytest.skip("QGIS is not installed (python3-qgis)")
    environment = {"QT_QPA_PLATFORM": "offscreen", "PATH": "/usr/bin:/bin", "HOME": str(folder)}
    done = subprocess.run(
        [python, "-c", _QGIS, str(folder / "site_grades.gpkg")],
        env=environment, check=True, capture_output=True, text=True,
    )  # fmt: skip
    drawn = dict(line.split() for line in done.stdout.splitlines() if line.startswith("E0"))
    colours = {level.number: level.hex for level in LEVELS}
    for site in study.site_grades.itertuples():
        wanted = UNDETERMINED.hex if pd.isna(site.level) else colours[int(site.level)]
        assert drawn[site.site_code] == wanted


def test_synthetic_data_are_labelled_in_every_table(folder: Path) -> None:
    for name in ("findings", "site_grades", "risk_levels", "region_grades"):
        frame = gpd.read_file(folder / f"{name}.gpkg", layer=name)
        assert frame["data_note"].str.startswith("演示数据").all()
    assert "演示数据" in (folder / "hazard_grades.csv").read_text(encoding="utf-8-sig")
    assert json.loads((folder / "study.json").read_text(encoding="utf-8"))["synthetic"] is True


def test_real_data_carry_no_such_label(tmp_path: Path) -> None:
    write_tables(make_study(synthetic=False), tmp_path)
    assert "data_note" not in gpd.read_file(tmp_path / "findings.gpkg", layer="findings").columns
    assert "演示" not in (tmp_path / "study.json").read_text(encoding="utf-8")


def test_study_json_says_what_it_rests_on(folder: Path, study: MadeUpStudy) -> None:
    record = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    assert record["study_id"] == study.study_id and record["on"] == "2026-11-22"
    assert record["as_of"] == "2026-11-20T08:30:00+00:00" and record["rule_set"] == study.rule_set
    for key in ("area", "parameters", "input_sha256", "code_version", "counts", "timings_s", "not_evaluated", "method"):
        assert record[key] == getattr(study, key)
    assert "findings.gpkg" in record["files"]


def contents(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every ordinary table of a GeoPackage."""
    connection = sqlite3.connect(path)
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'rtree_%'")
    tables = {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for (name,) in names.fetchall()}
    connection.close()
    return tables


def test_equal_studies_give_equal_geopackages(tmp_path: Path) -> None:
    for name in ("one", "two"):
        shuffled = make_study()
        if name == "two":
            shuffled.findings = shuffled.findings.sample(frac=1, random_state=5)
            shuffled.risk_levels = shuffled.risk_levels.iloc[::-1]
            shuffled.region_grades = shuffled.region_grades.iloc[::-1]
            shuffled.hazard_grades = shuffled.hazard_grades.iloc[::-1]
        folder = tmp_path / name
        write_findings(shuffled, folder / "findings.gpkg")
        write_risk_levels(shuffled, folder / "risk_levels.gpkg")
        write_region_grades(shuffled, folder / "region_grades.gpkg")
        write_hazard_grades(shuffled, folder / "hazard_grades.csv")
    for path in (tmp_path / "one").iterdir():
        other = tmp_path / "two" / path.name
        if path.suffix == ".gpkg":
            assert contents(path) == contents(other)  # SQLite's own counters may differ
        else:
            assert path.read_bytes() == other.read_bytes()


EXPECTED = {
    "study.json", "findings.gpkg", "hazard_grades.csv", "site_grades.gpkg", "risk_levels.gpkg", "region_grades.gpkg",
    *(f"{stem}.{ending}" for stem in ("park_P01", "park_P02", "region_map") for ending in ("pdf", "png", "html")),
}  # fmt: skip


def test_all_products_are_written_and_listed(study: MadeUpStudy, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    files = write_products(study, tmp_path / "out", progress=lambda *step: seen.append(step))
    assert {file.name for file in files} == EXPECTED == {file.name for file in (tmp_path / "out").iterdir()}
    assert files[-1].name == "study.json"
    assert seen == [("tables", 1, 4), ("park_P01", 2, 4), ("park_P02", 3, 4), ("region_map", 4, 4)]
    listed = json.loads((tmp_path / "out" / "study.json").read_text(encoding="utf-8"))["files"]
    assert set(listed) == EXPECTED - {"study.json"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]  # the working folder is gone


def test_a_failure_leaves_the_earlier_products_whole(
    study: MadeUpStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "study.json").write_text('{"files": ["park_OLD.pdf"]}', encoding="utf-8")
    (out / "park_OLD.pdf").write_bytes(b"old")

    def fails(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(write, "region_sheet", fails)
    with pytest.raises(OSError, match="disk full"):
        write_products(study, out)
    assert sorted(path.name for path in out.iterdir()) == ["park_OLD.pdf", "study.json"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_products_of_an_earlier_study_go_and_other_files_stay(
    study: MadeUpStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "outside.txt").write_text("mine", encoding="utf-8")
    earlier = {"files": ["park_OLD.pdf", "../outside.txt", "..", 7]}
    (out / "study.json").write_text(json.dumps(earlier), encoding="utf-8")
    (out / "park_OLD.pdf").write_bytes(b"old")
    (out / "notes.docx").write_bytes(b"mine")
    write_products(study, out)
    assert {path.name for path in out.iterdir()} == EXPECTED | {"notes.docx"}
    assert (tmp_path / "outside.txt").read_text(encoding="utf-8") == "mine"
