"""When a proposal fails: how much smaller would pass here, and which existing object stands in its way."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from gisrisk.analysis.siting.assessing import Assessment
from gisrisk.analysis.siting.proposal import Key, Proposal
from gisrisk.analysis.siting.verdict import WORDS_EN, WORDS_ZH, Effect
from gisrisk.analysis.siting.world import Frames, without
from gisrisk.catalog import load_layers, vocabulary
from gisrisk.catalog.field_labels import label_zh

Judge = Callable[[Proposal], Assessment]
JudgeIn = Callable[[Proposal, Frames], Assessment]

SMALLEST_SHARE = 1e-3
"""Below a thousandth of what was asked for, "smaller" is another project."""
_STEPS = 11
_MOST_OBSTACLES = 6

# Figures that grow and shrink together: a tank of half the volume holds half the mass.
_SCALES: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("hazard_source", "储量", "quantity", (
        "volume_m3", "net_explosive_kg", "depot_capacity_m3", "petrol_volume_m3", "diesel_volume_m3", "lpg_volume_m3",
        "lng_volume_m3", "hydrogen_kg", "quantity_t", "group_volume_m3", "single_volume_m3",
    )),
    ("protected_target", "容纳规模", "capacity", (
        "population", "peak_persons", "households", "beds_or_seats", "floor_area_m2", "largest_building_floor_area_m2",
    )),
    ("protected_target", "建筑高度", "height", ("height_m", "storeys")),
    ("linear_feature", "电压", "voltage", ("voltage_kv",)),
    ("linear_feature", "管径与压力", "diameter and pressure", ("diameter_m", "pressure_mpa")),
)  # fmt: skip
# Classes in the order from the strictest to the mildest.
_CLASSES: tuple[tuple[str, str], ...] = (("hazard_source", "station_grade"),)


def passes(assessment: Assessment, than: Effect) -> bool:
    """Whether this is better than what was asked for: no veto, and nothing open where the original had none."""
    return assessment.effect < than and assessment.effect is not Effect.UNDETERMINED


def smaller(proposal: Proposal, judge: Judge, than: Effect) -> list[dict[str, Any]]:
    """The largest scale of each kind that would pass here, found by halving intervals and checked by the same engine.

    Parameters
    ----------
    proposal : Proposal
    judge : callable
        Assessment of a proposal at the same place.
    than : Effect
        The verdict of the proposal itself.
    """
    out = []
    for layer, zh, en, fields in _SCALES:
        knob = _Knob.of(proposal, layer, fields)
        if knob is None:
            continue
        found = _largest(knob, judge, than)
        if found is not None:
            share, assessment = found
            values = knob.values(share)
            out.append(_as_dict_of_scale(layer, (zh, en), values, share, assessment))
    for layer, column in _CLASSES:
        out += _milder_class(proposal, layer, column, judge, than)
    return out


@dataclass(frozen=True, slots=True)
class _Knob:
    """Cells of a proposal that are scaled together."""

    proposal: Proposal
    layer: str
    columns: tuple[str, ...]
    attributes: tuple[str, ...]

    @classmethod
    def of(cls, proposal: Proposal, layer: str, fields: tuple[str, ...]) -> _Knob | None:
        frame = proposal.frames.get(layer)
        if frame is None:
            return None
        columns = tuple(f for f in fields if f in frame and pd.to_numeric(frame[f], errors="coerce").gt(0).any())
        dicts = [a for a in frame.get("attributes", []) if isinstance(a, dict)]
        attributes = tuple(f for f in fields if any(isinstance(a.get(f), int | float) for a in dicts))
        stock = layer == "hazard_source" and "inventory" in proposal.frames
        return cls(proposal, layer, columns, attributes) if columns or attributes or stock else None

    def at(self, share: float) -> Proposal:
        """The proposal at a share of its scale."""
        frame = self.proposal.frames[self.layer].copy()
        for name in self.columns:
            frame[name] = _scaled(frame[name], share)
        if self.attributes:
            cells = [
                {k: _rounded(v * share) if k in self.attributes else v for k, v in (a or {}).items()}
                for a in frame["attributes"]
            ]
            frame["attributes"] = pd.Series(cells, index=frame.index, dtype=object)
        out = self.proposal.with_frame(self.layer, frame)
        if self.layer == "hazard_source" and "inventory" in out.frames:
            stock = out.frames["inventory"].copy()
            stock["quantity_t"] = _scaled(stock["quantity_t"], share)
            out = out.with_frame("inventory", stock)
        return out

    def values(self, share: float) -> list[dict[str, Any]]:
        """Every figure, from and to."""
        now, then = self.proposal, self.at(share)
        out = []
        for layer, names in ((self.layer, self.columns), ("inventory", ("quantity_t",))):
            if layer not in now.frames or (layer == "inventory" and self.layer != "hazard_source"):
                continue
            owner = "code" if layer == self.layer else "source_code"
            for name in names:
                for code, old, new in zip(
                    now.frames[layer][owner], now.frames[layer][name], then.frames[layer][name], strict=True
                ):
                    if not pd.isna(old):
                        out.append({"layer": layer, "code": code, "field": name, "from": float(old), "to": float(new)})
        for name in self.attributes:
            for code, old, new in zip(
                now.frames[self.layer]["code"], now.frames[self.layer]["attributes"],
                then.frames[self.layer]["attributes"], strict=True,
            ):  # fmt: skip
                if (old or {}).get(name) is not None:
                    out.append({"layer": self.layer, "code": code, "field": name, "from": old[name], "to": new[name]})
        return out


def _scaled(values: pd.Series[Any], share: float) -> pd.Series[Any]:
    """Values at a share, rounded down so that what is proposed passes as written; whole numbers stay whole."""
    numbers = pd.to_numeric(values, errors="coerce").astype("Float64")
    whole = pd.api.types.is_integer_dtype(values.dtype)
    out = [pd.NA if pd.isna(v) else (math.floor(v * share) if whole else _rounded(v * share)) for v in numbers]
    return pd.Series(out, index=values.index, dtype="Int64" if whole else "Float64").astype(values.dtype)


def _rounded(value: float) -> float:
    """Three significant digits, downwards."""
    if value <= 0:
        return value
    step = 10.0 ** (math.floor(math.log10(value)) - 2)
    return round(math.floor(value / step * (1 + 1e-12)) * step, 9)


def _largest(knob: _Knob, judge: Judge, than: Effect) -> tuple[float, Assessment] | None:
    """The largest share that passes; None when a trifle does not pass either."""
    low, best = SMALLEST_SHARE, judge(knob.at(SMALLEST_SHARE))
    if not passes(best, than):
        return None
    high = 1.0
    for _ in range(_STEPS):
        middle = math.sqrt(low * high) if high / low > 4 else (low + high) / 2
        tried = judge(knob.at(middle))
        if passes(tried, than):
            low, best = middle, tried
        else:
            high = middle
    return low, best


def _as_dict_of_scale(
    layer: str, words: tuple[str, str], values: list[dict[str, Any]], share: float, assessment: Assessment
) -> dict[str, Any]:
    zh = "；".join(
        f"{label_zh(v['field'], v['layer']) or v['field']} {v['from']:g}→{v['to']:g}（{v['code']}）" for v in values[:6]
    )
    en = "; ".join(f"{v['field']} {v['from']:g} to {v['to']:g} ({v['code']})" for v in values[:6])
    return {
        "kind": "smaller", "layer": layer, "share": round(share, 4), "values": values,
        "verdict": assessment.effect.word,
        "zh": f"{words[0]}减至 {share:.1%}：{zh}，本址结论为{WORDS_ZH[assessment.effect.word]}",
        "en": f"reduce the {words[1]} to {share:.1%}: {en}; the verdict is then {WORDS_EN[assessment.effect.word]}",
    }  # fmt: skip


def _milder_class(proposal: Proposal, layer: str, column: str, judge: Judge, than: Effect) -> list[dict[str, Any]]:
    """The strictest lower class of each feature that passes."""
    frame = proposal.frames.get(layer)
    if frame is None or column not in frame:
        return []
    order = [str(v) for v in vocabulary().attributes[column].values]
    out = []
    for row, given in enumerate(frame[column]):
        if pd.isna(given) or str(given) not in order:
            continue
        for value in order[order.index(str(given)) + 1 :]:
            changed = frame.copy()
            changed.loc[changed.index[row], column] = value
            tried = judge(proposal.with_frame(layer, changed))
            if passes(tried, than):
                code = str(frame["code"].iloc[row])
                name = label_zh(column, layer) or column
                word = tried.effect.word
                out.append(
                    {
                        "kind": "class", "layer": layer, "code": code, "field": column, "from": str(given),
                        "to": value, "verdict": word,
                        "zh": f"{code} 的{name}由 {given} 降为 {value}，本址结论为{WORDS_ZH[word]}",
                        "en": f"lower {column} of {code} from {given} to {value}; the verdict is then {word}",
                    }
                )  # fmt: skip
                break
    return out


# --- what stands in the way -------------------------------------------------------------------------------------------


def removals(
    proposal: Proposal, first: Assessment, frames: Frames, judge: JudgeIn, than: Effect
) -> list[dict[str, Any]]:
    """Existing objects whose removal or relocation would let the proposal pass: each alone, else all together."""
    keys = list(_obstacles(first))
    out = []
    for key, name, findings in keys[:_MOST_OBSTACLES]:
        after = judge(proposal, without(frames, key))
        if passes(after, than):
            out.append(_as_dict_of_removal([(key, name)], findings, after))
    if out or len(keys) < 2:
        return out
    rest = dict(frames)
    for key, _, _ in keys:
        rest = without(rest, key)
    after = judge(proposal, rest)
    if passes(after, than):
        out.append(_as_dict_of_removal([(k, n) for k, n, _ in keys], sum(f for _, _, f in keys), after))
    return out


def _obstacles(first: Assessment) -> Iterable[tuple[Key, str, int]]:
    """Existing ends of the findings that decide the verdict, the most frequent first; rivers do not move."""
    lines = first.world.after.get("linear_feature")
    rivers = set(lines["code"][lines["kind"] == "waterway"]) if lines is not None and len(lines) else set()
    names: dict[Key, str] = {}
    count: dict[Key, int] = {}
    for row in first.charged.to_dict("records"):
        if row["effect"] != first.effect.word:
            continue
        for end in ("source", "target"):
            key = (row[f"{end}_layer"], str(row[f"{end}_code"]))
            if key in first.world.proposed or key[1] in ("", *rivers) or key[0] in ("park", "admin_area"):
                continue
            names[key] = str(row[f"{end}_name"] or key[1])
            count[key] = count.get(key, 0) + 1
    for key in sorted(count, key=lambda k: (-count[k], k)):
        yield key, names[key], count[key]


def _as_dict_of_removal(objects: list[tuple[Key, str]], findings: int, after: Assessment) -> dict[str, Any]:
    labels = load_layers()
    word = after.effect.word
    zh = "、".join(f"{labels[k[0]].label_zh}“{name}”（{k[1]}）" for k, name in objects)
    en = ", ".join(f"{labels[k[0]].label_en} '{name}' ({k[1]})" for k, name in objects)
    return {
        "kind": "removal",
        "objects": [{"layer": k[0], "code": k[1], "name": name} for k, name in objects],
        "findings": findings, "verdict": word,
        "zh": f"迁移{zh}后，本址结论为{WORDS_ZH[word]}",
        "en": f"with {en} moved away, the verdict here is {word}",
    }  # fmt: skip
