"""A small world of one source and some targets, in frames as the store gives them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gisrisk.catalog import load_layers
from gisrisk.rules import RuleBook
from gisrisk.rules.conditions import FALSE
from gisrisk.rules.matching import match
from gisrisk.rules.row_match import Matches, RowMatch
from gisrisk.rules.subjects import Subjects, build_subjects

HERE = (115.0, 29.0)
SITE = shapely.box(114.99, 28.99, 115.01, 29.01)
SOURCE_SHAPE = shapely.box(114.9995, 28.9995, 115.0005, 29.0005)
INSIDE, OUTSIDE = (115.003, 29.0), (115.02, 29.0)


@dataclass(frozen=True)
class Said:
    """What a rule says about the pair."""

    truth: int
    required_m: float
    low_m: float
    high_m: float
    provisional: bool
    missing: tuple[str, ...]
    assumed: tuple[str, ...]
    because: tuple[str, ...]


def shape(kinds: tuple[str, ...], place: tuple[float, float]) -> Any:
    """A geometry of the first kind the type accepts, about 100 m large."""
    lon, lat = place
    if kinds[0] == "LineString":
        return shapely.LineString([(lon, lat - 0.002), (lon, lat + 0.002)])
    if kinds[0] == "Point":
        return shapely.Point(lon, lat)
    return shapely.box(lon - 0.0005, lat - 0.0005, lon + 0.0005, lat + 0.0005)


def layer_row(layer: str, code: str, given: dict[str, Any], geometry: Any) -> dict[str, Any]:
    """One row of a layer: contract columns as columns, other attributes in `attributes`."""
    columns = {c.name for c in load_layers()[layer].columns}
    row: dict[str, Any] = {"code": code, "name": code, "geometry": geometry, "attributes": {}}
    for name, value in given.items():
        if name in columns:
            row[name] = value
        else:
            row["attributes"][name] = value
    return row


def add_target(
    rows: dict[str, list[dict[str, Any]]],
    tables: dict[str, pd.DataFrame],
    target: dict[str, Any],
    code: str,
    number: int,
    book: RuleBook,
) -> None:
    """One target as a scenario writes it; every target stands at its own place."""
    kind = target.pop("type")
    lon, lat = INSIDE if target.pop("inside", False) else OUTSIDE
    place = (lon + (0.0005 if lon < SITE.bounds[2] else 0.01) * number, lat)
    aim = book.vocabulary.target_types[kind]
    if aim.layer == "protected_target":
        target["target_type"] = kind
    elif aim.layer == "linear_feature":
        chosen = {k: w for k, w in (aim.select or {}).items() if k in ("kind", "position", "medium")}
        chosen["medium"] = chosen["medium"][0] if "medium" in chosen else None
        target = {**{k: w for k, w in chosen.items() if w is not None}, **target}
    if "quantity_t" in target:
        more = pd.DataFrame({"source_code": code, "quantity_t": [target.pop("quantity_t")]})
        tables["inventory"] = pd.concat([tables.get("inventory", more[:0]), more], ignore_index=True)
    rows.setdefault(aim.layer, []).append(layer_row(aim.layer, code, target, shape(aim.geometry, place)))


def frames(source: dict[str, Any], targets: list[dict[str, Any]], book: RuleBook) -> dict[str, pd.DataFrame]:
    """Layer frames for a source and its targets as a scenario writes them."""
    v = book.vocabulary
    rows: dict[str, list[dict[str, Any]]] = {}
    tables: dict[str, pd.DataFrame] = {}
    source = dict(source)
    site = {"status": "planned", **source.pop("site", {})}
    rows["enterprise_site"] = [layer_row("enterprise_site", "SITE", site, SITE)]
    kind = source.pop("type")
    entry = v.facility_types[kind]
    if "quantity_t" in source:
        given = source.pop("quantity_t")
        amounts = given if isinstance(given, list) else [given]
        tables["inventory"] = pd.DataFrame({"source_code": "SRC", "quantity_t": amounts})
    for number, more in enumerate(source.pop("beside", [])):
        more = dict(more)
        other = v.facility_types[more["type"]]
        more["facility_type"] = more.pop("type")
        place = (HERE[0] - 0.002, HERE[1] - 0.002)
        rows.setdefault("hazard_source", []).append(
            layer_row("hazard_source", f"BESIDE{number}", {"site_code": "SITE", **more}, shape(other.geometry, place))
        )
    if entry.layer == "hazard_source":
        row = layer_row("hazard_source", "SRC", {"facility_type": kind, "site_code": "SITE", **source}, None)
        row["geometry"] = shapely.Point(HERE) if entry.geometry == ("Point",) else SOURCE_SHAPE
        rows.setdefault("hazard_source", []).append(row)
    elif entry.layer == "enterprise_site":
        rows["enterprise_site"] = [layer_row("enterprise_site", "SRC", {"status": "planned", **source}, SITE)]
    elif entry.layer == "park":
        rows["park"] = [layer_row("park", "SRC", source, SITE)]
    elif entry.layer == "linear_feature":
        given = {"kind": "pipeline", **source}
        rows["linear_feature"] = [layer_row("linear_feature", "SRC", given, shape(("LineString",), HERE))]
    else:
        rows["protected_target"] = [layer_row("protected_target", "SRC", source, SOURCE_SHAPE)]

    for number, target in enumerate(targets):
        add_target(rows, tables, dict(target), f"TGT{number}", number, book)
    for layer, listed in rows.items():
        tables[layer] = gpd.GeoDataFrame(pd.DataFrame(listed), geometry="geometry", crs="EPSG:4490")
    return tables


def run(source: dict[str, Any], targets: list[dict[str, Any]], book: RuleBook, on: date) -> tuple[Subjects, Matches]:
    subjects = build_subjects(frames(source, targets, book), vocabulary=book.vocabulary)
    return subjects, match(book, subjects, on)


def says(source: dict[str, Any], targets: list[dict[str, Any]], book: RuleBook, on: date) -> list[dict[str, Said]]:
    """What every rule says about SRC and each target; rules that do not hold are left out."""
    subjects, matches = run(source, targets, book, on)
    codes = subjects.frame["code"].to_numpy(dtype=object)
    out: list[dict[str, Said]] = [{} for _ in targets]
    for found in matches:
        i = np.flatnonzero(codes[found.source_index] == "SRC")
        for number, said in enumerate(out):
            j = np.flatnonzero(codes[found.target_index] == f"TGT{number}")
            if len(i) and len(j):
                one = about(found, i, j)
                if one is not None:
                    said[found.rule.id] = one
    return out


def about(found: RowMatch, i: NDArray[np.int64], j: NDArray[np.int64]) -> Said | None:
    """What one rule says about one source and one target, over all ways in which they can act."""
    ii, jj = (a.ravel() for a in np.meshgrid(i, j, indexing="ij"))
    pairs = found.pairs(ii, jj)
    best = int(np.argmax(pairs.truth))
    if pairs.truth[best] == FALSE:
        return None
    s, t = int(found.source_index[ii[best]]), int(found.target_index[jj[best]])
    return Said(
        truth=int(pairs.truth[best]),
        required_m=float(pairs.required_m[best]),
        low_m=float(pairs.low_m[best]),
        high_m=float(pairs.high_m[best]),
        provisional=bool(pairs.provisional[best]),
        missing=found.missing_fields(s, t),
        assumed=found.assumed_fields(s, t),
        because=found.provisional_because(s, t),
    )
