"""The web edge: pages, JSON, vector tiles and documents over one store."""

from gisrisk.server.app import create_app

__all__ = ["create_app"]
