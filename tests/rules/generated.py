"""Scenes made from the rule data: for a rule, a source and a target that meet its conditions, a stated distance apart.

Conditions are solved by trial: each becomes lists of single tests, and for every attribute a value is looked for among
the bounds of its tests, the values it may have, and nothing. The engine decides afterwards whether the rule holds.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import geopandas as gpd
import pandas as pd
import pyproj
import shapely
from world import layer_row

from gisrisk.catalog import load_layers
from gisrisk.catalog.vocabulary import FacilityType, TargetType
from gisrisk.rules import Rule, RuleBook
from gisrisk.rules.conditions import FALSE, TRUE, All, AnyKnown, AnyOf, Condition, Not, Test, parse
from gisrisk.rules.instrument import Entry

GEOD = pyproj.Geod(ellps="GRS80")
Assignment = dict[str, Any]
Wanted = tuple[Test, int]
PER_RULE = 5

# Sizes given to every line, and how far outside the drawn line the named edge then lies: typed here from the meaning of
# the measuring points, not taken from the engine. Poles are 20 m high.
LINE = {
    "width_m": 10.0, "land_edge_offset_m": 3.0, "embankment_offset_m": 4.0, "conductor_offset_m": 6.0, "swing_m": 2.0,
    "tower_height_m": 20.0, "diameter_m": 0.5, "line_role": "shoreline",
}  # fmt: skip
EDGE_BEYOND_LINE_M = {
    "road_edge": 5.0, "highway_land_outer_edge": 8.0, "embankment_toe_or_cut_top_or_bridge_edge": 4.0,
    "line_nearest_conductor": 6.0, "outer_conductor": 6.0, "conductor_at_max_swing": 8.0, "pipe_outer_wall": 0.25,
}  # fmt: skip


@dataclass
class Scene:
    """One source and one target of one rule."""

    rule: Rule
    source_type: str
    target_type: str
    source: Assignment
    target: Assignment
    onsite: bool
    required_m: float
    number: int = -1
    frames: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


# --- solving conditions -----------------------------------------------------------------------------------------------


def alternatives(node: Condition, wanted: int = TRUE) -> list[list[Wanted]]:
    """Lists of single tests; when all tests of one list come out as wanted, so does the condition."""
    if isinstance(node, Test):
        return [[(node, wanted)]]
    if isinstance(node, Not):
        return alternatives(node.part, TRUE - wanted)
    assert isinstance(node, All | AnyOf | AnyKnown)
    parts = [alternatives(part, wanted) for part in node.parts]
    if isinstance(node, All) == (wanted == TRUE):
        chosen = itertools.islice(itertools.product(*parts), 60)
        return [[test for part in one for test in part] for one in chosen]
    return [one for part in parts for one in part]


def together(*parts: list[list[Wanted]]) -> Iterator[list[Wanted]]:
    for one in itertools.islice(itertools.product(*parts), 200):
        yield [test for part in one for test in part]


def solve(tests: list[Wanted], book: RuleBook) -> Assignment | None:
    """A value for every attribute so that each test comes out as wanted."""
    by_name: dict[str, list[Wanted]] = {}
    for test, wanted in tests:
        by_name.setdefault(test.attribute, []).append((test, wanted))
    out: Assignment = {}
    for name, own in by_name.items():
        for value in pool(name, own, book):
            if all(test.truth({name: value}) == wanted for test, wanted in own):
                if value is not None:
                    out[name] = value
                break
        else:
            return None
    return out


def pool(name: str, tests: list[Wanted], book: RuleBook) -> list[Any]:
    attribute = book.vocabulary.attributes[name]
    bounds = [bound for test, _ in tests for _, bound in test.checks]
    if attribute.type == "bool":
        return [True, False, None]
    if attribute.type == "number":
        numbers = sorted({float(b) for bound in bounds for b in (bound if isinstance(bound, frozenset) else [bound])})
        between = [(a + b) / 2 for a, b in itertools.pairwise(numbers)]
        # 0.5 below and above each bound, and the bounds themselves: the odd sides of "at least" and "more than"
        return [*numbers, *between, *(n + 0.5 for n in numbers), *(n - 0.5 for n in numbers if n > 0.5), 1.0, None]
    values: list[Any] = []
    for bound in bounds:
        values += sorted(bound) if isinstance(bound, frozenset) else [bound]
    if attribute.type == "list":
        return [*(";".join([v]) for v in values), None]
    return [*values, *attribute.values, "other", None]


# --- scenes of a rule -------------------------------------------------------------------------------------------------


def sides(
    book: RuleBook, entries: tuple[Entry, ...], types: dict[str, Any]
) -> Iterator[tuple[str, Entry, list[list[Wanted]]]]:
    """Types a mapping reaches, with what its lines and classes ask of them; first one type of each line, then more."""
    listed = []
    for entry in entries:
        known = [code for code in book.types_of(entry) if code in types and types[code].layer in load_layers()]
        listed.append([(code, entry, of_entry(book, entry, code)) for code in known])
    for row in itertools.zip_longest(*listed):
        yield from (one for one in row if one is not None)


def of_entry(book: RuleBook, entry: Entry, code: str) -> list[list[Wanted]]:
    inside = [c for c in (entry.class_ref, *entry.within_class) if c]
    parts = [alternatives(entry.when)]
    for name in inside:
        members = [m.when for m in book.classes[name] if code in m.types]
        parts.append([one for when in members for one in alternatives(when)])
    for name in entry.except_class:
        for member in book.classes[name]:
            if code in member.types:
                parts.append(alternatives(member.when, FALSE))
    return list(together(*parts))


def select_of(book: RuleBook, entry: FacilityType | TargetType) -> Condition:
    select = {k: v for k, v in (entry.select or {}).items() if k not in ("any_trait", "facility_type", "kind")}
    return parse(select, book.vocabulary.attributes, where="select")


def scenes(book: RuleBook, rule: Rule, on: date) -> list[Scene]:
    """Up to `PER_RULE` ways to meet a rule's conditions, each with other types where there are several."""
    v, logic, instrument = book.vocabulary, book.logic(rule), book.instruments[rule.instrument]
    context = list(together(alternatives(logic.context), alternatives(instrument.applies_when_context)))
    instead = [alternatives(book.logic(r).source, FALSE) for r in book.in_force(on) if rule.id in r.replaces]
    cases = [alternatives(c) for c, _ in logic.cases] or [[[]]]
    sources: list[tuple[str, Assignment, float, int]] = []
    for code, entry, tests in itertools.islice(sides(book, logic.sources, v.facility_types), 8):
        kind = select_of(book, v.facility_types[code])
        asked = [alternatives(c) for c in (logic.source, instrument.applies_when_source, kind)]
        for number, case in enumerate(cases):
            found = first(book, code, "source", tests, *asked, *instead, case, context)
            if found is not None:
                sources.append((code, found, entry.distance_factor, number))
    targets: list[tuple[str, Assignment]] = []
    for code, _, tests in itertools.islice(sides(book, logic.targets, v.target_types), 8):
        same = [alternatives(logic.source), *instead] if logic.same_condition else []
        kind = select_of(book, v.target_types[code])
        found = first(book, code, "target", tests, alternatives(logic.target), alternatives(kind), *same, context)
        if found is not None:
            targets.append((code, found))
    # the first of both sides, then the other sources before the other targets
    order = sorted(itertools.product(range(len(sources)), range(len(targets))), key=lambda ij: (sum(ij), ij[1]))
    out: list[Scene] = []
    for i, j in order[:PER_RULE]:
        (source_type, source, factor, case_number), (target_type, target) = sources[i], dict_of(targets[j])
        figure = rule.required_m(on)
        if figure is None:
            (attribute, multiples), *_ = rule.factor_of
            figure = multiples[case_number][1] * LINE[attribute]
        onsite = target.pop("is_onsite", target_type == "road_onsite") is True
        out.append(Scene(rule, source_type, target_type, dict(source), target, onsite, figure * factor))
    return out


def dict_of(one: tuple[str, Assignment]) -> tuple[str, Assignment]:
    return one[0], dict(one[1])


def first(book: RuleBook, code: str, side: str, *parts: list[list[Wanted]]) -> Assignment | None:
    """The first assignment that is not at odds with what the type itself fixes."""
    for tests in together(*parts):
        found = solve(tests, book)
        if found is None:
            continue
        fixed = found.pop("facility_type", None)
        if side == "source" and fixed is not None and fixed != code:
            if not all(t.truth({"facility_type": code}) == w for t, w in tests if t.attribute == "facility_type"):
                continue
            fixed = None
        if side == "target" and fixed is not None:
            found["facility_type"] = fixed
        return found
    return None


# --- drawing ----------------------------------------------------------------------------------------------------------


def draw(scene: Scene, number: int, apart_m: float, book: RuleBook) -> None:
    """Put a scene at its own place, 20 km from all others; `apart_m` lies between the named edges."""
    v = book.vocabulary
    scene.number, scene.frames = number, {}
    # 0.25 degrees are more than 20 km; 160 columns of them would leave the world, 120 do not
    lon, lat = 75.0 + 0.25 * (number % 120), 20.0 + 0.25 * (number // 120)
    facility, aim = v.facility_types[scene.source_type], v.target_types[scene.target_type]
    beyond = EDGE_BEYOND_LINE_M.get(scene.rule.measured_to, 0.0) if aim.geometry[0] == "LineString" else 0.0
    if scene.rule.measured_to == "boundary_or_edge" and scene.target_type in ("road_public", "road_onsite"):
        beyond = EDGE_BEYOND_LINE_M["road_edge"]
    if scene.rule.measured_to == "as 18" and scene.target_type in ("road_public", "road_onsite"):
        beyond = EDGE_BEYOND_LINE_M["highway_land_outer_edge"]
    starts = EDGE_BEYOND_LINE_M.get(scene.rule.measured_from, 0.0) if facility.geometry[0] == "LineString" else 0.0
    away = apart_m + beyond + starts
    place(scene, "source", facility, f"SRC{number}", lon, lat, 0.0, v)
    place(scene, "target", aim, f"TGT{number}", lon, lat, away, v)
    if scene.onsite:
        south, north = shift(lon, lat, -60.0), shift(lon, lat, away + 20.0)
        row = layer_row(
            "enterprise_site", f"SITE{number}", {"plant_kind": "other", "status": "planned"},
            shapely.box(lon - 0.003, south, lon + 0.003, north),
        )  # fmt: skip
        scene.frames.setdefault("enterprise_site", []).append(row)


def place(
    scene: Scene, side: str, kind: FacilityType | TargetType, code: str, lon: float, lat: float, metres: float, v: Any
) -> None:
    given = dict(scene.source if side == "source" else scene.target)
    type_code = scene.source_type if side == "source" else scene.target_type
    layer = kind.layer
    amount = given.pop("quantity_t", None)
    if amount is not None:
        scene.frames.setdefault("inventory", []).append({"source_code": code, "quantity_t": amount})
    select = kind.select or {}
    if layer == "linear_feature":
        given = {"kind": first_of(select.get("kind")), **LINE, **given}
    elif layer == "park":
        given = {"kind": first_of(select.get("kind")), **given}
    elif layer == "protected_target":
        if side == "target":
            given = {"target_type": type_code, "declared_important": False, "blank_wall_facing": False, **given}
        else:
            given = {"target_type": "hotel", **given}
    elif layer == "hazard_source":
        if side == "source":
            given = {"facility_type": type_code, "site_code": f"SITE{scene.number}", **given}
        else:
            chosen = given.pop("facility_type", None) or first_of(select.get("facility_type"))
            given = {"facility_type": chosen, "site_code": f"OTHER{scene.number}", **given}
    given["status"] = "planned" if layer == "enterprise_site" else given.get("status")
    given = {k: x for k, x in given.items() if x is not None}
    row = layer_row(layer, code, given, shape(kind.geometry, lon, lat, metres, up=side == "target"))
    scene.frames.setdefault(layer, []).append(row)


def first_of(value: Any) -> Any:
    return value[0] if isinstance(value, list) else value


def shift(lon: float, lat: float, metres: float) -> float:
    return float(GEOD.fwd(lon, lat, 0.0, metres)[1])


def shape(kinds: tuple[str, ...], lon: float, lat: float, metres: float, *, up: bool) -> Any:
    """A block, line or point whose near side lies so many metres north of the origin."""
    near = shift(lon, lat, metres)
    if "Polygon" in kinds:
        far = shift(lon, lat, metres + 30.0 if up else metres - 30.0)
        return shapely.box(lon - 0.0002, min(near, far), lon + 0.0002, max(near, far))
    if "LineString" in kinds:
        return shapely.LineString([(lon - 0.0005, near), (lon + 0.0005, near)])
    return shapely.Point(lon, near)


def frames_of(drawn: list[Scene]) -> dict[str, pd.DataFrame]:
    """Layer frames of many scenes; nothing is uncertain."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for scene in drawn:
        for layer, own in scene.frames.items():
            rows.setdefault(layer, []).extend(own)
    out: dict[str, pd.DataFrame] = {
        "inventory": pd.DataFrame(rows.pop("inventory", []), columns=["source_code", "quantity_t"])
    }
    for layer, own in rows.items():
        frame = pd.DataFrame(own).assign(position_uncertainty_m=0.0, recorded_at=pd.Timestamp("2026-01-02", tz="UTC"))
        out[layer] = gpd.GeoDataFrame(frame, geometry="geometry", crs="EPSG:4490")
    return out
