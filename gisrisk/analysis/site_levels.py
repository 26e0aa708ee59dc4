"""Colour of each enterprise site by a declared matrix: severity from major hazards, likelihood from open violations.

Both are intervals. A colour is stated when every possibility gives the same one; otherwise the site is undetermined and
`level_at_least` says what is known.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import pandas as pd

from gisrisk.analysis.reason_words import missing_in_words, shortfall_in_words, unit_in_words
from gisrisk.analysis.region import assign_by_overlap
from gisrisk.geo import STORAGE_CRS
from gisrisk.hazards.tables import gb18218

COLUMNS = [
    "site_code", "site_name", "park_code", "county_code", "status", "level", "level_at_least", "method", "likelihood",
    "severity", "score", "reasons", "major_level", "violations", "needs_survey", "undetermined_findings", "geometry",
]  # fmt: skip


@dataclass(slots=True)
class Severity:
    """S of one site: what is known and what is possible, each with its reason in Chinese."""

    low: int
    high: int
    reasons: list[str] = field(default_factory=list)
    open_reasons: list[str] = field(default_factory=list)
    major_level: int | None = None


def site_grades(
    sites: gpd.GeoDataFrame,
    hazards: gpd.GeoDataFrame,
    findings: pd.DataFrame,
    admin: gpd.GeoDataFrame,
    park: gpd.GeoDataFrame,
    *,
    method: dict[str, Any],
    sources: pd.DataFrame | None = None,
) -> gpd.GeoDataFrame:
    """Grade every site.

    Parameters
    ----------
    sites : GeoDataFrame in EPSG:4490
        Layer `enterprise_site`.
    hazards : GeoDataFrame
        Result of `gisrisk.hazards.gb18218.grade_units`.
    findings : DataFrame
        Columns of the result table `finding`; source_layer and source_code say whose they are.
    admin, park : GeoDataFrame in EPSG:4490
        Layers `admin_area` and `park`.
    method : dict
        `load_method("enterprise_matrix")`.
    sources : DataFrame
        Layer `hazard_source`, to bring findings of sources that are no unit to their site; without it units alone are
        used.

    Returns
    -------
    GeoDataFrame in EPSG:4490, sorted by site_code
        status: graded | undetermined; level 1 (worst) .. 4, null when undetermined; level_at_least: the level known so
        far, which can only become worse. likelihood, severity, score: the known part. A hazard source without a site on
        record is a row of its own, under its unit code. `attrs["level_at_worst"]`: worst level an undetermined site may
        have.
    """
    rows = _places(sites, hazards)
    known_sites = set(rows["site_code"])
    owner = _owners(hazards, sources, known_sites)
    counted = _findings_by_site(findings, owner, known_sites, method["violations"])
    units: dict[str, list[dict[Any, Any]]] = {}
    for unit in hazards.drop(columns=hazards.geometry.name).to_dict("records"):
        units.setdefault(owner.get(("unit", unit["unit_code"]), unit["unit_code"]), []).append(unit)
    graded, at_worst = [], {}
    for place in rows.to_dict("records"):
        code = place["site_code"]
        severity = _severity(units.get(code, []), place, method)
        row, worst = _judge(severity, counted.get(code, _Findings()), method)
        if place["stands_alone"]:
            row["reasons"] += ";危险源未关联企业,按危险源本身定级"
        graded.append({**place, **row})
        if row["status"] == "undetermined":
            at_worst[code] = worst
    frame = gpd.GeoDataFrame(pd.DataFrame(graded, columns=COLUMNS), geometry="geometry", crs=STORAGE_CRS)
    counties = admin[admin["level"] == "county"] if len(admin) else admin
    frame["county_code"] = assign_by_overlap(frame.geometry.to_numpy(), counties)
    frame["park_code"] = assign_by_overlap(frame.geometry.to_numpy(), park, declared=rows["park_code"])
    whole = ["level", "level_at_least", "major_level", "likelihood", "severity", "score"]
    frame = frame.astype({name: "Int64" for name in whole})
    frame.attrs["level_at_worst"] = at_worst
    return frame


def level_of_score(score: int, method: dict[str, Any]) -> int:
    """Level 1 (worst) .. 4 of one product L * S."""
    return int(next(row["level"] for row in method["bands"] if score >= row["score_min"]))


def _places(sites: gpd.GeoDataFrame, hazards: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Sites, and units whose site is not on record, under common names."""
    optional = ("plant_kind", "industry_code", "park_code", "is_hazchem_enterprise")
    own = pd.DataFrame(
        {
            "site_code": sites["code"].astype(str),
            "site_name": sites["name"],
            **{name: sites.get(name) for name in optional},
            "geometry": sites.geometry,
            "stands_alone": False,
        }
    )
    alone = hazards[~hazards["site_code"].isin(set(own["site_code"]))]
    extra = pd.DataFrame(
        {
            "site_code": alone["unit_code"],
            "site_name": alone["unit_name"],
            "geometry": alone.geometry,
            "stands_alone": True,
        }
    )
    both = pd.concat([own.astype(object), extra.astype(object)], ignore_index=True) if len(extra) else own
    both = both.sort_values("site_code", ignore_index=True)
    return gpd.GeoDataFrame(both, geometry="geometry", crs=STORAGE_CRS)


def _owners(hazards: gpd.GeoDataFrame, sources: pd.DataFrame | None, known: set[str]) -> dict[tuple[str, str], str]:
    """The row of the result that a unit, or a hazard source, belongs to."""
    owner: dict[tuple[str, str], str] = {}
    if sources is not None and "site_code" in sources:
        owner.update({("source", code): site for code, site in zip(sources["code"], sources["site_code"], strict=True)})
    for unit, site, codes in zip(hazards["unit_code"], hazards["site_code"], hazards["source_codes"], strict=True):
        place = site if site in known else unit
        owner["unit", unit] = place
        owner.update({("source", code): place for code in str(codes).split(";")})
    return owner


@dataclass(slots=True)
class _Findings:
    """Findings of one site that a confirmed, mandatory distance rule gives."""

    violations: list[str] = field(default_factory=list)
    needs_survey: int = 0
    undetermined: int = 0
    provisional: int = 0


def _findings_by_site(
    findings: pd.DataFrame, owner: dict[tuple[str, str], str], known: set[str], counts: dict[str, Any]
) -> dict[str, _Findings]:
    result: dict[str, _Findings] = {}
    if len(findings) == 0:
        return result
    wanted = findings[findings["rule_type"].isin(counts["rule_types"])]
    wanted = wanted[wanted["mandatory"].fillna(False).astype(bool)] if counts["mandatory"] else wanted
    for row in wanted.to_dict("records"):
        code = str(row["source_code"])
        place = owner.get(("source", code)) if row["source_layer"] == "hazard_source" else code
        if place not in known:
            continue
        own = result.setdefault(str(place), _Findings())
        is_violation = row["status"] in counts["status"]
        if row["review"] not in counts["review"]:
            own.provisional += is_violation
        elif is_violation:
            own.violations.append(shortfall_in_words(row))
        elif row["status"] in counts["open_status"]:
            own.needs_survey += row["status"] == "needs_survey"
            own.undetermined += row["status"] != "needs_survey"
    return result


def _severity(units: list[dict[Any, Any]], place: dict[Any, Any], method: dict[str, Any]) -> Severity:
    """S from the worst unit of a site."""
    table = method["severity"]
    steps = {int(level): int(step) for level, step in table["by_major_hazard_level"].items()}
    none, some = int(table["no_hazardous_inventory"]), int(table["hazardous_not_major"])
    if not units:
        expected = _expects_sources(place, method["expects_hazard_sources"])
        result = Severity(none, max(steps.values()) if expected else none, [f"严重性S={none}:无危险源记录"])
        if expected:
            result.open_reasons.append("危险化学品企业没有危险源记录(hazard_source)")
        return result
    result = Severity(none, none)
    for unit in units:
        low, high, reason = _severity_of_unit(unit, steps, none, some)
        if low > result.low or not result.reasons:
            result.low, result.reasons = low, [f"严重性S={low}:{reason}"]
        result.high = max(result.high, high)
        if unit["status"] == "major" and pd.notna(unit["level"]):
            level = int(unit["level"])
            result.major_level = level if result.major_level is None else min(level, result.major_level)
    for unit in units:
        _, high, _ = _severity_of_unit(unit, steps, none, some)
        if high > result.low and unit["missing"]:
            result.open_reasons.append(f"{unit_in_words(unit)}缺{missing_in_words(unit['missing'])}")
    return result


def _severity_of_unit(unit: dict[Any, Any], steps: dict[int, int], none: int, some: int) -> tuple[int, int, str]:
    """Known S, possible S and the reason of the known one."""
    name = unit_in_words(unit)
    bounds = unit["detail"]["s"]
    holds = some if bounds[0] else none
    if unit["status"] == "major":
        worst, mildest = steps[int(unit["level_min"])], steps[int(unit["level_max"])]
        level = gb18218().level_name(int(unit["level_max"]))
        exact = "" if worst == mildest else "至少"
        number = "" if pd.isna(unit["r"]) else f",R={unit['r']:.4g}"
        return mildest, worst, f"{name}{exact}构成{level}重大危险源{number}"
    if unit["status"] == "not_major":
        possible = none if bounds[1] == 0 else some
        text = "存放危险化学品,未构成重大危险源" if holds == some else "无列入GB 18218的物质"
        return holds, possible, f"{name}{text}"
    return holds, steps[int(unit["level_min"])], f"{name}是否构成重大危险源待定"


def _expects_sources(place: dict[Any, Any], expects: dict[str, Any]) -> bool:
    industry = place.get("industry_code")
    flag = place.get("is_hazchem_enterprise")
    return bool(
        (flag is not None and pd.notna(flag) and bool(flag) == expects["is_hazchem_enterprise"])
        or place.get("plant_kind") in expects["plant_kind"]
        or (isinstance(industry, str) and industry.startswith(tuple(expects["industry_code_starts"])))
    )


def _judge(severity: Severity, found: _Findings, method: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """The columns of one row, and the worst level it may have."""
    baseline, raised = int(method["likelihood"]["baseline"]), int(method["likelihood"]["with_open_violation"])
    open_findings = found.needs_survey + found.undetermined
    low = raised if found.violations else baseline
    high = raised if found.violations or open_findings else baseline
    at_least = level_of_score(low * severity.low, method)
    at_worst = level_of_score(high * severity.high, method)
    reasons = list(severity.reasons)
    if found.violations:
        shown = "、".join(found.violations[:3]) + ("等" if len(found.violations) > 3 else "")
        reasons.append(f"可能性L={low}:{len(found.violations)}项强制性防护距离不满足({shown})")
    else:
        reasons.append(f"可能性L={low}:未发现违反经核实的强制性防护距离")
    if found.provisional:
        reasons.append(f"另有{found.provisional}项未核对原文的条文不满足,不计入")
    graded = at_least == at_worst
    if not graded:
        reasons += [f"待定:{text}" for text in severity.open_reasons]
        if level_of_score(high * severity.low, method) != at_least or not severity.open_reasons:
            counts = ((found.needs_survey, "项防护距离需实测"), (found.undetermined, "项防护距离缺资料"))
            reasons.append("待定:" + "、".join(f"{number}{what}" for number, what in counts if number))
    return {
        "status": "graded" if graded else "undetermined",
        "level": at_least if graded else None,
        "level_at_least": at_least,
        "method": method["id"],
        "likelihood": low,
        "severity": severity.low,
        "score": low * severity.low,
        "reasons": ";".join(reasons),
        "major_level": severity.major_level,
        "violations": len(found.violations),
        "needs_survey": found.needs_survey,
        "undetermined_findings": found.undetermined,
    }, at_worst
