"""The web map: no request leaves the page, nothing in the data becomes code, and it works in a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_up import MadeUpStudy, make_study
from playwright.sync_api import Browser

from gisrisk.errors import SetupIncomplete, UnknownName
from gisrisk.products import offline, popups
from gisrisk.products.offline import remote_addresses, require_offline
from gisrisk.products.webmap import park_html, region_html, study_map


@pytest.fixture(scope="module")
def pages(study: MadeUpStudy, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("web")
    park_html(study, "P01", folder / "park.html")
    region_html(study, folder / "region.html")
    return {path.stem: path for path in folder.iterdir()}


@pytest.mark.parametrize("name", ["park", "region"])
def test_a_page_asks_the_network_for_nothing_and_is_small(pages: dict[str, Path], name: str) -> None:
    html = pages[name].read_text(encoding="utf-8")
    assert remote_addresses(html) == []
    assert pages[name].stat().st_size < 3_000_000
    assert "演示数据" in html and "LayerControl" not in html.split("<script>")[0]


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://cdn.example/x.js"></script>',
        "<script src='//cdn.example/x.js'></script>",
        '<link rel="stylesheet" href="http://cdn.example/x.css"/>',
        '<img src="HTTPS://cdn.example/x.png">',
        '<img srcset="a.png 1x, https://cdn.example/x.png 2x">',
        "<style>body{background:url( 'https://cdn.example/x.png' )}</style>",
        '<style>@import "https://cdn.example/x.css";</style>',
        '<div style="background:url(//cdn.example/x.png)"></div>',
        '<link href="data:text/css;base64,YXt9QGltcG9ydCAiaHR0cHM6Ly94LmV4YW1wbGUvYS5jc3MiOw==">',
        '<iframe srcdoc="&lt;img src=&quot;https://cdn.example/x.png&quot;&gt;"></iframe>',
        '<script>L.tileLayer("https://{s}.tile.example/{z}/{x}/{y}.png").addTo(m)</script>',
        '<script>fetch("https://api.example/x")</script>',
        '<script type="module">import x from "https://cdn.example/x.mjs"</script>',
        "<script>s.src = 'https://cdn.example/x.js'</script>",
    ],
)
def test_every_way_to_ask_the_network_is_found(html: str) -> None:
    assert remote_addresses(html)
    with pytest.raises(SetupIncomplete, match="would ask the network"):
        require_offline(html)


def test_words_that_only_look_remote_are_left_alone() -> None:
    html = (
        '<svg xmlns="http://www.w3.org/2000/svg"></svg><p>https://example.org</p><a href="#top">up</a>'
        '<script>var name = "see https://example.org";</script><img src="data:image/png;base64,AA==">'
    )
    assert require_offline(html) == html


def test_a_name_cannot_become_code(tmp_path: Path) -> None:
    study = make_study()
    evil = "</script><img src=x onerror=alert(1)>'\"`${1}"
    study.site_grades.loc[0, "site_name"] = evil
    study.findings.loc[0, "target_name"] = evil
    study.context["protected_target"].loc[0, "name"] = evil
    study.context["park"].loc[0, "name"] = evil
    park_html(study, "P01", tmp_path / "a.html")
    html = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "<img src=x" not in html
    assert "&lt;img src=x onerror" in html


def test_a_popup_holds_the_finding_of_the_tables(study: MadeUpStudy) -> None:
    row = next(study.findings[study.findings["finding_no"] == 3].itertuples())
    html = popups.finding(row)
    # 197.7 m of 350 m are 152.3 m short; worked by hand from the made-up coordinates (176, 90): hypot = 197.68
    for text in ("不符合", "197.7 m", "350 m", "152.3 m", "《示例安全距离标准》", "5.1", "待核对原文", "T01", "H001-1"):
        assert text in html
    row = next(study.findings[study.findings["finding_no"] == 7].itertuples())
    assert "火灾危险性类别" in popups.finding(row) and "待定" in popups.finding(row)


def test_equal_studies_give_equal_pages(tmp_path: Path) -> None:
    for name in ("one", "two"):
        park_html(make_study(), "P01", tmp_path / f"{name}.html")
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


def test_real_data_show_no_demo_label(tmp_path: Path) -> None:
    park_html(make_study(synthetic=False), "P01", tmp_path / "a.html")
    assert "演示" not in (tmp_path / "a.html").read_text(encoding="utf-8")


def test_a_missing_library_is_named(study: MadeUpStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*parts: str) -> Path:
        raise SetupIncomplete("not there")

    offline.script_uri.cache_clear()
    monkeypatch.setattr(offline, "shipped", nothing)
    try:
        with pytest.raises(SetupIncomplete, match=r"leaflet/dist/leaflet\.js.*make setup"):
            park_html(study, "P01", tmp_path / "a.html")
    finally:
        offline.script_uri.cache_clear()
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_park_is_refused(study: MadeUpStudy) -> None:
    with pytest.raises(UnknownName, match="P99"):
        study_map(study, "P99")


def test_the_notebook_map_needs_no_network_either(study: MadeUpStudy) -> None:
    assert remote_addresses(study_map(study)._repr_html_()) == []


@pytest.mark.browser
@pytest.mark.parametrize("name", ["park", "region"])
def test_the_page_works_in_a_browser(pages: dict[str, Path], name: str, chromium: Browser) -> None:
    page = chromium.new_page(viewport={"width": 1300, "height": 850})
    requests: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(pages[name].as_uri())
    page.wait_for_selector("path.leaflet-interactive")
    if name == "park":
        assert page.locator(".gr-no").all_inner_texts() == [str(k) for k in range(1, 21)]
    page.click(".gr-list button >> nth=0")
    page.wait_for_selector(".leaflet-popup .gr-popup")
    assert "白沙" in page.inner_text(".leaflet-popup")
    assert page.locator(".gr-demo").is_visible() and page.locator(".gr-legend").is_visible()
    page.close()
    assert errors == []
    assert [url for url in requests if not url.startswith(("data:", "file:"))] == []
