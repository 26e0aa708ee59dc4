"""The typeface of printed sheets: found or refused loudly, measured exactly, and broken into lines as Chinese is.

Text goes into the PDF as Type 3, matplotlib's default: both poppler and pypdf read the Chinese back from it. Noto Sans
CJK has CFF outlines, which matplotlib writes for Type 42 under a TrueType label; poppler warns of that mismatch and
printers may refuse it.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from matplotlib import font_manager
from matplotlib.ft2font import FT2Font, LoadFlags

from gisrisk.errors import SetupIncomplete

FAMILIES = (
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "WenQuanYi Zen Hei",
    "Microsoft YaHei",
    "SimHei",
)
"""Families tried, in this order; the first is what `make demo` installs."""

MM_PER_POINT = 25.4 / 72
_NOT_AT_LINE_START = set("，。、；：！？）》】」』”’％%,.;:!?)]}·—…")
_NOT_AT_LINE_END = set("（《【「『“‘([{")
_PROBE = "险"


def _installed(family: str) -> tuple[Path, int] | None:
    try:
        found = font_manager.findfont(font_manager.FontProperties(family=family), fallback_to_default=False)
    except ValueError:
        return None
    return Path(str(found)), int(getattr(found, "face_index", 0))


@lru_cache(maxsize=1)
def cjk_family() -> str:
    """Name of the installed Chinese font family used on sheets.

    Raises
    ------
    SetupIncomplete
        None of `FAMILIES` is installed, or the one found has no Chinese characters.
    """
    if all(_installed(family) is None for family in FAMILIES):
        # matplotlib keeps its own list of fonts; one installed a moment ago is not in it
        font_manager._load_fontmanager(try_read_cache=False)  # type: ignore[attr-defined]
    for family in FAMILIES:
        if _installed(family) is not None and _face(family, "regular").get_char_index(ord(_PROBE)):
            return family
    raise SetupIncomplete(
        "No Chinese font is installed, so maps and reports cannot be printed. Install one, for example with "
        "'apt-get install -y fonts-noto-cjk', and run the command again. Families looked for: "
        + ", ".join(FAMILIES)
        + "."
    )


def properties(size_pt: float, *, bold: bool = False) -> font_manager.FontProperties:
    """Font of a text on a sheet; `size_pt` in points (1/72 inch)."""
    return font_manager.FontProperties(family=[cjk_family()], size=size_pt, weight="bold" if bold else "normal")


@lru_cache(maxsize=8)
def _face(family: str, weight: str) -> FT2Font:
    found = font_manager.findfont(font_manager.FontProperties(family=family, weight=weight), fallback_to_default=False)
    return font_manager.get_font(found)


@lru_cache(maxsize=20000)
def _advance_em(character: str, bold: bool) -> float:
    face = _face(cjk_family(), "bold" if bold else "regular")
    # NO_SCALE: FreeType answers in font units
    glyph = face.load_char(ord(character), flags=LoadFlags.NO_SCALE)
    return float(glyph.horiAdvance) / face.units_per_EM


def text_width_mm(text: str, size_pt: float, *, bold: bool = False) -> float:
    """Printed width of one line of text [mm]; kerning is not counted."""
    return sum(_advance_em(character, bold) for character in text) * size_pt * MM_PER_POINT


def _pieces(text: str) -> list[str]:
    """Cut a text where a line may end: between Chinese characters, after a space or a hyphen, never inside a word."""
    pieces: list[str] = []
    for character in text:
        glued = bool(pieces) and (
            (character in _NOT_AT_LINE_START)
            or pieces[-1][-1] in _NOT_AT_LINE_END
            or (_is_word(character) and _is_word(pieces[-1][-1]))
        )
        if glued:
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


def _is_word(character: str) -> bool:
    return character.isascii() and not character.isspace() and character not in "-/_"


def wrap(text: str, width_mm: float, size_pt: float, *, bold: bool = False, max_lines: int | None = None) -> list[str]:
    """Break a text into lines that fit a width.

    Parameters
    ----------
    text : str
        A newline always ends a line.
    width_mm : float
        Width of the column [mm].
    size_pt : float
        Size of the type [points].
    max_lines : int, optional
        Longer texts are cut and end in an ellipsis.

    Returns
    -------
    list of str
        At least one line. A single word wider than the column is broken inside.
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for piece in _pieces(paragraph):
            if line and text_width_mm((line + piece).rstrip(), size_pt, bold=bold) > width_mm:
                lines.append(line.rstrip())
                line = ""
                piece = piece.lstrip()
            while text_width_mm(piece, size_pt, bold=bold) > width_mm and len(piece) > 1:
                fits = max(
                    n
                    for n in range(1, len(piece))
                    if n == 1 or text_width_mm(piece[:n], size_pt, bold=bold) <= width_mm
                )
                lines.append(piece[:fits])
                piece = piece[fits:]
            line += piece
        lines.append(line.rstrip())
    if max_lines is not None and len(lines) > max_lines:
        last = lines[max_lines - 1]
        while last and text_width_mm(last + "…", size_pt, bold=bold) > width_mm:
            last = last[:-1]
        lines = [*lines[: max_lines - 1], last + "…"]
    return lines
