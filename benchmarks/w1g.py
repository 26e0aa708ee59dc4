"""W1g: W1 on the ellipsoid, beside the geography type of PostGIS."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import numpy as np
import psycopg
import shapely
from numpy.typing import NDArray

from benchmarks import database
from benchmarks.prefecture import Prefecture, geodesic
from benchmarks.run import UNAVAILABLE, Contender, Verdict, reason_of, report, run_rounds
from gisrisk.analysis.proximity import pairs_within

GOAL = 10.0
SIZES = {"small": (1_000, 10_000), "default": (10_000, 100_000), "full": (10_000, 100_000)}
# Geography chooses nearest places on a sphere: its distance may be too long by the ratio of the radii of curvature.
SPHERE_ERROR = 0.0067
HONEST_M = 0.1
# The plane the prefecture is drawn in: lengths 60 km from its middle are too long by (60 / 6371)^2 / 2; an edge of
# 200 m is straight in degrees in one and straight in the plane in the other, which differs by less than 1 mm.
PLANE_ERROR = 4.5e-5


def measure(size: str, rounds: int) -> Verdict:
    """Run ours beside geography and print the table; both give pairs and distances to Python."""
    place, flat = geodesic(*SIZES[size])
    contenders = [Contender("gisrisk pairs_within, geodesic", lambda: ours(place), ours=True)]
    absent: dict[str, str] = {}
    with contextlib.ExitStack() as stack:
        name = "PostGIS geography, ST_DWithin with an index"
        try:
            contenders.append(Contender(name, geography(place, stack)))
        except UNAVAILABLE as error:
            absent[name] = reason_of(error)
        run_rounds(contenders, rounds)
    pairs, distance_m = contenders[0].answer
    sites, targets = SIZES[size]
    ratio = report(f"W1g {size}: {sites} sites x {targets} targets, {len(pairs)} pairs", contenders, absent)
    correct = agrees_with_plane(pairs, distance_m, flat)
    for peer in contenders[1:]:
        correct &= agrees_with_geography(pairs, distance_m, *peer.answer, place.reach_m)
    return Verdict("W1g", ratio, GOAL, correct)


def ours(place: Prefecture) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    pairs = pairs_within(place.sites, place.targets, place.reach_m)
    return np.stack([pairs.i, pairs.j], axis=1), pairs.distance_m


def geography(
    place: Prefecture, stack: contextlib.ExitStack
) -> Callable[[], tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """Tables loaded and indexed beforehand, which is not timed."""
    connection = stack.enter_context(psycopg.connect(stack.enter_context(database.throwaway())))
    database.load(connection, "public.s", place.sites, 4490, "geography", place.reach_m)
    database.load(connection, "public.t", place.targets, 4490, "geography")

    def run() -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        rows = np.array(
            connection.execute(
                """
                SELECT s.id, t.id, ST_Distance(s.g, t.g)
                FROM public.s JOIN public.t ON ST_DWithin(s.g, t.g, s.reach)
                """
            ).fetchall()
        ).reshape(-1, 3)
        return rows[:, :2].astype(np.int64), rows[:, 2]

    return run


def agrees_with_plane(pairs: NDArray[np.int64], distance_m: NDArray[np.float64], flat: Prefecture) -> bool:
    """Same pairs and distances as GEOS finds in the plane the prefecture was drawn in, to the error of that plane."""
    widest = flat.reach_m * (1 + PLANE_ERROR) + HONEST_M
    i, j = shapely.STRtree(flat.targets).query(flat.sites, predicate="dwithin", distance=widest)
    plane_m = shapely.distance(flat.sites[i], flat.targets[j])
    expected = dict(zip(zip(i.tolist(), j.tolist(), strict=True), plane_m.tolist(), strict=True))
    found = dict(zip(map(tuple, pairs.tolist()), distance_m.tolist(), strict=True))
    surely = {key for key, metres in expected.items() if metres <= flat.reach_m[key[0]] - HONEST_M}
    off_m = [abs(metres - expected[key]) - PLANE_ERROR * metres for key, metres in found.items() if key in expected]
    fine = surely <= found.keys() <= expected.keys() and max(off_m) <= HONEST_M
    print(f"against GEOS in the plane of drawing: {'same pairs' if fine else 'NOT the same'}, worst {max(off_m):.4f} m")
    return fine


def agrees_with_geography(
    pairs: NDArray[np.int64],
    distance_m: NDArray[np.float64],
    their_pairs: NDArray[np.int64],
    their_m: NDArray[np.float64],
    reach_m: NDArray[np.float64],
) -> bool:
    """Geography never finds a pair we miss, and misses only pairs it measures too long, within its known error."""
    found = dict(zip(map(tuple, pairs.tolist()), distance_m.tolist(), strict=True))
    theirs = dict(zip(map(tuple, their_pairs.tolist()), their_m.tolist(), strict=True))
    only_theirs = [key for key, metres in theirs.items() if key not in found and metres <= reach_m[key[0]] - HONEST_M]
    lost = [key for key in found if key not in theirs]
    excused = all(found[key] * (1 + SPHERE_ERROR) + HONEST_M >= reach_m[key[0]] for key in lost)
    longer = np.array([theirs[key] - metres for key, metres in found.items() if key in theirs])
    print(f"against geography: it has {len(only_theirs)} pairs more and lacks {len(lost)} of our {len(found)}")
    print(f"    those lie within {SPHERE_ERROR:.2%} of the reach: {'yes' if excused else 'NO'}")
    print(f"    its distances are up to {longer.max():.3f} m longer and up to {max(0.0, -longer.min()):.3f} m shorter")
    return not only_theirs and excused and bool(-longer.min() <= HONEST_M)
