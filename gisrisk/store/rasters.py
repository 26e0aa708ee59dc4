"""Raster layers: checked, kept as Cloud-Optimised GeoTIFF under the SHA-256 of its bytes, and entered in a register.

The register is append-only like every layer: as of a moment the newest raster recorded until then holds.
Files belong to the user who registers them; a file is complete under its name or absent, never half written.
"""

from __future__ import annotations

import hashlib
import math
import os
import shutil
import uuid
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import rasterio
import rasterio.shutil
import sqlalchemy as sa

from gisrisk.catalog import Layer, layer
from gisrisk.errors import InputRefused, Problem, StoreUnavailable
from gisrisk.store.database import SCHEMA, reading, writing
from gisrisk.store.query import Moment, moment
from gisrisk.store.writing import take_import_lock, writer_name

FOLDER = "rasters"
_COLUMNS = (
    "raster_id, layer, path, sha256, source_file, source_sha256, crs, width, height, cells, total, lowest, highest, "
    "recorded_at, position_source, note"
)


@dataclass(frozen=True, slots=True)
class RasterRecord:
    """One registered raster.

    `path` is its file in the data folder, `sha256` that file's hash; `source_sha256` is the hash of the file handed in.
    `cells` counts cells with a value; `total`, `lowest`, `highest` are over these cells, in the unit of the layer.
    """

    raster_id: uuid.UUID
    layer: str
    path: Path
    sha256: str
    source_file: str
    source_sha256: str
    crs: str
    width: int
    height: int
    cells: int
    total: float
    lowest: float
    highest: float
    recorded_at: datetime
    position_source: str
    note: str


@dataclass(frozen=True, slots=True)
class _Facts:
    crs: str
    width: int
    height: int
    cells: int
    total: float
    lowest: float
    highest: float
    is_cog: bool


def register_raster(
    engine: sa.Engine,
    data_dir: Path,
    layer_name: str,
    path: Path | str,
    *,
    position_source: str = "unknown",
    note: str = "",
) -> RasterRecord:
    """Check a raster, keep it as a COG and enter it; the newest one of its layer is not entered twice.

    Raises
    ------
    InputRefused
        The file is no raster, has no CRS or more than one band, or holds values outside the layer's bounds.
    UnknownName
        There is no such layer.
    """
    target = layer(layer_name)
    if target.kind != "raster":
        raise ValueError(f"layer '{target.name}' is not a raster: use write_batch")
    source = Path(path)
    facts = inspect(source, target)
    source_sha256 = _sha256(source)
    newest = _find(engine, data_dir, layer_name, None)
    known = newest is not None and (newest.source_sha256, newest.position_source) == (source_sha256, position_source)
    if newest is not None and known and newest.path.is_file():
        return newest
    kept, sha256 = _keep(source, data_dir / FOLDER, is_cog=facts.is_cog)
    if newest is not None and known and newest.sha256 == sha256:  # its file had been lost
        return newest
    with writing(engine) as cursor:
        stamp = take_import_lock(cursor)
        record = RasterRecord(
            raster_id=uuid.uuid4(),
            layer=target.name,
            path=kept,
            sha256=sha256,
            source_file=source.name,
            source_sha256=source_sha256,
            crs=facts.crs,
            width=facts.width,
            height=facts.height,
            cells=facts.cells,
            total=facts.total,
            lowest=facts.lowest,
            highest=facts.highest,
            recorded_at=stamp,
            position_source=position_source,
            note=note,
        )
        _enter(cursor, record)
    return record


def raster(engine: sa.Engine, data_dir: Path, layer_name: str, as_of: Moment | None = None) -> RasterRecord | None:
    """The raster of a layer that holds now, or held at a moment (see `query.moment`); None when there is none.

    Raises
    ------
    StoreUnavailable
        It is in the register, but its file is gone.
    """
    layer(layer_name)
    record = _find(engine, data_dir, layer_name, None if as_of is None else moment(as_of))
    if record is not None and not record.path.is_file():
        raise StoreUnavailable(
            f"The raster of layer '{layer_name}' recorded at {record.recorded_at:%Y-%m-%d %H:%M} is missing: "
            f"{record.path}. Restore it from a back-up of the data folder, or import it again "
            f"(it was {record.source_file})."
        )
    return record


def _find(engine: sa.Engine, data_dir: Path, layer_name: str, when: datetime | None) -> RasterRecord | None:
    with reading(engine) as cursor:
        cursor.execute(
            f"SELECT {_COLUMNS} FROM {SCHEMA}.raster"
            " WHERE layer = %s AND (%s::timestamptz IS NULL OR recorded_at <= %s)"
            " ORDER BY recorded_at DESC LIMIT 1",
            (layer_name, when, when),
        )
        found = cursor.fetchone()
    if found is None:
        return None
    identifier, name, relative, *rest = found
    return RasterRecord(identifier, name, data_dir / relative, *rest)


def inspect(path: Path, target: Layer) -> _Facts:
    """Check a raster against its layer, block by block, and sum it up.

    Raises
    ------
    InputRefused
        As in `register_raster`.
    """

    def refuse(reason: str, remedy: str) -> InputRefused:
        return InputRefused([Problem(file=path.name, reason=reason, remedy=remedy)])

    value = target.raster
    lowest_allowed = value.minimum if value is not None else None
    highest_allowed = value.maximum if value is not None else None
    if not path.is_file():
        raise refuse("there is no such file", "Check the path")
    try:
        source = rasterio.open(path)
    except rasterio.errors.RasterioIOError as error:
        raise refuse(f"it cannot be read as a raster ({error})", "Give a GeoTIFF") from error
    with source:
        if source.crs is None:
            raise refuse("the raster has no coordinate system", "Assign it: gdal_edit.py -a_srs EPSG:4490 FILE")
        if source.transform.is_identity:
            raise refuse("the raster has no georeference (origin and cell size)", "Georeference it first")
        if source.count != 1:
            raise refuse(f"the raster has {source.count} bands", "Give one band: gdal_translate -b 1 IN OUT")
        if np.issubdtype(np.dtype(source.dtypes[0]), np.complexfloating):
            raise refuse("the values are complex numbers", "Give integers or floats")
        sums: list[float] = []
        cells, lowest, highest = 0, math.inf, -math.inf
        for _, window in source.block_windows(1):
            block = source.read(1, window=window, masked=True).compressed().astype(np.float64)
            block = block[~np.isnan(block)]
            if block.size:
                sums.append(float(block.sum()))
                cells += block.size
                lowest, highest = min(lowest, float(block.min())), max(highest, float(block.max()))
        if cells == 0:
            raise refuse("no cell has a value", "Check the nodata value of the file")
        if lowest_allowed is not None and lowest < lowest_allowed:
            raise refuse(
                f"the smallest value is {lowest:g}, and no value below {lowest_allowed:g} is allowed",
                "If it marks cells without data, declare it: gdal_edit.py -a_nodata VALUE FILE",
            )
        if math.isinf(highest) or (highest_allowed is not None and highest > highest_allowed):
            raise refuse(f"the largest value is {highest:g}, which is not allowed", "Correct the raster")
        crs = source.crs.to_string()
        is_cog = source.tags(ns="IMAGE_STRUCTURE").get("LAYOUT") == "COG"
        return _Facts(crs, source.width, source.height, cells, math.fsum(sums), lowest, highest, is_cog)


def _keep(source: Path, folder: Path, *, is_cog: bool) -> tuple[Path, str]:
    """Put a COG of the raster under its hash; written under another name, synced, then renamed."""
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{uuid.uuid4().hex}.tif"
    try:
        if is_cog:
            shutil.copyfile(source, draft)
        else:
            rasterio.shutil.copy(
                source, draft, driver="COG", compress="DEFLATE", predictor="YES", blocksize=256, overviews="AUTO"
            )
        sha256 = _sha256(draft)
        with open(draft, "rb") as file:
            os.fsync(file.fileno())
        kept = folder / f"{sha256}.tif"
        draft.replace(kept)
    finally:
        for left in (draft, draft.with_name(draft.name + ".aux.xml")):
            left.unlink(missing_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    return kept, sha256


def _enter(cursor: psycopg.Cursor[Any], record: RasterRecord) -> None:
    cursor.execute(
        f"INSERT INTO {SCHEMA}.raster ({_COLUMNS}, by) VALUES ({', '.join(['%s'] * 17)})",  # 16 columns and `by`
        (
            record.raster_id,
            record.layer,
            f"{FOLDER}/{record.path.name}",
            record.sha256,
            record.source_file,
            record.source_sha256,
            record.crs,
            record.width,
            record.height,
            record.cells,
            record.total,
            record.lowest,
            record.highest,
            record.recorded_at,
            record.position_source,
            record.note,
            writer_name(),
        ),
    )


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
