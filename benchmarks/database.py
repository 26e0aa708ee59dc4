"""A PostGIS cluster for one benchmark, thrown away after it."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import shapely
from numpy.typing import NDArray

from gisrisk.store import cluster


@contextlib.contextmanager
def throwaway() -> Iterator[str]:
    """URL of a new private cluster, `fsync` on and `synchronous_commit` on as in production; deleted at the end."""
    folder = Path(tempfile.mkdtemp(prefix="gisrisk-bench-"))
    folder.chmod(0o755)
    try:
        yield cluster.up(folder)
    finally:
        cluster.remove(folder)
        shutil.rmtree(folder, ignore_errors=True)


def load(
    connection: psycopg.Connection[Any],
    table: str,
    shapes: NDArray[Any],
    srid: int,
    kind: str,
    reach_m: NDArray[np.float64] | None = None,
) -> None:
    """A table (id from 0, reach, g) of type `kind` (geometry or geography) with an index and fresh statistics."""
    connection.execute(f"DROP TABLE IF EXISTS {table}")
    connection.execute(f"CREATE TABLE {table} (id integer PRIMARY KEY, reach float8, g {kind}(Geometry, {srid}))")
    encoded = shapely.to_wkb(shapely.set_srid(shapes, srid), hex=True, include_srid=True)
    reach = np.zeros(len(shapes)) if reach_m is None else reach_m
    with connection.cursor().copy(f"COPY {table} FROM STDIN") as copy:
        for number, (metres, text) in enumerate(zip(reach.tolist(), encoded, strict=True)):
            copy.write_row((number, metres, text))
    connection.execute(f"CREATE INDEX ON {table} USING gist (g)")
    connection.execute(f"ANALYZE {table}")
    connection.commit()
