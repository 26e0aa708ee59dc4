"""What may never make a verdict lighter: another hazard or target, another rule, and knowing less."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
from drawn import across, at, block, feature, frame, inventory, project, world
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, box

from gisrisk.analysis.siting.assessing import Law, assess
from gisrisk.analysis.siting.proposal import Proposal, read_proposal
from gisrisk.analysis.siting.verdict import Effect
from gisrisk.rules import RuleBook, load_rules
from gisrisk.rules.predicates import Predicate, Selection, load_predicates

ON = date(2026, 11, 25)
LAW = Law(load_rules(), load_predicates(), ON)
# a scene of proposal, targets, hazards and roads is large even at its smallest
FEW = settings(max_examples=20, suppress_health_check=[HealthCheck.large_base_example])

metres = st.integers(-150, 150)
uncertainty = st.sampled_from([0.0, 3.0, 20.0])
facility = st.sampled_from(
    ["workshop_jia", "workshop_yi", "warehouse_jia_1256", "warehouse_jia_34", "tank_fixed_roof", "flare", "oil_depot"]
)
kind_of_target = st.sampled_from(
    ["open_flame_point", "school", "village", "residential_building", "substation", "hospital", "industrial_building"]
)
regime = st.sampled_from(["general_industry", "fine_chemical", "oil_depot", None])


def effect(proposal: Proposal, existing: dict[str, pd.DataFrame], law: Law = LAW) -> Effect:
    return assess(proposal, existing, law).effect


def patch(x: int, y: int, size: int = 20) -> Any:
    west, south = at(x, y)
    east, north = at(x + size, y + size)
    return box(west, south, east, north)


@st.composite
def targets(draw: st.DrawFn, *, most: int = 3) -> list[dict[str, Any]]:
    rows = []
    for number in range(draw(st.integers(0, most))):
        kind, x, y = draw(kind_of_target), draw(metres), draw(metres)
        shape = Point(at(x, y)) if kind == "open_flame_point" else patch(x, y)
        people = draw(st.sampled_from([None, 20.0, 1200.0]))
        rows.append(
            {"code": f"T{number}", "target_type": kind, "population": people, "geometry": shape,
             "position_uncertainty_m": draw(uncertainty)}
        )  # fmt: skip
    return rows


@st.composite
def hazards(draw: st.DrawFn, *, most: int = 2) -> list[dict[str, Any]]:
    return [
        {"code": f"H{n}", "facility_type": draw(facility), "site_regime": draw(regime), "project_stage": "existing",
         "volume_m3": draw(st.sampled_from([None, 40.0, 3000.0])), "geometry": patch(draw(metres), draw(metres)),
         "position_uncertainty_m": draw(uncertainty)}
        for n in range(draw(st.integers(0, most)))
    ]  # fmt: skip


@st.composite
def roads(draw: st.DrawFn) -> list[dict[str, Any]]:
    return [
        {"code": f"R{n}", "kind": draw(st.sampled_from(["road", "railway", "power_line"])),
         "geometry": across(draw(metres)),
         "grade": draw(st.sampled_from([None, "class2"])), "voltage_kv": draw(st.sampled_from([None, 110.0])),
         "width_m": draw(st.sampled_from([None, 8.0])), "position": "above_ground"}
        for n in range(draw(st.integers(0, 1)))
    ]  # fmt: skip


@st.composite
def proposals(draw: st.DrawFn) -> Proposal:
    """A workshop, store or tank; or a home or school."""
    if draw(st.booleans()):
        shape = patch(0, 0, 40)
        return read_proposal(
            project(
                feature("protected_target", shape, code="P1", target_type=draw(st.sampled_from(["school", "village"])))
            )
        )
    more = {"volume_m3": draw(st.sampled_from([40, 3000]))} if draw(st.booleans()) else {}
    given = {
        "code": "P1",
        "facility_type": draw(facility),
        **({"site_regime": r} if (r := draw(regime)) else {}),
        **more,
    }
    parts = [feature("hazard_source", patch(0, 0), **given)]
    if draw(st.booleans()):
        tonnes = draw(st.sampled_from([4.0, 20.0]))
        parts.append(feature("inventory", None, source_code="P1", substance="甲醇", quantity_t=tonnes))
    return read_proposal(project(*parts))


def around(
    t: list[dict[str, Any]], h: list[dict[str, Any]], r: list[dict[str, Any]], **more: Any
) -> dict[str, pd.DataFrame]:
    return world(
        protected_target=frame("protected_target", *t), hazard_source=frame("hazard_source", *h),
        linear_feature=frame("linear_feature", *r), **more,
    )  # fmt: skip


@FEW
@given(proposals(), targets(), hazards(), roads(), targets(most=1), hazards(most=1))
def test_another_target_or_hazard(
    proposal: Proposal, t: Any, h: Any, r: Any, more_t: list[dict[str, Any]], more_h: list[dict[str, Any]]
) -> None:
    added_t = [row | {"code": "T-NEW"} for row in more_t]
    added_h = [row | {"code": "H-NEW"} for row in more_h]
    assert effect(proposal, around(t + added_t, h + added_h, r)) >= effect(proposal, around(t, h, r))


@FEW
@given(proposals(), targets(), hazards(), roads(), st.randoms(use_true_random=False))
def test_another_rule(proposal: Proposal, t: Any, h: Any, r: Any, chance: Any) -> None:
    """A book from which demanding rules were taken at random never gives a heavier verdict than the whole book."""
    book = load_rules()
    kept = tuple(rule for rule in book.rules if not _plain_demand(rule, book) or chance.random() < 0.5)
    existing = around(t, h, r)
    assert effect(proposal, existing) >= effect(proposal, existing, replace(LAW, book=replace(book, rules=kept)))


def _plain_demand(rule: Any, book: RuleBook) -> bool:
    """Rules that demand a distance of their own and take the place of no other."""
    return rule.demands_distance and not rule.replaces


@FEW
@given(proposals(), targets(), hazards(), st.sampled_from(["within", "not_within", "disjoint", "outside_buffer"]))
def test_another_mandatory_clause_of_place(proposal: Proposal, t: Any, h: Any, relation: Any) -> None:
    clause = Predicate(
        id="NEW", title_zh="新", document="新", document_no="N 1", clause="1", since=ON, until=None, mandatory=True,
        review="confirmed", evidence={}, relation=relation, subject=(Selection(layer="hazard_source"),),
        object=(Selection(layer="protected_target"),), distance_m=60.0 if relation == "outside_buffer" else None,
    )  # fmt: skip
    existing = around(t, h, [])
    more = replace(LAW, predicates=(*LAW.predicates, clause))
    assert effect(proposal, existing, more) >= effect(proposal, existing)


BLANKED = {
    "protected_target": ("population", "position_uncertainty_m"),
    "hazard_source": ("site_regime", "volume_m3", "project_stage", "position_uncertainty_m"),
    "linear_feature": ("grade", "voltage_kv", "width_m", "position"),
}


@FEW
@given(proposals(), targets(), hazards(), roads(), st.randoms(use_true_random=False))
def test_knowing_less(proposal: Proposal, t: Any, h: Any, r: Any, chance: Any) -> None:
    """Emptied cells and lost stocks never turn a veto or an open question into a clear."""
    full = around(t, h, r, inventory=inventory(*[(row["code"], "甲醇", 12.0) for row in h]))
    less = dict(full)
    for layer, columns in BLANKED.items():
        table = full[layer].copy()
        for column in columns:
            # A stated uncertainty that is lost is taken from the settings: it may be smaller, so it stays here.
            if column == "position_uncertainty_m" or len(table) == 0:
                continue
            cells = [None if chance.random() < 0.5 else value for value in table[column]]
            table[column] = pd.Series(cells, index=table.index, dtype=object)
        less[layer] = table
    if chance.random() < 0.5:
        less["inventory"] = full["inventory"].iloc[:0]
    if effect(proposal, full) >= Effect.UNDETERMINED:
        assert effect(proposal, less) is not Effect.CLEAR


@FEW
@given(
    facility, regime, kind_of_target, uncertainty, st.floats(0, 200), st.floats(0, 300),
    st.sampled_from([None, 40, 3000]),
)  # fmt: skip
def test_moving_apart(
    kind: str, given_regime: Any, target: str, unsure: float, gap: float, farther: float, volume: int | None
) -> None:
    """Away from the only thing there is: never to a veto, never from a clear."""
    thing = block(0, 30) if target != "open_flame_point" else Point(at(0, 0))
    existing = world(
        protected_target=frame("protected_target", {"code": "T1", "target_type": target, "geometry": thing},
                               uncertainty_m=unsure)
    )  # fmt: skip
    more = {k: v for k, v in (("site_regime", given_regime), ("volume_m3", volume)) if v is not None}

    def at_gap(metres_apart: float) -> Effect:
        shape = block(-20 - metres_apart, -metres_apart - 0.001)
        return effect(
            read_proposal(project(feature("hazard_source", shape, code="P1", facility_type=kind, **more))), existing
        )

    near, far = at_gap(gap), at_gap(gap + farther)
    assert near is Effect.VETO or far is not Effect.VETO
    assert near is not Effect.CLEAR or far is Effect.CLEAR
