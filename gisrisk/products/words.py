"""The words of the products: every code of a result table in Chinese and English, and numbers as people read them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from gisrisk.catalog import vocabulary
from gisrisk.catalog.field_labels import label_zh
from gisrisk.catalog.palette import LEVELS, UNDETERMINED, Level
from gisrisk.products.view import as_list, is_missing

DEMO_ZH = "演示数据"
DEMO_EN = "SYNTHETIC DEMO DATA"
DEMO_NOTE = "演示数据，企业、危险源和人口均为虚构，不得用于决策 (synthetic data, not for decisions)"

FINDING_STATUS: dict[str, tuple[str, str]] = {
    "violation": ("不符合", "violation"),
    "needs_survey": ("需实测", "needs survey"),
    "undetermined": ("待定", "undetermined"),
    "meets": ("符合", "meets"),
}
REVIEW: dict[str, tuple[str, str]] = {
    "confirmed": ("已核对原文", "confirmed"),
    "provisional": ("待核对原文", "provisional"),
}
HAZARD_STATUS: dict[str, tuple[str, str]] = {
    "major": ("构成重大危险源", "major hazard"),
    "not_major": ("不构成", "not a major hazard"),
    "undetermined": ("待定", "undetermined"),
}
UNIT_KIND: dict[str, tuple[str, str]] = {
    "production": ("生产单元", "production unit"),
    "storage": ("储存单元", "storage unit"),
    "production_unit": ("生产单元", "production unit"),
    "storage_unit_tank_farm": ("储存单元（罐区）", "storage unit, tank farm"),
    "storage_unit_warehouse": ("储存单元（库房）", "storage unit, warehouse"),
}
LAYER: dict[str, str] = {
    "enterprise_site": "企业",
    "hazard_source": "危险源",
    "protected_target": "防护目标",
    "dense_area": "人口密集区",
    "linear_feature": "线性设施",
    "park": "园区",
    "admin_area": "行政区",
    "inventory": "存量表",
}
LINEAR: dict[str, tuple[str, str]] = {
    "road": ("道路", "road"),
    "railway": ("铁路", "railway"),
    "waterway": ("水系", "water"),
    "power_line": ("架空电力线", "power line"),
    "pipeline": ("管道", "pipeline"),
}
ROMAN = {1: "Ⅰ", 2: "Ⅱ", 3: "Ⅲ", 4: "Ⅳ"}
MAJOR_ZH = {1: "一级", 2: "二级", 3: "三级", 4: "四级"}


def level_of(value: Any) -> Level:
    """The palette's entry of a level number; missing or 0: undetermined."""
    number = 0 if is_missing(value) else int(value)
    return next((level for level in LEVELS if level.number == number), UNDETERMINED)


def grade_text(level: Any, level_at_least: Any = None) -> str:
    """Short Chinese text of a grade: 红, 橙, 黄, 蓝, 待定, or 待定(≥橙) when a floor is known."""
    found = level_of(level)
    if found.number:
        return found.colour_zh
    if is_missing(level_at_least) or int(level_at_least) not in (1, 2, 3):
        return "待定"
    return f"待定(≥{level_of(level_at_least).colour_zh})"


def zh(table: dict[str, tuple[str, str]], code: Any) -> str:
    """Chinese word of a code; the code itself when the table does not know it, a dash when it is missing."""
    if is_missing(code):
        return "—"
    return table.get(str(code), (str(code), str(code)))[0]


def metres(value: Any, digits: int = 1) -> str:
    """A length as printed: `12.6`, or a dash when unknown."""
    if is_missing(value):
        return "—"
    text = f"{float(value):,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def number(value: Any) -> str:
    """A count as printed, with thousands separators; a dash when unknown."""
    return "—" if is_missing(value) else f"{float(value):,.0f}"


def at_least(value: Any, lowest: Any) -> str:
    """A count, or the lower bound that is known of it."""
    if is_missing(value) and not is_missing(lowest) and lowest > 0:
        return f"≥{number(lowest)}"
    return number(value)


def citation(document: Any, document_no: Any, clause: Any) -> str:
    """`《document》 (number) clause`, leaving out what is missing."""
    parts = []
    if not is_missing(document):
        text = str(document)
        parts.append(text if text.startswith("《") else f"《{text}》")
    if not is_missing(document_no) and str(document_no) not in "".join(parts):
        parts.append(str(document_no))
    if not is_missing(clause):
        parts.append(str(clause))
    return " ".join(parts) or "—"


_FIELD = re.compile(r"(?:(?P<layer>\w+)\.)?(?P<column>[A-Za-z_]\w*)(?P<rest>\s.*|)", re.DOTALL)


@lru_cache(maxsize=500)
def field_name(field: str) -> str:
    """A field such as `hazard_source.roof` in Chinese, with its layer; a text that is no field name is kept as it is.

    What follows the name (for example the codes of the rows that lack it) is kept.
    """
    found = _FIELD.fullmatch(field)
    if found is None:
        return field
    if found["layer"] is None and found["column"] in LAYER:
        return LAYER[found["column"]] + found["rest"]
    label = label_zh(found["column"], found["layer"])
    if label is None:
        return field
    owner = LAYER.get(found["layer"] or "", "")
    return f"{owner}{label}{found['rest']}"


def missing_text(value: Any) -> str:
    """The missing fields of an undetermined result in Chinese, as one text."""
    return "、".join(dict.fromkeys(field_name(field) for field in as_list(value)))


def type_name(code: Any) -> str:
    """Chinese name of a facility type or target type; the code itself when the vocabulary does not know it."""
    if is_missing(code):
        return ""
    known = vocabulary()
    found = known.facility_types.get(str(code)) or known.target_types.get(str(code))
    return found.name_zh if found is not None else str(code)


def party(layer: Any, name: Any, code: Any) -> str:
    """One end of a finding: what it is, its name, its code."""
    kind = LAYER.get(str(layer), str(layer))
    shown = str(code) if is_missing(name) else f"{name}（{code}）"
    return f"{kind} {shown}"


def tint(hex_color: str, share: float = 0.35) -> str:
    """An opaque lighter tint of a colour: `share` of it on white."""
    channels = (int(hex_color[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(255 - (255 - c) * share):02X}" for c in channels)
