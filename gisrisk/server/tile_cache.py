"""Finished tiles on disk, shared by all workers; the folder's name carries the data version, so nothing goes stale."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

KEPT_VERSIONS = 4


class TileCache:
    """Gzip bytes of tiles under `folder/<layer>/<version>/<z>-<x>-<y>.gz`.

    A tile without content is stored as an empty file. Only the newest versions of a layer are kept. A folder that
    cannot be written (read-only disk) makes the cache useless but harms nothing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, layer: str, version: str, z: int, x: int, y: int) -> bytes | None:
        """Bytes of a finished tile, empty bytes for a tile known to be empty, None when it was never made."""
        try:
            return self._path(layer, version, z, x, y).read_bytes()
        except OSError:
            return None

    def put(self, layer: str, version: str, z: int, x: int, y: int, packed: bytes) -> None:
        """Keep a finished tile; a reader sees it whole or not at all."""
        path = self._path(layer, version, z, x, y)
        with contextlib.suppress(OSError):
            if not path.parent.is_dir():
                path.parent.mkdir(parents=True, exist_ok=True)
                self._forget_old(path.parent.parent)
            handle, scratch = tempfile.mkstemp(dir=path.parent, suffix=".part")
            with os.fdopen(handle, "wb") as file:
                file.write(packed)
            os.replace(scratch, path)

    def _path(self, layer: str, version: str, z: int, x: int, y: int) -> Path:
        return self.folder / layer / version / f"{z}-{x}-{y}.gz"

    @staticmethod
    def _forget_old(layer_folder: Path) -> None:
        versions = sorted(layer_folder.iterdir(), key=lambda folder: folder.stat().st_mtime, reverse=True)
        for old in versions[KEPT_VERSIONS:]:
            shutil.rmtree(old, ignore_errors=True)
