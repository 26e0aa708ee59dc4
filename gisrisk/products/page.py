"""One A3 page of paper: everything on it is placed in millimetres from the lower left corner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from gisrisk.products import fonts

A3_MM = (420.0, 297.0)
MM_PER_INCH = 25.4
INK = "#1a1a1a"
FAINT = "#6b6b6b"
ALERT = "#C00000"
LINE_STEP = 1.36
"""Distance between baselines as a multiple of the size of the type."""


@dataclass(frozen=True)
class Box:
    """A rectangle on the page [mm]: lower left corner, width, height."""

    x: float
    y: float
    w: float
    h: float

    @property
    def right(self) -> float:
        return self.x + self.w

    @property
    def top(self) -> float:
        return self.y + self.h

    def inset(self, by_mm: float) -> Box:
        return Box(self.x + by_mm, self.y + by_mm, self.w - 2 * by_mm, self.h - 2 * by_mm)

    def overlaps(self, other: Box) -> bool:
        return self.x < other.right and other.x < self.right and self.y < other.top and other.y < self.top

    def contains(self, other: Box) -> bool:
        return self.x <= other.x and self.y <= other.y and other.right <= self.right and other.top <= self.top


class Page:
    """An A3 landscape page on which text, lines and boxes are drawn in millimetres."""

    def __init__(self) -> None:
        width, height = A3_MM
        self.figure = Figure(figsize=(width / MM_PER_INCH, height / MM_PER_INCH), facecolor="white")
        FigureCanvasAgg(self.figure)
        self.axes = self._full_axes(zorder=0)

    def _full_axes(self, zorder: float) -> Axes:
        axes = self.figure.add_axes((0.0, 0.0, 1.0, 1.0), zorder=zorder)
        axes.set_axis_off()
        axes.set_xlim(0, A3_MM[0])
        axes.set_ylim(0, A3_MM[1])
        axes.patch.set_visible(False)
        return axes

    def add_axes(self, box: Box, *, zorder: float = 1) -> Axes:
        """Axes that fill a box of the page, without ticks; their limits are the caller's."""
        width, height = A3_MM
        axes = self.figure.add_axes((box.x / width, box.y / height, box.w / width, box.h / height), zorder=zorder)
        axes.set_xticks([])
        axes.set_yticks([])
        return axes

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size_pt: float = 8.0,
        *,
        bold: bool = False,
        color: str = INK,
        ha: Literal["left", "center", "right"] = "left",
        va: Literal["baseline", "center", "top", "bottom", "center_baseline"] = "baseline",
        rotation: float = 0.0,
        **more: Any,
    ) -> Text:
        """One line of text with its anchor at (x, y) [mm]."""
        return self.axes.text(
            x, y, text, fontproperties=fonts.properties(size_pt, bold=bold), color=color, ha=ha, va=va,
            rotation=rotation, **more,
        )  # fmt: skip

    def paragraph(
        self,
        x: float,
        top: float,
        width_mm: float,
        text: str,
        size_pt: float = 7.0,
        *,
        bold: bool = False,
        color: str = INK,
        max_lines: int | None = None,
    ) -> float:
        """Text broken into lines from `top` downwards; returns the height it used [mm]."""
        lines = fonts.wrap(text, width_mm, size_pt, bold=bold, max_lines=max_lines)
        step = size_pt * fonts.MM_PER_POINT * LINE_STEP
        for number, line in enumerate(lines):
            self.text(x, top - (number + 0.78) * step, line, size_pt, bold=bold, color=color)
        return len(lines) * step

    def rect(
        self,
        box: Box,
        *,
        face: str | tuple[float, ...] = "none",
        edge: str = "none",
        width_pt: float = 0.5,
        hatch: str | None = None,
        hatch_color: str = "#333333",
        zorder: float = 1.0,
    ) -> None:
        """A rectangle, filled and hatched if wanted."""
        # equal zorder is drawn in the order of the calls: the outline must come after the hatch
        corner = (box.x, box.y)
        if hatch:
            self.axes.add_patch(
                _hatched(Rectangle(corner, box.w, box.h, facecolor=face, zorder=zorder), hatch, hatch_color)
            )
            face = "none"
        self.axes.add_patch(
            Rectangle(corner, box.w, box.h, facecolor=face, edgecolor=edge, linewidth=width_pt, zorder=zorder)
        )

    def line(
        self, xs: Sequence[float], ys: Sequence[float], *, color: str = INK, width_pt: float = 0.5, **more: Any
    ) -> None:
        """A polyline through points of the page [mm]."""
        self.axes.add_line(Line2D(xs, ys, color=color, linewidth=width_pt, **more))


def _hatched(patch: Rectangle, hatch: str, color: str) -> Rectangle:
    patch.set_edgecolor(color)
    patch.set_linewidth(0)
    patch.set_hatch(hatch)
    patch.set_hatch_linewidth(HATCH_WIDTH_PT)
    return patch


HATCH_WIDTH_PT = 0.45
