"""JSON for the map and for other programs: studies, findings, sites, parks, regions, style, search, features."""

from __future__ import annotations

import math
from typing import Any
from urllib.parse import urlencode

from apiflask import APIBlueprint, Schema
from apiflask.fields import Integer, String
from apiflask.validators import Length, OneOf, Range
from flask import Response, jsonify, make_response, request

from gisrisk.server.chosen import chosen_study, required_study
from gisrisk.server.database import Row
from gisrisk.server.features import features_in
from gisrisk.server.park import park_record
from gisrisk.server.present import finding_record, listed, site_record
from gisrisk.server.results import STATUSES, FindingFilter, studies
from gisrisk.server.state import state
from gisrisk.server.style import map_style

blueprint = APIBlueprint("api", __name__, url_prefix="/api/v1", tag="gisrisk")

COORDINATES = "Coordinates are longitude, latitude in CGCS2000 (EPSG:4490)."
_JSON = {200: "application/json"}


class StudyQuery(Schema):
    """Which study is asked."""

    study = String(validate=Length(max=200), metadata={"description": "Study id; default: the newest study"})


class FindingQuery(StudyQuery):
    """Which findings are asked for."""

    status = String(validate=OneOf(STATUSES), metadata={"description": "Default: every status but meets"})
    clause = String(validate=Length(max=400), metadata={"description": "Document number and clause, as in `clauses`"})
    park = String(validate=Length(max=100), metadata={"description": "Code of a park: either side belongs to it"})
    site = String(
        validate=Length(max=100), metadata={"description": "Code of an enterprise: either side belongs to it"}
    )
    q = String(validate=Length(max=100), metadata={"description": "Text in a name, code or title"})
    page = Integer(load_default=1, validate=Range(min=1, max=1_000_000))
    per_page = Integer(load_default=100, validate=Range(min=1, max=1000))

    def wanted(self, query: dict[str, Any]) -> FindingFilter:
        """The filter that a checked query describes."""
        return FindingFilter(
            status=query.get("status"),
            clause=query.get("clause"),
            park=query.get("park"),
            site=query.get("site"),
            text=query.get("q"),
        )


class RegionQuery(StudyQuery):
    """Which regions are asked for."""

    kind = String(validate=OneOf(["admin", "park"]))


class SearchQuery(StudyQuery):
    """A name to look for."""

    q = String(required=True, validate=Length(min=1, max=100))


class FeatureQuery(StudyQuery):
    """Part of a layer."""

    bbox = String(required=True, metadata={"description": "west,south,east,north in degrees"})
    limit = Integer(load_default=5000, validate=Range(min=1, max=20000))


@blueprint.get("/studies")
@blueprint.doc(summary="Saved studies, the newest first", responses=_JSON)
def list_studies() -> Response:
    """Studies without their geometry."""
    return jsonify(studies=[_study(row) for row in studies(state().store.engine)])


@blueprint.get("/findings")
@blueprint.input(FindingQuery, location="query", arg_name="query")
@blueprint.doc(
    summary="Findings as GeoJSON, paged, the most pressing first",
    description=f"Each feature is the shortest line between the two sides; null where there is none. {COORDINATES}",
)
def list_findings(query: dict[str, Any]) -> Response:
    """One page of findings."""
    results = required_study()
    page, size = query["page"], query["per_page"]
    total, found = results.findings(FindingQuery().wanted(query), limit=size, offset=(page - 1) * size)
    return jsonify(
        type="FeatureCollection",
        study_id=results.study_id,
        numberMatched=total,
        numberReturned=len(found),
        features=[_feature(finding_record(row), row["finding_no"]) for row in found],
        links=_page_links(page, max(1, math.ceil(total / size))),
    )


@blueprint.get("/finding/<int:number>")
@blueprint.input(StudyQuery, location="query", arg_name="query")
@blueprint.doc(summary="One finding as a GeoJSON feature", description=COORDINATES)
def one_finding(number: int, query: dict[str, Any]) -> Response:
    """One finding with its reason."""
    row = required_study().finding(number)
    return jsonify(_feature(finding_record(row), number))


@blueprint.get("/clauses")
@blueprint.input(StudyQuery, location="query", arg_name="query")
@blueprint.doc(summary="Clauses that have open findings")
def list_clauses(query: dict[str, Any]) -> Response:
    """Clauses and how many findings each has."""
    return jsonify(clauses=required_study().clauses())


@blueprint.get("/sites")
@blueprint.input(StudyQuery, location="query", arg_name="query")
@blueprint.doc(summary="Graded enterprises, worst first")
def list_sites(query: dict[str, Any]) -> Response:
    """All graded sites of the study."""
    return jsonify(sites=[site_record(row) for row in required_study().sites()])


@blueprint.get("/sites/<code>")
@blueprint.input(StudyQuery, location="query", arg_name="query")
@blueprint.doc(
    summary="One enterprise: grade, reasons, hazard units, open findings", description=f"GeoJSON feature. {COORDINATES}"
)
def one_site(code: str, query: dict[str, Any]) -> Response:
    """One site with everything that explains its grade."""
    return jsonify(_feature(site_record(required_study().site(code)), code))


@blueprint.get("/parks")
@blueprint.input(StudyQuery, location="query", arg_name="query")
@blueprint.doc(summary="Graded parks")
def list_parks(query: dict[str, Any]) -> Response:
    """All parks of the study."""
    return jsonify(parks=required_study().regions("park"))


@blueprint.get("/parks/<code>")
@blueprint.input(StudyQuery, location="query", arg_name="query")
@blueprint.doc(summary="One park: grade, counts, assessment dates, documents, enterprises worst first")
def one_park(code: str, query: dict[str, Any]) -> Response:
    """One park as its page shows it."""
    results = required_study()
    return jsonify(park_record(results, code) | {"site_list": [site_record(row) for row in results.sites(code)]})


@blueprint.get("/regions")
@blueprint.input(RegionQuery, location="query", arg_name="query")
@blueprint.doc(summary="Graded districts and parks")
def list_regions(query: dict[str, Any]) -> Response:
    """Districts and parks with their counts."""
    return jsonify(regions=required_study().regions(query.get("kind")))


@blueprint.get("/search")
@blueprint.input(SearchQuery, location="query", arg_name="query")
@blueprint.doc(summary="Enterprises and parks by part of their name or code")
def search(query: dict[str, Any]) -> Response:
    """Names that contain the text."""
    return jsonify(results=required_study().search(query["q"]))


@blueprint.get("/style")
@blueprint.input(StudyQuery, location="query", arg_name="query")
@blueprint.doc(summary="MapLibre style of a study; its metadata holds palette, switches and extent")
def style(query: dict[str, Any]) -> Response:
    """The picture of the map."""
    response = make_response(jsonify(map_style(chosen_study())))
    response.headers["Cache-Control"] = "private, no-cache"
    return response


@blueprint.get("/features/<layer>")
@blueprint.input(FeatureQuery, location="query", arg_name="query")
@blueprint.doc(summary="Part of a tile layer as GeoJSON, for clients without vector tiles", description=COORDINATES)
def features(layer: str, query: dict[str, Any]) -> Response:
    """Features of a layer in a box."""
    return jsonify(features_in(layer, query["bbox"], query["limit"], chosen_study()))


def _study(row: Row) -> Row:
    return listed(row) | {"page": f"/?{urlencode({'study': row['study_id']})}"}


def _feature(row: Row, identifier: Any) -> Row:
    return {
        "type": "Feature",
        "id": identifier,
        "geometry": row.get("geometry"),
        "properties": {key: value for key, value in row.items() if key != "geometry"},
    }


def _page_links(page: int, pages: int) -> list[dict[str, str]]:
    def to(number: int) -> str:
        return f"{request.path}?{urlencode({**request.args.to_dict(), 'page': number})}"

    links = [{"rel": "self", "href": to(page)}]
    if page < pages:
        links.append({"rel": "next", "href": to(page + 1)})
    if page > 1:
        links.append({"rel": "prev", "href": to(min(page - 1, pages))})
    return links
