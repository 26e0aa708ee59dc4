"""Layer rows as features with vocabulary attributes: one normal form for values, and a note of what was not entered.

An attribute can be filled from the type, a default, a hint or a calculation. What was merely taken is remembered as
assumed, what rests on an unconfirmed table as unconfirmed, each per row and attribute.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from gisrisk.catalog.vocabulary import Attribute, Vocabulary
from gisrisk.rules.conditions import is_empty, normal

BASE_COLUMNS = ("code", "name", "site_code", "recorded_at", "position_uncertainty_m", "position_source")
Mask = NDArray[np.bool_]


class Features:
    """Rows of one layer.

    Attributes
    ----------
    layer : str
    columns : dict of str to ndarray
        `BASE_COLUMNS`, the layer's own columns, and vocabulary attributes in normal form: numbers float64 with NaN,
        everything else object with None.
    geometry : ndarray of shapely geometries
    """

    def __init__(self, layer: str, columns: dict[str, NDArray[Any]], geometry: NDArray[np.object_]) -> None:
        self.layer, self.columns, self.geometry = layer, columns, geometry
        self._assumed: dict[str, Mask] = {}
        self._unconfirmed: dict[str, Mask] = {}
        self._noted: dict[str, NDArray[np.object_]] = {}

    def __len__(self) -> int:
        return len(self.geometry)

    def column(self, name: str, *, number: bool = False) -> NDArray[Any]:
        """Values of one column; all empty when there is none."""
        if name in self.columns:
            return self.columns[name]
        return np.full(len(self), np.nan) if number else np.full(len(self), None, dtype=object)

    def empty(self, name: str) -> Mask:
        """Where the column holds nothing."""
        if name not in self.columns:
            return np.ones(len(self), dtype=bool)
        return np.asarray(pd.isna(self.columns[name]), dtype=bool)

    def fill(
        self, name: str, where: Mask, values: ArrayLike, *, assumed: bool = False, unconfirmed: bool = False
    ) -> None:
        """Put values (one, or one for each row of the layer) into empty cells of `where`; what was given stays."""
        array = np.asarray(values)
        if array.ndim == 0:
            array = np.full(len(self), values, dtype=float if isinstance(values, float) else object)
        cells = np.asarray(where, dtype=bool) & self.empty(name) & ~np.asarray(pd.isna(array), dtype=bool)
        if not cells.any():
            return
        column = self.column(name, number=array.dtype.kind == "f").copy()
        column[cells] = array[cells]
        self.columns[name] = column
        self._noted.clear()
        for wanted, notes in ((assumed, self._assumed), (unconfirmed, self._unconfirmed)):
            if wanted:
                notes[name] = notes.get(name, np.zeros(len(self), dtype=bool)) | cells

    def replace(self, name: str, values: NDArray[Any]) -> None:
        """Set a whole column."""
        self.columns[name] = values

    def frame(self, names: Iterable[str]) -> pd.DataFrame:
        """Some columns as a table; those nobody has are left out."""
        return pd.DataFrame(
            {name: self.columns[name] for name in names if name in self.columns}, index=pd.RangeIndex(len(self))
        )

    def assumed(self) -> NDArray[np.object_]:
        """Per row the attributes that were taken, not entered."""
        return self._note("assumed", self._assumed)

    def unconfirmed(self) -> NDArray[np.object_]:
        """Per row the attributes that rest on an unconfirmed table."""
        return self._note("unconfirmed", self._unconfirmed)

    def _note(self, what: str, masks: Mapping[str, Mask]) -> NDArray[np.object_]:
        if what not in self._noted:
            self._noted[what] = _tuples(masks, len(self))
        return self._noted[what]


def _tuples(notes: Mapping[str, Mask], count: int) -> NDArray[np.object_]:
    out = np.empty(count, dtype=object)
    out[:] = [()] * count
    for name in sorted(notes):
        for row in np.flatnonzero(notes[name]):
            out[row] = (*out[row], name)
    return out


def read_features(
    layer: str, frame: pd.DataFrame | None, vocabulary: Vocabulary, *, extra: Iterable[str] = ()
) -> Features:
    """Features from a layer frame as the store gives it; an absent frame gives no rows.

    Parameters
    ----------
    layer : str
    frame : GeoDataFrame or None
        Contract columns, `attributes` (dict or None) and geometry.
    vocabulary : Vocabulary
    extra : iterable of str
        Further columns to keep as they are.
    """
    if frame is None or len(frame) == 0:
        nobody = {name: np.empty(0, dtype=object) for name in (*BASE_COLUMNS, *extra)}
        return Features(layer, nobody, np.empty(0, dtype=object))
    columns: dict[str, NDArray[Any]] = {}
    for name in (*BASE_COLUMNS, *extra):
        values = frame[name].to_numpy() if name in frame else np.full(len(frame), None, dtype=object)
        columns[name] = _objects(values) if name in ("code", "name", "site_code", *extra) else values
    columns["position_uncertainty_m"] = np.asarray(pd.to_numeric(columns["position_uncertainty_m"]), dtype=np.float64)
    given = {n: frame[n].to_numpy() for n in vocabulary.attributes if n in frame and n not in columns}
    for name, values in _from_dicts(frame.get("attributes"), vocabulary).items():
        given[name] = values if name not in given else np.where(pd.isna(given[name]), values, given[name])
    for name, values in given.items():
        column = _normal_column(values, vocabulary.attributes[name])
        if not pd.isna(column).all():
            columns[name] = column
    geometry = frame.geometry.to_numpy() if hasattr(frame, "geometry") else np.full(len(frame), None)
    return Features(layer, columns, np.asarray(geometry, dtype=object))


def _objects(values: NDArray[Any]) -> NDArray[np.object_]:
    """Texts with None where there is none."""
    out = np.asarray(values, dtype=object).copy()
    out[pd.isna(out)] = None
    out[out == ""] = None
    return out


def _from_dicts(cells: pd.Series[Any] | None, vocabulary: Vocabulary) -> dict[str, NDArray[Any]]:
    """The rare attributes, kept in one dict per row, as columns."""
    if cells is None:
        return {}
    out: dict[str, NDArray[Any]] = {}
    for row, cell in enumerate(cells):
        if not isinstance(cell, Mapping):
            continue
        for name, value in cell.items():
            if name in vocabulary.attributes:
                if name not in out:
                    out[name] = np.full(len(cells), None, dtype=object)
                out[name][row] = value
    return out


def _normal_column(values: NDArray[Any], attribute: Attribute) -> NDArray[Any]:
    """A column in normal form."""
    if attribute.type == "number":
        return np.asarray(pd.to_numeric(pd.Series(values, dtype=object), errors="coerce"), dtype=np.float64)
    objects = np.empty(len(values), dtype=object)
    objects[:] = [None if is_empty(v) else v for v in values]
    if attribute.type == "geometry":
        return objects
    if attribute.type == "list":
        objects[:] = [None if v is None else normal(v, "list") for v in objects]
        return objects
    codes, uniques = pd.factorize(objects)
    kept = np.empty(len(uniques) + 1, dtype=object)
    kept[:-1] = [_truth_word(v) if attribute.type == "bool" else normal(v, attribute.type) for v in uniques]
    return kept[codes]


def _truth_word(value: Any) -> bool | None:
    """A truth value, however the file spelt it."""
    if isinstance(value, str):
        return {"true": True, "false": False, "1": True, "0": False, "是": True, "否": False}.get(value.strip().lower())
    return bool(value)
