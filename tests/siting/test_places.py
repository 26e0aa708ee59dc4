"""Clauses of place: in an approved park, not by a dense area, not in a scenic area; and what the data leave open."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from drawn import across, block, feature, frame, point, project, world

from gisrisk.analysis.siting.assessing import Assessment, Law, assess
from gisrisk.analysis.siting.proposal import read_proposal
from gisrisk.analysis.siting.verdict import Effect
from gisrisk.rules import check_rules, load_rules
from gisrisk.rules.predicates import load_predicates, read_predicates

ON = date(2026, 11, 25)


def judged(proposal: dict[str, Any], existing: dict[str, pd.DataFrame], on: date = ON) -> Assessment:
    return assess(read_proposal(proposal), existing, Law(load_rules(), load_predicates(), on))


def by_rule(found: Assessment) -> dict[str, str]:
    return dict(zip(found.charged["rule_id"], found.charged["status"], strict=True))


def plant(y0: float = 0.0, y1: float = 100.0, **more: Any) -> dict[str, Any]:
    given = {"code": "E1", "plant_kind": "fine_chemical", "site_regime": "fine_chemical", "is_hazchem_enterprise": True}
    return feature("enterprise_site", block(y0, y1), **(given | more))


def park(**more: Any) -> pd.DataFrame:
    given = {
        "code": "P1",
        "kind": "chemical_park",
        "approved_on": date(2020, 1, 1),
        "approval_expires": date(2030, 1, 1),
    }
    return frame("park", given | {"geometry": block(-200, 300, half_m=250)} | more)


# 危险化学品安全法 article 18 (in force from 2026-05-01): new production projects go into a recognised chemical park.
@pytest.mark.parametrize(
    ("existing", "status"),
    [
        ({"park": park()}, None),
        ({"park": park(approval_expires=date(2026, 11, 25))}, None),  # the last day counts
        ({"park": park(approval_expires=date(2026, 11, 24))}, "violation"),  # expired
        ({"park": park(approved_on=date(2026, 11, 26))}, "violation"),  # not yet
        ({"park": park(approved_on=None)}, "undetermined"),
        ({"park": park(kind="industrial_park")}, "violation"),
        ({"park": park(kind=None)}, "undetermined"),
        ({"park": park(geometry=block(-200, 50, half_m=250))}, "violation"),  # half outside
        ({}, "violation"),
    ],
)
def test_new_production_must_lie_in_an_approved_chemical_park(existing: dict[str, Any], status: str | None) -> None:
    found = judged(project(plant()), world(**existing))
    assert by_rule(found).get("WHF-18-in") == status
    if status == "violation":
        assert found.effect is Effect.VETO
        row = found.charged[found.charged["rule_id"] == "WHF-18-in"].iloc[0]
        assert pd.isna(row["required_m"]) and pd.isna(row["measured_m"])
        assert row["overlap_m2"] > 0
    if status == "undetermined":
        row = found.charged[found.charged["rule_id"] == "WHF-18-in"].iloc[0]
        assert row["missing"] in ("park.approved_on", "park.kind")


def test_the_clause_is_older_than_nothing_and_younger_than_the_day_before_it() -> None:
    assert "WHF-18-in" in by_rule(judged(project(plant()), world(), date(2026, 5, 1)))
    before = by_rule(judged(project(plant()), world(), date(2026, 4, 30)))
    assert "WHF-18-in" not in before
    assert before["P08-park"] == "violation"  # the local policy is older


def test_whether_it_is_a_chemical_enterprise_at_all_may_be_open() -> None:
    found = judged(project(plant(is_hazchem_enterprise=None)), world())
    assert by_rule(found)["WHF-18-in"] == "undetermined"
    assert found.effect is Effect.UNDETERMINED
    assert found.charged["missing"].iloc[0] == "enterprise_site.is_hazchem_enterprise"


def test_a_claimed_exception_has_to_be_proved() -> None:
    found = judged(project(plant(claims="ancillary_to_other_industry")), world())
    row = found.charged[found.charged["rule_id"] == "WHF-18-in"].iloc[0]
    assert (row["status"], row["effect"]) == ("undetermined", "conditional")
    assert "例外" in row["condition_zh"]
    assert found.effect is Effect.CONDITIONAL


def test_a_park_edge_within_the_uncertainty_needs_a_survey() -> None:
    """The plot sticks out of the park by 3 m; its outline is known to 5 m."""
    edge = park(geometry=block(-200, 97, half_m=250))
    site = plant()
    site["properties"]["position_uncertainty_m"] = 5.0
    assert by_rule(judged(project(site), world(park=edge)))["WHF-18-in"] == "needs_survey"


# Ganzhou 2017 (十七): no new high-risk project in or around a dense area. Chlorine, Q = 5 t (GB 18218-2018 table 1):
# 6 t are a major hazard, 4 t are not.
@pytest.mark.parametrize(
    ("tonnes", "metres", "status"),
    [(6.0, 499.0, "violation"), (6.0, 501.0, None), (4.0, 499.0, None), (6.0, -50.0, "violation")],
)
def test_major_hazards_keep_away_from_dense_areas(tonnes: float, metres: float, status: str | None) -> None:
    tank = feature("hazard_source", block(-20, 0), code="T1", facility_type="toxic_liquefied_gas_tank")
    stock = feature("inventory", None, source_code="T1", substance="氯", cas="7782-50-5", quantity_t=tonnes)
    dense = frame("dense_area", {"code": "D1", "population": 9000.0, "geometry": block(metres, 900, half_m=200)})
    found = judged(project(tank, stock), world(dense_area=dense))
    assert by_rule(found).get("P02-dense") == status
    if status:
        row = found.charged[found.charged["rule_id"] == "P02-dense"].iloc[0]
        assert (row["review"], row["effect"], row["people"]) == ("provisional", "conditional", 9000.0)
        assert row["measured_m"] == pytest.approx(max(metres, 0.0), abs=0.05)


def test_a_major_hazard_cannot_be_told_without_a_stock() -> None:
    tank = feature("hazard_source", block(-20, 0), code="T1", facility_type="toxic_liquefied_gas_tank")
    dense = frame("dense_area", {"code": "D1", "geometry": block(100, 900)})
    found = judged(project(tank), world(dense_area=dense))
    assert by_rule(found)["P02-dense"] == "undetermined"
    assert "inventory" in found.charged[found.charged["rule_id"] == "P02-dense"]["missing"].iloc[0]


def test_flammable_storage_in_a_scenic_area_is_vetoed() -> None:
    # 风景名胜区条例 article 26
    scenic = frame("park", {"code": "P9", "kind": "scenic", "geometry": block(-100, 100, half_m=200)})
    store = feature(
        "hazard_source", block(-20, 0), code="H1", facility_type="warehouse_yi", site_regime="general_industry"
    )
    found = judged(project(store), world(park=scenic))
    assert by_rule(found)["FJMS-26"] == "violation"
    assert found.effect is Effect.VETO


def test_a_power_line_may_not_cross_a_filling_station_either_way() -> None:
    # GB 50156-2021, 4.0.12
    station_row = {"code": "S1", "facility_type": "vehicle_filling_station", "geometry": block(-20, 20)}
    line = feature("linear_feature", across(0), kind="power_line", position="above_ground", voltage_kv=10, code="L1")
    found = judged(project(line), world(hazard_source=frame("hazard_source", station_row)))
    assert by_rule(found)["GS-4.0.12"] == "violation"
    line_row = {
        "code": "L1",
        "kind": "power_line",
        "position": "above_ground",
        "voltage_kv": 10.0,
        "geometry": across(0),
    }
    station = feature("hazard_source", block(-20, 20), code="S1", facility_type="vehicle_filling_station")
    found = judged(project(station), world(linear_feature=frame("linear_feature", line_row)))
    assert by_rule(found)["GS-4.0.12"] == "violation"
    away = judged(project(station), world(linear_feature=frame("linear_feature", line_row | {"geometry": across(200)})))
    assert "GS-4.0.12" not in by_rule(away)


def test_a_home_in_a_chemical_park_is_reported_both_ways() -> None:
    home = feature("protected_target", point(50), target_type="village", population=40)
    assert by_rule(judged(project(home), world(park=park())))["PARK123-live"] == "violation"
    village = frame("protected_target", {"code": "V1", "target_type": "village", "geometry": point(50)})
    around = feature("park", block(-200, 300, half_m=250), code="P2", kind="chemical_park")
    assert by_rule(judged(project(around), world(protected_target=village)))["PARK123-live"] == "violation"


def test_what_no_layer_can_answer_is_listed() -> None:
    found = judged(project(plant()), world(park=park()))
    listed = {row["rule_id"] for row in found.not_evaluated}
    assert {"HHF-26", "WHTL-19-geo", "RISK-PARK"} <= listed


# --- the file ---------------------------------------------------------------------------------------------------------


def test_every_fact_is_on_record(shared_dir: Path) -> None:
    facts = yaml.safe_load((shared_dir / "standards" / "siting_predicates.yaml").read_text("utf-8"))["predicates"]
    ours = {p.id: p for p in load_predicates()}
    assert {f["id"] for f in facts} <= set(ours)
    for fact in facts:
        mine = ours[fact["id"]]
        assert (mine.document, mine.document_no, mine.review == "confirmed") == (
            fact["document"], fact["document_no"], fact["confirmed"],
        )  # fmt: skip
        assert mine.since.isoformat().startswith(str(fact["effective"]))


def test_the_shipped_file_is_right_and_part_of_the_check() -> None:
    assert check_rules() == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"subject": [{"layer": "castle"}]}, "no layer 'castle'"),
        ({"object": [{"layer": "park", "columns": {"colour": ["red"]}}]}, "no column 'colour'"),
        ({"object": [{"layer": "park", "columns": {"kind": ["castle"]}}]}, "'castle' is not a value of park.kind"),
        ({"subject": [{"layer": "hazard_source", "types": ["castle"]}]}, "no type 'castle'"),
        ({"subject": [{"layer": "hazard_source", "when": {"moon": "full"}}]}, "no attribute 'moon'"),
        ({"object": [{"layer": "dense_area", "approved": True}]}, "no days of approval"),
        ({"predicate": "outside_buffer"}, "needs distance_m"),
        ({"predicate": "beside"}, "beside"),
        ({"id": "A"}, "stands twice"),
        ({"in_force": "yesterday"}, "yesterday"),
    ],
)
def test_a_wrong_file_is_told_by_place(change: dict[str, Any], says: str, tmp_path: Path) -> None:
    good = {
        "id": "A", "title_zh": "甲", "document": "甲", "document_no": "1", "in_force": "2020-01-01",
        "subject": [{"layer": "hazard_source"}], "predicate": "within", "object": [{"layer": "park"}],
        "effect": "required", "mandatory": True, "review": "confirmed", "evidence": {},
    }  # fmt: skip
    (tmp_path / "predicates.yaml").write_text(
        yaml.safe_dump({"predicates": [good, good | {"id": "B"} | change]}, allow_unicode=True), "utf-8"
    )
    found, problems = read_predicates(tmp_path)
    assert found == ()
    assert len(problems) == 1 and says in problems[0]
