"""What a planner does with the pages, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader
from small_area import BLUE, ODD_NAME, OUTSIDE, PARK, RED, SHEET_TEXT, SITES, TARGETS, at

pytestmark = pytest.mark.browser

NO_WEBGL2 = """
HTMLCanvasElement.prototype.getContext = new Proxy(HTMLCanvasElement.prototype.getContext, {
  apply: (get, canvas, kinds) => (kinds[0] === "webgl2" ? null : Reflect.apply(get, canvas, kinds)),
});
"""
OVERFLOWING = """
() => {
  const root = document.documentElement;
  const parts = ".chip, .tile, .toggle, .entry, .button, .top a, th, .study-line div";
  const cut = [...document.querySelectorAll(parts)]
    .filter((part) => part.offsetParent && getComputedStyle(part).display !== "inline")
    .filter((part) => part.scrollWidth > part.clientWidth + 1)
    .map((part) => part.className + ": " + part.textContent.trim());
  return (root.scrollWidth > root.clientWidth ? ["the page"] : []).concat(cut);
}
"""


def drawn_layers(reader) -> set[str]:
    return set(
        reader.page.evaluate("[...new Set(gisriskMap.map.queryRenderedFeatures().map((found) => found.layer.id))]")
    )


def middle_of(site: str) -> tuple[float, float]:
    return SITES[site][1].centroid.coords[0]


def test_the_map_is_drawn_from_this_host_alone(reader):
    assert reader.open_map("/") == "maplibre"
    drawn = drawn_layers(reader)
    assert {"site-fill", "site-hatch", "park-line", "finding_violation", "major-point", "site-name", "road"} <= drawn
    legend = reader.page.locator("#legend-levels").inner_text()
    assert legend.split() == ["重大风险", "较大风险", "一般风险", "低风险", "待定"]
    expect(reader.page.locator(".demo-banner")).to_contain_text("演示数据")


def test_the_four_colours_are_on_the_screen_as_in_the_palette(reader, tmp_path):
    from PIL import Image

    reader.open_map("/")
    reader.page.screenshot(path=tmp_path / "map.png")
    picture = Image.open(tmp_path / "map.png").convert("RGB")
    seen = {colour for _, colour in picture.crop((320, 80, 1366, 730)).getcolors(maxcolors=10**6)}
    # sRGB values of data/rules/methods/four_colours.yaml
    for colour in ((0xD7, 0x19, 0x1C), (0xFD, 0xAE, 0x61), (0xFF, 0xF2, 0x00), (0x2C, 0x7B, 0xB6)):
        assert colour in seen


def test_a_click_on_a_red_site_tells_why_it_is_red(reader):
    reader.open_map("/")
    reader.click_at(*at(1060, 940))  # inside the red site, away from its sources and lines
    popup = reader.page.locator(f'[data-site="{RED}"]')
    expect(popup).to_be_visible()
    for words in (SITES[RED][0], "重大风险", "构成一级重大危险源", "与示例第一小学的间距不足 139.8 米", "液氯储罐组"):
        expect(popup).to_contain_text(words)
    expect(popup.locator(".chip.level-1")).to_have_css("background-color", "rgb(215, 25, 28)")


def test_from_a_site_to_its_finding_and_back(reader):
    reader.open_map(f"/?site={RED}")
    reader.page.locator(f'[data-site="{RED}"]').get_by_role("button", name="示例第一小学").click()
    popup = reader.page.locator('[data-finding="1"]')
    for words in ("不符合", "已核实", "强制性", "500 米", "360.2 米", "139.8 米", "表4.1.5", "EX 100-2018", "± 10 米"):
        expect(popup).to_contain_text(words)


def test_a_finding_between_two_sites_leads_to_either(reader):
    reader.open_map("/?finding=3")
    reader.page.locator('[data-finding="3"]').get_by_role("button", name=SITES[RED][0]).click()
    expect(reader.page.locator(f'[data-site="{RED}"]')).to_be_visible()


def test_a_popup_lies_wholly_on_the_map(reader):
    reader.open_map("/")
    reader.click_at(*middle_of(BLUE))  # low on the screen
    expect(reader.page.locator(f'[data-site="{BLUE}"]')).to_be_visible()
    reader.wait("!gisriskMap.map.isMoving()")
    reader.page.wait_for_timeout(400)
    popup, frame = (
        reader.page.locator(".maplibregl-popup-content").bounding_box(),
        reader.page.locator("#map").bounding_box(),
    )
    assert popup["x"] >= frame["x"] and popup["y"] >= frame["y"]
    assert popup["x"] + popup["width"] <= frame["x"] + frame["width"]
    assert popup["y"] + popup["height"] <= frame["y"] + frame["height"]


def test_names_are_shown_as_text_even_when_they_look_like_markup(reader):
    reader.open_map(f"/?site={OUTSIDE}")
    heading = reader.page.locator(f'[data-site="{OUTSIDE}"] h3')
    expect(heading).to_have_text(ODD_NAME)
    assert heading.locator("b").count() == 0


def test_a_protected_target_gives_its_name(reader):
    reader.open_map("/")
    reader.click_at(*TARGETS["T-HOSPITAL"][1].coords[0])
    expect(reader.page.locator(".popup")).to_contain_text("示例人民医院")


def test_switches_show_one_set_of_levels_at_a_time(reader):
    reader.open_map("/")
    reader.page.get_by_label("风险等级分区").check()
    reader.page.evaluate("gisriskMap.idle()")
    reader.wait("gisriskMap.map.queryRenderedFeatures({layers: ['level-fill']}).length > 0")
    assert "site-fill" not in drawn_layers(reader)
    reader.page.get_by_label("不显示等级").check()
    reader.wait("gisriskMap.map.queryRenderedFeatures({layers: ['level-fill']}).length === 0")
    reader.page.get_by_label("道路").uncheck()
    reader.wait("gisriskMap.map.queryRenderedFeatures({layers: ['road']}).length === 0")


def test_the_language_switch_keeps_the_place(reader):
    reader.open_map("/")
    reader.page.evaluate("gisriskMap.fit([114.957, 25.857, 114.962, 25.862], 16)")
    reader.wait("!gisriskMap.map.isMoving()")
    reader.page.wait_for_timeout(600)  # MapLibre writes the address a moment after the movement
    before = reader.page.evaluate("gisriskMap.position()")
    reader.page.get_by_role("link", name="EN", exact=True).click()
    reader.wait("document.documentElement.lang === 'en'")
    reader.wait_for_map()
    after = reader.page.evaluate("gisriskMap.position()")
    assert after["zoom"] == pytest.approx(before["zoom"], abs=0.02)
    assert after["center"] == pytest.approx(before["center"], abs=1e-3)
    expect(reader.page.locator("#legend-levels")).to_contain_text("Major risk")
    expect(reader.page.locator(".demo-banner")).to_contain_text("Synthetic data")
    reader.open("/findings")
    expect(reader.page.locator("h1")).to_have_text("Separation findings")


def test_searching_by_keyboard_goes_to_the_site(reader):
    reader.open_map("/")
    box = reader.page.get_by_role("combobox")
    box.fill("氯碱")
    expect(reader.page.get_by_role("option")).to_have_text(re.compile(SITES[RED][0]))
    box.press("Enter")
    expect(reader.page.locator(f'[data-site="{RED}"]')).to_be_visible()
    box.fill("绝无此名")
    expect(reader.page.locator("#search-results")).to_contain_text("没有找到")


def test_the_findings_table_leads_to_the_line_on_the_map(reader):
    reader.open("/findings")
    rows = reader.page.locator("table.findings tbody tr")
    expect(rows).to_have_count(3)
    rows.first.get_by_role("link", name="定位").click()
    reader.wait_for_map()
    expect(reader.page.locator('[data-finding="1"]')).to_contain_text("139.8 米")
    # both ends of the line are in sight
    for lon, lat in (at(790, 1200), at(780, 1560)):
        x, y = reader.project(lon, lat)
        frame = reader.page.locator("#map").bounding_box()
        assert 0 <= x <= frame["width"] and 0 <= y <= frame["height"]


def test_filters_of_the_findings_table(reader):
    reader.open("/findings?status=all")
    reader.page.get_by_label("园区").select_option(label="示例化工园区")
    reader.page.get_by_role("button", name="筛选").click()
    expect(reader.page.locator("table.findings tbody tr")).to_have_count(4)
    reader.page.get_by_role("link", name="需实测").click()
    expect(reader.page.locator("table.findings tbody tr")).to_have_count(1)


def test_the_park_page_has_its_map_fitted_to_the_park(reader):
    assert reader.open_map(f"/parks/{PARK}") == "maplibre"
    expect(reader.page.locator("h1")).to_have_text("示例化工园区")
    expect(reader.page.locator(".big-grade .chip")).to_have_text("重大风险")
    bounds = reader.page.evaluate("gisriskMap.map.getBounds().toArray().flat()")
    west, south, east, north = bounds
    park_west, park_south = at(550, 260)
    park_east, park_north = at(550 + 1580, 260 + 1080)
    assert west < park_west < park_east < east and south < park_south < park_north < north
    assert (east - west) < 4 * (park_east - park_west)  # fitted, not the whole county
    assert "site-fill" in drawn_layers(reader)


def test_the_sheet_of_the_park_can_be_downloaded_and_read(reader, tmp_path):
    reader.open_map(f"/parks/{PARK}")
    link = reader.page.locator('[data-document="pdf"]')
    answer = reader.page.request.get(reader.base + link.get_attribute("href"))
    assert answer.status == 200 and answer.headers["content-type"] == "application/pdf"
    (tmp_path / "sheet.pdf").write_bytes(answer.body())
    assert SHEET_TEXT in PdfReader(tmp_path / "sheet.pdf").pages[0].extract_text()
    with reader.page.expect_download() as downloading:
        reader.page.evaluate("document.querySelector('[data-document=pdf]').setAttribute('download', '')")
        link.click()
    assert downloading.value.suggested_filename.endswith(".pdf")


def test_without_webgl2_the_same_map_comes_from_leaflet(reader):
    reader.page.add_init_script(NO_WEBGL2)
    assert reader.open_map("/") == "leaflet"
    expect(reader.page.locator("#map-message")).to_contain_text("WebGL2")
    assert reader.page.locator(".leaflet-pane path").count() > 20
    reader.click_at(*at(1060, 940))
    expect(reader.page.locator(f'[data-site="{RED}"]')).to_contain_text("构成一级重大危险源")


@pytest.mark.parametrize("address", ["/", "/findings?status=all", f"/parks/{PARK}"])
@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(("width", "height"), [(1366, 768), (2560, 1440)])
def test_nothing_is_wider_than_the_screen_or_cut_off(reader, address, lang, width, height):
    reader.page.set_viewport_size({"width": width, "height": height})
    reader.open(f"{address}{'&' if '?' in address else '?'}lang={lang}")
    reader.page.wait_for_load_state("networkidle")
    assert reader.page.evaluate(OVERFLOWING) == []
