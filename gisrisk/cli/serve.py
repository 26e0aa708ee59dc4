"""`gisrisk serve`: the web map."""

from __future__ import annotations

import click

from gisrisk import settings


@click.command()
@click.option("--host", help="Address to listen on; setting `host` by default.")
@click.option("--port", type=int, help="Port; setting `port` by default.")
def serve(host: str | None, port: int | None) -> None:
    """Serve the map, the park pages and the API of the newest study.

    Example: gisrisk serve --port 8080
    """
    from gisrisk.server.serve import serve as run_server

    run_server(host or settings.get("host"), port or int(settings.get("port")))
