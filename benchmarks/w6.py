"""W6: import a file of polygons into PostGIS; ours reads, validates and keeps revisions, the peers only copy."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import psycopg
import shapely
import sqlalchemy as sa

from benchmarks import database
from benchmarks.prefecture import geodesic
from benchmarks.run import Contender, Verdict, report, run_rounds
from gisrisk.catalog import layer
from gisrisk.exchange import read_table, validate
from gisrisk.store import Store, open_store

GOAL = 1.2  # with validation and revisions
SIZES = {"small": 10_000, "default": 100_000, "full": 1_000_000}
LAYER = "protected_target"
PEER_TABLE = "peer"


@dataclass(frozen=True)
class Answer:
    """Rows in the table, and their areas added up [square degrees]."""

    rows: int
    area: float

    def equals(self, other: Answer) -> bool:
        return self.rows == other.rows and abs(self.area - other.area) <= 1e-9 * other.area


def measure(size: str, rounds: int) -> Verdict:
    """Run both file formats and print two tables; the verdict is that of GeoPackage."""
    rows = SIZES[size]
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gisrisk-bench-")))
        frame = polygons(rows)
        truth = Answer(rows, float(shapely.area(frame.geometry.to_numpy()).sum()))
        files = {"GeoPackage": folder / "polygons.gpkg", "GeoParquet": folder / "polygons.parquet"}
        frame.to_file(files["GeoPackage"], layer=LAYER, driver="GPKG")
        frame.to_parquet(files["GeoParquet"])
        del frame
        store = stack.enter_context(open_store(stack.enter_context(database.throwaway()), data_dir=folder))
        verdicts = {name: one_format(name, path, store, truth, size, rounds) for name, path in files.items()}
    print(f"\nW6 GeoParquet {verdicts['GeoParquet'].line()[3:]}")
    correct = all(verdict.correct for verdict in verdicts.values())
    return Verdict("W6", verdicts["GeoPackage"].ratio, GOAL, correct)


def polygons(rows: int) -> gpd.GeoDataFrame:
    """Buildings as a protected-target file would hold them: text, numbers, a category, EPSG:4490."""
    place, _ = geodesic(1, round(rows / 0.7) + 2)
    shapes = place.targets[shapely.get_type_id(place.targets) == shapely.GeometryType.POLYGON][:rows]
    rng = np.random.default_rng(7)
    return gpd.GeoDataFrame(
        {
            "code": [f"T{number:07d}" for number in range(rows)],
            "name": [f"居民楼 {number}" for number in range(rows)],
            "target_type": "residential_building",
            "population": rng.integers(1, 400, rows).astype(float),
            "floor_area_m2": np.round(rng.uniform(80, 9000, rows), 1),
            "height_m": np.round(rng.uniform(3, 60, rows), 1),
            "position_source": "cadastre",
            "position_uncertainty_m": 0.5,
        },
        geometry=shapes,
        crs=4490,
    )


def one_format(name: str, path: Path, store: Store, truth: Answer, size: str, rounds: int) -> Verdict:
    """Ours and the peers on one file; every run starts from a server without the rows."""
    contenders = [
        Contender(
            "gisrisk read_table, validate, write_batch",
            lambda: through_gisrisk(path, store),
            ours=True,
            prepare=lambda: empty(store),
            check=lambda: counted(store, f"gisrisk.{LAYER}", "geom"),
            note="checked against the layer's definition, revisions, provenance, EPSG:3857 column, all indices",
        ),
        Contender(
            "geopandas read, to_postgis",
            lambda: through_geopandas(path, store),
            prepare=lambda: drop(store),
            check=lambda: counted(store, f"public.{PEER_TABLE}", "geometry"),
            note="no checks, no index",
        ),
    ]
    absent = {}
    reason = ogr_lacks(path)
    if reason:
        absent["ogr2ogr with COPY"] = reason
    else:
        contenders.append(
            Contender(
                "ogr2ogr with COPY",
                lambda: through_ogr(path, store),
                prepare=lambda: drop(store),
                check=lambda: counted(store, f"public.{PEER_TABLE}", "geometry"),
                note="no checks, one GiST index; its memory is that of its own process",
            )
        )
    run_rounds(contenders, rounds)
    ratio = report(f"W6 {size}: {truth.rows} polygons from {name}", contenders, absent)
    wrong = [each.name for each in contenders if not each.answer.equals(truth)]
    print(f"row counts equal, sums of areas equal to 1e-9: {'all' if not wrong else 'NOT ' + ', '.join(wrong)}")
    return Verdict("W6", ratio, GOAL, not wrong)


def through_gisrisk(path: Path, store: Store) -> None:
    target = layer(LAYER)
    incoming = read_table(path, target)
    frame = validate(incoming, target)
    store.write_batch(LAYER, frame, file=path.name, sha256=incoming.sha256)


def through_geopandas(path: Path, store: Store) -> None:
    frame = gpd.read_parquet(path) if path.suffix == ".parquet" else gpd.read_file(path)
    frame.to_postgis(PEER_TABLE, store.engine, schema="public")


def through_ogr(path: Path, store: Store) -> None:
    subprocess.run(
        [
            "ogr2ogr",
            *("-f", "PostgreSQL", f"PG:{_libpq(store)}", str(path), LAYER),
            *("-nln", f"public.{PEER_TABLE}", "-lco", "GEOMETRY_NAME=geometry", "-gt", "1000000"),
            *("--config", "PG_USE_COPY", "YES"),
        ],
        check=True,
        capture_output=True,
    )


def ogr_lacks(path: Path) -> str | None:
    """Why ogr2ogr cannot do it here."""
    program = shutil.which("ogr2ogr")
    if program is None:
        return "ogr2ogr is not installed (apt install gdal-bin)"
    formats = subprocess.run([program, "--formats"], capture_output=True, text=True, check=True).stdout
    wanted = {".gpkg": "GPKG", ".parquet": "Parquet"}[path.suffix]
    if f" {wanted} " not in formats:
        return f"this ogr2ogr has no {wanted} driver"
    return None


def counted(store: Store, table: str, column: str) -> Answer:
    with store.engine.connect() as connection:
        row = connection.execute(sa.text(f"SELECT count(*), sum(ST_Area({column})) FROM {table}")).one()
    return Answer(int(row[0]), float(row[1]))


def empty(store: Store) -> None:
    """Take the layer's rows away behind the back of the triggers that forbid it."""
    with store.engine.begin() as connection:
        connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
        connection.execute(sa.text(f"TRUNCATE gisrisk.{LAYER}, gisrisk.batch CASCADE"))
    checkpoint(store)


def drop(store: Store) -> None:
    with store.engine.begin() as connection:
        connection.execute(sa.text(f"DROP TABLE IF EXISTS public.{PEER_TABLE}"))
    checkpoint(store)


def checkpoint(store: Store) -> None:
    """Leave nothing of the run before for the server to write during the next."""
    with psycopg.connect(store.url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")


def _libpq(store: Store) -> str:
    """The connection as libpq's key=value text."""
    return psycopg.conninfo.make_conninfo(store.url)
