"""What somebody wants to build or change: features in the terms of the layers, read by the rules of every import.

One feature is one row of a layer, named by its property `layer`. A plant is an enterprise_site with its hazard_sources
(and their inventory, without geometry); a school is a protected_target; a road or pipeline a linear_feature.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from gisrisk.analysis.siting.sanity import insane, overfull
from gisrisk.catalog import Layer, load_layers
from gisrisk.errors import InputRefused, Problem
from gisrisk.exchange import read_frame, validate
from gisrisk.exchange.formats import RawFile, open_file

PROPOSABLE = (
    "park", "enterprise_site", "hazard_source", "inventory", "protected_target", "dense_area", "linear_feature",
)  # fmt: skip
"""Layers a proposal may speak of, in the order of their references."""

OWN_PROPERTIES = ("layer", "plot", "claims")
"""Properties of a feature that are no columns of its layer."""

CODE_PREFIX = "拟建-"
Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A project as rows of layers.

    Attributes
    ----------
    name : str
        What messages and products call it.
    frames : dict of str to DataFrame
        Checked rows by layer; geometries in EPSG:4490.
    claims : frozenset of str
        Exceptions of clauses the applicant relies on (codes of `data/rules/predicates.yaml`).
    assumed : tuple of str
        What was filled in because the file did not say, as layer.column.
    warnings : tuple of str
    """

    name: str
    frames: dict[str, pd.DataFrame] = field(repr=False)
    claims: frozenset[str] = frozenset()
    assumed: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def keys(self) -> frozenset[Key]:
        """(layer, code) of every feature with a geometry."""
        return frozenset((name, str(code)) for name, frame in self.located() for code in frame["code"])

    @property
    def footprint(self) -> BaseGeometry:
        """Everything it covers."""
        return shapely.union_all([g for _, frame in self.located() for g in frame.geometry])

    def located(self) -> Iterable[tuple[str, gpd.GeoDataFrame]]:
        """Layers with a geometry, and their rows."""
        return [(name, frame) for name, frame in self.frames.items() if isinstance(frame, gpd.GeoDataFrame)]

    def to_geojson(self) -> dict[str, Any]:
        """A FeatureCollection that `read_proposal` reads back."""
        features = []
        for name, frame in self.frames.items():
            for row in frame.to_dict("records"):
                shape = row.pop("geometry", None)
                more = row.pop("attributes", None) or {}
                properties = {k: _plain(v) for k, v in {**row, **more}.items() if not _empty(v)}
                features.append(
                    {
                        "type": "Feature",
                        "properties": {"layer": name, **properties},
                        "geometry": geojson_geometry(shape),
                    }
                )
        out: dict[str, Any] = {"type": "FeatureCollection", "name": self.name, "features": features}
        return out | ({"claims": sorted(self.claims)} if self.claims else {})

    def digest(self) -> str:
        """SHA-256 of its content."""
        text = json.dumps(self.to_geojson(), sort_keys=True, ensure_ascii=False, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def with_frame(self, layer: str, frame: pd.DataFrame) -> Proposal:
        """The same proposal with other rows in one layer."""
        return replace(self, frames={**self.frames, layer: frame})


def read_proposal(
    source: str | Path | gpd.GeoDataFrame | Mapping[str, Any] | Proposal,
    *,
    as_layer: str | None = None,
    crs: str | None = None,
) -> Proposal:
    """A proposal from a file, a frame or a GeoJSON object.

    Parameters
    ----------
    source : path (.geojson, .gpkg, .csv, .parquet), GeoDataFrame, FeatureCollection or Feature as a dict, or Proposal
        Each feature names its layer in the property `layer`. `claims` (codes joined with ";") names the exceptions of
        clauses the applicant relies on.
    as_layer : str, optional
        Layer of the features that name none.
    crs : str, optional
        CRS of the coordinates where the file names none.

    Raises
    ------
    InputRefused
        With every problem found: unknown layer, type, substance; a plot that crosses itself or is too small to be one;
        quantities that cannot be; values that contradict each other. Rows count the features of the file from 1.
    """
    if isinstance(source, Proposal):
        return source
    claims: set[str] = set()
    if isinstance(source, Mapping):
        claims.update(source.get("claims") or ())
        name, frame = str(source.get("name") or "proposal"), _from_geojson(source)
        problems: list[Problem] = []
    elif isinstance(source, gpd.GeoDataFrame):
        name, frame, problems = "proposal", source.reset_index(drop=True), []
    else:
        raw = open_file(source)
        name, frame, problems = raw.file, _frame(raw, crs), list(raw.problems)
        claims.update(_file_claims(source))
    return from_frame(frame, name=name, as_layer=as_layer, crs=crs, problems=problems, claims=claims)


def from_frame(
    frame: gpd.GeoDataFrame,
    *,
    name: str,
    as_layer: str | None = None,
    crs: str | None = None,
    problems: list[Problem] | None = None,
    claims: Iterable[str] = (),
    rows: list[int] | None = None,
) -> Proposal:
    """A proposal from rows of mixed layers; see `read_proposal`. `rows`: their positions in the file, from 0."""
    problems = list(problems or ())
    place = np.arange(len(frame)) if rows is None else np.asarray(rows)
    if len(frame) == 0:
        raise InputRefused([Problem(file=name, reason="it holds no feature", remedy="Draw the plot and save it.")])
    layers = _layer_names(frame, as_layer, name, problems, place)
    said = {part for text in _texts(frame, "claims") for part in text.replace("；", ";").split(";") if part.strip()}
    frames: dict[str, pd.DataFrame] = {}
    assumed: list[str] = []
    warnings: list[str] = []
    for layer_name in PROPOSABLE:
        at = np.flatnonzero(layers == layer_name)
        if len(at) == 0:
            continue
        layer = load_layers()[layer_name]
        own = _own_columns(frame.iloc[at], layer)
        own = _named(own, layer, place[at], assumed)
        if layer_name in ("hazard_source", "inventory"):
            own = _linked(own, layer_name, frames, assumed)
        try:
            incoming = read_frame(own, layer, name=name, crs=crs if _needs_crs(own) else None)
            checked = validate(incoming, layer)
        except InputRefused as refusal:
            problems += [_renumbered(p, place[at]) for p in refusal.problems]
            continue
        warnings += [*incoming.warnings, *checked.attrs.get("warnings", [])]
        checked.attrs.clear()
        frames[layer_name] = checked
        problems += [_renumbered(p, place[at]) for p in insane(layer_name, checked, file=name)]
    if not problems:
        problems += _fits_together(frames, name)
    if problems:
        raise InputRefused(sorted(problems, key=lambda p: (p.row is not None, p.row or 0)))
    if not any(isinstance(f, gpd.GeoDataFrame) for f in frames.values()):
        raise InputRefused([Problem(file=name, reason="no feature has a place", remedy="Draw the plot as well.")])
    return Proposal(
        name=name,
        frames=frames,
        claims=frozenset({*claims, *(part.strip() for part in said)}),
        assumed=tuple(dict.fromkeys(assumed)),
        warnings=tuple(warnings),
    )


def open_frame(path: str | Path, crs: str | None = None) -> tuple[gpd.GeoDataFrame, str, str]:
    """Rows of a file of proposals, the name messages give it, and its SHA-256.

    Raises
    ------
    InputRefused
        The file cannot be read, or holds geometries that cannot be.
    """
    raw = open_file(path)
    if raw.problems:
        raise InputRefused(list(raw.problems))
    return _frame(raw, crs), raw.file, raw.sha256


# --- the file -------------------------------------------------------------------------------------------------------


def _from_geojson(source: Mapping[str, Any]) -> gpd.GeoDataFrame:
    features = source.get("features", [source]) if source.get("type") != "Feature" else [source]
    try:
        properties = [dict(f.get("properties") or {}) for f in features]
        shapes = [None if f.get("geometry") is None else shapely.geometry.shape(f["geometry"]) for f in features]
    except (AttributeError, KeyError, TypeError, ValueError, shapely.errors.ShapelyError) as error:
        problem = Problem(
            file="proposal", reason=f"it is no GeoJSON ({error})", remedy="Give a Feature or a FeatureCollection."
        )
        raise InputRefused([problem]) from error
    return gpd.GeoDataFrame(pd.DataFrame(properties), geometry=shapes, crs="EPSG:4326")


def _file_claims(source: str | Path) -> list[str]:
    """Member `claims` of a GeoJSON file, as `Proposal.to_geojson` writes it."""
    path = Path(source)
    if path.suffix.lower() not in (".geojson", ".json"):
        return []
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError:
        return []
    found = content.get("claims") if isinstance(content, dict) else None
    return [str(each) for each in found] if isinstance(found, list) else []


def _frame(raw: RawFile, crs: str | None) -> gpd.GeoDataFrame:
    if raw.geometry is None:
        problem = Problem(file=raw.file, reason="it holds no geometry", remedy="Save it as GeoJSON or GeoPackage.")
        raise InputRefused([problem])
    named = None if raw.crs_is_default and crs is not None else raw.crs
    return gpd.GeoDataFrame(raw.frame, geometry=np.asarray(raw.geometry, dtype=object), crs=named)


def _needs_crs(frame: pd.DataFrame) -> bool:
    """Whether the coordinates need a CRS from outside."""
    return isinstance(frame, gpd.GeoDataFrame) and frame.crs is None


def _texts(frame: pd.DataFrame, column: str) -> list[str]:
    return [str(value) for value in frame[column] if not _empty(value)] if column in frame else []


def _layer_names(
    frame: pd.DataFrame, as_layer: str | None, name: str, problems: list[Problem], place: np.ndarray[Any, Any]
) -> np.ndarray[Any, Any]:
    """The layer of every row; rows without one are a problem."""
    given = frame["layer"] if "layer" in frame else pd.Series([None] * len(frame), dtype=object)
    out = np.full(len(frame), "", dtype=object)
    for row, value in enumerate(given):
        text = as_layer if _empty(value) else str(value).strip()
        if text in PROPOSABLE:
            out[row] = text
            continue
        what = "the feature names no layer" if text is None else f"'{text}' is no layer of a proposal"
        remedy = f"Give it the property 'layer' (or --as LAYER): one of {', '.join(PROPOSABLE)}."
        problems.append(Problem(file=name, row=int(place[row]) + 1, field="layer", reason=what, remedy=remedy))
    return out


def _own_columns(part: gpd.GeoDataFrame, layer: Layer) -> pd.DataFrame:
    """Columns that this layer's features use; a file of several layers has the columns of all of them."""
    part = part.reset_index(drop=True)
    empty = [c for c in part.columns if c != part.geometry.name and all(_empty(v) for v in part[c])]
    part = part.drop(columns=[*empty, *(c for c in OWN_PROPERTIES if c in part and c not in empty)])
    if layer.kind != "vector":
        return pd.DataFrame(part.drop(columns=part.geometry.name))
    own: pd.DataFrame = part
    return own


def _named(own: pd.DataFrame, layer: Layer, rows: np.ndarray[Any, Any], assumed: list[str]) -> pd.DataFrame:
    """Codes and names for features that have none: a plot just drawn."""
    if layer.key is None:
        return own
    out = own.copy()
    for column in ("code", "name"):
        if set(_aliases(layer, column)) & set(out.columns):
            continue
        values = list(out[column]) if column in out else [None] * len(out)
        if any(_empty(v) for v in values):
            assumed.append(f"{layer.name}.{column}")
            made = [default_name(layer) if column == "name" else f"{CODE_PREFIX}{row + 1}" for row in rows]
            out[column] = [new if _empty(v) else v for v, new in zip(values, made, strict=True)]
    return out


def geojson_geometry(shape: BaseGeometry | None) -> dict[str, Any] | None:
    """A geometry as plain JSON, coordinates bit by bit."""
    if shape is None or shape.is_empty:
        return None

    def plain(value: Any) -> Any:
        return [plain(each) for each in value] if isinstance(value, list | tuple) else value

    found = shapely.geometry.mapping(shape)
    if "geometries" in found:
        return {"type": found["type"], "geometries": [geojson_geometry(part) for part in shape.geoms]}
    return {"type": found["type"], "coordinates": plain(found["coordinates"])}


def default_name(layer: Layer) -> str:
    """Name of a feature that was only drawn."""
    return f"拟建{layer.label_zh}"


def _aliases(layer: Layer, column: str) -> tuple[str, ...]:
    return layer.column(column).aliases if any(c.name == column for c in layer.columns) else ()


def _linked(own: pd.DataFrame, name: str, frames: dict[str, pd.DataFrame], assumed: list[str]) -> pd.DataFrame:
    """The only site or source of the proposal, where a row does not say whose it is."""
    column, owner = ("site_code", "enterprise_site") if name == "hazard_source" else ("source_code", "hazard_source")
    parents = frames.get(owner)
    if parents is None or len(parents) != 1 or set(own.columns) & set(_aliases(load_layers()[name], column)):
        return own
    values = list(own[column]) if column in own else [None] * len(own)
    if not any(_empty(v) for v in values):
        return own
    assumed.append(f"{name}.{column}")
    out = own.copy()
    out[column] = [parents["code"].iloc[0] if _empty(v) else v for v in values]
    return out


def _renumbered(problem: Problem, rows: np.ndarray[Any, Any]) -> Problem:
    """Row of the file instead of the row of its layer."""
    return problem if problem.row is None else replace(problem, row=int(rows[problem.row - 1]) + 1)


def _fits_together(frames: dict[str, pd.DataFrame], name: str) -> list[Problem]:
    """Amounts that no vessel of the stated volume can hold."""
    sources, inventory = frames.get("hazard_source"), frames.get("inventory")
    return [] if sources is None or inventory is None else overfull(sources, inventory, file=name)


def _empty(value: Any) -> bool:
    if value is None or (isinstance(value, str) and not value.strip()):
        return True
    if isinstance(value, dict | list | tuple | set):
        return len(value) == 0
    return bool(pd.isna(value)) if not hasattr(value, "geom_type") else False


def _plain(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return ";".join(map(str, value))
    return value.item() if hasattr(value, "item") else value
