"""Turn the fact files of the standards into the project's own rules: one vocabulary and one YAML file per document.

    python tools/facts_to_rules.py FACTS_DIR data/rules [--document GB50016 ...]

FACTS_DIR holds `safety_distances.yaml`, `vocabulary.yaml` and `hygiene_distance_gbt39499.yaml`. Ids, order, figures
and evidence are kept; what the project adds or changes stands in `facts_to_rules.yaml` beside this file, each change
with its reason.
"""

from __future__ import annotations

import argparse
import copy
from pathlib import Path
from typing import Any

import yaml

Row = dict[str, Any]
ADDITIONS = Path(__file__).with_suffix(".yaml")
CONFIRMED_BY = ("text", "secondary")
NEVER_HERE = ("international", "unknown")
UNKNOWN_DATE = "a first day in force"


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Safe loader that leaves dates as text."""


_Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda loader, node: loader.construct_scalar(node))


class _Dumper(yaml.SafeDumper):
    """Safe dumper that repeats a shared value instead of writing an anchor, so that every entry reads alone."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def read(path: Path) -> Row:
    """Content of a YAML file."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)


def write(path: Path, content: Row) -> None:
    """Write one generated file, readable and stable."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = yaml.dump(content, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=120, default_flow_style=None)
    path.write_text(text, encoding="utf-8", newline="\n")


# --- vocabulary -----------------------------------------------------------------------------------------------------


def vocabulary(facts: Row, added: Row) -> Row:
    """The part of the fact vocabulary that holds for every document, with machine keys for its prose."""
    out: Row = {"meta": added["meta"]}
    for part in ("evaluation", "attributes", "facility_groups", "facility_types", "target_groups", "target_types"):
        out[part] = facts[part]
    for attribute in out["attributes"]:
        attribute.update(added["attributes_set"].get(attribute["name"], {}))
    out["attributes"].extend(added["attributes_added"])
    for part, selections in (("facility_types", "facility_select"), ("target_types", "target_select")):
        by_code = {entry["code"]: entry for entry in out[part]}
        for code, select in added[selections].items():
            by_code[code]["select"] = select
    out["classes"] = facts["classes"]
    out["derived"] = _derived(facts["derived"], added["derived"])
    out["site_regime_hints"] = facts["site_regime_hints"]
    out["measuring_points"] = _measuring_points(facts["measuring_points"], added["measuring_points"])
    return out


def _derived(facts: Row, added: Row) -> Row:
    """Derived attributes: figures of the fact file under the machine keys of the additions."""
    out: Row = {}
    for name, fact in facts.items():
        extra = added.get(name)
        if isinstance(fact, list):
            if len(fact) != len(extra):
                raise SystemExit(f"derived {name}: {len(fact)} entries in the facts, {len(extra)} in the additions")
            out[name] = []
            for one, more in zip(fact, extra, strict=True):
                if one["applies_to"] != more["applies_to"]:
                    raise SystemExit(f"derived {name}: {one['applies_to']} is not {more['applies_to']}")
                out[name].append({**one, **more})
        elif isinstance(fact, str):
            out[name] = {"meaning": fact, **extra}
        else:
            out[name] = {**fact, **(extra or {})}
    for name, extra in added.items():
        out.setdefault(name, extra)
    return out


def _measuring_points(facts: Row, added: Row) -> Row:
    """The closed list of measuring points, each with its method and its substitutes told apart by machine keys."""
    out = {k: v for k, v in facts.items() if k not in ("measured_from", "measured_to")}
    out.update({k: v for k, v in added.items() if k not in ("methods", "given", "resolve")})
    method_of = {code: method for method, codes in added["methods"].items() for code in codes}
    for side in ("measured_from", "measured_to"):
        out[side] = []
        for fact in facts[side]:
            point = {**fact, "prose": fact.get("method")}
            point.pop("method", None)
            if not point["prose"]:
                point.pop("prose")
            code = point["code"]
            if "alias_of" in point:
                point["resolve"] = added["resolve"][code]
            else:
                point["method"] = method_of[code]
            point["substitutes"] = [{**s, "given": added["given"][s["use"]]} for s in fact.get("substitutes", [])]
            out[side].append(point)
    return out


# --- hygiene distances ----------------------------------------------------------------------------------------------


def hygiene(facts: Row, added: Row) -> Row:
    """GB/T 39499: coefficients with numeric bands, steps, source classes, worked examples and what it superseded."""
    rows = [
        {
            "mean_wind_m_s": added["wind_m_s"][row["wind"]],
            "distance_m": added["distance_m"][row["L_range"]],
            "source_class": added["source_classes"][row["source_class"]],
            **{key: row[key] for key in "ABCD"},
        }
        for row in facts["coefficients"]["table_rows"]
    ]
    rounding = {k: v for k, v in facts["rounding"].items() if k != "levels"}
    return {
        "meta": facts["meta"],
        "formula": facts["formula"],
        "limit_rule": facts["Cm_rule"],
        "substance_selection": {**facts["substance_selection"], "near_largest_share": added["near_largest_share"]},
        "source_classes": facts["source_classes"],
        "coefficients": {
            **{k: facts["coefficients"][k] for k in ("confirmed", "confidence", "notes", "wind_boundaries")},
            "rows": rows,
        },
        "solving": facts["solving"],
        "rounding": {"levels": added["rounding_levels"], **rounding},
        "multi_substance": facts["multi_substance"],
        "worked_examples": facts["worked_examples"],
        "superseded_tables": facts["legacy_industry_tables"],
    }


# --- instruments ----------------------------------------------------------------------------------------------------


def instrument(code: str, mapping: Row, rows: list[Row], facts: Row, added: Row) -> Row:
    """One document as an instrument file."""
    (status,) = {row["status"] for row in rows}
    sources = [*_replaced(mapping["sources"], added), *added.get("sources_added", [])]
    targets = [*mapping["targets"], *added.get("targets_added", [])]
    first = None if status in NEVER_HERE else added.get("in_force") or _first_day(rows[0]["effective"])
    out: Row = {
        "document": mapping.get("document") or rows[0]["document"],
        "document_no": mapping["document_no"],
        "name_en": added.get("name_en"),
        "in_force": first,
        "in_force_note": added.get("in_force_note"),
        "ended": added.get("ended"),
        "ended_note": added.get("ended_note"),
        "edition": added.get("edition"),
        "status": status,
        "applies_when": mapping.get("applies_when"),
        "stands_in": added.get("stands_in"),
        "outside_site_only": added.get("outside_site_only"),
        "note": mapping.get("note"),
        "gaps": added.get("gaps"),
        "sources": _entries(code, "source", sources, facts["approximate"], added),
        "targets": _entries(code, "target", targets, facts["approximate"], added),
        "rules": [],
    }
    conditions, expressions = facts["rule_conditions"], facts["expr_conditions"]
    day = first or added["stated_as_of"]
    for row in rows:
        made = rule(row, day, conditions.get(row["id"]) or {}, expressions.get(row["id"]) or [], added)
        out["rules"].append(made)
        for extra in added.get("rules_added", []):
            if extra["after"] == row["id"]:
                out["rules"].append(_added_rule(made, extra, day))
    out["rules"] = _with_rows_on_another_row(out["rules"])
    return {key: value for key, value in out.items() if value is not None}


def _with_rows_on_another_row(rules: list[Row]) -> list[Row]:
    """A note that takes a multiple of another row's figure, as rows of its own behind each such row."""
    out: list[Row] = []
    notes = [r for r in rules if r.get("modifies", {}).get("row_of")]
    for one in rules:
        out.append(one)
        for note in notes:
            change = note["modifies"]
            if one["target"] != [change["row_of"]] or not one["clause"].startswith(change["clause_prefix"]):
                continue
            suffix = note["id"].rsplit("-", 1)[1]
            ((day, metres),) = one["min_distance_m"].items()
            made = copy.deepcopy(one)
            made |= {key: copy.deepcopy(note[key]) for key in ("title_zh", "target", "measured_to", "clause")}
            made |= {
                "id": f"{one['id'].removesuffix('-' + change['row_of'])}-{suffix}",
                "min_distance_m": {day: metres * change["factor"]},
                "review": "provisional" if "provisional" in (note["review"], one["review"]) else "confirmed",
                "notes": f"{note['id']}: {change['factor']} times the figure of {one['id']}",
            }
            out.append(made)
    return out


def rule(row: Row, in_force: str, condition: Row, expression: list[Row], added: Row) -> Row:
    """One row of the fact file as a rule."""
    change = added.get("rules", {}).get(row["id"], {})
    when: Row = {side: dict(condition[side]) for side in ("source", "target", "context") if condition.get(side)}
    for side, tests in change.get("when", {}).items():
        when[side] = {**when.get(side, {}), **tests}
    reasons = [change["reason"]] if change else []
    for extra in added.get("when_added", []):
        if row["id"].startswith(extra["id_prefix"]):
            when["target"] = {**when.get("target", {}), **extra["target"]}
            reasons.append(extra["reason"])
    notes = row["notes"]
    out: Row = {
        "id": row["id"],
        "title_zh": row["title_zh"],
        "clause": row["clause"],
        "type": row["rule_type"],
        "mandatory": row["rule_type"] != "permit" and not _is_advice(notes),
        "source": row["source_kind"].split(" | "),
        "target": row["target_kind"].split(" | "),
        "when": when or None,
        "prohibited_when": condition.get("prohibited_when"),
        "measured_from": row["measured_from"],
        "measured_to": row["measured_to"],
        "direction": row["direction"],
    }
    if row["rule_type"] == "modifier":
        out["modifies"] = _modifies(row, expression)
    elif "formula" in change:
        out["formula"] = change["formula"]
        out["expression"] = row["required_expr"]
    elif row["required_distance_m"] is not None:
        out["min_distance_m"] = {in_force: row["required_distance_m"]}
    elif expression:
        out.update(_formula(row, expression))
    elif row["required_expr"]:
        out["expression"] = row["required_expr"]
    out |= change.get("set", {})
    doubt = condition.get("note") if condition.get("confirmed") is False else None
    confirmed = bool(row["confirmed"]) and row["confirm_scope"] in CONFIRMED_BY and doubt is None
    reasons += [doubt] if doubt else []
    out |= {
        "review": "confirmed" if confirmed else "provisional",
        "evidence": {"scope": row["confirm_scope"], "url": row["source_url"], "note": row["source_condition"]},
        "notes": "; ".join(filter(None, [notes, *reasons])) or None,
    }
    out["evidence"] = {k: v for k, v in out["evidence"].items() if v is not None}
    return {key: value for key, value in out.items() if value is not None}


def _added_rule(made: Row, extra: Row, in_force: str) -> Row:
    """A rule for a figure that stands only in the note of another row."""
    out = copy.deepcopy(made)
    for key in ("min_distance_m", "factor_of", "factor_of_cases", "expression"):
        out.pop(key, None)
    out |= {"id": extra["id"], "min_distance_m": {extra.get("in_force", in_force): extra["min_distance_m"]}}
    may_differ = ("when", "target", "source", "measured_from", "measured_to", "title_zh")
    out |= {key: extra[key] for key in may_differ if key in extra}
    if out["evidence"].get("scope") != "text":
        out["review"] = "provisional"
    out["notes"] = extra["reason"]
    return {key: out[key] for key in (*made, "when", "min_distance_m") if key in out}


def _own_mapping(added: Row, facts: Row) -> Row:
    """The mapping of a document that the fact vocabulary does not map: its own entries, and those of a like one."""
    like = facts["mappings"].get(added["mapping"].get("like"), {})
    out = {key: added[key] for key in ("document", "document_no")}
    for side in ("sources", "targets"):
        out[side] = [*copy.deepcopy(like.get(side, [])), *added["mapping"].get(side, [])]
    if "applies_when" in like:
        out["applies_when"] = like["applies_when"]
    return out


def _formula(row: Row, expression: list[Row]) -> Row:
    """Figures in multiples of an attribute (H), or by case."""
    if all("factor_of_H" in case for case in expression):
        cases = [{"when": _only_sides(case), "factor": case["factor_of_H"]} for case in expression]
        if len(cases) == 1 and not cases[0]["when"]:
            return {"factor_of": {"tower_height_m": cases[0]["factor"]}}
        return {"factor_of_cases": {"tower_height_m": cases}}
    return {
        "distance_cases": [{"when": _only_sides(case), "distance_m": case["distance_m"]} for case in expression],
        "expression": row["required_expr"],
    }


def _only_sides(case: Row) -> Row:
    return {side: case[side] for side in ("source", "target", "context") if side in case}


def _modifies(row: Row, expression: list[Row]) -> Row:
    if len(expression) != 1 or "factor_of_row" not in expression[0]:
        raise SystemExit(f"{row['id']}: a modifier without a factor")
    case = expression[0]
    out = {"clause_prefix": row["clause"].split()[0].split("/")[0], "factor": case["factor_of_row"]}
    return out | {new: case[old] for old, new in (("floor_m", "floor_m"), ("row_of", "row_of")) if old in case}


def _is_advice(notes: str | None) -> bool:
    return bool(notes) and ("should preferably" in notes or "宜" in notes)


def _replaced(entries: list[Row], added: Row) -> list[Row]:
    out: list[Row] = []
    for entry in entries:
        swaps = [s for s in added.get("replace_sources", []) if s["kinds"] == entry["kinds"]]
        out.extend(swaps[0]["by"] if swaps else [entry])
    return out


def _entries(code: str, side: str, entries: list[Row], approximate: list[Row], added: Row) -> list[Row]:
    """Mapping entries, with what is unconfirmed about them beside them."""
    out = []
    for entry in entries:
        made = dict(entry)
        for proxy in approximate:
            if proxy["document"] == code and proxy["side"] == side and set(proxy["kinds"]) & set(entry["kinds"]):
                made["approximate"] = proxy["reason"]
        if side == "source":
            for doubt in added.get("unconfirmed_sources", []):
                has = doubt.get("when_has")
                by_when = has is not None and all((entry.get("when") or {}).get(k) == v for k, v in has.items())
                by_type = "types" in doubt and set(doubt["types"]) == set(entry["facility_types"])
                if by_when or by_type:
                    made |= {"confirmed": False, "basis": doubt["basis"]}
        for key in ("clause_prefix", "except_class", "within_class"):
            if isinstance(made.get(key), str):
                made[key] = [made[key]]
        for narrow in added.get(f"{side}s_narrowed", []):
            if set(made.get(f"{'facility' if side == 'source' else 'target'}_types", [])) == set(narrow["types"]):
                made["when"] = {**narrow["when"], **made.get("when", {})}
        if "modifier_of" in made:
            made["modifier_of"] = str(made["modifier_of"])
        out.append(made)
    return out


def _first_day(text: str) -> str:
    """First day in force; a fact file that tells only a year or a month is not enough."""
    word = str(text).split()[0]
    if len(word) == 10 and word[4] == word[7] == "-":
        return word
    raise SystemExit(f"'{text}' does not tell {UNKNOWN_DATE}; give in_force in {ADDITIONS.name}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("facts", type=Path, help="folder with safety_distances.yaml and vocabulary.yaml")
    parser.add_argument("out", type=Path, help="folder to write to, usually data/rules")
    parser.add_argument(
        "--document", action="append", help="mapping code such as GB50016; default: all that are set up"
    )
    options = parser.parse_args()
    additions = read(ADDITIONS)
    facts = read(options.facts / "vocabulary.yaml")
    rows = read(options.facts / "safety_distances.yaml")["rules"]
    done: set[str] = set()
    for code in options.document or list(additions["instruments"]):
        added = additions["instruments"].get(code, {})
        mapping = facts["mappings"].get(code) or _own_mapping(added, facts)
        own = [
            row
            for row in rows
            if row["document_no"] == mapping["document_no"]
            and row["document"] == mapping.get("document", row["document"])
        ]
        if not own:
            raise SystemExit(f"{code}: no row")
        made = instrument(code, mapping, own, facts, added)
        write(options.out / "instruments" / f"{added.get('slug', code.lower())}.yaml", made)
        print(f"{code}: {len(made['rules'])} rules")
        done |= {row["id"] for row in own}
    left = [row["id"] for row in rows if row["id"] not in done]
    if left and not options.document:
        raise SystemExit(f"{len(left)} rows belong to no document that is set up: {', '.join(left[:5])} ...")
    facts_39499 = read(options.facts / "hygiene_distance_gbt39499.yaml")
    write(options.out / "gbt39499_2020.yaml", hygiene(facts_39499, additions["hygiene"]))
    write(options.out / "vocabulary.yaml", vocabulary(facts, additions["vocabulary"]))


if __name__ == "__main__":
    main()
