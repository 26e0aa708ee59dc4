"""Places for labels: nothing printed on top of something else, and what finds no place is counted, not squeezed in."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from gisrisk.products.page import Box


class Placer:
    """Boxes already used on the map frame [mm]."""

    def __init__(self, frame: Box) -> None:
        self.frame = frame
        self._taken: list[Box] = []

    def is_free(self, box: Box) -> bool:
        """Whether a box lies inside the frame and overlaps nothing placed before."""
        return self.frame.contains(box) and not any(box.overlaps(other) for other in self._taken)

    def take(self, box: Box) -> None:
        """Mark a box as used, whether or not it was free."""
        self._taken.append(box)

    def place(self, candidates: Iterable[tuple[float, float]], w: float, h: float) -> tuple[float, float] | None:
        """The first candidate centre [mm] around which a box of `w` by `h` mm is free; it is then taken."""
        for x, y in candidates:
            box = Box(x - w / 2, y - h / 2, w, h)
            if self.is_free(box):
                self.take(box)
                return x, y
        return None


def around(box: Box, *, w: float, h: float, gap: float = 0.4) -> Iterator[tuple[float, float]]:
    """Centres for a label beside a symbol that fills `box` [mm]: right, left, above, below, corners, then farther."""
    x, y = box.x + box.w / 2, box.y + box.h / 2
    for far in (gap, gap * 4, gap * 10):
        across, up = (box.w + w) / 2 + far, (box.h + h) / 2 + far
        yield from ((x + across, y), (x - across, y), (x, y + up), (x, y - up))
        for sx in (1, -1):
            for sy in (1, -1):
                yield x + sx * across * 0.8, y + sy * up


def spiral(x: float, y: float, *, step: float, turns: int = 4) -> Iterator[tuple[float, float]]:
    """Centres on growing circles around a point, the point first; for numbers that may carry a leader line."""
    yield x, y
    for ring in range(1, turns + 1):
        count = 8 * ring
        for k in range(count):
            angle = 2 * math.pi * k / count + math.pi / 4
            yield x + ring * step * math.cos(angle), y + ring * step * math.sin(angle)


def along(x0: float, y0: float, x1: float, y1: float, *, w: float, h: float) -> Iterator[tuple[float, float]]:
    """Centres for a label on or beside a line: the middle first, then the thirds, then off to either side."""
    length = math.hypot(x1 - x0, y1 - y0) or 1.0
    nx, ny = -(y1 - y0) / length, (x1 - x0) / length
    reach = abs(nx) * w / 2 + abs(ny) * h / 2 + 0.6
    for share in (0.5, 0.33, 0.67):
        x, y = x0 + (x1 - x0) * share, y0 + (y1 - y0) * share
        for side in (1, -1, 2, -2):
            yield x + nx * reach * side, y + ny * reach * side
    yield (x0 + x1) / 2, (y0 + y1) / 2
