"""Where else the same footprint could stand: a grid of places sieved by clearances, the nearest checked exactly.

A clearance is how far a proposed feature must stay from an existing one, whatever is unknown about it. It is taken from
the same rules, measuring points and uncertainties as a finding, so a place that keeps all of them meets every distance.
The sieve works in a local plane; only the exact judgement of a place counts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gisrisk import settings
from gisrisk.analysis.siting.alternatives import passes
from gisrisk.analysis.siting.assessing import Assessment, Law
from gisrisk.analysis.siting.proposal import Key, Proposal, geojson_geometry
from gisrisk.analysis.siting.verdict import WORDS_EN, WORDS_ZH, Effect
from gisrisk.analysis.siting.world import Frames, with_proposal
from gisrisk.geo import STORAGE_CRS, local_crs
from gisrisk.rules.matching import match
from gisrisk.rules.measuring import MeasuringPoints
from gisrisk.rules.row_match import RowMatch
from gisrisk.rules.subjects import Subjects, build_subjects

PLANE_ERROR_M = 0.5
"""Added to every clearance: the local plane is off by less over the radius searched [m]."""
SMALLEST_STEP_M = 20.0
MOST_PLACES = 12_000
MOST_TRIES = 6
_FAR_M = 1e6


@dataclass(frozen=True, slots=True)
class Search:
    """One kind of place to look for.

    Attributes
    ----------
    scope : str
        same_park, other_park or area.
    inside : shapely geometry
        The whole footprint must lie in it (EPSG:4490).
    frames : mapping of layer name to DataFrame
        Existing rows in and around it.
    code, name : str
        Of the park or area.
    """

    scope: str
    inside: BaseGeometry
    frames: Frames
    code: str
    name: str


def nearest_place(
    proposal: Proposal, search: Search, law: Law, judge: Callable[[Proposal], Assessment], than: Effect
) -> dict[str, Any] | None:
    """The nearest place inside an area where the same footprint would pass; None when none is found.

    Parameters
    ----------
    proposal : Proposal
    search : Search
    law : Law
    judge : callable
        Exact assessment of a moved proposal.
    than : Effect
        Verdict at the original place.

    Notes
    -----
    Places lie on a grid whose step is a third of the footprint's narrow side, not below `SMALLEST_STEP_M`, and wider
    where the area would otherwise hold more than `MOST_PLACES`. Of equally admissible places the nearest is taken.
    """
    plane = _Plane.at(proposal.footprint)
    here = plane.to_plane(proposal.footprint)
    offsets = _offsets(here, plane.to_plane(search.inside))
    free = _free(proposal, search.frames, law, plane, offsets)
    offsets = offsets[free]
    tried: list[NDArray[np.float64]] = []
    west, south, east, north = here.bounds
    apart = max(math.hypot(east - west, north - south) / 2, SMALLEST_STEP_M)
    for offset in offsets:
        if any(math.hypot(*(offset - other)) < apart for other in tried):
            continue
        moved = plane.moved(proposal, float(offset[0]), float(offset[1]))
        assessment = judge(moved)
        if passes(assessment, than):
            return _as_dict(moved, offset, search, assessment)
        tried.append(offset)
        if len(tried) >= MOST_TRIES:
            break
    return None


# --- the plane --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Plane:
    """Metres around the footprint."""

    there: pyproj.Transformer
    back: pyproj.Transformer

    @classmethod
    def at(cls, footprint: BaseGeometry) -> _Plane:
        centre = footprint.centroid
        plane = local_crs(centre.x, centre.y)
        there = pyproj.Transformer.from_crs(STORAGE_CRS, plane, always_xy=True)
        return cls(there, pyproj.Transformer.from_crs(plane, STORAGE_CRS, always_xy=True))

    def to_plane(self, shapes: Any) -> Any:
        return shapely.transform(shapes, self.there.transform, interleaved=False)

    def moved(self, proposal: Proposal, dx_m: float, dy_m: float) -> Proposal:
        """The proposal shifted in the plane."""

        def shift(lon: NDArray[Any], lat: NDArray[Any]) -> tuple[Any, Any]:
            x, y = self.there.transform(lon, lat)
            moved: tuple[Any, Any] = self.back.transform(np.asarray(x) + dx_m, np.asarray(y) + dy_m)
            return moved

        out = proposal
        for name, frame in proposal.located():
            shapes = shapely.transform(frame.geometry.to_numpy(), shift, interleaved=False)
            out = out.with_frame(name, frame.set_geometry(shapes, crs=STORAGE_CRS))
        return out


def _offsets(here: BaseGeometry, inside: BaseGeometry) -> NDArray[np.float64]:
    """Shifts that leave the footprint's box in the area's box, the shortest first; without standing still."""
    west, south, east, north = here.bounds
    w, s, e, n = inside.bounds
    step = max(SMALLEST_STEP_M, min(east - west, north - south) / 3)
    spans = (max(e - east - (w - west), 0.0), max(n - north - (s - south), 0.0))
    step = max(step, math.sqrt(spans[0] * spans[1] / MOST_PLACES))
    # The grid has the original place as a node, so that a small shift is found as such.
    xs = np.arange(math.ceil((w - west) / step), math.floor((e - east) / step) + 1) * step
    ys = np.arange(math.ceil((s - south) / step), math.floor((n - north) / step) + 1) * step
    if len(xs) == 0 or len(ys) == 0:
        return np.empty((0, 2))
    grid = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
    far = np.hypot(grid[:, 0], grid[:, 1])
    order = np.lexsort((grid[:, 1], grid[:, 0], far))
    moved = grid[order]
    shapely.prepare(inside)
    boxes = shapely.box(west + moved[:, 0], south + moved[:, 1], east + moved[:, 0], north + moved[:, 1])
    kept: NDArray[np.float64] = moved[shapely.covers(inside, boxes) & (far[order] > 0)]
    return kept


# --- the sieve --------------------------------------------------------------------------------------------------------


def _free(
    proposal: Proposal, frames: Frames, law: Law, plane: _Plane, offsets: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Shifts at which every proposed feature keeps its clearance from every existing one."""
    free = np.ones(len(offsets), dtype=bool)
    if len(offsets) == 0:
        return free
    # Far away from everything the proposed rows take their attributes from themselves alone.
    west = plane.moved(proposal, -_FAR_M / 20, 0.0)
    world = with_proposal(_without_own(frames, proposal), west)
    subjects = build_subjects(world.after)
    shapes = {key: plane.to_plane(shape) for key, shape in _shapes_of(proposal)}
    for key, around in _clearances(subjects, law, world.proposed).items():
        index = np.flatnonzero(around > 0)
        if len(index) == 0 or key not in shapes:
            continue
        zones = shapely.buffer(plane.to_plane(subjects.geometry[index]), around[index] + PLANE_ERROR_M, quad_segs=16)
        tree = shapely.STRtree(zones)
        left = np.flatnonzero(free)
        moved = _translated(shapes[key], offsets[left])
        hit, _ = tree.query(moved, predicate="intersects")
        free[left[np.unique(hit)]] = False
    return free


def _without_own(frames: Frames, proposal: Proposal) -> dict[str, pd.DataFrame]:
    """Existing rows without those the proposal changes: they move with it."""
    out = dict(frames)
    for name, frame in proposal.located():
        if name in out and len(out[name]):
            out[name] = out[name][~out[name]["code"].isin(set(frame["code"]))].reset_index(drop=True)
    return out


def _shapes_of(proposal: Proposal) -> Iterable[tuple[Key, BaseGeometry]]:
    for name, frame in proposal.located():
        for code, shape in zip(frame["code"], frame.geometry, strict=True):
            yield (name, str(code)), shape


def _translated(shape: BaseGeometry, offsets: NDArray[np.float64]) -> NDArray[Any]:
    """One copy of a shape for each shift."""
    coordinates = shapely.get_coordinates(shape)
    copies = np.repeat(np.array([shape], dtype=object), len(offsets))
    moved = coordinates[None, :, :] + offsets[:, None, :]
    out: NDArray[Any] = shapely.set_coordinates(copies, moved.reshape(-1, 2))
    return out


def _clearances(subjects: Subjects, law: Law, proposed: frozenset[Key]) -> dict[Key, NDArray[np.float64]]:
    """Per proposed feature: how far it must stay off each feature of `Subjects.geometry` [m]; 0: no matter."""
    frame = subjects.frame
    feature = frame["geometry_index"].to_numpy()
    keys = list(zip(frame["layer"], frame["code"].astype(str), strict=True))
    mine = np.array([key in proposed for key in keys], dtype=bool)
    points = MeasuringPoints(subjects)
    unsure = pd.to_numeric(frame["position_uncertainty_m"], errors="coerce").to_numpy(dtype=np.float64)
    unsure = np.where(np.isnan(unsure), settings.number("default_position_uncertainty_m"), unsure)
    out = {key: np.zeros(len(subjects.geometry)) for key in proposed}
    for found in match(law.book, subjects, law.on):
        if found.rule.type == "permit" or not found.rule.mandatory:
            continue
        source, target = mine[found.source_index], mine[found.target_index]
        for i, j in (
            (np.flatnonzero(source), np.flatnonzero(~target)),
            (np.flatnonzero(~source), np.flatnonzero(target)),
        ):
            if len(i) == 0 or len(j) == 0:
                continue
            _collect(found, np.repeat(i, len(j)), np.tile(j, len(i)), points, unsure, feature, keys, mine, out)
    return out


def _collect(
    found: RowMatch, i: NDArray[np.int64], j: NDArray[np.int64], points: MeasuringPoints, unsure: NDArray[np.float64],
    feature: NDArray[np.int64], keys: list[Key], mine: NDArray[np.bool_], out: dict[Key, NDArray[np.float64]],
) -> None:  # fmt: skip
    law = found.pairs(i, j)
    holds = law.truth > 0
    i, j, high = i[holds], j[holds], law.high_m[holds]
    if len(i) == 0:
        return
    start = points.measure("measured_from", found.rule.measured_from, found.source_index)
    end = points.measure("measured_to", found.rule.measured_to, found.target_index)
    source, target = found.source_index[i], found.target_index[j]
    clearance = (
        high + unsure[source] + unsure[target] + start.offset_m[i] + end.offset_m[j]
        + start.allowance_m[i] + end.allowance_m[j] + start.may_extend_m[i] + end.may_extend_m[j]
    )  # fmt: skip
    own, other = np.where(mine[source], source, target), np.where(mine[source], target, source)
    for row in np.unique(own):
        at = own == row
        np.maximum.at(out[keys[row]], feature[other[at]], clearance[at])


def _as_dict(moved: Proposal, offset: NDArray[np.float64], search: Search, assessment: Assessment) -> dict[str, Any]:
    distance = float(math.hypot(*offset))
    bearing = math.degrees(math.atan2(offset[0], offset[1])) % 360
    zh, en = _DIRECTIONS[round(bearing / 45) % 8]
    word = assessment.effect.word
    where_zh = {"same_park": "同一园区内", "other_park": f"园区“{search.name}”内", "area": "周边"}[search.scope]
    where_en = {"same_park": "in the same park", "other_park": f"in park '{search.name}'", "area": "nearby"}[
        search.scope
    ]
    return {
        "kind": "place", "scope": search.scope, "area_code": search.code, "area_name": search.name,
        "moved_m": round(distance, 1), "bearing_deg": round(bearing, 1), "verdict": word,
        "footprint": geojson_geometry(moved.footprint),
        "zh": f"{where_zh}：向{zh}移 {distance:.0f} m，结论为{WORDS_ZH[word]}",
        "en": f"{where_en}: {distance:.0f} m to the {en}, where the verdict is {WORDS_EN[word]}",
    }  # fmt: skip


_DIRECTIONS = (
    ("北", "north"), ("东北", "north-east"), ("东", "east"), ("东南", "south-east"),
    ("南", "south"), ("西南", "south-west"), ("西", "west"), ("西北", "north-west"),
)  # fmt: skip
