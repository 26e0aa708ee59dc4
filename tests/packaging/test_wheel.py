"""The wheel alone is enough: built, installed in a fresh environment outside the checkout, it runs the demo."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def wheel(project_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(project_root)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    (found,) = out.glob("*.whl")
    return found


def test_shipped_files_are_in_the_wheel(wheel: Path, project_root: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("layers", "data/rules", "web"):
        for path in (project_root / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                name = f"gisrisk/_shipped/{path.relative_to(project_root).as_posix()}"
                assert name in names, f"{name} is missing; the set-up must run before the wheel is built"


@pytest.mark.wheel
def test_the_demo_runs_from_the_installed_wheel(wheel: Path, project_root: Path, tmp_path: Path) -> None:
    environment = tmp_path / "env"
    venv.create(environment, with_pip=True)
    python = environment / "bin" / "python"
    # the same pins as the checkout, without their hashes (a constraint file with hashes would demand one of the wheel)
    pins = re.findall(r"^([\w.\[\]-]+==[^\s\\]+)", (project_root / "requirements.lock").read_text("utf-8"), re.M)
    constraints = tmp_path / "constraints.txt"
    constraints.write_text("\n".join(pins), encoding="utf-8")
    install = [str(python), "-m", "pip", "install", "-q", "-c", str(constraints), f"{wheel}[demo]"]
    subprocess.run(install, check=True, capture_output=True, text=True)

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("GISRISK_", "PYTHON", "VIRTUAL_ENV"))}
    data_dir = tmp_path / "data"
    gisrisk = str(environment / "bin" / "gisrisk")
    try:
        done = subprocess.run(
            [gisrisk, "demo", "--no-serve", "--out", "out"],
            cwd=elsewhere, env=kept | {"GISRISK_DATA_DIR": str(data_dir)}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
    finally:
        for cluster in data_dir.glob("demo-*"):
            subprocess.run(
                [gisrisk, "db", "down"], cwd=elsewhere, env=kept | {"GISRISK_DATA_DIR": str(cluster)}, check=True
            )
    written = {path.name for path in (elsewhere / "out").iterdir()}
    contract = {"study.json", "findings.gpkg", "hazard_grades.csv", "risk_levels.gpkg", "region_grades.gpkg"}
    parks = {f"park_DEMO-PARK-0{n}.{kind}" for n in (1, 2) for kind in ("pdf", "png", "html")}
    assert contract | parks <= written
    study = json.loads((elsewhere / "out" / "study.json").read_text("utf-8"))
    assert study["synthetic"] is True
    assert study["counts"]["violations"] > 0
