"""How many people live near a plant: in the band outside its boundary, from the population raster and from known homes.

The raster and the residential protected targets count the same residents, so the larger of the two is taken. What is
not known stays open: a result is an interval [people_min, people_max] of whole persons, people_max infinite where
nothing bounds it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
from exactextract import exact_extract
from numpy.typing import NDArray
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from gisrisk.catalog.vocabulary import vocabulary
from gisrisk.errors import OutOfDomain
from gisrisk.geo import STORAGE_CRS, areas_m2, buffer_m, densify
from gisrisk.hazards.tables import gb18218

COLUMNS = ["kind", "code", "people_min", "people_max", "raster_people", "target_people", "basis", "missing"]
_NOISE_PERSONS = 1e-3
"""Coverage fractions are 32-bit numbers: what is above a whole number by less than this is that whole number."""


class HasPath(Protocol):
    """A registered raster."""

    @property
    def path(self) -> str | Path: ...


Population = HasPath | str | Path | None


def residential_types() -> frozenset[str]:
    """Target types in which people live."""
    return frozenset(code for code, kind in vocabulary().target_types.items() if "residential" in kind.traits)


def people_near_sites(
    sites: gpd.GeoDataFrame,
    sources: gpd.GeoDataFrame,
    targets: gpd.GeoDataFrame,
    population: Population,
    *,
    band_m: float | None = None,
) -> pd.DataFrame:
    """Residents within the band outside each plant.

    Parameters
    ----------
    sites : GeoDataFrame in EPSG:4490
        Layer `enterprise_site`; the plant boundary. A point stands for a plant of unknown extent and is marked.
    sources : GeoDataFrame in EPSG:4490
        Layer `hazard_source`; those without a site in `sites` get a band of their own, marked.
    targets : GeoDataFrame in EPSG:4490
        Layer `protected_target`; residential types count with their `population`.
    population : registered raster, path or None
        People per cell.
    band_m : float
        Width of the band [m]; that of GB 18218 by default.

    Returns
    -------
    DataFrame
        kind (site|source), code, people_min, people_max [persons, whole, inf when unbounded], raster_people,
        target_people [persons, not rounded, NaN when unknown], basis (Chinese text), missing (fields that keep the
        number open).
    """
    width_m = gb18218().band_m if band_m is None else band_m
    plants: list[tuple[str, str, BaseGeometry, str]] = []
    for code, geometry in zip(sites["code"], sites.geometry, strict=True):
        mark = "" if shapely.get_dimensions(geometry) == 2 else ",以点代替厂界"
        plants.append(("site", str(code), geometry, mark))
    if len(sources):
        known = set(sites["code"])
        orphans = sources[~sources["site_code"].isin(known)] if "site_code" in sources else sources
        for code, geometry in zip(orphans["code"], orphans.geometry, strict=True):
            plants.append(("source", str(code), geometry, ",无厂界,以危险源代替"))
    plants.sort(key=lambda plant: plant[:2])
    bands = [outside_band([geometry], width_m) for _, _, geometry, _ in plants]
    counted = people_in_areas(bands, targets, population)
    counted.insert(0, "code", [plant[1] for plant in plants])
    counted.insert(0, "kind", [plant[0] for plant in plants])
    where = f"厂界外{width_m:g} m内常住人口"
    counted["basis"] = [where + text + plant[3] for text, plant in zip(counted["basis"], plants, strict=True)]
    return counted[COLUMNS]


def outside_band(plants: Sequence[BaseGeometry], width_m: float) -> BaseGeometry:
    """Places within `width_m` of any of the plants and inside none of them.

    Parameters
    ----------
    plants : sequence of shapely geometries
        Degrees on CGCS2000.
    width_m : float
        Width [m].

    Returns
    -------
    shapely Polygon or MultiPolygon
    """
    plants = [plant for plant in plants if plant is not None and not plant.is_empty]
    grown = shapely.union_all([buffer_m(plant, width_m) for plant in plants])
    areas = [plant for plant in plants if shapely.get_dimensions(plant) == 2]
    return shapely.difference(grown, shapely.union_all(areas)) if areas else grown


def people_in_areas(areas: Sequence[BaseGeometry], targets: gpd.GeoDataFrame, population: Population) -> pd.DataFrame:
    """Residents in each area, from the raster and from the residential targets, the larger of the two.

    Parameters
    ----------
    areas : sequence of shapely polygons, length n
        Degrees on CGCS2000.
    targets, population
        As for `people_near_sites`.

    Returns
    -------
    DataFrame, n rows
        The columns of `people_near_sites` without kind and code.

    Notes
    -----
    A part of a person is rounded up to a whole one. A target polygon partly inside counts with the share of its area.
    Without a raster that covers the area the homes on record are only a lower bound, as they are when the population of
    one is unknown.
    """
    polygons = np.asarray(list(areas), dtype=object)
    raster_people, raster_missing = _from_raster(polygons, population)
    target_people, homes, unknown = _from_targets(polygons, targets)
    rows = []
    for i in range(len(polygons)):
        raster = raster_people[i]
        low = max(_whole(target_people[i]), 0 if np.isnan(raster) else _whole(raster))
        missing = [raster_missing[i]] if raster_missing[i] else []
        if unknown[i]:
            more = " ..." if len(unknown[i]) > 5 else ""
            missing.append(f"protected_target.population ({', '.join(unknown[i][:5])}{more})")
        number = f"至少{low}人" if missing else f"{low}人"
        parts = [f"人口栅格{raster:.1f}人" if not np.isnan(raster) else "人口栅格不可用"]
        parts.append(f"居住类防护目标{target_people[i]:.1f}人({homes[i]}处)")
        rows.append(
            {
                "people_min": low,
                "people_max": math.inf if missing else float(low),
                "raster_people": raster,
                "target_people": target_people[i],
                "basis": f"{number}({';'.join(parts)};同一批居民,取大者)",
                "missing": "; ".join(missing),
            }
        )
    frame = pd.DataFrame(rows, columns=COLUMNS[2:])
    return frame.astype({"people_min": "int64", "people_max": "float64"})


def _whole(people: float) -> int:
    """Rounded up to whole persons."""
    return math.ceil(people - _NOISE_PERSONS)


def _from_raster(areas: NDArray[Any], population: Population) -> tuple[NDArray[np.float64], list[str]]:
    """People of each area by the raster (NaN: not known) and why it is not known.

    A cell that the area covers in part counts with that part. Cells without data count nobody, because population
    rasters leave empty land so; but an area in which no cell has data at all is not covered.
    """
    people = np.full(len(areas), np.nan)
    if population is None:
        return people, ["population raster (none registered)"] * len(areas)
    if len(areas) == 0:
        return people, []
    path = population if isinstance(population, str | Path) else population.path
    with rasterio.open(path) as raster:
        if raster.crs is None:
            raise OutOfDomain(f"population raster {Path(path).name} has no CRS; register it again with one")
        placed = _in_raster_crs(areas, CRS.from_wkt(raster.crs.to_wkt()))
        covered = shapely.covers(shapely.box(*raster.bounds), placed)
        missing = np.where(covered, "", "population raster does not cover").astype(object)
        inside = np.flatnonzero(covered & ~shapely.is_empty(placed))
        if len(inside):
            frame = gpd.GeoDataFrame({"place": inside}, geometry=placed[inside], crs=raster.crs)
            found = exact_extract(raster, frame, ["sum", "count", "min"], output="pandas", include_cols=["place"])
            counts = found["count"].to_numpy(dtype=float)
            people[inside] = np.where(counts > 0, found["sum"].to_numpy(dtype=float), np.nan)
            missing[inside[counts == 0]] = "population raster has no data here"
            negative = inside[(found["min"].to_numpy(dtype=float) < 0) & (counts > 0)]
            people[negative] = np.nan
            missing[negative] = "population raster holds negative counts (its nodata value is not declared)"
    people[shapely.is_empty(areas)] = 0.0
    return people, [str(text) for text in missing]


def _in_raster_crs(areas: NDArray[Any], crs: CRS) -> NDArray[Any]:
    # Edges are straight in degrees: split before a projection bends them. PROJ takes EPSG:4490 to WGS 84 unchanged.
    shapes = areas if crs.is_geographic else densify(areas)
    return np.asarray(gpd.GeoSeries(shapes, crs=STORAGE_CRS).to_crs(crs).array, dtype=object)


def _from_targets(
    areas: NDArray[Any], targets: gpd.GeoDataFrame
) -> tuple[NDArray[np.float64], NDArray[np.int64], list[list[str]]]:
    """People of each area by residential targets, how many targets, and the codes of those of unknown population."""
    people, homes = np.zeros(len(areas)), np.zeros(len(areas), dtype=np.int64)
    unknown: list[list[str]] = [[] for _ in areas]
    if len(targets) == 0 or len(areas) == 0:
        return people, homes, unknown
    residential = targets[targets["target_type"].isin(residential_types())].sort_values("code")
    residential = residential[~_counted_with_a_quarter(residential)]
    shapes = np.asarray(residential.geometry.array, dtype=object)
    number = residential["population"].to_numpy(dtype=float, na_value=np.nan)
    codes = residential["code"].astype(str).to_numpy()
    area, target = shapely.STRtree(shapes).query(areas, predicate="intersects")
    share = np.ones(len(target))
    partly = (shapely.get_dimensions(shapes[target]) == 2) & ~shapely.covers(areas[area], shapes[target])
    if partly.any():
        inner = shapely.intersection(areas[area[partly]], shapes[target[partly]])
        share[partly] = areas_m2(inner) / areas_m2(shapes[target[partly]])
    touching = share > 0
    area, target, share = area[touching], target[touching], share[touching]
    known = ~np.isnan(number[target])
    people += np.bincount(area[known], number[target[known]] * share[known], minlength=len(areas))
    homes += np.bincount(area, minlength=len(areas))
    for i, j in zip(area[~known], target[~known], strict=True):
        unknown[i].append(codes[j])
    return people, homes, [sorted(each) for each in unknown]


def _counted_with_a_quarter(residential: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Targets that lie inside another residential target of known population, whose people include theirs."""
    shapes = np.asarray(residential.geometry.array, dtype=object)
    number = residential["population"].to_numpy(dtype=float, na_value=np.nan)
    inner, outer = shapely.STRtree(shapes).query(shapes, predicate="covered_by")
    sizes = areas_m2(shapes)
    # Equal shapes cover each other: the larger area, then the earlier code, is the quarter.
    inside = (sizes[outer] > sizes[inner]) | ((sizes[outer] == sizes[inner]) & (outer < inner))
    quarter = inside & ~np.isnan(number[outer]) & ~(number[inner] > number[outer])
    counted = np.zeros(len(shapes), dtype=bool)
    counted[inner[quarter]] = True
    return counted
