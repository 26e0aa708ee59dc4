"""The pages behind the map: how far to trust it, every enterprise, every finding with its clause."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from gisrisk.products import backtables
from gisrisk.products.flow import LEFT, RIGHT, Flow
from gisrisk.products.page import ALERT, Page
from gisrisk.products.view import Part, StudyLike, as_list
from gisrisk.products.words import (
    DEMO_NOTE,
)


def back_page(title: str, study: StudyLike) -> Page:
    """An empty page with its running head."""
    page = Page()
    page.text(LEFT, 279, title, 14, bold=True)
    page.text(
        LEFT,
        272.5,
        f"研究编号 {study.study_id}　评估日期 {study.on.isoformat()}　规则集 {study.rule_set}",
        7.5,
        color="#555555",
    )
    if study.synthetic:
        page.text(RIGHT, 279, "演示数据 SYNTHETIC DEMO DATA", 12, bold=True, color=ALERT, ha="right")
        page.text(RIGHT, 273, "不得用于决策 not for decisions", 7.5, color=ALERT, ha="right")
    page.line([LEFT, RIGHT], [269, 269], width_pt=0.9)
    return page


def notes(part: Part) -> list[str]:
    """The few sentences printed on the face of the map."""
    study = part.study
    pending = provisional_count(part)
    texts = []
    if study.synthetic:
        texts.append(DEMO_NOTE.split("(")[0].strip() + "。")
    texts.append("颜色表示企业综合风险等级，不是个人风险等值线；待定表示缺资料，不等于低风险。")
    if pending:
        texts.append(f"本图{pending}条不符合所依条款尚未与标准原文核对，不能单独作为否决依据。")
    texts.append(
        "资料来源：企业申报、园区与行政区图层（入库版本见研究编号）。本图供规划和监管研判，不替代安全评价报告。"
    )
    return texts


def provisional_count(part: Part) -> int:
    """Violations whose clause was not yet checked against the official text."""
    return int((part.violations["review"] == "provisional").sum())


def method_texts(part: Part, plane_zh: str, plane_en: str) -> list[tuple[str, str]]:
    """How the sheet was made and how far to trust it: Chinese, English."""
    study = part.study
    name_zh, name_en = study.method.get("name_zh", "—"), study.method.get("name_en", "")
    skipped = study.not_evaluated or []
    findings = part.findings
    pending = provisional_count(part)
    texts = [
        (
            f"等级方法：{name_zh}。企业颜色取该方法给出的等级，红、橙、黄、蓝依次为重大、较大、一般、低风险；"
            "相互重叠处取最重一级。不同方法的颜色不能混用。",
            f"Method: {name_en or name_zh}. Where plots overlap the worst level wins; colours of different methods "
            "must not be mixed.",
        ),
        (
            "待定：缺少必要资料（数量、类别、位置等）时不定级、不判符合，并列出所缺字段；括号内为已知的最低限度。",
            "Undetermined: a missing input is never taken as zero or as a pass; the missing fields are listed.",
        ),
        (
            "距离：在2000国家大地坐标系椭球面上按条款规定的起止点量取最短距离（边到边）。实测与要求之差小于位置误差时记为"
            "“需实测”，不判符合也不判不符合。",
            "Distances are geodesic and edge to edge. Where position error could change the answer the finding is "
            "'needs survey'.",
        ),
        (
            f"条款依据：本图不符合{part.count('violation')}条，其中{pending}条所依条款尚未与标准原文核对（待核对原文），"
            "只作提示，不能单独作为否决依据；其余已核对。",
            f"{pending} of {part.count('violation')} violations rest on clauses not yet checked against the official "
            "text; they never veto alone.",
        ),
        (
            f"未评条款：{len(skipped)}条因缺表格或缺图层未评价{_skipped_text(skipped)}。未评价不等于符合。",
            f"{len(skipped)} rules could not be evaluated; that is not a pass.",
        ),
        (
            f"数据：评估日期{study.on.isoformat()}有效的规则集{study.rule_set}；输入摘要 {study.input_sha256[:16]}；"
            f"程序版本 {study.code_version}。同一输入重算结果相同。{_assumed_text(findings)}",
            "The same inputs give the same tables again. Assumed values are named with each finding in findings.gpkg.",
        ),
        (
            f"制图：{plane_zh}。图上比例尺以A3原大打印为准；投影长度变形小于万分之四。",
            f"Plane: {plane_en}. The scale holds for a print at full A3 size.",
        ),
        (
            "本图不含事故后果模拟（热辐射、爆炸、泄漏扩散）和个人风险计算，不替代安全评价、定量风险评价和现场检查。",
            "No consequence modelling or individual-risk calculation is included; this sheet replaces neither a safety "
            "assessment nor an inspection.",
        ),
    ]
    if study.synthetic:
        texts.insert(
            0,
            (
                DEMO_NOTE.split("(")[0].strip() + "。",
                "Enterprises, hazard sources and people are invented; not for decisions.",
            ),
        )
    return texts


def _skipped_text(skipped: Any) -> str:
    ids = [
        str(item.get("rule_id", item.get("id", "?"))) if isinstance(item, Mapping) else str(item) for item in skipped
    ]
    if not ids:
        return ""
    return "（" + "、".join(ids[:6]) + ("等）" if len(ids) > 6 else "）")


def _assumed_text(findings: pd.DataFrame) -> str:
    assumed = [value for value in findings["assumed"] if as_list(value)]
    return f"本图{len(assumed)}条结论用了默认值（见findings.gpkg的assumed字段）。" if assumed else ""


def write_back_pages(flow: Flow, part: Part, plane_zh: str, plane_en: str) -> None:
    """Everything behind the map, in the order a reader asks for it."""
    flow.heading("方法与可信程度", "Method, and how far to trust this sheet")
    flow.columns_of_text(method_texts(part, plane_zh, plane_en))
    flow.gap(4)
    if not part.is_park:
        backtables.region_table(flow, part)
    backtables.site_table(flow, part)
    backtables.hazard_table(flow, part)
    backtables.findings_table(flow, part)
    backtables.undetermined_table(flow, part)
