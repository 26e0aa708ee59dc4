"""The small map in the corner of a sheet: where in the county the park lies, or which window of the area is drawn."""

from __future__ import annotations

import shapely
from matplotlib.axes import Axes
from shapely.geometry.base import BaseGeometry

from gisrisk.products import frame, regionmap
from gisrisk.products.ground import ADMIN_EDGE, PAPER, PARK_EDGE, fill, strokes
from gisrisk.products.page import ALERT, INK, Box, Page
from gisrisk.products.plane import Extent, Plane
from gisrisk.products.view import Part, context_layer


def draw_locator(page: Page, part: Part, plane: Plane, extent: Extent) -> None:
    """Draw the small map: for a park its county with all parks, for an area the whole area and the sheet's window."""
    box = frame.LOCATOR
    page.rect(box, face="white", edge=INK, width_pt=0.5)
    outline, name = _surroundings(part)
    axes = _axes(page, plane.project(shapely.union(outline, part.boundary.envelope) if part.is_park else outline))
    fill(axes, [plane.project(outline)], face=PAPER, edge=INK, width_pt=0.8, zorder=0.5)
    if not part.is_park:
        regionmap.draw_area_levels(axes, part, plane, None)
    admin = context_layer(part.study, "admin_area", "level")
    inside = admin[admin.geometry.representative_point().intersects(outline).to_numpy(bool)]
    strokes(axes, plane.project_frame(inside).geometry, color=ADMIN_EDGE, width_pt=0.3, zorder=1.5)
    parks = plane.project_frame(context_layer(part.study, "park"))
    fill(axes, parks.geometry, face="#D7C4DF", edge=PARK_EDGE, width_pt=0.4, zorder=2)
    title = f"{name}位置图"
    if part.is_park:
        own = plane.project(part.boundary)
        fill(axes, [own], face=PARK_EDGE, edge=PARK_EDGE, width_pt=0.6, zorder=3)
        point = own.representative_point()
        axes.scatter([point.x], [point.y], s=150, facecolors="none", edgecolors=ALERT, linewidths=1.2, zorder=4)
    elif regionmap.shows_all(part, plane, extent):
        title = name
    else:
        strokes(axes, [extent.polygon], color=ALERT, width_pt=1.2, zorder=4)
        title = f"{name}（红框为本图）"
    page.text(box.x + 2.5, box.top - 4.8, title, 7.5, bold=True)


def _surroundings(part: Part) -> tuple[BaseGeometry, str]:
    """The county around a park (the next larger area when there is none), or the area itself."""
    if not part.is_park:
        return part.boundary, part.name
    admin = context_layer(part.study, "admin_area", "level")
    around = admin[admin.geometry.intersects(part.boundary.representative_point()).to_numpy(bool)]
    county = around[around["level"].astype("string") == "county"]
    if county.empty:
        county = around.loc[around.geometry.area.sort_values(ascending=False).index[:1]]
    if county.empty:
        return part.study.area_geometry or part.boundary.envelope, part.study.area_name
    return county.geometry.iloc[0], str(county["name"].iloc[0])


def _axes(page: Page, shape: BaseGeometry) -> Axes:
    """Axes in the locator's box whose limits hold the shape at equal scale both ways."""
    box = frame.LOCATOR
    inner = Box(box.x + 1.5, box.y + 1.5, box.w - 3, box.h - 8.5)
    west, south, east, north = shape.bounds
    scale = max((east - west) / inner.w, (north - south) / inner.h) * 1.04
    axes = page.add_axes(inner)
    axes.set_axis_off()
    x, y = (west + east) / 2, (south + north) / 2
    axes.set_xlim(x - inner.w * scale / 2, x + inner.w * scale / 2)
    axes.set_ylim(y - inner.h * scale / 2, y + inner.h * scale / 2)
    return axes
