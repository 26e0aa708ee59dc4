"""Identify and grade major hazard installations (重大危险源) by GB 18218-2018, in exact arithmetic on intervals.

S = sum(q/Q); a unit is a major hazard installation when S >= 1. R = alpha * sum(beta q/Q) gives its level. What is not
known is carried as the interval of everything it may be; a result is stated only when every possibility agrees on it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from gisrisk.geo import STORAGE_CRS
from gisrisk.hazards.lookup import Lookup, look_up
from gisrisk.hazards.tables import Gb18218, gb18218, shown
from gisrisk.hazards.units import Holding, OutOfScope, Unit, build_units

Bound = Fraction | float
"""An exact number, or infinity."""

RESULT_COLUMNS = [
    "unit_code", "unit_name", "unit_kind", "site_code", "source_codes", "status", "s", "alpha", "alpha_basis",
    "people_500m", "r", "level", "level_min", "level_max", "missing", "detail", "geometry",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Interval:
    """All values a number may have; `high` may be infinite."""

    low: Bound
    high: Bound

    def __add__(self, other: Interval) -> Interval:
        return Interval(self.low + other.low, self.high + other.high)

    def times(self, other: Interval) -> Interval:
        """Product of two intervals of numbers >= 0; nothing times unbounded is nothing."""
        high = Fraction(0) if 0 in (self.high, other.high) else self.high * other.high
        return Interval(self.low * other.low, high)

    @property
    def value(self) -> Bound | None:
        """The number when it is known, else None."""
        return self.low if self.low == self.high else None

    def shown(self) -> list[float | None]:
        """As JSON: [low, high], null for unbounded."""
        return [shown(self.low), shown(self.high)]


ZERO = Interval(Fraction(0), Fraction(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Residents within 500 m outside the boundary: whole numbers, `high` may be infinite."""

    low: int
    high: float
    basis: str
    missing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """Outcome of one unit. `level_min` is the worst level possible (1 is worst), `level_max` the mildest."""

    status: str
    s: Interval
    alpha: Interval
    r: Interval
    level: int | None
    level_min: int | None
    level_max: int | None


def grade_units(
    sources: gpd.GeoDataFrame,
    inventory: pd.DataFrame,
    people: pd.DataFrame,
    *,
    on: date,
    tables: Gb18218 | None = None,
) -> gpd.GeoDataFrame:
    """Identify and grade every unit of a set of hazard sources.

    Parameters
    ----------
    sources : GeoDataFrame
        Rows of the layer `hazard_source`.
    inventory : DataFrame
        Rows of the layer `inventory` [t].
    people : DataFrame
        Result of `gisrisk.analysis.exposure.people_near_sites`: kind (site|source), code, people_min, people_max (inf
        when unbounded), basis, missing.
    on : date
        Day whose edition applies.
    tables : Gb18218
        The shipped tables by default.

    Returns
    -------
    GeoDataFrame in EPSG:4490, one row for each unit, sorted by `unit_code`
        status: major | not_major | undetermined. `s`, `alpha`, `people_500m`, `r`, `level` are null unless known;
        `detail` holds their bounds. For an undetermined status `level_min` is the worst level it may have and
        `level_max` is null.
        `missing` names the fields that keep status or level open, empty when neither is open.

    Notes
    -----
    Sources out of scope are in `attrs["out_of_scope"]`, a list of dicts with code, facility_type and reason_zh.

    References
    ----------
    GB 18218-2018, clauses 4.1 to 4.3, tables 1 to 6.
    """
    tables = tables or gb18218()
    units, outside = build_units(sources, inventory, tables)
    near = {(row["kind"], row["code"]): row for row in people.to_dict("records")}
    sums = {unit.code: _Sum(unit) for unit in units}
    rows = []
    for unit in units:
        peers = [sums[other.code] for other in units_sharing_bund(unit, units)]
        rows.append(_row(unit, sums[unit.code], peers, _people(unit, near), on, tables))
    frame = gpd.GeoDataFrame(rows, columns=RESULT_COLUMNS, geometry="geometry", crs=STORAGE_CRS)
    for column in ("level", "level_min", "level_max", "people_500m"):
        frame[column] = frame[column].astype("Int64")
    for column in ("s", "alpha", "r"):
        frame[column] = frame[column].astype("float64")
    frame.attrs["out_of_scope"] = [_as_dict(source) for source in outside]
    return frame


def units_sharing_bund(unit: Unit, units: list[Unit]) -> list[Unit]:
    """Other tanks of the site that, like this one, do not say which bund they stand in."""
    if not unit.has_open_group:
        return []
    return [u for u in units if u.has_open_group and u.site_code == unit.site_code and u.code != unit.code]


def grade(s: Interval, weighted: Interval, people: People, tables: Gb18218) -> Grade:
    """Status and level from S, the beta-weighted sum and the residents, each an interval.

    Parameters
    ----------
    s, weighted : Interval
        sum(q/Q) and sum(beta q/Q) [-].
    people : People
    tables : Gb18218

    Returns
    -------
    Grade
    """
    alpha = Interval(tables.alpha(people.low), tables.alpha(people.high))
    r = alpha.times(weighted)
    if s.high < tables.threshold_s:
        return Grade(status="not_major", s=s, alpha=alpha, r=r, level=None, level_min=None, level_max=None)
    worst, mildest = tables.level(r.high), tables.level(r.low)
    if s.low < tables.threshold_s:
        return Grade(status="undetermined", s=s, alpha=alpha, r=r, level=None, level_min=worst, level_max=None)
    level = worst if worst == mildest else None
    return Grade(status="major", s=s, alpha=alpha, r=r, level=level, level_min=worst, level_max=mildest)


@dataclass(slots=True)
class _Sum:
    """q/Q and beta q/Q of one unit, substance by substance, with the fields that are open."""

    unit: Unit
    s: Interval = ZERO
    weighted: Interval = ZERO
    open_fields: list[str] = field(default_factory=list)
    substances: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for holding in self.unit.holdings:
            self._add(holding, look_up(holding.material))
        for code in self.unit.empty_sources:
            self.s = self.weighted = Interval(self.s.low, math.inf)
            self.open_fields.append(f"inventory ({code})")

    def _add(self, holding: Holding, found: Lookup) -> None:
        name, unknown = holding.material.substance, holding.quantity_t is None
        q = Interval(Fraction(0), math.inf) if unknown else Interval(*2 * (Fraction(str(holding.quantity_t)),))
        share, weighted = q.times(Interval(*found.s_per_t)), q.times(Interval(*found.r_per_t))
        self.s, self.weighted = self.s + share, self.weighted + weighted
        if share.value is None or weighted.value is None:
            missing = ["inventory.quantity_t"] if unknown else []
            self.open_fields += [f"{column} ({name})" for column in (*missing, *found.missing)]
        self.substances.append(
            {
                "source_code": holding.source_code,
                "substance": name,
                "cas": holding.cas,
                "quantity_t": holding.quantity_t,
                "readings": [
                    {
                        "row": reading.row,
                        "critical_quantity_t": shown(reading.critical_quantity_t),
                        "beta": [float(reading.beta_low), float(reading.beta_high)],
                        "confirmed": reading.confirmed,
                        "source_url": reading.source_url,
                    }
                    for reading in found.readings[:8]
                ],
                "readings_left_out": max(0, len(found.readings) - 8),
                "q_over_Q": share.shown(),
                "beta_q_over_Q": weighted.shown(),
                "missing": list(found.missing) + (["inventory.quantity_t"] if unknown else []),
                "notes": list(found.notes),
            }
        )


def _row(unit: Unit, own: _Sum, peers: list[_Sum], people: People, on: date, tables: Gb18218) -> dict[str, Any]:
    open_fields = list(own.open_fields)
    s, weighted = own.s, own.weighted
    joined = [peer for peer in peers if peer.s.high > 0]
    if joined:
        s = Interval(s.low, s.high + _total(joined, lambda peer: peer.s.high))
        weighted = Interval(weighted.low, weighted.high + _total(joined, lambda peer: peer.weighted.high))
        open_fields.append(f"hazard_source.group_code ({unit.code})")
    result = grade(s, weighted, people, tables)
    if result.alpha.value is None and people.missing:
        open_fields.append(people.missing)
    settled = result.status == "not_major" or result.level is not None
    edition = ""
    if not tables.applies_on(on):
        edition = f"{tables.document_number} 在 {on.isoformat()} 不适用,无对应版本"
        result = Grade(
            status="undetermined", s=s, alpha=result.alpha, r=result.r, level=None, level_min=1, level_max=None
        )
        settled, open_fields = False, [edition]
    known = people.low == people.high
    return {
        "unit_code": unit.code,
        "unit_name": unit.name,
        "unit_kind": unit.kind,
        "site_code": unit.site_code,
        "source_codes": ";".join(sorted(unit.sources)),
        "status": result.status,
        "s": shown(s.value),
        "alpha": shown(result.alpha.value),
        "alpha_basis": people.basis,
        "people_500m": int(people.low) if known else None,
        "r": shown(result.r.value),
        "level": result.level,
        "level_min": result.level_min,
        "level_max": result.level_max,
        "missing": "" if settled else "; ".join(dict.fromkeys(open_fields)),
        "detail": {
            "document": tables.document_number,
            "s": s.shown(),
            "beta_sum": weighted.shown(),
            "alpha": result.alpha.shown(),
            "people_500m": [people.low, None if math.isinf(people.high) else int(people.high)],
            "r": result.r.shown(),
            "substances": own.substances,
            "open_fields": list(dict.fromkeys(open_fields)),
            "may_share_bund_with": sorted(peer.unit.code for peer in joined),
        },
        "geometry": unit.geometry,
    }


def _total(sums: list[_Sum], value: Callable[[_Sum], Bound]) -> Bound:
    return sum((value(one) for one in sums), Fraction(0))


def _people(unit: Unit, near: dict[tuple[str, str], dict[Any, Any]]) -> People:
    """Residents near the unit's site; near its sources, taken together, when it has no site on record."""
    rows = [near[key] for key in [("site", unit.site_code or "")] if key in near]
    if not rows:
        rows = [near[key] for code in unit.sources if (key := ("source", code)) in near]
    if not rows:
        text = "厂界外500 m内常住人口未知"
        return People(low=0, high=math.inf, basis=text, missing="enterprise_site.geometry")
    highs = [math.inf if pd.isna(row["people_max"]) else float(row["people_max"]) for row in rows]
    return People(
        low=int(np.max([row["people_min"] for row in rows])),
        high=highs[0] if len(rows) == 1 else math.fsum(highs),
        basis="; ".join(dict.fromkeys(str(row["basis"]) for row in rows)),
        missing="; ".join(dict.fromkeys(str(row["missing"]) for row in rows if row["missing"])),
    )


def _as_dict(source: OutOfScope) -> dict[str, str]:
    return {"code": source.code, "facility_type": source.facility_type, "reason_zh": source.reason_zh}
