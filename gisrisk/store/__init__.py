"""Layers and results in PostGIS: `open_store()` gives a `Store`; `cluster` runs the private server.

Importing this package loads no database library; those come with the first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gisrisk.store.opened import Store, open_store
    from gisrisk.store.rasters import RasterRecord
    from gisrisk.store.writing import BatchReport

__all__ = ["BatchReport", "RasterRecord", "Store", "open_store"]

_HOMES = {"BatchReport": "writing", "RasterRecord": "rasters", "Store": "opened", "open_store": "opened"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'gisrisk.store' has no attribute '{name}'")
    from importlib import import_module

    value = getattr(import_module(f"gisrisk.store.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
