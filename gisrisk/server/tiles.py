"""Vector tiles over HTTP: `/tiles/<layer>/{z}/{x}/{y}.mvt`, made by PostGIS, kept by data version."""

from __future__ import annotations

import gzip
import hashlib
from datetime import datetime

from flask import Blueprint, Response, request
from sqlalchemy import text

from gisrisk._version import __version__
from gisrisk.errors import UnknownName
from gisrisk.server.chosen import chosen_study
from gisrisk.server.results import Results
from gisrisk.server.state import state
from gisrisk.server.tile_layers import TILE_LAYERS, TileLayer, is_a_tile, tile_sql

blueprint = Blueprint("tiles", __name__)

MIMETYPE = "application/vnd.mapbox-vector-tile"


@blueprint.get("/tiles/<layer>/<int:z>/<int:x>/<int:y>.mvt")
def tile(layer: str, z: int, x: int, y: int) -> Response:
    """One tile of a layer: of results, those of the study; of input layers, the rows the study saw."""
    if layer not in TILE_LAYERS:
        raise UnknownName("tile layer", layer, list(TILE_LAYERS))
    if not is_a_tile(z, x, y):
        raise UnknownName("tile", f"{z}/{x}/{y}")
    wanted, results = TILE_LAYERS[layer], chosen_study()
    version = data_version(wanted, results)
    etag = hashlib.sha256(f"{layer}|{version}|{z}/{x}/{y}".encode()).hexdigest()[:24]
    if etag in request.if_none_match:
        state().count("tile", "not_modified")
        return _described(Response(status=304), etag, version)
    packed = packed_tile(wanted, results, version, z, x, y)
    if not packed:
        return _described(Response(status=204), etag, version)
    if request.accept_encodings["gzip"] > 0:
        response = Response(packed, mimetype=MIMETYPE)
        response.headers["Content-Encoding"] = "gzip"
    else:
        response = Response(gzip.decompress(packed), mimetype=MIMETYPE)
    return _described(response, etag, version)


def data_version(layer: TileLayer, results: Results | None) -> str:
    """Twelve hex digits that change whenever the tile's content may: the study, or the moment and the newest batch.

    Rows that held at a past moment never change; up to that moment the newest batch decides.
    """
    if layer.of_study:
        parts = ["study", results.study_id if results else "none"]
    else:
        last, moment = state().store.last_recorded_at(), _moment(results)
        is_past = moment is not None and last is not None and datetime.fromisoformat(moment) <= last
        parts = ["rows", str(moment), "past" if is_past else str(last)]
    return hashlib.sha256("|".join([__version__, tile_sql(layer, 0), *parts]).encode()).hexdigest()[:12]


def packed_tile(layer: TileLayer, results: Results | None, version: str, z: int, x: int, y: int) -> bytes:
    """Gzip bytes of a tile from the cache or from PostGIS; empty when nothing lies in it."""
    here = state()
    kept = here.tiles.get(layer.name, version, z, x, y)
    if kept is not None:
        here.count("tile", "cached")
        return kept
    here.count("tile", "made")
    content = make_tile(layer, results, z, x, y)
    packed = gzip.compress(content, compresslevel=6, mtime=0) if content else b""
    here.tiles.put(layer.name, version, z, x, y, packed)
    return packed


def make_tile(layer: TileLayer, results: Results | None, z: int, x: int, y: int) -> bytes:
    """Uncompressed tile straight from PostGIS."""
    values: dict[str, object] = {"z": z, "x": x, "y": y}
    if layer.of_study:
        if results is None:
            return b""
        values["study"] = results.study_id
    else:
        values["as_of"] = _moment(results) or "infinity"
    with state().store.engine.connect() as connection:
        found = connection.execute(text(tile_sql(layer, z)), values).scalar()
    return bytes(found) if found else b""


def _moment(results: Results | None) -> str | None:
    return str(results.study["as_of"]) if results and results.study["as_of"] else None


def _described(response: Response, etag: str, version: str) -> Response:
    response.set_etag(etag)
    response.headers["Vary"] = "Accept-Encoding"
    # A URL that names the version it wants may be kept; any other is asked again. Never by a shared proxy.
    kept = request.args.get("v") == version
    response.headers["Cache-Control"] = "private, max-age=86400, immutable" if kept else "private, no-cache"
    return response
