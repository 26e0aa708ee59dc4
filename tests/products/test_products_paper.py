"""The printed sheet, measured and read back: scale, colours, text, and that equal studies give equal files."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pypdf
import pytest
from made_up import ORIGIN, PARK_SIZE_M, PLANE, MadeUpStudy, make_study
from matplotlib import image
from pyproj import Transformer

from gisrisk.catalog.palette import palette
from gisrisk.errors import SetupIncomplete, UnknownName
from gisrisk.products import fonts, frame
from gisrisk.products.mapsheet import park_extent, park_sheet, region_sheet
from gisrisk.products.plane import plane_at
from gisrisk.products.view import park_part

A3_MM = (420.0, 297.0)  # ISO 216
PARK_EDGE = (0x6A, 0x1B, 0x9A)


def pixels(png: Path) -> np.ndarray:
    """RGB bytes, first row at the top."""
    return (image.imread(png)[..., :3] * 255).round().astype(int)


def run_mm(mask: np.ndarray, dpi: float) -> float:
    """Distance from the first to the last true pixel [mm]."""
    (hits,) = np.nonzero(mask)
    return (hits[-1] - hits[0] + 1) / dpi * 25.4


def is_near(rgb: np.ndarray, wanted: tuple[int, int, int], by: int = 40) -> np.ndarray:
    return (np.abs(rgb - np.array(wanted)) <= by).all(axis=-1)


def extracted(pdf: Path) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(pdf).pages)


def test_the_sheet_is_a3_landscape(sheet: tuple[Path, Path]) -> None:
    for page in pypdf.PdfReader(sheet[0]).pages:
        width_mm, height_mm = (float(side) / 72 * 25.4 for side in page.mediabox[2:])
        assert (width_mm, height_mm) == pytest.approx(A3_MM, abs=0.1)


def test_the_printed_park_has_the_length_that_the_scale_says(sheet: tuple[Path, Path], study: MadeUpStudy) -> None:
    # the made-up park is 1600 m by 1000 m on the plane; at 1:7500 that is 213.33 mm by 133.33 mm of paper
    assert "1:7 500" in extracted(sheet[0])
    rgb = pixels(sheet[1])
    dpi = rgb.shape[1] / (A3_MM[0] / 25.4)
    edge = is_near(rgb, PARK_EDGE)
    top, bottom = (round((A3_MM[1] - y) / 25.4 * dpi) for y in (frame.MAP.top, frame.MAP.y))
    left, right = (round(x / 25.4 * dpi) for x in (frame.MAP.x, frame.MAP.right))
    inside = edge[top:bottom, left:right]
    line_mm = 1.9 / 72 * 25.4  # the boundary is drawn 1.9 points wide, half of it outside the park
    assert run_mm(inside.any(axis=0), dpi) - line_mm == pytest.approx(PARK_SIZE_M[0] / 7.5, abs=0.4)
    assert run_mm(inside.any(axis=1), dpi) - line_mm == pytest.approx(PARK_SIZE_M[1] / 7.5, abs=0.4)


def test_the_scale_bar_has_the_length_written_on_it(sheet: tuple[Path, Path]) -> None:
    # 200 m at 1:7500 are 26.67 mm
    assert "200 m" in extracted(sheet[0])
    rgb = pixels(sheet[1])
    dpi = rgb.shape[1] / (A3_MM[0] / 25.4)
    row = round((A3_MM[1] - (frame.SCALE_BOX.y + 16.45)) / 25.4 * dpi)
    left, right = (round(x / 25.4 * dpi) for x in (frame.SCALE_BOX.x + 15, frame.SCALE_BOX.right - 1))
    dark = (rgb[row, left:right] < 110).all(axis=-1)
    assert run_mm(dark, dpi) == pytest.approx(200 / 7.5, abs=0.4)


@pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="poppler is not installed")
def test_the_pdf_has_the_same_scale_as_the_picture(sheet: tuple[Path, Path], tmp_path: Path) -> None:
    subprocess.run(
        ["pdftoppm", "-r", "150", "-png", "-f", "1", "-l", "1", str(sheet[0]), str(tmp_path / "page")], check=True
    )
    (page,) = tmp_path.glob("page*.png")
    rgb = pixels(page)
    top, bottom = (round((A3_MM[1] - y) / 25.4 * 150) for y in (frame.MAP.top, frame.MAP.y))
    left, right = (round(x / 25.4 * 150) for x in (frame.MAP.x, frame.MAP.right))
    inside = is_near(rgb, PARK_EDGE)[top:bottom, left:right]
    assert run_mm(inside.any(axis=0), 150) - 1.9 / 72 * 25.4 == pytest.approx(PARK_SIZE_M[0] / 7.5, abs=0.4)


def test_every_plot_is_printed_in_the_colour_of_its_level(sheet: tuple[Path, Path], study: MadeUpStudy) -> None:
    rgb = pixels(sheet[1])
    dpi = rgb.shape[1] / (A3_MM[0] / 25.4)
    part = park_part(study, "P01")
    extent = park_extent(part, plane_at(*part.boundary.centroid.coords[0]))
    forward = Transformer.from_crs("EPSG:4490", PLANE, always_xy=True)
    for site in part.sites.itertuples():
        west, south, *_ = site.geometry.bounds
        x, y = forward.transform(west, south)
        # a patch of 40 by 25 m in the plot's lower right, where no tank and no number stands
        corner = extent.mm(x + 205, y + 12)
        column, row = round(corner[0] / 25.4 * dpi), round((A3_MM[1] - corner[1]) / 25.4 * dpi)
        patch = rgb[row - 18 : row, column : column + 30].reshape(-1, 3)
        wanted = palette().level(None if pd.isna(site.level) else int(site.level))
        ink = np.array([int(wanted.hex[k : k + 2], 16) for k in (1, 3, 5)])
        share = (np.abs(patch - ink) <= 16).all(axis=-1).mean()
        assert share > 0.4, f"{site.site_code}: {share:.0%} of the patch is {wanted.hex}"


def test_text_is_found_by_a_search_in_the_pdf(sheet: tuple[Path, Path], study: MadeUpStudy) -> None:
    first = pypdf.PdfReader(sheet[0]).pages[0].extract_text()
    for text in (
        "白沙江岸化工园区安全风险等级图", "评估日期 2026-11-22", "企业风险矩阵法", study.rule_set, study.study_id,
        "图 例", "重大风险", "待定", "编制", "审核", "批准", "演示数据", "EPSG:4548",
    ):  # fmt: skip
        assert text in first
    whole = extracted(sheet[0])
    for name in study.site_grades["site_name"][:20]:
        assert name in first
    for text in ("江岸小学", "V1 195.5/500 m"):
        assert text in first
    for text in ("4.2.1 表3 第2行", "待核对原文", "195.5", "方法与可信程度", "火灾危险性类别"):
        assert text in whole


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler is not installed")
def test_poppler_reads_the_same_chinese_without_complaint(sheet: tuple[Path, Path]) -> None:
    done = subprocess.run(["pdftotext", "-layout", str(sheet[0]), "-"], check=True, capture_output=True, text=True)
    assert "白沙江岸化工园区安全风险等级图" in done.stdout
    assert "江岸石化储运有限公司" in done.stdout
    assert done.stderr == ""


def test_fonts_are_embedded_and_no_other_font_is_needed(sheet: tuple[Path, Path]) -> None:
    for page in pypdf.PdfReader(sheet[0]).pages:
        for reference in page["/Resources"]["/Font"].values():
            font = reference.get_object()
            assert font["/Subtype"] == "/Type3"  # glyph outlines are in the file by definition of Type 3
            assert "/ToUnicode" in font


def test_a_study_of_real_data_says_nothing_of_a_demo(tmp_path: Path) -> None:
    real = make_study(synthetic=False)
    park_sheet(real, "P01", tmp_path / "a.pdf")
    region_sheet(real, tmp_path / "b.pdf")
    assert "演示" not in extracted(tmp_path / "a.pdf") + extracted(tmp_path / "b.pdf")


def test_every_page_of_a_synthetic_study_says_so(sheet: tuple[Path, Path]) -> None:
    for page in pypdf.PdfReader(sheet[0]).pages:
        assert "演示数据" in page.extract_text()


def test_a_long_list_goes_on_behind_the_map_and_loses_nobody(tmp_path: Path) -> None:
    crowded = make_study(extra_sites=70)
    park_sheet(crowded, "P01", tmp_path / "a.pdf")
    pages = [page.extract_text() for page in pypdf.PdfReader(tmp_path / "a.pdf").pages]
    assert "list continues on page 2" in pages[0]
    behind = "".join("".join(pages[1:]).split())
    for name in crowded.site_grades["site_name"][:20].tolist() + crowded.site_grades["site_name"][21:].tolist():
        assert name in behind


def test_equal_studies_give_equal_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        again = make_study()
        park_sheet(again, "P01", tmp_path / f"{name}.pdf", tmp_path / f"{name}.png")
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def test_the_region_sheet_names_parks_and_townships(study: MadeUpStudy, tmp_path: Path) -> None:
    region_sheet(study, tmp_path / "r.pdf", tmp_path / "r.png")
    first = pypdf.PdfReader(tmp_path / "r.pdf").pages[0].extract_text()
    for text in ("白沙县区域安全风险四色图", "P1 白沙江岸化工园区", "P2 青石岭工业园", "江岸镇", "青石镇"):
        assert text in first
    assert (tmp_path / "r.png").stat().st_size > 10_000


def test_a_park_that_is_not_there_is_named(study: MadeUpStudy, tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match=r"park 'P99'.*P01, P02"):
        park_sheet(study, "P99", tmp_path / "a.pdf")
    assert list(tmp_path.iterdir()) == []


def test_without_a_chinese_font_the_sheet_is_refused(
    study: MadeUpStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fonts.cjk_family.cache_clear()
    monkeypatch.setattr(fonts, "_installed", lambda family: None)
    try:
        with pytest.raises(SetupIncomplete, match="apt-get install -y fonts-noto-cjk"):
            park_sheet(study, "P01", tmp_path / "a.pdf")
    finally:
        fonts.cjk_family.cache_clear()
    assert list(tmp_path.iterdir()) == []


def test_the_park_lies_where_the_plane_says(study: MadeUpStudy) -> None:
    # ORIGIN is the park's south-west corner on EPSG:4548; the sheet must use that very plane
    part = park_part(study, "P01")
    plane = plane_at(*part.boundary.centroid.coords[0])
    # an edge is straight in longitude and latitude, so 1600 m of it bow by 0.03 m on the plane
    assert plane.project(part.boundary).bounds[:2] == pytest.approx(ORIGIN, abs=0.05)
