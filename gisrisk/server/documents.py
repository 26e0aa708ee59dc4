"""Park documents of a study as files: `/parks/<code>/map.pdf|png|html` out of the products folder."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, make_response, render_template, send_file

from gisrisk.products.shelf import shelf
from gisrisk.server.chosen import page_context, required_study
from gisrisk.server.headers import DOCUMENT_POLICY
from gisrisk.server.state import state

blueprint = Blueprint("documents", __name__)

KINDS = {"pdf": "application/pdf", "png": "image/png", "html": "text/html"}


def document_path(study_id: str, park: str, kind: str) -> Path:
    """Where a study's sheet of a park lies; the caller has checked both names against the store."""
    return shelf(state().store.data_dir, study_id) / f"park_{park}.{kind}"


@blueprint.get("/parks/<code>/map.<any(pdf, png, html):kind>")
def park_document(code: str, kind: str) -> Response:
    """The sheet as printed (PDF), as picture, or as stand-alone page; a helpful page where it was not made."""
    results = required_study()
    park = results.park(code)  # only names that the store knows reach the file system
    path = document_path(results.study_id, code, kind)
    if not path.is_file():
        page = render_template("document_missing.html", **page_context(results), park=park, kind=kind, file=path.name)
        return make_response(page, 404)
    response = send_file(
        path,
        mimetype=KINDS[kind],
        download_name=f"{park['area_name']}_{results.study['on_day']}.{kind}",
        as_attachment=False,
        conditional=True,
    )
    if kind == "html":
        response.headers["Content-Security-Policy"] = DOCUMENT_POLICY
    response.headers["Cache-Control"] = "private, no-cache"
    return response
