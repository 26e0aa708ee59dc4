"""Questions the pages and the API ask about one saved study: its sites, parks, regions and findings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from gisrisk.errors import UnknownName
from gisrisk.server.database import Row, bbox_sql, one, rows, union_bbox

STATUSES = ("violation", "needs_survey", "undetermined", "meets")
OPEN_STATUSES = STATUSES[:3]

_STUDY = f"""
    SELECT study_id, area, area_name, on_day, as_of, rule_set, method, parameters, input_sha256, code_version,
           synthetic, counts, timings_s, not_evaluated, created_at, {bbox_sql("geom")} AS bbox
    FROM gisrisk.study"""
_FINDING_COLUMNS = """finding_no, rule_id, document, document_no, clause, title_zh, rule_type, review, mandatory,
    source_layer, source_code, source_name, target_layer, target_code, target_name, required_m, measured_m, shortfall_m,
    status, missing, assumed, measured_from, measured_to, substitutes, uncertainty_m, people, since"""
_FINDING_ORDER = """array_position(ARRAY['violation', 'needs_survey', 'undetermined', 'meets'], status::text),
    (review = 'confirmed') DESC, coalesce(mandatory, false) DESC, shortfall_m DESC NULLS LAST, finding_no"""
# Red, orange, then undetermined, yellow, blue: unknown is not safe. A known floor moves an undetermined site up.
WORST_FIRST = "coalesce(nullif(level, 0)::float, CASE WHEN level_at_least <= 2 THEN level_at_least + 0.3 ELSE 2.5 END)"
_SITE_COLUMNS = f"""site_code, site_name, park_code, county_code, status, level, level_at_least, method, likelihood,
    severity, score, reasons, major_level, violations, needs_survey, undetermined_findings, {bbox_sql("geom")} AS bbox,
    ST_X(ST_PointOnSurface(geom)) AS lon, ST_Y(ST_PointOnSurface(geom)) AS lat"""
_REGION_COLUMNS = f"""kind, area_code, area_name, area_level, level, status, method, sites, red, orange, yellow, blue,
    undetermined, major_1, major_2, major_3, major_4, people_near_major, people_near_major_min, people_basis,
    violations, {bbox_sql("geom")} AS bbox"""
_HAZARD_COLUMNS = f"""unit_code, unit_name, unit_kind, site_code, source_codes, status, s, alpha, alpha_basis,
    people_500m, r, level, level_min, level_max, missing, {bbox_sql("geom")} AS bbox"""
# A finding belongs to a set of sites when one of its two sides is such a site or a hazard source of one.
_OF_SITES = """
    ((source_layer = 'enterprise_site' AND source_code = ANY(:sites))
     OR (target_layer = 'enterprise_site' AND target_code = ANY(:sites))
     OR (source_layer = 'hazard_source' AND source_code = ANY(:units))
     OR (target_layer = 'hazard_source' AND target_code = ANY(:units)))"""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingFilter:
    """Which findings of a study are asked for; None: any."""

    status: str | None = None
    clause: str | None = None
    park: str | None = None
    site: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Results:
    """Answers about one study. `study` is its row in the study table with `bbox` [degrees]."""

    engine: Engine
    study: Row

    @property
    def study_id(self) -> str:
        return str(self.study["study_id"])

    def sites(self, park: str | None = None) -> list[Row]:
        """Graded sites of the study, or of one of its parks, worst first."""
        return rows(
            self.engine,
            f"""SELECT {_SITE_COLUMNS} FROM gisrisk.site_grade
                WHERE study_id = :study AND (CAST(:park AS text) IS NULL OR park_code = :park)
                ORDER BY {WORST_FIRST}, score DESC NULLS LAST, site_code""",
            study=self.study_id,
            park=park,
        )

    def site(self, code: str) -> Row:
        """One site with its hazard units and the worst of its open findings.

        Raises
        ------
        UnknownName
            The study holds no such site.
        """
        site = one(
            self.engine,
            f"""SELECT {_SITE_COLUMNS}, ST_AsGeoJSON(geom, 7, 0) AS geometry FROM gisrisk.site_grade
                WHERE study_id = :study AND site_code = :code""",
            study=self.study_id,
            code=code,
        )
        if site is None:
            raise UnknownName("enterprise in this study", code)
        park = self._region("park", site["park_code"]) if site["park_code"] else None
        total, findings = self.findings(FindingFilter(site=code), limit=20)
        return site | {
            "park_name": park["area_name"] if park else None,
            "units": self.hazard_units(code),
            "findings": [_without_geometry(finding) for finding in findings],
            "findings_total": total,
        }

    def hazard_units(self, site: str) -> list[Row]:
        """Identified units of a site, major hazards first."""
        return rows(
            self.engine,
            f"""SELECT {_HAZARD_COLUMNS} FROM gisrisk.hazard_grade WHERE study_id = :study AND site_code = :site
                ORDER BY array_position(ARRAY['major', 'undetermined', 'not_major'], status::text), level, unit_code""",
            study=self.study_id,
            site=site,
        )

    def regions(self, kind: str | None = None) -> list[Row]:
        """Graded districts and parks; `kind` is admin or park."""
        return rows(
            self.engine,
            f"""SELECT {_REGION_COLUMNS} FROM gisrisk.region_grade
                WHERE study_id = :study AND (CAST(:kind AS text) IS NULL OR kind = :kind)
                ORDER BY kind, area_code""",
            study=self.study_id,
            kind=kind,
        )

    def park(self, code: str) -> Row:
        """One park's grade with what the park layer says of it.

        Raises
        ------
        UnknownName
            The study holds no such park.
        """
        grade = self._region("park", code)
        if grade is None:
            raise UnknownName("park in this study", code, [row["area_code"] for row in self.regions("park")])
        facts = one(
            self.engine,
            """SELECT name, kind AS park_kind, level AS park_level, approved_on, approved_by, approval_expires
               FROM gisrisk.park WHERE code = :code AND recorded_at <= CAST(:as_of AS timestamptz)
                 AND (retired_at IS NULL OR retired_at > CAST(:as_of AS timestamptz))""",
            code=code,
            as_of=self.study["as_of"],
        )
        return grade | (facts or {"park_kind": None}) | {"findings": self.finding_counts(FindingFilter(park=code))}

    def findings(self, wanted: FindingFilter, *, limit: int, offset: int = 0) -> tuple[int, list[Row]]:
        """How many findings match, and one page of them, the most pressing first. `meets` only when asked for."""
        where, values = self._where(wanted)
        total = one(self.engine, f"SELECT count(*) AS n FROM gisrisk.finding WHERE {where}", **values)
        page = rows(
            self.engine,
            f"""SELECT {_FINDING_COLUMNS}, ST_AsGeoJSON(geom, 7, 0) AS geometry FROM gisrisk.finding
                WHERE {where} ORDER BY {_FINDING_ORDER} LIMIT :limit OFFSET :offset""",
            **values,
            limit=limit,
            offset=offset,
        )
        return (total or {"n": 0})["n"], page

    def finding(self, number: int) -> Row:
        """One finding by its number.

        Raises
        ------
        UnknownName
            The study holds no such finding.
        """
        found = one(
            self.engine,
            f"""SELECT {_FINDING_COLUMNS}, {bbox_sql("geom")} AS bbox, ST_AsGeoJSON(geom, 7, 0) AS geometry
                FROM gisrisk.finding WHERE study_id = :study AND finding_no = :number""",
            study=self.study_id,
            number=number,
        )
        if found is None:
            raise UnknownName("finding in this study", str(number))
        return found

    def finding_counts(self, wanted: FindingFilter) -> dict[str, int]:
        """Number of findings per status, whatever status `wanted` names."""
        where, values = self._where(
            FindingFilter(clause=wanted.clause, park=wanted.park, site=wanted.site, text=wanted.text), STATUSES
        )
        found = rows(
            self.engine,
            f"SELECT status, count(*) AS n FROM gisrisk.finding WHERE {where} GROUP BY status",
            **values,
        )
        return dict.fromkeys(STATUSES, 0) | {row["status"]: row["n"] for row in found}

    def clauses(self) -> list[Row]:
        """The clauses that have open findings, with their number."""
        return rows(
            self.engine,
            """SELECT document, document_no, clause, count(*) AS n FROM gisrisk.finding
               WHERE study_id = :study AND status <> 'meets'
               GROUP BY document, document_no, clause ORDER BY document, clause""",
            study=self.study_id,
        )

    def search(self, query: str, limit: int = 12) -> list[Row]:
        """Parks and sites whose name or code contains the text; the earliest hit in the name first."""
        return rows(
            self.engine,
            f"""SELECT * FROM (
                    SELECT 'park' AS kind, area_code AS code, area_name AS name, level, {bbox_sql("geom")} AS bbox
                    FROM gisrisk.region_grade WHERE study_id = :study AND kind = 'park'
                    UNION ALL
                    SELECT 'site', site_code, site_name, level, {bbox_sql("geom")}
                    FROM gisrisk.site_grade WHERE study_id = :study) AS named
                WHERE strpos(lower(name), lower(:query)) > 0 OR strpos(lower(code), lower(:query)) > 0
                ORDER BY nullif(strpos(lower(name), lower(:query)), 0) NULLS LAST, kind, name, code LIMIT :limit""",
            study=self.study_id,
            query=query.strip(),
            limit=limit,
        )

    def extent(self) -> list[float] | None:
        """Box round everything the study graded [west, south, east, north in degrees]."""
        found = rows(
            self.engine,
            f"""SELECT {bbox_sql("ST_Extent(geom)::geometry")} AS bbox FROM gisrisk.site_grade WHERE study_id = :study
                UNION ALL
                SELECT {bbox_sql("ST_Extent(geom)::geometry")} FROM gisrisk.region_grade
                WHERE study_id = :study AND kind = 'park'""",
            study=self.study_id,
        )
        return union_bbox([row["bbox"] for row in found]) or union_bbox([self.study["bbox"]])

    def _region(self, kind: str, code: str) -> Row | None:
        return one(
            self.engine,
            f"""SELECT {_REGION_COLUMNS} FROM gisrisk.region_grade
                WHERE study_id = :study AND kind = :kind AND area_code = :code""",
            study=self.study_id,
            kind=kind,
            code=code,
        )

    def _where(self, wanted: FindingFilter, statuses: tuple[str, ...] = OPEN_STATUSES) -> tuple[str, dict[str, Any]]:
        clauses = ["study_id = :study", "status = ANY(:statuses)"]
        values: dict[str, Any] = {
            "study": self.study_id,
            "statuses": [wanted.status] if wanted.status else list(statuses),
        }
        if wanted.clause:
            clauses.append("concat_ws(' ', document_no, clause) = :clause")
            values["clause"] = wanted.clause
        if wanted.text:
            searched = "concat_ws(' ', source_name, source_code, target_name, target_code, title_zh)"
            clauses.append(f"strpos(lower({searched}), lower(:text)) > 0")
            values["text"] = wanted.text
        if wanted.park or wanted.site:
            sites = [wanted.site] if wanted.site else [row["site_code"] for row in self.sites(wanted.park)]
            clauses.append(_OF_SITES)
            values |= {"sites": sites, "units": self._sources_of(sites)}
        return " AND ".join(clauses), values

    def _sources_of(self, sites: list[str]) -> list[str]:
        found = rows(
            self.engine,
            """SELECT DISTINCT code FROM gisrisk.hazard_source WHERE site_code = ANY(:sites)
                 AND recorded_at <= CAST(:as_of AS timestamptz)
                 AND (retired_at IS NULL OR retired_at > CAST(:as_of AS timestamptz))""",
            sites=sites,
            as_of=self.study["as_of"],
        )
        return [row["code"] for row in found]


def studies(engine: Engine, limit: int = 100) -> list[Row]:
    """Saved studies, the newest first."""
    return rows(engine, f"{_STUDY} ORDER BY created_at DESC, study_id LIMIT :limit", limit=limit)


def find_study(engine: Engine, study_id: str | None) -> Row | None:
    """One study by its id, or the newest; None when the store holds no study at all.

    Raises
    ------
    UnknownName
        There is no study with this id.
    """
    if study_id is None:
        return one(engine, f"{_STUDY} ORDER BY created_at DESC, study_id LIMIT 1")
    found = one(engine, f"{_STUDY} WHERE study_id = :study", study=study_id)
    if found is None:
        raise UnknownName("study", study_id)
    return found


def _without_geometry(row: Row) -> Row:
    return {key: value for key, value in row.items() if key != "geometry"}
