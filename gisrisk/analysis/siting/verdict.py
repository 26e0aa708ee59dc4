"""From findings to one word: veto, undetermined, conditional or clear; and why, who is affected, what is missing.

One confirmed breach of a mandatory clause is a veto and nothing outweighs it. What could still turn out to be a breach
leaves the verdict open. What can be met by an act (a survey, an approval, a look into the official text) makes it
conditional. Clear means: judged, and nothing of these.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from gisrisk.analysis.reason_words import missing_in_words
from gisrisk.analysis.separation import APPROVAL
from gisrisk.analysis.siting.proposal import Key
from gisrisk.analysis.siting.relations import CLAIM
from gisrisk.catalog import vocabulary


class Effect(enum.IntEnum):
    """What one finding, or a whole assessment, comes to; the larger outweighs the smaller."""

    CLEAR = 0
    CONDITIONAL = 1
    UNDETERMINED = 2
    VETO = 3

    @property
    def word(self) -> str:
        """The word of the contract."""
        return self.name.lower()


WORDS_ZH = {"veto": "否决", "undetermined": "无法判定", "conditional": "附条件", "clear": "未见障碍"}
WORDS_EN = {"veto": "veto", "undetermined": "undetermined", "conditional": "conditional", "clear": "clear"}


@dataclass(frozen=True, slots=True)
class Gap:
    """A whole layer, or part of the surroundings, on which there are no data."""

    field: str
    zh: str
    en: str


def effect_of(finding: Mapping[Any, Any]) -> Effect:
    """What one finding comes to.

    Notes
    -----
    A clause that says "should preferably" (宜) and a permit can be met by giving reasons or by an approval, so they
    never do more than make the verdict conditional.
    """
    status = finding["status"]
    if status == "meets":
        return Effect.CLEAR
    if finding["rule_type"] == "permit" or not finding["mandatory"]:
        return Effect.CONDITIONAL
    if status == "violation":
        return Effect.VETO if finding["review"] == "confirmed" else Effect.CONDITIONAL
    return Effect.CONDITIONAL if status == "needs_survey" or _is_claim(finding) else Effect.UNDETERMINED


def _is_claim(finding: Mapping[Any, Any]) -> bool:
    missing = str(finding.get("missing") or "")
    return bool(missing) and all(part.startswith(f"{CLAIM}.") for part in missing.split(";"))


def verdict_of(findings: pd.DataFrame, gaps: Iterable[Gap] = ()) -> Effect:
    """The verdict over everything charged to a proposal and everything not known about its surroundings."""
    effects = [effect_of(row) for row in findings.to_dict("records")]
    if any(True for _ in gaps):
        effects.append(Effect.UNDETERMINED)
    return max(effects, default=Effect.CLEAR)


def weighed(findings: pd.DataFrame) -> pd.DataFrame:
    """Findings with `effect`, `condition_zh` and `condition_en`, the heaviest first."""
    out = findings.copy()
    rows = out.to_dict("records")
    effects = [effect_of(row) for row in rows]
    out["effect"] = [effect.word for effect in effects]
    words = [condition(row, effect) for row, effect in zip(rows, effects, strict=True)]
    out["condition_zh"], out["condition_en"] = [zh for zh, _ in words], [en for _, en in words]
    out["_weight"] = [-int(effect) for effect in effects]
    out["_short"] = -pd.to_numeric(out["shortfall_m"], errors="coerce").fillna(0.0)
    order = ["_weight", "_short", "source_code", "target_code", "document_no", "clause", "rule_id"]
    out = out.sort_values(order, kind="stable").drop(columns=["_weight", "_short"]).reset_index(drop=True)
    out["finding_no"] = range(1, len(out) + 1)
    return out


def condition(finding: Mapping[Any, Any], effect: Effect) -> tuple[str, str]:
    """What has to be done about one finding, in Chinese and in English."""
    clause = " ".join(str(finding[n]) for n in ("document_no", "clause") if finding.get(n))
    zh, en = f"《{finding['document']}》{clause}", f"{clause} ({finding['rule_id']})"
    status = finding["status"]
    figures_zh, figures_en = _figures(finding)
    if effect is Effect.VETO:
        return f"违反{zh}{figures_zh}", f"breaks {en}{figures_en}"
    if finding["rule_type"] == "permit":
        return f"按{zh}取得同意或许可{figures_zh}", f"obtain the approval that {en} asks for{figures_en}"
    if _is_claim(finding):
        return f"证明符合{zh}的例外情形", f"prove that the exception of {en} applies"
    if status == "undetermined":
        fields = missing_in_words(str(finding.get("missing") or "").replace(";", "; "))
        return f"补充{fields}后按{zh}判定", f"give {finding.get('missing')} to decide {en}"
    if status == "needs_survey":
        return f"实测后按{zh}判定{figures_zh}", f"survey, then decide {en}{figures_en}"
    if not finding["mandatory"]:
        return f"{zh}为推荐性条款，须说明理由{figures_zh}", f"{en} is a recommendation: give reasons{figures_en}"
    return (
        f"核对条款{zh}原文{figures_zh}；核实无误即为否决",
        f"check clause {en} against the official text{figures_en}; once confirmed it is a veto",
    )


def _figures(finding: Mapping[Any, Any]) -> tuple[str, str]:
    required, measured = finding.get("required_m"), finding.get("measured_m")
    if required is None or pd.isna(required) or measured is None or pd.isna(measured):
        return "", ""
    between = finding.get("target_name") or finding.get("target_code") or ""
    zh = f"（距“{between}”{measured:.1f} m，要求 {required:g} m）"
    return zh, f": {measured:.1f} m to '{between}', {required:g} m required"


def missing_fields(findings: pd.DataFrame, gaps: Iterable[Gap], verdict: Effect) -> list[dict[str, Any]]:
    """Every field that is not known, how many findings wait for it, and whether it could change the verdict.

    A veto stands whatever the fields say, so then none could.
    """
    waiting: dict[str, list[Effect]] = {}
    for row in findings.to_dict("records"):
        if row["status"] == "undetermined":
            for name in filter(None, str(row["missing"] or "").split(";")):
                waiting.setdefault(name, []).append(effect_of(row))
    out = [
        {
            "field": gap.field, "label_zh": gap.zh, "label_en": gap.en, "findings": 0,
            "could_change_verdict": verdict is not Effect.VETO,
        }
        for gap in gaps
    ]  # fmt: skip
    for name, effects in sorted(waiting.items(), key=lambda item: (-max(item[1]), item[0])):
        out.append(
            {
                "field": name, "label_zh": _field_in_words(name), "label_en": name, "findings": len(effects),
                "could_change_verdict": verdict is not Effect.VETO,
            }
        )  # fmt: skip
    return out


def _field_in_words(name: str) -> str:
    if name == APPROVAL:
        return "主管部门的同意或许可"
    if name.startswith(f"{CLAIM}."):
        return "例外情形的证明"
    return missing_in_words(name)


def affected(findings: pd.DataFrame, proposed: frozenset[Key], targets: pd.DataFrame) -> dict[str, Any]:
    """Who stands too near or may do so: people of each place once, and the places that need most care.

    Returns
    -------
    dict
        people: persons of the places whose number is known; places_without_number; sensitive_places: schools,
        hospitals, homes for the old and other welfare places as {code, name, target_type}.
    """
    kinds = vocabulary().target_types
    type_of = dict(zip(targets["code"].astype(str), targets["target_type"], strict=True)) if len(targets) else {}
    people: dict[Key, float] = {}
    sensitive: dict[str, dict[str, str]] = {}
    for row in findings.to_dict("records"):
        if row["target_layer"] not in ("protected_target", "dense_area"):
            continue
        code = str(row["target_code"])
        people[row["target_layer"], code] = row["people"]
        kind = type_of.get(code)
        if row["target_layer"] == "protected_target" and kind in kinds and "welfare" in kinds[kind].traits:
            sensitive[code] = {"code": code, "name": str(row["target_name"]), "target_type": str(kind)}
    known = [float(n) for n in people.values() if n is not None and not pd.isna(n)]
    return {
        "people": sum(known),
        "places": len(people),
        "places_without_number": len(people) - len(known),
        "proposed_places": sum(key in proposed for key in people),
        "sensitive_places": [sensitive[code] for code in sorted(sensitive)],
    }
