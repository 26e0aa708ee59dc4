"""The ground of a map sheet: boundaries, water, roads, dense areas, protected targets, in quiet colours.

No colour here may be taken for one of the four levels; the levels are drawn above the ground, opaque.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.path import Path
from shapely.geometry.base import BaseGeometry

from gisrisk.products.page import HATCH_WIDTH_PT
from gisrisk.products.plane import Extent, Plane
from gisrisk.products.view import Part, context_layer
from gisrisk.products.words import LINEAR

PAPER = "#FBFAF6"
PARK_EDGE = "#6A1B9A"
PARK_FACE = "#F1ECF4"
WATER = "#A9CBD6"
ROAD_EDGE = "#8C8C8C"
TARGET = "#00695C"
DENSE_FACE = "#E9E2D6"
DENSE_EDGE = "#9C8B6E"
ADMIN_EDGE = "#7A7A7A"
TANK_EDGE = "#222222"


@dataclass(frozen=True)
class LineStyle:
    """How one kind of line is drawn: a casing (wider, below) and a core."""

    core: str
    core_pt: float
    casing: str | None = None
    casing_pt: float = 0.0
    dashes: tuple[float, ...] | None = None


LINE_STYLES: dict[str, LineStyle] = {
    "waterway": LineStyle(WATER, 3.2),
    "road": LineStyle("#FFFFFF", 2.4, ROAD_EDGE, 3.6),
    "railway": LineStyle("#FFFFFF", 1.1, "#333333", 2.0, dashes=(5, 5)),
    "power_line": LineStyle("#5D4037", 0.7, dashes=(6, 2, 1, 2, 1, 2)),
    "pipeline": LineStyle("#8D4E1F", 1.3, dashes=(4, 1.6)),
}
OTHER_LINE = LineStyle("#9E9E9E", 0.8)


def path_of(geometry: BaseGeometry) -> Path | None:
    """A matplotlib path, holes included, of the polygons of a geometry; None when it has none."""
    parts = [part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon" and not part.is_empty]
    if geometry.geom_type == "GeometryCollection":
        parts = [p for part in shapely.get_parts(geometry) for p in shapely.get_parts(part) if p.geom_type == "Polygon"]
    rings = []
    for part in parts:
        oriented = shapely.geometry.polygon.orient(part)
        rings += [np.asarray(ring.coords)[:, :2] for ring in (oriented.exterior, *oriented.interiors)]
    if not rings:
        return None
    codes = np.concatenate([np.r_[Path.MOVETO, np.full(len(ring) - 2, Path.LINETO), Path.CLOSEPOLY] for ring in rings])
    return Path(np.concatenate(rings), codes)


def fill(
    axes: Axes,
    geometries: Iterable[BaseGeometry],
    *,
    face: str = "none",
    edge: str = "none",
    width_pt: float = 0.5,
    hatch: str | None = None,
    hatch_color: str = "#333333",
    dashes: tuple[float, ...] | None = None,
    zorder: float = 1.0,
) -> None:
    """Draw polygons; a hatch lies above the fill in its own colour."""
    paths = [path for geometry in geometries if (path := path_of(geometry)) is not None]
    if not paths:
        return
    style = (0, dashes) if dashes else "solid"
    axes.add_collection(
        PathCollection(paths, facecolors=face, edgecolors=edge, linewidths=width_pt, linestyles=[style], zorder=zorder),
        autolim=False,
    )
    if hatch:
        hatched = PathCollection(paths, facecolors="none", edgecolors=hatch_color, linewidths=0, zorder=zorder + 0.01)
        hatched.set_hatch(hatch)
        hatched.set_hatch_linewidth(HATCH_WIDTH_PT)
        axes.add_collection(hatched, autolim=False)


def strokes(
    axes: Axes,
    geometries: Iterable[BaseGeometry],
    *,
    color: str,
    width_pt: float,
    dashes: tuple[float, ...] | None = None,
    zorder: float = 1.0,
) -> None:
    """Draw the lines of geometries (of polygons: their rings)."""
    segments = []
    for geometry in geometries:
        lines = geometry.boundary if geometry.geom_type.endswith("Polygon") else geometry
        segments += [
            np.asarray(part.coords)[:, :2] for part in shapely.get_parts(lines) if part.geom_type == "LineString"
        ]
    if segments:
        style = (0, dashes) if dashes else "solid"
        axes.add_collection(
            LineCollection(
                segments, colors=color, linewidths=width_pt, linestyles=[style], capstyle="butt", zorder=zorder
            ),
            autolim=False,
        )


def line_style(kind: str) -> LineStyle:
    return LINE_STYLES.get(kind, OTHER_LINE)


def visible(frame: gpd.GeoDataFrame, extent: Extent) -> gpd.GeoDataFrame:
    """Rows of a projected frame that touch the extent."""
    if frame.empty:
        return frame
    return frame[frame.geometry.intersects(extent.polygon).to_numpy(bool)]


def draw_ground(axes: Axes, part: Part, plane: Plane, extent: Extent) -> set[str]:
    """Draw everything below the risk levels; returns the kinds drawn, for the legend."""
    drawn: set[str] = set()
    study = part.study
    axes.set_facecolor(PAPER)

    def shown(name: str, *columns: str) -> gpd.GeoDataFrame:
        return visible(plane.project_frame(context_layer(study, name, *columns)), extent)

    dense = shown("dense_area")
    if not dense.empty:
        fill(
            axes,
            dense.geometry,
            face=DENSE_FACE,
            edge=DENSE_EDGE,
            width_pt=0.6,
            hatch="..",
            hatch_color="#CFC2A8",
            zorder=1,
        )
        drawn.add("dense_area")
    if part.is_park:
        fill(axes, [plane.project(part.boundary)], face=PARK_FACE, zorder=1.2)
    drawn |= _draw_lines(axes, shown("linear_feature", "kind"), part)
    admin = shown("admin_area", "level")
    if not admin.empty:
        strokes(axes, admin.geometry, color="#FFFFFF", width_pt=1.8, zorder=2.4)
        strokes(axes, admin.geometry, color=ADMIN_EDGE, width_pt=0.8, dashes=(7, 2, 1.5, 2), zorder=2.5)
        drawn.add("admin_area")
    return drawn


def _draw_lines(axes: Axes, lines: gpd.GeoDataFrame, part: Part) -> set[str]:
    kinds: Sequence[str] = sorted(set(lines["kind"].dropna().astype(str)), key=_line_order)
    thin = 1.0 if part.is_park else 0.5
    for step, kind in enumerate(kinds):
        geometries = lines.geometry[lines["kind"].astype(str) == kind]
        style, zorder = line_style(kind), 1.5 + step * 0.05
        if style.casing:
            strokes(axes, geometries, color=style.casing, width_pt=style.casing_pt * thin, zorder=zorder)
        strokes(
            axes, geometries, color=style.core, width_pt=style.core_pt * thin, dashes=style.dashes, zorder=zorder + 0.02
        )
    return {kind if kind in LINEAR else "other_line" for kind in kinds}


def _line_order(kind: str) -> tuple[int, str]:
    order = list(LINE_STYLES)
    return (order.index(kind) if kind in order else len(order), kind)
