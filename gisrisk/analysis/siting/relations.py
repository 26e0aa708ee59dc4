"""Clauses of place held against a world: in an approved park, not in a dense area, away from a reserve.

Each gives findings with the columns of a distance finding. Figures that are no distances stay empty; `overlap_m2` says
how much of the project lies where it must not, or outside where it must be.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString
from shapely.geometry.base import BaseGeometry

from gisrisk import settings
from gisrisk.analysis.exposure import COLUMNS as EXPOSURE_COLUMNS
from gisrisk.analysis.judgement import Status, judge
from gisrisk.analysis.proximity import pairs_within, shortest_lines
from gisrisk.analysis.separation import COLUMNS
from gisrisk.analysis.siting.proposal import Key
from gisrisk.analysis.siting.world import Frames
from gisrisk.chinatime import day_of
from gisrisk.geo import STORAGE_CRS, area_m2, buffer_m
from gisrisk.hazards.gb18218 import grade_units
from gisrisk.rules.conditions import ALWAYS, FALSE, TRUE, UNKNOWN
from gisrisk.rules.predicates import Predicate, Selection
from gisrisk.rules.subjects import Subjects

RELATION_COLUMNS = [*COLUMNS, "overlap_m2"]
CLAIM = "exception"
"""Missing "field" of a finding whose exception the applicant claims: proof of it."""
FARTHEST_PARK_M = 50_000.0
_PROHIBITED = ("not_within", "disjoint")


def relation_findings(
    predicates: Sequence[Predicate],
    subjects: Subjects,
    frames: Frames,
    touched: frozenset[Key],
    *,
    on: date,
    claims: frozenset[str] = frozenset(),
) -> gpd.GeoDataFrame:
    """Clauses of place that a touched feature breaks, or may break.

    Parameters
    ----------
    predicates : sequence of Predicate
    subjects : Subjects
        Built from `frames`.
    frames : mapping of layer name to GeoDataFrame
    touched : frozenset of (layer, code)
        Only pairs with one of these as an end; "must lie within" is asked of these alone.
    on : date
    claims : frozenset of str
        Exceptions relied on. A claimed one turns a violation into an open question: it has to be proved.

    Returns
    -------
    GeoDataFrame with `RELATION_COLUMNS`, EPSG:4490
    """
    work = _Work(subjects, frames, touched, on)
    rows: list[dict[str, Any]] = []
    for predicate in predicates:
        if predicate.relation is None or not predicate.applies_on(on):
            continue
        found = list(work.within(predicate)) if predicate.relation == "within" else list(work.apart(predicate))
        claimed = sorted(code for code, _, _ in predicate.exceptions if code in claims)
        for row in found:
            if claimed and row["status"] != Status.UNDETERMINED.text:
                row |= {"status": Status.UNDETERMINED.text, "missing": ";".join(f"{CLAIM}.{c}" for c in claimed)}
            rows.append(row)
    return gpd.GeoDataFrame(pd.DataFrame(rows, columns=RELATION_COLUMNS), geometry="geometry", crs=STORAGE_CRS)


@dataclass(frozen=True, slots=True)
class Party:
    """One feature that a clause speaks of, or may speak of."""

    layer: str
    code: str
    name: str
    truth: int
    missing: tuple[str, ...]
    geometry: BaseGeometry
    uncertainty_m: float
    uncertainty_assumed: bool
    people: float
    recorded_at: Any

    @property
    def key(self) -> Key:
        return self.layer, self.code


class _Work:
    """One call of `relation_findings`."""

    def __init__(self, subjects: Subjects, frames: Frames, touched: frozenset[Key], on: date) -> None:
        self.subjects, self.frames, self.touched, self.on = subjects, frames, touched, on
        self._major: dict[str, tuple[int, tuple[str, ...]]] | None = None

    # --- who ---------------------------------------------------------------------------------------------------------

    def side(self, selections: tuple[Selection, ...], *, touched: bool | None = None) -> list[Party]:
        """Features any of the selections speaks of, the surest answer of each; only touched ones, or only others."""
        best: dict[Key, Party] = {}
        for selection in selections:
            for party in self._selected(selection, touched):
                if party.key not in best or best[party.key].truth < party.truth:
                    best[party.key] = party
        return [best[key] for key in sorted(best)]

    def _wanted(self, frame: pd.DataFrame, layer: str, touched: bool | None) -> NDArray[np.bool_]:
        if touched is None:
            return np.ones(len(frame), dtype=bool)
        codes = {code for name, code in self.touched if name == layer}
        if touched and not codes:
            return np.zeros(len(frame), dtype=bool)
        return np.array([(str(code) in codes) is touched for code in frame["code"]], dtype=bool)

    def _selected(self, selection: Selection, touched: bool | None) -> Iterable[Party]:
        frame = self.frames.get(selection.layer)
        if frame is None or len(frame) == 0:
            return
        wanted = self._wanted(frame, selection.layer, touched)
        if not wanted.any():
            return
        truth, missing = np.full(len(frame), TRUE, dtype=np.int8), [set[str]() for _ in range(len(frame))]

        def both(other: NDArray[np.int8], lacking: dict[int, set[str]]) -> None:
            np.minimum(truth, other, out=truth)
            for row, names in lacking.items():
                missing[row] |= names

        for column, allowed in selection.columns:
            both(*_column_truth(frame, selection.layer, column, allowed))
        if selection.types or selection.when is not ALWAYS:
            both(*self._acting(frame, selection))
        if selection.approved:
            both(*_approval_truth(frame, selection.layer, self.on))
        if selection.major_hazard:
            both(*self._major_truth(frame))
        if selection.only_possible:
            np.minimum(truth, UNKNOWN, out=truth)
            for names in missing:
                names.add(f"{selection.layer}.{_TELLING.get(selection.layer, 'code')}")
        default = settings.number("default_position_uncertainty_m")
        stated = (
            pd.to_numeric(frame["position_uncertainty_m"], errors="coerce")
            if "position_uncertainty_m" in frame
            else None
        )
        for row in np.flatnonzero(wanted & (truth >= UNKNOWN)):
            unsure = None if stated is None or pd.isna(stated.iloc[row]) else float(stated.iloc[row])
            cells = frame.iloc[row]
            people = cells.get("population")
            yield Party(
                layer=selection.layer,
                code=str(cells["code"]),
                name=str(cells["name"]) if cells.get("name") is not None and not pd.isna(cells.get("name")) else "",
                truth=int(truth[row]),
                missing=tuple(sorted(missing[row])) if truth[row] == UNKNOWN else (),
                geometry=cells["geometry"],
                uncertainty_m=default if unsure is None else unsure,
                uncertainty_assumed=unsure is None,
                people=float("nan") if people is None or pd.isna(people) else float(people),
                recorded_at=cells.get("recorded_at"),
            )

    def _acting(self, frame: pd.DataFrame, selection: Selection) -> tuple[NDArray[np.int8], dict[int, set[str]]]:
        """Truth of acting as one of the types under the condition, over the rows of the layer."""
        table = self.subjects.frame
        mine = np.array(table["layer"] == selection.layer, dtype=bool)
        if selection.types:
            mine &= table["type"].isin(selection.types).to_numpy()
        rows = np.flatnonzero(mine)
        part = table.iloc[rows].reset_index(drop=True)
        names = {n for n in selection.when.attributes() if n in part}
        held = np.minimum(part["type_truth"].to_numpy(dtype=np.int8), selection.when.evaluate(part[sorted(names)]))
        at = {str(code): row for row, code in enumerate(frame["code"])}
        truth = np.zeros(len(frame), dtype=np.int8)
        missing: dict[int, set[str]] = {}
        for k, code in enumerate(part["code"]):
            row = at.get(str(code))
            if row is None or held[k] < truth[row]:
                continue
            if held[k] > truth[row]:
                missing.pop(row, None)
            truth[row] = held[k]
            if held[k] == UNKNOWN:
                lacking = {*part["type_missing"][k], *selection.when.missing({n: part[n][k] for n in names})}
                missing.setdefault(row, set()).update(f"{selection.layer}.{name}" for name in lacking)
        return truth, missing

    def _major_truth(self, frame: pd.DataFrame) -> tuple[NDArray[np.int8], dict[int, set[str]]]:
        if self._major is None:
            self._major = _major_hazards(self.frames, self.touched, self.on)
        truth = np.zeros(len(frame), dtype=np.int8)
        missing = {}
        for row, code in enumerate(frame["code"]):
            value, fields = self._major.get(str(code), (FALSE, ()))
            truth[row] = value
            if value == UNKNOWN:
                missing[row] = set(fields)
        return truth, missing

    # --- where -------------------------------------------------------------------------------------------------------

    def within(self, predicate: Predicate) -> Iterable[dict[str, Any]]:
        """Touched subjects that do not surely lie inside one of the areas."""
        subject = self.side(predicate.subject, touched=True)
        areas = self.side(predicate.object) if subject else []
        for one in subject:
            reach = buffer_m(one.geometry, one.uncertainty_m) if one.uncertainty_m > 0 else one.geometry
            near = [a for a in areas if shapely.intersects(a.geometry, reach)]
            sure = [a for a in near if a.truth == TRUE]
            if any(shapely.covers(a.geometry, one.geometry) for a in sure):
                continue
            outside = _outside(one, sure)
            open_areas = [a for a in near if a.truth == UNKNOWN]
            missing: tuple[str, ...] = ()
            if any(shapely.covers(a.geometry, one.geometry) for a in open_areas) or one.truth == UNKNOWN:
                status = Status.UNDETERMINED
                missing = (*one.missing, *(f for a in open_areas for f in a.missing))
            elif any(_covers_nearly(a, one) for a in sure):
                status = Status.NEEDS_SURVEY
            else:
                status = Status.VIOLATION
            best = _nearest(one, [a for a in areas if a.truth == TRUE])
            yield self._row(predicate, one, best, status, missing, overlap_m2=outside)

    def apart(self, predicate: Predicate) -> Iterable[dict[str, Any]]:
        """Pairs with a touched end that are nearer than allowed, or overlap."""
        subject, things = (self.side(s, touched=True) for s in (predicate.subject, predicate.object))
        if subject:
            yield from self._apart(predicate, subject, self.side(predicate.object))
        if things:
            yield from self._apart(predicate, self.side(predicate.subject, touched=False), things)

    def _apart(self, predicate: Predicate, subject: list[Party], things: list[Party]) -> Iterable[dict[str, Any]]:
        if not subject or not things:
            return
        required = predicate.distance_m or 0.0
        slack = max(p.uncertainty_m for p in subject) + max(p.uncertainty_m for p in things)
        pairs = pairs_within([p.geometry for p in subject], [p.geometry for p in things], required + slack)
        lines = shortest_lines(pairs)
        for k in range(len(pairs)):
            one, other = subject[pairs.i[k]], things[pairs.j[k]]
            if one.key == other.key:
                continue
            sure = one.truth == TRUE and other.truth == TRUE
            unsure_m = one.uncertainty_m + other.uncertainty_m
            measured = float(pairs.distance_m[k])
            overlap = float("nan")
            if predicate.relation in _PROHIBITED:
                depth = _penetration_m(one, other, unsure_m) if measured == 0 else -measured
                status = Status(int(judge(-depth, 0.0, 0.0, certain=sure, uncertainty_m=unsure_m)))
                overlap = area_m2(shapely.intersection(one.geometry, other.geometry)) if measured == 0 else 0.0
            else:
                status = Status(int(judge(measured, required, required, certain=sure, uncertainty_m=unsure_m)))
            if status == Status.MEETS:
                continue
            missing = (*one.missing, *other.missing) if status == Status.UNDETERMINED else ()
            yield self._row(
                predicate, one, other, status, missing, line=lines[k], overlap_m2=overlap,
                measured_m=measured if predicate.distance_m else float("nan"),
            )  # fmt: skip

    def _row(
        self,
        predicate: Predicate,
        one: Party,
        other: Party | None,
        status: Status,
        missing: Iterable[str],
        *,
        line: BaseGeometry | None = None,
        overlap_m2: float = float("nan"),
        measured_m: float = float("nan"),
    ) -> dict[str, Any]:
        required = predicate.distance_m if predicate.distance_m is not None else float("nan")
        moments = [p.recorded_at for p in (one, other) if p is not None and not pd.isna(p.recorded_at)]
        if line is None and other is not None:
            line = _line(one, other)
        assumed = any(p.uncertainty_assumed for p in (one, other) if p is not None)
        return {
            "finding_no": 0, "rule_id": predicate.id, "document": predicate.document,
            "document_no": predicate.document_no, "clause": predicate.clause, "title_zh": predicate.title_zh,
            "rule_type": "permit" if predicate.effect == "permit" else "prohibition",
            "review": predicate.review, "mandatory": predicate.mandatory,
            "source_layer": one.layer, "source_code": one.code, "source_name": one.name,
            "target_layer": other.layer if other else (predicate.object[0].layer if predicate.object else ""),
            "target_code": other.code if other else "", "target_name": other.name if other else "",
            "required_m": required, "measured_m": measured_m,
            "shortfall_m": max(required - measured_m, 0.0) if not np.isnan(required) else float("nan"),
            "status": status.text, "missing": ";".join(dict.fromkeys(missing)),
            "assumed": "position_uncertainty_m" if assumed else "",
            "measured_from": predicate.relation, "measured_to": "", "substitutes": "",
            "uncertainty_m": one.uncertainty_m + (other.uncertainty_m if other else 0.0),
            "people": other.people if other else float("nan"),
            "since": max([predicate.since, *(day_of(pd.Timestamp(m).to_pydatetime()) for m in moments)]),
            "geometry": line, "overlap_m2": overlap_m2,
        }  # fmt: skip


_TELLING = {"protected_target": "target_type", "dense_area": "basis", "hazard_source": "facility_type"}
"""Column whose values are too coarse to tell the features of a clause from others."""


# --- truth of columns -------------------------------------------------------------------------------------------------


def _column_truth(
    frame: pd.DataFrame, layer: str, column: str, allowed: tuple[Any, ...]
) -> tuple[NDArray[np.int8], dict[int, set[str]]]:
    values = list(frame[column]) if column in frame else [None] * len(frame)
    truth = [UNKNOWN if pd.isna(v) else (TRUE if v in allowed else FALSE) for v in values]
    missing = {row: {f"{layer}.{column}"} for row, value in enumerate(truth) if value == UNKNOWN}
    return np.array(truth, dtype=np.int8), missing


def _approval_truth(frame: pd.DataFrame, layer: str, on: date) -> tuple[NDArray[np.int8], dict[int, set[str]]]:
    """Whether the approval holds on the day: approved before it, and not expired."""
    truth, missing = np.full(len(frame), TRUE, dtype=np.int8), {}
    for row, (first, last) in enumerate(zip(frame["approved_on"], frame["approval_expires"], strict=True)):
        early = not pd.isna(first) and pd.Timestamp(first).date() > on
        if early or (not pd.isna(last) and pd.Timestamp(last).date() < on):
            truth[row] = FALSE
        elif pd.isna(first) or pd.isna(last):
            truth[row] = UNKNOWN
            names = [n for n, value in (("approved_on", first), ("approval_expires", last)) if pd.isna(value)]
            missing[row] = {f"{layer}.{name}" for name in names}
    return truth, missing


def _major_hazards(frames: Frames, touched: frozenset[Key], on: date) -> dict[str, tuple[int, tuple[str, ...]]]:
    """Code of each touched source: whether it is part of a major hazard installation, and what keeps that open."""
    sources = frames["hazard_source"]
    codes = {code for layer, code in touched if layer == "hazard_source"}
    mine = sources["code"].astype(str).isin(codes)
    part: Any = sources[mine].reset_index(drop=True)
    inventory = frames.get("inventory")
    if len(part) == 0:
        return {}
    if inventory is None:
        inventory = pd.DataFrame(columns=["source_code", "substance", "cas", "ghs_class", "quantity_t"])
    units = grade_units(part, inventory, pd.DataFrame(columns=EXPOSURE_COLUMNS), on=on)
    word = {"major": TRUE, "not_major": FALSE}
    out: dict[str, tuple[int, tuple[str, ...]]] = {}
    for unit in units.to_dict("records"):
        truth = word.get(unit["status"], UNKNOWN)
        fields = tuple(p.split(" (")[0] for p in str(unit["missing"]).split("; ") if p) if truth == UNKNOWN else ()
        for code in str(unit["source_codes"]).split(";"):
            out[code] = (truth, fields)
    return out


# --- geometry ---------------------------------------------------------------------------------------------------------


def _outside(one: Party, areas: list[Party]) -> float:
    """How much of the subject lies outside the areas [m2]; 0 for points and lines."""
    if not areas:
        return area_m2(one.geometry)
    return area_m2(shapely.difference(one.geometry, shapely.union_all([a.geometry for a in areas])))


def _covers_nearly(area: Party, one: Party) -> bool:
    """Whether the subject lies inside once the area is taken wider by the uncertainty of both."""
    return bool(shapely.covers(buffer_m(area.geometry, area.uncertainty_m + one.uncertainty_m), one.geometry))


def _penetration_m(one: Party, other: Party, slack_m: float) -> float:
    """0 where the interiors do not meet; more than `slack_m` where they surely do; else between [m]."""
    a, b = one.geometry, other.geometry
    if shapely.touches(a, b):
        return 0.0
    if slack_m <= 0:
        return 1.0
    return 2 * slack_m if _deep(a, b, slack_m) or _deep(b, a, slack_m) else slack_m / 2


def _deep(a: BaseGeometry, area: BaseGeometry, slack_m: float) -> bool:
    """Whether some part of `a` lies in the area farther than the slack from its edge."""
    if shapely.get_dimensions(area) != 2:
        return False
    rim = buffer_m(shapely.boundary(area), slack_m)
    return not shapely.difference(shapely.intersection(a, area), rim).is_empty


def _nearest(one: Party, areas: list[Party]) -> Party | None:
    """The nearest sure area, for the reader: where the project could stand."""
    if not areas:
        return None
    pairs = pairs_within([one.geometry], [a.geometry for a in areas], FARTHEST_PARK_M)
    return areas[int(pairs.j[np.argmin(pairs.distance_m)])] if len(pairs) else None


def _line(one: Party, other: Party) -> LineString | None:
    pairs = pairs_within([one.geometry], [other.geometry], FARTHEST_PARK_M)
    return shortest_lines(pairs)[0] if len(pairs) else None
