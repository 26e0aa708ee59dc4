"""Static files under one version in the path, so that a browser may keep them for a year and never shows a stale mix.

The version is a digest of all our static files and of the pins of the copied libraries. It is a segment of the path and
not a query, because ES modules import each other by relative path and so inherit it.
"""

from __future__ import annotations

import gzip
import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Response, abort, request, send_file
from werkzeug.security import safe_join

from gisrisk.errors import SetupIncomplete
from gisrisk.paths import shipped
from gisrisk.server.state import state

blueprint = Blueprint("assets", __name__)

TYPES = {
    ".mjs": "text/javascript",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
    ".txt": "text/plain",
}
PACKED = {".mjs", ".js", ".css", ".svg"}
NEEDED = ("maplibre-gl/dist/maplibre-gl.mjs", "leaflet/dist/leaflet.js")


def static_folder() -> Path:
    """Folder of the static files of this installation."""
    return shipped("web", "static")


def version_of(folder: Path) -> str:
    """Twelve hex digits that change when any of our static files or a library's pin changes."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.is_file() and (relative.parts[0] != "vendor" or relative.name == ".stamp"):
            total.update(relative.as_posix().encode() + b"\0" + path.read_bytes())
    return total.hexdigest()[:12]


def require_libraries(folder: Path) -> None:
    """Refuse to start a page that could not draw its map.

    Raises
    ------
    SetupIncomplete
        The front-end libraries were not copied; the message has the command.
    """
    missing = [name for name in NEEDED if not (folder / "vendor" / name).is_file()]
    if missing:
        raise SetupIncomplete(
            f"The front-end libraries are not installed ({', '.join(missing)} missing under web/static/vendor). "
            "Run: python tools/vendor_web.py"
        )


@blueprint.get("/static/<version>/<path:name>")
def static_file(version: str, name: str) -> Response:
    """One static file; kept for a year under the current version, asked again under any other."""
    folder = static_folder()
    found = safe_join(str(folder), name)
    if found is None or not (path := Path(found)).is_file() or any(part.startswith(".") for part in Path(name).parts):
        abort(404)
    mimetype = TYPES.get(path.suffix, "application/octet-stream")
    if path.suffix in PACKED and request.accept_encodings["gzip"] > 0:
        response = Response(_packed(path, path.stat().st_mtime_ns), mimetype=mimetype)
        response.headers["Content-Encoding"] = "gzip"
    else:
        response = send_file(path, mimetype=mimetype, etag=True)
    response.headers["Vary"] = "Accept-Encoding"
    current = version == state().static_version
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if current else "no-cache"
    return response


@lru_cache(maxsize=128)
def _packed(path: Path, mtime_ns: int) -> bytes:
    return gzip.compress(path.read_bytes(), compresslevel=6, mtime=0)


def static_url(name: str) -> str:
    """Address of a static file in its present version."""
    return f"/static/{state().static_version}/{name}"
