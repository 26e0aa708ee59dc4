"""Paper arithmetic: scales, planes, line breaks and label places."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS

from gisrisk.errors import OutOfDomain
from gisrisk.products import fonts
from gisrisk.products.frame import degrees_text
from gisrisk.products.labels import Placer, around
from gisrisk.products.page import Box
from gisrisk.products.plane import SCALES, Extent, plane_at, round_length_m, round_scale

FRAME = Box(17.0, 52.0, 282.0, 211.0)


@given(st.floats(1, 900_000), st.floats(1, 600_000))
def test_the_scale_is_the_largest_that_fits(width_m: float, height_m: float) -> None:
    scale = round_scale(width_m, height_m, FRAME, fill=1.0)
    assert width_m <= FRAME.w / 1000 * scale and height_m <= FRAME.h / 1000 * scale
    before = [other for other in SCALES if other < scale]
    if before:
        assert width_m > FRAME.w / 1000 * before[-1] or height_m > FRAME.h / 1000 * before[-1]


def test_scales_worked_by_hand() -> None:
    # 282 mm at 1:5000 show 1410 m; with 94 % of the frame used 1325 m fit and 1326 m do not
    assert round_scale(1325, 10, FRAME) == 5_000
    assert round_scale(1326, 10, FRAME) == 7_500
    with pytest.raises(OutOfDomain):
        round_scale(5e6, 5e6, FRAME)


@pytest.mark.parametrize(("lon", "meridian"), [(114.9, 114), (115.6, 117), (117.0, 117), (75.2, 75), (134.8, 135)])
def test_the_plane_is_the_three_degree_zone_of_the_place(lon: float, meridian: int) -> None:
    plane = plane_at(lon, 28.0)
    epsg = plane.crs.to_epsg()
    # the name comes from the EPSG register through pyproj, not from our table
    assert CRS.from_epsg(epsg).name == f"CGCS2000 / 3-degree Gauss-Kruger CM {meridian}E"
    assert f"EPSG:{epsg}" in plane.name_zh and f"{meridian}°E" in plane.name_zh


def test_outside_china_the_plane_is_centred_on_the_place() -> None:
    plane = plane_at(26.9, 60.5)
    assert plane.points([26.9], [60.5])[0] == pytest.approx((0.0, 0.0), abs=1e-6)
    assert "26.900°" in plane.name_zh


def test_an_extent_turns_metres_into_millimetres() -> None:
    extent = Extent.around((1000, 2000, 3000, 3000), FRAME, 10_000)
    # the middle of the bounds lies in the middle of the frame; 500 m are 50 mm at 1:10 000
    assert extent.mm(2000, 2500) == pytest.approx((FRAME.x + FRAME.w / 2, FRAME.y + FRAME.h / 2))
    assert extent.mm(2500, 2500)[0] - extent.mm(2000, 2500)[0] == pytest.approx(50.0)
    assert extent.metres(50) == pytest.approx(500.0)


@given(st.floats(1, 1e6))
def test_a_scale_bar_is_short_enough_and_not_far_too_short(at_most_m: float) -> None:
    length = round_length_m(at_most_m)
    assert length <= at_most_m < 2 * length + 1e-6
    first = length / 10 ** math.floor(math.log10(length))
    assert round(first, 9) in (1, 2, 4, 6, 8)


def test_angles_are_written_as_people_read_them() -> None:
    # 117 h 0 min 15 s = 421215 s; a step of whole minutes drops the seconds
    assert degrees_text(421215, 15) == "117°00′15″"
    assert degrees_text(98160, 60) == "27°16′"


@given(st.text(alphabet="安全风险等级图，。（）《》 abcXYZ019.-/", max_size=60), st.floats(12, 80))
def test_line_breaks_lose_no_character_and_fit(text: str, width_mm: float) -> None:
    lines = fonts.wrap(text, width_mm, 8.0)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(fonts.text_width_mm(line, 8.0) <= width_mm + 1e-9 or len(line) == 1 for line in lines)


def test_chinese_is_one_em_wide_and_marks_do_not_start_a_line() -> None:
    # an ideograph is one em wide: 10 of them at 10 pt are 100 pt = 35.28 mm
    assert fonts.text_width_mm("险" * 10, 10) == pytest.approx(100 / 72 * 25.4)
    assert fonts.wrap("安全风险，等级图", fonts.text_width_mm("安全风险", 8) + 0.1, 8) == ["安全风", "险，等级", "图"]


def test_a_text_that_is_cut_says_so() -> None:
    lines = fonts.wrap("危险化学品经营企业安全技术基本要求", fonts.text_width_mm("危险化学品", 8), 8, max_lines=2)
    assert len(lines) == 2 and lines[1].endswith("…")


@given(st.lists(st.tuples(st.floats(20, 290), st.floats(60, 255), st.floats(2, 30)), max_size=40))
def test_labels_never_lie_on_each_other_or_outside(wanted: list[tuple[float, float, float]]) -> None:
    placer = Placer(FRAME)
    placed: list[Box] = []
    for x, y, w in wanted:
        found = placer.place(around(Box(x, y, 1, 1), w=w, h=3), w, 3)
        if found is not None:
            placed.append(Box(found[0] - w / 2, found[1] - 1.5, w, 3))
    assert all(FRAME.contains(box) for box in placed)
    assert not any(a.overlaps(b) for k, a in enumerate(placed) for b in placed[:k])
