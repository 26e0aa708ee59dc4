"""What stands around a proposal: rows within reach of it, whole sites, and what is not known about the surroundings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from gisrisk.analysis.siting.proposal import Proposal
from gisrisk.analysis.siting.reach import Reach
from gisrisk.analysis.siting.verdict import Gap
from gisrisk.catalog import load_layers
from gisrisk.geo import GEOD, buffer_m
from gisrisk.store import Store

WITHIN_SITES_M = 3000.0
"""Lines shorter than this may lie within one site, which is then read as well [m]."""
_ALWAYS = ("park", "admin_area", "enterprise_site", "hazard_source", "protected_target", "dense_area", "linear_feature")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Rows by layer around one place, and the layers that hold any row at all."""

    frames: dict[str, pd.DataFrame]
    filled: frozenset[str]


def read_surroundings(store: Store, place: BaseGeometry, reach: Reach, *, as_of: datetime | None) -> Surroundings:
    """Every row within reach of a place; sites that have a part in it come with all their sources and stocks.

    Parameters
    ----------
    place : shapely geometry
        Footprint of the proposal (EPSG:4490).
    reach : Reach
        How far rows of each layer matter; layers it does not speak of are read at the place itself.
    as_of : datetime or None
    """
    near: dict[float, BaseGeometry] = {}

    def within(metres: float) -> BaseGeometry:
        if metres not in near:
            near[metres] = buffer_m(place, metres)
        return near[metres]

    def around(name: str) -> BaseGeometry:
        return within(reach.read_m.get(name, 0.0))

    frames = {
        name: store.read(name, area=around(name), as_of=as_of)
        for name in _ALWAYS
        if name not in ("enterprise_site", "hazard_source")
    }
    for metres in sorted(set(reach.far_target_m.values())):
        kinds = {kind for kind, far in reach.far_target_m.items() if far == metres}
        more = store.read("protected_target", area=within(metres), only={"target_type": kinds}, as_of=as_of)
        frames["protected_target"] = _together(frames["protected_target"], more)
    lines = frames["linear_feature"]
    short = [g for g in lines.geometry if GEOD.geometry_length(g) < WITHIN_SITES_M]
    sites = store.read("enterprise_site", area=_union(around("enterprise_site"), short), as_of=as_of)
    sources = store.read("hazard_source", area=_union(around("hazard_source"), list(sites.geometry)), as_of=as_of)
    known = set(sites["code"])
    owners = {str(code) for code in sources["site_code"] if isinstance(code, str)} - known
    if owners:
        more = store.read("enterprise_site", only={"code": owners}, as_of=as_of)
        sites = _together(sites, more)
    if len(sites):
        more = store.read("hazard_source", only={"site_code": set(sites["code"])}, as_of=as_of)
        sources = _together(sources, more)
    frames["enterprise_site"], frames["hazard_source"] = sites, sources
    frames["inventory"] = store.read("inventory", only={"source_code": set(sources["code"])}, as_of=as_of)
    return Surroundings(
        {name: frames[name] for name in load_layers() if name in frames}, frozenset(store.layers_with_rows(as_of))
    )


def _union(area: BaseGeometry, more: list[BaseGeometry]) -> BaseGeometry:
    return shapely.union_all([area, *more]) if more else area


def _together(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    """Rows of both, each once, in the order of their codes."""
    new = b[~b["code"].isin(set(a["code"]))]
    if len(new) == 0:
        return a
    if len(a) == 0:
        return new.reset_index(drop=True)
    out: pd.DataFrame = pd.concat([a, new]).sort_values("code", kind="stable").reset_index(drop=True)
    return out


def gaps(proposal: Proposal, reach: Reach, found: Surroundings) -> list[Gap]:
    """What is not known about the surroundings as a whole.

    Whether anybody surveyed a place at all is told by the administrative areas: where none is on record nothing else
    can be trusted to be complete, and a layer without a single row was never filled.
    """
    out = []
    for name in sorted(reach.figure_m):
        if name not in found.filled:
            label = load_layers()[name]
            out.append(
                Gap(
                    name,
                    f"图层“{label.label_zh}”没有任何数据，无法判断周边有无此类对象",
                    f"layer {name} holds no row, so whether such a feature is near is not known",
                )
            )
    widest = max([0.0, *reach.figure_m.values()])
    areas = found.frames.get("admin_area")
    known = shapely.union_all(areas.geometry) if areas is not None and len(areas) else None
    if known is None or not shapely.intersects(known, proposal.footprint):
        out.append(
            Gap(
                "admin_area",
                "该地块不在任何已入库的行政区内，周边没有可用数据",
                "the plot lies in no administrative area on record: there are no data around it",
            )
        )
    elif not shapely.covers(known, buffer_m(proposal.footprint, widest)):
        out.append(
            Gap(
                "admin_area",
                f"地块周边 {widest:g} m 内有已入库行政区以外的部分，那里的数据不全",
                f"within {widest:g} m of the plot there is ground outside all administrative areas on record",
            )
        )
    return out
