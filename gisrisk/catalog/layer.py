"""What a layer is: its columns, units, allowed values, checks, style and provenance, as read from `layers/*.yaml`."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from gisrisk.errors import UnknownName

ColumnType = Literal["text", "integer", "number", "boolean", "date"]
LayerKind = Literal["vector", "table", "raster"]


@dataclass(frozen=True, slots=True)
class Label:
    """A name or a sentence in Chinese and in English; `str()` gives the Chinese one.

    `aliases` are other words accepted for it in import files (only values of a column have some).
    """

    zh: str
    en: str
    aliases: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.zh


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a layer.

    Attributes
    ----------
    allowed : dict of str to Label, or None
        The only values the column takes, by code. An integer column with allowed values keys them by their text.
    minimum, maximum : float or None
        Bounds in `unit`; both ends allowed.
    format : str or None
        Name of an entry of `gisrisk.catalog.formats.FORMATS` that a text value must satisfy.
    references : str or None
        "layer.column" of another layer that must hold the value; checked by the store.
    allowed_from : str or None
        Where in the vocabulary the allowed values came from.
    """

    name: str
    type: ColumnType
    label_zh: str
    label_en: str
    meaning: Label
    unit: str | None = None
    required: bool = False
    key: bool = False
    allowed: dict[str, Label] | None = None
    allowed_from: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    format: str | None = None
    aliases: tuple[str, ...] = ()
    references: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How web map, print and QGIS draw the layer: colours as sRGB hex, sizes in CSS pixels, opacity 0..1."""

    colour: str
    outline: str
    line_width_px: float
    opacity: float
    draw_order: int
    marker: str = "circle"
    marker_size_px: float = 6.0
    dash_px: tuple[float, ...] = ()
    label_column: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Who says what the layer holds, under which licence its definition stands, and where data usually comes from."""

    publisher: str
    licence: str
    data_zh: str
    data_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RasterValue:
    """What one cell of a raster layer holds."""

    label_zh: str
    label_en: str
    unit: str
    minimum: float | None
    maximum: float | None


@dataclass(frozen=True, slots=True)
class Check:
    """One check over a whole row: `kind` and the columns it reads."""

    kind: Literal["order", "geometry_suits_type"]
    columns: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One declared layer.

    Attributes
    ----------
    geometry : tuple of str
        Accepted geometry types ("Point", "LineString", "Polygon"); the multi type of each is accepted too.
    identity : tuple of str
        Columns that together name one thing; a file may hold each combination once.
    common : tuple of Column
        `position_source` and `position_uncertainty_m`, which every layer row may have.
    has_attributes : bool
        Whether the vocabulary's other attributes may be given; they go into one `attributes` dictionary.
    """

    name: str
    order: int
    label_zh: str
    label_en: str
    meaning: Label
    kind: LayerKind
    geometry: tuple[str, ...]
    identity: tuple[str, ...]
    columns: tuple[Column, ...]
    common: tuple[Column, ...]
    has_attributes: bool
    style: Style
    provenance: Provenance
    checks: tuple[Check, ...] = ()
    raster: RasterValue | None = None
    ignored: tuple[str, ...] = field(default=(), repr=False)

    @cached_property
    def _by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns + self.common}

    def column(self, name: str) -> Column:
        """The column called `name`, one of the common columns included.

        Raises
        ------
        UnknownName
            The layer has no such column.
        """
        try:
            return self._by_name[name]
        except KeyError:
            raise UnknownName(f"column of layer {self.name}", name, list(self._by_name)) from None

    def has_column(self, name: str) -> bool:
        """Whether the layer has a column of this name, common columns included."""
        return name in self._by_name

    @property
    def import_columns(self) -> tuple[Column, ...]:
        """All columns an import file may have: the layer's own, then the common ones."""
        return self.columns + self.common

    @property
    def key(self) -> Column | None:
        """The column that alone names one thing, or None where several columns do."""
        return next((column for column in self.columns if column.key), None)
