"""gisrisk: safety distances, major-hazard grading and four-colour risk maps for Chinese cities and parks, on PostGIS."""

from gisrisk._version import __version__

__all__ = ["__version__"]
