"""The whole story: everything gisrisk can say about one area on one day. Newcomers start here.

layers as of a moment + rules in force on a day
  -> major hazards (GB 18218) -> distance findings -> colour of each site -> partition, regions, parks
  -> frozen, hashed, stored
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
from shapely.geometry.base import BaseGeometry

from gisrisk import settings
from gisrisk._version import code_version
from gisrisk.analysis.exposure import people_near_sites
from gisrisk.analysis.partition import risk_levels
from gisrisk.analysis.region import region_grades
from gisrisk.analysis.separation import separation_findings
from gisrisk.analysis.site_levels import site_grades
from gisrisk.catalog.palette import LEVELS
from gisrisk.chinatime import today
from gisrisk.errors import GisriskError
from gisrisk.hazards.gb18218 import grade_units
from gisrisk.rules import RuleBook, load_rules
from gisrisk.rules.methods import load_method
from gisrisk.rules.subjects import build_subjects
from gisrisk.store import Store, open_store
from gisrisk.store.query import moment as moment_of
from gisrisk.study_inputs import in_area, read_inputs, resolve_area, study_fingerprint

if TYPE_CHECKING:
    import folium

Progress = Callable[[str, int, int], None]

EDGE_MARGIN_M = 1000.0
"""Read this much beyond the farthest rule [m]: road half-widths, bare points and uncertainty bring edges nearer."""


class NothingToStudy(GisriskError):
    """The area holds no enterprise site and no hazard source."""

    exit_status = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """One area on one day, with its inputs frozen. Frames have the columns of the result tables, in EPSG:4490."""

    study_id: str
    area: str
    area_name: str
    area_geometry: BaseGeometry | None
    on: date
    as_of: datetime | None
    rule_set: str
    method: dict[str, Any]
    parameters: dict[str, Any]
    input_sha256: str
    code_version: str
    synthetic: bool
    findings: gpd.GeoDataFrame
    hazard_grades: gpd.GeoDataFrame
    site_grades: gpd.GeoDataFrame
    risk_levels: gpd.GeoDataFrame
    region_grades: gpd.GeoDataFrame
    context: dict[str, pd.DataFrame] = field(repr=False)
    counts: dict[str, int]
    timings_s: dict[str, float]
    not_evaluated: list[dict[str, str]]

    def map(self) -> folium.Map:
        """The study on a map for a notebook; every asset is local."""
        from gisrisk.products.webmap import study_map

        return study_map(self)

    def write(self, out: str | Path, *, progress: Progress | None = None) -> list[Path]:
        """Write every product of the contract into a folder; returns the files."""
        from gisrisk.products import write_products

        return write_products(self, Path(out), progress=progress)


def run_study(
    area: str | Path | BaseGeometry | None = None,
    *,
    on: date | str | None = None,
    as_of: datetime | str | None = None,
    store: Store | None = None,
    rules: RuleBook | None = None,
    out: str | Path | None = None,
    progress: Progress | None = None,
) -> Study:
    """Everything we can say about one area on one day.

    Parameters
    ----------
    area : str, Path, shapely geometry or None
        Code of an administrative area or park in the store, a file with a polygon, a geometry in EPSG:4490, or None
        for everything in the store. A pair is judged when either end touches the area.
    on : date or ISO text
        Day whose law applies; today by default.
    as_of : datetime or ISO text
        Moment whose data apply (a day alone: its end in China time); by default the newest batch in the store, so
        that a study of an unchanged store is the same study.
    store : Store
        The private cluster, or the server of GISRISK_DATABASE_URL, by default.
    out : folder
        Where the products go; none are written without it.

    Raises
    ------
    UnknownName
        The area is not known.
    NothingToStudy
        There is no enterprise site or hazard source in the area.
    """
    clock = _Clock(progress)
    store = store if store is not None else open_store()
    rules = rules if rules is not None else load_rules()
    day = date.fromisoformat(on) if isinstance(on, str) else on or today()
    moment = store.last_recorded_at() if as_of is None else moment_of(as_of)

    with clock.step("read"):
        place = resolve_area(area, store)
        inputs = read_inputs(store, place, as_of=moment, reach_m=rules.reach_m(day) + EDGE_MARGIN_M)
        layers = inputs.frames
        sites, sources = (in_area(layers[name], place) for name in ("enterprise_site", "hazard_source"))
        if sites.empty and sources.empty:
            raise NothingToStudy(
                f"There is no enterprise site or hazard source in {place.name} as of {moment}. "
                "Import some (gisrisk layer import enterprise_site FILE) or choose another area."
            )
        method = load_method("enterprise_matrix")
        parameters = {
            "area": place.code,
            "on": day.isoformat(),
            "rule_set": rules.version,
            "method": method["id"],
            "default_position_uncertainty_m": settings.number("default_position_uncertainty_m"),
            "code_version": code_version(),
        }
        fingerprint = study_fingerprint(inputs, parameters)

    with clock.step("identify"):
        targets = layers["protected_target"]
        people = people_near_sites(sites, sources, targets, inputs.population)
        hazards = grade_units(sources, layers["inventory"], people, on=day)

    with clock.step("separate"):
        separation = separation_findings(rules, build_subjects(layers), on=day, area=place.geometry)
        findings = separation.findings

    with clock.step("grade"):
        admin, parks = layers["admin_area"], layers["park"]
        grades = site_grades(sites, hazards, findings, admin, parks, method=method, sources=sources)
        levels = risk_levels(grades, method=method)

    with clock.step("regions"):
        population = inputs.population
        regions = region_grades(grades, hazards, admin, parks, population, targets=targets, area=place.geometry)

    study = Study(
        study_id=f"S{day:%Y%m%d}-{fingerprint[:10]}",
        area=place.code,
        area_name=place.name,
        area_geometry=place.geometry,
        on=day,
        as_of=moment,
        rule_set=rules.version,
        method=method,
        parameters=parameters,
        input_sha256=fingerprint,
        code_version=code_version(),
        synthetic=inputs.synthetic,
        findings=findings,
        hazard_grades=hazards,
        site_grades=grades,
        risk_levels=levels,
        region_grades=regions,
        context=layers,
        counts=_counts(sites, sources, targets, findings, hazards, grades),
        timings_s=clock.timings_s,
        not_evaluated=separation.not_evaluated,
    )
    with clock.step("save"):
        store.save_study(_study_row(study), _result_tables(study))
    if out is not None:
        study.write(out, progress=progress)
    return study


STEPS = {
    "read": "读取图层",
    "identify": "重大危险源辨识分级",
    "separate": "防护距离",
    "grade": "企业风险分级",
    "regions": "区域与园区",
    "save": "保存研究",
}


class _Clock:
    """Times each step and tells the progress callback."""

    def __init__(self, progress: Progress | None) -> None:
        self.progress = progress
        self.timings_s: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        if self.progress is not None:
            self.progress(STEPS[name], len(self.timings_s), len(STEPS))
        began = time.perf_counter()
        yield
        self.timings_s[name] = round(time.perf_counter() - began, 3)


def _counts(
    sites: pd.DataFrame,
    sources: pd.DataFrame,
    targets: pd.DataFrame,
    findings: pd.DataFrame,
    hazards: pd.DataFrame,
    grades: pd.DataFrame,
) -> dict[str, int]:
    """The figures a reader asks for first. A violation counts only if the clause is mandatory and confirmed."""
    breach = (findings["status"] == "violation") & findings["mandatory"] & (findings["review"] == "confirmed")
    counts = {
        "enterprise_site": len(sites),
        "hazard_source": len(sources),
        "protected_target": len(targets),
        "violations": int(breach.sum()),
        "violations_to_check": int(((findings["status"] == "violation") & ~breach).sum()),
        "needs_survey": int((findings["status"] == "needs_survey").sum()),
        "undetermined": int((findings["status"] == "undetermined").sum()),
        "major_hazards": int((hazards["status"] == "major").sum()),
        "hazards_undetermined": int((hazards["status"] == "undetermined").sum()),
    }
    for level in LEVELS:
        counts[f"sites_{level.code}"] = int((grades["level"] == level.number).sum())
    counts["sites_undetermined"] = int((grades["status"] == "undetermined").sum())
    return counts


def _study_row(study: Study) -> dict[str, Any]:
    same = (
        "study_id",
        "area",
        "area_name",
        "as_of",
        "rule_set",
        "method",
        "parameters",
        "input_sha256",
        "code_version",
    )
    row = {name: getattr(study, name) for name in (*same, "synthetic", "counts", "timings_s", "not_evaluated")}
    return row | {"on_day": study.on, "geometry": study.area_geometry}


def _result_tables(study: Study) -> dict[str, pd.DataFrame]:
    return {
        "finding": study.findings,
        "hazard_grade": study.hazard_grades,
        "site_grade": study.site_grades,
        "risk_level": study.risk_levels,
        "region_grade": study.region_grades,
    }
