"""The command as a user runs it: a process of its own, against a database of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def database(new_database: Callable[[], str]) -> str:
    return new_database()


@pytest.fixture(scope="module")
def gisrisk(database: str, tmp_path_factory: pytest.TempPathFactory, project_root: Path) -> Run:
    """Function that runs `gisrisk ...` and returns the finished process."""
    data_dir = tmp_path_factory.mktemp("cli-data")
    environment = os.environ | {
        "GISRISK_DATABASE_URL": database, "GISRISK_DATA_DIR": str(data_dir), "GISRISK_LANG": "en", "PYTHONUTF8": "1",
    }  # fmt: skip

    def run(*words: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "gisrisk.cli", *words],
            capture_output=True, text=True, env=environment, cwd=project_root, check=False, timeout=300,
        )  # fmt: skip
        assert done.returncode == status, f"{words} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return run
