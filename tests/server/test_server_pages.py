"""The pages as a reader gets them: language, escaping, local assets only, headers, documents, empty states."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from small_area import PARK, SECOND_PARK, STUDY

from gisrisk.server import create_app
from gisrisk.store import Store

PAGES = ["/", "/findings", "/findings?status=all", f"/parks/{PARK}", "/parks/NOWHERE", f"/parks/{PARK}/map.pdf"]


class Elements(HTMLParser):
    """Every start tag of a page with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def page(client: FlaskClient, address: str) -> str:
    return client.get(address).get_data(as_text=True)


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_page_names_another_host_or_carries_inline_code(client, address, lang):
    text = page(client, f"{address}{'&' if '?' in address else '?'}lang={lang}")
    for tag, attributes in Elements(text).found:
        for name in ("src", "href", "action", "srcset"):
            value = attributes.get(name) or ""
            assert not re.match(r"(?:[a-z]+:)?//|javascript:|http", value), (tag, value)
        assert not any(name.startswith("on") for name in attributes), (tag, attributes)
        assert "style" not in attributes, (tag, attributes)
        assert tag != "style"
        if tag == "script":
            assert "src" in attributes or attributes.get("type") == "application/json"


@pytest.mark.parametrize("address", PAGES)
def test_every_local_asset_of_a_page_exists(client, address):
    for tag, attributes in Elements(page(client, address)).found:
        value = attributes.get("src") or (attributes.get("href") if tag == "link" else None)
        if value:
            assert client.get(value).status_code == 200, value


def test_chinese_comes_first_and_the_choice_is_remembered(client):
    assert '<html lang="zh-CN">' in page(client, "/") and "风险地图" in page(client, "/")
    english = page(client, "/?lang=en")
    assert '<html lang="en">' in english and "Risk map" in english
    assert '<html lang="en">' in page(client, "/findings")  # by the cookie
    assert '<html lang="zh-CN">' in page(client, "/findings?lang=zh")


def test_an_unknown_language_is_ignored(client):
    answer = client.get("/?lang=xx")
    assert '<html lang="zh-CN">' in answer.get_data(as_text=True)
    assert "Set-Cookie" not in answer.headers


def test_names_from_the_data_are_text_and_not_markup(client):
    table = page(client, "/findings?q=涂料仓库")
    assert "涂料仓库" in table
    echoed = page(client, "/findings?q=<script>alert(1)</script>")
    assert "<script>alert" not in echoed and "&lt;script&gt;" in echoed


def test_synthetic_data_are_announced_on_every_page(client):
    for address in ("/", "/findings", f"/parks/{PARK}"):
        assert "演示数据" in page(client, f"{address}?lang=zh")
        assert "Synthetic data" in page(client, f"{address}?lang=en")


def test_the_study_line_names_day_rules_and_method(client):
    for address in ("/", "/findings", f"/parks/{PARK}"):
        text = page(client, address)
        for part in ("2026-11-22", "0123456789ab", "示例五乘五风险矩阵", STUDY):
            assert part in text


def test_the_findings_table_shows_figures_review_and_a_way_to_the_map(client):
    text = page(client, "/findings")
    assert "139.8" in text and "360.2" in text and "500.0" in text
    assert "已核实" in text and "待核" in text
    assert 'href="/?finding=1"' in text
    undetermined = page(client, "/findings?status=undetermined")
    assert "缺少资料" in undetermined and "(volume_m3)" in undetermined


def test_an_empty_table_says_so(client):
    assert "没有符合条件的问题" in page(client, "/findings?q=绝无此名")


def test_a_nul_character_is_refused(client):
    for address in ("/parks/%00", "/findings?q=%00", "/api/v1/search?q=a%00b"):
        assert client.get(address).status_code == 400


def test_links_keep_a_study_that_was_asked_for(client):
    text = page(client, f"/findings?study={STUDY}")
    assert f"/?finding=1&amp;study={STUDY}" in text
    assert 'href="/?finding=1"' in page(client, "/findings")


def test_the_park_page_shows_grade_dates_counts_and_sites_worst_first(client):
    text = page(client, f"/parks/{PARK}")
    for part in (
        "示例化工园区",
        "重大风险",
        "2026-11-22",
        "2029-11-22",
        "每 3 年一次",
        "第十九条",
        "构成一级重大危险源",
    ):
        assert part in text
    table = text[text.index("企业风险等级（由高到低）") :]
    places = [table.index(code) for code in ("S-RED", "S-ORANGE", "S-UNKNOWN", "S-YELLOW", "S-BLUE")]
    assert places == sorted(places)
    assert "园区内没有未闭合的距离问题" in page(client, f"/parks/{SECOND_PARK}")


def test_without_a_study_the_page_says_what_to_do(fresh_store: Store):
    client = create_app(fresh_store).test_client()
    for address in ("/", "/findings"):
        answer = client.get(address)
        assert answer.status_code == 200 and "gisrisk study run" in answer.get_data(as_text=True)
    assert client.get("/api/v1/findings").status_code == 404
    assert client.get("/api/v1/style").json["metadata"]["study"] is None


@pytest.mark.parametrize(("lang", "words"), [("zh", "没有找到"), ("en", "Not found")])
def test_an_error_page_speaks_the_readers_language(client, lang, words):
    answer = client.get(f"/parks/NOWHERE?lang={lang}")
    assert answer.status_code == 404 and words in answer.get_data(as_text=True)


def test_security_headers_are_on_every_answer(client):
    for address in ("/", "/api/v1/style", "/healthz", "/nothing", "/tiles/park/0/0/0.mvt"):
        headers = client.get(address).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy and "script-src 'self';" in policy
        assert "unsafe" not in policy and "http" not in policy and "*" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "SAMEORIGIN"


def test_modules_are_javascript_and_versioned_files_are_kept(client):
    address = re.search(r'src="(/static/[^"]+/map/main\.mjs)"', page(client, "/")).group(1)
    answer = client.get(address)
    assert answer.mimetype == "text/javascript"
    assert "immutable" in answer.headers["Cache-Control"]
    stale = client.get(address.replace(address.split("/")[2], "000000000000"))
    assert stale.status_code == 200 and stale.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "name", ["../../pyproject.toml", "%2e%2e/%2e%2e/pyproject.toml", "vendor/.stamp", "css", "nothing.css"]
)
def test_only_files_of_the_static_folder_are_served(client, name):
    assert client.get(f"/static/x/{name}").status_code == 404


class TestDocuments:
    @pytest.fixture
    def products(self, small_store: Store) -> Path:
        folder = small_store.data_dir / "products" / STUDY
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def test_a_missing_sheet_gets_a_page_with_the_command(self, client):
        answer = client.get(f"/parks/{SECOND_PARK}/map.pdf")
        assert answer.status_code == 404
        text = answer.get_data(as_text=True)
        assert f"park_{SECOND_PARK}.pdf" in text and "gisrisk study run --area 369901" in text

    def test_a_made_sheet_is_served_as_it_is(self, client, products):
        (products / f"park_{PARK}.png").write_bytes(b"\x89PNG picture")
        answer = client.get(f"/parks/{PARK}/map.png")
        assert answer.data == b"\x89PNG picture" and answer.mimetype == "image/png"

    def test_a_stand_alone_map_runs_in_a_sandbox_that_reaches_nobody(self, client, products):
        (products / f"park_{PARK}.html").write_text("<script>1</script>", encoding="utf-8")
        policy = client.get(f"/parks/{PARK}/map.html").headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "connect-src 'none'" in policy
        assert "sandbox allow-scripts" in policy and "allow-same-origin" not in policy

    @pytest.mark.parametrize("code", ["..%2f..%2fpg", "nobody", "P-CHEM%2f..%2fP-CHEM"])
    def test_only_parks_of_the_study_reach_the_file_system(self, client, code):
        assert client.get(f"/parks/{code}/map.pdf").status_code == 404
