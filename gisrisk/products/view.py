"""What the products need of a study, and which part of it belongs to one park.

`StudyLike` is the shape of `gisrisk.study.Study`; `park_part` cuts the part of a study that one park's sheet, web map
and tables show. Both the printed and the web products start here, so that they cannot disagree.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, Protocol

import geopandas as gpd
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from gisrisk.errors import UnknownName

CRS = "EPSG:4490"


class StudyLike(Protocol):
    """The frozen result of `run_study`; the tables have the columns of the store's result tables."""

    @property
    def study_id(self) -> str: ...
    @property
    def area(self) -> str: ...
    @property
    def area_name(self) -> str: ...
    @property
    def area_geometry(self) -> BaseGeometry | None: ...
    @property
    def on(self) -> date: ...
    @property
    def as_of(self) -> datetime | None: ...
    @property
    def rule_set(self) -> str: ...
    @property
    def method(self) -> Mapping[str, Any]: ...
    @property
    def parameters(self) -> Mapping[str, Any]: ...
    @property
    def input_sha256(self) -> str: ...
    @property
    def code_version(self) -> str: ...
    @property
    def synthetic(self) -> bool: ...
    @property
    def findings(self) -> gpd.GeoDataFrame: ...
    @property
    def hazard_grades(self) -> gpd.GeoDataFrame: ...
    @property
    def site_grades(self) -> gpd.GeoDataFrame: ...
    @property
    def risk_levels(self) -> gpd.GeoDataFrame: ...
    @property
    def region_grades(self) -> gpd.GeoDataFrame: ...
    @property
    def context(self) -> Mapping[str, pd.DataFrame]: ...
    @property
    def counts(self) -> Mapping[str, Any]: ...
    @property
    def timings_s(self) -> Mapping[str, Any]: ...
    @property
    def not_evaluated(self) -> Any: ...


def context_layer(study: StudyLike, name: str, *columns: str) -> gpd.GeoDataFrame:
    """Rows of an input layer of the study that have a geometry; no rows when the study did not read that layer.

    `columns` are added, empty, where the layer lacks them, so that callers need not ask.
    """
    frame = study.context.get(name)
    if frame is None:
        frame = gpd.GeoDataFrame({"code": [], "name": []}, geometry=gpd.GeoSeries([], crs=CRS), crs=CRS)
    frame = frame[frame.geometry.notna() & ~frame.geometry.is_empty]
    missing = [column for column in ("code", "name", *columns) if column not in frame.columns]
    return frame.assign(**{column: None for column in missing}) if missing else frame


def is_missing(value: Any) -> bool:
    """Whether a table cell holds nothing: None, NaN, NaT or an empty text."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return True
    return bool(pd.api.types.is_scalar(value) and pd.isna(value))


def as_list(value: Any) -> list[str]:
    """Texts of a cell that holds a list, a JSON list, or parts separated by semicolons."""
    if is_missing(value):
        return []
    if isinstance(value, str):
        text = value.strip()
        if text.startswith("["):
            try:
                return as_list(json.loads(text))
            except json.JSONDecodeError:
                pass
        parts = text.replace("；", ";").replace("\n", ";").split(";")
        return [part.strip() for part in parts if part.strip()]
    if isinstance(value, Mapping):
        return [str(value.get("text_zh") or value.get("text") or value.get("zh") or dict(value))]
    try:
        return [part for item in value for part in as_list(item)]
    except TypeError:
        return [str(value)]


def severity_rank(level: Any, level_at_least: Any = None) -> float:
    """Place of a grade in a worst-first list: 1 red, 2 orange, then undetermined, 3 yellow, 4 blue.

    An undetermined grade known to be at least red or orange stands directly after that level; any other undetermined
    grade stands before yellow, because unknown is not safe.
    """
    if not is_missing(level) and int(level) > 0:
        return float(int(level))
    if not is_missing(level_at_least) and int(level_at_least) in (1, 2):
        return int(level_at_least) + 0.3
    return 2.5


def worst_first(site_grades: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Site grades ordered worst first and numbered from 1 in a column `number`."""
    at_least = site_grades.get("level_at_least", pd.Series(None, index=site_grades.index))
    score = pd.to_numeric(site_grades.get("score", pd.Series(None, index=site_grades.index)), errors="coerce").fillna(0)
    ranked = site_grades.assign(
        _rank=[severity_rank(level, least) for level, least in zip(site_grades["level"], at_least, strict=True)],
        _score=-score,
    ).sort_values(["_rank", "_score", "site_code"], kind="stable")
    ranked = ranked.drop(columns=["_rank", "_score"]).reset_index(drop=True)
    return ranked.assign(number=range(1, len(ranked) + 1))


_FINDING_ORDER = {"violation": 0, "needs_survey": 1, "undetermined": 2, "meets": 3}


def ordered_findings(findings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Findings ordered violations first, the largest shortfall first inside a status."""
    rank = findings["status"].map(_FINDING_ORDER).fillna(9)
    shortfall = -pd.to_numeric(findings["shortfall_m"], errors="coerce").fillna(0)
    keyed = findings.assign(_rank=rank, _shortfall=shortfall)
    keyed = keyed.sort_values(["_rank", "_shortfall", "rule_id", "source_code", "target_code"], kind="stable")
    return keyed.drop(columns=["_rank", "_shortfall"]).reset_index(drop=True)


@dataclass(frozen=True)
class Part:
    """The part of a study shown on one sheet: a park's, or the whole area's (`code` is then the area's)."""

    study: StudyLike
    code: str
    name: str
    boundary: BaseGeometry
    sites: gpd.GeoDataFrame
    findings: gpd.GeoDataFrame
    hazard_grades: gpd.GeoDataFrame
    is_park: bool

    @cached_property
    def violations(self) -> gpd.GeoDataFrame:
        return self.findings[self.findings["status"] == "violation"]

    def count(self, status: str) -> int:
        """Number of findings with this status."""
        return int((self.findings["status"] == status).sum())

    def level_counts(self) -> dict[int, int]:
        """Number of sites per level 1..4; 0: undetermined."""
        levels = pd.to_numeric(self.sites["level"], errors="coerce").fillna(0).astype(int)
        return {level: int((levels == level).sum()) for level in (1, 2, 3, 4, 0)}


def park_codes(study: StudyLike) -> list[str]:
    """Codes of the parks of the study's area, sorted."""
    parks = context_layer(study, "park")
    return sorted(str(code) for code in parks["code"])


def park_part(study: StudyLike, park_code: str) -> Part:
    """What of the study belongs to one park.

    Sites are those that name the park, or, naming none, have their representative point inside it. A finding belongs
    to the park when its source or its target is the park, one of its sites, or a hazard source of such a site.

    Raises
    ------
    UnknownName
        The study has no such park.
    """
    parks = context_layer(study, "park")
    row = parks[parks["code"].astype(str) == str(park_code)]
    if row.empty:
        raise UnknownName("park", str(park_code), [str(code) for code in parks["code"]])
    boundary = row.geometry.iloc[0]
    grades = study.site_grades
    named = grades["park_code"].astype("string")
    inside = grades.geometry.representative_point().intersects(boundary)
    sites = grades[(named == park_code).fillna(False).to_numpy(bool) | (named.isna() & inside).to_numpy(bool)]
    site_codes = set(sites["site_code"].astype(str))

    sources = context_layer(study, "hazard_source", "site_code")
    owner = sources["site_code"].astype("string")
    owned = owner.isin(site_codes).to_numpy(bool)
    free = owner.isna().to_numpy(bool) & sources.geometry.representative_point().intersects(boundary).to_numpy(bool)
    source_codes = set(sources["code"].astype(str)[owned | free])
    members = {
        "park": {str(park_code)},
        "enterprise_site": site_codes,
        "hazard_source": source_codes,
    }

    def belongs(layer: str, code: str) -> pd.Series:
        layers, codes = study.findings[layer], study.findings[code].astype(str)
        hit = pd.Series(False, index=study.findings.index)
        for name, own in members.items():
            hit |= (layers == name) & codes.isin(own)
        return hit

    findings = study.findings[belongs("source_layer", "source_code") | belongs("target_layer", "target_code")]
    hazards = study.hazard_grades
    hazards = hazards[hazards["site_code"].astype("string").isin(site_codes).to_numpy(bool)]
    return Part(
        study=study,
        code=str(park_code),
        name=str(row["name"].iloc[0]),
        boundary=boundary,
        sites=worst_first(sites),
        findings=ordered_findings(findings),
        hazard_grades=hazards.sort_values("unit_code").reset_index(drop=True),
        is_park=True,
    )


ZOOM_BELOW = 0.45
"""A whole area is drawn where its enterprises are when these fill less than this share of its width and height."""


def shown_bounds(part: Part) -> tuple[float, float, float, float]:
    """West, south, east, north [degrees] of what a map of this part shows.

    The boundary of the park or area; of a large area whose enterprises and parks lie close together, only the
    surroundings of these, because at the scale of the whole area no colour could be seen.
    """
    west, south, east, north = part.boundary.bounds
    places = [*part.study.site_grades.geometry, *context_layer(part.study, "park").geometry]
    if not part.is_park and places:
        w, s, e, n = (float(value) for value in shapely.total_bounds(places))
        margin = 0.12 * max(e - w, n - s)
        inner = (w - margin, s - margin, e + margin, n + margin)
        if inner[2] - inner[0] < ZOOM_BELOW * (east - west) and inner[3] - inner[1] < ZOOM_BELOW * (north - south):
            return inner
    return west, south, east, north


def region_part(study: StudyLike) -> Part:
    """The whole study, ordered as a sheet shows it.

    The boundary of a study of "everything" is the box around its sites and parks.
    """
    boundary = study.area_geometry
    if boundary is None or boundary.is_empty:
        found = [*study.site_grades.geometry, *context_layer(study, "park").geometry]
        boundary = shapely.box(*shapely.total_bounds([geometry for geometry in found if geometry is not None]))
    return Part(
        study=study,
        code=study.area,
        name=study.area_name,
        boundary=boundary,
        sites=worst_first(study.site_grades),
        findings=ordered_findings(study.findings),
        hazard_grades=study.hazard_grades.sort_values("unit_code").reset_index(drop=True),
        is_park=False,
    )
