"""Text and tables that run over as many A3 pages as they need; nothing is cut off at the foot of a page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from gisrisk.products import fonts
from gisrisk.products.page import A3_MM, FAINT, INK, LINE_STEP, Box, Page

LEFT, RIGHT = 14.0, A3_MM[0] - 14.0
TOP, BOTTOM = 262.0, 16.0


@dataclass(frozen=True)
class Column:
    """One column of a table."""

    zh: str
    en: str
    width_mm: float
    align: str = "left"


@dataclass(frozen=True)
class Cell:
    """A cell with its own look; a plain text is a cell too."""

    text: str
    face: str = "none"
    color: str = INK
    bold: bool = False


class Flow:
    """Places blocks from the top of a page downwards and opens new pages as needed.

    `new_page` makes a page with its heading; the pages are in `pages`.
    """

    def __init__(self, new_page: Callable[[], Page]) -> None:
        self._new_page = new_page
        self.pages: list[Page] = []
        self._y = 0.0

    @property
    def page(self) -> Page:
        if not self.pages:
            self._open()
        return self.pages[-1]

    def _open(self) -> None:
        self.pages.append(self._new_page())
        self._y = TOP

    def _need(self, height_mm: float) -> None:
        if not self.pages or self._y - height_mm < BOTTOM:
            self._open()

    def gap(self, height_mm: float) -> None:
        """Leave some white, never at the head of a page."""
        if self.pages and self._y < TOP:
            self._y -= height_mm

    def heading(self, zh: str, en: str, *, keep_mm: float = 20.0) -> None:
        """A heading that stays with at least `keep_mm` of what follows."""
        self._need(9.0 + keep_mm)
        self.page.text(LEFT, self._y - 5.6, zh, 11.5, bold=True)
        self.page.text(LEFT + 2.5 + fonts.text_width_mm(zh, 11.5, bold=True), self._y - 5.6, en, 7.5, color=FAINT)
        self._y -= 8.2

    def columns_of_text(self, texts: Sequence[tuple[str, str]], *, columns: int = 2, size_pt: float = 7.4) -> None:
        """Numbered paragraphs (Chinese, English below it in grey) set in columns of equal width."""
        gutter = 8.0
        width = (RIGHT - LEFT - gutter * (columns - 1)) / columns
        small = size_pt - 1.4
        step, small_step = (pt * fonts.MM_PER_POINT * LINE_STEP for pt in (size_pt, small))
        blocks = []
        for k, (zh, en) in enumerate(texts, start=1):
            zh_lines = fonts.wrap(f"{k}. {zh}", width, size_pt)
            en_lines = fonts.wrap(en, width - 4, small) if en else []
            blocks.append((zh_lines, en_lines, len(zh_lines) * step + len(en_lines) * small_step + 1.8))
        total = sum(height for *_, height in blocks)
        target = total / columns
        self._need(min(target + 12, TOP - BOTTOM))
        top, x, used, lowest, column = self._y, LEFT, 0.0, self._y, 1
        for zh_lines, en_lines, height in blocks:
            if used and used + height / 2 > target and column < columns:
                x, used, column = x + width + gutter, 0.0, column + 1
            y = top - used
            for n, line in enumerate(zh_lines):
                self.page.text(x, y - (n + 0.78) * step, line, size_pt)
            y -= len(zh_lines) * step
            for n, line in enumerate(en_lines):
                self.page.text(x + 4, y - (n + 0.78) * small_step, line, small, color=FAINT)
            used += height
            lowest = min(lowest, top - used)
        self._y = lowest

    def note(self, text: str, size_pt: float = 7.0, color: str = FAINT) -> None:
        """A short paragraph over the full width."""
        lines = fonts.wrap(text, RIGHT - LEFT, size_pt)
        height = len(lines) * size_pt * fonts.MM_PER_POINT * LINE_STEP
        self._need(height)
        self._y -= self.page.paragraph(LEFT, self._y, RIGHT - LEFT, text, size_pt, color=color) + 0.8

    def table(self, columns: Sequence[Column], rows: Iterable[Sequence[str | Cell]], *, size_pt: float = 6.8) -> None:
        """A table whose heading row is repeated on every page; a row is never divided between pages."""
        step = size_pt * fonts.MM_PER_POINT * LINE_STEP
        self._table_head(columns, size_pt)
        for k, row in enumerate(rows):
            cells = [cell if isinstance(cell, Cell) else Cell(cell) for cell in row]
            wrapped = [
                fonts.wrap(cell.text, column.width_mm - 2.0, size_pt, bold=cell.bold)
                for cell, column in zip(cells, columns, strict=True)
            ]
            height = max(len(lines) for lines in wrapped) * step + 1.6
            if self._y - height < BOTTOM:
                self._open()
                self._table_head(columns, size_pt)
            self._table_row(columns, cells, wrapped, height, size_pt, shaded=k % 2 == 1)

    def _table_head(self, columns: Sequence[Column], size_pt: float) -> None:
        height = 8.4
        self._need(height + 8)
        x = LEFT
        total = sum(column.width_mm for column in columns)
        self.page.rect(Box(LEFT, self._y - height, total, height), face="#E6E6E6", edge=INK, width_pt=0.5)
        for column in columns:
            at, ha = _anchor(x, column)
            self.page.text(at, self._y - 3.6, column.zh, size_pt, bold=True, ha=ha)  # type: ignore[arg-type]
            self.page.text(at, self._y - 6.8, column.en, size_pt - 1.4, color=FAINT, ha=ha)  # type: ignore[arg-type]
            x += column.width_mm
        self._y -= height

    def _table_row(
        self,
        columns: Sequence[Column],
        cells: Sequence[Cell],
        wrapped: Sequence[list[str]],
        height: float,
        size_pt: float,
        *,
        shaded: bool,
    ) -> None:
        total = sum(column.width_mm for column in columns)
        if shaded:
            self.page.rect(Box(LEFT, self._y - height, total, height), face="#F7F7F7", zorder=0.5)
        self.page.line([LEFT, LEFT + total], [self._y - height] * 2, color="#BDBDBD", width_pt=0.3)
        step = size_pt * fonts.MM_PER_POINT * LINE_STEP
        x = LEFT
        for column, cell, lines in zip(columns, cells, wrapped, strict=True):
            if cell.face != "none":
                self.page.rect(
                    Box(x + 0.5, self._y - height + 0.5, column.width_mm - 1, height - 1),
                    face=cell.face,
                    edge=INK,
                    width_pt=0.3,
                )
            at, ha = _anchor(x, column)
            for n, line in enumerate(lines):
                y = self._y - 0.8 - (n + 0.78) * step
                self.page.text(at, y, line, size_pt, bold=cell.bold, color=cell.color, ha=ha, zorder=3)  # type: ignore[arg-type]
            x += column.width_mm
        self._y -= height


def _anchor(x: float, column: Column) -> tuple[float, str]:
    if column.align == "right":
        return x + column.width_mm - 1.2, "right"
    if column.align == "center":
        return x + column.width_mm / 2, "center"
    return x + 1.0, "left"
