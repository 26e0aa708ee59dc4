"""Existing violations as a list of work: what fails today, since when, what would mend it, and whose move clears most.

Every row is one (source, target, clause) that fails. The relocation ranking asks of each enterprise how many rows and
people its move would clear, and which parks have the room for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from gisrisk.analysis.separation import separation_findings
from gisrisk.chinatime import day_of
from gisrisk.geo import STORAGE_CRS, area_m2
from gisrisk.rules import RuleBook
from gisrisk.rules.subjects import build_subjects

Frames = Mapping[str, pd.DataFrame]
FramesAt = Callable[[datetime], Frames]

LEDGER_COLUMNS = [
    "row_no", "source_layer", "source_code", "source_name", "target_layer", "target_code", "target_name", "site_code",
    "document", "document_no", "clause", "rule_id", "review", "mandatory", "required_m", "measured_m", "shortfall_m",
    "people", "since", "remedy_zh", "remedy_en", "geometry",
]  # fmt: skip
RELOCATION_COLUMNS = [
    "rank", "site_code", "site_name", "rows", "places", "people", "places_without_number", "in_dense_area", "area_m2",
    "parks", "geometry",
]  # fmt: skip
MOST_STEPS_BACK = 60
CHEMICAL_PARKS = ("chemical_park", "chemical_cluster")
_KEY = ["source_layer", "source_code", "target_layer", "target_code", "document_no", "clause"]


def violation_ledger(findings: gpd.GeoDataFrame, frames: Frames) -> gpd.GeoDataFrame:
    """What fails today, the surest and farthest short first.

    Parameters
    ----------
    findings : GeoDataFrame
        Of a study, or of `separation_findings`.
    frames : mapping of layer name to DataFrame
        The rows they were found in.

    Returns
    -------
    GeoDataFrame with `LEDGER_COLUMNS`, EPSG:4490
        `site_code` is the enterprise of the source, else of the target. `since` is the first day on which the figure
        and both features in their present state stood together; `with_history` takes it further back.
    """
    failing = findings[findings["status"] == "violation"].copy()
    site_of = _sites(frames)
    rows = failing.to_dict("records")
    failing["site_code"] = [_site_of_row(row, site_of) for row in rows]
    remedies = [_remedy(row) for row in rows]
    failing["remedy_zh"], failing["remedy_en"] = [zh for zh, _ in remedies], [en for _, en in remedies]
    weight = (~(failing["mandatory"].astype(bool) & (failing["review"] == "confirmed"))).astype(int)
    order = ["_weight", "shortfall_m", *_KEY]
    failing = failing.assign(_weight=weight).sort_values(
        order, ascending=[True, False, *[True] * len(_KEY)], kind="stable"
    )
    failing = failing.reset_index(drop=True)
    failing["row_no"] = range(1, len(failing) + 1)
    out: gpd.GeoDataFrame = gpd.GeoDataFrame(failing[LEDGER_COLUMNS], geometry="geometry", crs=STORAGE_CRS)
    return out


def _sites(frames: Frames) -> dict[str, str]:
    sources = frames.get("hazard_source")
    if sources is None or len(sources) == 0:
        return {}
    pairs = zip(sources["code"], sources["site_code"], strict=True)
    return {str(code): str(site) for code, site in pairs if not pd.isna(site)}


def _site_of_row(row: Mapping[Any, Any], site_of: Mapping[str, str]) -> str | None:
    for end in ("source", "target"):
        layer, code = row[f"{end}_layer"], str(row[f"{end}_code"])
        if layer == "enterprise_site":
            return code
        if layer == "hazard_source":
            return site_of.get(code)
    return None


def _remedy(row: Mapping[Any, Any]) -> tuple[str, str]:
    """What would mend one row, by which of its ends can move or shrink."""
    short = row["shortfall_m"]
    clause = f"{row['document_no']} {row['clause']}"
    check_zh = "" if row["review"] == "confirmed" else f"先核对条款 {clause} 原文；"
    check_en = "" if row["review"] == "confirmed" else f"first check clause {clause} against the official text; "
    ways_zh, ways_en = [], []
    if row["source_layer"] in ("hazard_source", "enterprise_site"):
        ways_zh.append(f"“{row['source_name']}”后退 {short:.1f} m 或迁移入园")
        ways_en.append(f"move '{row['source_name']}' back by {short:.1f} m, or into a park")
        ways_zh.append("减小储量或改变类别，使要求的间距降低")
        ways_en.append("hold less, or a milder class, so that less distance is required")
    elif row["source_layer"] == "linear_feature":
        ways_zh.append(f"“{row['source_name']}”改线 {short:.1f} m")
        ways_en.append(f"reroute '{row['source_name']}' by {short:.1f} m")
    if row["target_layer"] == "protected_target":
        ways_zh.append(f"搬迁“{row['target_name']}”")
        ways_en.append(f"move '{row['target_name']}'")
    elif row["target_layer"] == "linear_feature":
        ways_zh.append(f"“{row['target_name']}”改线")
        ways_en.append(f"reroute '{row['target_name']}'")
    elif row["target_layer"] == "hazard_source":
        ways_zh.append(f"调整“{row['target_name']}”的布置")
        ways_en.append(f"rearrange '{row['target_name']}'")
    return check_zh + "，或".join(ways_zh), check_en + "; or ".join(ways_en)


# --- since when -------------------------------------------------------------------------------------------------------


def with_history(
    ledger: gpd.GeoDataFrame, frames: Frames, frames_at: FramesAt, book: RuleBook, *, on: date
) -> gpd.GeoDataFrame:
    """The ledger with `since` taken back through earlier revisions of both features.

    Parameters
    ----------
    ledger : GeoDataFrame
        From `violation_ledger`.
    frames : mapping
        Present rows of everything the ledger speaks of, with `recorded_at`.
    frames_at : callable
        The same rows as of an earlier moment.
    book : RuleBook
    on : date
        Day whose law is applied throughout; a row is never older than its clause.

    Notes
    -----
    One step goes back to just before the newest revision. A row that fails there too is at least as old as the
    revisions of that moment; one that does not, began with the revision stepped over. At most `MOST_STEPS_BACK` steps.
    """
    open_keys = {tuple(str(row[name]) for name in _KEY) for row in ledger.to_dict("records")}
    began: dict[tuple[str, ...], datetime] = {}
    now = _newest(frames)
    for _ in range(MOST_STEPS_BACK):
        if now is None or not open_keys:
            break
        earlier = frames_at(now - timedelta(microseconds=1))
        failing = _failing(earlier, book, on)
        for key in sorted(open_keys - failing):
            began[key] = now
        open_keys &= failing
        now = _newest(earlier)
    days = []
    for row in ledger.to_dict("records"):
        key = tuple(str(row[name]) for name in _KEY)
        rule = book.rule(row["rule_id"])
        law = max((first for first, figure in rule.distances if first <= on and figure is not None), default=rule.since)
        moment = began.get(key, now)
        days.append(law if moment is None else max(law, day_of(moment)))
    return ledger.assign(since=days)


def _newest(frames: Frames) -> datetime | None:
    stamps = [frame["recorded_at"].max() for frame in frames.values() if len(frame) and "recorded_at" in frame]
    known = [stamp for stamp in stamps if not pd.isna(stamp)]
    return pd.Timestamp(max(known)).to_pydatetime() if known else None


def _failing(frames: Frames, book: RuleBook, on: date) -> set[tuple[str, ...]]:
    if all(len(frame) == 0 for frame in frames.values()):
        return set()
    found = separation_findings(book, build_subjects(frames), on=on).findings
    failing = found[found["status"] == "violation"]
    return {tuple(str(row[name]) for name in _KEY) for row in failing.to_dict("records")}


# --- who should move --------------------------------------------------------------------------------------------------


def relocation_ranking(ledger: gpd.GeoDataFrame, frames: Frames, *, on: date) -> gpd.GeoDataFrame:
    """Enterprises by what their move would clear: people first, then rows.

    Parameters
    ----------
    ledger : GeoDataFrame
        From `violation_ledger`.
    frames : mapping of layer name to DataFrame
    on : date
        Day on which a park's approval must hold.

    Returns
    -------
    GeoDataFrame with `RELOCATION_COLUMNS`, EPSG:4490
        `people` counts each place once, over places whose number is known. `parks`: approved chemical parks with at
        least the site's area free, as "code name (free hectares)"; room is all this says, a siting check says the rest.
    """
    sites = frames.get("enterprise_site")
    if sites is None or len(sites) == 0:
        return gpd.GeoDataFrame({n: [] for n in RELOCATION_COLUMNS}, geometry="geometry", crs=STORAGE_CRS)
    site_of = _sites(frames)
    rows_of: dict[str, list[dict[Any, Any]]] = {}
    for row in ledger.to_dict("records"):
        for code in _enterprises(row, site_of):
            rows_of.setdefault(code, []).append(row)
    dense = frames.get("dense_area")
    crowded = shapely.union_all(list(dense["geometry"])) if dense is not None and len(dense) else None
    free = list(_free_areas(frames, on))
    out = []
    for site in sites.to_dict("records"):
        code = str(site["code"])
        if code not in rows_of:
            continue
        places = {
            (r["target_layer"], str(r["target_code"])): r["people"]
            for r in rows_of[code]
            if r["target_layer"] in ("protected_target", "dense_area")
        }
        known = [float(n) for n in places.values() if n is not None and not pd.isna(n)]
        size = area_m2(site["geometry"])
        inside = {p for p, _, shape, _ in free if shapely.covers(shape, site["geometry"])}
        able = [
            f"{p} {name} ({room / 1e4:.1f} ha)" for p, name, _, room in free if p not in inside and room >= size > 0
        ]
        out.append(
            {
                "site_code": code, "site_name": site["name"], "rows": len(rows_of[code]), "places": len(places),
                "people": sum(known), "places_without_number": len(places) - len(known),
                "in_dense_area": bool(crowded is not None and shapely.intersects(crowded, site["geometry"])),
                "area_m2": round(size, 1), "parks": "; ".join(able), "geometry": site["geometry"],
            }
        )  # fmt: skip
    out.sort(key=lambda r: (-r["people"], -r["rows"], -r["places_without_number"], r["site_code"]))
    ranked = [{"rank": number, **row} for number, row in enumerate(out, start=1)]
    return gpd.GeoDataFrame(pd.DataFrame(ranked, columns=RELOCATION_COLUMNS), geometry="geometry", crs=STORAGE_CRS)


def _enterprises(row: Mapping[Any, Any], site_of: Mapping[str, str]) -> set[str]:
    """Sites at either end of a row."""
    found = set()
    for end in ("source", "target"):
        layer, code = row[f"{end}_layer"], str(row[f"{end}_code"])
        site = code if layer == "enterprise_site" else site_of.get(code) if layer == "hazard_source" else None
        if site is not None:
            found.add(site)
    return found


def _free_areas(frames: Frames, on: date) -> Iterable[tuple[str, str, Any, float]]:
    """Approved chemical parks with the area no site covers [m2]; a park whose approval is not known is left out."""
    parks, sites = frames.get("park"), frames.get("enterprise_site")
    if parks is None or len(parks) == 0:
        return
    taken = shapely.union_all(list(sites["geometry"])) if sites is not None and len(sites) else shapely.Polygon()
    for park in parks.to_dict("records"):
        first, last = park.get("approved_on"), park.get("approval_expires")
        if park["kind"] not in CHEMICAL_PARKS or pd.isna(first) or pd.isna(last):
            continue
        if pd.Timestamp(first).date() <= on <= pd.Timestamp(last).date():
            room = area_m2(shapely.difference(park["geometry"], taken))
            yield str(park["code"]), str(park["name"]), park["geometry"], room
