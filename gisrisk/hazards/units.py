"""Turn hazard sources into the units that GB 18218 identifies: tank farms, warehouses, production units, whole depots.

A tank farm is the tanks of one site that share a `group_code`. Which facility type makes which unit is a table in
`data/rules/gb18218_2018.yaml` (`conventions/facility_types`).
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from gisrisk.catalog.vocabulary import vocabulary
from gisrisk.hazards.categories import Material
from gisrisk.hazards.tables import Gb18218


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One inventory row; `quantity_t` None: not stated."""

    source_code: str
    material: Material
    cas: str | None
    quantity_t: float | None


@dataclass(kw_only=True)
class Unit:
    """One unit to identify.

    Attributes
    ----------
    code : str
        Code of the source; of a tank farm `site/group`.
    kind : str
        production_unit, storage_unit_tank_farm, storage_unit_warehouse or storage_unit_whole.
    site_code : str or None
    sources : list of str
        Codes of the hazard sources in it.
    holdings : list of Holding
    has_open_group : bool
        A tank without group code: other such tanks of the site may stand in the same bund.
    empty_sources : list of str
        Sources that should have inventory rows and have none.
    """

    code: str
    name: str
    kind: str
    site_code: str | None
    geometry: BaseGeometry
    sources: list[str] = field(default_factory=list)
    holdings: list[Holding] = field(default_factory=list)
    has_open_group: bool = False
    empty_sources: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfScope:
    """A source that the standard does not identify, and why."""

    code: str
    facility_type: str
    reason_zh: str


def build_units(
    sources: gpd.GeoDataFrame, inventory: pd.DataFrame, tables: Gb18218
) -> tuple[list[Unit], list[OutOfScope]]:
    """Units of a set of hazard sources with what they hold.

    Parameters
    ----------
    sources : GeoDataFrame
        Rows of the layer `hazard_source`.
    inventory : DataFrame
        Rows of the layer `inventory`; rows of other sources are left alone.
    tables : Gb18218

    Returns
    -------
    units : list of Unit, sorted by code
    out_of_scope : list of OutOfScope
        Sources of types the standard excludes, or that are no unit because they hold nothing of their own.
    """
    rows_of: dict[Hashable, list[dict[Hashable, Any]]] = {}
    for row in inventory.to_dict("records"):
        rows_of.setdefault(row["source_code"], []).append(row)
    records = sources.drop(columns=sources.geometry.name).to_dict("records") if len(sources) else []
    types_at: dict[str, set[str]] = {}
    for record in records:
        if site := _text(record.get("site_code")):
            types_at.setdefault(site, set()).add(str(record["facility_type"]))
    units: dict[str, Unit] = {}
    outside: list[OutOfScope] = []
    for record, geometry in zip(records, sources.geometry, strict=True):
        code, kind_of_facility = str(record["code"]), str(record["facility_type"])
        rule = tables.unit_rules.get(kind_of_facility)
        site, rows = _text(record.get("site_code")), rows_of.get(code, [])
        if rule is None or rule.kind == "not_applicable":
            reason = rule.reason_zh if rule and rule.reason_zh else "设施类型不属于危险源图层"
            outside.append(OutOfScope(code=code, facility_type=kind_of_facility, reason_zh=reason))
            continue
        if not rows and not rule.inventory_expected:
            outside.append(
                OutOfScope(code=code, facility_type=kind_of_facility, reason_zh="无存量记录,且该类设施通常不储存")
            )
            continue
        parts = set(vocabulary().facility_types[kind_of_facility].stands_for) & types_at.get(site or "", set())
        if not rows and parts:
            outside.append(OutOfScope(code=code, facility_type=kind_of_facility, reason_zh="由站内各设施分别辨识"))
            continue
        group = _text(record.get("group_code"))
        key, name = code, _text(record.get("name")) or code
        if rule.grouping in ("group", "site") and group:
            key, name = f"{site or ''}/{group}", f"罐组 {group}"
        elif rule.grouping == "site" and site:
            key, name = f"{site}/{rule.kind}", "站内储罐区"
        unit = units.get(key)
        if unit is None:
            unit = units[key] = Unit(code=key, name=name, kind=rule.kind, site_code=site, geometry=geometry)
            unit.has_open_group = rule.grouping == "group" and not group and site is not None
        else:
            unit.geometry = shapely.union_all([unit.geometry, geometry])
        unit.sources.append(code)
        unit.holdings += [_holding(code, row, kind_of_facility, rule.kind, tables) for row in rows]
        if not rows:
            unit.empty_sources.append(code)
    return [units[key] for key in sorted(units)], outside


def _holding(
    source_code: str, row: dict[Hashable, Any], facility_type: str, unit_kind: str, tables: Gb18218
) -> Holding:
    more = row.get("attributes")
    extra: dict[str, Any] = more if isinstance(more, dict) else {}
    conventions = tables.raw["conventions"]
    special = row.get("special_process", extra.get("special_process"))
    return Holding(
        source_code=source_code,
        cas=_text(row.get("cas")),
        quantity_t=_number(row.get("quantity_t")),
        material=Material(
            substance=_text(row.get("substance")) or "",
            cas=_text(row.get("cas")),
            ghs_class=_text(row.get("ghs_class")),
            state=_text(row.get("state")),
            temperature_c=_number(row.get("temperature_c")),
            pressure_mpa=_number(row.get("pressure_mpa")),
            boiling_point_c=_number(row.get("boiling_point_c", extra.get("boiling_point_c"))),
            special_process=None if special is None or pd.isna(special) else bool(special),
            is_production=unit_kind == "production_unit",
            is_atmospheric=facility_type in conventions["atmospheric_types"]["types"],
            is_pressurised=facility_type in conventions["pressurised_types"],
        ),
    )


def _text(value: Any) -> str | None:
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return None
    return str(value).strip() or None


def _number(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)
