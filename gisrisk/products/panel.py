"""The side panel of a map sheet: how many enterprises have which level, and the numbered list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from gisrisk.catalog.palette import LEVELS, UNDETERMINED, Level
from gisrisk.products import fonts, frame, marks
from gisrisk.products.page import ALERT, FAINT, INK, Box, Page
from gisrisk.products.view import Part, as_list, is_missing, park_codes, severity_rank
from gisrisk.products.words import MAJOR_ZH, grade_text, level_of, number


@dataclass(frozen=True)
class Item:
    """One row of the side list."""

    number: str
    level: Level
    grade: str
    name: str
    reason: str
    key: str
    """`S` + site code, `P` + park code or `A` + area code: how the web map finds the feature."""


def reason_text(site: Any) -> str:
    """The reasons of a site's grade in one line; made from its counts when the grade carries none."""
    reasons = as_list(site.reasons)
    if reasons:
        return "；".join(reasons)
    parts = []
    if not is_missing(site.major_level):
        parts.append(f"{MAJOR_ZH.get(int(site.major_level), '')}重大危险源")
    if not is_missing(site.violations) and int(site.violations):
        parts.append(f"{int(site.violations)}处距离不符合")
    return "，".join(parts) or "—"


def short_reason(site: Any) -> str:
    """What the narrow side list has room for: major hazard, broken distances, missing data; the rest is behind."""
    parts = []
    if not is_missing(site.major_level) and int(site.major_level) in MAJOR_ZH:
        parts.append(f"{MAJOR_ZH[int(site.major_level)]}重大危险源")
    for word, count in (
        ("不符合", site.violations),
        ("需实测", site.needs_survey),
        ("缺资料", site.undetermined_findings),
    ):
        if not is_missing(count) and int(count):
            parts.append(f"{word}{int(count)}项")
    if is_missing(site.level) and not any("缺资料" in part or "需实测" in part for part in parts):
        parts.append("危险源缺资料")
    return "；".join(parts) or "未构成重大危险源"


def site_items(part: Part) -> list[Item]:
    """The enterprises of a part, worst first."""
    return [
        Item(
            str(site.number),
            level_of(site.level),
            grade_text(site.level, site.level_at_least),
            str(site.site_name),
            short_reason(site),
            f"S{site.site_code}",
        )
        for site in part.sites.itertuples()
    ]


def region_items(part: Part) -> list[Item]:
    """Parks first, then administrative areas, each worst first, those without any enterprise last."""
    rows = part.study.region_grades
    order = {code: f"P{k + 1}" for k, code in enumerate(park_codes(part.study))}
    items: list[Item] = []
    for kind in ("park", "admin"):
        own = rows[rows["kind"] == kind]
        ranks = [
            9.0 if not sites else severity_rank(level) for level, sites in zip(own["level"], own["sites"], strict=True)
        ]
        keys = pd.DataFrame({"rank": ranks, "code": own["area_code"].astype(str)}, index=own.index)
        for row in own.loc[keys.sort_values(["rank", "code"], kind="stable").index].itertuples():
            counted = "　".join(
                f"{level.colour_zh}{number(getattr(row, level.code))}"
                for level in LEVELS
                if not is_missing(getattr(row, level.code)) and int(getattr(row, level.code))
            )
            waiting = (
                "" if is_missing(row.undetermined) or not int(row.undetermined) else f"　待定{number(row.undetermined)}"
            )
            items.append(
                Item(
                    order.get(str(row.area_code), ""),
                    level_of(row.level),
                    grade_text(row.level),
                    str(row.area_name),
                    f"企业{number(row.sites)}　{counted}{waiting}" if row.sites else "无企业资料",
                    f"{'P' if kind == 'park' else 'A'}{row.area_code}",
                )
            )
    return items


def draw_list(
    page: Page, items: Sequence[Item], *, heading: str, heading_en: str, columns: tuple[str, str, str, str]
) -> int:
    """Draw the list in the side panel; returns how many rows found room (the rest is in the table of the next page)."""
    box = frame.SIDE_LIST
    page.rect(box, face="white", edge=INK, width_pt=0.5)
    page.text(box.x + 2.5, box.top - 5.0, heading, 9, bold=True)
    page.text(box.x + 3.5 + fonts.text_width_mm(heading, 9, bold=True), box.top - 5.0, heading_en, 6.4, color=FAINT)
    head = Box(box.x, box.top - 12, box.w, 4.8)
    page.rect(head, face="#EDEDED", edge=INK, width_pt=0.3)
    xs = (box.x + 4, box.x + 13, box.x + 20.5, box.x + 63)
    for x, text, ha in zip(xs, columns, ("center", "center", "left", "left"), strict=True):
        page.text(x, head.y + 1.4, text, 6.4, bold=True, ha="center" if ha == "center" else "left")
    room = head.y - box.y - 1.0
    row_h = max(3.75, min(7.4, room / max(len(items), 1)))
    lines = 2 if row_h >= 5.9 else 1
    shown = min(len(items), int(room / row_h))
    if shown < len(items):
        shown = int((room - 4.0) / row_h)
    size = 6.8 if row_h > 4.8 else 6.4 if row_h > 4.0 else 6.0
    for k, item in enumerate(items[:shown]):
        top = head.y - k * row_h
        if k:
            page.line([box.x + 1, box.right - 1], [top, top], color="#D0D0D0", width_pt=0.25)
        middle = top - row_h / 2
        page.text(xs[0], middle, item.number, size, bold=True, ha="center", va="center_baseline")
        _chip(page, Box(box.x + 8, middle - 1.5, 10.4, 3.0), item.level, item.grade)
        for x, width, text in ((xs[2], 41.5, item.name), (xs[3], 42.0, item.reason)):
            wrapped = fonts.wrap(text, width, size, max_lines=lines)
            for n, line in enumerate(wrapped):
                page.text(x, middle + (len(wrapped) - 1 - 2 * n) * 1.45, line, size, va="center_baseline")
    if shown < len(items):
        page.text(
            box.x + 2.5,
            box.y + 1.6,
            f"其余 {len(items) - shown} 项见第2页起的表（list continues on page 2）",
            6.4,
            bold=True,
            color=ALERT,
        )
    return shown


def _chip(page: Page, box: Box, level: Level, text: str) -> None:
    page.rect(box, face=level.hex, edge=INK, width_pt=0.3)
    size = 6.0
    while fonts.text_width_mm(text, size, bold=True) > box.w - 0.4 and size > 3.6:
        size -= 0.2
    page.text(
        box.x + box.w / 2,
        box.y + box.h / 2,
        text,
        size,
        bold=True,
        color=marks.text_on(level),
        ha="center",
        va="center_baseline",
        zorder=3,
    )


def draw_summary(page: Page, part: Part) -> None:
    """Enterprises per level, major hazards and findings, as numbers and bars."""
    box = frame.SUMMARY
    page.rect(box, face="white", edge=INK, width_pt=0.5)
    counts = part.level_counts()
    total = sum(counts.values())
    page.text(box.x + 2.5, box.top - 4.8, f"企业 {number(total)} 家", 8.5, bold=True)
    most = max(1, *counts.values())
    for k, level in enumerate((*LEVELS, UNDETERMINED)):
        y = box.top - 11.2 - k * 4.9
        page.text(box.x + 2.5, y + 0.7, level.colour_zh if level.number else "待定", 7)
        width = (box.w - 22) * counts[level.number] / most
        if width:
            page.rect(
                Box(box.x + 10.5, y, width, 3.2),
                face=level.hex,
                edge=INK,
                width_pt=0.3,
                hatch=level.hatch,
                hatch_color=marks.hatch_ink(level),
            )
        page.text(box.x + 12 + width, y + 0.7, number(counts[level.number]), 7, bold=True)
    major = part.hazard_grades[part.hazard_grades["status"] == "major"]
    levels = pd.to_numeric(major["level"], errors="coerce")
    detail = "　".join(f"{MAJOR_ZH[k]}{int((levels == k).sum())}" for k in MAJOR_ZH if (levels == k).any())
    y = box.y + 11.2
    page.line([box.x + 1.5, box.right - 1.5], [y + 4.2, y + 4.2], width_pt=0.3)
    page.text(box.x + 2.5, y, f"重大危险源 {len(major)} 处", 7.2, bold=True)
    page.text(
        box.x + 3.5 + fonts.text_width_mm(f"重大危险源 {len(major)} 处", 7.2, bold=True), y, detail, 6.0, color=FAINT
    )
    page.text(box.x + 2.5, y - 4.3, f"距离不符合 {number(part.count('violation'))} 条", 7.2, bold=True)
    others = (("需实测", "needs_survey"), ("待定", "undetermined"), ("符合", "meets"))
    rest = "　".join(
        f"{word} {number(part.count(status))}" for word, status in others if part.count(status) or status != "meets"
    )
    page.text(box.x + 2.5, y - 8.4, rest, 6.2)
