"""Small helpers for the tests of files: write one, read it, say what was refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pytest

from gisrisk.catalog import layer
from gisrisk.errors import InputRefused
from gisrisk.exchange import read_table, validate


@pytest.fixture
def csv(tmp_path) -> Callable[..., Path]:
    """Writes a CSV from its lines."""

    def write(*lines: str, name: str = "file.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes("\n".join(lines).encode(encoding))
        return path

    return write


@pytest.fixture
def refusal() -> Callable[..., InputRefused]:
    """Reads and validates a file that must be refused, and gives the refusal."""

    def read(path: Path, layer_name: str, **options: object) -> InputRefused:
        with pytest.raises(InputRefused) as refused:
            validate(read_table(path, layer(layer_name), **options), layer(layer_name))
        assert "Nothing was stored" in str(refused.value)
        return refused.value

    return read


@pytest.fixture
def accepted() -> Callable[..., gpd.GeoDataFrame]:
    """Reads and validates a file."""

    def read(path: Path, layer_name: str, **options: object) -> gpd.GeoDataFrame:
        return validate(read_table(path, layer(layer_name), **options), layer(layer_name))

    return read
