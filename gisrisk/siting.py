"""May this stand here? A proposal in, a verdict that can be filed out: `check_site`.

proposal -> rows within reach as of a moment -> both directions, clauses of place -> charged with what gets worse
  -> veto | undetermined | conditional | clear, with reasons, what is missing, and what would pass instead
  -> frozen, numbered, stored
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeAlias

import geopandas as gpd
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from gisrisk._version import code_version
from gisrisk.analysis.siting.alternatives import removals, smaller
from gisrisk.analysis.siting.assessing import Assessment, Law, assess
from gisrisk.analysis.siting.placing import Search, nearest_place
from gisrisk.analysis.siting.proposal import Proposal, geojson_geometry, read_proposal
from gisrisk.analysis.siting.reach import Reach, reach_of
from gisrisk.analysis.siting.verdict import WORDS_EN, WORDS_ZH, Effect, affected, missing_fields
from gisrisk.analysis.siting.world import Frames
from gisrisk.chinatime import today
from gisrisk.geo import buffer_m
from gisrisk.rules import RuleBook, load_rules
from gisrisk.rules.predicates import Predicate, load_predicates
from gisrisk.siting_inputs import Surroundings, gaps, read_surroundings
from gisrisk.store import Store, open_store
from gisrisk.store.query import moment as moment_of
from gisrisk.study_inputs import frame_digest

ProposalSource: TypeAlias = "str | Path | gpd.GeoDataFrame | Mapping[str, Any] | Proposal"
Progress = Callable[[str, int, int], None]

SEARCH_RADIUS_M = 2000.0
"""How far around the plot another place is looked for, parks apart [m]."""
MOST_PARKS = 3
LINES_DO_NOT_MOVE = "linear_feature"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer to one proposal, with its inputs frozen.

    Attributes
    ----------
    reference : str
        Number under which it is filed; the same for the same question about the same data, rules and code.
    verdict : str
        veto, undetermined, conditional or clear.
    reasons : GeoDataFrame
        Findings charged to the proposal, the heaviest first: columns of a distance finding, `overlap_m2`, `effect`,
        `condition_zh`, `condition_en`; geometry is the shortest line (EPSG:4490).
    existing : GeoDataFrame
        Findings of the same features that stood before and get no worse; they do not count.
    affected : dict
        people, places, places_without_number, sensitive_places.
    missing : list of dict
        field, label_zh, label_en, findings, could_change_verdict.
    alternatives : list of dict
        What would pass instead, by kind: smaller, class, place, removal; each with `zh` and `en` and its verdict.
    not_evaluated : list of dict
        Clauses in force that were not evaluated, with the reason.
    """

    reference: str
    name: str
    verdict: str
    on: date
    as_of: datetime | None
    rule_set: str
    code_version: str
    input_sha256: str
    synthetic: bool
    proposal: Proposal = field(repr=False)
    reasons: gpd.GeoDataFrame = field(repr=False)
    existing: gpd.GeoDataFrame = field(repr=False)
    affected: dict[str, Any]
    missing: list[dict[str, Any]]
    alternatives: list[dict[str, Any]]
    not_evaluated: list[dict[str, str]] = field(repr=False)
    assumed: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def verdict_zh(self) -> str:
        """The verdict in Chinese."""
        return WORDS_ZH[self.verdict]

    def to_json(self) -> dict[str, Any]:
        """The JSON of the contract; every value is plain."""
        conditions = self.reasons[self.reasons["effect"] == "conditional"] if len(self.reasons) else self.reasons
        out: dict[str, Any] = {
            "reference": self.reference,
            "study_id": self.reference,
            "name": self.name,
            "verdict": self.verdict,
            "verdict_zh": self.verdict_zh,
            "verdict_en": WORDS_EN[self.verdict],
            "on": self.on.isoformat(),
            "as_of": None if self.as_of is None else self.as_of.isoformat(),
            "rule_set": self.rule_set,
            "code_version": self.code_version,
            "input_sha256": self.input_sha256,
            "synthetic": self.synthetic,
            "reasons": _plain_findings(self.reasons, self.reference),
            "conditions": [
                {"zh": zh, "en": en}
                for zh, en in dict.fromkeys(zip(conditions["condition_zh"], conditions["condition_en"], strict=True))
            ],
            "existing": _plain_findings(self.existing, self.reference),
            "affected": self.affected,
            "missing": self.missing,
            "alternatives": self.alternatives,
            "not_evaluated": self.not_evaluated,
            "assumed": list(self.assumed),
            "warnings": list(self.warnings),
            "proposal": self.proposal.to_geojson(),
        }
        return out


def check_site(
    proposal: ProposalSource,
    *,
    store: Store | None = None,
    on: date | str | None = None,
    as_of: datetime | str | None = None,
    rules: RuleBook | None = None,
    predicates: tuple[Predicate, ...] | None = None,
    alternatives: bool = True,
    save: bool = True,
    as_layer: str | None = None,
    crs: str | None = None,
    progress: Progress | None = None,
) -> Verdict:
    """Judge a proposed site against everything around it.

    Parameters
    ----------
    proposal : path, GeoDataFrame, GeoJSON dict or Proposal
        See `gisrisk.analysis.siting.proposal.read_proposal`.
    store : Store
        The private cluster, or the server of GISRISK_DATABASE_URL, by default.
    on : date or ISO text
        Day whose law applies; today in China by default.
    as_of : datetime or ISO text
        Moment whose data apply; by default the newest batch in the store.
    alternatives : bool
        Look for what would pass instead, unless the verdict is clear. This takes longer than the verdict itself.
    save : bool
        File the verdict in the store under its reference number.
    as_layer, crs
        As in `read_proposal`.

    Raises
    ------
    InputRefused
        The proposal is not fit to be judged; nothing was stored.
    """
    asked = read_proposal(proposal, as_layer=as_layer, crs=crs)
    own_store = store if store is not None else open_store()
    desk = Desk(own_store, on=on, as_of=as_of, rules=rules, predicates=predicates)
    verdict = desk.judge(asked, alternatives=alternatives, progress=progress)
    if save:
        own_store.save_verdict(verdict_row(verdict))
    return verdict


class Desk:
    """One moment, one day and one state of the law, at which any number of proposals are judged.

    Attributes
    ----------
    on : date
    as_of : datetime or None
    law : Law
    """

    def __init__(
        self,
        store: Store,
        *,
        on: date | str | None = None,
        as_of: datetime | str | None = None,
        rules: RuleBook | None = None,
        predicates: tuple[Predicate, ...] | None = None,
    ) -> None:
        self.store = store
        self.on = date.fromisoformat(on) if isinstance(on, str) else on or today()
        self.as_of = store.last_recorded_at() if as_of is None else moment_of(as_of)
        self.law = Law(
            rules if rules is not None else load_rules(),
            predicates if predicates is not None else load_predicates(),
            self.on,
        )

    def judge(self, proposal: Proposal, *, alternatives: bool = True, progress: Progress | None = None) -> Verdict:
        """The verdict on one proposal; nothing is stored."""
        report = progress or (lambda step, done, total: None)
        report("读取周边", 0, 3)
        found, lacking = self._around(proposal)
        report("判定", 1, 3)
        result = assess(proposal, found.frames, self.law, gaps=lacking)
        instead: list[dict[str, Any]] = []
        if alternatives and result.effect is not Effect.CLEAR and len(result.charged):
            report("寻找替代方案", 2, 3)
            instead = self._instead(proposal, result, found)
        digest = self._digest(proposal, found)
        return Verdict(
            reference=f"X{self.on:%Y%m%d}-{digest[:10]}",
            name=proposal.name,
            verdict=result.effect.word,
            on=self.on,
            as_of=self.as_of,
            rule_set=self.law.book.version,
            code_version=code_version(),
            input_sha256=digest,
            synthetic=_synthetic(found.frames),
            proposal=proposal,
            reasons=result.charged,
            existing=result.existing,
            affected=affected(result.charged, result.world.proposed, result.world.after["protected_target"]),
            missing=missing_fields(result.charged, result.gaps, result.effect),
            alternatives=instead,
            not_evaluated=result.not_evaluated,
            assumed=result.world.assumed,
            warnings=tuple(dict.fromkeys([*proposal.warnings, *self._notes(proposal, found)])),
        )

    def assess(self, proposal: Proposal) -> Assessment:
        """The bare assessment of a proposal where it stands."""
        found, lacking = self._around(proposal)
        return assess(proposal, found.frames, self.law, gaps=lacking)

    # --- reading -----------------------------------------------------------------------------------------------------

    def _around(self, proposal: Proposal) -> tuple[Surroundings, list[Any]]:
        reach = reach_of(proposal, self.law)
        place = self._place(proposal)
        found = read_surroundings(self.store, place, reach, as_of=self.as_of)
        return found, gaps(proposal, reach, found)

    def _place(self, proposal: Proposal) -> BaseGeometry:
        """The footprint, and where what it changes stands now."""
        shapes = [proposal.footprint]
        for name, frame in proposal.located():
            old = self.store.read(name, only={"code": set(frame["code"])}, as_of=self.as_of)
            shapes += list(old.geometry)
        for name, column in (("hazard_source", "source_code"), ("enterprise_site", "site_code")):
            owner = "inventory" if name == "hazard_source" else "hazard_source"
            frame = proposal.frames.get(owner)
            codes = set() if frame is None else {str(c) for c in frame[column] if isinstance(c, str)}
            if codes:
                shapes += list(self.store.read(name, only={"code": codes}, as_of=self.as_of).geometry)
        return shapely.union_all(shapes)

    def _digest(self, proposal: Proposal, found: Surroundings) -> str:
        digest = hashlib.sha256()
        for name in sorted(found.frames):
            digest.update(name.encode())
            digest.update(frame_digest(found.frames[name]))
        question = {
            "proposal": proposal.digest(), "on": self.on.isoformat(), "rule_set": self.law.book.version,
            "filled": sorted(found.filled), "code_version": code_version(),
        }  # fmt: skip
        digest.update(json.dumps(question, sort_keys=True).encode())
        return digest.hexdigest()

    def _notes(self, proposal: Proposal, found: Surroundings) -> list[str]:
        """What a reader should know about where the plot lies."""
        areas = found.frames["admin_area"]
        counties = areas[areas["level"] == "county"] if len(areas) else areas
        if len(counties) == 0:
            return []
        crossed = counties[shapely.intersects(counties.geometry.to_numpy(), proposal.footprint)]
        if len(crossed) < 2:
            return []
        return [f"地块跨越{'、'.join(map(str, crossed['name']))}的边界，已按各处的数据一并判定"]

    # --- what would pass instead -------------------------------------------------------------------------------------

    def _instead(self, proposal: Proposal, first: Assessment, found: Surroundings) -> list[dict[str, Any]]:
        def here(other: Proposal, frames: Frames = found.frames) -> Assessment:
            return assess(other, frames, self.law, gaps=first.gaps)

        out = smaller(proposal, here, first.effect)
        if LINES_DO_NOT_MOVE not in proposal.frames and not first.world.changed:
            for search in self._searches(proposal, first, found):
                place = nearest_place(proposal, search, self.law, self.assess, first.effect)
                if place is not None:
                    out.append(place)
        return out + removals(proposal, first, found.frames, here, first.effect)

    def _searches(self, proposal: Proposal, first: Assessment, found: Surroundings) -> list[Search]:
        """The same park, the nearest other parks of a kind that could take it, and the area around."""
        reach = reach_of(proposal, self.law)
        footprint = proposal.footprint
        parks = self.store.read("park", as_of=self.as_of)
        bound = self._bound_to_parks(first)
        fit = parks["kind"].isin(bound) if bound else parks["kind"] != "scenic"
        parks = parks[fit].reset_index(drop=True)
        searches: list[Search] = []
        if not {"enterprise_site", "hazard_source"}.isdisjoint(proposal.frames):
            own = parks[shapely.covers(parks.geometry.to_numpy(), footprint)] if len(parks) else parks
            searches += [self._search("same_park", park, reach) for park in own.to_dict("records")]
            others = parks[~parks["code"].isin(set(own["code"]))]
            far = [_apart_deg(shape, footprint) for shape in others.geometry]
            nearest = others.iloc[sorted(range(len(others)), key=lambda k: (far[k], k))[:MOST_PARKS]]
            searches += [self._search("other_park", park, reach) for park in nearest.to_dict("records")]
        if bound:
            return searches  # a place outside these parks would fail by the same clause
        ring = buffer_m(footprint, SEARCH_RADIUS_M)
        areas = found.frames["admin_area"]
        known = shapely.union_all(areas.geometry) if len(areas) else None
        around = ring if known is None else shapely.intersection(ring, known)
        if not around.is_empty:
            searches.append(self._search("area", {"code": "", "name": "", "geometry": around}, reach))
        return searches

    def _bound_to_parks(self, first: Assessment) -> set[str]:
        """Kinds of park the project has to lie in, where that is what decides against it; empty otherwise."""
        deciding = set(first.charged.loc[first.charged["effect"] == first.effect.word, "rule_id"])
        kinds: set[str] = set()
        for predicate in self.law.predicates:
            if predicate.id in deciding and predicate.relation == "within":
                kinds |= {str(k) for s in predicate.object for name, ks in s.columns if name == "kind" for k in ks}
        return kinds

    def _search(self, scope: str, area: Mapping[Any, Any], reach: Reach) -> Search:
        box = shapely.box(*area["geometry"].bounds)  # a box is grown in no time, the outline of a park is not
        found = read_surroundings(self.store, box, reach, as_of=self.as_of)
        return Search(scope, area["geometry"], found.frames, str(area["code"]), str(area["name"]))


def _apart_deg(a: BaseGeometry, b: BaseGeometry) -> float:
    """Distance in degrees with longitude narrowed; orders parks, measures nothing."""
    narrow = math.cos(math.radians(b.centroid.y))
    return float(shapely.distance(*(shapely.transform(g, lambda xy: xy * [narrow, 1.0]) for g in (a, b))))


def _synthetic(frames: Frames) -> bool:
    return any("position_source" in f and (f["position_source"] == "synthetic").any() for f in frames.values())


# --- filing -----------------------------------------------------------------------------------------------------------


def verdict_row(verdict: Verdict) -> dict[str, Any]:
    """The row of table `verdict`."""
    same = ("reference", "name", "verdict", "as_of", "rule_set", "input_sha256", "code_version", "synthetic")
    document = verdict.to_json()
    return {name: getattr(verdict, name) for name in same} | {
        "on_day": verdict.on,
        "proposal": document.pop("proposal"),
        "document": document,
        "geometry": verdict.proposal.footprint,
    }


def saved_verdict(reference: str, *, store: Store) -> dict[str, Any]:
    """The JSON of a filed verdict, as it was answered.

    Raises
    ------
    UnknownName
        There is no such reference number.
    """
    row = store.verdict(reference)
    document: dict[str, Any] = row["document"]
    return document | {"proposal": row["proposal"], "created_at": row["created_at"].isoformat()}


def again(reference: str, *, store: Store, by_today: bool = False, alternatives: bool = False) -> Verdict:
    """A filed proposal judged once more: as of its own day and data, or by today's. Nothing is stored."""
    row = store.verdict(reference)
    asked = read_proposal(row["proposal"])
    desk = Desk(store) if by_today else Desk(store, on=row["on_day"], as_of=row["as_of"])
    return desk.judge(asked, alternatives=alternatives)


def compare(reference: str, *, store: Store) -> dict[str, Any]:
    """A filed verdict beside today's: what was added, what went, and which inputs differ.

    Returns
    -------
    dict
        then, now: verdict, on, as_of, rule_set, reference. added, gone, changed: findings by source, target and
        clause (`changed` has the old and the new status). same: whether nothing differs.
    """
    then, now = saved_verdict(reference, store=store), again(reference, store=store, by_today=True).to_json()
    old = {_finding_key(f): f for f in then["reasons"]}
    new = {_finding_key(f): f for f in now["reasons"]}
    shown = ("verdict", "on", "as_of", "rule_set", "code_version", "reference")
    changed = [
        {"then": old[key], "now": new[key]}
        for key in old.keys() & new.keys()
        if (old[key]["status"], old[key]["review"], old[key]["required_m"], old[key]["measured_m"])
        != (new[key]["status"], new[key]["review"], new[key]["required_m"], new[key]["measured_m"])
    ]
    out = {
        "then": {name: then[name] for name in shown},
        "now": {name: now[name] for name in shown},
        "added": [new[key] for key in new if key not in old],
        "gone": [old[key] for key in old if key not in new],
        "changed": sorted(changed, key=lambda pair: _finding_key(pair["now"])),
    }
    return out | {"same": then["verdict"] == now["verdict"] and not (out["added"] or out["gone"] or out["changed"])}


def _finding_key(finding: Mapping[str, Any]) -> tuple[str, ...]:
    names = ("source_layer", "source_code", "target_layer", "target_code", "document_no", "clause")
    return tuple(str(finding[name]) for name in names)


def _plain_findings(frame: pd.DataFrame, reference: str) -> list[dict[str, Any]]:
    out = []
    for row in frame.to_dict("records"):
        shape = row.pop("geometry", None)
        plain: dict[str, Any] = {"study_id": reference}
        plain |= {str(name): _plain(value) for name, value in row.items()}
        plain["geometry"] = geojson_geometry(shape)
        out.append(plain)
    return out


def _plain(value: Any) -> Any:
    if value is None or (not isinstance(value, list | dict) and pd.isna(value)):
        return None
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value.item() if hasattr(value, "item") else value
