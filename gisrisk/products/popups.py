"""What a click on the web map shows: the same records as the tables, as small pieces of HTML."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

from gisrisk.products import marks
from gisrisk.products.panel import reason_text
from gisrisk.products.view import as_list, is_missing
from gisrisk.products.words import (
    FINDING_STATUS,
    HAZARD_STATUS,
    MAJOR_ZH,
    REVIEW,
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


def _table(title: str, rows: Iterable[tuple[str, str]]) -> str:
    """A titled table of plain texts; every text is escaped here, so a name can hold anything."""
    body = "".join(f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>" for name, text in rows if text)
    return f'<div class="gr-popup"><b>{title}</b><table>{body}</table></div>'


def chip(level: Any, level_at_least: Any = None) -> str:
    """A small label in the colour of a level."""
    found = level_of(level)
    text = escape(grade_text(level, level_at_least))
    return f'<span class="gr-chip" style="background:{found.hex};color:{marks.text_on(found)}">{text}</span>'


def site(row: Any) -> str:
    """An enterprise: level, reasons, counts."""
    major = "" if is_missing(row.major_level) else MAJOR_ZH.get(int(row.major_level), "")
    return _table(
        f"{escape(str(row.site_name))} {chip(row.level, row.level_at_least)}",
        [
            ("编码 code", str(row.site_code)),
            ("原因 reasons", reason_text(row)),
            ("重大危险源 major hazard", major),
            ("距离不符合 violations", number(row.violations)),
            ("需实测 needs survey", number(row.needs_survey)),
            ("待定结论 undetermined", number(row.undetermined_findings)),
            (
                "可能性×后果",
                ""
                if is_missing(row.score)
                else f"{number(row.likelihood)} × {number(row.severity)} = {number(row.score)}",
            ),
        ],
    )


def finding(row: Any) -> str:
    """A distance finding: what is required by which clause, what was measured, between whom."""
    status = zh(FINDING_STATUS, row.status)
    return _table(
        f"{escape(status)}：{escape(metres(row.measured_m))} m / {escape(metres(row.required_m))} m",
        [
            ("依据 clause", citation(row.document, row.document_no, row.clause)),
            ("内容 rule", "" if is_missing(row.title_zh) else str(row.title_zh)),
            ("起点 source", party(row.source_layer, row.source_name, row.source_code)),
            ("终点 target", party(row.target_layer, row.target_name, row.target_code)),
            ("要求 required", f"{metres(row.required_m)} m"),
            ("实测 measured", f"{metres(row.measured_m)} m"),
            ("差额 shortfall", "" if is_missing(row.shortfall_m) else f"{metres(row.shortfall_m)} m"),
            ("位置误差 uncertainty", "" if is_missing(row.uncertainty_m) else f"{metres(row.uncertainty_m)} m"),
            ("缺少 missing", missing_text(row.missing)),
            ("默认值 assumed", "、".join(as_list(row.assumed))),
            ("条款核对 review", zh(REVIEW, row.review)),
            ("规则编号 rule id", str(row.rule_id)),
        ],
    )


def hazard(row: Any) -> str:
    """A unit identified under GB 18218."""
    level = "" if is_missing(row.level) else MAJOR_ZH.get(int(row.level), "")
    return _table(
        escape(str(row.unit_name if not is_missing(row.unit_name) else row.unit_code)),
        [
            ("辨识 status", zh(HAZARD_STATUS, row.status)),
            ("级别 level", level),
            ("S", "" if is_missing(row.s) else f"{float(row.s):.4g}"),
            ("R", "" if is_missing(row.r) else f"{float(row.r):.4g}"),
            ("500 m内人数 people", "" if is_missing(row.people_500m) else number(row.people_500m)),
            ("企业 site", "" if is_missing(row.site_code) else str(row.site_code)),
            ("缺少 missing", missing_text(row.missing)),
        ],
    )


def named(kind: str, row: Any, *more: tuple[str, Any]) -> str:
    """Any other feature: its kind, name, code and a few figures."""
    rows = [("编码 code", str(row.code))] + [(name, "" if is_missing(value) else str(value)) for name, value in more]
    return _table(f"{escape(kind)} {escape('' if is_missing(row.name) else str(row.name))}", rows)


def region(row: Any) -> str:
    """A park or an administrative area with its counts."""
    return _table(
        f"{escape(str(row.area_name))} {chip(row.level)}",
        [
            ("代码 code", str(row.area_code)),
            ("企业 sites", number(row.sites)),
            (
                "红橙黄蓝/待定",
                " / ".join(number(getattr(row, name)) for name in ("red", "orange", "yellow", "blue", "undetermined")),
            ),
            ("重大危险源 一/二/三/四级", " / ".join(number(getattr(row, f"major_{k}")) for k in MAJOR_ZH)),
            ("重大危险源周边人数 people", at_least(row.people_near_major, row.people_near_major_min)),
            ("距离不符合 violations", number(row.violations)),
        ],
    )
