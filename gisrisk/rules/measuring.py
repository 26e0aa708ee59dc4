"""Where a distance starts and ends on a feature, and what a coarser geometry than the clause asks for does to it.

A clause names a point: outer wall, road edge, conductor. A feature on record may be a point, a centre line or a parcel.
For each row this module says how far out the named edge is known to lie (`offset_m`), how much a stand-in may measure
too long (`allowance_m`), and whether nothing on record gives the size at all (`needs_survey`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gisrisk.catalog.vocabulary import Vocabulary
from gisrisk.errors import UnknownName
from gisrisk.rules.derive import within
from gisrisk.rules.subjects import Subjects

End = Literal["measured_from", "measured_to"]
Numbers = NDArray[np.float64]
Mask = NDArray[np.bool_]
Rows = NDArray[np.int64]

_POINT, _LINE, _AREA = 0, 1, 2
_DIMENSION = {0: _POINT, 4: _POINT, 1: _LINE, 2: _LINE, 5: _LINE, 3: _AREA, 6: _AREA}


@dataclass(frozen=True, slots=True, eq=False)
class Measure:
    """How the end of a distance lies on each row; one entry per row.

    Attributes
    ----------
    offset_m : float
        The named edge is known to lie this far outside the geometry on record: subtract it from the raw distance [m].
    allowance_m : float
        A stand-in may measure this much too long: subtract it before calling a distance met [m].
    may_extend_m : float
        Where `needs_survey`: the edge may lie up to this much nearer (project convention) [m]; else 0.
    needs_survey : bool
        Nothing on record gives the size, so that the result is never "meets" within `may_extend_m`.
    mark : str
        substitute:... or empty.
    error_side : str
        safe: the stand-in can only measure too short; unsafe: too long; either; empty without a stand-in.
    """

    offset_m: Numbers
    allowance_m: Numbers
    may_extend_m: Numbers
    needs_survey: Mask
    mark: NDArray[np.object_]
    error_side: NDArray[np.object_]


class MeasuringPoints:
    """The closed list of measuring points, applied to the rows of one `Subjects`."""

    def __init__(self, subjects: Subjects) -> None:
        self.subjects = subjects
        self.v: Vocabulary = subjects.vocabulary
        self.table: dict[str, Any] = self.v.measuring_points
        self._points = {
            end: {point["code"]: point for point in self.table[end]} for end in ("measured_from", "measured_to")
        }

    def measure(self, end: End, code: str, rows: Rows) -> Measure:
        """How a measuring point lies on rows of `Subjects.frame`.

        Parameters
        ----------
        end : "measured_from" or "measured_to"
        code : str
            As in the rule.
        rows : int array

        Raises
        ------
        UnknownName
            The code is not in the closed list.
        """
        if code not in self._points[end]:
            raise UnknownName(f"measuring point ({end})", code, list(self._points[end]))
        work = _Work.empty(len(rows))
        for resolved, at in self._resolved(end, code, rows):
            self._apply(self._points[end][resolved], rows, at, work)
        stands_in = np.array([m[0] if m else "" for m in self.subjects.frame["marks"].to_numpy()[rows]] + [""])[:-1]
        unmarked = (work.mark == "") & (stands_in != "")
        work.mark[unmarked] = stands_in[unmarked]
        work.error_side[unmarked] = "safe"
        return Measure(
            work.offset_m, work.allowance_m, work.may_extend_m, work.needs_survey, work.mark, work.error_side
        )

    def widest_offset_m(self) -> float:
        """The farthest any row's named edge can lie outside its geometry [m]: a search must reach this much on."""
        frame = self.subjects.frame
        extents = [
            frame[name].max(skipna=True) * share
            for name, share in (("width_m", 0.5), ("diameter_m", 0.5), ("land_edge_offset_m", 1.0),
                                ("embankment_offset_m", 1.0), ("conductor_offset_m", 1.0), ("swing_m", 1.0))
            if name in frame
        ]  # fmt: skip
        assumed = [self._widest_half_m, *(float(row["m"]) for row in self.table["conductor_offset_m"])]
        unknown = [
            float(self.table[name]["value"]) for name in ("unsized_point_may_extend_m", "river_centreline_may_extend_m")
        ]
        return sum(float(value) for value in extents if not pd.isna(value)) + max(assumed) + max(unknown)

    @property
    def _widest_half_m(self) -> float:
        """Half the carriageway of the widest road of the table [m]."""
        return max(float(m) for m in self.table["half_width_m"].values() if not isinstance(m, bool))

    # --- which point ------------------------------------------------------------------------------------------------

    def _resolved(self, end: End, code: str, rows: Rows) -> list[tuple[str, Rows]]:
        """An alias as the points it stands for, each with the positions it applies to."""
        point = self._points[end][code]
        if "resolve" not in point:
            return [(code, np.arange(len(rows)))]
        left = np.ones(len(rows), dtype=bool)
        out: list[tuple[str, Rows]] = []
        for line in point["resolve"]:
            mine = left & self._has(line, rows)
            if mine.any():
                out.append((line["use"], np.flatnonzero(mine)))
            left &= ~mine
        return out

    def _has(self, line: dict[str, Any], rows: Rows) -> Mask:
        types = self._types[rows]
        if "types" in line:
            return np.isin(types, line["types"])
        known: dict[str, Any] = {**self.v.target_types, **self.v.facility_types}
        if "trait" in line:
            return np.isin(types, [code for code, t in known.items() if line["trait"] in t.traits])
        if "group" in line:
            return np.isin(types, [code for code, t in known.items() if t.parent == line["group"]])
        return np.ones(len(rows), dtype=bool)

    @cached_property
    def _types(self) -> NDArray[Any]:
        return self.subjects.frame["type"].to_numpy(dtype=object).astype(str)

    @cached_property
    def _dimension(self) -> NDArray[np.int8]:
        ids = shapely.get_type_id(self.subjects.geometry)
        of_feature = np.array([_DIMENSION.get(int(i), _AREA) for i in ids], dtype=np.int8)
        found: NDArray[np.int8] = of_feature[self.subjects.frame["geometry_index"].to_numpy()]
        return found

    @cached_property
    def _whole_site(self) -> Mask:
        """Rows whose area is a whole site, not the equipment the clause names."""
        whole = [code for code, t in self.v.facility_types.items() if t.stands_for]
        return np.isin(self._types, whole)

    def _number(self, name: str, rows: Rows) -> Numbers:
        frame = self.subjects.frame
        return frame[name].to_numpy(dtype=float)[rows] if name in frame else np.full(len(rows), np.nan)

    # --- the methods ------------------------------------------------------------------------------------------------

    def _apply(self, point: dict[str, Any], rows: Rows, at: Rows, work: _Work) -> None:
        mine, dimension = rows[at], self._dimension[rows[at]]
        method = getattr(self, f"_method_{point['method']}")
        method(_Context(point, mine, at, dimension, work))

    def _method_none(self, c: _Context) -> None:
        """Nothing to measure."""

    def _method_edge(self, c: _Context) -> None:
        """Nearest edge of an area; of a point, the edge of the size on record."""
        area, is_point = c.dimension == _AREA, c.dimension == _POINT
        types = self._types[c.rows]
        code = c.point["code"]
        if code not in ("fence", "site_boundary", "plant_boundary", "park_boundary", "target_boundary"):
            c.stand_in("whole_polygon", area & self._whole_site[c.rows])
            c.stand_in("whole_polygon", area & np.isin(types, self.table["parcel_types"]))
        diameter, volume = self._number("diameter_m", c.rows), self._number("volume_m3", c.rows)
        floor, storeys = self._number("floor_area_m2", c.rows), self._number("storeys", c.rows)
        open_ = is_point & ~np.isin(types, self.table["exact_point_types"])
        sized = open_ & ~np.isnan(diameter)
        c.offset(sized, diameter / 2)
        open_ &= ~sized
        by_volume = open_ & ~np.isnan(volume) & c.allows("point_with_volume")
        c.stand_in("point_with_volume", by_volume, np.cbrt(16 * volume / np.pi) / 2)
        open_ &= ~by_volume
        by_floor = open_ & ~np.isnan(floor) & c.allows("point_with_floor_area")
        floors = np.where(np.isnan(storeys), 1.0, np.maximum(storeys, 1.0))
        c.stand_in("point_with_floor_area", by_floor, 2 * np.sqrt(floor / floors / np.pi))
        open_ &= ~by_floor
        small = open_ & np.isin(types, self.table["equipment_point_types"]) & c.allows("equipment_point")
        c.stand_in("equipment_point", small)
        open_ &= ~small
        if c.allows("shop_point"):
            c.stand_in("shop_point", open_)
        else:
            c.survey("bare_point", open_, self.table["unsized_point_may_extend_m"]["value"])
        if c.allows("structure_line"):
            half, _ = self._half_width(c.rows)
            line = c.dimension == _LINE
            c.stand_in("structure_line", line & ~np.isnan(half), half)
            c.survey("bare_point", line & np.isnan(half), self.table["unsized_point_may_extend_m"]["value"])

    def _method_point(self, c: _Context) -> None:
        """A point; an area around it can only measure too short."""
        c.stand_in("area_polygon", c.dimension == _AREA)

    def _method_line(self, c: _Context) -> None:
        """A line as drawn; an area around it can only measure too short."""
        c.stand_in("area_polygon", c.dimension == _AREA)
        c.stand_in("corridor_polygon", c.dimension == _AREA)

    def _method_pipe(self, c: _Context) -> None:
        """Outer wall of a pipe."""
        diameter = self._number("diameter_m", c.rows)
        line = c.dimension != _AREA
        c.offset(line & ~np.isnan(diameter), diameter / 2)
        c.stand_in("line_without_diameter", line & np.isnan(diameter))
        c.stand_in("corridor_polygon", ~line)

    def _half_width(self, rows: Rows) -> tuple[Numbers, Mask]:
        """Half the carriageway of a road [m]: as entered, else by grade, else NaN; and where it was entered."""
        width = self._number("width_m", rows)
        frame = self.subjects.frame
        grades = frame["grade"].to_numpy(dtype=object)[rows] if "grade" in frame else np.full(len(rows), None)
        by_grade = np.array([self.table["half_width_m"].get(g, np.nan) for g in grades] + [np.nan], dtype=float)[:-1]
        known = ~np.isnan(width)
        return np.where(known, width / 2, by_grade), known

    def _method_road_edge(self, c: _Context) -> None:
        """Edge of the carriageway; beside a parcel it is the parcel's edge."""
        half, known = self._half_width(c.rows)
        line = c.dimension == _LINE
        c.offset(line & known, half)
        c.stand_in("line_with_grade", line & ~known & ~np.isnan(half), half)
        c.survey("line_without_grade", line & np.isnan(half), self._widest_half_m)

    def _method_highway_land(self, c: _Context) -> None:
        """Outer edge of the highway's land: carriageway and verge."""
        half, known = self._half_width(c.rows)
        verge = self._number("land_edge_offset_m", c.rows)
        line, has_verge = c.dimension == _LINE, ~np.isnan(verge)
        c.offset(line & known, half)
        c.allow(line & ~known & ~np.isnan(half), half)
        c.stand_in("line_with_land_offset", line & has_verge)
        c.offset(line & has_verge, verge)
        c.stand_in("line_without_land_offset", line & ~has_verge)
        c.survey_only(line & np.isnan(half), self._widest_half_m)

    def _method_embankment(self, c: _Context) -> None:
        """Toe of the embankment or top of the cutting of a railway."""
        toe = self._number("embankment_offset_m", c.rows)
        line = c.dimension != _AREA
        c.offset(line & ~np.isnan(toe), toe)
        c.stand_in("line_without_offset", line & np.isnan(toe))
        c.stand_in("area_polygon", ~line)

    def _conductor(self, c: _Context, swing_known: Mask, swing: Numbers) -> None:
        """Outermost conductor: offset on record, else by voltage."""
        offset, voltage = self._number("conductor_offset_m", c.rows), self._number("voltage_kv", c.rows)
        by_voltage = np.full(len(c.rows), np.nan)
        for row in self.table["conductor_offset_m"]:
            by_voltage[within(voltage, row["voltage_kv"])] = row["m"]
        line = c.dimension != _AREA
        exact = line & ~np.isnan(offset) & swing_known
        c.offset(exact, offset + swing)
        assumed = np.where(np.isnan(offset), by_voltage, offset) + swing
        c.stand_in("line_with_voltage", line & ~exact & ~np.isnan(assumed), assumed)
        widest = max(row["m"] for row in self.table["conductor_offset_m"])
        c.survey("line_with_voltage", line & np.isnan(assumed), widest + float(np.nanmax(swing, initial=0.0)))
        c.stand_in("corridor_polygon", ~line)

    def _method_conductor(self, c: _Context) -> None:
        """Conductor at rest."""
        self._conductor(c, np.ones(len(c.rows), dtype=bool), np.zeros(len(c.rows)))

    def _method_swinging_conductor(self, c: _Context) -> None:
        """Conductor at its largest swing in the wind."""
        swing = self._number("swing_m", c.rows)
        known = ~np.isnan(swing)
        self._conductor(c, known, np.where(known, swing, self.table["default_swing_m"]["value"]))

    def _method_shoreline(self, c: _Context) -> None:
        """Shoreline: an area's edge, a line said to be the shoreline, else a centre line with or without its width."""
        frame = self.subjects.frame
        roles = (
            frame["line_role"].to_numpy(dtype=object)[c.rows] if "line_role" in frame else np.full(len(c.rows), None)
        )
        width = self._number("width_m", c.rows)
        centre = (c.dimension != _AREA) & (roles != "shoreline")
        c.offset(centre & ~np.isnan(width), width / 2)
        bare = centre & np.isnan(width)
        c.survey("river_centreline", bare, self.table["river_centreline_may_extend_m"]["value"])

    def _method_outline(self, c: _Context) -> None:
        """Plan outline of a tunnel."""
        c.stand_in("line_without_outline", c.dimension == _LINE)

    def _method_along(self, c: _Context) -> None:
        """Along a river or a flow path: a straight line is shorter."""
        c.stand_in("straight_line", np.ones(len(c.rows), dtype=bool))


@dataclass(slots=True, eq=False)
class _Work:
    """The arrays of a measure while they are filled."""

    offset_m: Numbers
    allowance_m: Numbers
    may_extend_m: Numbers
    needs_survey: Mask
    mark: NDArray[np.object_]
    error_side: NDArray[np.object_]

    @classmethod
    def empty(cls, count: int) -> _Work:
        zeros = [np.zeros(count) for _ in range(3)]
        words = [np.full(count, "", dtype=object) for _ in range(2)]
        return cls(zeros[0], zeros[1], zeros[2], np.zeros(count, dtype=bool), words[0], words[1])


@dataclass(frozen=True, slots=True, eq=False)
class _Context:
    """One point on the rows it applies to; masks and values have one entry per row."""

    point: dict[str, Any]
    rows: Rows
    at: Rows
    dimension: NDArray[np.int8]
    work: _Work

    def allows(self, given: str) -> bool:
        """Whether the point knows this stand-in."""
        return self._substitute(given) is not None

    def _substitute(self, given: str) -> dict[str, Any] | None:
        return next((s for s in self.point.get("substitutes", ()) if s["given"] == given), None)

    def offset(self, where: Mask, metres: Numbers) -> None:
        """The edge is known to lie this far out."""
        self.work.offset_m[self.at[where]] += metres[where]

    def allow(self, where: Mask, metres: Numbers) -> None:
        """The edge may lie this much nearer."""
        self.work.allowance_m[self.at[where]] += metres[where]

    def stand_in(self, given: str, where: Mask, metres: Numbers | None = None) -> None:
        """A coarser geometry stands in, with the allowance of the list or the one calculated."""
        substitute = self._substitute(given)
        if substitute is None:
            return
        rows = self.at[where]
        self.work.mark[rows], self.work.error_side[rows] = substitute["mark"], substitute["error_side"]
        allowance = substitute.get("allowance_m")
        if metres is not None:
            self.work.allowance_m[rows] += metres[where]
        elif isinstance(allowance, int | float):
            self.work.allowance_m[rows] += allowance

    def survey(self, given: str, where: Mask, may_extend_m: float) -> None:
        """Nothing on record gives the size."""
        substitute = self._substitute(given)
        rows = self.at[where]
        self.work.mark[rows] = substitute["mark"] if substitute else "substitute:centre_point"
        self.work.error_side[rows] = "unsafe"
        self.survey_only(where, may_extend_m)

    def survey_only(self, where: Mask, may_extend_m: float) -> None:
        """Needs a survey whatever the mark says."""
        self.work.needs_survey[self.at[where]] = True
        self.work.may_extend_m[self.at[where]] = may_extend_m
