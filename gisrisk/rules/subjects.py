"""Layer rows as the parties of a rule: one row for each way in which a feature can act as a source or as a target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gisrisk.catalog.vocabulary import Vocabulary
from gisrisk.catalog.vocabulary import vocabulary as shipped_vocabulary
from gisrisk.rules.conditions import FALSE, TRUE, UNKNOWN, Truth, parse
from gisrisk.rules.derive import derive_sites, derive_sources, fill_from_types
from gisrisk.rules.features import Features, read_features
from gisrisk.rules.overlay import site_of_features, site_of_lines
from gisrisk.rules.places import place_in_dense_areas, place_in_province

Side = Literal["source", "target"]
SAME_SITE, OTHER_SITE = "same", "different"
SITE_BOUNDARY = "substitute:site_boundary"
_ONSITE_GRADES = ("main", "minor")


@dataclass(frozen=True, eq=False)
class Subjects:
    """Every way in which every feature can act.

    Attributes
    ----------
    frame : DataFrame
        One row per (feature, acting type), default index. Columns:
        layer, code, name; type (facility type of a source, target type of a target); side (source | target);
        type_truth (2 certain, 1 possible) and type_missing (fields that would settle it); site_code (of a line: the
        site it lies in); site_relation ("", "same": counts only for sources of the same site, "different": only for
        those of other sites); stands_in_site (site a building or a source stands in);
        geometry_index; assumed, unconfirmed, marks (tuples); recorded_at,
        position_uncertainty_m, position_source; and the vocabulary attributes that anybody has, None or NaN where
        empty. A vocabulary attribute that is no column is empty everywhere.
    geometry : ndarray of shapely geometries
        One per feature, longitude and latitude; `geometry_index` points into it and names the feature.
    """

    frame: pd.DataFrame
    geometry: NDArray[np.object_]
    vocabulary: Vocabulary
    _cache: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def sources(self) -> NDArray[np.int64]:
        """Rows that act as sources."""
        return np.flatnonzero(self.frame["side"].to_numpy() == "source")

    @cached_property
    def targets(self) -> NDArray[np.int64]:
        """Rows that act as targets."""
        return np.flatnonzero(self.frame["side"].to_numpy() == "target")

    @cached_property
    def rows_of_type(self) -> dict[tuple[str, str], NDArray[np.int64]]:
        """(side, type) -> rows."""
        grouped = self.frame.groupby(["side", "type"], sort=False).indices
        return {(str(key[0]), str(key[1])): np.sort(np.asarray(rows)) for key, rows in grouped.items()}  # type: ignore[index]

    def geometries(self, rows: NDArray[np.int64]) -> NDArray[np.object_]:
        """Geometries of rows of the frame."""
        found: NDArray[np.object_] = self.geometry[self.frame["geometry_index"].to_numpy()[rows]]
        return found

    def noted(self, what: Literal["assumed", "unconfirmed"], attributes: Iterable[str]) -> NDArray[np.bool_]:
        """Rows in which one of the attributes was assumed, or rests on an unconfirmed table."""
        if what not in self._cache:
            self._cache[what] = self._masks(what)
        masks: dict[str, NDArray[np.bool_]] = self._cache[what]
        out = np.zeros(len(self.frame), dtype=bool)
        for name in attributes:
            if name in masks:
                out |= masks[name]
        return out

    def _masks(self, what: str) -> dict[str, NDArray[np.bool_]]:
        rows: dict[str, list[int]] = {}
        for row, names in enumerate(self.frame[what]):
            for name in names:
                rows.setdefault(name, []).append(row)
        return {name: np.isin(np.arange(len(self.frame)), found) for name, found in rows.items()}

    def row(self, index: int) -> dict[str, Any]:
        """One row as a dict."""
        rows: dict[int, dict[str, Any]] = self._cache.setdefault("rows", {})
        if index not in rows:
            rows[index] = {name: cells[index] for name, cells in self._cells.items()}
        return rows[index]

    @cached_property
    def _cells(self) -> dict[str, NDArray[Any]]:
        """Columns as arrays: looking up single cells of a frame is slow."""
        return {name: self.frame[name].to_numpy() for name in self.frame.columns}


def build_subjects(
    frames: Mapping[str, pd.DataFrame],
    inventory: pd.DataFrame | None = None,
    *,
    vocabulary: Vocabulary | None = None,
) -> Subjects:
    """The parties of every rule from layer rows.

    Parameters
    ----------
    frames : mapping of layer name to GeoDataFrame
        As read from the store, EPSG:4490; layers that are absent have no rows. A frame `inventory` is used where
        `inventory` is not given.
    inventory : DataFrame, optional
        source_code, quantity_t.
    vocabulary : Vocabulary, optional
        The shipped one by default.

    Notes
    -----
    The order of the rows follows the frames, so equal input gives equal output.
    """
    v = vocabulary or shipped_vocabulary()
    builder = _Builder(v)
    if inventory is None:
        inventory = frames.get("inventory")
    sites = read_features("enterprise_site", frames.get("enterprise_site"), v, extra=("status",))
    sites.replace("site_code", sites.column("code"))
    derive_sites(sites, v)
    sources = read_features("hazard_source", frames.get("hazard_source"), v, extra=("facility_type",))
    located = site_of_features(sources.geometry, sites.geometry, sites.column("code"))
    sources.fill("site_code", np.ones(len(sources), bool), located, assumed=True)
    derive_sources(sources, sites, inventory, v)
    parks = read_features("park", frames.get("park"), v, extra=("kind",))
    targets = read_features("protected_target", frames.get("protected_target"), v, extra=("target_type",))
    fill_from_types(targets, targets.column("target_type"), v)
    targets.replace("stands_in_site", site_of_features(targets.geometry, sites.geometry, sites.column("code")))
    sources.replace("stands_in_site", sources.column("site_code"))
    dense = read_features("dense_area", frames.get("dense_area"), v)
    lines = read_features("linear_feature", frames.get("linear_feature"), v, extra=("kind",))
    _locate_lines(lines, sites, parks, v)
    areas = read_features("admin_area", frames.get("admin_area"), v, extra=("level",))
    for features in (sites, sources, parks, targets, lines):
        place_in_province(features, areas, v)
        place_in_dense_areas(features, dense)

    builder.add_typed(sources, "facility_type", "source")
    builder.stand_ins(sources, sites)
    builder.add_selected(sites, "source", facility_types=["chemical_plant"])
    builder.add_selected(parks, "source", facility_types=["chemical_park"])
    builder.add_selected(lines, "source", facility_types=["pipeline_hazardous"])
    builder.buildings(targets)
    builder.add_typed(targets, "target_type", "target")
    builder.add_selected(sources, "target", relation="")
    builder.add_all(sites, "industrial_enterprise", relation=OTHER_SITE)
    builder.add_all(dense, "dense_area")
    builder.lines(lines)
    return builder.subjects()


def _locate_lines(lines: Features, sites: Features, parks: Features, v: Vocabulary) -> None:
    """Which site each line lies in; a road of an on-site grade in a park belongs to the park."""
    share = v.derived["is_onsite"]["share_of_length"]
    site = site_of_lines(lines.geometry, sites.geometry, sites.column("code"), share)
    lines.replace("site_code", site)
    lines.fill("is_onsite", np.array([s is not None for s in site] + [True])[:-1], True)
    in_park = np.array(
        [c is not None for c in site_of_features(lines.geometry, parks.geometry, parks.column("code"))] + [True]
    )
    park_road = in_park[:-1] & np.isin(lines.column("grade").astype(str), _ONSITE_GRADES)
    lines.fill("in_park", park_road, True)
    lines.fill("is_onsite", park_road, True, assumed=True)
    lines.fill("is_onsite", np.ones(len(lines), bool), False)


class _Builder:
    """Collects rows of subjects, layer by layer."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.v = vocabulary
        self.parts: list[dict[str, NDArray[Any]]] = []
        self.geometry: list[NDArray[np.object_]] = []
        self.offsets: dict[int, int] = {}
        self.count = 0

    def subjects(self) -> Subjects:
        """All rows in one table; a column that some part lacks is empty there."""
        sizes = [len(part["geometry_index"]) for part in self.parts]
        names = list(dict.fromkeys([*_FIXED, *(name for part in self.parts for name in part)]))
        columns = {}
        for name in names:
            number = name in self.v.attributes and self.v.attributes[name].type == "number"
            fill: Any = np.nan if number or name == "position_uncertainty_m" else None
            pieces = [
                part[name] if name in part else np.full(size, fill, dtype=float if number else object)
                for part, size in zip(self.parts, sizes, strict=True)
            ]
            columns[name] = np.concatenate(pieces) if pieces else np.empty(0, dtype=object)
        geometry = np.concatenate(self.geometry) if self.geometry else np.empty(0, dtype=object)
        return Subjects(frame=pd.DataFrame(columns), geometry=geometry, vocabulary=self.v)

    def add(
        self,
        features: Features,
        rows: NDArray[np.int64],
        type_code: str | NDArray[np.object_],
        side: Side,
        *,
        truth: NDArray[np.int8] | int = TRUE,
        missing: list[tuple[str, ...]] | tuple[str, ...] = (),
        relation: str = "",
        changes: Mapping[str, Any] | None = None,
        marks: tuple[str, ...] = (),
    ) -> None:
        """Rows of a layer as one type."""
        if len(rows) == 0:
            return
        if id(features) not in self.offsets:
            self.offsets[id(features)] = self.count
            self.count += len(features)
            self.geometry.append(features.geometry)
        count = len(rows)
        part = {n: values[rows] for n, values in features.columns.items() if n not in ("status", "target_type")}
        part |= {
            "layer": _same(features.layer, count),
            "type": _same(type_code, count),
            "side": _same(side, count),
            "type_truth": np.broadcast_to(np.asarray(truth, dtype=np.int8), count),
            "type_missing": _tuples(missing if isinstance(missing, list) else [missing] * count),
            "site_relation": _same(relation, count),
            "geometry_index": self.offsets[id(features)] + rows,
            "assumed": features.assumed()[rows],
            "unconfirmed": features.unconfirmed()[rows],
            "marks": _tuples([marks] * count),
        }
        if side == "source":
            part["facility_type"] = part["type"]
        part |= {name: _same(value, count) for name, value in (changes or {}).items()}
        self.parts.append(part)

    def add_typed(self, features: Features, column: str, side: Side) -> None:
        """Rows whose own column names their type."""
        types = features.column(column)
        known = self.v.facility_types if side == "source" else self.v.target_types
        rows = np.flatnonzero([t in known and known[t].layer == features.layer for t in types])
        self.add(features, rows, types[rows], side)

    def add_all(self, features: Features, type_code: str, *, relation: str = "") -> None:
        """Every row as one target type."""
        self.add(features, np.arange(len(features)), type_code, "target", relation=relation)

    def add_selected(
        self, features: Features, side: Side, *, facility_types: list[str] | None = None, relation: str = ""
    ) -> None:
        """Rows of a layer that the types of that layer select."""
        known: Mapping[str, Any] = self.v.facility_types if side == "source" else self.v.target_types
        for code, entry in known.items():
            if entry.layer != features.layer or not entry.select or (facility_types and code not in facility_types):
                continue
            rows, truth, missing = self.selected(features, entry.select, code)
            self.add(features, rows, code, side, truth=truth, missing=missing, relation=relation)

    def selected(
        self, features: Features, select: Mapping[str, Any], code: str
    ) -> tuple[NDArray[np.int64], Truth, list[tuple[str, ...]]]:
        """Rows that are, or for lack of a field may be, of a type."""
        condition = parse(dict(select), self.v.attributes, where=f"vocabulary.yaml: {code}, select")
        table = features.frame(condition.attributes())
        if "medium" in table:
            # A medium in the owner's own words says neither that it is one of the known media nor that it is not.
            words = set((self.v.facility_types["pipeline_hazardous"].select or {})["medium"])
            known = [m if m in words else None for m in table["medium"]]
            table = table.assign(medium=pd.Series(known, index=table.index, dtype=object))
        truth = condition.evaluate(table)
        rows = np.flatnonzero(truth >= UNKNOWN)
        cells = {str(name): table[name].to_numpy() for name in table}
        missing = [
            tuple(sorted(condition.missing({name: values[row] for name, values in cells.items()})))
            if truth[row] == UNKNOWN
            else ()
            for row in rows
        ]
        return rows, truth[rows], missing

    def buildings(self, targets: Features) -> None:
        """Protected buildings as the acting side: a house too near a railway."""
        select = self.v.facility_types["building_any"].select or {}
        wanted = set(select["any_trait"])
        types = targets.column("target_type")
        is_building = {code for code, t in self.v.target_types.items() if wanted & set(t.traits)}
        self.add(targets, np.flatnonzero([t in is_building for t in types]), "building_any", "source")

    def lines(self, lines: Features) -> None:
        """Lines as targets; what lies inside a site is on-site for its own sources and off-site for all others."""
        relations = {"road_onsite": SAME_SITE}
        site_known = ~lines.empty("site_code")
        for code, entry in self.v.target_types.items():
            if entry.layer != "linear_feature" or not entry.select:
                continue
            rows, truth, missing = self.selected(lines, entry.select, code)
            if code == "railway_line":
                inside = lines.column("is_onsite")[rows] == True  # noqa: E712  (an object column: None is neither)
                for onsite, relation in ((True, SAME_SITE), (False, OTHER_SITE)):
                    self._some(lines, rows, inside, code, truth, missing, relation, {"is_onsite": onsite})
                self._some(lines, rows, ~inside, code, truth, missing, "", {})
            elif code in relations:
                own = site_known[rows] | ~(lines.column("in_park")[rows] == True)  # noqa: E712
                self._some(lines, rows, own, code, truth, missing, relations[code], {})
                self._some(lines, rows, ~own, code, truth, missing, "", {})
            else:
                self.add(lines, rows, code, "target", truth=truth, missing=missing)

    def _some(
        self,
        features: Features,
        rows: NDArray[np.int64],
        where: NDArray[np.bool_],
        code: str,
        truth: Truth,
        missing: list[tuple[str, ...]],
        relation: str,
        changes: Mapping[str, Any],
    ) -> None:
        kept = [m for m, keep in zip(missing, where, strict=True) if keep]
        self.add(
            features, rows[where], code, "target", truth=truth[where], missing=kept, relation=relation, changes=changes
        )

    def stand_ins(self, sources: Features, sites: Features) -> None:
        """A whole site in place of the parts nobody has entered; whether it has such parts is not known."""
        on_record: dict[Any, set[str]] = {}
        for site, code in zip(sources.column("site_code"), sources.column("facility_type"), strict=True):
            on_record.setdefault(site, set()).add(code)
        for code, entry in self.v.facility_types.items():
            if not entry.stands_for:
                continue
            features = sites if entry.layer == "enterprise_site" else sources
            if entry.layer == "enterprise_site":
                rows, _, _ = self.selected(features, entry.select or {}, code)
            else:
                rows = np.flatnonzero(features.column("facility_type") == code)
            site = features.column("site_code")
            bare = [r for r in rows if site[r] is None or not on_record.get(site[r], set()) & set(entry.stands_for)]
            for part in entry.stands_for:
                self.add(
                    features,
                    np.array(bare, dtype=np.int64),
                    part,
                    "source",
                    truth=UNKNOWN,
                    missing=("hazard_source",),
                    changes={k: v for k, v in self.v.facility_types[part].implies.items() if k != "site_regime"},
                    marks=(SITE_BOUNDARY,),
                )


_FIXED = (
    "layer", "code", "name", "type", "side", "type_truth", "type_missing", "site_code", "site_relation",
    "stands_in_site", "geometry_index", "assumed", "unconfirmed", "marks", "recorded_at", "position_uncertainty_m",
    "position_source",
)  # fmt: skip


def _tuples(values: list[Any]) -> NDArray[np.object_]:
    """A list of tuples as a one-dimensional array."""
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def _same(value: Any, count: int) -> NDArray[Any]:
    """One value for every row, or the array that already has one for each."""
    if isinstance(value, np.ndarray):
        return value
    return np.full(count, value, dtype=float if isinstance(value, float) else object)


def site_relation_truth(
    source_site: NDArray[Any], source_layer: NDArray[Any], target_site: NDArray[Any], relation: NDArray[Any]
) -> Truth:
    """Whether pairs fulfil the site relation their targets demand; all arguments have one entry per pair.

    Unknown where the site of a hazard source is not known. What is no part of a site (a house, a park) is always
    foreign to it; a pipeline passes through sites, so its distance to their roads and railways counts as their own.
    """
    needs_same = relation == SAME_SITE
    unknown = np.asarray(pd.isna(source_site) | pd.isna(target_site), dtype=bool)
    equal = np.asarray(source_site == target_site, dtype=bool)
    out = np.where(needs_same == equal, TRUE, FALSE)
    of_sites = np.isin(source_layer.astype(str), ("hazard_source", "enterprise_site"))
    out = np.where(unknown, np.where(of_sites, UNKNOWN, np.where(needs_same, FALSE, TRUE)), out)
    out = np.where(needs_same & (source_layer == "linear_feature"), TRUE, out)
    return np.where(relation == "", TRUE, out).astype(np.int8)
