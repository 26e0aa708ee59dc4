"""The cells that stand too near, against GEOS: the exact distance of every cell's square from every geometry."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from gisrisk.analysis.cell_kernel import SEGMENTS_OF_PART, TILE
from gisrisk.analysis.forbidden_cells import Grid, forbidden_cells
from gisrisk.errors import OutOfDomain

CLOSE_M = 1e-7  # GEOS and we may differ by rounding about a cell that lies at exactly the required distance
TIE_M = 0.01  # shortfalls are compared in single precision


def star(rng: np.random.Generator, vertices: int, centre: tuple[float, float], low_m: float, high_m: float) -> Any:
    angle = np.linspace(0, 2 * np.pi, vertices + 1)[:-1]
    radius = rng.uniform(low_m, high_m, vertices)
    return shapely.Polygon(np.column_stack([centre[0] + radius * np.cos(angle), centre[1] + radius * np.sin(angle)]))


def anything(rng: np.random.Generator, grid: Grid) -> Any:
    """A shape of a random kind on or about the grid."""
    width, height = grid.columns * grid.cell_m, grid.rows * grid.cell_m
    x, y = grid.west + rng.uniform(-100, width + 100), grid.north - rng.uniform(-100, height + 100)
    kind = rng.integers(0, 7)
    if kind == 0:
        return shapely.Point(x, y)
    if kind == 1:
        steps = rng.normal(0, 150, (rng.integers(2, 3 * SEGMENTS_OF_PART), 2))
        return shapely.LineString(np.array([x, y]) + steps.cumsum(axis=0))
    if kind == 2:
        return star(rng, 7, (x, y), 5, 60)
    if kind == 3:  # more edges than one part has, and a hole
        return star(rng, 40, (x, y), 150, 400).difference(star(rng, 30, (x, y), 30, 140))
    if kind == 4:
        return shapely.MultiPolygon([star(rng, 6, (x, y), 5, 40), star(rng, 6, (x + 200, y), 5, 40)])
    if kind == 5:
        return shapely.MultiPoint(rng.normal([x, y], 200, (25, 2)))
    level = shapely.LineString([(x, y), (x + 300, y)])  # level and upright edges are cases of their own
    return shapely.GeometryCollection([level, shapely.box(x, y + 100, x + 80, y + 130), shapely.Point(x - 50, y)])


def disagreements(
    grid: Grid,
    shapes: NDArray[Any],
    required: NDArray[np.float64],
    level: NDArray[np.int64],
    half_m: float,
    **more: Any,
) -> tuple[int, int]:
    """Cells decided wrongly, and cells with a binding geometry that is not the one with the largest shortfall."""
    out = forbidden_cells(grid, shapes, required, np.arange(1, len(shapes) + 1), level=level, half_m=half_m)
    row, column = (index.ravel() for index in np.indices(grid.shape))
    squares = grid.squares(row, column, half_m)
    centres = shapely.points(
        np.column_stack([shapely.bounds(squares)[:, [0, 2]].mean(1), shapely.bounds(squares)[:, [1, 3]].mean(1)])
    )
    shortfall = required[:, None] - np.stack([shapely.distance(squares, shape) for shape in shapes])
    weight = required[:, None] - np.stack([shapely.distance(centres, shape) for shape in shapes]) - 1e6 * level[:, None]
    weight = np.where(shortfall > 0, weight, -np.inf)
    found = out.ravel().astype(int)
    clear = np.abs(shortfall).min(axis=0) > CLOSE_M
    wrong = clear & ((found > 0) != (shortfall > 0).any(axis=0))
    both = clear & (found > 0) & (shortfall > 0).any(axis=0)
    chosen = weight[found - 1, np.arange(len(found))][both]
    return int(wrong.sum()), int((~(chosen >= weight.max(axis=0)[both] - TIE_M)).sum())


@given(st.integers(0, 2**32 - 1), st.sampled_from([5.0, 5.5, 23.0]))
def test_every_cell_is_decided_as_by_exact_distance(seed: int, half_m: float) -> None:
    rng = np.random.default_rng(seed)
    corner = rng.uniform(-5e5, 5e6, 2)
    rows, columns = rng.integers(1, 30, 2)
    grid = Grid(float(corner[0]), float(corner[1]), 10.0, int(rows), int(columns))
    count = rng.integers(1, 9)
    shapes = np.array([anything(rng, grid) for _ in range(count)], dtype=object)
    required, level = rng.uniform(0.5, 250, count), rng.integers(0, 3, count)
    assert disagreements(grid, shapes, required, level, half_m) == (0, 0)


def test_grids_of_several_tiles_and_overlapping_zones() -> None:
    rng = np.random.default_rng(20261125)
    grid = Grid(500_003.0, 2_800_001.0, 10.0, TILE + 40, 2 * TILE + 7)
    shapes = np.array([anything(rng, grid) for _ in range(60)], dtype=object)
    assert disagreements(grid, shapes, rng.uniform(5, 400, 60), rng.integers(0, 2, 60), 5.0) == (0, 0)


def test_zones_that_hide_one_another_in_a_whole_tile() -> None:
    # several distances over 2 km about one place: all cells of a tile are forbidden, and the weak drop out
    rng = np.random.default_rng(7)
    grid = Grid(0.0, 600.0, 10.0, 60, 60)
    shapes = np.array([shapely.Point(*rng.uniform(0, 600, 2)) for _ in range(12)], dtype=object)
    required = np.array([2000.0, 2100, 2500, 3000, 1500, 20, 30, 40, 50, 3000, 3001, 2999])
    assert disagreements(grid, shapes, required, np.zeros(12, int), 5.0) == (0, 0)
    assert disagreements(grid, shapes, required, np.arange(12) % 3, 5.0) == (0, 0)


@given(st.integers(0, 2**32 - 1))
def test_a_few_cells_within_reach_of_many_like_zones(seed: int) -> None:
    # the bounds of shortfalls over so small a grid are tight, so that most of the shapes drop out
    rng = np.random.default_rng(seed)
    grid = Grid(0.0, 30.0, 10.0, int(rng.integers(1, 4)), int(rng.integers(1, 4)))
    shapes = np.array([anything(rng, grid) for _ in range(10)], dtype=object)
    required = rng.uniform(100, 150) + rng.uniform(0, 20, 10)
    assert disagreements(grid, shapes, required, rng.integers(0, 2, 10), 5.0) == (0, 0)


def test_the_inside_of_an_area_whose_edges_are_far_is_forbidden() -> None:
    # the ring lies 5 km off, farther than any tile reaches for edges
    area = shapely.Point(0, 0).buffer(5000, quad_segs=32)
    grid = Grid(-200.0, 200.0, 10.0, 40, 40)
    assert (forbidden_cells(grid, np.array([area]), 1.0, 9) == 9).all()
    ring = area.difference(shapely.Point(0, 0).buffer(3000, quad_segs=32))
    assert (forbidden_cells(grid, np.array([ring]), 1.0, 9) == 0).all()


def test_exactly_the_required_distance_complies() -> None:
    # the point lies 30 m east of the east edge of column 0 (x = 10) and 20 m of that of column 1
    grid = Grid(0.0, 10.0, 10.0, 1, 8)
    point = np.array([shapely.Point(40.0, 5.0)])
    assert forbidden_cells(grid, point, 20.0, 1)[0].tolist() == [0, 0, 1, 1, 1, 1, 0, 0]
    assert forbidden_cells(grid, point, 20.0 + 1e-6, 1)[0].tolist() == [0, 1, 1, 1, 1, 1, 1, 0]
    # a footprint of 10 m half side in any place of the cell reaches one cell farther
    assert forbidden_cells(grid, point, 20.0, 1, half_m=15.0)[0].tolist() == [0, 1, 1, 1, 1, 1, 1, 0]


def test_no_distance_demands_nothing_even_inside() -> None:
    grid = Grid(0.0, 100.0, 10.0, 10, 10)
    assert not forbidden_cells(grid, np.array([shapely.box(0, 0, 100, 100)]), 0.0, 1).any()
    assert not forbidden_cells(grid, np.array([], dtype=object), 5.0, 1).any()


def test_the_same_cells_for_any_number_of_threads() -> None:
    rng = np.random.default_rng(3)
    grid = Grid(0.0, 6000.0, 10.0, 600, 600)
    shapes = np.array([anything(rng, grid) for _ in range(300)], dtype=object)
    required, level = rng.uniform(5, 400, 300), rng.integers(0, 3, 300)
    one, two, five = (
        forbidden_cells(grid, shapes, required, np.arange(1, 301), level=level, threads=n) for n in (1, 2, 5)
    )
    assert (one == two).all() and (one == five).all()
    assert 0 < (one > 0).mean() < 1


def test_cells_outside_the_question_change_no_other() -> None:
    rng = np.random.default_rng(4)
    grid = Grid(0.0, 4000.0, 10.0, 400, 400)
    shapes = np.array([anything(rng, grid) for _ in range(80)], dtype=object)
    inside = np.zeros(grid.shape, bool)
    inside[:100, 200:] = True
    whole = forbidden_cells(grid, shapes, 100.0, 1)
    part = forbidden_cells(grid, shapes, 100.0, 1, inside=inside)
    assert (whole[inside] == part[inside]).all()


def test_a_grid_lies_on_whole_multiples_of_its_cells() -> None:
    grid = Grid.over((503.0, -12.0, 541.0, 8.0), 10.0)
    assert (grid.west, grid.north, grid.rows, grid.columns) == (500.0, 10.0, 3, 5)
    assert shapely.bounds(grid.squares(0, 0)).tolist() == [500.0, 0.0, 510.0, 10.0]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"required_m": np.nan}, "finite"), ({"code": 0}, "codes"), ({"code": 70_000}, "codes"),
        ({"level": 8}, "levels"), ({"half_m": 4.0}, "cover the cell"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(arguments: dict[str, Any], word: str) -> None:
    given_ = {"required_m": 10.0, "code": 1} | arguments
    with pytest.raises(OutOfDomain, match=word):
        forbidden_cells(Grid(0.0, 10.0, 10.0, 1, 1), np.array([shapely.Point(0, 0)]), **given_)


def test_a_missing_geometry_and_an_empty_grid_are_refused() -> None:
    with pytest.raises(OutOfDomain, match=r"geometries\[1\]"):
        forbidden_cells(Grid(0.0, 10.0, 10.0, 1, 1), np.array([shapely.Point(0, 0), None]), 5.0, 1)
    with pytest.raises(OutOfDomain, match="empty"):
        Grid(0.0, 0.0, 10.0, 0, 5)
    with pytest.raises(OutOfDomain, match="cells"):
        Grid(0.0, 0.0, 0.0, 5, 5)
