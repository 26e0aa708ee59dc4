"""What would pass instead: the figures are those of the tables, the places are checked by distance."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
import pytest
import shapely
from drawn import block, feature, frame, open_flame, project, workshop, world

from gisrisk.analysis.proximity import distance_m
from gisrisk.analysis.siting.alternatives import removals, smaller
from gisrisk.analysis.siting.assessing import Assessment, Law, assess
from gisrisk.analysis.siting.placing import Search, nearest_place
from gisrisk.analysis.siting.proposal import Proposal, read_proposal
from gisrisk.analysis.siting.verdict import Effect
from gisrisk.rules import load_rules
from gisrisk.rules.predicates import load_predicates

LAW = Law(load_rules(), load_predicates(), date(2026, 11, 25))


def judge_in(existing: dict[str, pd.DataFrame]) -> Any:
    def judge(proposal: Proposal, frames: Any = existing) -> Assessment:
        return assess(proposal, frames, LAW)

    return judge


def test_the_largest_stock_that_passes() -> None:
    """GB 50016 table 3.5.1, class 甲 items 1, 2, 5, 6: 25 m to an open flame up to 10 t, else 30 m; it is 27 m off."""
    existing = world(protected_target=frame("protected_target", open_flame(27)))
    asked = read_proposal(
        project(
            feature(
                "hazard_source", block(-20, 0), code="H1", facility_type="warehouse_jia_1256",
                site_regime="general_industry",
            ),
            feature("inventory", None, source_code="H1", substance="甲醇", quantity_t=40.0),
        )
    )  # fmt: skip
    judge = judge_in(existing)
    first = judge(asked)
    assert first.effect is Effect.VETO
    (found,) = smaller(asked, judge, first.effect)
    (value,) = found["values"]
    assert (value["field"], value["from"]) == ("quantity_t", 40.0)
    assert found["verdict"] in ("clear", "conditional")
    assert 9.9 <= value["to"] <= 10.0
    stock = asked.frames["inventory"].assign(quantity_t=value["to"])
    assert judge(asked.with_frame("inventory", stock)).effect < Effect.VETO  # what is proposed passes as written


def test_nothing_smaller_is_offered_where_size_does_not_decide() -> None:
    judge = judge_in(world(protected_target=frame("protected_target", open_flame(10))))
    asked = read_proposal(project(workshop()))
    assert smaller(asked, judge, judge(asked).effect) == []


def test_what_stands_in_the_way_alone_or_together() -> None:
    one = world(protected_target=frame("protected_target", open_flame(10)))
    asked = read_proposal(project(workshop()))
    first = judge_in(one)(asked)
    (found,) = removals(asked, first, one, judge_in(one), first.effect)
    assert [o["code"] for o in found["objects"]] == ["F1"]
    # the flame breaks two clauses: GB 50016 table 3.4.1 and the note of GB 55037 3.1.3, 30 m each
    assert (found["verdict"], found["findings"]) == ("clear", 2)
    two = world(protected_target=frame("protected_target", open_flame(10), open_flame(-30, "F2")))
    first = judge_in(two)(asked)
    (found,) = removals(asked, first, two, judge_in(two), first.effect)
    assert [o["code"] for o in found["objects"]] == ["F1", "F2"]


def search(existing: dict[str, pd.DataFrame], inside: shapely.Polygon) -> Search:
    return Search("area", inside, existing, "", "")


def test_the_nearest_place_keeps_its_distance() -> None:
    """From 10 m off a flame the workshop has to go 20 m south; the grid of 20 m has that place, plus its half metre."""
    existing = world(protected_target=frame("protected_target", open_flame(10)))
    asked = read_proposal(project(workshop()))
    judge = judge_in(existing)
    found = nearest_place(asked, search(existing, block(-300, 300, half_m=300)), LAW, judge, judge(asked).effect)
    assert found is not None
    footprint = shapely.geometry.shape(found["footprint"])
    flame = existing["protected_target"].geometry.iloc[0]
    assert distance_m(footprint, flame) >= 30.0
    assert found["verdict"] == "clear"
    assert found["moved_m"] <= 45.0  # two steps of the grid
    assert shapely.covers(block(-300, 300, half_m=300), footprint)
    assert shapely.area(footprint) == pytest.approx(shapely.area(asked.footprint), rel=1e-4)


def test_no_place_is_none() -> None:
    """Inside an area of 60 m around the flame there is no room."""
    existing = world(protected_target=frame("protected_target", open_flame(0)))
    asked = read_proposal(project(workshop()))
    judge = judge_in(existing)
    assert nearest_place(asked, search(existing, block(-30, 30, half_m=30)), LAW, judge, Effect.VETO) is None


def test_a_place_the_sieve_lets_through_is_judged_exactly() -> None:
    """A clause of place forbids the whole area: the sieve knows distances only, the judgement says no."""
    scenic = frame("park", {"code": "P9", "kind": "scenic", "geometry": block(-900, 900, half_m=900)})
    existing = world(park=scenic)
    asked = read_proposal(
        project(
            feature(
                "hazard_source", block(-20, 0), code="H1", facility_type="warehouse_yi", site_regime="general_industry"
            )
        )
    )
    judge = judge_in(existing)
    assert judge(asked).effect is Effect.VETO
    assert nearest_place(asked, search(existing, block(-300, 300, half_m=300)), LAW, judge, Effect.VETO) is None


def test_a_milder_class_of_station() -> None:
    """GB 50156-2021, 4.0.2: no first-grade station in the centre of a city; a second-grade one may stand there."""
    centre = frame("dense_area", {"code": "D1", "is_built_up": True, "geometry": block(-500, 500, half_m=500)})
    asked = read_proposal(
        project(
            feature(
                "hazard_source", block(-20, 20), code="S1", facility_type="vehicle_filling_station", station_grade="1"
            )
        )
    )
    law = replace(LAW, predicates=tuple(p for p in LAW.predicates if p.id == "GS-4.0.2"))

    def judge(proposal: Proposal) -> Assessment:
        return assess(proposal, world(dense_area=centre), law)

    first = judge(asked)
    assert first.effect is Effect.UNDETERMINED
    (found,) = smaller(asked, judge, first.effect)
    assert (found["kind"], found["from"], found["to"], found["verdict"]) == ("class", "1", "2", "clear")
