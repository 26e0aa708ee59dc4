"""Read a file into a layer's columns and the storage CRS: the first half of every import."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from gisrisk.catalog import Layer
from gisrisk.errors import InputRefused, Problem
from gisrisk.exchange import coordinates
from gisrisk.exchange.columns import ColumnPlan, plan_columns
from gisrisk.exchange.crs import UnusableCRS, choose_crs, route_to_storage
from gisrisk.exchange.formats import Geometries, RawFile, open_file
from gisrisk.exchange.incoming import GEOMETRY, Incoming
from gisrisk.geo import STORAGE_CRS


def read_table(
    path: str | Path, layer: Layer, *, crs: str | None = None, mapping: Mapping[str, str] | None = None
) -> Incoming:
    """Read a file for a layer; `validate` then checks what it holds.

    Parameters
    ----------
    path : str or Path
        `.gpkg` (`file.gpkg:layer` names one of several layers), `.geojson`, `.csv` or `.parquet`.
    layer : Layer
        A vector layer or a table.
    crs : str, optional
        CRS of the coordinates, as "EPSG:4547". Needed where the file names none, and always for CSV.
    mapping : mapping of str to str, optional
        File column to field, "-" to leave a column out; `FIELD:VALUE` to the value to read instead (see
        `load_mapping`). Columns not in it are found by name, Chinese heading and synonym.

    Returns
    -------
    Incoming
        In EPSG:4490, longitude first. Problems that do not stop the reading travel in `.problems`.

    Raises
    ------
    InputRefused
        The file cannot be read, or its coordinates cannot be brought to EPSG:4490 (CRS missing, contradictory, or
        without a reliable transformation).
    """
    return _read(open_file(path), layer, crs, mapping)


def read_frame(
    frame: gpd.GeoDataFrame | pd.DataFrame,
    layer: Layer,
    *,
    name: str,
    crs: str | None = None,
    mapping: Mapping[str, str] | None = None,
) -> Incoming:
    """Read a frame in memory (a proposal, a service's answer) by the same rules as a file.

    Parameters
    ----------
    frame : GeoDataFrame or DataFrame
        For a vector layer a GeoDataFrame; its CRS counts as named by the file.
    layer, crs, mapping
        As in `read_table`.
    name : str
        What messages call it.

    Returns
    -------
    Incoming
        `sha256` is the digest of the rows' text.

    Raises
    ------
    InputRefused
        As in `read_table`.
    """
    digest = hashlib.sha256(frame.to_csv(index=False).encode("utf-8", "surrogatepass")).hexdigest()
    raw = RawFile(file=name, sha256=digest, frame=pd.DataFrame(frame).reset_index(drop=True))
    if isinstance(frame, gpd.GeoDataFrame):
        raw.frame = raw.frame.drop(columns=str(frame.geometry.name))
        raw.geometry = np.asarray(frame.geometry.array, dtype=object)
        raw.crs = frame.crs
    return _read(raw, layer, crs, mapping)


def _read(raw: RawFile, layer: Layer, crs: str | None, mapping: Mapping[str, str] | None) -> Incoming:
    """Columns named, coordinates brought home."""
    in_columns = layer.kind == "vector" and raw.geometry is None
    plan = plan_columns(
        [str(name) for name in raw.frame.columns], layer, mapping, file=raw.file, coordinates=in_columns
    )
    columns = {target: raw.frame[heading] for heading, target in plan.fields.items()}
    frame = pd.DataFrame(columns, index=pd.RangeIndex(len(raw.frame) if len(raw.frame.columns) else _rows(raw)))
    problems = [*raw.problems, *plan.problems]
    notes = [*raw.notes, *plan.notes]
    crs_used = None
    if layer.kind == "vector":
        geometry, crs_used, found, said = _geometry(raw, plan, crs, problems)
        problems += found
        notes += said
        frame = gpd.GeoDataFrame(frame, geometry=geometry, crs=STORAGE_CRS)
    elif raw.geometry is not None:
        notes.append(f"layer {layer.name} is a table; the geometries of the file were left out")
    return Incoming(
        frame=frame,
        file=raw.file,
        sha256=raw.sha256,
        crs_used=crs_used,
        column_mapping=plan.mapping,
        value_mapping=plan.values,
        warnings=tuple(notes),
        problems=tuple(problems),
    )


def _rows(raw: RawFile) -> int:
    return 0 if raw.geometry is None else len(raw.geometry)


def _geometry(
    raw: RawFile, plan: ColumnPlan, given: str | None, problems: list[Problem]
) -> tuple[Geometries, str, list[Problem], list[str]]:
    """Geometries in the storage CRS, the CRS they were read in, problems and notes."""
    found: list[Problem] = []
    notes: list[str] = []
    try:
        crs = choose_crs(raw.crs, given, found_is_default=raw.crs_is_default)
        if raw.geometry is None and crs.is_projected and "wkt" not in plan.coordinates and "lon" in plan.coordinates:
            raise UnusableCRS(
                f"columns '{plan.coordinates['lon']}' and others hold degrees, but {crs.name} is in metres",
                "Give the CRS of the degrees with --crs, for example EPSG:4490.",
            )
        route = route_to_storage(crs)
    except UnusableCRS as refusal:
        raise InputRefused([refusal.problem(raw.file), *problems]) from refusal
    if raw.crs_is_default and given is not None and route.to_degrees is not None:
        notes.append(f"GeoJSON is longitude and latitude by RFC 7946; read as {route.name} because --crs says so")
    if raw.geometry is None:
        geometry, found, said = coordinates.from_columns(raw.frame, plan.coordinates, raw.file)
        notes += said
    else:
        geometry = raw.geometry
        found = [
            Problem(
                file=raw.file,
                row=int(i) + 1,
                field=GEOMETRY,
                reason="the geometry cannot be read (a curve, an open ring, or broken bytes)",
                remedy="Convert curves to lines, close the rings, and export it again.",
            )
            for i in np.flatnonzero(raw.unreadable)
        ]
    stored, more, said = coordinates.to_storage(geometry, route, raw.file)
    return stored, route.name, found + more, notes + said
