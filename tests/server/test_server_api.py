"""The JSON answers, against the rows that `small_area` wrote by hand."""

from __future__ import annotations

import json

import pytest
from flask.testing import FlaskClient
from small_area import ODD_NAME, ORANGE, OUTSIDE, PARK, RED, SECOND_PARK, STUDY, UNKNOWN


def numbers(client: FlaskClient, query: str = "") -> list[int]:
    return [feature["id"] for feature in client.get(f"/api/v1/findings{query}").json["features"]]


def test_findings_come_most_pressing_first_and_without_those_that_meet(client):
    # confirmed violations by shortfall (139.8 m, 20 m), then the provisional one, then survey, then undetermined
    assert numbers(client) == [1, 3, 2, 4, 5]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?status=violation", [1, 3, 2]),
        ("?status=meets", [6]),
        ("?clause=EX 100-2018 4.2.1", [2]),
        ("?clause=4.2.1", []),
        (f"?park={PARK}", [1, 3, 4, 5]),
        (f"?park={SECOND_PARK}", []),
        (f"?site={RED}", [1, 3]),
        (f"?site={ORANGE}", [3, 4]),
        ("?q=河东新村", [4, 5]),
        ("?q=h-6", [2]),
        ("?q=%25", []),
        ("?q='; DROP TABLE gisrisk.finding; --", []),
    ],
)
def test_findings_are_filtered(client, query, expected):
    assert numbers(client, query) == expected


def test_pages_of_findings_join_to_the_whole(client):
    pages = [numbers(client, f"?per_page=2&page={page}") for page in (1, 2, 3, 4)]
    assert pages == [[1, 3], [2, 4], [5], []]
    first = client.get("/api/v1/findings?per_page=2").json
    assert first["numberMatched"] == 5
    following = {link["rel"]: link["href"] for link in first["links"]}["next"]
    assert [feature["id"] for feature in client.get(following).json["features"]] == [2, 4]


def test_a_finding_carries_its_reason(client):
    feature = client.get("/api/v1/finding/1").json
    told = feature["properties"]
    assert (told["required_m"], told["measured_m"], told["shortfall_m"]) == (500.0, 360.2, 139.8)
    assert (told["document_no"], told["clause"], told["review"], told["mandatory"]) == (
        "EX 100-2018",
        "表4.1.5",
        "confirmed",
        True,
    )
    assert told["measured_from_label"] == "储罐外壁"
    assert told["substitutes_labels"] == ["以对象边界代替"]
    assert feature["geometry"]["type"].endswith("LineString")


def test_an_undetermined_finding_names_the_missing_fields_by_label_and_column(client):
    told = client.get("/api/v1/finding/5").json["properties"]
    assert told["missing"] == ["hazard_source.volume_m3", "hazard_source.fire_hazard_class"]
    volume, fire_class = told["missing_labels"]
    assert volume.startswith("危险源") and volume.endswith("(volume_m3)")
    assert fire_class.startswith("危险源") and fire_class.endswith("(fire_hazard_class)")


def test_a_site_tells_grade_reasons_units_and_findings(client):
    site = client.get(f"/api/v1/sites/{RED}").json["properties"]
    assert site["grade"] == "重大风险"
    assert site["reasons"] == ["构成一级重大危险源", "与示例第一小学的间距不足 139.8 米"]
    assert [(unit["unit_code"], unit["status_label"]) for unit in site["units"]] == [("U-1", "一级重大危险源")]
    assert [finding["finding_no"] for finding in site["findings"]] == [1, 3]
    assert site["park_name"] == "示例化工园区"


def test_an_undetermined_site_is_not_given_a_level_but_its_floor(client):
    site = client.get(f"/api/v1/sites/{UNKNOWN}").json["properties"]
    assert site["level"] is None
    assert site["grade"] == "待定 (至少为一般风险)"


def test_sites_of_a_park_are_ordered_worst_first_and_unknown_before_yellow(client):
    codes = [site["site_code"] for site in client.get(f"/api/v1/parks/{PARK}").json["site_list"]]
    assert codes == [RED, ORANGE, UNKNOWN, "S-YELLOW", "S-BLUE"]


def test_the_park_record_counts_and_says_when_it_is_due(client):
    park = client.get(f"/api/v1/parks/{PARK}").json
    assert park["findings"] == {"violation": 2, "needs_survey": 1, "undetermined": 1, "meets": 1}
    assert park["assessed_on"] == "2026-11-22"
    assert park["next_due"] == "2029-11-22"  # chemical park: three years
    second = client.get(f"/api/v1/parks/{SECOND_PARK}").json
    assert second["next_due"] == "2031-11-22"  # industrial park: five years


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("化工园区", [PARK]),
        ("S-RED", [RED]),
        ("涂料</b>&", [OUTSIDE]),
        ("氯碱", [RED]),
        ("没有这家", []),
        ("_", []),
        ("%", []),
    ],
)
def test_search_finds_parts_of_names_and_codes_literally(client, query, codes):
    found = client.get("/api/v1/search", query_string={"q": query}).json["results"]
    assert [result["code"] for result in found] == codes


def test_search_results_can_be_zoomed_to(client):
    (result,) = client.get("/api/v1/search", query_string={"q": ODD_NAME}).json["results"]
    west, south, east, north = result["bbox"]
    assert 114.9 < west < east < 115.0 and 25.8 < south < north < 25.9


def test_studies_and_regions_are_listed(client):
    assert [study["study_id"] for study in client.get("/api/v1/studies").json["studies"]] == [STUDY]
    parks = client.get("/api/v1/regions?kind=park").json["regions"]
    assert sorted((park["area_code"], park["level"]) for park in parks) == [(PARK, 1), (SECOND_PARK, 4)]


def test_part_of_a_layer_comes_as_geojson_for_maps_without_tiles(client):
    whole = client.get("/api/v1/features/site_grade?bbox=114.9,25.8,115.1,26.0").json
    assert len(whole["features"]) == 7 and whole["truncated"] is False
    cut = client.get("/api/v1/features/site_grade?bbox=114.9,25.8,115.1,26.0&limit=2").json
    assert [feature["properties"]["level"] for feature in cut["features"]] == [1, 2]  # the worst are kept
    assert cut["truncated"] is True
    lines = client.get("/api/v1/features/finding?bbox=114.9,25.8,115.1,26.0").json["features"]
    assert {feature["properties"]["status"] for feature in lines} == {"violation", "needs_survey", "undetermined"}


@pytest.mark.parametrize("bbox", ["", "1,2,3", "a,b,c,d", "10,0,5,5", "nan,0,1,1", "-181,0,1,1", "0,0,inf,1"])
def test_a_box_that_is_none_is_refused(client, bbox):
    answer = client.get("/api/v1/features/park", query_string={"bbox": bbox})
    assert answer.status_code == 422
    assert "bbox" in answer.json["message"]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/api/v1/sites/NOBODY", 404),
        ("/api/v1/parks/NOWHERE", 404),
        ("/api/v1/finding/99", 404),
        ("/api/v1/findings?study=none", 404),
        ("/api/v1/features/nothing?bbox=0,0,1,1", 404),
        ("/api/v1/nothing", 404),
        ("/api/v1/findings?status=bad", 422),
        ("/api/v1/findings?per_page=100000", 422),
        ("/api/v1/findings?page=0", 422),
        ("/api/v1/search", 422),
    ],
)
def test_wrong_questions_get_a_status_and_a_json_reason(client, address, status):
    answer = client.get(address)
    assert answer.status_code == status
    assert answer.is_json and answer.json["status"] == status and answer.json["message"]


def test_the_answers_follow_the_language(client):
    assert client.get(f"/api/v1/sites/{RED}?lang=en").json["properties"]["grade"] == "Major risk"
    told = client.get("/api/v1/finding/1?lang=en").json["properties"]
    assert told["measured_from_label"] == "tank outer wall"


def test_json_is_utf8_text_without_nan(client):
    raw = client.get("/api/v1/findings?status=needs_survey").get_data(as_text=True)
    assert "河东新村" in raw

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    json.loads(raw, parse_constant=refuse)


def test_openapi_describes_every_api_path_and_names_no_other_host(client):
    answer = client.get("/api/openapi.json")
    description = answer.json
    assert description["openapi"].startswith("3.")
    described = set(description["paths"])
    rules = [rule.rule for rule in client.application.url_map.iter_rules() if rule.endpoint.startswith("api.")]
    assert len(rules) >= 10
    for rule in rules:
        assert (
            rule.replace("<int:number>", "{number}").replace("<code>", "{code}").replace("<layer>", "{layer}")
            in described
        )
    assert "http" not in answer.get_data(as_text=True).replace("HTTPError", "")
