"""The pages a person opens: the risk map, the findings table, one park."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, make_response, render_template, request, url_for

from gisrisk._version import __version__
from gisrisk.chinatime import shown
from gisrisk.errors import UnknownName
from gisrisk.server import text
from gisrisk.server.chosen import chosen_study, page_context
from gisrisk.server.park import park_record
from gisrisk.server.present import (
    citation,
    finding_record,
    level_entry,
    method_name,
    site_record,
)
from gisrisk.server.results import STATUSES, FindingFilter, Results
from gisrisk.server.style import palette_css

blueprint = Blueprint("pages", __name__)

PER_PAGE = 50
PARK_FINDINGS = 30


@blueprint.get("/")
def risk_map() -> str:
    """The map of the newest study, or of `?study=`."""
    results = chosen_study()
    if results is None:
        return render_template("no_study.html", **page_context(None))
    return render_template("map.html", **page_context(results), boot=_boot(results))


@blueprint.get("/findings")
def findings() -> str:
    """The findings of a study as a table with filters."""
    results = chosen_study()
    if results is None:
        return render_template("no_study.html", **page_context(None))
    status = request.args.get("status", "violation")
    wanted = FindingFilter(
        status=status if status in STATUSES else None,
        clause=request.args.get("clause") or None,
        park=request.args.get("park") or None,
        text=request.args.get("q") or None,
    )
    counts = results.finding_counts(wanted)
    page = max(1, request.args.get("page", 1, type=int) or 1)
    total, found = results.findings(wanted, limit=PER_PAGE, offset=(page - 1) * PER_PAGE)
    return render_template(
        "findings.html",
        **page_context(results),
        findings=[finding_record(row) for row in found],
        counts=counts,
        total=total,
        wanted=wanted,
        page=page,
        pages=max(1, math.ceil(total / PER_PAGE)),
        clauses=results.clauses(),
        geojson=_geojson(results, wanted),
    )


@blueprint.get("/parks/<code>")
def park(code: str) -> str:
    """One park: grade, dates, map, enterprises worst first, findings, documents."""
    results = chosen_study()
    if results is None:
        raise UnknownName("park", code)
    record = park_record(results, code)
    open_findings, found = results.findings(FindingFilter(park=code), limit=PARK_FINDINGS)
    return render_template(
        "park.html",
        **page_context(results),
        park=record,
        sites=[site_record(row) for row in results.sites(code)],
        findings=[finding_record(row) for row in found],
        findings_total=open_findings,
        boot=_boot(results) | {"bbox": record["bbox"], "embedded": True},
    )


@blueprint.get("/palette.css")
def palette() -> Response:
    """The four colours and layer colours as a style sheet, straight from the palette."""
    response = make_response(palette_css())
    response.mimetype = "text/css"
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


@blueprint.get("/api/v1/text")
def words() -> Response:
    """All texts of the pages in the language of the request."""
    return jsonify(text.words(text.language()))


def _geojson(results: Results, wanted: FindingFilter) -> str:
    """Address of the same findings for other programs."""
    query = {
        "study": results.study_id,
        "status": wanted.status,
        "clause": wanted.clause,
        "park": wanted.park,
        "q": wanted.text,
        "per_page": 1000,
    }
    return f"/api/v1/findings?{urlencode({key: value for key, value in query.items() if value})}"


def _boot(results: Results) -> dict[str, Any]:
    """What the page's modules need before their first request."""
    return {
        "lang": text.language(),
        "text": text.words(text.language()),
        "study": results.study_id,
        "pinned": bool(request.args.get("study")),
        "style": f"/api/v1/style?{urlencode({'study': results.study_id})}",
        "method": method_name(results.study["method"]),
        "embedded": False,
        "bbox": None,
    }


def this_page(**changed: Any) -> str:
    """Address of this page with some query values changed; None removes one."""
    query = {**request.args.to_dict(), **changed}
    kept = {key: value for key, value in query.items() if value is not None}
    return f"{request.path}?{urlencode(kept)}" if kept else request.path


def clause_key(row: Any) -> str:
    """A clause as the findings filter names it."""
    return " ".join(str(part) for part in (row["document_no"], row["clause"]) if part)


def metres(value: float | None) -> str:
    """A length with one decimal, a dash when unknown."""
    return "–" if value is None else f"{value:,.1f}"


def whole(value: float | None) -> str:
    """A count, a dash when unknown."""
    return "–" if value is None else f"{value:,.0f}"


def moment(value: str | None) -> str:
    """A stored moment in China time; a dash when there is none."""
    return shown(datetime.fromisoformat(value) if value else None)


TEMPLATE_NAMES = {
    "moment": moment,
    "this_page": this_page,
    "clause_key": clause_key,
    "citation": citation,
    "metres": metres,
    "whole": whole,
    "level_entry": level_entry,
    "STATUSES": STATUSES,
    "version": __version__,
    "url_for": url_for,
}
