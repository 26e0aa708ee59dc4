"""Cells of the demo region against the verdict on plots: the same rules, found from the place instead of from a map.

A plot that is the square of a cell is put into the layers and judged by `separation_findings`, on the ellipsoid and
without any grid. The map asks for a few centimetres more, for its plane; so its class must lie between that of the
square and that of a square which is this much larger, and nearly always be that of the square itself.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
from demo_frames import demo_frames

from gisrisk.analysis.separation import separation_findings
from gisrisk.analysis.suitability import (
    ADMITTED,
    BREAKS_PROVISIONAL,
    FORBIDDEN,
    OUTSIDE,
    PLANE_MARGIN_M,
    UNDETERMINED,
    Suitability,
    suitability,
)
from gisrisk.analysis.suitability_proposal import ProposalType
from gisrisk.rules import load_rules
from gisrisk.rules.subjects import build_subjects

ON = date(2026, 11, 25)
WEIGHT = {ADMITTED: 0, UNDETERMINED: 1, BREAKS_PROVISIONAL: 2, FORBIDDEN: 3}
HALF_SIDE_M = 7.0
PLOTS = 70  # at random; and as many on borders of classes

PROPOSALS = {
    "workshop": ProposalType(
        type="workshop_jia", half_side_m=HALF_SIDE_M, position_uncertainty_m=1.0,
        attributes={"site_regime": "general_industry", "fire_resistance_grade": 2, "height_m": 8.0, "storeys": 1.0},
    ),
    "tank": ProposalType(
        type="tank_floating_roof", half_side_m=HALF_SIDE_M,
        attributes={"site_regime": "general_industry", "volume_m3": 800.0, "liquid_class": "jiaB"},
    ),
    "depot tank of unknown size": ProposalType(
        type="tank_fixed_roof", half_side_m=HALF_SIDE_M, attributes={"site_regime": "oil_depot"}
    ),
    "school": ProposalType(type="school", half_side_m=HALF_SIDE_M, attributes={"height_m": 12.0, "population": 600}),
    "houses": ProposalType(type="residential_building", half_side_m=HALF_SIDE_M, position_uncertainty_m=0.0),
}  # fmt: skip


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    """The demo region within 4 km of the chemical park, so that the plots are quickly judged."""
    whole = demo_frames(tmp_path_factory.mktemp("demo"))
    west, south, east, north = whole["park"].geometry.iloc[0].bounds
    near = {
        name: frame.cx[west - 0.04 : east + 0.04, south - 0.04 : north + 0.04].reset_index(drop=True)
        for name, frame in whole.items()
        if isinstance(frame, gpd.GeoDataFrame)
    }
    return near | {"inventory": whole["inventory"]}


@pytest.fixture(scope="module")
def area(frames: dict[str, pd.DataFrame]) -> shapely.Polygon:
    """2.4 x 2.4 km about the chemical park, with its plants, housing, roads and railway."""
    middle = frames["park"].geometry.iloc[0].centroid
    return shapely.box(middle.x - 0.012, middle.y - 0.011, middle.x + 0.012, middle.y + 0.011)


def chosen_cells(result: Suitability) -> np.ndarray:
    """Cells at random and cells whose neighbour has another class, as (row, column)."""
    rng = np.random.default_rng(11)
    cells = result.cells
    inside = np.argwhere(cells != OUTSIDE)
    edge = np.zeros(cells.shape, bool)
    edge[:, :-1] |= cells[:, :-1] != cells[:, 1:]
    edge[:-1] |= cells[:-1] != cells[1:]
    border = np.argwhere(edge & (cells != OUTSIDE))
    picked = [rng.choice(some, min(PLOTS, len(some)), replace=False) for some in (inside, border)]
    return np.concatenate(picked)


def verdicts(
    frames: dict[str, pd.DataFrame],
    proposal: ProposalType,
    result: Suitability,
    cells: np.ndarray,
    grown_m: list[float],
) -> list[list[int]]:
    """Class of each cell's square as the findings have it; one list for each growth of the squares."""
    layer, count = proposal.layer, len(cells)
    back = pyproj.Transformer.from_crs(result.crs, "EPSG:4490", always_xy=True)
    halves = [result.grid.cell_m / 2 + HALF_SIDE_M + metres for metres in grown_m]
    squares = np.concatenate([result.grid.squares(cells[:, 0], cells[:, 1], half) for half in halves])
    plots = shapely.transform(shapely.segmentize(squares, 5.0), back.transform, interleaved=False)
    common = {
        {"hazard_source": "facility_type", "protected_target": "target_type"}[layer]: proposal.type,
        "name": "", "attributes": proposal.attributes, "position_uncertainty_m": proposal.position_uncertainty_m,
        "recorded_at": frames[layer]["recorded_at"].iloc[0],
    }  # fmt: skip
    rows = pd.DataFrame([common | {"code": f"PLOT{n}", "geometry": plot} for n, plot in enumerate(plots)], dtype=object)
    if layer == "hazard_source":
        rows["site_code"] = [f"SITE-OF-{code}" for code in rows["code"]]
    both = pd.concat([frames[layer].astype(object), rows], ignore_index=True)
    both["recorded_at"] = pd.to_datetime(both["recorded_at"])
    together = frames | {layer: gpd.GeoDataFrame(both, geometry="geometry", crs="EPSG:4490")}
    findings = separation_findings(load_rules(), build_subjects(together), on=ON).findings
    out = [ADMITTED] * len(plots)
    for row in findings.to_dict("records"):
        ends = [str(row[end]) for end in ("source_code", "target_code")]
        mine = [int(code.removeprefix("PLOT")) for code in ends if code.startswith("PLOT")]
        if len(mine) == 1:  # plots do not stand at the same time
            out[mine[0]] = max(out[mine[0]], class_of(row), key=WEIGHT.__getitem__)
    return [out[first : first + count] for first in range(0, len(out), count)]


def class_of(finding: dict[str, Any]) -> int:
    if finding["status"] != "violation":
        return UNDETERMINED
    return FORBIDDEN if finding["mandatory"] and finding["review"] == "confirmed" else BREAKS_PROVISIONAL


# With every document in force the map still shows provisional bans for these uses where the findings of a plot show
# none: it errs on the safe side, and docs/suitability.md says so. Take a use out of here once that is mended.
STRICTER_THAN_FINDINGS = {"school", "houses"}


@pytest.mark.parametrize("name", PROPOSALS)
def test_the_map_says_what_the_findings_of_a_plot_say(
    name: str, frames: dict[str, pd.DataFrame], area: shapely.Polygon
) -> None:
    proposal = PROPOSALS[name]
    result = suitability(load_rules(), frames, proposal, area, on=ON)
    cells = chosen_cells(result)
    shown = [int(result.cells[row, column]) for row, column in cells]
    margin_m = result.reach_m * result.scale_excess + PLANE_MARGIN_M + 0.005
    exact, wider = verdicts(frames, proposal, result, cells, [0.0, margin_m])
    for cell, on_map, least, most in zip(cells.tolist(), shown, exact, wider, strict=True):
        assert WEIGHT[least] <= WEIGHT[on_map], (cell, on_map, least)  # never milder than the findings of the plot
        if name not in STRICTER_THAN_FINDINGS:
            assert WEIGHT[on_map] <= WEIGHT[most], (cell, on_map, most)
    if name not in STRICTER_THAN_FINDINGS:
        assert sum(a == b for a, b in zip(shown, exact, strict=True)) >= 0.97 * len(shown)
    assert len(set(shown)) >= 2  # a map of one class would prove nothing


def test_the_demo_map_has_every_class_and_names_its_rules(
    frames: dict[str, pd.DataFrame], area: shapely.Polygon
) -> None:
    result = suitability(load_rules(), frames, PROPOSALS["workshop"], area, on=ON)
    counts = result.counts()
    assert all(counts[code] > 0 for code in (ADMITTED, FORBIDDEN, UNDETERMINED, BREAKS_PROVISIONAL))
    assert counts[OUTSIDE] >= 0 and sum(counts.values()) == result.cells.size
    numbers = {entry.number: entry.rule for entry in result.legend}
    for code in (FORBIDDEN, UNDETERMINED, BREAKS_PROVISIONAL):
        assert set(np.unique(result.binding[result.cells == code])) <= set(numbers)
    sure = [numbers[n] for n in np.unique(result.binding[result.cells == FORBIDDEN])]
    assert all(rule.mandatory and rule.review == "confirmed" for rule in sure)
    assert result.synthetic
    assert sum(result.bound_cells().values()) == result.cells.size - counts[ADMITTED] - counts[OUTSIDE]
