"""For whoever watches the service: alive, ready, and counters as text."""

from __future__ import annotations

import os
import time

from flask import Blueprint, Flask, Response, g, jsonify, make_response, request
from sqlalchemy import text

from gisrisk._version import __version__
from gisrisk.server.state import state

blueprint = Blueprint("health", __name__)
_started = time.time()


@blueprint.get("/healthz")
def alive() -> Response:
    """This process answers; says nothing about the store."""
    return jsonify(status="ok", version=__version__)


@blueprint.get("/readyz")
def ready() -> Response:
    """The store answers too; an error becomes 503 through the error table."""
    with state().store.engine.connect() as connection:
        connection.execute(text("SELECT 1 FROM gisrisk.study LIMIT 1"))
    return jsonify(status="ready")


@blueprint.get("/metrics")
def metrics() -> Response:
    """Counters of this worker process in the Prometheus text format."""
    here, pid = state(), os.getpid()
    lines = [
        "# HELP gisrisk_requests_total Requests answered, by route and status.",
        "# TYPE gisrisk_requests_total counter",
    ]
    with here.lock:
        counted = sorted(here.counts.items())
    for key, value in counted:
        if key[0] == "request":
            lines.append(f'gisrisk_requests_total{{worker="{pid}",route="{key[1]}",status="{key[2]}"}} {value}')
    lines += [
        "# HELP gisrisk_tiles_total Vector tiles, by where they came from.",
        "# TYPE gisrisk_tiles_total counter",
    ]
    lines += [
        f'gisrisk_tiles_total{{worker="{pid}",from="{key[1]}"}} {value}' for key, value in counted if key[0] == "tile"
    ]
    lines += [
        "# HELP gisrisk_request_seconds_total Time spent answering, by route.",
        "# TYPE gisrisk_request_seconds_total counter",
    ]
    for key, value in counted:
        if key[0] == "microseconds":
            lines.append(f'gisrisk_request_seconds_total{{worker="{pid}",route="{key[1]}"}} {value / 1e6:.6f}')
    lines += [
        "# HELP gisrisk_start_time_seconds When this worker started, Unix time.",
        "# TYPE gisrisk_start_time_seconds gauge",
        f'gisrisk_start_time_seconds{{worker="{pid}"}} {_started:.0f}',
    ]
    response = make_response("\n".join(lines) + "\n")
    response.mimetype = "text/plain"
    response.headers["Cache-Control"] = "no-store"
    return response


def init_app(app: Flask) -> None:
    """Count every answered request by its route, never by its full address."""

    @app.before_request
    def start() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def count(response: Response) -> Response:
        route = request.endpoint or "unknown"
        here = state()
        here.count("request", route, str(response.status_code))
        if "started" in g:
            here.count("microseconds", route, by=round((time.perf_counter() - g.started) * 1e6))
        return response
