"""The legend of a map sheet: all four levels always, every other sign only when the map uses it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gisrisk.catalog.palette import LEVELS, UNDETERMINED
from gisrisk.products import fonts, ground, linework, marks
from gisrisk.products.frame import LEGEND
from gisrisk.products.page import FAINT, INK, Box, Page
from gisrisk.products.words import LINEAR, tint


@dataclass(frozen=True)
class Entry:
    """One line of the legend: how its sign is drawn in a small box, and its two texts."""

    sign: Callable[[Page, Box], None]
    zh: str
    en: str


def _swatch(
    face: str, edge: str, hatch: str | None = None, ink: str = "#333333", dashes: Sequence[float] | None = None
) -> Callable[[Page, Box], None]:
    def draw(page: Page, box: Box) -> None:
        page.rect(box, face=face, edge=edge if dashes is None else "none", width_pt=0.6, hatch=hatch, hatch_color=ink)
        if dashes is not None:
            xs, ys = [box.x, box.right, box.right, box.x, box.x], [box.y, box.y, box.top, box.top, box.y]
            page.line(xs, ys, color=edge, width_pt=1.4, linestyle=(0, tuple(dashes)), zorder=2)

    return draw


def _stroke(style: ground.LineStyle) -> Callable[[Page, Box], None]:
    def draw(page: Page, box: Box) -> None:
        xs, ys = [box.x, box.right], [box.y + box.h / 2] * 2
        if style.casing:
            page.line(xs, ys, color=style.casing, width_pt=style.casing_pt, solid_capstyle="butt")
        line = (0, style.dashes) if style.dashes else "solid"
        page.line(
            xs,
            ys,
            color=style.core,
            width_pt=style.core_pt,
            linestyle=line,
            solid_capstyle="butt",
            dash_capstyle="butt",
        )

    return draw


def _marker(
    marker: str, face: str, edge: str, size: float, text: str = "", ink: str = INK
) -> Callable[[Page, Box], None]:
    def draw(page: Page, box: Box) -> None:
        x, y = box.x + box.w / 2, box.y + box.h / 2
        page.axes.scatter([x], [y], s=size, marker=marker, facecolors=face, edgecolors=edge, linewidths=0.6, zorder=2)
        if text:
            page.text(
                x,
                y - (0.3 if marker == "^" else 0),
                text,
                4.8,
                bold=True,
                color=ink,
                ha="center",
                va="center_baseline",
                zorder=3,
            )

    return draw


def _violation_sign(page: Page, box: Box) -> None:
    _stroke(ground.LineStyle(linework.VIOLATION, 1.4))(page, Box(box.x, box.y, box.w * 0.45, box.h))
    x, y = box.x + box.w * 0.8, box.y + box.h / 2
    page.axes.scatter([x], [y], s=60, facecolors="none", edgecolors=linework.VIOLATION, linewidths=1.2, zorder=2)


def _tints(page: Page, box: Box) -> None:
    width = box.w / len(LEVELS)
    for k, level in enumerate(LEVELS):
        page.rect(Box(box.x + k * width, box.y, width, box.h), face=tint(level.hex))
    page.rect(box, edge=ground.ADMIN_EDGE, width_pt=0.5)


def legend_entries(drawn: set[str], *, is_park: bool) -> list[Entry]:
    """The signs used on a sheet: all four levels always, everything else only when it was drawn."""
    entries = [
        Entry(
            _swatch(level.hex, INK, level.hatch, marks.hatch_ink(level)),
            f"{level.name_zh}（{level.colour_zh}）",
            f"level {level.number}, {level.name_en}",
        )
        for level in LEVELS
    ]
    entries.append(
        Entry(
            _swatch(UNDETERMINED.hex, INK, UNDETERMINED.hatch, marks.hatch_ink(UNDETERMINED)),
            "待定（缺资料）",
            "undetermined",
        )
    )
    candidates = {
        "sites": Entry(_marker("o", "white", INK, 80, "7"), "企业编号（见右表）", "enterprise, see list"),
        "site_dots": Entry(_marker("o", LEVELS[0].hex, INK, 16), "企业（按等级着色）", "enterprise by level"),
        "admin_levels": Entry(_tints, "行政区等级（浅色）", "area level (tint)"),
        "major": Entry(
            _marker("^", marks.MAJOR_FACE, "white", 120, "Ⅰ", "white"), "重大危险源（Ⅰ—Ⅳ级）", "major hazard, level"
        ),
        "hazard_source": Entry(_swatch("#FFFFFF", ground.TANK_EDGE), "危险源（储罐、仓库等）", "hazard source"),
        "violation": Entry(_violation_sign, "距离不符合（实测/要求 m）", "violation"),
        "needs_survey": Entry(
            _stroke(ground.LineStyle(linework.VIOLATION, 1.2, dashes=(3, 2))), "距离需实测", "needs survey"
        ),
        "park": Entry(
            _swatch(ground.PARK_FACE if is_park else "none", ground.PARK_EDGE, dashes=(6, 1.5, 1.5, 1.5)),
            "园区边界",
            "park boundary",
        ),
        "protected_target": Entry(_marker("s", ground.TARGET, "white", 22), "防护目标", "protected target"),
        "dense_area": Entry(
            _swatch(ground.DENSE_FACE, ground.DENSE_EDGE, "..", "#CFC2A8"), "人口密集区", "dense population"
        ),
    }
    entries += [entry for kind, entry in candidates.items() if kind in drawn]
    entries += [Entry(_stroke(ground.line_style(kind)), *LINEAR[kind]) for kind in LINEAR if kind in drawn]
    if "other_line" in drawn:
        entries.append(Entry(_stroke(ground.OTHER_LINE), "其他线性设施", "other line"))
    if "admin_area" in drawn:
        entries.append(
            Entry(
                _stroke(ground.LineStyle(ground.ADMIN_EDGE, 0.8, dashes=(7, 2, 1.5, 2))), "行政区界", "admin boundary"
            )
        )
    return entries


def draw_legend(page: Page, entries: Sequence[Entry]) -> None:
    """The legend in columns, each as wide as its texts."""
    box = LEGEND
    page.rect(box, face="white", edge=INK, width_pt=0.5)
    page.text(box.x + 3, box.top - 5.2, "图 例", 9, bold=True)
    page.text(box.x + 14.5, box.top - 5.2, "Legend", 7, color=FAINT)
    rows = max(5, -(-len(entries) // 4))
    step = (box.h - 8.2) / rows
    columns = [entries[k : k + rows] for k in range(0, len(entries), rows)]
    widths = [max(map(_entry_width, column)) for column in columns]
    spare = max(0.0, box.w - 6 - sum(widths)) / max(len(columns), 1)
    x = box.x + 3
    for column, width in zip(columns, widths, strict=True):
        for k, entry in enumerate(column):
            top = box.top - 7 - k * step
            entry.sign(page, Box(x, top - step + 0.8, 9.0, step - 1.6))
            page.text(x + 10.8, top - step / 2, entry.zh, 7, va="center_baseline")
            page.text(
                x + 11.6 + fonts.text_width_mm(entry.zh, 7),
                top - step / 2,
                entry.en,
                5.2,
                color=FAINT,
                va="center_baseline",
            )
        x += width + spare


def _entry_width(entry: Entry) -> float:
    return 11.6 + fonts.text_width_mm(entry.zh, 7) + fonts.text_width_mm(entry.en, 5.2)
