"""What a study leaves behind, one table per kind of result; every row belongs to one study.

The columns are declared here once; tables, writing and reading follow them. Lists (`missing`, `reasons`, ...) are text
joined with ";".
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultTable:
    """One result table.

    Attributes
    ----------
    columns : dict of str to str
        Column name to kind: text, integer, number, boolean, date, timestamp, json.
    required : frozenset of str
        Columns that are never null.
    looked_up_by : tuple of str
        Columns indexed together with `study_id`.
    """

    name: str
    columns: dict[str, str]
    required: frozenset[str] = frozenset()
    looked_up_by: tuple[str, ...] = ()


def _columns(**kinds: str) -> dict[str, str]:
    """Columns in order from `kind="name name ..."`; a digit after the kind only keeps the keyword unique."""
    return {name: kind.rstrip("0123456789") for kind, names in kinds.items() for name in names.split()}


STUDY = ResultTable(
    name="study",
    columns=_columns(
        text="area area_name",
        date="on_day",
        timestamp="as_of",
        text2="rule_set",
        json="method parameters",
        text3="input_sha256 code_version",
        boolean="synthetic",
        json2="counts timings_s not_evaluated",
    ),
    required=frozenset({"area", "on_day", "rule_set", "input_sha256", "code_version", "synthetic"}),
)

VERDICT = ResultTable(
    name="verdict",
    columns=_columns(
        text="name verdict",
        date="on_day",
        timestamp="as_of",
        text2="rule_set input_sha256 code_version",
        boolean="synthetic",
        json="proposal document",
    ),
    required=frozenset(
        {"name", "verdict", "on_day", "rule_set", "input_sha256", "code_version", "synthetic", "proposal", "document"}
    ),
)
"""Of a siting check: the proposal as it was asked and the whole answer, by reference number."""

FINDING = ResultTable(
    name="finding",
    columns=_columns(
        integer="finding_no",
        text="rule_id document document_no clause title_zh rule_type review",
        boolean="mandatory",
        text2="source_layer source_code source_name target_layer target_code target_name",
        number="required_m measured_m shortfall_m",
        text3="status missing assumed measured_from measured_to substitutes",
        number2="uncertainty_m people",
        date="since",
    ),
    required=frozenset({"finding_no", "rule_id", "status"}),
    looked_up_by=("source_code",),
)

HAZARD_GRADE = ResultTable(
    name="hazard_grade",
    columns=_columns(
        text="unit_code unit_name unit_kind site_code source_codes status",
        number="s alpha",
        text2="alpha_basis",
        number2="people_500m r",
        integer="level level_min level_max",
        text3="missing",
        json="detail",
    ),
    required=frozenset({"unit_code", "status"}),
    looked_up_by=("unit_code",),
)

SITE_GRADE = ResultTable(
    name="site_grade",
    columns=_columns(
        text="site_code site_name park_code county_code status",
        integer="level level_at_least",
        text2="method",
        number="likelihood severity score",
        text3="reasons",
        integer2="major_level violations needs_survey undetermined_findings",
    ),
    required=frozenset({"site_code", "status"}),
    looked_up_by=("site_code",),
)

RISK_LEVEL = ResultTable(
    name="risk_level",
    columns=_columns(integer="level", text="method"),
    required=frozenset({"level"}),
)

REGION_GRADE = ResultTable(
    name="region_grade",
    columns=_columns(
        text="kind area_code area_name area_level",
        integer="level",
        text2="status method",
        integer2="sites red orange yellow blue undetermined major_1 major_2 major_3 major_4",
        number="people_near_major people_near_major_min",
        text3="people_basis",
        integer3="violations",
    ),
    required=frozenset({"kind", "area_code", "status"}),
    looked_up_by=("area_code",),
)

RESULT_TABLES: dict[str, ResultTable] = {
    table.name: table for table in (FINDING, HAZARD_GRADE, SITE_GRADE, RISK_LEVEL, REGION_GRADE)
}
