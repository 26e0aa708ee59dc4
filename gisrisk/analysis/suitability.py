"""Where a use could stand: every cell of an area judged by every rule in force, with the rule that binds it.

A cell is admitted when the footprint, centred anywhere in it, surely meets every rule that could be evaluated. What
cannot be decided is a class of its own, never admitted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS, Proj, Transformer
from rasterio.features import geometry_mask
from shapely.geometry.base import BaseGeometry

from gisrisk.analysis.forbidden_cells import Grid, forbidden_cells
from gisrisk.analysis.suitability_proposal import CODE, ProposalType, with_proposal
from gisrisk.analysis.suitability_zones import OPEN, PROVISIONAL, SURE, Zones, zones_about
from gisrisk.errors import GisriskError, OutOfDomain
from gisrisk.geo import STORAGE_CRS, densify, local_crs
from gisrisk.rules import RuleBook
from gisrisk.rules.rule import Rule
from gisrisk.rules.subjects import Subjects, build_subjects

ADMITTED, FORBIDDEN, UNDETERMINED, BREAKS_PROVISIONAL, OUTSIDE = 0, 1, 2, 3, 255
"""Classes of a cell."""

CELL_M = 10.0
PLANE_MARGIN_M = 0.01
"""Added to every required distance for edges that are straight in degrees but not quite in the plane [m]."""

_CLASS_OF_LEVEL = {SURE: FORBIDDEN, PROVISIONAL: BREAKS_PROVISIONAL, OPEN: UNDETERMINED}
_EDGE_M = 200.0  # edges are split so in degrees; over this length the bend of a plane is below a millimetre
_DEGREE_M = 110_500.0  # no degree of latitude is shorter
_ZONES = range(75, 136, 3)  # central meridians of EPSG 4534 to 4554, CGCS2000 / 3-degree Gauss-Kruger
_ROWS = 1024  # of one piece of work on the whole grid


class NothingOnRecord(GisriskError):
    """There is no feature near the area, so that no cell of it can be called free."""

    exit_status = 3


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """One rule of the binding band: its number there, and the fields that would settle it where it is open."""

    number: int
    rule: Rule
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Suitability:
    """The answer for one use and one area on one day.

    Attributes
    ----------
    proposal : ProposalType
    grid : Grid
        In the plane of `crs`.
    crs : CRS
        A 3-degree Gauss-Kruger zone of CGCS2000, or a plane of its own where the area crosses zones.
    cells : ndarray of uint8, shape (rows, columns)
        0 admitted, 1 a confirmed mandatory rule is broken, 2 undetermined, 3 only provisional or advisory rules are
        broken, 255 the centre lies outside the area. 1 outweighs 3, and 3 outweighs 2.
    binding : ndarray of uint16, shape (rows, columns)
        Number in the legend of the rule with the largest shortfall in that class; 0 admitted, 255 outside.
    legend : tuple of LegendEntry
        Numbers from 1, without 255.
    scale_excess : float
        Lengths in the plane are too long by at most this share within reach of the area; required distances were
        lengthened by it and by `PLANE_MARGIN_M`, so that an admitted cell is far enough on the ellipsoid.
    reach_m : float
        The largest distance asked for [m].
    not_evaluated : list of (id, reason in Chinese, in English)
        Rules in force that no cell was held against.
    """

    proposal: ProposalType
    grid: Grid
    crs: CRS
    cells: NDArray[np.uint8]
    binding: NDArray[np.uint16]
    legend: tuple[LegendEntry, ...]
    scale_excess: float
    reach_m: float
    rule_set: str
    on: date
    synthetic: bool
    not_evaluated: list[tuple[str, str, str]]

    @property
    def transform(self) -> Affine:
        """From (column, row) to (x, y) of `crs`."""
        return self.grid.transform

    def counts(self) -> dict[int, int]:
        """Cells of each class."""
        total = np.zeros(256, np.int64)
        for top in range(0, self.grid.rows, _ROWS):
            total += np.bincount(self.cells[top : top + _ROWS].ravel(), minlength=256)
        return {k: int(total[k]) for k in (ADMITTED, FORBIDDEN, UNDETERMINED, BREAKS_PROVISIONAL, OUTSIDE)}

    def bound_cells(self) -> dict[str, int]:
        """Cells bound by each rule, most first."""
        total = np.zeros(2**16, np.int64)
        for top in range(0, self.grid.rows, _ROWS):
            total += np.bincount(self.binding[top : top + _ROWS].ravel(), minlength=2**16)
        found = {entry.rule.id: int(total[entry.number]) for entry in self.legend}
        return dict(sorted(found.items(), key=lambda item: -item[1]))


def suitability(
    book: RuleBook,
    frames: Mapping[str, pd.DataFrame],
    proposal: ProposalType,
    area: BaseGeometry,
    *,
    on: date,
    cell_m: float = CELL_M,
    threads: int | None = None,
) -> Suitability:
    """Judge every cell of an area for a use.

    Parameters
    ----------
    book : RuleBook
    frames : mapping of layer name to GeoDataFrame
        Everything within reach of the area (`RuleBook.reach_m` and a margin), EPSG:4490.
    proposal : ProposalType
    area : shapely Polygon or MultiPolygon
        Longitude and latitude.
    on : date
        Day whose law applies.
    cell_m : float
        Side of a cell [m].

    Raises
    ------
    NothingOnRecord
        No feature is near the area.
    OutOfDomain
        The area is no polygon, or the grid would be too large.
    """
    if area.is_empty or area.geom_type not in ("Polygon", "MultiPolygon"):
        raise OutOfDomain(f"the area is an {'empty ' if area.is_empty else ''}{area.geom_type}; a polygon is needed")
    subjects = build_subjects(with_proposal(frames, proposal), vocabulary=book.vocabulary)
    feature = _feature_of(subjects)
    zones = zones_about(book, subjects, feature, on=on)
    reach_m = float(zones.radius_m.max(initial=0.0)) + proposal.radius_m + proposal.half_side_m * math.sqrt(2)
    _refuse_empty(subjects, feature, area, max(reach_m, book.reach_m(on)))
    crs = plane_of(area)
    excess = scale_excess(crs, area, reach_m)
    to_plane = Transformer.from_crs(STORAGE_CRS, crs, always_xy=True)
    flat_area = shapely.transform(densify(area, _EDGE_M), to_plane.transform, interleaved=False)
    grid = Grid.over(flat_area.bounds, cell_m)
    inside = geometry_mask([flat_area], out_shape=grid.shape, transform=grid.transform, invert=True)

    codes, pairs = _codes(zones)
    near = _near(subjects, zones, area, reach_m)
    shapes = densify(subjects.geometry[zones.feature[near]], _EDGE_M)
    flat = shapely.transform(shapes, to_plane.transform, interleaved=False) if near.any() else shapes
    required = (zones.radius_m[near] + proposal.radius_m) * (1 + excess) + PLANE_MARGIN_M
    found = forbidden_cells(
        grid, flat, required, codes[near], level=zones.level[near],
        half_m=cell_m / 2 + proposal.half_side_m * (1 + excess), inside=inside, threads=threads,
    )  # fmt: skip
    cells, legend = _classes(found, inside, pairs, zones)
    return Suitability(
        proposal, grid, crs, cells, found, legend, excess, reach_m, book.version, on, _is_synthetic(frames),
        zones.not_evaluated,
    )  # fmt: skip


def plane_of(area: BaseGeometry) -> CRS:
    """The 3-degree Gauss-Kruger zone of CGCS2000 that holds an area, else a plane centred on it."""
    west, south, east, north = area.bounds
    meridian = 3 * round((west + east) / 6)
    if meridian in _ZONES and west >= meridian - 1.5 and east <= meridian + 1.5 and south > 0:
        return CRS.from_epsg(4534 + (meridian - _ZONES[0]) // 3)
    return local_crs((west + east) / 2, (south + north) / 2)


def scale_excess(crs: CRS, area: BaseGeometry, reach_m: float) -> float:
    """How much too long lengths are in a transverse Mercator plane, at most, within reach of an area; a share.

    The scale grows with the distance from the central meridian and hardly changes with latitude, so it is largest at a
    corner of the area's box grown by the reach; one hundredth of the excess is added for that "hardly".
    """
    west, south, east, north = area.bounds
    up = reach_m / _DEGREE_M
    south, north = max(south - up, -89.0), min(north + up, 89.0)
    aside = reach_m / (_DEGREE_M * math.cos(math.radians(max(abs(south), abs(north)))))
    lon = np.array([west - aside, west - aside, east + aside, east + aside])
    factors = Proj(crs).get_factors(lon, np.array([south, north, south, north]))
    return 1.01 * max(float(np.max(factors.meridional_scale)) - 1.0, 0.0)


def _feature_of(subjects: Subjects) -> int:
    mine = subjects.frame["geometry_index"].to_numpy()[subjects.frame["code"].to_numpy(dtype=object) == CODE]
    if len(mine) == 0:
        raise OutOfDomain("no rule knows the proposal: its type plays no part in the vocabulary")
    return int(mine[0])


def _refuse_empty(subjects: Subjects, feature: int, area: BaseGeometry, reach_m: float) -> None:
    others = np.delete(np.arange(len(subjects.geometry)), feature)
    if not _within(shapely.bounds(subjects.geometry[others]), area, np.full(len(others), reach_m)).any():
        raise NothingOnRecord(
            f"There is no feature on record within {reach_m:.0f} m of the area, so nothing can be said: an area "
            "without data is not a free one. Import its sites, targets and lines first (gisrisk layer import)."
        )


def _near(subjects: Subjects, zones: Zones, area: BaseGeometry, reach_m: float) -> NDArray[np.bool_]:
    """Zones that can reach the area."""
    grown = np.full(len(zones), reach_m) if len(zones) else np.empty(0)
    return _within(shapely.bounds(subjects.geometry[zones.feature]), area, grown)


def _within(boxes: NDArray[np.float64], area: BaseGeometry, reach_m: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Boxes in degrees that come within a reach of the area's box; a missing geometry is kept, to be refused later."""
    west, south, east, north = area.bounds
    up = 1.01 * reach_m / _DEGREE_M
    aside = up / np.cos(np.radians(np.minimum(max(abs(south), abs(north)) + up, 89.0)))
    apart = (boxes[:, 0] > east + aside) | (boxes[:, 2] < west - aside)
    apart |= (boxes[:, 1] > north + up) | (boxes[:, 3] < south - up)
    return np.asarray(~apart, dtype=bool)


def _codes(zones: Zones) -> tuple[NDArray[np.int64], list[tuple[int, int]]]:
    """A code for every (level, rule) that occurs, and what each code from 1 on means."""
    key = zones.level.astype(np.int64) * max(len(zones.rules), 1) + zones.rule
    values, code = np.unique(key, return_inverse=True)
    pairs = [(int(v) // max(len(zones.rules), 1), int(v) % max(len(zones.rules), 1)) for v in values]
    return code.astype(np.int64) + 1, pairs


def _classes(
    found: NDArray[np.uint16], inside: NDArray[np.bool_], pairs: list[tuple[int, int]], zones: Zones
) -> tuple[NDArray[np.uint8], tuple[LegendEntry, ...]]:
    """The class of each cell; `found` is turned from codes into numbers of the legend in place."""
    numbers = [n + 1 if n + 1 < OUTSIDE else n + 2 for n in range(len(zones.rules))]
    class_of = np.array([ADMITTED, *(_CLASS_OF_LEVEL[level] for level, _ in pairs)], dtype=np.uint8)
    number_of = np.array([0, *(numbers[rule] for _, rule in pairs)], dtype=np.uint16)
    cells = np.empty(found.shape, np.uint8)
    for top in range(0, len(found), _ROWS):
        part = slice(top, top + _ROWS)
        cells[part] = np.where(inside[part], class_of[found[part]], np.uint8(OUTSIDE))
        found[part] = np.where(inside[part], number_of[found[part]], np.uint16(OUTSIDE))
    legend = tuple(
        LegendEntry(number, rule, zones.missing.get(rule.id, ()))
        for number, rule in zip(numbers, zones.rules, strict=True)
    )
    return cells, legend


def _is_synthetic(frames: Mapping[str, pd.DataFrame]) -> bool:
    return any(
        "position_source" in frame and bool((frame["position_source"] == "synthetic").any())
        for frame in frames.values()
        if isinstance(frame, gpd.GeoDataFrame)
    )
