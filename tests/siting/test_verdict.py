"""One confirmed breach vetoes; what is open, provisional or to be surveyed does not clear. On scenes drawn by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
import pytest
from drawn import across, block, feature, frame, inventory, open_flame, point, project, workshop, world

from gisrisk.analysis.siting.assessing import Assessment, Law, assess
from gisrisk.analysis.siting.proposal import read_proposal
from gisrisk.analysis.siting.verdict import Effect, Gap, missing_fields, verdict_of, weighed
from gisrisk.rules import load_rules
from gisrisk.rules.predicates import load_predicates

ON = date(2026, 11, 25)


def law(on: date = ON, **more: Any) -> Law:
    return replace(Law(load_rules(), load_predicates(), on), **more)


def judged(proposal: dict[str, Any], existing: dict[str, pd.DataFrame], **more: Any) -> Assessment:
    return assess(read_proposal(proposal), existing, law(), **more)


@pytest.mark.parametrize(("metres", "effect"), [(29.9, Effect.VETO), (30.1, Effect.CLEAR)])
def test_a_workshop_too_near_an_open_flame_is_vetoed(metres: float, effect: Effect) -> None:
    # GB 50016 table 3.4.1: class 甲 workshop and open flame, 30 m
    found = judged(project(workshop()), world(protected_target=frame("protected_target", open_flame(metres))))
    assert found.effect is effect
    if effect is Effect.VETO:
        row = found.charged.iloc[0]
        assert (row["required_m"], row["target_code"], row["effect"]) == (30.0, "F1", "veto")
        assert row["measured_m"] == pytest.approx(metres, abs=0.01)
        assert "GB 50016" in row["condition_zh"] and "29.9 m" in row["condition_zh"]


@pytest.mark.parametrize(("metres", "effect"), [(29.9, Effect.VETO), (30.1, Effect.CLEAR)])
def test_the_other_direction_is_judged_too(metres: float, effect: Effect) -> None:
    """The flame is proposed, the workshop stands."""
    standing = frame(
        "hazard_source",
        {"code": "W1", "facility_type": "workshop_jia", "site_regime": "general_industry", "geometry": block(-20, 0)},
    )
    flame = feature("protected_target", point(metres), target_type="open_flame_point")
    assert judged(project(flame), world(hazard_source=standing)).effect is effect


@pytest.mark.parametrize(("metres", "effect"), [(19.9, Effect.VETO), (20.1, Effect.CLEAR)])
def test_a_school_by_a_national_road(metres: float, effect: Effect) -> None:
    # 公路安全保护条例 article 11: building control area from the outer edge of the road's land, 20 m on national roads
    road = {
        "code": "G1", "kind": "road", "grade": "class2", "width_m": 0.0, "geometry": across(-metres),
        "attributes": {"admin_class": "national", "land_edge_offset_m": 0.0},
    }  # fmt: skip
    school = feature("protected_target", block(0, 40), target_type="school", population=500)
    found = judged(project(school), world(linear_feature=frame("linear_feature", road)))
    assert found.effect is effect


def test_uncertain_positions_need_a_survey() -> None:
    existing = world(protected_target=frame("protected_target", open_flame(32), uncertainty_m=5.0))
    found = judged(project(workshop()), existing)
    assert found.effect is Effect.CONDITIONAL
    assert set(found.charged["status"]) == {"needs_survey"}
    assert "实测" in found.charged["condition_zh"].iloc[0]


def test_a_provisional_clause_only_makes_it_conditional() -> None:
    flames = world(protected_target=frame("protected_target", open_flame(10)))
    book = load_rules()
    provisional = replace(book, rules=tuple(replace(r, review="provisional") for r in book.rules))
    found = assess(read_proposal(project(workshop())), flames, law(book=provisional))
    assert found.effect is Effect.CONDITIONAL
    row = found.charged.iloc[0]
    assert row["status"] == "violation"
    assert row["condition_zh"].startswith(f"核对条款《{row['document']}》")


def test_an_unknown_that_could_be_a_breach_leaves_it_open() -> None:
    """A warehouse of class 甲 without its amount: the clause is known, the figure is not (30 or 40 m, table 3.5.1)."""
    store = feature(
        "hazard_source", block(-20, 0), code="H1", facility_type="warehouse_jia_34", site_regime="general_industry"
    )
    found = judged(project(store), world(protected_target=frame("protected_target", open_flame(33))))
    assert found.effect is Effect.UNDETERMINED
    fields = [m["field"] for m in missing_fields(found.charged, (), found.effect)]
    assert fields == ["hazard_source.quantity_t"]


def test_a_gap_never_clears_and_never_softens_a_veto() -> None:
    gap = Gap("protected_target", "无数据", "no data")
    empty = judged(project(workshop()), world(), gaps=[gap])
    assert empty.effect is Effect.UNDETERMINED
    flame = world(protected_target=frame("protected_target", open_flame(10)))
    assert judged(project(workshop()), flame, gaps=[gap]).effect is Effect.VETO
    known = missing_fields(empty.charged, empty.gaps, empty.effect)
    assert known == [
        {
            "field": "protected_target",
            "label_zh": "无数据",
            "label_en": "no data",
            "findings": 0,
            "could_change_verdict": True,
        }
    ]
    assert not missing_fields(empty.charged, [gap], Effect.VETO)[0]["could_change_verdict"]


def finding(
    status: str, *, review: str = "confirmed", mandatory: bool = True, rule_type: str = "minimum"
) -> dict[str, Any]:
    return {
        "status": status, "review": review, "mandatory": mandatory, "rule_type": rule_type, "missing": "x.y",
        "document": "标准", "document_no": "X 1", "clause": "1", "rule_id": "R", "shortfall_m": 1.0, "required_m": 2.0,
        "measured_m": 1.0, "source_code": "a", "target_code": "b", "target_name": "b",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("row", "effect"),
    [
        (finding("violation"), Effect.VETO),
        (finding("violation", review="provisional"), Effect.CONDITIONAL),
        (finding("violation", mandatory=False), Effect.CONDITIONAL),
        (finding("needs_survey"), Effect.CONDITIONAL),
        (finding("undetermined"), Effect.UNDETERMINED),
        (finding("undetermined", rule_type="permit", mandatory=False), Effect.CONDITIONAL),
        (finding("undetermined", mandatory=False), Effect.CONDITIONAL),
        (finding("undetermined") | {"missing": "exception.ancillary"}, Effect.CONDITIONAL),
        (finding("meets"), Effect.CLEAR),
    ],
)
def test_what_one_finding_comes_to(row: dict[str, Any], effect: Effect) -> None:
    assert verdict_of(pd.DataFrame([row])) is effect


def test_nothing_outweighs_a_veto_and_reasons_stand_by_weight() -> None:
    rows = [
        finding("undetermined"),
        finding("needs_survey"),
        finding("violation"),
        finding("violation", review="provisional"),
    ]
    table = pd.DataFrame(rows)
    assert verdict_of(table) is Effect.VETO
    assert list(weighed(table)["effect"]) == ["veto", "undetermined", "conditional", "conditional"]


# --- changes of what exists -------------------------------------------------------------------------------------------


def standing_workshop(flame_m: float = 10.0) -> dict[str, pd.DataFrame]:
    row = {
        "code": "W1",
        "facility_type": "workshop_jia",
        "site_regime": "general_industry",
        "project_stage": "existing",
    }
    return world(
        hazard_source=frame("hazard_source", row | {"geometry": block(-20, 0)}),
        protected_target=frame("protected_target", open_flame(flame_m)),
    )


def test_a_change_is_charged_only_with_what_gets_worse() -> None:
    """The workshop stands 10 m from a flame already; growing southwards, away from it, makes nothing worse."""
    south = feature("hazard_source", block(-40, 0), code="W1", facility_type="workshop_jia")
    found = judged(project(south), standing_workshop())
    assert found.effect is Effect.CLEAR
    assert set(found.existing["target_code"]) == {"F1"}
    assert found.world.changed == {("hazard_source", "W1")}


def test_a_change_that_comes_nearer_is_charged() -> None:
    north = feature("hazard_source", block(-20, 5), code="W1", facility_type="workshop_jia")
    found = judged(project(north), standing_workshop())
    assert found.effect is Effect.VETO
    assert found.charged["measured_m"].iloc[0] == pytest.approx(5.0, abs=0.01)


def test_a_row_equal_to_the_one_on_record_is_no_change() -> None:
    same = feature("hazard_source", block(-20, 0), code="W1", facility_type="workshop_jia", position_source="survey")
    found = judged(project(same), standing_workshop())
    assert found.world.proposed == frozenset()
    assert found.effect is Effect.CLEAR


def test_more_stock_in_a_standing_warehouse_is_charged() -> None:
    """Table 3.5.1, items 1, 2, 5, 6 of class 甲: 25 m to an open flame up to 10 t, 30 m above; it stands 27 m off."""
    row = {
        "code": "H1",
        "facility_type": "warehouse_jia_1256",
        "site_regime": "general_industry",
        "project_stage": "existing",
    }
    existing = world(
        hazard_source=frame("hazard_source", row | {"geometry": block(-20, 0)}),
        protected_target=frame("protected_target", open_flame(27)),
        inventory=inventory(("H1", "甲醇", 9.0)),
    )
    more = project(
        feature("inventory", None, source_code="H1", substance="甲醇", quantity_t=12.0),
        feature(
            "hazard_source", block(-20, 0), code="H1", facility_type="warehouse_jia_1256", position_source="survey"
        ),
    )
    found = judged(more, existing)
    assert ("hazard_source", "H1") in found.world.changed
    assert [(r["source_code"], r["target_code"], r["required_m"]) for r in found.charged.to_dict("records")] == [
        ("H1", "F1", 30.0)
    ]


def test_an_existing_feature_keeps_what_the_proposal_does_not_say() -> None:
    moved = feature("protected_target", point(40), code="F1", target_type="open_flame_point")
    found = judged(project(moved), standing_workshop())
    assert list(found.world.after["protected_target"]["name"]) == ["F1"]
    assert found.effect is Effect.CLEAR  # 40 m is more than 30 m
