"""What a study is computed from: its area, the layer rows as of one moment, and the fingerprint that freezes them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from gisrisk.catalog import load_layers
from gisrisk.errors import InputRefused, Problem, UnknownName
from gisrisk.geo import STORAGE_CRS, buffer_m
from gisrisk.store import RasterRecord, Store

# Sites and parks are read by the area itself; what they may act on, or be acted on by, within reach of it.
INPUT_TABLES = ("inventory",)


@dataclass(frozen=True, slots=True)
class StudyArea:
    """The area a study speaks about. `geometry` None: everything in the store."""

    code: str
    name: str
    geometry: BaseGeometry | None


@dataclass(frozen=True, slots=True)
class Inputs:
    """Layer rows as of one moment, frames in EPSG:4490 (inventory without geometry), and the population raster."""

    as_of: datetime | None
    frames: dict[str, pd.DataFrame]
    population: RasterRecord | None

    @property
    def synthetic(self) -> bool:
        """Whether any row is made up for demonstration; every product then says so on its face."""
        for frame in self.frames.values():
            if "position_source" in frame and (frame["position_source"] == "synthetic").any():
                return True
        return bool(self.population is not None and self.population.position_source == "synthetic")

    def fingerprint(self) -> str:
        """SHA-256 over every value and geometry, and over when each was recorded, because findings say since when."""
        digest = hashlib.sha256()
        for name in sorted(self.frames):
            digest.update(name.encode())
            digest.update(frame_digest(self.frames[name]))
        if self.population is not None:
            digest.update(self.population.sha256.encode())
        return digest.hexdigest()


# Bookkeeping of the store that says nothing about the place itself.
_BOOKKEEPING = {"fid", "rev", "row_id", "batch_id", "retired_at"}


def frame_digest(frame: pd.DataFrame) -> bytes:
    """SHA-256 of a frame's content in its own order; columns by name, so that their order does not matter."""
    digest = hashlib.sha256()
    for column in sorted(set(frame.columns) - _BOOKKEEPING):
        values = frame[column]
        digest.update(column.encode())
        if isinstance(values.dtype, gpd.array.GeometryDtype):
            texts = pd.Series([b"" if w is None else w for w in shapely.to_wkb(values.to_numpy())])
            digest.update(
                pd.util.hash_pandas_object(texts.map(lambda b: hashlib.sha256(b).hexdigest()), index=False)
                .to_numpy()
                .tobytes()
            )
        else:
            texts = values.map(_canonical).astype(object)
            digest.update(pd.util.hash_pandas_object(texts, index=False).to_numpy().tobytes())
    return digest.digest()


def _canonical(value: Any) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True, ensure_ascii=False)
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, float):
        return repr(value)
    return str(value)


def resolve_area(area: str | Path | BaseGeometry | None, store: Store) -> StudyArea:
    """The study area from a code in the store, a polygon file, a geometry, or None for everything.

    Raises
    ------
    UnknownName
        The text is neither a known code nor an existing file.
    InputRefused
        The file holds no polygon.
    """
    if area is None:
        return StudyArea("all", "全部数据", None)
    if isinstance(area, BaseGeometry):
        digest = hashlib.sha256(shapely.to_wkb(area)).hexdigest()[:8]
        return StudyArea(f"shape-{digest}", f"自定范围 {digest}", area)
    text = str(area)
    if Path(text).is_file():
        return _area_from_file(Path(text))
    try:
        geometry, name, _layer = store.area_geometry(text)
    except UnknownName as error:
        raise UnknownName("administrative area, park or file", text) from error
    return StudyArea(text, name, geometry)


def _area_from_file(path: Path) -> StudyArea:
    frame = gpd.read_file(path)
    polygons = frame[frame.geometry.geom_type.isin(["Polygon", "MultiPolygon"])]
    if polygons.empty:
        raise InputRefused(
            [
                Problem(
                    file=str(path), reason="there is no polygon in it", remedy="Give a file with the area as polygon."
                )
            ]
        )
    if polygons.crs is None:
        raise InputRefused(
            [
                Problem(
                    file=str(path), reason="it names no CRS", remedy="Save it with its CRS, for example as GeoPackage."
                )
            ]
        )
    return StudyArea(path.stem, path.stem, polygons.to_crs(STORAGE_CRS).union_all())


def read_inputs(store: Store, area: StudyArea, *, as_of: datetime | None, reach_m: float) -> Inputs:
    """Every layer within `reach_m` of the area as of a moment, so that no pair across its edge is lost."""
    surroundings = None if area.geometry is None else buffer_m(area.geometry, reach_m)
    frames: dict[str, pd.DataFrame] = {}
    for name, layer in load_layers().items():
        if layer.kind == "vector":
            frames[name] = store.read(name, area=surroundings, as_of=as_of)
    for name in INPUT_TABLES:
        rows = store.read(name, as_of=as_of)
        frames[name] = rows[rows["source_code"].isin(set(frames["hazard_source"]["code"]))].reset_index(drop=True)
    return Inputs(as_of=as_of, frames=frames, population=store.raster("population", as_of=as_of))


def in_area(frame: pd.DataFrame, area: StudyArea) -> pd.DataFrame:
    """Rows that touch the study area."""
    if area.geometry is None or frame.empty:
        return frame
    touches = shapely.intersects(area.geometry, frame["geometry"].to_numpy())
    inside: pd.DataFrame = frame[touches].reset_index(drop=True)
    return inside


def study_fingerprint(inputs: Inputs, parameters: Mapping[str, Any]) -> str:
    """SHA-256 over inputs and everything else the result depends on."""
    digest = hashlib.sha256(inputs.fingerprint().encode())
    digest.update(json.dumps(parameters, sort_keys=True, ensure_ascii=False, default=str).encode())
    return digest.hexdigest()
