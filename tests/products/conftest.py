"""One made-up study for every product test, and its sheets drawn once."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_up import MadeUpStudy, make_study

from gisrisk.products.mapsheet import park_sheet


@pytest.fixture(scope="session")
def study() -> MadeUpStudy:
    return make_study()


@pytest.fixture(scope="session")
def sheet(study: MadeUpStudy, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The PDF and the PNG of the first park."""
    folder = tmp_path_factory.mktemp("sheet")
    pdf, png = folder / "park_P01.pdf", folder / "park_P01.png"
    park_sheet(study, "P01", pdf, png)
    return pdf, png
