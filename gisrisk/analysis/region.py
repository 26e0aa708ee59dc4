"""Roll sites and major hazards up to administrative areas and parks: worst level, counts, people near major hazards."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry.base import BaseGeometry

from gisrisk.analysis.exposure import Population, outside_band, people_in_areas
from gisrisk.geo import STORAGE_CRS
from gisrisk.rules.methods import load_method

COLUMNS = [
    "kind", "area_code", "area_name", "area_level", "level", "status", "method", "sites",
    "red", "orange", "yellow", "blue", "undetermined", "major_1", "major_2", "major_3", "major_4",
    "people_near_major", "people_near_major_min", "people_basis", "violations", "geometry",
]  # fmt: skip
_COLOURS = {1: "red", 2: "orange", 3: "yellow", 4: "blue"}
_INSIDE_SHARE = 0.99
"""An area is judged when at least this share of it lies in the studied area: else not all of its sites were read."""


def region_grades(
    grades: gpd.GeoDataFrame,
    hazards: gpd.GeoDataFrame,
    admin: gpd.GeoDataFrame,
    park: gpd.GeoDataFrame,
    population: Population,
    *,
    targets: gpd.GeoDataFrame,
    area: BaseGeometry | None = None,
    method: dict[str, Any] | None = None,
) -> gpd.GeoDataFrame:
    """Grade of every administrative area and park that lies in the studied area.

    Parameters
    ----------
    grades : GeoDataFrame in EPSG:4490
        Result of `site_grades`, with `attrs["level_at_worst"]` (taken as 1 where it is missing).
    hazards : GeoDataFrame
        Result of `gisrisk.hazards.gb18218.grade_units`.
    admin, park : GeoDataFrame in EPSG:4490
        Layers `admin_area` and `park`. Every administrative level on record rolls up by itself.
    population, targets
        As for `gisrisk.analysis.exposure.people_near_sites`.
    area : shapely geometry or None
        The studied area; None: everything.
    method : dict
        `region_worst` by default.

    Returns
    -------
    GeoDataFrame in EPSG:4490, sorted by kind, area_level, area_code
        status: graded | undetermined | no_sites; level null unless graded. sites, red, orange, yellow, blue and
        undetermined count sites; major_1..4 count units with a known level. people_near_major: residents within 500 m
        outside the sites of the area that have a major hazard, inside or outside the area, nobody twice; null unless
        known, and then `people_near_major_min` says how many there are at least. violations: open ones of its sites.
    """
    method = method or load_method("region_worst")
    worst = {str(code): int(level) for code, level in grades.attrs.get("level_at_worst", {}).items()}
    grades = grades.copy(deep=False)
    grades.attrs = {}  # pandas copies them with every selection
    majors = _majors(grades, hazards)
    blocks: list[tuple[str, str | None, gpd.GeoDataFrame]] = [("park", None, park)]
    if len(admin):
        levels = sorted(admin["level"].dropna().astype(str).unique())
        blocks = [("admin", level, admin[admin["level"] == level]) for level in levels] + blocks
    rows: list[dict[str, Any]] = []
    members: list[set[str]] = []
    for kind, level, areas in blocks:
        if len(areas) == 0:
            continue
        own = areas.sort_values("code").reset_index(drop=True)
        declared = grades["park_code"] if kind == "park" else None
        member = assign_by_overlap(grades.geometry.to_numpy(), own, declared=declared)
        for place in own[_is_inside(own, area)].to_dict("records"):
            inside = member == place["code"]
            row = {"kind": kind, "area_code": place["code"], "area_name": place["name"]}
            row["area_level"] = level if kind == "admin" else _text(place.get("level"))
            row.update(_summary(grades[inside], worst), method=method["id"], geometry=place["geometry"])
            members.append(set(grades.loc[inside, "site_code"].astype(str)))
            row.update(_major_counts(majors, members[-1]))
            rows.append(row)
    near = _people_near(members, grades, majors, targets, population, float(method["near_major_m"]))
    for row, (number, at_least, basis) in zip(rows, near, strict=True):
        row.update(people_near_major=number, people_near_major_min=at_least, people_basis=basis)
    frame = gpd.GeoDataFrame(pd.DataFrame(rows, columns=COLUMNS), geometry="geometry", crs=STORAGE_CRS)
    counts = ["sites", *_COLOURS.values(), "undetermined", "major_1", "major_2", "major_3", "major_4", "violations"]
    return frame.astype(
        {name: "int64" for name in counts}
        | {"level": "Int64", "people_near_major": "Int64", "people_near_major_min": "int64"}
    )


def assign_by_overlap(
    shapes: ArrayLike, areas: gpd.GeoDataFrame, *, declared: pd.Series | None = None
) -> NDArray[np.object_]:
    """Code of the area that covers most of each shape.

    Parameters
    ----------
    shapes : array_like of shapely geometries, length n
        Points, lines or polygons; the larger area or length wins, a point lies in its area; of equal ones the first.
    areas : GeoDataFrame
        Rows with `code`; areas of one level, which do not overlap.
    declared : Series or None
        Codes the owner gave; they stand where an area of this code is on record.

    Returns
    -------
    ndarray of object, length n
        Codes; None outside every area.
    """
    geometry = np.asarray(shapes, dtype=object)
    codes = areas["code"].astype(str).to_numpy()
    best = np.full(len(geometry), None, dtype=object)
    if len(areas) and len(geometry):
        zones = np.asarray(areas.geometry.array, dtype=object)
        shape, zone = shapely.STRtree(zones).query(geometry, predicate="intersects")
        whole = shapely.covers(zones[zone], geometry[shape])
        common = geometry[shape].copy()
        common[~whole] = shapely.intersection(geometry[shape[~whole]], zones[zone[~whole]])
        dimension = shapely.get_dimensions(geometry[shape])
        size = np.where(dimension == 2, shapely.area(common), np.where(dimension == 1, shapely.length(common), 1.0))
        for at in np.lexsort((codes[zone], -size, shape))[::-1]:
            best[shape[at]] = codes[zone[at]]
    if declared is not None:
        stated = declared.astype(object).where(declared.isin(set(codes)), None).to_numpy()
        best = np.where(pd.notna(stated), stated, best)
    return best


def _is_inside(areas: gpd.GeoDataFrame, studied: BaseGeometry | None) -> NDArray[np.bool_]:
    if studied is None:
        return np.ones(len(areas), dtype=bool)
    shapes = np.asarray(areas.geometry.array, dtype=object)
    inside = shapely.area(shapely.intersection(shapes, studied)) >= _INSIDE_SHARE * shapely.area(shapes)
    return np.asarray(inside, dtype=bool)


def _majors(grades: gpd.GeoDataFrame, hazards: gpd.GeoDataFrame) -> pd.DataFrame:
    """Status and level of each unit beside the code of its row in `grades` (its own code when it has no site)."""
    sites = set(grades["site_code"])
    owner = [
        site if isinstance(site, str) and site in sites else unit
        for site, unit in zip(hazards["site_code"], hazards["unit_code"], strict=True)
    ]
    return pd.DataFrame({"owner": owner, "status": hazards["status"].to_numpy(), "level": hazards["level"].to_numpy()})


def _summary(members: gpd.GeoDataFrame, worst: dict[str, int]) -> dict[str, Any]:
    """Counts and grade of the sites of one area."""
    level = members["level"].to_numpy(dtype=float, na_value=np.nan)
    counts = {colour: int((level == number).sum()) for number, colour in _COLOURS.items()}
    open_sites = members[np.isnan(level)]
    known = [int(number) for number in level[~np.isnan(level)]]
    at_least = [int(n) for n in open_sites["level_at_least"].to_numpy(dtype=float, na_value=4.0)]
    worst_known = min([*known, *at_least], default=None)
    could_be = min([worst.get(str(code), 1) for code in open_sites["site_code"]], default=None)
    status = "graded"
    if worst_known is None:
        status = "no_sites"
    elif could_be is not None and could_be < worst_known:
        status = "undetermined"
    return {
        "level": worst_known if status == "graded" else None,
        "status": status,
        "sites": len(members),
        **counts,
        "undetermined": len(open_sites),
        "violations": int(members["violations"].sum()),
    }


def _major_counts(majors: pd.DataFrame, codes: set[str]) -> dict[str, int]:
    own = majors[majors["owner"].isin(codes) & (majors["status"] == "major")]
    return {f"major_{n}": int((own["level"] == n).sum()) for n in _COLOURS}


def _people_near(
    members: list[set[str]],
    grades: gpd.GeoDataFrame,
    majors: pd.DataFrame,
    targets: gpd.GeoDataFrame,
    population: Population,
    near_m: float,
) -> list[tuple[int | None, int, str]]:
    """Residents near the major hazards of each area: the number (None: not known), how many at least, and its basis."""
    with_major = set(majors.loc[majors["status"] == "major", "owner"])
    may_have = set(majors.loc[majors["status"] == "undetermined", "owner"]) - with_major
    footprint = dict(zip(grades["site_code"].astype(str), grades.geometry, strict=True))
    bands = [outside_band([footprint[code] for code in sorted(codes & with_major)], near_m) for codes in members]
    counted = people_in_areas(bands, targets, population)
    found: list[tuple[int | None, int, str]] = []
    for codes, row in zip(members, counted.to_dict("records"), strict=True):
        known = row["people_max"] == row["people_min"]
        basis = f"有重大危险源的企业界外{near_m:g} m内常住人口{row['basis']}"
        if not codes & with_major:
            known, basis = True, "无重大危险源"
        if codes & may_have:
            known = False
            basis += f";另有{len(codes & may_have)}个企业是否构成重大危险源待定"
        at_least = int(row["people_min"])
        found.append((at_least if known else None, at_least, basis))
    return found


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
