"""What the map says where it has little room: short distances, crowded windows, clauses without a figure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pypdf
import pytest
import shapely
from made_up import MadeUpStudy, lonlat, make_study

from gisrisk.products.linework import finding_lines, label_of
from gisrisk.products.mapsheet import park_sheet, region_sheet
from gisrisk.products.view import park_part, region_part, shown_bounds


def test_a_pair_has_one_line_and_it_is_the_worst_clause() -> None:
    study = make_study()
    twice = study.findings.loc[[0]].assign(finding_no=8, required_m=400.0, shortfall_m=160.9, clause="9.9")
    study.findings = gpd.GeoDataFrame(pd.concat([study.findings, twice], ignore_index=True), crs=study.findings.crs)
    part = park_part(study, "P01")
    assert part.count("violation") == 5
    lines = list(finding_lines(part, "violation"))
    assert len(lines) == 4  # finding 1 and its second clause join the same two things
    assert [row.finding_no for _, row, _ in lines if row.target_code == "T02"] == [8]


def test_a_label_gives_figures_only_where_there_are_any(study: MadeUpStudy) -> None:
    part = park_part(study, "P01")
    number, row, _ = next(finding_lines(part, "violation"))
    assert label_of(number, row) == "V1 195.5/500 m"
    forbidden = next(study.findings.assign(required_m=None).itertuples())
    assert label_of(3, forbidden) == "V3"


def test_things_that_touch_are_drawn_and_labelled(tmp_path: Path) -> None:
    study = make_study()
    touching = lonlat(shapely.LineString([(86, 325), (86, 325)]))
    study.findings.loc[1, ["geometry", "measured_m", "shortfall_m"]] = [touching, 0.0, 500.0]
    park_sheet(study, "P01", tmp_path / "a.pdf")
    assert "V1 0/500 m" in pypdf.PdfReader(tmp_path / "a.pdf").pages[0].extract_text()


def test_a_violation_outside_the_frame_is_told(tmp_path: Path) -> None:
    study = make_study()
    far = lonlat(shapely.LineString([(40_000, 0), (40_500, 0)]))
    study.findings.loc[1, "geometry"] = far
    park_sheet(study, "P01", tmp_path / "a.pdf")
    assert "另有1处不符合的距离在图框之外" in pypdf.PdfReader(tmp_path / "a.pdf").pages[0].extract_text()


def test_a_large_area_is_drawn_where_its_enterprises_are(study: MadeUpStudy, tmp_path: Path) -> None:
    wide = lonlat(shapely.box(-60_000, -60_000, 60_000, 60_000))
    part = region_part(replace(study, area_geometry=wide))
    west, south, east, north = shown_bounds(part)
    assert (east - west) < 0.1 * (wide.bounds[2] - wide.bounds[0])
    places = shapely.box(*study.site_grades.total_bounds)
    assert shapely.box(west, south, east, north).contains(places)
    region_sheet(part.study, tmp_path / "r.pdf")
    assert "红框为本图" in pypdf.PdfReader(tmp_path / "r.pdf").pages[0].extract_text()


def test_an_area_filled_by_its_enterprises_is_drawn_whole(study: MadeUpStudy) -> None:
    # the made-up county is 14 km wide; its enterprises and parks reach over 5.7 km of it in both parks together
    small = lonlat(shapely.box(-500, -500, 6000, 4000))
    part = region_part(replace(study, area_geometry=small))
    assert shown_bounds(part) == pytest.approx(small.bounds)
