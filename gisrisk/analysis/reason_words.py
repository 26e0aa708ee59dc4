"""Why a site has its colour, in words its park committee can read: clauses by document, fields by Chinese labels."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from gisrisk.catalog import load_layers
from gisrisk.catalog.field_labels import label_zh

# "layer.column (whose)" or "layer (whose)", as the code that finds a gap writes it
_GAP = re.compile(r"(?P<layer>\w+)(?:\.(?P<column>\w+))?(?: \((?P<whose>.*)\))?", re.DOTALL)
_GEOMETRY_ZH = "图形"


def shortfall_in_words(finding: dict[Any, Any]) -> str:
    """One broken distance: the clause by document, number and place, the target, and the metres that lack [m]."""
    clause = " ".join(str(finding[name]) for name in ("document_no", "clause") if _is_text(finding.get(name)))
    if _is_text(finding.get("document")):
        clause = f"《{finding['document']}》{clause}"
    target = finding["target_name"] if _is_text(finding.get("target_name")) else finding.get("target_code")
    shortfall_m = finding.get("shortfall_m")
    short = "不足" if shortfall_m is None or pd.isna(shortfall_m) else f"差 {shortfall_m:.1f} m"
    return f"{clause},距“{target}”{short}"


def unit_in_words(unit: dict[Any, Any]) -> str:
    """Name of a unit with its code, once."""
    name, code = str(unit["unit_name"]), str(unit["unit_code"])
    return name if code.rpartition("/")[2] in name else f"{name}({code})"


def missing_in_words(missing: str) -> str:
    """Missing fields, each named once by label and name, with the rows that lack it.

    Parameters
    ----------
    missing : str
        Column `missing` of a result: fields joined by "; ", for example "inventory.ghs_class (甲醇); inventory (T1)".
    """
    lacking: dict[str, list[str]] = {}
    for gap in missing.split("; "):
        field, whose = _gap_in_words(gap)
        lacking.setdefault(field, []).extend([whose] if whose else [])
    return ",".join(
        f"{field}:{'、'.join(dict.fromkeys(whose))}" if whose else field for field, whose in lacking.items()
    )


def _gap_in_words(gap: str) -> tuple[str, str]:
    """The field in Chinese, and whose it is (empty: not said)."""
    if gap.startswith("population raster"):
        return f"此处的{load_layers()['population'].label_zh}(population)", ""
    found = _GAP.fullmatch(gap)
    if found is None or found["layer"] not in load_layers():
        return gap, ""
    layer, column, whose = found["layer"], found["column"], found["whose"] or ""
    owner = load_layers()[layer].label_zh
    if column is None:
        return f"{owner}记录({layer})", whose
    label = _GEOMETRY_ZH if column == "geometry" else label_zh(column, layer)
    return (f"{owner}的{label}({layer}.{column})", whose) if label else (gap, "")


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)
