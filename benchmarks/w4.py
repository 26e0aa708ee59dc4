"""W4: which 10 m cells of a prefecture lie far enough from all targets, each class with a distance of its own."""

from __future__ import annotations

import contextlib
import math
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import shapely
from numpy.typing import NDArray
from rasterio.features import rasterize

from benchmarks.prefecture import WIDTH_M, planar
from benchmarks.run import UNAVAILABLE, Contender, Verdict, reason_of, report, run_rounds
from gisrisk.analysis.forbidden_cells import Grid, forbidden_cells

GOAL = 25.0
SIZES = {"small": (30_000.0, 10_000), "default": (120_000.0, 100_000), "full": (120_000.0, 100_000)}
CELL_M = 10.0
CLASS_DISTANCE_M = np.array([20.0, 30, 40, 50, 60, 80, 100, 150, 200, 300, 400, 500])
QUAD_SEGS = 8
SAMPLE = 20_000
NEAR_M = 1e-6


@dataclass(frozen=True)
class Place:
    """Targets with a class each, and the grid."""

    grid: Grid
    targets: NDArray[Any]
    klass: NDArray[np.int64]

    @property
    def required_m(self) -> NDArray[np.float64]:
        distances: NDArray[np.float64] = CLASS_DISTANCE_M[self.klass]
        return distances


def place(width_m: float, count: int) -> Place:
    """The targets of the prefecture in a square of a width about its middle, as many as asked for."""
    drawn = planar(1, round(1.2 * count * (WIDTH_M / width_m) ** 2) if width_m < WIDTH_M else count).targets
    bounds = shapely.bounds(drawn)
    middle = (bounds[:, :2] + bounds[:, 2:]) / 2
    targets = drawn[(np.abs(middle) <= width_m / 2).all(axis=1)][:count]
    cells = round(width_m / CELL_M)
    klass = np.random.default_rng(20260104).integers(0, len(CLASS_DISTANCE_M), len(targets))
    return Place(Grid(-width_m / 2, width_m / 2, CELL_M, cells, cells), targets, klass)


def measure(size: str, rounds: int) -> Verdict:
    """Run ours beside the peers and print the table."""
    here = place(*SIZES[size])
    kept: dict[str, NDArray[Any]] = {}

    def contender(name: str, run: Callable[[], NDArray[Any]], **more: Any) -> Contender:
        """Keeps which cells are forbidden as bits, because whole grids of all ways would not fit in memory."""

        def keep() -> None:
            kept[name] = run()

        def bits() -> NDArray[np.uint8]:
            packed: NDArray[np.uint8] = np.packbits(kept[name] != 0)
            if name != OURS:
                del kept[name]
            return packed

        return Contender(name, keep, check=bits, **more)

    contenders = [
        contender(OURS, lambda: ours(here), ours=True),
        contender(
            "the same without binding class", lambda: ours(here, binding=False), note="ours, for comparison only"
        ),
        contender(
            "gisrisk forbidden_cells, one thread", lambda: ours(here, threads=1), note="ours, for comparison only"
        ),
        contender("shapely buffer, then rasterize, all classes at once", lambda: buffers(here)),
    ]
    slow = [contender("shapely buffer, then rasterize, class by class", lambda: buffers_by_class(here))]
    absent: dict[str, str] = {}
    with contextlib.ExitStack() as stack:
        for name, make in (
            ("scipy EDT of burnt targets, class by class", edt),
            ("GDAL proximity of burnt targets, class by class", proximity),
        ):
            try:
                slow.append(contender(name, make(here, stack)))
            except UNAVAILABLE as error:
                absent[name] = reason_of(error)
        run_rounds(contenders, rounds)
        for each in slow:  # minutes each at full size: once is enough to know
            started = time.perf_counter()
            each.run()
            each.seconds.append(time.perf_counter() - started)
            each.answer = each.check() if each.check is not None else None
            each.note = "run once"
    exact, total = contenders[0].answer, here.grid.rows * here.grid.columns
    title = f"W4 {size}: {len(here.targets)} targets of {len(CLASS_DISTANCE_M)} classes, {total} cells of {CELL_M:g} m"
    ratio = report(title, [*contenders, *slow], absent)
    problems = wrong_cells(here, kept[OURS])
    print(f"ours against GEOS, {SAMPLE} cells at random and {SAMPLE} on borders: {problems or 'equal'}")
    agreeing = not problems and all((each.answer == exact).all() for each in contenders[:3])
    print(f"{'way':<58}{'forbidden':>12}{'too near, admitted':>20}{'far, forbidden':>16}")
    for each in [contenders[0], *contenders[3:], *slow]:
        missed, over = _ones(exact & ~each.answer), _ones(each.answer & ~exact)
        print(f"{each.name:<58}{_ones(each.answer):>12}{missed:>20}{over:>16}")
        # A peer's cells differ along borders only: by where it measures from, and by chords in place of arcs.
        agreeing &= missed + over <= 0.05 * total
    return Verdict("W4", ratio, GOAL, agreeing)


OURS = "gisrisk forbidden_cells, with the binding class"


def ours(here: Place, *, binding: bool = True, threads: int | None = None) -> NDArray[np.uint16]:
    code: Any = here.klass + 1 if binding else 1
    return forbidden_cells(here.grid, here.targets, here.required_m, code, threads=threads)


def buffers(here: Place) -> NDArray[np.uint8]:
    """One call of each; where zones overlap the class with the largest distance is on top, whatever binds."""
    order = np.argsort(here.required_m, kind="stable")
    return _burnt(here, _zones(here.targets[order], here.required_m[order]), here.klass[order] + 1)


def buffers_by_class(here: Place) -> NDArray[np.bool_]:
    """As it is written when every class is a layer of its own."""
    out = np.zeros(here.grid.shape, bool)
    for number, metres in enumerate(CLASS_DISTANCE_M):
        mine = here.targets[here.klass == number]
        out |= _burnt(here, _zones(mine, np.full(len(mine), metres)), np.ones(len(mine), np.int64)) != 0
    return out


def _zones(shapes: NDArray[Any], metres: NDArray[np.float64]) -> NDArray[Any]:
    """Buffers whose chords lie outside the true arcs, so that none admits what is too near."""
    zones: NDArray[Any] = shapely.buffer(shapes, metres / math.cos(math.pi / 4 / QUAD_SEGS), quad_segs=QUAD_SEGS)
    return zones


def _burnt(here: Place, shapes: NDArray[Any], values: NDArray[np.int64]) -> NDArray[np.uint8]:
    burnt: NDArray[np.uint8] = rasterize(
        zip(shapes, values.tolist(), strict=True), out_shape=here.grid.shape, transform=here.grid.transform,
        all_touched=True, dtype="uint8",
    )  # fmt: skip
    return burnt


def edt(here: Place, stack: contextlib.ExitStack) -> Callable[[], NDArray[np.bool_]]:
    """Distance from the centre of each cell to the centre of the nearest burnt one."""
    from scipy.ndimage import distance_transform_edt

    def run() -> NDArray[np.bool_]:
        out = np.zeros(here.grid.shape, bool)
        for number, metres in enumerate(CLASS_DISTANCE_M):
            mine = here.targets[here.klass == number]
            free = _burnt(here, mine, np.ones(len(mine), np.int64)) == 0
            out |= distance_transform_edt(free, sampling=CELL_M) < metres
        return out

    return run


def proximity(here: Place, stack: contextlib.ExitStack) -> Callable[[], NDArray[np.bool_]]:
    """The same by GDAL's tool, from file to file."""
    tool = shutil.which("gdal_proximity.py")
    if tool is None:
        raise OSError("gdal_proximity.py is not installed")
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))

    def run() -> NDArray[np.bool_]:
        out = np.zeros(here.grid.shape, bool)
        for number, metres in enumerate(CLASS_DISTANCE_M):
            mine = here.targets[here.klass == number]
            burnt = _burnt(here, mine, np.ones(len(mine), np.int64))
            profile = {"driver": "GTiff", "width": here.grid.columns, "height": here.grid.rows, "count": 1}
            profile |= {"dtype": "uint8", "transform": here.grid.transform, "crs": "EPSG:4548"}
            with rasterio.open(folder / "burnt.tif", "w", **profile) as file:
                file.write(burnt, 1)
            (folder / "near.tif").unlink(missing_ok=True)
            words = [tool, "burnt.tif", "near.tif", "-distunits", "GEO", "-maxdist", f"{metres + CELL_M}"]
            subprocess.run([*words, "-nodata", "1e9", "-q"], cwd=folder, check=True, capture_output=True)
            with rasterio.open(folder / "near.tif") as file:
                out |= file.read(1) < metres
        return out

    return run


def wrong_cells(here: Place, codes: NDArray[np.uint16]) -> str:
    """What GEOS has against our answer; empty when it agrees."""
    rng = np.random.default_rng(4)
    cells = rng.integers(0, here.grid.rows, (SAMPLE, 2))
    flat = codes != 0
    rows = rng.integers(0, here.grid.rows, 60)
    border = [(r, c) for r in rows.tolist() for c in np.flatnonzero(flat[r, :-1] != flat[r, 1:]).tolist()]
    chosen = np.array(border)[rng.permutation(len(border))[: SAMPLE // 2]]
    cells = np.concatenate([cells, chosen, chosen + np.array([0, 1])])
    squares = here.grid.squares(cells[:, 0], cells[:, 1])
    centres = shapely.centroid(squares)
    said = codes[cells[:, 0], cells[:, 1]].astype(int)
    surely, perhaps = np.zeros(len(cells), bool), np.zeros(len(cells), bool)
    shortfall = np.full((len(CLASS_DISTANCE_M), len(cells)), -np.inf)
    for number, metres in enumerate(CLASS_DISTANCE_M):
        mine = here.targets[here.klass == number]
        i, j = shapely.STRtree(mine).query(squares, predicate="dwithin", distance=metres)
        distance = shapely.distance(squares[i], mine[j])
        surely[i[distance < metres - NEAR_M]] = True
        perhaps[i[distance < metres + NEAR_M]] = True
        near = distance < metres - NEAR_M
        np.maximum.at(shortfall[number], i[near], metres - shapely.distance(centres[i[near]], mine[j[near]]))
    admitted = int((surely & (said == 0)).sum())
    forbidden = int((~perhaps & (said != 0)).sum())
    known = (said > 0) & surely
    at = np.flatnonzero(known)
    unbound = int((shortfall[said[at] - 1, at] < shortfall[:, at].max(axis=0) - 0.01).sum())
    found = {"admitted though too near": admitted, "forbidden though far": forbidden, "bound by another class": unbound}
    return ", ".join(f"{count} {what}" for what, count in found.items() if count)


def _ones(bits: NDArray[np.uint8]) -> int:
    return int(np.bitwise_count(bits).sum())
