"""From a file to a filed verdict: what is read, what is frozen, what can be opened again and compared."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from drawn import across, block, feature, frame, open_flame, point, project, workshop
from drawn_town import put, town

import gisrisk as gr
from gisrisk.analysis.siting.reach import Reach
from gisrisk.errors import UnknownName
from gisrisk.siting import Desk, again, compare, saved_verdict
from gisrisk.siting_inputs import read_surroundings
from gisrisk.store import Store

ON = "2026-11-25"


def filed(store: Store) -> int:
    with store.engine.connect() as connection:
        return int(connection.execute(sa.text("SELECT count(*) FROM gisrisk.verdict")).scalar_one())


def new_workshop(y_m: float, **more: Any) -> dict[str, Any]:
    return workshop(y_m, code="N1", **more)


def test_a_veto_is_filed_with_everything_the_contract_names(standing: Store) -> None:
    """The new workshop ends 15 m south of the open flame X1: 30 m are required (GB 50016 table 3.4.1)."""
    before = filed(standing)
    found = gr.check_site(project(new_workshop(-915)), store=standing, on=ON, alternatives=False)
    document = found.to_json()
    assert document["verdict"] == "veto" and document["verdict_zh"] == "否决"
    for name in ("reasons", "alternatives", "rule_set", "study_id"):
        assert name in document
    reason = document["reasons"][0]
    assert (reason["target_code"], reason["required_m"], reason["effect"]) == ("X1", 30.0, "veto")
    assert reason["measured_m"] == pytest.approx(15.0, abs=0.01)
    assert reason["geometry"]["type"] == "LineString"
    assert document["affected"] == {
        "people": 4.0, "places": 1, "places_without_number": 0, "proposed_places": 0, "sensitive_places": []
    }  # fmt: skip
    assert filed(standing) == before + 1
    assert json.loads(json.dumps(document, allow_nan=False)) == document


def test_the_same_question_has_the_same_number_and_is_filed_once(standing: Store) -> None:
    one = gr.check_site(project(new_workshop(-1500)), store=standing, on=ON)
    count = filed(standing)
    two = gr.check_site(project(new_workshop(-1500)), store=standing, on=ON)
    assert one.reference == two.reference and filed(standing) == count
    other = gr.check_site(project(new_workshop(-1501)), store=standing, on=ON, save=False)
    assert other.reference != one.reference and filed(standing) == count


def test_nothing_near_in_a_known_place_is_clear(standing: Store) -> None:
    found = gr.check_site(project(new_workshop(-1500)), store=standing, on=ON, save=False)
    assert found.verdict == "clear"
    assert found.not_evaluated  # clear speaks only of what was evaluated
    assert found.alternatives == []


def test_outside_all_data_is_never_clear(standing: Store) -> None:
    found = gr.check_site(project(new_workshop(-50_000)), store=standing, on=ON, save=False)
    assert found.verdict == "undetermined"
    assert [m["field"] for m in found.missing] == ["admin_area"]
    edge = gr.check_site(project(new_workshop(-11_990)), store=standing, on=ON, save=False)
    assert edge.verdict == "undetermined"  # beyond the county's edge nobody looked


def test_a_layer_nobody_filled_is_a_gap(fresh_store: Store) -> None:
    for layer, rows in town().items():
        if layer not in ("linear_feature",):
            put(fresh_store, layer, rows)
    found = gr.check_site(project(new_workshop(-1500)), store=fresh_store, on=ON, save=False)
    assert found.verdict == "undetermined"
    assert [m["field"] for m in found.missing] == ["linear_feature"]
    assert found.missing[0]["could_change_verdict"]


def test_it_opens_again_as_of_its_day(town_store: Store) -> None:
    found = gr.check_site(project(new_workshop(-1500), name="新厂房"), store=town_store, on=ON)
    assert found.verdict == "clear"
    put(town_store, "protected_target", frame("protected_target", open_flame(-1490, "F9")))
    saved = saved_verdict(found.reference, store=town_store)
    assert saved["verdict"] == "clear" and saved["name"] == "新厂房"
    repeated = again(found.reference, store=town_store)
    assert (repeated.reference, repeated.verdict) == (found.reference, "clear")
    difference = compare(found.reference, store=town_store)
    assert (difference["then"]["verdict"], difference["now"]["verdict"]) == ("clear", "veto")
    assert {f["target_code"] for f in difference["added"]} == {"F9"}
    assert not difference["same"] and difference["gone"] == []


def test_comparing_with_an_unchanged_world_says_so(standing: Store) -> None:
    found = gr.check_site(project(new_workshop(-915)), store=standing, alternatives=False)
    assert compare(found.reference, store=standing)["same"]


def test_a_filed_verdict_is_never_changed_or_deleted(standing: Store) -> None:
    found = gr.check_site(project(new_workshop(-1700)), store=standing, on=ON)
    for statement in (
        "UPDATE gisrisk.verdict SET verdict = 'clear'", "DELETE FROM gisrisk.verdict", "TRUNCATE gisrisk.verdict"
    ):  # fmt: skip
        with pytest.raises(sa.exc.DBAPIError, match="refused"), standing.engine.begin() as connection:
            connection.execute(sa.text(statement))
    assert saved_verdict(found.reference, store=standing)["verdict"] == found.verdict
    with pytest.raises(UnknownName, match="X-nothing"):
        saved_verdict("X-nothing", store=standing)


def test_a_school_meets_every_hazard_around_it(standing: Store) -> None:
    """GB 50016 table 3.4.1, class 甲 workshop: 50 m to an important public building, 25 m to any civil building."""
    school = feature("protected_target", block(20, 60), target_type="school", population=800, name="新小学")
    found = gr.check_site(project(school), store=standing, on=ON, alternatives=False, save=False)
    assert found.verdict in ("veto", "conditional")
    near = [r for r in found.to_json()["reasons"] if r["source_code"] == "W1"]
    assert near and near[0]["measured_m"] == pytest.approx(20.0, abs=0.01)
    assert found.affected["people"] == 800.0
    assert [p["name"] for p in found.affected["sensitive_places"]] == ["新小学"]


def test_a_changed_plant_pays_only_for_what_gets_worse(standing: Store) -> None:
    """The workshop stands 10 m from F1, where 30 m are required. It may grow away from it, not towards it."""
    away = feature("hazard_source", block(-30, 0), code="W1", facility_type="workshop_jia")
    found = gr.check_site(project(away), store=standing, on=ON, alternatives=False, save=False)
    assert found.verdict == "clear"
    assert {f["target_code"] for f in found.to_json()["existing"]} == {"F1"}
    nearer = feature("hazard_source", block(-20, 3), code="W1", facility_type="workshop_jia")
    found = gr.check_site(project(nearer), store=standing, on=ON, alternatives=False, save=False)
    assert found.verdict == "veto"


def test_a_plant_with_its_stock_and_what_would_pass_instead(standing: Store) -> None:
    """A chemical plant outside every park: article 18 sends it into the park 2 km north."""
    site = feature(
        "enterprise_site", block(-1400, -1300, half_m=40), plant_kind="fine_chemical", site_regime="fine_chemical",
        is_hazchem_enterprise=True, name="新厂",
    )  # fmt: skip
    tank = feature(
        "hazard_source",
        block(-1360, -1350, half_m=5),
        facility_type="tank_fixed_roof",
        volume_m3=100,
        liquid_class="jiaB",
    )
    stock = feature("inventory", None, substance="甲醇", quantity_t=70.0)
    found = gr.check_site(project(site, tank, stock), store=standing, on=ON, save=False)
    assert found.verdict == "veto"
    assert "WHF-18-in" in set(found.reasons["rule_id"])
    assert {"hazard_source.site_code", "inventory.source_code", "enterprise_site.project_stage"} <= set(found.assumed)
    places = [a for a in found.alternatives if a["kind"] == "place"]
    assert [p["area_code"] for p in places] == ["P1"]
    assert places[0]["verdict"] in ("clear", "conditional")


def test_whole_sites_are_read_even_where_only_a_part_is_near(town_store: Store) -> None:
    """Two tanks of one group, 3 km apart: the far one belongs to the volume of the group, so it is read too."""
    put(
        town_store, "enterprise_site",
        frame("enterprise_site", {"code": "E2", "name": "乙库", "geometry": block(-1100, -1000)}),
    )  # fmt: skip
    tank = {"facility_type": "tank_fixed_roof", "site_code": "E2", "volume_m3": 500.0}
    tanks = [{"code": "K1", "geometry": point(-1050)} | tank, {"code": "K2", "geometry": point(-4050)} | tank]
    put(town_store, "hazard_source", frame("hazard_source", *tanks))
    place = block(-1200, -1150)
    found = read_surroundings(
        town_store, place, Reach({}, {"hazard_source": 100.0, "protected_target": 100.0}, {}), as_of=None
    )
    assert {"K1", "K2"} <= set(found.frames["hazard_source"]["code"])
    assert "V1" not in set(found.frames["protected_target"]["code"])  # 2 km off


def test_a_river_known_by_its_centre_line_is_looked_for_far_enough(town_store: Store) -> None:
    """长江保护法 article 26 asks for 1 km to the shore; a bare centre line 1.6 km off may be that near."""
    line = {
        "code": "Y1",
        "name": "江",
        "kind": "waterway",
        "geometry": across(-2900, 2000),
        "attributes": {"water_roles": "yangtze_main"},
    }
    put(town_store, "linear_feature", frame("linear_feature", line))
    site = feature(
        "enterprise_site", block(-1300, -1200, half_m=40), code="N3", plant_kind="fine_chemical",
        site_regime="fine_chemical", is_hazchem_enterprise=True,
    )  # fmt: skip
    found = gr.check_site(project(site), store=town_store, on=ON, alternatives=False, save=False)
    (reason,) = [r for r in found.to_json()["reasons"] if r["target_code"] == "Y1"]
    assert (reason["status"], reason["required_m"]) == ("needs_survey", 1000.0)
    assert reason["measured_m"] == pytest.approx(1600.0, abs=0.5)


def test_a_plot_across_a_boundary_is_judged_with_both_sides(town_store: Store) -> None:
    second = {
        "code": "360703",
        "name": "乙县",
        "level": "county",
        "geometry": block(-12_000, 12_000, x_m=24_000, half_m=12_000),
    }
    put(town_store, "admin_area", frame("admin_area", second))
    across_border = feature("hazard_source", block(-1520, -1500, x_m=12_000), code="N1", facility_type="workshop_jia")
    found = gr.check_site(project(across_border), store=town_store, on=ON, save=False)
    assert any("甲县" in w and "乙县" in w for w in found.warnings)


def test_a_pipeline_is_judged_against_both_sides(standing: Store) -> None:
    """石油天然气管道保护法 article 30: no house within 5 m of a pipeline; 3 m off is a breach, 100 m is not."""
    line = feature(
        "linear_feature", across(1003), kind="pipeline", medium="oil", diameter_m=0.0, code="G9", position="buried"
    )
    found = gr.check_site(project(line), store=standing, on=ON, alternatives=False, save=False)
    assert "V1" in {r["source_code"] for r in found.to_json()["reasons"]} | {
        r["target_code"] for r in found.to_json()["reasons"]
    }
    away = feature(
        "linear_feature", across(1100), kind="pipeline", medium="oil", diameter_m=0.0, code="G9", position="buried"
    )
    found = gr.check_site(project(away), store=standing, on=ON, alternatives=False, save=False)
    assert "V1" not in {r["source_code"] for r in found.to_json()["reasons"]}


def test_files_and_frames_are_read_alike(standing: Store, tmp_path: Path) -> None:
    import geopandas as gpd

    asked = project(new_workshop(-915))
    path = tmp_path / "plan.geojson"
    path.write_text(json.dumps(asked), encoding="utf-8")
    from_file = gr.check_site(path, store=standing, on=ON, alternatives=False, save=False)
    table = gpd.GeoDataFrame.from_features(asked["features"], crs="EPSG:4490")
    table.to_file(tmp_path / "plan.gpkg", layer="plan")
    from_gpkg = gr.check_site(tmp_path / "plan.gpkg", store=standing, on=ON, alternatives=False, save=False)
    assert from_file.verdict == from_gpkg.verdict == "veto"
    no_layer = table.drop(columns="layer")
    as_layer = gr.check_site(no_layer, store=standing, on=ON, as_layer="hazard_source", alternatives=False, save=False)
    assert as_layer.verdict == "veto"


def test_law_of_another_day(standing: Store) -> None:
    desk = Desk(standing, on=date(2020, 1, 1))
    assert desk.law.on == date(2020, 1, 1)
    site = feature(
        "enterprise_site", block(-1400, -1300), plant_kind="fine_chemical", is_hazchem_enterprise=True, code="N2"
    )  # fmt: skip
    found = gr.check_site(project(site), store=standing, on="2020-01-01", alternatives=False, save=False)
    assert "WHF-18-in" not in set(found.reasons["rule_id"])
