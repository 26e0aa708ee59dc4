"""Safety distances, major-hazard grading and four-colour risk maps for Chinese cities and parks, on PostGIS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gisrisk._version import __version__

if TYPE_CHECKING:
    from gisrisk.siting import Verdict, check_site
    from gisrisk.store import open_store
    from gisrisk.study import Study, run_study

__all__ = ["Study", "Verdict", "__version__", "check_site", "open_store", "run_study"]

# Loaded on first use, so that `import gisrisk` and `gisrisk --help` stay quick.
_HOMES = {
    "open_store": "gisrisk.store",
    "run_study": "gisrisk.study",
    "Study": "gisrisk.study",
    "check_site": "gisrisk.siting",
    "Verdict": "gisrisk.siting",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'gisrisk' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
