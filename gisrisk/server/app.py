"""The application: one factory that joins pages, API, tiles, documents and health over one store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apiflask import APIFlask
from flask.json.provider import DefaultJSONProvider

from gisrisk._version import __version__
from gisrisk.paths import shipped
from gisrisk.server import api, assets, documents, errors, headers, health, pages, text, tiles
from gisrisk.server.database import plain
from gisrisk.server.state import EXTENSION, State

if TYPE_CHECKING:
    from gisrisk.store import Store


class _Json(DefaultJSONProvider):
    """JSON with dates in ISO form, never a NaN, and Chinese as it is."""

    ensure_ascii = False
    sort_keys = False

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        return super().dumps(plain(obj), **kwargs)


def create_app(store: Store | None = None, *, url: str | None = None) -> APIFlask:
    """A WSGI application.

    Parameters
    ----------
    store : Store, optional
        An open store; without it one is opened at the first request.
    url : str, optional
        PostgreSQL URL of the store to open; default: the setting, else the private cluster.

    Raises
    ------
    SetupIncomplete
        Templates, texts or front-end libraries are missing from this installation.
    """
    folder = assets.static_folder()
    assets.require_libraries(folder)
    app = APIFlask(
        "gisrisk",
        title="gisrisk",
        version=__version__,
        spec_path="/api/openapi.json",
        docs_path=None,
        static_folder=None,  # type: ignore[arg-type]  # static files are served by `assets`
        template_folder=str(shipped("web", "templates")),
    )
    app.json = _Json(app)
    app.config.update(
        DESCRIPTION="Safety distances, major hazards and four-colour risk of one study. Coordinates: longitude, "
        "latitude in CGCS2000 (EPSG:4490); lengths in metres.",
        SERVERS=[{"url": "/"}],
        SYNC_LOCAL_SPEC=False,
        AUTO_404_RESPONSE=True,
    )
    app.extensions[EXTENSION] = State(
        url=url,
        static_version=assets.version_of(folder),
        opened=store,
    )
    text.texts()  # a missing language stops the start, not a page
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(pages.TEMPLATE_NAMES, static_url=assets.static_url)
    for module in (text, errors, headers, health):
        module.init_app(app)
    for module in (pages, api, tiles, documents, assets, health):
        app.register_blueprint(module.blueprint)
    return app
