"""Distance findings on the printed map: the line measured, a ring where it is too short to see, its figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from numpy.typing import NDArray

from gisrisk.products import fonts, marks
from gisrisk.products.labels import Placer, along, around
from gisrisk.products.page import Box
from gisrisk.products.plane import Extent, Plane
from gisrisk.products.view import Part, is_missing
from gisrisk.products.words import metres

VIOLATION = "#000000"
MAX_LINE_LABELS = 60
RING_MM = 3.4
SHORT_MM = 4.0
LABEL_PT = 5.6


@dataclass
class Drawn:
    """How many findings a map shows, and how many it could not."""

    violations: int = 0
    surveys: int = 0
    unlabelled: int = 0
    outside: int = 0


def finding_lines(part: Part, status: str) -> Iterator[tuple[int, Any, Any]]:
    """Lines of findings of one status, one per pair: its number in the sheet's table, the finding, its line.

    Where several clauses are broken by the same pair the one with the largest shortfall stands for it.
    """
    seen: set[tuple[str, str, str, str]] = set()
    rows = part.findings[part.findings["status"] == status]
    for number, row in enumerate(rows.itertuples(), start=1):
        pair = (row.source_layer, str(row.source_code), row.target_layer, str(row.target_code))
        if pair not in seen and row.geometry is not None and not row.geometry.is_empty:
            seen.add(pair)
            yield number, row, row.geometry


def draw_finding_lines(axes: Axes, part: Part, plane: Plane, extent: Extent, placer: Placer) -> Drawn:
    """Violated distances as dark lines labelled `V1 measured/required m`; distances to survey dashed.

    A line shorter than 4 mm on paper gets a ring, so that a missing 5 m is seen on a map at 1:10 000.
    """
    drawn = Drawn()
    labels: list[tuple[str, NDArray[np.float64]]] = []
    for status in ("needs_survey", "violation"):
        segments: list[NDArray[np.float64]] = []
        for number, row, geometry in finding_lines(part, status):
            line = plane.project(geometry)
            if not line.intersects(extent.polygon):
                drawn.outside += status == "violation"
                continue
            segments.append(_ends(line))
            if status == "violation":
                # a line of no length has an empty intersection with anything
                seen = line if extent.polygon.covers(line) else line.intersection(extent.polygon)
                labels.append((label_of(number, row), _ends(seen)))
        _draw(axes, segments, dashed=status == "needs_survey")
        _rings(axes, extent, placer, segments, heavy=status == "violation")
        if status == "violation":
            drawn.violations = len(segments)
        else:
            drawn.surveys = len(segments)
    for text, ends in labels[:MAX_LINE_LABELS]:
        drawn.unlabelled += not _label(axes, extent, placer, text, ends)
    drawn.unlabelled += max(0, len(labels) - MAX_LINE_LABELS)
    return drawn


def label_of(number: int, row: Any) -> str:
    """`V3 12.6/15 m`; only the number when the clause forbids without naming a distance."""
    if is_missing(row.required_m) or is_missing(row.measured_m):
        return f"V{number}"
    return f"V{number} {metres(row.measured_m)}/{metres(row.required_m)} m"


def _ends(line: Any) -> NDArray[np.float64]:
    """First and last point of a line; twice the same point where two things touch."""
    points = shapely.get_coordinates(line)
    return points[[0, -1]] if len(points) else np.zeros((0, 2))


def _draw(axes: Axes, segments: list[NDArray[np.float64]], *, dashed: bool) -> None:
    if not segments:
        return
    for color, width, zorder, style in (
        ("white", 2.6, 5.8, "solid"),
        (VIOLATION, 1.2, 5.9, (0, (3, 2)) if dashed else "solid"),
    ):
        lines = LineCollection(
            segments, colors=color, linewidths=width, zorder=zorder, linestyles=[style], capstyle="butt"
        )
        axes.add_collection(lines, autolim=False)
    ends = np.concatenate(segments)
    axes.scatter(ends[:, 0], ends[:, 1], s=3.5, color=VIOLATION, zorder=6)


def _rings(axes: Axes, extent: Extent, placer: Placer, segments: list[NDArray[np.float64]], *, heavy: bool) -> None:
    """Rings around lines too short to see; their places are taken before any label is placed."""
    short = [ends.mean(axis=0) for ends in segments if _length_mm(extent, ends) < SHORT_MM]
    for x_m, y_m in short:
        placer.take(_ring_box(*extent.mm(x_m, y_m)))
    if short:
        x, y = np.array(short).T
        size = (RING_MM / fonts.MM_PER_POINT) ** 2
        for color, width, zorder in (("white", 2.4, 6.1), (VIOLATION, 1.2 if heavy else 0.7, 6.2)):
            axes.scatter(x, y, s=size, facecolors="none", edgecolors=color, linewidths=width, zorder=zorder)


def _ring_box(x_mm: float, y_mm: float) -> Box:
    return Box(x_mm - RING_MM / 2, y_mm - RING_MM / 2, RING_MM, RING_MM)


def _length_mm(extent: Extent, ends: NDArray[np.float64]) -> float:
    return float(np.hypot(*(ends[1] - ends[0]))) * 1000 / extent.scale


def _label(axes: Axes, extent: Extent, placer: Placer, text: str, ends: NDArray[np.float64]) -> bool:
    if len(ends) == 0:
        return False
    (x0, y0), (x1, y1) = (extent.mm(*end) for end in ends)
    w, h = fonts.text_width_mm(text, LABEL_PT, bold=True) + 0.6, LABEL_PT * fonts.MM_PER_POINT * 1.2
    if _length_mm(extent, ends) < SHORT_MM:
        found = placer.place(around(_ring_box((x0 + x1) / 2, (y0 + y1) / 2), w=w, h=h), w, h)
    else:
        found = placer.place(along(x0, y0, x1, y1, w=w, h=h), w, h)
    if found is None:
        return False
    marks.put(axes, extent, found, text, LABEL_PT, bold=True, zorder=8.2)
    return True
