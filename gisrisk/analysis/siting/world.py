"""The world with a proposal in it: existing rows, the proposed ones beside them or in their place, and what is touched.

A proposed row with the code of an existing one changes that one: cells it leaves empty keep what is on record. Its
neighbours in the same site are touched too, because volumes, capacities and regimes are taken over a whole site.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from gisrisk.analysis.siting.proposal import Key, Proposal, default_name
from gisrisk.catalog import load_layers
from gisrisk.errors import InputRefused, Problem
from gisrisk.geo import STORAGE_CRS

Frames = Mapping[str, pd.DataFrame]

NEW_STAGE, CHANGED_STAGE = "new", "expanded"
"""Stage taken where the proposal states none: a new code is new; a change counts as the stricter of its kinds."""


@dataclass(frozen=True, slots=True)
class World:
    """Existing rows with and without the proposal.

    Attributes
    ----------
    before, after : dict of str to DataFrame
        Rows by layer, EPSG:4490.
    proposed : frozenset of (layer, code)
        What the proposal adds or really changes; a row equal to the one on record is neither.
    changed : frozenset of (layer, code)
        Those of them that exist.
    touched : frozenset of (layer, code)
        `proposed` and every source of a site that it adds to, alters or encloses.
    place : shapely geometry
        Where a pair must have an end to be of interest: everything touched, as it was and as it will be.
    assumed : tuple of str
    """

    before: dict[str, pd.DataFrame]
    after: dict[str, pd.DataFrame]
    proposed: frozenset[Key]
    changed: frozenset[Key]
    touched: frozenset[Key]
    place: BaseGeometry
    assumed: tuple[str, ...]

    @property
    def alters_existing(self) -> bool:
        """Whether anything on record may be judged otherwise with the proposal than without."""
        return bool(self.changed) or self.touched != self.proposed


def with_proposal(existing: Frames, proposal: Proposal) -> World:
    """Put a proposal into existing rows.

    Raises
    ------
    InputRefused
        A row refers to a site, source or park that is neither proposed nor on record.
    """
    before = {name: frame for name, frame in existing.items()}
    after = dict(before)
    proposed: set[Key] = set()
    changed: set[Key] = set()
    assumed = list(proposal.assumed)
    for name, frame in proposal.frames.items():
        merged, new, altered, noted = _merged(name, existing.get(name), frame)
        after[name] = merged
        proposed |= {(name, code) for code in new | altered}
        changed |= {(name, code) for code in altered}
        assumed += noted
    _check_references(after, proposal)
    stocked = _sources_of_inventory(existing, proposal)
    proposed |= stocked
    changed |= stocked & {("hazard_source", str(c)) for c in _codes(existing, "hazard_source")}
    touched = proposed | _site_mates(before, after, proposed)
    shapes = [shape for frames in (before, after) for shape in _shapes(frames, touched)]
    return World(
        before=before,
        after=after,
        proposed=frozenset(proposed),
        changed=frozenset(changed),
        touched=frozenset(touched),
        place=shapely.union_all(shapes),
        assumed=tuple(dict.fromkeys(assumed)),
    )


def without(existing: Frames, key: Key) -> dict[str, pd.DataFrame]:
    """Existing rows without one feature, and, for a site, without its sources and what they hold."""
    layer, code = key
    out = dict(existing)
    gone = {code} if layer == "hazard_source" else set[str]()
    out[layer] = _kept(existing[layer], existing[layer]["code"] != code)
    if layer == "enterprise_site":
        mine = existing["hazard_source"]["site_code"] == code
        gone = set(existing["hazard_source"]["code"][mine])
        out["hazard_source"] = _kept(existing["hazard_source"], ~mine)
    if gone and "inventory" in existing:
        out["inventory"] = _kept(existing["inventory"], ~existing["inventory"]["source_code"].isin(gone))
    return out


def _kept(frame: pd.DataFrame, mask: Any) -> pd.DataFrame:
    kept: pd.DataFrame = frame[mask].reset_index(drop=True)
    return kept


# --- one layer ------------------------------------------------------------------------------------------------------


def _merged(
    name: str, existing: pd.DataFrame | None, proposed: pd.DataFrame
) -> tuple[pd.DataFrame, set[str], set[str], list[str]]:
    """Rows of a layer with the proposed ones; codes that are new, codes that change, and what was assumed."""
    layer = load_layers()[name]
    identity = list(layer.identity)
    given = [(_identity(row, identity), row) for row in _records(proposed)]
    kept, old = _split(existing, identity, {key for key, _ in given})
    new, altered, assumed = set[str](), set[str](), list[str]()
    staged = any(column.name == "project_stage" for column in layer.columns)
    rows = []
    for key, stated in given:
        on_record = old.get(key)
        if on_record is not None and stated.get("name") == default_name(layer):
            stated = stated | {"name": None}
        row = stated if on_record is None else _over(on_record, stated)
        if on_record is not None and _same(on_record, row):
            rows.append(on_record)
            continue
        (new if on_record is None else altered).add(key[0])
        if staged and stated.get("project_stage") is None:
            row = row | {"project_stage": NEW_STAGE if on_record is None else CHANGED_STAGE}
            assumed.append(f"{name}.project_stage")
        rows.append(row | {"recorded_at": pd.NaT})
    if layer.key is None:
        new, altered = set(), set()  # an inventory row has no place of its own; see _sources_of_inventory
    return _frame(kept, rows, proposed, layer.kind == "vector"), new, altered, assumed


def _split(
    existing: pd.DataFrame | None, identity: list[str], wanted: set[tuple[str, ...]]
) -> tuple[pd.DataFrame | None, dict[tuple[str, ...], dict[str, Any]]]:
    """Existing rows that stay as they are, and the wanted ones by identity."""
    if existing is None or len(existing) == 0:
        return None, {}
    first = existing[identity[0]].astype(str).isin({key[0] for key in wanted})
    near = _records(existing[first])
    hit = [_identity(row, identity) in wanted for row in near]
    mask = first.to_numpy().copy()
    mask[np.flatnonzero(mask)] = hit
    return existing[~mask], {_identity(row, identity): row for row, is_hit in zip(near, hit, strict=True) if is_hit}


def _records(frame: pd.DataFrame | None) -> list[dict[str, Any]]:
    if frame is None or len(frame) == 0:
        return []
    names = [str(name) for name in frame.columns]
    columns = [[None if _missing(v) else v for v in frame[name].astype(object)] for name in frame.columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _missing(value: Any) -> bool:
    return value is None or (not isinstance(value, dict | list | BaseGeometry) and bool(pd.isna(value)))


def _identity(row: dict[str, Any], identity: list[str]) -> tuple[str, ...]:
    return tuple("" if row.get(part) is None else str(row[part]) for part in identity)


def _over(on_record: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    """The row on record with what the proposal states."""
    out = {**on_record, **{name: value for name, value in row.items() if value is not None}}
    if "attributes" in out:
        out["attributes"] = {**(on_record.get("attributes") or {}), **(row.get("attributes") or {})}
    return out


def _same(a: dict[str, Any], b: dict[str, Any]) -> bool:
    for name in {*a, *b} - {"geometry"}:
        if a.get(name) != b.get(name):
            return False
    one, other = a.get("geometry"), b.get("geometry")
    return one is other or (one is not None and other is not None and bool(shapely.equals_exact(one, other, 0.0)))


def _frame(kept: pd.DataFrame | None, rows: list[dict[str, Any]], proposed: pd.DataFrame, vector: bool) -> pd.DataFrame:
    """Kept rows, then the proposed ones, column by column in the type of the first that has it."""
    sources = [frame for frame in (kept, proposed) if frame is not None]
    names = dict.fromkeys([*(str(name) for frame in sources for name in frame.columns), "recorded_at"])
    columns: dict[str, Any] = {}
    for name in names:
        old = [None] * (0 if kept is None else len(kept)) if kept is None or name not in kept else list(kept[name])
        column = pd.Series([*old, *(row.get(name) for row in rows)], dtype=object)
        if name == "recorded_at":
            columns[name] = pd.to_datetime(column, utc=True)
        elif name == "geometry":
            columns[name] = column
        else:
            kind = next((frame[name].dtype for frame in sources if name in frame), np.dtype(object))
            columns[name] = column if kind.kind == "O" else column.astype(kind)
    if not vector:
        return pd.DataFrame(columns)
    shapes = columns.pop("geometry")
    located: pd.DataFrame = gpd.GeoDataFrame(columns, geometry=shapes.to_numpy(), crs=STORAGE_CRS)
    return located


# --- what belongs together ------------------------------------------------------------------------------------------


def _codes(frames: Frames, name: str) -> set[str]:
    frame = frames.get(name)
    return set() if frame is None or len(frame) == 0 else {str(code) for code in frame["code"]}


def _sources_of_inventory(existing: Frames, proposal: Proposal) -> set[Key]:
    """Existing sources whose stock the proposal changes."""
    rows, held = proposal.frames.get("inventory"), _records(existing.get("inventory"))
    if rows is None:
        return set()
    identity = list(load_layers()["inventory"].identity)
    old = {_identity(row, identity): row for row in held}
    found = set()
    for row in _records(rows):
        on_record = old.get(_identity(row, identity))
        if on_record is None or not _same(on_record, _over(on_record, row)):
            found.add(("hazard_source", str(row["source_code"])))
    return found


def _site_mates(before: Frames, after: Frames, proposed: set[Key]) -> set[Key]:
    """Sources of sites the proposal adds to or alters, and sources without a site that a proposed site encloses."""
    sites = {code for layer, code in proposed if layer == "enterprise_site"}
    mates: set[Key] = set()
    for frames in (before, after):
        sources = frames.get("hazard_source")
        if sources is None or len(sources) == 0:
            continue
        codes = sources["code"].astype(str)
        mine = codes.isin({code for layer, code in proposed if layer == "hazard_source"})
        sites |= {str(s) for s in sources["site_code"][mine] if not _missing(s)}
    for frames in (before, after):
        sources = frames.get("hazard_source")
        if sources is None or len(sources) == 0:
            continue
        inside = sources["site_code"].isin(sites)
        shapes = [s for key in sites for s in _shapes(after, {("enterprise_site", key)})]
        if shapes:
            loose = sources["site_code"].isna().to_numpy()
            touching = shapely.intersects(shapely.union_all(shapes), sources["geometry"].to_numpy())
            inside = inside | (loose & touching)
        mates |= {("hazard_source", str(code)) for code in sources["code"][inside]}
    return mates


def _shapes(frames: Frames, keys: set[Key] | frozenset[Key]) -> list[BaseGeometry]:
    found: list[BaseGeometry] = []
    for layer in {layer for layer, _ in keys}:
        frame = frames.get(layer)
        if frame is not None and len(frame) and "geometry" in frame:
            wanted = {code for other, code in keys if other == layer}
            found += list(frame["geometry"][frame["code"].astype(str).isin(wanted)])
    return found


def _check_references(after: Frames, proposal: Proposal) -> None:
    problems = []
    for name, frame in proposal.frames.items():
        for column in load_layers()[name].columns:
            if column.references is None or column.name not in frame:
                continue
            owner, _ = column.references.split(".")
            known = _codes(after, owner)
            problems += [
                Problem(
                    file=proposal.name,
                    field=column.name,
                    reason=f"there is no {owner} '{value}', neither in the proposal nor near it on record",
                    remedy="Correct the code, or add the feature to the proposal.",
                )
                for value in dict.fromkeys(frame[column.name])
                if not _missing(value) and str(value) not in known
            ]
    if problems:
        raise InputRefused(problems)
