"""The frame of a map sheet: title, graticule, north arrow, scale bar, notes and sign-off boxes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Polygon as Triangle

from gisrisk.chinatime import shown
from gisrisk.products import fonts
from gisrisk.products.page import A3_MM, ALERT, FAINT, INK, Box, Page
from gisrisk.products.plane import Extent, Plane, round_length_m
from gisrisk.products.view import StudyLike
from gisrisk.products.words import DEMO_EN, DEMO_ZH

MAP = Box(17.0, 52.0, 282.0, 211.0)
LEGEND = Box(9.0, 9.0, 214.0, 35.0)
SCALE_BOX = Box(225.0, 9.0, 76.0, 35.0)
PANEL = Box(305.0, 9.0, 106.0, 254.0)
SIGN_OFF = Box(305.0, 9.0, 106.0, 27.0)
NOTES = Box(305.0, 38.0, 106.0, 27.0)
SIDE_LIST = Box(305.0, 67.0, 106.0, 143.0)
LOCATOR = Box(305.0, 212.0, 50.0, 51.0)
SUMMARY = Box(357.0, 212.0, 54.0, 51.0)


def draw_border(page: Page) -> None:
    """The double neat line around the sheet."""
    width, height = A3_MM
    page.rect(Box(5, 5, width - 10, height - 10), edge=INK, width_pt=1.4)
    page.rect(Box(6.2, 6.2, width - 12.4, height - 12.4), edge=INK, width_pt=0.4)


def draw_title(page: Page, title: str, title_en: str, study: StudyLike) -> None:
    """Title, the line that says on what it rests, and 演示数据 in red when any input is synthetic."""
    middle = A3_MM[0] / 2
    page.text(middle, 279.6, title, 25, bold=True, ha="center")
    page.text(middle, 274.3, title_en, 8.5, color=FAINT, ha="center")
    page.text(middle, 269.4, subtitle(study), 7.6, ha="center")
    if study.synthetic:
        box = Box(9, 272.5, 60, 14.5)
        page.rect(box, face="#FFF4F4", edge=ALERT, width_pt=1.4)
        page.text(box.x + box.w / 2, box.y + 6.6, DEMO_ZH, 17, bold=True, color=ALERT, ha="center")
        page.text(box.x + box.w / 2, box.y + 2.0, f"{DEMO_EN} · 不得用于决策", 6.6, bold=True, color=ALERT, ha="center")


def subtitle(study: StudyLike) -> str:
    """What the sheet rests on: day, data moment, method, rule set, study."""
    return (
        f"评估日期 {study.on.isoformat()}　数据截至 {shown(study.as_of)}　方法 {study.method.get('name_zh', '—')}　"
        f"规则集 {study.rule_set}　研究编号 {study.study_id}"
    )


def draw_watermark(axes: Axes) -> None:
    """演示数据 across the map, pale, so that a cut-out of the map still says so."""
    for u, v in ((0.25, 0.28), (0.72, 0.34), (0.3, 0.74), (0.76, 0.8)):
        axes.text(
            u,
            v,
            DEMO_ZH,
            transform=axes.transAxes,
            fontproperties=fonts.properties(46, bold=True),
            color=ALERT,
            alpha=0.10,
            rotation=28,
            ha="center",
            va="center",
            zorder=9,
        )


_STEPS_S = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 18000, 36000)


def degrees_text(value_s: float, step_s: int) -> str:
    """An angle in seconds as degrees, minutes and, where the step needs them, seconds."""
    total = round(value_s)
    text = f"{total // 3600}°{total % 3600 // 60:02d}′"
    return text if step_s % 60 == 0 else text + f"{total % 60:02d}″"


def draw_graticule(page: Page, axes: Axes, plane: Plane, extent: Extent) -> None:
    """Longitude and latitude ticks outside the frame and small crosses inside it."""
    frame = extent.frame
    edge_x = np.linspace(extent.x, extent.x + extent.width_m, 65)
    edge_y = np.linspace(extent.y, extent.y + extent.height_m, 65)
    sides = {
        "bottom": plane.lonlat(edge_x, np.full(65, extent.y)),
        "top": plane.lonlat(edge_x, np.full(65, extent.y + extent.height_m)),
        "left": plane.lonlat(np.full(65, extent.x), edge_y),
        "right": plane.lonlat(np.full(65, extent.x + extent.width_m), edge_y),
    }
    span_s = max(np.ptp(sides["bottom"][:, 0]), np.ptp(sides["left"][:, 1])) * 3600
    step = next((s for s in _STEPS_S if span_s / s <= 7), _STEPS_S[-1])
    for side, axis in (("bottom", 0), ("top", 0), ("left", 1), ("right", 1)):
        seconds = sides[side][:, axis] * 3600
        for value in _multiples(seconds[0], seconds[-1], step):
            share = float(np.interp(value, seconds, np.linspace(0, 1, 65)))
            label = degrees_text(abs(value), step)
            if axis == 0:
                x = frame.x + share * frame.w
                y, out = (frame.y, -1) if side == "bottom" else (frame.top, 1)
                page.line([x, x], [y, y + 1.3 * out], width_pt=0.6)
                label += "E" if value >= 0 else "W"
                page.text(x, y + 1.7 * out, label, 6.0, ha="center", va="top" if out < 0 else "bottom")
            else:
                y = frame.y + share * frame.h
                x, out = (frame.x, -1) if side == "left" else (frame.right, 1)
                page.line([x, x + 1.3 * out], [y, y], width_pt=0.6)
                label += "N" if value >= 0 else "S"
                page.text(x + 2.9 * out, y, label, 6.0, ha="center", va="center", rotation=90)
    _crosses(axes, plane, sides, step)


def _multiples(first: float, last: float, step: float) -> Iterator[float]:
    low, high = min(first, last), max(first, last)
    yield from (k * step for k in range(int(np.ceil(low / step)), int(np.floor(high / step)) + 1))


def _crosses(axes: Axes, plane: Plane, sides: dict[str, np.ndarray], step: int) -> None:
    corners = np.concatenate(list(sides.values())) * 3600
    lon = np.array(list(_multiples(corners[:, 0].min(), corners[:, 0].max(), step))) / 3600
    lat = np.array(list(_multiples(corners[:, 1].min(), corners[:, 1].max(), step))) / 3600
    grid_lon, grid_lat = (part.ravel() for part in np.meshgrid(lon, lat))
    if grid_lon.size:
        at = plane.points(grid_lon, grid_lat)
        axes.scatter(at[:, 0], at[:, 1], s=16, marker="+", color="#555555", linewidths=0.4, zorder=2.8)


def draw_scale_box(page: Page, plane: Plane, extent: Extent) -> None:
    """North arrow, scale in words, scale bar, projection."""
    box = SCALE_BOX
    page.rect(box, face="white", edge=INK, width_pt=0.5)
    x, y = box.x + 8, box.y + 15
    for side, face in ((-1, INK), (1, "white")):
        page.axes.add_patch(
            Triangle(
                [(x, y + 14), (x + 3.4 * side, y), (x, y + 3)], facecolor=face, edgecolor=INK, linewidth=0.6, zorder=2
            )
        )
    page.text(x, y + 14.6, "北 N", 8, bold=True, ha="center")
    left, width = box.x + 17.5, box.w - 20.5
    page.text(left, box.top - 6.0, f"比例尺 1:{extent.scale:,}".replace(",", " "), 11, bold=True)
    page.text(left, box.top - 9.6, f"A3 原大打印时图上 1 cm 为实地 {_length(extent.metres(10))}", 6.2, color=FAINT)
    length_m = round_length_m(extent.metres(width - 8))
    bar_mm = length_m * 1000 / extent.scale
    parts = 4
    for k in range(parts):
        cell = Box(left + k * bar_mm / parts, box.y + 15.6, bar_mm / parts, 1.7)
        page.rect(cell, face=INK if k % 2 == 0 else "white", edge=INK, width_pt=0.5)
    for k in (0, 2, 4):
        page.text(
            left + k * bar_mm / parts, box.y + 18.1, _length(length_m * k / parts) if k else "0", 6.2, ha="center"
        )
    top = box.y + 13.8
    top -= page.paragraph(left - 14.5, top, box.w - 5, plane.name_zh, 6.2)
    page.paragraph(left - 14.5, top, box.w - 5, "坐标系 2000国家大地坐标系；图框外注记为经纬度", 6.2, color=FAINT)


def _length(metres_: float) -> str:
    return f"{metres_ / 1000:g} km" if metres_ >= 1000 else f"{metres_:g} m"


def draw_sign_off(page: Page) -> None:
    """Boxes to sign by hand: 编制, 审核, 批准, each with a date."""
    box = SIGN_OFF
    third = box.w / 3
    for k, (zh, en) in enumerate((("编制", "Prepared"), ("审核", "Checked"), ("批准", "Approved"))):
        cell = Box(box.x + k * third, box.y, third, box.h)
        page.rect(cell, face="white", edge=INK, width_pt=0.5)
        page.text(cell.x + 2, cell.top - 4.4, zh, 8.5, bold=True)
        page.text(cell.x + 11, cell.top - 4.4, en, 6, color=FAINT)
        page.line([cell.x, cell.right], [cell.y + 7, cell.y + 7], width_pt=0.3)
        page.text(cell.x + 2, cell.y + 2.3, "日期 Date", 6.5, color=FAINT)


def draw_notes(page: Page, texts: Sequence[str]) -> None:
    """Sources and cautions; what does not fit is on the next page, where all of it is printed."""
    box = NOTES
    page.rect(box, face="white", edge=INK, width_pt=0.5)
    top = box.top - 1.2
    for text in texts:
        room = int((top - box.y - 0.6) / (6.1 * fonts.MM_PER_POINT * 1.36))
        if room < 1:
            break
        top -= page.paragraph(box.x + 2, top, box.w - 4, text, 6.1, max_lines=room)
