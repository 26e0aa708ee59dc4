"""Printed risk maps: one A3 sheet per park (风险等级图) and one for the whole area, with the tables behind them."""

from __future__ import annotations

import os
from pathlib import Path

import shapely
from matplotlib.axes import Axes
from matplotlib.backends.backend_pdf import PdfPages

from gisrisk.products import backpages, fonts, frame, ground, legend, linework, locator, marks, panel, regionmap
from gisrisk.products.flow import Flow
from gisrisk.products.labels import Placer
from gisrisk.products.page import A3_MM, FAINT, Page
from gisrisk.products.plane import SCALES, Extent, Plane, fits, plane_at, round_scale
from gisrisk.products.view import Part, StudyLike, context_layer, park_part, region_part

PNG_DPI = 150


def park_sheet(study: StudyLike, park_code: str, out_pdf: Path, out_png: Path | None = None) -> None:
    """Print the 安全风险等级图 of one park.

    Parameters
    ----------
    study : Study
        A finished study whose area holds the park.
    park_code : str
        Code of the park.
    out_pdf : Path
        A3 landscape, vector; page 1 the map at a round true scale, the pages after it the tables.
    out_png : Path, optional
        Page 1 at 150 dpi.

    Raises
    ------
    UnknownName
        The study has no such park.
    SetupIncomplete
        No Chinese font is installed.
    """
    part = park_part(study, park_code)
    _write(_sheet(part, f"{part.name}安全风险等级图", f"Safety risk map of park {part.code}"), part, out_pdf, out_png)


def region_sheet(study: StudyLike, out_pdf: Path, out_png: Path | None = None) -> None:
    """Print the risk map of the whole area of a study; parameters and errors as for `park_sheet`."""
    part = region_part(study)
    _write(
        _sheet(part, f"{part.name}区域安全风险四色图", f"Regional four-colour safety risk map, area {part.code}"),
        part,
        out_pdf,
        out_png,
    )


def park_extent(part: Part, plane: Plane) -> Extent:
    """The scale and middle of a park's sheet.

    The park fits inside the frame at the largest round scale. Violated distances that leave the park are taken in
    when that costs no more than the next scale.
    """
    bounds = plane.project(part.boundary).bounds
    scale = round_scale(bounds[2] - bounds[0], bounds[3] - bounds[1], frame.MAP)
    lines = [plane.project(line) for line in part.violations.geometry if line is not None and not line.is_empty]
    if lines:
        west, south, east, north = shapely.total_bounds([shapely.box(*bounds), *lines])
        next_scale = SCALES[min(SCALES.index(scale) + 1, len(SCALES) - 1)]
        if fits(east - west, north - south, frame.MAP, next_scale):
            bounds, scale = (west, south, east, north), round_scale(east - west, north - south, frame.MAP)
    return Extent.around(bounds, frame.MAP, scale)


def _sheet(part: Part, title: str, title_en: str) -> list[Page]:
    fonts.cjk_family()
    study = part.study
    west, south, east, north = part.boundary.bounds
    plane = plane_at((west + east) / 2, (south + north) / 2)
    extent = park_extent(part, plane) if part.is_park else regionmap.region_extent(part, plane)
    page = Page()
    frame.draw_border(page)
    frame.draw_title(page, title, title_en, study)
    axes = page.add_axes(extent.frame)
    axes.set_xlim(extent.x, extent.x + extent.width_m)
    axes.set_ylim(extent.y, extent.y + extent.height_m)
    drawn, warnings = _draw_map(axes, part, plane, extent)
    if study.synthetic:
        frame.draw_watermark(axes)
    frame.draw_graticule(page, axes, plane, extent)
    legend.draw_legend(page, legend.legend_entries(drawn, is_park=part.is_park))
    frame.draw_scale_box(page, plane, extent)
    locator.draw_locator(page, part, plane, extent)
    panel.draw_summary(page, part)
    if part.is_park:
        panel.draw_list(
            page,
            panel.site_items(part),
            heading="企业清单",
            heading_en="Enterprises, worst first",
            columns=("编号", "等级", "企业名称", "主要原因"),
        )
    else:
        panel.draw_list(
            page,
            panel.region_items(part),
            heading="园区和行政区",
            heading_en="Parks and areas, worst first",
            columns=("图号", "等级", "名称", "企业数（按等级）"),
        )
    frame.draw_notes(page, [*warnings, *backpages.notes(part)])
    frame.draw_sign_off(page)

    flow = Flow(lambda: backpages.back_page(title, study))
    backpages.write_back_pages(flow, part, plane.name_zh, plane.name_en)
    pages = [page, *flow.pages]
    for k, each in enumerate(pages, start=1):
        where = (A3_MM[0] - 14.0, 7.6) if k > 1 else (A3_MM[0] - 8.0, 2.2)
        each.text(*where, f"第{k}页 共{len(pages)}页　Page {k} of {len(pages)}", 6, color=FAINT, ha="right")
    return pages


def _draw_map(axes: Axes, part: Part, plane: Plane, extent: Extent) -> tuple[set[str], list[str]]:
    """Draw the map; returns the kinds of signs used and sentences about what could not be shown."""
    placer = Placer(extent.frame)
    drawn = ground.draw_ground(axes, part, plane, extent)
    warnings: list[str] = []
    if not part.is_park and regionmap.draw_area_levels(axes, part, plane, extent):
        drawn.add("admin_levels")
    marks.draw_levels(axes, part, plane, extent)
    marks.draw_park_edges(axes, part, plane, extent)
    if not context_layer(part.study, "park").empty:
        drawn.add("park")
    if not part.is_park:
        drawn.add("site_dots")
        regionmap.draw_region_marks(axes, part, plane, extent, placer)
        return drawn, warnings
    drawn.add("sites")
    if marks.draw_hazard_sources(axes, part, plane, extent):
        drawn.add("hazard_source")
    marks.draw_site_numbers(axes, part, plane, extent, placer)
    if marks.draw_major_hazards(axes, part, plane, extent, placer):
        drawn.add("major")
    lines = linework.draw_finding_lines(axes, part, plane, extent, placer)
    drawn |= {"violation"} if lines.violations else set()
    drawn |= {"needs_survey"} if lines.surveys else set()
    if marks.draw_targets(axes, part, plane, extent, placer):
        drawn.add("protected_target")
    if lines.outside:
        warnings.append(f"另有{lines.outside}处不符合的距离在图框之外，见后页表。")
    if lines.unlabelled:
        warnings.append(f"{lines.unlabelled}处不符合因图面拥挤未注数字，见后页表。")
    return drawn, warnings


def _write(pages: list[Page], part: Part, out_pdf: Path, out_png: Path | None) -> None:
    """Write the files, each complete or not at all, and without the moment of writing inside."""
    out_pdf.parent.mkdir(parents=True, exist_ok=True)
    half = out_pdf.with_name(out_pdf.name + ".part")
    metadata = {
        "Title": f"{part.name} {part.study.study_id}",
        "Subject": "演示数据 synthetic demo data" if part.study.synthetic else None,
        "Creator": f"gisrisk {part.study.code_version}",
        "CreationDate": None,
    }
    with PdfPages(
        half, metadata={key: value for key, value in metadata.items() if value or key == "CreationDate"}
    ) as pdf:
        for page in pages:
            pdf.savefig(page.figure)
    os.replace(half, out_pdf)
    if out_png is not None:
        half = out_png.with_name(out_png.name + ".part")
        pages[0].figure.savefig(half, dpi=PNG_DPI, format="png", metadata={"Software": None})
        os.replace(half, out_png)
