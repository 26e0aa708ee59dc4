"""The `gisrisk` command: thin edges that parse, call and show."""

from gisrisk.cli.main import main

__all__ = ["main"]
