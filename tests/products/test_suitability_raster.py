"""The file of a suitability map: read back by rasterio and checked by rio-cogeo, both independent of the writer."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pyproj
import pytest
import rasterio
from rasterio.enums import ColorInterp
from rio_cogeo.cogeo import cog_validate

from gisrisk.analysis.forbidden_cells import Grid
from gisrisk.analysis.suitability import LegendEntry, Suitability
from gisrisk.analysis.suitability_proposal import ProposalType
from gisrisk.products.suitability_raster import CLASSES, write_cog
from gisrisk.rules import load_rules


def a_map(rows: int, columns: int) -> Suitability:
    rng = np.random.default_rng(5)
    cells = rng.choice(np.array([0, 1, 2, 3, 255], np.uint8), (rows, columns))
    binding = np.where(cells == 255, 255, np.where(cells == 0, 0, 1 + cells % 2)).astype(np.uint16)
    legend = tuple(LegendEntry(n + 1, rule, ()) for n, rule in enumerate(load_rules().rules[:2]))
    grid = Grid(500_000.0, 2_800_000.0, 10.0, rows, columns)
    return Suitability(
        ProposalType(type="school", name="示例学校"), grid, pyproj.CRS.from_epsg(4548), cells, binding, legend, 1e-5,
        50.0, "abc", date(2026, 11, 25), True, [("X-1", "无", "none")],
    )  # fmt: skip


@pytest.mark.parametrize("size", [(40, 30), (1500, 1200)])
def test_both_bands_come_back_with_colours_and_rules(size: tuple[int, int], tmp_path: Path) -> None:
    shown = a_map(*size)
    path = write_cog(shown, tmp_path / "new" / "school.tif")
    valid, errors, _ = cog_validate(path, strict=True)
    assert valid, errors
    with rasterio.open(path) as file:
        assert (file.read(1) == shown.cells).all()
        assert (file.read(2) == shown.binding).all()
        assert file.crs.to_epsg() == 4548
        assert file.transform == shown.transform
        assert file.descriptions == ("class", "binding")
        assert file.nodata == 255
        # a viewer that took the rule numbers for transparency would hide the forbidden cells
        assert file.colorinterp == (ColorInterp.palette, ColorInterp.undefined)
        colours = file.colormap(1)
        for code, (_, _, colour) in CLASSES.items():
            assert "#{:02X}{:02X}{:02X}".format(*colours[code][:3]) == colour
        tags = file.tags()
        rules = json.loads(tags["GISRISK_RULES"])
        assert [rules[str(entry.number)]["id"] for entry in shown.legend] == [r.id for r in load_rules().rules[:2]]
        assert json.loads(tags["GISRISK_PROPOSAL"])["name"] == "示例学校"
        assert (tags["GISRISK_ON"], tags["GISRISK_SYNTHETIC"]) == ("2026-11-25", "1")
        assert json.loads(tags["GISRISK_NOT_EVALUATED"]) == ["X-1"]
        if size[0] > 1000:
            assert file.overviews(1)
    assert [p.name for p in path.parent.iterdir()] == ["school.tif"]


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "taken.tif").mkdir()
    with pytest.raises(OSError):
        write_cog(a_map(5, 5), tmp_path / "taken.tif")
    assert [p.name for p in tmp_path.iterdir()] == ["taken.tif"]
