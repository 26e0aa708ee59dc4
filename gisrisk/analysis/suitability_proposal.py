"""What is to be built, before it is known where: a type, its attributes, and the ground it takes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from gisrisk.catalog import load_layers
from gisrisk.catalog.vocabulary import Vocabulary, vocabulary
from gisrisk.errors import InputRefused, Problem
from gisrisk.exchange.attributes import attribute_values
from gisrisk.geo import STORAGE_CRS

CODE = "PROPOSAL"
"""Code of the proposal's row; a proposal that names no site stands in one of its own, of this code."""

_COLUMN_OF_TYPE = {"hazard_source": "facility_type", "protected_target": "target_type"}
_KEYS = ("type", "name", "attributes", "quantity_t", "footprint", "position_uncertainty_m")
_FOOTPRINT = ("radius_m", "half_side_m")
_NOT_ENTERED = ("code", "name", "geometry", "facility_type", "target_type", "position_source", "position_uncertainty_m")
_FAR_DEG = 0.5  # the stand-in is drawn this far beside all features, where it lies in no site and no park


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalType:
    """A use without a place.

    Attributes
    ----------
    type : str
        Facility type or target type of the vocabulary.
    name : str
    attributes : mapping
        Vocabulary attributes and columns of the layer, as they would be entered.
    quantity_t : float or None
        What an inventory would sum up to [t].
    radius_m, half_side_m : float
        The ground taken: a disc, or a square with sides to the north and east, about the point whose place is sought;
        at most one is given, neither means a point whose size only the attributes tell [m].
    position_uncertainty_m : float or None
        How exactly it will be set out [m]; None takes the setting, as for every feature.
    """

    type: str
    name: str = CODE
    attributes: Mapping[str, Any] = field(default_factory=dict)
    quantity_t: float | None = None
    radius_m: float = 0.0
    half_side_m: float = 0.0
    position_uncertainty_m: float | None = None

    @property
    def layer(self) -> str:
        """Layer its row belongs to."""
        return _layer_of(self.type, vocabulary()) or ""


def read_proposal(path: Path) -> ProposalType:
    """A proposal from a JSON file.

    Raises
    ------
    InputRefused
        With everything that is wrong with it.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise _refused(path.name, None, f"it cannot be read ({error.strerror})", "Check the path.") from error
    except ValueError as error:
        raise _refused(
            path.name, None, f"it is not JSON ({error})", "See docs/suitability.md for an example."
        ) from error
    if not isinstance(content, dict):
        raise _refused(path.name, None, "it holds no JSON object", "See docs/suitability.md for an example.")
    return proposal_from(content, file=path.name)


def proposal_from(content: Mapping[str, Any], *, file: str = "proposal") -> ProposalType:
    """A proposal from its JSON object: type, and optionally name, attributes, quantity_t, footprint and uncertainty.

    Raises
    ------
    InputRefused
        With everything that is wrong with it.
    """
    found = _Reading(file)
    known = vocabulary()
    for key in sorted(set(content) - set(_KEYS)):
        found.add(key, "there is no such field", f"Use {', '.join(_KEYS)}.")
    code = content.get("type")
    layer = _layer_of(code, known) if isinstance(code, str) else None
    if layer is None:
        found.add("type", f"'{code}' is no type that can be sited", f"Use one of: {', '.join(siteable_types(known))}.")
    footprint = content.get("footprint") or {}
    if not isinstance(footprint, dict) or set(footprint) - set(_FOOTPRINT) or len(footprint) > 1:
        found.add("footprint", "it is not one of radius_m and half_side_m", 'Write {"radius_m": 20} or leave it out.')
        footprint = {}
    attributes = content.get("attributes") or {}
    if not isinstance(attributes, dict):
        found.add("attributes", "they are no JSON object", 'Write {"name": value, ...}.')
        attributes = {}
    proposal = ProposalType(
        type=str(code),
        name=str(content.get("name") or CODE),
        attributes=_attributes(attributes, layer, known, found),
        quantity_t=found.metres(content, "quantity_t"),
        radius_m=found.metres(footprint, "radius_m") or 0.0,
        half_side_m=found.metres(footprint, "half_side_m") or 0.0,
        position_uncertainty_m=found.metres(content, "position_uncertainty_m"),
    )
    if found.problems:
        raise InputRefused(found.problems)
    return proposal


def siteable_types(known: Vocabulary) -> list[str]:
    """Types that take a place of their own: what is a line, or an aspect of another feature, is not among them."""
    return sorted(code for code in (*known.facility_types, *known.target_types) if _layer_of(code, known))


def with_proposal(frames: Mapping[str, pd.DataFrame], proposal: ProposalType) -> dict[str, pd.DataFrame]:
    """The layers with the proposal as one more row, drawn beside everything else.

    Its place means nothing; its kind of geometry does, because a point on record is measured otherwise than an area.
    """
    layer = proposal.layer
    row: dict[str, Any] = {"code": CODE, "name": proposal.name, "position_source": "design_drawing"}
    if layer in _COLUMN_OF_TYPE:
        row[_COLUMN_OF_TYPE[layer]] = proposal.type
    if layer == "park":
        row["kind"] = "chemical_park"
    if layer == "hazard_source":
        row["site_code"] = CODE
    columns = {name for name in proposal.attributes if name not in vocabulary().attributes}
    row |= {name: proposal.attributes[name] for name in columns}
    row["attributes"] = {name: value for name, value in proposal.attributes.items() if name not in columns}
    row["position_uncertainty_m"] = (
        float("nan") if proposal.position_uncertainty_m is None else proposal.position_uncertainty_m
    )
    row["geometry"] = _aside(frames, is_area=proposal.radius_m > 0 or proposal.half_side_m > 0)
    out = dict(frames)
    frame = frames.get(layer)
    alone = gpd.GeoDataFrame([row], geometry="geometry", crs=STORAGE_CRS)
    out[layer] = alone if frame is None or len(frame) == 0 else _appended(frame, row)
    if proposal.quantity_t is not None:
        more = pd.DataFrame({"source_code": [CODE], "quantity_t": [proposal.quantity_t]})
        rows = frames.get("inventory")
        out["inventory"] = more if rows is None or len(rows) == 0 else pd.concat([rows, more], ignore_index=True)
    return out


def _appended(frame: pd.DataFrame, row: Mapping[str, Any]) -> gpd.GeoDataFrame:
    """A layer with one row more; columns it lacks are empty for the others."""
    columns = {}
    for name in [*frame.columns, *(key for key in row if key not in frame.columns)]:
        values: list[Any] = list(frame[name]) if name in frame else [None] * len(frame)
        columns[name] = pd.Series([*values, row.get(name)], dtype=object)
    for name in ("recorded_at", "position_uncertainty_m"):
        if name in columns:
            convert = pd.to_datetime if name == "recorded_at" else pd.to_numeric
            columns[name] = convert(columns[name])
    return gpd.GeoDataFrame(columns, geometry="geometry", crs=STORAGE_CRS)


def _aside(frames: Mapping[str, pd.DataFrame], *, is_area: bool) -> Any:
    bounds = [frame.geometry.total_bounds for frame in frames.values() if hasattr(frame, "geometry") and len(frame)]
    east = max((float(b[2]) for b in bounds), default=105.0)
    south = min((float(b[1]) for b in bounds), default=30.0)
    lon, lat = min(east + _FAR_DEG, 179.9), max(south - _FAR_DEG, -89.9)
    return shapely.box(lon, lat, lon + 1e-4, lat + 1e-4) if is_area else shapely.Point(lon, lat)


def _layer_of(code: str, known: Vocabulary) -> str | None:
    """Layer in which a row of its own makes a feature of the type."""
    if code in known.facility_types:
        layer = known.facility_types[code].layer
        return layer if layer in ("hazard_source", "enterprise_site", "park") else None
    if code in known.target_types:
        layer = known.target_types[code].layer
        return layer if layer in ("protected_target", "dense_area", "enterprise_site") else None
    return None


def _attributes(given: Mapping[str, Any], layer: str | None, known: Vocabulary, found: _Reading) -> dict[str, Any]:
    """Attributes by name and kind, as an import would take them."""
    out: dict[str, Any] = {}
    columns = {} if layer is None else {c.name: c for c in load_layers()[layer].columns if c.name not in _NOT_ENTERED}
    for name, value in given.items():
        if value is None:
            continue
        if name in known.attributes and known.attributes[name].can_be_entered:
            text = ";".join(map(str, value)) if isinstance(value, list) else value
            converted, faults = attribute_values(pd.Series([text], dtype=object), known.attributes[name])
            for fault in faults:
                found.add(f"attributes.{name}", fault.reason, fault.remedy)
            if converted[0] is not None:
                out[name] = converted[0]
        elif name in columns and isinstance(value, str | int | float):
            out[name] = value
        elif layer is not None:
            found.add(f"attributes.{name}", f"'{name}' can be no attribute of a proposal", "See docs/layers.md.")
    return out


class _Reading:
    """Problems of one file, gathered."""

    def __init__(self, file: str) -> None:
        self.file, self.problems = file, list[Problem]()

    def add(self, name: str, reason: str, remedy: str) -> None:
        self.problems.append(Problem(file=self.file, field=name, reason=reason, remedy=remedy))

    def metres(self, content: Mapping[str, Any], name: str) -> float | None:
        """A number that is not negative, None where there is none."""
        value = content.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
            self.add(name, f"{value!r} is not a number from 0 on", "Give a plain number.")
            return None
        return float(value)


def _refused(file: str, name: str | None, reason: str, remedy: str) -> InputRefused:
    return InputRefused([Problem(file=file, field=name, reason=reason, remedy=remedy)])
