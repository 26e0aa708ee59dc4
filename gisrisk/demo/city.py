"""Lays out a built-up district: streets, the blocks between them, and which block is for what."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

from gisrisk.demo.blocks import Block, BlockFiller
from gisrisk.demo.board import Occupied, Sheet
from gisrisk.demo.districts import District
from gisrisk.demo.names import Names
from gisrisk.demo.targets import TargetWriter

_CARRIAGEWAY_M = {"urban_trunk": 26.0, "urban_secondary": 16.0, "urban_branch": 9.0}
_TO_BUILDING_LINE_M = {"urban_trunk": 30.0, "urban_secondary": 21.0, "urban_branch": 15.0}


def draw_district(
    district: District, writer: TargetWriter, occupied: Occupied, names: Names, rng: np.random.Generator
) -> None:
    """Draw the streets and buildings of a district and its row of the layer `dense_area`.

    The population of the dense area is the sum of the residents drawn in it.
    """
    sheet, before = writer.sheet, len(writer.residents)
    x, y = _streets_at(district.width_m, district, rng), _streets_at(district.height_m, district, rng)
    cells = {
        (i, j): (x0, y0, x1, y1)
        for i, (x0, x1) in enumerate(pairwise(x))
        for j, (y0, y1) in enumerate(pairwise(y))
        if (i, j) not in district.left_out
    }
    ground = shapely.union_all([shapely.box(*cell) for cell in cells.values()])
    _draw_streets(district, x, y, ground, sheet)
    blocks = [_building_lines(district, i, j, cell) for (i, j), cell in cells.items()]
    filler = BlockFiller(district.frame, writer, occupied, names, rng)
    for use, block in zip(_plan(district, blocks, occupied, rng), blocks, strict=True):
        filler.fill(use, block)
    rim = shapely.segmentize(ground.buffer(12, join_style="mitre"), 60.0)
    sheet.add(
        "dense_area",
        district.frame.draw(rim),
        code=district.code,
        name=district.name,
        population=sum(persons for _, persons in writer.residents[before:]),
        basis="演示: 区内住宅常住人口合计",
        is_built_up=True,
        position_source="synthetic",
        position_uncertainty_m=5.0,
    )


def _streets_at(length_m: float, district: District, rng: np.random.Generator) -> NDArray[np.float64]:
    """Where the streets of one direction run: uneven steps that fill the length exactly [m]."""
    low, high = district.spacing_m
    steps = rng.uniform(low, high, round(length_m / ((low + high) / 2)))
    cuts: NDArray[np.float64] = np.concatenate([[0.0], np.cumsum(steps) * length_m / steps.sum()]).round(1)
    return cuts


def _grade(index: int, trunks: tuple[int, ...]) -> str:
    return "urban_trunk" if index in trunks else "urban_secondary" if index % 2 == 0 else "urban_branch"


def _building_lines(district: District, i: int, j: int, cell: tuple[float, float, float, float]) -> Block:
    """A block inside its four streets, their footways and green strips."""
    x0, y0, x1, y1 = cell
    left, right = (_TO_BUILDING_LINE_M[_grade(index, district.trunk_columns)] for index in (i, i + 1))
    low, high = (_TO_BUILDING_LINE_M[_grade(index, district.trunk_rows)] for index in (j, j + 1))
    return Block(float(x0 + left), float(y0 + low), float(x1 - right), float(y1 - high))


def _plan(district: District, blocks: list[Block], occupied: Occupied, rng: np.random.Generator) -> list[str]:
    """The use of every block: drawn from the mix, the required ones put on blocks that are wholly free."""
    weights = np.array(list(district.mix.values()))
    uses = [str(use) for use in rng.choice(list(district.mix), size=len(blocks), p=weights / weights.sum())]
    order = [int(b) for b in rng.permutation(len(blocks))]
    outlines = [district.frame.box(b.x0, b.y0, b.x1 - b.x0, b.y1 - b.y0) for b in blocks]
    free = [b for b in order if occupied.is_free(outlines[b])]
    for use, b in zip(district.required, free, strict=False):
        uses[b] = use
    return uses


def _draw_streets(
    district: District, x: NDArray[np.float64], y: NDArray[np.float64], ground: shapely.Polygon, sheet: Sheet
) -> None:
    name = district.name.removesuffix("(演示)")
    upright = [("纵", "V", i, [(c, y[0]), (c, y[-1])], _grade(i, district.trunk_columns)) for i, c in enumerate(x)]
    level = [("横", "H", i, [(x[0], c), (x[-1], c)], _grade(i, district.trunk_rows)) for i, c in enumerate(y)]
    for label, letter, i, ends, grade in [*upright, *level]:
        kept = shapely.line_merge(shapely.LineString(ends).intersection(ground))
        parts = [part for part in getattr(kept, "geoms", [kept]) if part.length > 1]
        for number, part in enumerate(parts):
            sheet.add(
                "linear_feature",
                district.frame.line(list(part.coords)),
                code=f"DEMO-L-{district.code[-2:]}{letter}{i:02d}{'abc'[number]}",
                name=f"{name}{label}{i + 1}路(演示)",
                kind="road",
                grade=grade,
                width_m=_CARRIAGEWAY_M[grade],
                position_source="synthetic",
                position_uncertainty_m=1.0,
            )
