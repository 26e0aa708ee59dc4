"""What the park committee is shown of one park: grade, counts, when it was assessed and is due, and its documents."""

from __future__ import annotations

from datetime import date
from typing import Any

from gisrisk.chinatime import today
from gisrisk.server.database import Row
from gisrisk.server.documents import KINDS, document_path
from gisrisk.server.periods import next_due, periods
from gisrisk.server.present import grade_name, method_name, value_label
from gisrisk.server.results import Results


def park_record(results: Results, code: str) -> Row:
    """One park of a study as its page and the API show it.

    Raises
    ------
    UnknownName
        The study holds no such park.
    """
    park = results.park(code)
    documents = {kind: f"/parks/{code}/map.{kind}?study={results.study_id}" for kind in KINDS}
    made = {kind: document_path(results.study_id, code, kind).is_file() for kind in KINDS}
    return park | {
        "study_id": results.study_id,
        "grade": grade_name(park),
        "method_name": method_name(park["method"]),
        "park_kind_label": value_label("park", "kind", park["park_kind"]),
        "documents": [{"kind": kind, "href": documents[kind], "made": made[kind]} for kind in KINDS],
        **assessment(date.fromisoformat(results.study["on_day"]), park["park_kind"], today=today()),
    }


def assessment(assessed_on: date, park_kind: str | None, *, today: date) -> dict[str, Any]:
    """When the park was assessed and when it is due again; `next_due` None where no document states a period."""
    period = periods().get(park_kind or "")
    if period is None:
        return {"assessed_on": assessed_on.isoformat(), "next_due": None, "overdue": None, "period": None}
    due = next_due(assessed_on, period.years)
    return {
        "assessed_on": assessed_on.isoformat(),
        "next_due": due.isoformat(),
        "overdue": today > due,
        "period": {
            "years": period.years,
            "document": period.document,
            "document_no": period.document_no,
            "clause": period.clause,
            "review": period.review,
        },
    }
