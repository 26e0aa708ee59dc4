"""Findings of the demo region against a calculation that shares neither index, nor distance engine, nor judgement.

Every pair of features is measured by brute force: both outlines are densified, the nearest two of their points are
found in space, and `pyproj.Geod` measures between them. Rules are then held against every pair in plain Python. What
is shared is only which rows a rule holds for and what the measuring points say, both tested elsewhere.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from pathlib import Path

import numpy as np
import pyproj
import pytest
import shapely
from demo_frames import demo_frames
from scipy.spatial import cKDTree

from gisrisk.analysis.separation import separation_findings
from gisrisk.rules import load_rules
from gisrisk.rules.matching import match
from gisrisk.rules.measuring import MeasuringPoints
from gisrisk.rules.subjects import Subjects, build_subjects

ON = date(2026, 11, 25)
GEOD = pyproj.Geod(ellps="GRS80")
TO_SPACE = pyproj.Transformer.from_crs("EPSG:4490", "EPSG:4479", always_xy=True)  # CGCS2000 geographic to geocentric
COARSE_M, FINE_M = 10.0, 0.5
# Two straight edges sampled every h, d apart: the nearest samples are at most h/2 along the edge from the nearest
# places, so their distance is at most hypot(d, h/2) for parallel edges; 0.02 m covers d >= 2 m, and h/2 the rest.
TOLERANCE_M = 0.02


class BruteForce:
    """Distances between features by densified outlines, computed on demand and kept."""

    def __init__(self, shapes: np.ndarray) -> None:
        self.shapes = shapes
        self.boxes = shapely.bounds(shapes)
        self.trees: dict[tuple[int, float], tuple[np.ndarray, cKDTree]] = {}
        self.known: dict[tuple[int, int], float] = {}

    def points(self, k: int, step_m: float) -> tuple[np.ndarray, cKDTree]:
        if (k, step_m) not in self.trees:
            # 111.3 km is the longest degree there is, so steps are never longer than asked for
            outline = (
                shapely.segmentize(self.shapes[k], step_m / 111_700.0) if self.shapes[k].length else self.shapes[k]
            )
            lonlat = shapely.get_coordinates(outline)
            x, y, z = TO_SPACE.transform(lonlat[:, 0], lonlat[:, 1], np.zeros(len(lonlat)))
            self.trees[k, step_m] = lonlat, cKDTree(np.column_stack([x, y, z]))
        return self.trees[k, step_m]

    def at(self, a: int, b: int, step_m: float) -> float:
        if shapely.intersects(self.shapes[a], self.shapes[b]):
            return 0.0
        here, tree_here = self.points(a, step_m)
        there, tree_there = self.points(b, step_m)
        if len(here) > len(there):
            here, tree_here, there, tree_there = there, tree_there, here, tree_here
        apart, index = tree_there.query(tree_here.data)
        k = int(np.argmin(apart))
        (lon1, lat1), (lon2, lat2) = here[k], there[index[k]]
        return float(GEOD.inv(lon1, lat1, lon2, lat2)[2])

    def within(self, sources: np.ndarray, targets: np.ndarray, reach_m: float) -> dict[tuple[int, int], float]:
        """Every pair of the two sets that is at most `reach_m` apart."""
        found = {}
        lat = np.radians(25.8)  # the region is 1 degree high; 0.98 leaves room for that and for the shape of the earth
        for a in sources:
            west, south, east, north = self.boxes[a]
            boxes = self.boxes[targets]
            dx = np.maximum(np.maximum(boxes[:, 0] - east, west - boxes[:, 2]), 0) * 111_320 * np.cos(lat) * 0.98
            dy = np.maximum(np.maximum(boxes[:, 1] - north, south - boxes[:, 3]), 0) * 110_574 * 0.98
            for b in targets[np.hypot(dx, dy) <= reach_m]:
                pair = (int(a), int(b))
                if pair not in self.known:
                    rough = self.at(*pair, COARSE_M)
                    self.known[pair] = self.at(*pair, FINE_M) if rough <= 1500 else rough
                if self.known[pair] <= reach_m:
                    found[pair] = self.known[pair]
        return found


@pytest.fixture(scope="module")
def subjects(tmp_path_factory: pytest.TempPathFactory) -> Subjects:
    return build_subjects(demo_frames(Path(tmp_path_factory.mktemp("demo"))))


WEIGHT = {"undetermined": 1, "needs_survey": 2, "violation": 3}


def plain_judgement(
    measured: float, low: float, high: float, truth: int, allowance: float, slack: float, extend: float
) -> str:
    effective = measured - allowance
    if effective >= high + slack + extend:
        return "meets"
    if truth == 2 and effective < low - slack:
        return "violation"
    return "needs_survey" if truth == 2 and low == high else "undetermined"


def expected_findings(subjects: Subjects) -> dict[tuple[str, ...], tuple[str, set[float], bool]]:
    """(ends, clause) -> (status, measured distances that can stand there, whether it hangs on the tolerance)."""
    book = load_rules()
    points, brute = MeasuringPoints(subjects), BruteForce(subjects.geometry)
    frame = subjects.frame
    feature, layer, code = (frame[name].to_numpy() for name in ("geometry_index", "layer", "code"))
    uncertainty = frame["position_uncertainty_m"].astype(float).fillna(5.0).to_numpy()  # the default setting is 5 m
    outcomes: dict[tuple[str, ...], list[tuple[str, float, bool]]] = defaultdict(list)
    for m in match(book, subjects, ON):
        reach = m.reach_m + points.widest_offset_m() + 2 * uncertainty.max()
        rows_s, rows_t = m.source_index, m.target_index
        near = brute.within(np.unique(feature[rows_s]), np.unique(feature[rows_t]), reach)
        start = points.measure("measured_from", m.rule.measured_from, rows_s)
        end = points.measure("measured_to", m.rule.measured_to, rows_t)
        at_s, at_t = defaultdict(list), defaultdict(list)
        for i, row in enumerate(rows_s):
            at_s[feature[row]].append(i)
        for j, row in enumerate(rows_t):
            at_t[feature[row]].append(j)
        rows = [(d, i, j) for (a, b), d in near.items() for i in at_s[a] for j in at_t[b]]
        if not rows:
            continue
        law = m.pairs(np.array([i for _, i, _ in rows]), np.array([j for _, _, j in rows]))
        for k, (distance, i, j) in enumerate(rows):
            if law.truth[k] == 0:
                continue
            measured = max(distance - start.offset_m[i] - end.offset_m[j], 0.0)
            if m.beyond_m is not None and measured <= m.beyond_m:
                continue
            allowance = start.allowance_m[i] + end.allowance_m[j]
            slack = uncertainty[rows_s[i]] + uncertainty[rows_t[j]]
            extend = start.may_extend_m[i] + end.may_extend_m[j]
            args = (law.low_m[k], law.high_m[k], int(law.truth[k]), allowance, slack, extend)
            answers = {plain_judgement(measured + d, *args) for d in (-TOLERANCE_M, 0.0, TOLERANCE_M)}
            status = plain_judgement(measured, *args)
            both_lines = all(shapely.get_dimensions(brute.shapes[feature[r]]) == 1 for r in (rows_s[i], rows_t[j]))
            if (m.rule.type == "permit" or (both_lines and distance == 0)) and status != "meets":
                status = "undetermined"
            ends = [f"{layer[r]}:{code[r]}" for r in (rows_s[i], rows_t[j])]
            if all(one.startswith("hazard_source:") for one in ends):
                ends.sort()
            key = (*ends, m.rule.document_no, m.rule.document, m.rule.clause)
            outcomes[key].append((status, measured, len(answers) > 1))
    expected = {}
    for key, rows in outcomes.items():
        failing = [row for row in rows if row[0] != "meets"]
        doubtful = any(row[2] for row in rows)
        if failing:
            worst = max(failing, key=lambda row: WEIGHT[row[0]])[0]
            expected[key] = (worst, {row[1] for row in failing if row[0] == worst}, doubtful)
        elif doubtful:
            expected[key] = ("meets", {row[1] for row in rows}, True)
    return expected


def test_findings_equal_brute_force(subjects: Subjects) -> None:
    findings = separation_findings(load_rules(), subjects, on=ON).findings
    expected = expected_findings(subjects)
    got = {}
    for row in findings.to_dict("records"):
        ends = [f"{row['source_layer']}:{row['source_code']}", f"{row['target_layer']}:{row['target_code']}"]
        if all(end.startswith("hazard_source:") for end in ends):
            ends.sort()
        key = (*ends, row["document_no"], row["document"], row["clause"])
        assert key not in got, f"clause reported twice: {key}"
        got[key] = row
    sure = {key for key, (status, _, doubtful) in expected.items() if not doubtful and status != "meets"}
    possible = {key for key, (status, _, doubtful) in expected.items() if status != "meets" or doubtful}
    assert sure - set(got) == set(), "pairs lost"
    assert set(got) - possible == set(), "pairs invented"
    assert len(sure) > 60, "the demo region must give the comparison something to compare"
    assert {expected[key][0] for key in sure} == {"violation", "needs_survey", "undetermined"}
    for key in sure:
        status, measured, _ = expected[key]
        assert got[key]["status"] == status, key
        assert min(abs(got[key]["measured_m"] - m) for m in measured) <= max(
            TOLERANCE_M, FINE_M / 2 * (min(measured) < 2)
        ), key


def test_the_shortest_line_is_as_long_as_it_says(subjects: Subjects) -> None:
    findings = separation_findings(load_rules(), subjects, on=ON).findings
    plain = findings[findings["substitutes"] == ""]
    lines = shapely.get_coordinates(plain.geometry.to_numpy()).reshape(-1, 4)
    length = GEOD.inv(*lines.T)[2]
    # where no width is subtracted, the line drawn on the map is the distance measured
    assert len(plain) > 10
    assert (plain["measured_m"].to_numpy() <= length + 1e-6).all()
