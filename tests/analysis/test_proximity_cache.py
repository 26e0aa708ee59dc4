"""Compiled loops work from an installation that nobody may write to."""

from __future__ import annotations

import ast
import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from numba.core.dispatcher import Dispatcher

SCRIPT = """
import shapely
from gisrisk.analysis.grid_hash import boxes_near
from gisrisk.analysis.proximity import distance_m
import gisrisk
print(gisrisk.__file__)
print(distance_m(shapely.Point(0, 0), shapely.Point(3, 4), geodesic=False))
print(boxes_near.stats.cache_path if type(boxes_near.stats.cache_path) is str else None)
"""


@pytest.fixture
def installed(project_root: Path, tmp_path: Path) -> Path:
    """A copy of the package whose folders cannot take a cache, not even from root: a file stands in its place."""
    copy = tmp_path / "installed" / "gisrisk"
    shutil.copytree(project_root / "gisrisk", copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "analysis" / "__pycache__").write_text("not a folder")
    return copy


def run(installed: Path, home: str) -> list[str]:
    environment = {k: v for k, v in os.environ.items() if k not in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME")}
    environment |= {"HOME": home, "PYTHONPATH": str(installed.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=environment,
        cwd=installed.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == str(installed / "__init__.py")
    return lines[1:]


def test_the_cache_goes_to_the_users_folder(installed: Path, tmp_path: Path):
    distance, folder = run(installed, str(tmp_path / "home"))
    assert distance == "5.0"  # 3, 4, 5
    assert Path(folder).is_relative_to(tmp_path / "home")
    assert list((tmp_path / "home").rglob("pair_distance.*.nbc"))


def test_without_any_folder_the_loops_are_compiled_afresh(installed: Path):
    distance, folder = run(installed, "/proc/no-such-home")
    assert (distance, folder) == ("5.0", "None")


@pytest.mark.parametrize("name", ["grid_hash", "pair_distance", "segments"])
def test_compiled_loops_stay_within_their_module(name: str):
    """Numba notices a change in a function's own file only: what it took from another file would go stale unseen."""
    module = importlib.import_module(f"gisrisk.analysis.{name}")
    loops = {key: value for key, value in vars(module).items() if isinstance(value, Dispatcher)}
    own = [loop for loop in loops.values() if loop.py_func.__module__ == module.__name__]
    assert own
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("gisrisk.")
        for alias in node.names
    }
    assert not [(loop.__name__, used) for loop in own for used in imported & set(loop.py_func.__code__.co_names)]
