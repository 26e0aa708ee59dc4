"""One rule as a person reads it: labelled, without the shapes of the program; `--json` keeps those."""

from __future__ import annotations

from datetime import date
from typing import Any

from gisrisk.cli.language import say

_TYPES = {
    "minimum": ("最小间距", "minimum distance"),
    "prohibition": ("范围内禁止", "prohibited within"),
    "permit": ("范围内须经批准", "approval needed within"),
    "modifier": ("折减其他条款", "changes other rows"),
    "definition": ("定义", "definition"),
    "reference": ("引用其他标准", "refers to other standards"),
    "method": ("按方法计算", "a method"),
    "table_missing": ("表格原文缺失", "table not available"),
}
_SCOPES = {
    "text": ("对照条文", "against the text itself"),
    "secondary": ("对照同版次资料", "against a secondary text of the same edition"),
    "previous_edition": ("只对照了上一版次", "only against the previous edition"),
}
_DIRECTIONS = {
    "all_round_horizontal": ("四周水平距离", "all round, horizontal"),
    "perpendicular_both_sides": ("线路两侧垂直距离", "perpendicular, both sides of the line"),
    "perpendicular_to_line": ("垂直于线路", "perpendicular to the line"),
    "along_river": ("沿河道", "along the river"),
}


def review_word(review: str) -> str:
    """已核实 or 待核."""
    return say("已核实", "confirmed") if review == "confirmed" else say("待核", "provisional")


def rule_in_words(rule: Any, day: date) -> list[tuple[str, str]]:
    """Label and text of everything the rule says; what it does not say is left out."""
    yes_no = say("是", "yes") if rule.mandatory else say("否（“宜”或须经批准）", "no (advice or approval)")
    review = "；".join((review_word(rule.review), *rule.provisional_because))
    rows = [
        (say("编号", "id"), rule.id),
        (say("文件", "document"), f"《{rule.document}》 {rule.document_no}"),
        ("", rule.document_name_en),
        (say("条款", "clause"), rule.clause),
        (say("内容", "content"), rule.title_zh),
        (say("类型", "type"), _word(_TYPES, rule.type)),
        (say("强制性", "mandatory"), yes_no),
        (say("要求", "required"), _figure(rule, day)),
        (say("历次数值", "figures"), _history(rule)),
        (say("施行", "in force from"), rule.since.isoformat()),
        (say("源", "source"), _kinds(rule.source_kinds)),
        (say("目标", "target"), _kinds(rule.target_kinds)),
        (say("量取起点", "measured from"), _point("measured_from", rule.measured_from)),
        (say("量取终点", "measured to"), _point("measured_to", rule.measured_to)),
        (say("方向", "direction"), _word(_DIRECTIONS, rule.direction)),
        (say("适用条件", "applies when"), _condition(rule.when)),
        (say("另行禁止", "prohibited when"), _condition(rule.prohibited_when)),
        (say("代替条款", "replaces"), ", ".join(rule.replaces)),
        (say("核对", "review"), review),
        (say("核对依据", "checked"), _word(_SCOPES, rule.confirm_scope)),
        (say("出处", "evidence"), rule.source_url),
        (say("出处说明", "evidence note"), rule.evidence_note),
        (say("备注", "notes"), rule.notes),
    ]
    return [(label, text) for label, text in rows if text]


def _word(words: dict[str, tuple[str, str]], code: str | None) -> str:
    return say(*words.get(code or "", (code or "", code or "")))


def _figure(rule: Any, day: date) -> str:
    required_m = rule.required_m(day)
    if required_m is not None:
        return f"{required_m:g} m"
    parts = (
        [f"{say('系数', 'factor')} {rule.modifies.factor:g} × {rule.modifies.clause_prefix}"] if rule.modifies else []
    )
    for attribute, cases in rule.factor_of:
        parts += [" ".join((f"{factor:g} × {_field(attribute)}", _condition(when))) for when, factor in cases]
    parts += [f"{figure_m:g} m ({_condition(when)})" for when, figure_m in rule.distance_cases]
    return "\n".join(part.strip() for part in parts) or rule.expression or ""


def _history(rule: Any) -> str:
    if len(rule.distances) < 2:
        return ""
    repealed = say("废止", "repealed")
    return ", ".join(f"{day}: {repealed if figure is None else f'{figure:g} m'}" for day, figure in rule.distances)


def _field(name: str) -> str:
    from gisrisk.catalog.field_labels import label_zh

    return say(f"{label_zh(name) or name}({name})", name)


def _condition(when: Any) -> str:
    """A condition in one line, in the words of `docs/rules.md`."""
    if isinstance(when, dict):
        return ", ".join(f"{key}: {_condition(value)}" if value != {} else str(key) for key, value in when.items())
    if isinstance(when, list | tuple):
        return "[" + ", ".join(_condition(each) for each in when) + "]"
    return str(when)


def _kinds(codes: tuple[str, ...]) -> str:
    from gisrisk.catalog import vocabulary

    known = vocabulary()
    names = []
    for code in codes:
        found = known.facility_types.get(code) or known.target_types.get(code)
        name = getattr(found, "name_zh", None) or known.classes.get(code, {}).get("name_zh")
        names.append(say(f"{name}({code})" if name and name != code else code, code))
    return say("、", ", ").join(names)


def _point(side: str, code: str) -> str:
    from gisrisk.catalog import vocabulary

    names = {str(point["code"]): str(point["name_zh"]) for point in vocabulary().measuring_points[side]}
    return say(names.get(code, code), code.replace("_", " "))
