"""What one running application holds: its store, the version of its static files, its counters, its tile cache."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, cast

from flask import current_app

from gisrisk.server.tile_cache import TileCache
from gisrisk.store import open_store

if TYPE_CHECKING:
    from gisrisk.store import Store

EXTENSION = "gisrisk"


@dataclass
class State:
    """Everything that outlives a request. The store is opened at first use unless it was handed in."""

    url: str | None
    static_version: str
    opened: Store | None = None
    counts: Counter[tuple[str, ...]] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)
    opening: threading.Lock = field(default_factory=threading.Lock)

    @property
    def store(self) -> Store:
        """The store of this application.

        Raises
        ------
        StoreUnavailable
            PostGIS cannot be reached; tried again at the next request.
        """
        with self.opening:
            if self.opened is None:
                self.opened = open_store(self.url)
            return self.opened

    @cached_property
    def tiles(self) -> TileCache:
        """Finished tiles of this database."""
        url = self.store.engine.url
        database = hashlib.sha256(f"{url.host}|{url.port}|{url.query}|{url.database}".encode()).hexdigest()[:8]
        return TileCache(self.store.data_dir / "cache" / f"tiles-{database}")

    def count(self, *key: str, by: int = 1) -> None:
        """Add to a counter."""
        with self.lock:
            self.counts[key] += by


def state() -> State:
    """State of the application that handles this request."""
    return cast(State, current_app.extensions[EXTENSION])
