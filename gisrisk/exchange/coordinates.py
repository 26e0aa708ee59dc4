"""A file's coordinates to longitude and latitude in CGCS2000, refusing what looks wrong instead of repairing it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from gisrisk.errors import Problem
from gisrisk.exchange.crs import Route, gauss_zone_hint
from gisrisk.exchange.formats import Geometries
from gisrisk.exchange.incoming import GEOMETRY
from gisrisk.exchange.values import numbers, shown

LONGEST_EDGE_M = 1000.0
AREA_MARGIN_DEG = 1.0
# Longitudes and latitudes of China with its waters: west, south, east, north
CHINA = (73.0, 3.0, 136.0, 54.0)
_ONLY_DEGREES = 400.0


class Bounds(NamedTuple):
    """Longitudes and latitudes in degrees."""

    west: float
    south: float
    east: float
    north: float


Booleans = NDArray[np.bool_]
Numbers = NDArray[np.float64]


def from_columns(
    frame: pd.DataFrame, columns: dict[str, str], file: str
) -> tuple[Geometries, list[Problem], list[str]]:
    """Geometries from coordinate columns of a CSV.

    Parameters
    ----------
    frame : DataFrame
        Columns as text.
    columns : dict of str to str
        "wkt", or "lon" and "lat", or "x" and "y", to the heading that holds it.
    file : str
        For messages.

    Returns
    -------
    geometries, problems, notes
        A row with a problem has no geometry.
    """
    if "wkt" in columns:
        return _from_wkt(frame[columns["wkt"]], columns["wkt"], file)
    for first, second in (("lon", "lat"), ("x", "y")):
        if first in columns and second in columns:
            return _from_pair(frame, columns[first], columns[second], file)
    missing = Problem(
        file=file,
        field=GEOMETRY,
        reason="the file has no geometry: neither a WKT column nor two coordinate columns",
        remedy="Give columns lon and lat (degrees), x and y (easting and northing in metres), or wkt.",
    )
    return np.full(len(frame), None, dtype=object), [missing], []


def _from_wkt(column: pd.Series, heading: str, file: str) -> tuple[Geometries, list[Problem], list[str]]:
    text = np.array([value if isinstance(value, str) and value.strip() else None for value in column], dtype=object)
    geometry = shapely.from_wkt(text, on_invalid="ignore")
    bad = np.flatnonzero(shapely.is_missing(geometry) & ~pd.isna(text))
    remedy = "Write it as WKT, for example POINT (114.93 25.83), closed rings for polygons."
    problems = [
        Problem(
            file=file,
            row=int(i) + 1,
            field=GEOMETRY,
            reason=f"column '{heading}': '{shown(text[i])}' is not WKT",
            remedy=remedy,
        )
        for i in bad
    ]
    return geometry, problems, []


def _from_pair(frame: pd.DataFrame, x_name: str, y_name: str, file: str) -> tuple[Geometries, list[Problem], list[str]]:
    problems: list[Problem] = []
    axes = []
    for heading in (x_name, y_name):
        values, faults = numbers(frame[heading])
        axes.append(values)
        problems += [
            Problem(
                file=file,
                row=fault.row + 1,
                field=GEOMETRY,
                reason=f"column '{heading}': {fault.reason}",
                remedy=fault.remedy,
            )
            for fault in faults
        ]
    x, y = axes
    half = np.flatnonzero(np.isnan(x) != np.isnan(y))
    told = {problem.row for problem in problems}
    problems += [
        Problem(
            file=file,
            row=int(i) + 1,
            field=GEOMETRY,
            reason=f"column '{x_name if np.isnan(x[i]) else y_name}': one of the two coordinates is missing",
            remedy="Give both.",
        )
        for i in half
        if int(i) + 1 not in told
    ]
    geometry = np.full(len(frame), None, dtype=object)
    whole = ~(np.isnan(x) | np.isnan(y))
    geometry[whole] = shapely.points(x[whole], y[whole])
    return geometry, problems, []


def to_storage(geometry: Geometries, route: Route, file: str) -> tuple[Geometries, list[Problem], list[str]]:
    """Geometries in longitude and latitude of EPSG:4490.

    Parameters
    ----------
    geometry : ndarray of shapely geometries or None, shape (n,)
        In `route.crs`, longitude or easting first.
    route : Route
    file : str
        For messages.

    Returns
    -------
    geometries, problems, notes
        A row with a problem has no geometry. Heights are dropped with a note. Edges of projected data longer than
        1 km get more vertices, so that a line that was straight in the file's CRS keeps its place within 0.1 m.
    """
    problems: list[Problem] = []
    notes = list(route.notes)
    geometry = geometry.copy()

    def refuse(bad: Booleans, reason: Callable[[int], str], remedy: Callable[[int], str]) -> None:
        for i in np.flatnonzero(bad):
            problems.append(
                Problem(file=file, row=int(i) + 1, field=GEOMETRY, reason=reason(int(i)), remedy=remedy(int(i)))
            )
        geometry[bad] = None

    broken = _not_finite(geometry)
    refuse(broken, lambda _: "a coordinate is not a number (NaN or infinite)", lambda _: "Draw the feature again.")
    tall = shapely.has_z(geometry) | shapely.has_m(geometry)
    if tall.any():
        geometry[tall] = shapely.force_2d(geometry[tall])
        notes.append(f"heights or measures of {int(tall.sum())} geometries were dropped; the store is two-dimensional")
    if route.to_degrees is None:
        _check_degrees(geometry, route.name, refuse)
    else:
        geometry, added = densified(geometry, LONGEST_EDGE_M / route.crs.axis_info[0].unit_conversion_factor)
        if added:
            notes.append(
                f"{added} geometries had edges longer than 1 km; vertices were added, so that they stay straight in "
                f"{route.name}"
            )
        raw = geometry.copy()
        geometry = _transformed(geometry, route.to_degrees.transform)
        _check_area(raw, geometry, route, refuse)
    if route.to_datum is not None:
        geometry = _transformed(geometry, route.to_datum.transform)
    return geometry, problems, notes


def _not_finite(geometry: Geometries) -> Booleans:
    coordinates, owner = shapely.get_coordinates(geometry, return_index=True)
    bad = np.zeros(len(geometry), dtype=bool)
    bad[owner[~np.isfinite(coordinates).all(axis=1)]] = True
    return bad


def _transformed(geometry: Geometries, function: Callable[..., tuple[Numbers, Numbers]]) -> Geometries:
    result: Geometries = shapely.transform(geometry, function, interleaved=False)
    return result


def densified(geometry: Geometries, longest: float) -> tuple[Geometries, int]:
    """Geometries whose edges are no longer than `longest` (in their own unit), and how many were changed."""
    coordinates, owner = shapely.get_coordinates(geometry, return_index=True)
    if len(owner) < 2:
        return geometry, 0
    steps = np.hypot(*np.diff(coordinates, axis=0).T)
    # a step from one part or ring to the next may be counted too: then segmentize finds nothing to do
    long = np.unique(owner[1:][(steps > longest) & (owner[1:] == owner[:-1])])
    if not long.size:
        return geometry, 0
    before = shapely.get_num_coordinates(geometry[long])
    result = geometry.copy()
    result[long] = shapely.segmentize(geometry[long], longest)
    return result, int((shapely.get_num_coordinates(result[long]) > before).sum())


Refuse = Callable[[Booleans, Callable[[int], str], Callable[[int], str]], None]


def _check_degrees(geometry: Geometries, crs_name: str, refuse: Refuse) -> None:
    """Refuse metres in a CRS of degrees, impossible degrees, and latitude before longitude."""
    west, south, east, north = shapely.bounds(geometry).T
    with np.errstate(invalid="ignore"):
        metres = (np.abs(west) > _ONLY_DEGREES) | (np.abs(east) > _ONLY_DEGREES)
        metres |= (np.abs(south) > _ONLY_DEGREES) | (np.abs(north) > _ONLY_DEGREES)
        outside = (west < -180) | (east > 180) | (south < -90) | (north > 90)
        swapped = (west >= CHINA[1]) & (east <= CHINA[3]) & (south >= CHINA[0]) & (north <= CHINA[2])
        swapped |= outside & (west >= -90) & (east <= 90) & (south >= -180) & (north <= 180)

    def place(i: int) -> str:
        return f"({west[i]:.10g}, {south[i]:.10g})"

    def zone(i: int) -> str:
        hint = gauss_zone_hint(east[i])
        return (
            f"The easting begins with {hint}: give that CRS with --crs."
            if hint
            else "Give the projected CRS with --crs, for example EPSG:4547."
        )

    refuse(metres, lambda i: f"{place(i)} are metres, but {crs_name} is in degrees", zone)
    refuse(
        swapped & ~metres,
        lambda i: f"longitude and latitude look interchanged: {place(i)} has the latitude first",
        lambda _: "Longitude comes first; exchange the two.",
    )
    refuse(
        outside & ~metres & ~swapped,
        lambda i: f"{place(i)} is no longitude and latitude",
        lambda _: "Longitude is -180..180, latitude -90..90; correct the coordinates or the CRS.",
    )


def _check_area(raw: Geometries, geometry: Geometries, route: Route, refuse: Refuse) -> None:
    """Refuse projected coordinates that land outside the area for which their CRS is made."""
    west, south, east, north = shapely.bounds(geometry).T
    there = ~shapely.is_missing(geometry)
    x, y = shapely.bounds(raw).T[:2]
    finite = np.isfinite(west) & np.isfinite(east) & np.isfinite(south) & np.isfinite(north)
    empty = shapely.is_empty(geometry)
    area = area_of_use(route.crs)
    outside = there & ~empty & ~finite
    if area is not None:
        with np.errstate(invalid="ignore"):
            margin = AREA_MARGIN_DEG
            outside |= there & ~empty & ((west < area.west - margin) | (east > area.east + margin))
            outside |= there & ~empty & ((south < area.south - margin) | (north > area.north + margin))
    bounds = f"{area.west:g}..{area.east:g}°E, {area.south:g}..{area.north:g}°N" if area else "its projection"

    def remedy(i: int) -> str:
        hint = gauss_zone_hint(x[i])
        if _fits(y[i], x[i], route, area):
            return "With x and y exchanged it fits: x is the easting, y the northing (in Chinese surveying X is north)."
        if hint:
            return f"The easting begins with {hint}: give the CRS that belongs to it with --crs."
        if max(abs(x[i]), abs(y[i])) < _ONLY_DEGREES:
            return "The numbers look like degrees: give --crs EPSG:4490 or EPSG:4326."
        return "Give the CRS that belongs to the coordinates with --crs."

    refuse(
        outside,
        lambda i: f"({x[i]:.10g}, {y[i]:.10g}) lies outside the area of use of {route.name} ({bounds})",
        remedy,
    )


def area_of_use(crs: CRS) -> Bounds | None:
    """Where a CRS is meant to be used; looked up by its EPSG code when the definition itself does not say."""
    code = crs.to_epsg(min_confidence=25) if crs.area_of_use is None else None
    area = crs.area_of_use or (CRS.from_epsg(code).area_of_use if code else None)
    return None if area is None else Bounds(area.west, area.south, area.east, area.north)


def _fits(x: float, y: float, route: Route, area: Bounds | None) -> bool:
    if route.to_degrees is None or area is None:
        return False
    lon, lat = route.to_degrees.transform(x, y)
    return bool(area.west <= lon <= area.east and area.south <= lat <= area.north)
