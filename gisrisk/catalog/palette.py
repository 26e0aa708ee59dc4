"""The four colours of risk, one table for web map, print and QGIS (`data/rules/methods/four_colours.yaml`)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from gisrisk.catalog.strict_yaml import read_yaml
from gisrisk.errors import RuleDataError
from gisrisk.paths import shipped

_CODES = ("red", "orange", "yellow", "blue")
_HEX = re.compile(r"#[0-9A-Fa-f]{6}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One level of risk and how it is drawn.

    `number` is 1 (worst, red) to 4 (blue), 0 for undetermined; `hex` is an sRGB colour; `hatch` is a matplotlib hatch,
    empty for none.
    """

    number: int
    code: str
    name_zh: str
    name_en: str
    colour_zh: str
    hex: str
    hatch: str
    meaning_zh: str
    meaning_en: str


@dataclass(frozen=True, slots=True)
class Palette:
    """The four levels, worst first, and the one for "undetermined"."""

    levels: tuple[Level, ...]
    undetermined: Level

    def level(self, number: int | None) -> Level:
        """The level of this number; `undetermined` for None or 0.

        Raises
        ------
        KeyError
            The number is none of 0..4.
        """
        if number is None or number == 0:
            return self.undetermined
        return {level.number: level for level in self.levels}[number]


def read_palette(path: Path) -> Palette:
    """Read and check one palette file.

    Raises
    ------
    RuleDataError
        The levels are not 1..4 in the order red, orange, yellow, blue, a field is missing, a colour is not hex, or
        two levels would look the same in colour or in hatch.
    """
    content = read_yaml(path, error=RuleDataError)
    try:
        levels = tuple(_level(row) for row in content["levels"])
        undetermined = _level({"number": 0, "code": "undetermined", **content["undetermined"]})
    except (KeyError, TypeError) as missing:
        raise RuleDataError(f"{path.name}: field {missing} is missing. Give every level all its fields.") from missing
    found = [(level.number, level.code) for level in levels]
    if found != list(enumerate(_CODES, start=1)):
        raise RuleDataError(
            f"{path.name}, levels: found {found}. Give 1 red, 2 orange, 3 yellow, 4 blue in this order."
        )
    every = (*levels, undetermined)
    for level in every:
        if not _HEX.fullmatch(level.hex):
            raise RuleDataError(f"{path.name}, level {level.number}: hex '{level.hex}' is no colour. Write #RRGGBB.")
    for what in ("hex", "hatch"):
        if len({getattr(level, what) for level in every}) < len(every):
            raise RuleDataError(
                f"{path.name}: two levels share one {what}. Give each its own so that maps can be read."
            )
    return Palette(levels, undetermined)


def _level(row: dict[str, Any]) -> Level:
    return Level(
        number=row["number"],
        code=row["code"],
        name_zh=row["name_zh"],
        name_en=row["name_en"],
        colour_zh=row["colour_zh"],
        hex=row["hex"],
        hatch=row["hatch"],
        meaning_zh=row["meaning_zh"],
        meaning_en=row["meaning_en"],
    )


@lru_cache(maxsize=1)
def palette() -> Palette:
    """The shipped palette; read once."""
    return read_palette(shipped("data", "rules", "methods", "four_colours.yaml"))


LEVELS: tuple[Level, ...] = palette().levels
UNDETERMINED: Level = palette().undetermined
