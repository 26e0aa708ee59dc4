"""The subject of a map sheet: levels in colour and hatch, numbered enterprises, major hazards, violated distances."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from matplotlib import patheffects
from matplotlib.axes import Axes

from gisrisk.catalog.palette import LEVELS, UNDETERMINED, Level
from gisrisk.products import fonts
from gisrisk.products.ground import PARK_EDGE, TANK_EDGE, TARGET, fill, strokes, visible
from gisrisk.products.labels import Placer, around, spiral
from gisrisk.products.page import INK, Box
from gisrisk.products.plane import Extent, Plane
from gisrisk.products.view import Part, context_layer, is_missing
from gisrisk.products.words import ROMAN

MAX_TARGET_NAMES = 40
SITE_EDGE = "#1a1a1a"
MAJOR_FACE = "#111111"
HALO = [patheffects.Stroke(linewidth=1.6, foreground="white")]


def text_on(level: Level) -> str:
    """Ink that is readable on a level's colour: white on dark, black on light."""
    red, green, blue = (int(level.hex[i : i + 2], 16) for i in (1, 3, 5))
    return "#FFFFFF" if 0.299 * red + 0.587 * green + 0.114 * blue < 140 else "#111111"


def hatch_ink(level: Level) -> str:
    """Colour of a level's hatch lines: dark on every fill, so that a black-and-white copy keeps the levels apart."""
    return "#FFFFFF" if level.number in (1, 4) else "#4A4A4A"


def draw_levels(axes: Axes, part: Part, plane: Plane, extent: Extent) -> None:
    """The planar partition of levels; sites without a place in it are drawn by their own grade below it."""
    partition = visible(plane.project_frame(part.study.risk_levels), extent)
    sites = visible(plane.project_frame(part.study.site_grades), extent)
    width = 0.6 if part.is_park else 0.3
    for level in (UNDETERMINED, *reversed(LEVELS)):
        own = [grade for grade in sites.geometry[_is_level(sites, level.number)] if grade.geom_type != "Point"]
        fill(
            axes,
            own,
            face=level.hex,
            hatch=level.hatch,
            hatch_color=hatch_ink(level),
            zorder=3.0 + 0.02 * (5 - (level.number or 5)),
        )
        cells = partition.geometry[_is_level(partition, level.number)]
        fill(axes, cells, face=level.hex, hatch=level.hatch, hatch_color=hatch_ink(level), zorder=3.2)
    fill(axes, sites.geometry, edge=SITE_EDGE, width_pt=width, zorder=4)


def _is_level(frame: gpd.GeoDataFrame, number: int) -> Any:
    levels = pd.to_numeric(frame["level"], errors="coerce").fillna(0).astype(int)
    return (levels == number).to_numpy(bool)


def draw_park_edges(axes: Axes, part: Part, plane: Plane, extent: Extent) -> None:
    """Boundary of the sheet's park (heavy) and of every other park (light)."""
    parks = visible(plane.project_frame(context_layer(part.study, "park")), extent)
    own = parks["code"].astype(str) == part.code
    strokes(axes, parks.geometry[~own], color="white", width_pt=2.4, zorder=4.4)
    strokes(axes, parks.geometry[~own], color=PARK_EDGE, width_pt=1.1, dashes=(6, 2), zorder=4.5)
    strokes(axes, parks.geometry[own], color="white", width_pt=3.6, zorder=4.6)
    strokes(axes, parks.geometry[own], color=PARK_EDGE, width_pt=1.9, dashes=(9, 2, 2, 2), zorder=4.7)


def draw_hazard_sources(axes: Axes, part: Part, plane: Plane, extent: Extent) -> bool:
    """Tanks, warehouses and plants: their outline, or a small ring where only a point is known."""
    sources = visible(plane.project_frame(context_layer(part.study, "hazard_source")), extent)
    if sources.empty:
        return False
    is_area = sources.geometry.geom_type.str.endswith("Polygon")
    fill(axes, sources.geometry[is_area], face="#FFFFFF", edge=TANK_EDGE, width_pt=0.6, zorder=5)
    strokes(
        axes,
        sources.geometry[sources.geometry.geom_type.str.endswith("LineString")],
        color=TANK_EDGE,
        width_pt=1.2,
        zorder=5,
    )
    points = sources.geometry[sources.geometry.geom_type.str.endswith("Point")].centroid
    axes.scatter(points.x, points.y, s=9, facecolors="white", edgecolors=TANK_EDGE, linewidths=0.7, zorder=5.1)
    return True


def draw_targets(axes: Axes, part: Part, plane: Plane, extent: Extent, placer: Placer) -> bool:
    """Protected targets: outline or square; named while there is room.

    Those of a violation come first, then the most populous. Offices inside a plot are drawn but not named: the number
    of the plot names them.
    """
    targets = visible(plane.project_frame(context_layer(part.study, "protected_target", "population")), extent)
    if targets.empty:
        return False
    is_area = targets.geometry.geom_type.str.endswith("Polygon").to_numpy(bool)
    fill(axes, targets.geometry[is_area], face="#D6EAE6", edge=TARGET, width_pt=0.8, zorder=4.9)
    centre = targets.geometry.representative_point()
    small = ~is_area | (targets.geometry.area.to_numpy() < extent.metres(1.5) ** 2)
    plots = plane.project_frame(part.study.site_grades)
    plots = plots[plots.geometry.geom_type != "Point"]
    in_plot = np.zeros(len(targets), bool)
    in_plot[np.unique(plots.sindex.query(centre.to_numpy(), predicate="intersects")[0])] = True
    alone = (small & ~in_plot) | ~is_area
    axes.scatter(
        centre.x[alone], centre.y[alone], s=13, marker="s", facecolors=TARGET, edgecolors="white", linewidths=0.6,
        zorder=5.2,
    )  # fmt: skip
    involved = targets["code"].astype(str).isin(set(part.violations["target_code"].astype(str))).to_numpy(bool)
    people = pd.to_numeric(targets["population"], errors="coerce").fillna(0).to_numpy()
    symbols = [_symbol(extent, geometry, point) for geometry, point in zip(targets.geometry, centre, strict=True)]
    for symbol, hidden in zip(symbols, in_plot, strict=True):
        if not hidden:
            placer.take(symbol)
    wanted = [
        i for i in range(len(targets)) if (involved[i] or not in_plot[i]) and not is_missing(targets["name"].iloc[i])
    ]
    wanted.sort(key=lambda i: (not involved[i], -people[i], str(targets["code"].iloc[i])))
    for i in wanted[:MAX_TARGET_NAMES]:
        write_name(axes, extent, placer, symbols[i], map_name(targets["name"].iloc[i], part), 6.2, color="#00473F")
    return True


def map_name(name: Any, part: Part) -> str:
    """A name as written on the map: on a sheet marked 演示数据 as a whole, not marked once more at every name."""
    text = str(name)
    return text.replace("(演示)", "").replace("（演示）", "") if part.study.synthetic else text


def _symbol(extent: Extent, geometry: Any, point: shapely.Point) -> Box:
    """The box of a target on the page: its own outline when small, else the place of its point."""
    west, south, east, north = geometry.bounds
    (x0, y0), (x1, y1) = extent.mm(west, south), extent.mm(east, north)
    if max(x1 - x0, y1 - y0) > 12:
        x, y = extent.mm(point.x, point.y)
        return Box(x - 0.9, y - 0.9, 1.8, 1.8)
    return Box(min(x0, (x0 + x1) / 2 - 0.9), min(y0, (y0 + y1) / 2 - 0.9), max(x1 - x0, 1.8), max(y1 - y0, 1.8))


def write_name(
    axes: Axes,
    extent: Extent,
    placer: Placer,
    symbol: Box,
    text: str,
    size_pt: float,
    *,
    color: str,
    bold: bool = False,
) -> bool:
    """Write a name beside its symbol (a box on the page [mm]) where there is room; whether there was."""
    w = fonts.text_width_mm(text, size_pt, bold=bold) + 0.6
    h = size_pt * fonts.MM_PER_POINT * 1.15
    found = placer.place(around(symbol, w=w, h=h), w, h)
    if found is None:
        return False
    put(axes, extent, found, text, size_pt, color=color, bold=bold, zorder=8)
    return True


def put(
    axes: Axes,
    extent: Extent,
    at_mm: tuple[float, float],
    text: str,
    size_pt: float,
    *,
    color: str = INK,
    bold: bool = False,
    halo: bool = True,
    zorder: float = 8,
) -> None:
    """Text on the map with its middle at a place of the page [mm]."""
    frame = extent.frame
    u, v = (at_mm[0] - frame.x) / frame.w, (at_mm[1] - frame.y) / frame.h
    # a text with path effects is drawn as outlines, which no search finds: the halo is a text of its own below
    for effects in (HALO, None) if halo else (None,):
        axes.text(
            u,
            v,
            text,
            fontproperties=fonts.properties(size_pt, bold=bold),
            color=color,
            ha="center",
            va="center_baseline",
            transform=axes.transAxes,
            path_effects=effects,
            zorder=zorder,
        )


def draw_site_numbers(axes: Axes, part: Part, plane: Plane, extent: Extent, placer: Placer) -> None:
    """The number of every enterprise in a white disc: inside its plot where it fits, else beside it with a leader."""
    sites = visible(plane.project_frame(part.sites), extent)
    for site in sites.itertuples():
        anchor = _roomiest_point(site.geometry)
        x, y = extent.mm(anchor.x, anchor.y)
        text = str(site.number)
        size = 3.7 if len(text) < 3 else 4.5
        found = placer.place(spiral(x, y, step=size * 0.75, turns=6), size, size)
        if found is None:
            found = (x, y)  # a sheet must name every plot: better crowded than missing
            placer.take(Box(x - size / 2, y - size / 2, size, size))
        _disc(axes, extent, found, text, size, leader_from=(x, y))


def _roomiest_point(geometry: Any) -> shapely.Point:
    """The middle of the largest circle inside a plot; the plot itself when it is a point."""
    parts = [part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon"]
    if not parts:
        return geometry.representative_point()
    biggest = max(parts, key=lambda part: part.area)
    circle = shapely.maximum_inscribed_circle(biggest, tolerance=max(biggest.length / 200, 0.5))
    return shapely.Point(circle.coords[0])


def _disc(
    axes: Axes,
    extent: Extent,
    at_mm: tuple[float, float],
    text: str,
    size_mm: float,
    *,
    leader_from: tuple[float, float],
) -> None:
    frame = extent.frame
    u, v = (at_mm[0] - frame.x) / frame.w, (at_mm[1] - frame.y) / frame.h
    u0, v0 = (leader_from[0] - frame.x) / frame.w, (leader_from[1] - frame.y) / frame.h
    if abs(at_mm[0] - leader_from[0]) + abs(at_mm[1] - leader_from[1]) > 0.1:
        axes.plot([u0, u], [v0, v], color=INK, linewidth=0.5, transform=axes.transAxes, zorder=6.5)
    points = size_mm / fonts.MM_PER_POINT
    axes.scatter(
        [u], [v], s=points**2, facecolors="white", edgecolors=INK, linewidths=0.6, transform=axes.transAxes, zorder=7
    )
    put(axes, extent, at_mm, text, 6.2 if len(text) < 3 else 5.6, bold=True, halo=False, zorder=7.1)


def draw_major_hazards(axes: Axes, part: Part, plane: Plane, extent: Extent, placer: Placer) -> int:
    """A triangle with the roman level at every unit that is a major hazard; returns how many were drawn."""
    hazards = part.hazard_grades[part.hazard_grades["status"] == "major"]
    hazards = visible(plane.project_frame(hazards[hazards.geometry.notna()]), extent)
    hazards = hazards.sort_values(["level", "unit_code"])
    for unit in hazards.itertuples():
        anchor = unit.geometry.representative_point()
        x, y = extent.mm(anchor.x, anchor.y)
        size = 4.6
        found = placer.place(spiral(x, y, step=1.9, turns=5), size, size) or (x, y)
        frame = extent.frame
        u, v = (found[0] - frame.x) / frame.w, (found[1] - frame.y) / frame.h
        if found != (x, y):
            axes.plot(
                [(x - frame.x) / frame.w, u],
                [(y - frame.y) / frame.h, v],
                color=MAJOR_FACE,
                linewidth=0.5,
                transform=axes.transAxes,
                zorder=6.4,
            )
        triangle(axes, u, v, size)
        label = ROMAN.get(int(unit.level), "?") if not is_missing(unit.level) else "?"
        put(axes, extent, (found[0], found[1] - 0.55), label, 5.4, color="white", bold=True, halo=False, zorder=7.4)
    return len(hazards)


def triangle(axes: Axes, u: float, v: float, size_mm: float) -> None:
    """The sign of a major hazard, in axes coordinates."""
    points = size_mm / fonts.MM_PER_POINT
    axes.scatter(
        [u],
        [v],
        s=points**2 * 1.05,
        marker="^",
        facecolors=MAJOR_FACE,
        edgecolors="white",
        linewidths=0.6,
        transform=axes.transAxes,
        zorder=7.3,
    )
