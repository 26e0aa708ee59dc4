"""The map of a whole area: its parts in the tint of their level, every enterprise in its own colour, parks by name."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from matplotlib.axes import Axes

from gisrisk.products import fonts, frame, ground
from gisrisk.products.labels import Placer, spiral
from gisrisk.products.marks import map_name, put, write_name
from gisrisk.products.page import INK, Box
from gisrisk.products.plane import Extent, Plane, round_scale
from gisrisk.products.view import Part, context_layer, park_codes, shown_bounds
from gisrisk.products.words import level_of, tint

DOT_BELOW_MM = 3.0
_SIZES = ("village", "township", "county", "city", "province")


def region_extent(part: Part, plane: Plane) -> Extent:
    """The scale and middle of the sheet; where only a window of the area is drawn, the locator shows which."""
    west, south, east, north = plane.project(shapely.box(*shown_bounds(part))).bounds
    return Extent.around((west, south, east, north), frame.MAP, round_scale(east - west, north - south, frame.MAP))


def shows_all(part: Part, plane: Plane, extent: Extent) -> bool:
    """Whether the sheet shows the whole area."""
    return bool(extent.polygon.covers(plane.project(part.boundary)))


def graded_areas(part: Part) -> gpd.GeoDataFrame:
    """The smallest graded administrative areas: townships where there are any, else counties, and so on."""
    rows = part.study.region_grades
    rows = rows[(rows["kind"] == "admin") & rows.geometry.notna()]
    sizes = rows["area_level"].astype("string")
    return next((rows[sizes == size] for size in _SIZES if (sizes == size).any()), rows.iloc[:0])


def draw_area_levels(axes: Axes, part: Part, plane: Plane, extent: Extent | None) -> bool:
    """Fill the graded areas with the tint of their level; those that touch the extent, or all."""
    areas = plane.project_frame(graded_areas(part))
    for row in (areas if extent is None else ground.visible(areas, extent)).itertuples():
        ground.fill(axes, [row.geometry], face=tint(level_of(row.level).hex), zorder=0.8)
    return not areas.empty


def draw_region_marks(axes: Axes, part: Part, plane: Plane, extent: Extent, placer: Placer) -> None:
    """Dots for plots too small to see, the worst on top; names of parks and of areas."""
    sites = ground.visible(plane.project_frame(part.sites), extent)
    for row in reversed(list(sites.itertuples())):
        if max(np.ptp(np.reshape(row.geometry.bounds, (2, 2)), axis=0)) < extent.metres(DOT_BELOW_MM):
            _dot(axes, extent, placer, row)
    parks = ground.visible(plane.project_frame(context_layer(part.study, "park")), extent)
    order = {code: k + 1 for k, code in enumerate(park_codes(part.study))}
    boxes = []
    for park in parks.itertuples():
        west, south, east, north = park.geometry.bounds
        (x0, y0), (x1, y1) = extent.mm(west, south), extent.mm(east, north)
        boxes.append(Box(x0, y0, x1 - x0, y1 - y0))
        placer.take(boxes[-1])
    for park, box in zip(parks.itertuples(), boxes, strict=True):
        text = f"P{order[str(park.code)]} {map_name(park.name, part)}"
        write_name(axes, extent, placer, box, text, 8.0, color=ground.PARK_EDGE, bold=True)
    _name_areas(axes, part, plane, extent, placer)


def _dot(axes: Axes, extent: Extent, placer: Placer, row: Any) -> None:
    level, point = level_of(row.level), row.geometry.representative_point()
    zorder = 6.0 + 0.1 * (5 - (level.number or 3.5))
    axes.scatter([point.x], [point.y], s=18, facecolors=level.hex, edgecolors=INK, linewidths=0.5, zorder=zorder)
    x, y = extent.mm(point.x, point.y)
    placer.take(Box(x - 0.8, y - 0.8, 1.6, 1.6))


def _name_areas(axes: Axes, part: Part, plane: Plane, extent: Extent, placer: Placer) -> None:
    areas = ground.visible(plane.project_frame(context_layer(part.study, "admin_area", "level")), extent)
    smallest = next((size for size in _SIZES if (areas["level"] == size).any()), None)
    for area in areas[areas["level"] == smallest].sort_values("code").itertuples():
        point = area.geometry.intersection(extent.polygon).representative_point()
        x, y = extent.mm(point.x, point.y)
        w, h = fonts.text_width_mm(str(area.name), 8.0) + 0.8, 3.4
        found = placer.place(spiral(x, y, step=4.0, turns=4), w, h)
        if found is not None:
            put(axes, extent, found, str(area.name), 8.0, color="#4A4A4A", zorder=7.5)
