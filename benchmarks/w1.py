"""W1: all pairs of a site and a target nearer than the site's own required distance, in a plane."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from unittest import mock

import geopandas as gpd
import numpy as np
import psycopg
import shapely

from benchmarks import database
from benchmarks.prefecture import Prefecture, planar
from benchmarks.run import UNAVAILABLE, Contender, Verdict, reason_of, report, run_rounds
from gisrisk.analysis import proximity

GOAL = 3.0
SIZES = {
    "small": (1_000, 10_000),
    "default": (10_000, 100_000),
    "full": (10_000, 100_000),
    "large": (100_000, 1_000_000),
}
PLANE_SRID = 0


@dataclass(frozen=True)
class Answer:
    """How many pairs, and their distances added up [m]."""

    pairs: int
    sum_m: float

    def equals(self, other: Answer) -> bool:
        return self.pairs == other.pairs and abs(self.sum_m - other.sum_m) <= 1e-9 * abs(other.sum_m)


def measure(size: str, rounds: int) -> Verdict:
    """Run ours beside the peers and print the table."""
    place = planar(*SIZES[size])
    contenders = [
        Contender("gisrisk pairs_within", lambda: ours(place), ours=True),
        Contender("gisrisk pairs_within, one processor", lambda: ours_alone(place), note="ours, for comparison only"),
        Contender("shapely STRtree on grown boxes, then distance", lambda: tree_boxes(place)),
        Contender("shapely STRtree dwithin, then distance", lambda: tree_dwithin(place)),
        Contender("geopandas sjoin dwithin, then distance", lambda: spatial_join(place)),
    ]
    absent: dict[str, str] = {}
    with contextlib.ExitStack() as stack:
        for name, make in (
            ("DuckDB box join in plain SQL, then shapely distance", duckdb_boxes),
            ("DuckDB spatial envelope join", duckdb_spatial),
            ("PostGIS ST_DWithin with an index", postgis),
        ):
            try:
                contenders.append(Contender(name, make(place, stack)))
            except UNAVAILABLE as error:
                absent[name] = reason_of(error)
        run_rounds(contenders, rounds)
    reference = next(each.answer for each in contenders if each.name.startswith("shapely STRtree on"))
    sites, targets = SIZES[size]
    ratio = report(
        f"W1 {size}: {sites} sites x {targets} targets, {reference.pairs} pairs, sum {reference.sum_m:.6f} m",
        contenders,
        absent,
    )
    wrong = [each.name for each in contenders if not each.answer.equals(reference)]
    print(f"pair counts equal, sums equal to 1e-9: {'all' if not wrong else 'NOT ' + ', '.join(wrong)}")
    return Verdict("W1", ratio, GOAL, not wrong)


def ours(place: Prefecture) -> Answer:
    pairs = proximity.pairs_within(place.sites, place.targets, place.reach_m, geodesic=False)
    return Answer(len(pairs), float(pairs.distance_m.sum()))


def ours_alone(place: Prefecture) -> Answer:
    with mock.patch.object(proximity, "_processors", lambda: 1):
        return ours(place)


def tree_boxes(place: Prefecture) -> Answer:
    west, south, east, north = shapely.bounds(place.sites).T
    reach = place.reach_m
    grown = shapely.box(west - reach, south - reach, east + reach, north + reach)
    i, j = shapely.STRtree(place.targets).query(grown)
    distance = shapely.distance(place.sites[i], place.targets[j])
    return _answer(distance[distance <= reach[i]])


def tree_dwithin(place: Prefecture) -> Answer:
    i, j = shapely.STRtree(place.targets).query(place.sites, predicate="dwithin", distance=place.reach_m)
    return _answer(shapely.distance(place.sites[i], place.targets[j]))


def spatial_join(place: Prefecture) -> Answer:
    sites, targets = gpd.GeoDataFrame(geometry=place.sites), gpd.GeoDataFrame(geometry=place.targets)
    joined = sites.sjoin(targets, predicate="dwithin", distance=place.reach_m)
    left, right = place.sites[joined.index], place.targets[joined["index_right"]]
    return _answer(shapely.distance(left, right))


def duckdb_boxes(place: Prefecture, stack: contextlib.ExitStack) -> Callable[[], Answer]:
    """The envelope join without the spatial extension: boxes as numbers, candidates to shapely."""
    import duckdb
    import pyarrow as pa

    connection = stack.enter_context(contextlib.closing(duckdb.connect()))

    def table(shapes: Any, grow: Any) -> pa.Table:
        bounds = shapely.bounds(shapes) + np.stack([-grow, -grow, grow, grow], axis=1)
        columns = dict(zip(("west", "south", "east", "north"), np.ascontiguousarray(bounds.T), strict=True))
        return pa.table({"id": np.arange(len(shapes)), **columns})

    def run() -> Answer:
        connection.register("s", table(place.sites, place.reach_m))
        connection.register("t", table(place.targets, np.zeros(len(place.targets))))
        found = connection.execute(
            """
            SELECT s.id AS i, t.id AS j FROM s JOIN t
            ON s.west <= t.east AND s.east >= t.west AND s.south <= t.north AND s.north >= t.south
            """
        ).fetchnumpy()
        i, j = np.asarray(found["i"]), np.asarray(found["j"])
        distance = shapely.distance(place.sites[i], place.targets[j])
        return _answer(distance[distance <= place.reach_m[i]])

    return run


def duckdb_spatial(place: Prefecture, stack: contextlib.ExitStack) -> Callable[[], Answer]:
    """The same in one query; the extension is downloaded by DuckDB, which needs a network."""
    import duckdb
    import pyarrow as pa

    connection = stack.enter_context(contextlib.closing(duckdb.connect()))
    try:
        connection.execute("INSTALL spatial")
        connection.execute("LOAD spatial")
    except duckdb.Error as error:
        reason = str(error).split(" at URL")[0].splitlines()[0]
        raise OSError(f"extension 'spatial' not reached ({reason})") from error
    for name, shapes, reach in (
        ("s", place.sites, place.reach_m),
        ("t", place.targets, np.zeros(len(place.targets))),
    ):
        rows = pa.table({"wkb": pa.array(shapely.to_wkb(shapes), pa.binary()), "reach": reach})
        connection.register("rows", rows)
        connection.execute(f"CREATE TABLE {name} AS SELECT ST_GeomFromWKB(wkb) AS g, reach FROM rows")
        connection.unregister("rows")

    def run() -> Answer:
        row = connection.execute(
            """
            SELECT count(*), sum(d) FROM (
                SELECT ST_Distance(s.g, t.g) AS d, s.reach FROM s JOIN t
                ON ST_XMin(s.g) - s.reach <= ST_XMax(t.g) AND ST_XMax(s.g) + s.reach >= ST_XMin(t.g)
               AND ST_YMin(s.g) - s.reach <= ST_YMax(t.g) AND ST_YMax(s.g) + s.reach >= ST_YMin(t.g)
            ) WHERE d <= reach
            """
        ).fetchone()
        assert row is not None
        return Answer(int(row[0]), float(row[1]))

    return run


def postgis(place: Prefecture, stack: contextlib.ExitStack) -> Callable[[], Answer]:
    """Tables loaded and indexed beforehand, which is not timed; the answer stays in the server but for two numbers."""
    connection = stack.enter_context(psycopg.connect(stack.enter_context(database.throwaway())))
    database.load(connection, "public.s", place.sites, PLANE_SRID, "geometry", place.reach_m)
    database.load(connection, "public.t", place.targets, PLANE_SRID, "geometry")

    def run() -> Answer:
        row = connection.execute(
            """
            SELECT count(*), sum(ST_Distance(s.g, t.g))
            FROM public.s JOIN public.t ON ST_DWithin(s.g, t.g, s.reach)
            """
        ).fetchone()
        assert row is not None
        return Answer(int(row[0]), float(row[1]))

    return run


def _answer(distance_m: Any) -> Answer:
    return Answer(len(distance_m), float(distance_m.sum()))
