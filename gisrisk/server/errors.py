"""The one table from exception to HTTP status, and how an error is told to a person or to a program."""

from __future__ import annotations

import logging

from apiflask import APIFlask, HTTPError
from flask import Response, jsonify, make_response, render_template, request
from sqlalchemy.exc import InterfaceError, OperationalError
from werkzeug.exceptions import BadRequest, HTTPException

from gisrisk.errors import GisriskError, InputRefused, OutOfDomain, SetupIncomplete, StoreUnavailable, UnknownName
from gisrisk.server.chosen import page_context
from gisrisk.server.text import texts

log = logging.getLogger(__name__)

STATUS: dict[type[Exception], int] = {
    UnknownName: 404,
    InputRefused: 422,
    OutOfDomain: 422,
    StoreUnavailable: 503,
    SetupIncomplete: 503,
    OperationalError: 503,
    InterfaceError: 503,
    GisriskError: 500,
    Exception: 500,
}


def status_of(error: Exception) -> int:
    """HTTP status of an exception: the entry of its nearest class in `STATUS`."""
    if isinstance(error, HTTPException):
        return error.code or 500
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def wants_json() -> bool:
    """Whether the caller is a program: the API and tiles always, else what it says it accepts."""
    if request.path.startswith(("/api/", "/tiles/")):
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json"


def answer(error: Exception) -> Response:
    """The response for an error: JSON `{status, error, message, detail}` or a page.

    The text of an error raised on purpose is shown; that of an unforeseen one goes to the log only.
    """
    status = status_of(error)
    if status >= 500:
        log.error("%s %s failed", request.method, request.path, exc_info=error)
    message, detail = _told(error)
    if wants_json():
        body = jsonify(status=status, error=type(error).__name__, message=message, detail=detail)
        response = make_response(body, status)
    else:
        known = f"error.{status}" if f"error.{status}" in texts() else "error.500" if status >= 500 else "error.400"
        page = render_template("error.html", **page_context(None), status=status, key=known, message=message)
        response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    if status == 503:
        response.headers["Retry-After"] = "10"
    return response


def _told(error: Exception) -> tuple[str, object]:
    if isinstance(error, InputRefused):
        return str(error), [str(problem) for problem in error.problems]
    if isinstance(error, GisriskError):
        return str(error), None
    if isinstance(error, HTTPException):
        return str(error.description or error.name), None
    if isinstance(error, (OperationalError, InterfaceError)):
        return "The database does not answer. An administrator can run: gisrisk db status", None
    return "Internal error; the server's log has the details.", None


def init_app(app: APIFlask) -> None:
    """Answer every error through `answer`, validation errors of APIFlask included."""

    @app.error_processor
    def validation(error: HTTPError) -> Response:
        if error.status_code < 500 and not wants_json():
            return answer(_as_http(error))
        body = jsonify(
            status=error.status_code, error="InvalidRequest", message=error.message, detail=error.detail or None
        )
        return make_response(body, error.status_code)

    @app.before_request
    def refuse_nul() -> None:
        # PostgreSQL text cannot hold it, and no name of ours does
        if "\0" in request.path or any("\0" in value for values in request.args.listvalues() for value in values):
            raise BadRequest("The address holds a NUL character.")

    app.register_error_handler(HTTPException, answer)
    app.register_error_handler(Exception, answer)


def _as_http(error: HTTPError) -> HTTPException:
    raised = HTTPException(description=error.message)
    raised.code = error.status_code
    return raised
