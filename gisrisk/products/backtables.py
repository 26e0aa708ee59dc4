"""The tables behind the map: enterprises, major hazards, findings with their clauses, areas, missing data."""

from __future__ import annotations

from typing import Any

from gisrisk.catalog.palette import LEVELS
from gisrisk.products import marks
from gisrisk.products.flow import Cell, Column, Flow
from gisrisk.products.page import ALERT
from gisrisk.products.panel import reason_text, site_items
from gisrisk.products.view import Part, is_missing
from gisrisk.products.words import (
    FINDING_STATUS,
    HAZARD_STATUS,
    MAJOR_ZH,
    REVIEW,
    UNIT_KIND,
    at_least,
    citation,
    grade_text,
    level_of,
    metres,
    missing_text,
    number,
    party,
    zh,
)

MAX_FINDING_ROWS = 400
"""Findings printed one by one; a longer list is ended by a sentence that says how many more the GeoPackage holds."""

_SITE_COLUMNS = (
    Column("序号", "No.", 12, "center"),
    Column("等级", "Level", 22, "center"),
    Column("企业", "Enterprise", 70),
    Column("编码", "Code", 32),
    Column("重大危险源", "Major hazard", 22, "center"),
    Column("不符合", "Violations", 17, "center"),
    Column("可能性", "Likelihood", 17, "center"),
    Column("后果", "Severity", 17, "center"),
    Column("主要原因", "Main reasons", 183),
)


def site_table(flow: Flow, part: Part) -> None:
    """Every enterprise with all its reasons, worst first: the side list of the map continues here."""
    if part.sites.empty:
        return
    flow.heading("企业风险等级清单", "Enterprises, worst first (the complete list of page 1)")
    items = site_items(part)
    rows = [
        (
            Cell(item.number, bold=True),
            _grade_cell(site.level, site.level_at_least),
            str(site.site_name),
            str(site.site_code),
            MAJOR_ZH.get(int(site.major_level), "—") if not is_missing(site.major_level) else "—",
            number(site.violations),
            number(site.likelihood),
            number(site.severity),
            reason_text(site),
        )
        for item, site in zip(items, part.sites.itertuples(), strict=True)
    ]
    flow.table(_SITE_COLUMNS, rows)
    flow.gap(5)


def _grade_cell(level: Any, level_at_least: Any = None) -> Cell:
    found = level_of(level)
    return Cell(grade_text(level, level_at_least), face=found.hex, color=marks.text_on(found), bold=True)


_HAZARD_COLUMNS = (
    Column("单元", "Unit", 80),
    Column("类型", "Kind", 26),
    Column("企业编码", "Site", 40),
    Column("辨识", "Status", 34),
    Column("级别", "Level", 20, "center"),
    Column("S = Σq/Q", "S", 24, "right"),
    Column("α（500 m内人数）", "alpha (people)", 40, "right"),
    Column("R", "R", 24, "right"),
    Column("缺少的资料", "Missing", 104),
)


def hazard_table(flow: Flow, part: Part) -> None:
    """Major hazards and the units that could not be identified; units that are none are only counted."""
    hazards = part.hazard_grades
    listed = hazards[hazards["status"] != "not_major"].sort_values(["level", "status", "unit_code"], na_position="last")
    if hazards.empty:
        return
    flow.heading("重大危险源辨识与分级", "Major hazards (GB 18218-2018)")
    rest = len(hazards) - len(listed)
    flow.note(f"共{len(hazards)}个单元；其中{rest}个不构成重大危险源，未列入本表。S为辨识指标，R为分级指标。")
    rows = [
        (
            str(unit.unit_name if not is_missing(unit.unit_name) else unit.unit_code),
            zh(UNIT_KIND, unit.unit_kind),
            "—" if is_missing(unit.site_code) else str(unit.site_code),
            zh(HAZARD_STATUS, unit.status),
            Cell(_major_text(unit), bold=True),
            _figure(unit.s),
            f"{_figure(unit.alpha)}（{number(unit.people_500m)}）",
            _figure(unit.r),
            missing_text(unit.missing) or "—",
        )
        for unit in listed.itertuples()
    ]
    if rows:
        flow.table(_HAZARD_COLUMNS, rows)
    flow.gap(5)


def _major_text(unit: Any) -> str:
    if not is_missing(unit.level):
        return MAJOR_ZH.get(int(unit.level), str(unit.level))
    low, high = unit.level_min, unit.level_max
    if is_missing(low) or is_missing(high):
        return "—"
    return f"{MAJOR_ZH.get(int(low), '—')}至{MAJOR_ZH.get(int(high), '—')}"


def _figure(value: Any) -> str:
    return "—" if is_missing(value) else f"{float(value):.4g}" if abs(float(value)) < 1000 else f"{float(value):,.0f}"


_FINDING_COLUMNS = (
    Column("编号", "No.", 13, "center"),
    Column("结论", "Status", 17, "center"),
    Column("依据", "Document and clause", 84),
    Column("条款内容", "Rule", 66),
    Column("一方（起点）", "Source", 56),
    Column("另一方（终点）", "Target", 56),
    Column("要求 m", "Required", 19, "right"),
    Column("实测 m", "Measured", 19, "right"),
    Column("差额 m", "Shortfall", 19, "right"),
    Column("误差 m", "Uncertainty", 15, "right"),
    Column("核对", "Review", 28),
)


def findings_table(flow: Flow, part: Part) -> None:
    """Violations and distances to survey, one row each, numbered as on the map."""
    listed = [
        (prefix, status, row)
        for prefix, status in (("V", "violation"), ("S", "needs_survey"))
        for row in part.findings[part.findings["status"] == status].itertuples()
    ]
    flow.heading("距离结论", "Distance findings: violations (V) and distances to survey (S)", keep_mm=24)
    met = f"符合{part.count('meets')}条（不列出）。" if part.count("meets") else "符合的不列入。"
    flow.note(
        f"不符合{part.count('violation')}条，需实测{part.count('needs_survey')}条，待定{part.count('undetermined')}条（见下表），"
        f"{met}图上线条旁的数字为 实测/要求。"
    )
    if not listed:
        return
    counters = {"V": 0, "S": 0}
    rows: list[tuple[str | Cell, ...]] = []
    for prefix, status, row in listed[:MAX_FINDING_ROWS]:
        counters[prefix] += 1
        rows.append(
            (
                Cell(f"{prefix}{counters[prefix]}", bold=True),
                Cell(
                    zh(FINDING_STATUS, status),
                    bold=status == "violation",
                    color=ALERT if status == "violation" else "#1a1a1a",
                ),
                citation(row.document, row.document_no, row.clause),
                "—" if is_missing(row.title_zh) else str(row.title_zh),
                party(row.source_layer, row.source_name, row.source_code),
                party(row.target_layer, row.target_name, row.target_code),
                metres(row.required_m),
                metres(row.measured_m),
                metres(row.shortfall_m),
                metres(row.uncertainty_m),
                zh(REVIEW, row.review) + ("，强制" if row.mandatory is True or row.mandatory == 1 else ""),
            )
        )
    flow.table(_FINDING_COLUMNS, rows)
    if len(listed) > MAX_FINDING_ROWS:
        flow.gap(2)
        flow.note(f"另有{len(listed) - MAX_FINDING_ROWS}条未印出，全部在findings.gpkg中。", color=ALERT)
    flow.gap(5)


_UNDETERMINED_COLUMNS = (
    Column("依据", "Document and clause", 120),
    Column("条款内容", "Rule", 100),
    Column("缺少的资料", "Missing fields", 132),
    Column("对数", "Pairs", 20, "right"),
    Column("涉及一方", "Sources", 20, "right"),
)


def undetermined_table(flow: Flow, part: Part) -> None:
    """Findings that wait for data, added up by clause and missing field: what to ask for first."""
    waiting = part.findings[part.findings["status"] == "undetermined"]
    if waiting.empty:
        return
    keyed = waiting.assign(_missing=[missing_text(value) or "—" for value in waiting["missing"]])
    grouped = keyed.groupby(["document", "document_no", "clause", "title_zh", "_missing"], dropna=False, sort=True)
    table = (
        grouped["source_code"]
        .agg(["size", "nunique"])
        .reset_index()
        .sort_values("size", ascending=False, kind="stable")
    )
    flow.heading("待定：先补什么资料", "Undetermined: which data would decide them")
    flow.table(
        _UNDETERMINED_COLUMNS,
        [
            (
                citation(row.document, row.document_no, row.clause),
                "—" if is_missing(row.title_zh) else str(row.title_zh),
                row[5],
                number(row.size),
                number(row.nunique),
            )
            for row in table.itertuples()
        ],
    )
    flow.gap(5)


_REGION_COLUMNS = (
    Column("代码", "Code", 34),
    Column("名称", "Name", 74),
    Column("类别", "Kind", 26),
    Column("等级", "Level", 26, "center"),
    Column("企业", "Sites", 18, "right"),
    *(Column(level.colour_zh, level.code, 15, "right") for level in LEVELS),
    Column("待定", "Undet.", 16, "right"),
    *(Column(f"重大危险源{MAJOR_ZH[k]}", f"major {k}", 25, "right") for k in MAJOR_ZH),
    Column("周边人数", "People near", 25, "right"),
    Column("不符合", "Violations", 13, "right"),
)
_AREA_LEVEL = {
    "province": "省", "city": "市", "county": "县（区）", "township": "乡镇（街道）", "village": "村（社区）",
}  # fmt: skip


def region_table(flow: Flow, part: Part) -> None:
    """Parks and administrative areas with their grades and counts."""
    rows = part.study.region_grades
    if rows.empty:
        return
    flow.heading("园区和行政区等级", "Grades of parks and administrative areas")
    table: list[tuple[str | Cell, ...]] = []
    for kind in ("park", "admin"):
        for row in rows[rows["kind"] == kind].sort_values("area_code").itertuples():
            table.append(
                (
                    str(row.area_code),
                    str(row.area_name),
                    "园区" if kind == "park" else _AREA_LEVEL.get(str(row.area_level), "行政区"),
                    _grade_cell(row.level),
                    *(
                        number(getattr(row, column))
                        for column in ("sites", "red", "orange", "yellow", "blue", "undetermined")
                    ),
                    *(number(getattr(row, f"major_{k}")) for k in MAJOR_ZH),
                    at_least(row.people_near_major, row.people_near_major_min),
                    number(row.violations),
                )
            )
    flow.table(_REGION_COLUMNS, table)
    flow.gap(5)
