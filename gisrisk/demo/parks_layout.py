"""The two parks on paper: street grids, the plots between the streets, and which kind of plant takes which plot."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

from gisrisk.demo.board import Frame, Sheet

CHEMICAL_PARK = "DEMO-PARK-01"
INDUSTRIAL_PARK = "DEMO-PARK-02"
STREET_M = 30.0
"""Land width of a park street between two plots [m]."""


@dataclass(frozen=True, slots=True)
class Plot:
    """Ground for one enterprise: its corner, width and depth in the park frame [m], its kind and where its gate is."""

    frame: Frame
    x: float
    y: float
    width_m: float
    depth_m: float
    recipe: str
    park_code: str
    gate: str  # the side of the street it opens to: "low" or "high" y

    @property
    def outline(self) -> shapely.Polygon:
        """The plot on the region plane."""
        return self.frame.box(self.x, self.y, self.width_m, self.depth_m)

    def own_frame(self) -> Frame:
        """A frame whose origin is the corner left of the gate, y pointing into the plot."""
        if self.gate == "low":
            return self.frame.at(self.x, self.y)
        return self.frame.at(self.x + self.width_m, self.y + self.depth_m, 180.0)


@dataclass(frozen=True, slots=True)
class ParkPlan:
    """One park: where its frame stands, its street grid [m], and what stands where.

    `unbuilt` lists pieces of the long streets, as (street, row), that were planned and never built.
    """

    code: str
    name: str
    kind: str
    frame: Frame
    columns_m: tuple[float, ...]
    rows_m: tuple[float, ...]
    cells: tuple[tuple[int, int, int, int, str, str], ...]
    streets_zh: tuple[tuple[str, ...], tuple[str, ...]]
    approved: tuple[str, str, str, str]
    unbuilt: tuple[tuple[int, int], ...] = ()

    def edges(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Street centre lines: x of the long streets, y of the cross streets [m]."""
        return np.concatenate([[0.0], np.cumsum(self.columns_m)]), np.concatenate([[0.0], np.cumsum(self.rows_m)])

    def cell(self, column: int, row: int, columns: int = 1, rows: int = 1) -> shapely.Polygon:
        """Ground of a block (or several) up to the street centre lines, in the park frame."""
        x, y = self.edges()
        return shapely.box(x[column], y[row], x[column + columns], y[row + rows])


# cells: column, row, columns, rows, share of the block ("all", "left", "right"), kind of plant; "green" and "yard"
# hold none
CHEMICAL_PLAN = ParkPlan(
    CHEMICAL_PARK,
    "赣南章江化工园区(演示)",
    "chemical_park",
    Frame(-4770.0, -2000.0, 0.0),
    (250, 270, 310, 270, 310, 300, 310, 290),
    (285, 255, 245, 255, 250, 240),
    (
        (1, 0, 2, 1, "all", "chlor_alkali"),
        (3, 0, 2, 2, "all", "olefins"),
        (5, 0, 2, 1, "all", "methanol_chain"),
        (7, 0, 1, 1, "all", "yard:污水处理厂"),
        (1, 1, 1, 1, "all", "peroxide"),
        (2, 1, 1, 1, "all", "fluorine"),
        (5, 1, 2, 1, "all", "ammonia"),
        (7, 1, 1, 1, "all", "gases"),
        (0, 1, 1, 1, "all", "green"),
        (0, 2, 1, 1, "all", "dyes"),
        (1, 2, 1, 1, "all", "pesticide"),
        (2, 2, 1, 1, "all", "epoxy"),
        (3, 2, 1, 1, "all", "acrylic"),
        (4, 2, 1, 1, "left", "additives"),
        (4, 2, 1, 1, "right", "photoresist"),
        (5, 2, 1, 1, "all", "eo_derivatives"),
        (6, 2, 1, 1, "all", "adhesive"),
        (7, 2, 1, 1, "all", "hazmat_logistics"),
        (0, 3, 1, 1, "all", "rare_earth"),
        (1, 3, 1, 1, "all", "paint"),
        (2, 3, 1, 1, "left", "photoresist"),
        (2, 3, 1, 1, "right", "additives"),
        (3, 3, 1, 1, "all", "sodium"),
        (4, 3, 1, 1, "all", "yard:园区消防站与应急指挥中心"),
        (5, 3, 1, 1, "all", "dyes"),
        (6, 3, 1, 1, "all", "electrolyte"),
        (7, 3, 1, 1, "all", "paint"),
        (1, 4, 1, 1, "all", "pharma"),
        (2, 4, 1, 1, "all", "pharma"),
        (3, 4, 1, 1, "all", "adhesive"),
        (4, 4, 1, 1, "all", "new_materials"),
        (5, 4, 1, 1, "left", "pharma_small"),
        (5, 4, 1, 1, "right", "additives"),
        (6, 4, 1, 1, "all", "green"),
        (3, 5, 1, 1, "all", "yard:危化品车辆停车场"),
        (4, 5, 1, 1, "all", "green"),
        (2, 5, 1, 1, "all", "pharma_small"),
    ),
    (
        ("化工一路", "化工二路", "化工三路", "中央大道", "化工五路", "化工六路", "化工七路", "化工八路", "东环路"),
        ("南环路", "横一路", "横二路", "横三路", "横四路", "横五路", "北环路"),
    ),
    ("provincial", "2019-06-18", "演示省人民政府", "2029-06-17"),
    unbuilt=((0, 1), (0, 2), (0, 3), (1, 0), (1, 4)),
)

INDUSTRIAL_PLAN = ParkPlan(
    INDUSTRIAL_PARK,
    "赣县高新产业园(演示)",
    "industrial_park",
    Frame(3080.0, -3560.0, -11.0),
    (340, 300, 380, 320, 360, 330),
    (300, 260, 320, 280, 300),
    (
        (0, 0, 1, 1, "all", "logistics"),
        (1, 0, 1, 1, "all", "furniture"),
        (2, 0, 1, 1, "all", "foundry"),
        (3, 0, 1, 1, "all", "furniture"),
        (4, 0, 1, 1, "all", "logistics"),
        (0, 1, 1, 1, "all", "plastics"),
        (1, 1, 1, 1, "all", "plating"),
        (2, 1, 1, 1, "all", "machinery"),
        (3, 1, 1, 1, "all", "furniture"),
        (4, 1, 1, 1, "all", "battery"),
        (5, 1, 1, 1, "all", "green"),
        (0, 2, 1, 1, "all", "machinery"),
        (1, 2, 1, 1, "all", "magnet"),
        (2, 2, 1, 1, "left", "textile"),
        (2, 2, 1, 1, "right", "plastics"),
        (3, 2, 1, 1, "all", "electronics"),
        (4, 2, 1, 1, "all", "magnet"),
        (5, 2, 1, 1, "all", "food"),
        (1, 3, 1, 1, "all", "textile"),
        (2, 3, 1, 1, "all", "electronics"),
        (3, 3, 1, 1, "all", "green"),
        (4, 3, 1, 1, "all", "electronics"),
        (5, 3, 1, 1, "all", "machinery"),
        (2, 4, 1, 1, "all", "yard:园区服务中心"),
        (3, 4, 1, 1, "all", "textile"),
        (4, 4, 1, 1, "left", "plastics"),
    ),
    (
        ("创业一路", "创业二路", "创业三路", "创新大道", "创业五路", "创业六路", "创业七路"),
        ("兴业路", "振业路", "立业路", "敬业路", "乐业路", "北园路"),
    ),
    ("provincial", "2012-03-30", "演示省人民政府", "2032-03-29"),
)
PLANS = (CHEMICAL_PLAN, INDUSTRIAL_PLAN)


def park_outline(plan: ParkPlan) -> shapely.Polygon:
    """The park boundary on the region plane: its blocks and the streets around them, in one piece."""
    cells = shapely.union_all([plan.cell(c, r, cs, rs) for c, r, cs, rs, *_ in plan.cells])
    grown = cells.buffer(STREET_M / 2 + 6, join_style="mitre")
    outline: shapely.Polygon = plan.frame.draw(grown)
    return outline


def plots(plan: ParkPlan) -> list[Plot]:
    """Plots for enterprises, inside the streets, in the order of the plan."""
    found = []
    for column, row, columns, rows, share, recipe in plan.cells:
        if recipe.split(":")[0] in ("green", "yard"):
            continue
        x0, y0, x1, y1 = plan.cell(column, row, columns, rows).bounds
        x0, y0, x1, y1 = x0 + STREET_M / 2, y0 + STREET_M / 2, x1 - STREET_M / 2, y1 - STREET_M / 2
        middle = (x0 + x1) / 2
        if share == "left":
            x1 = middle - 3
        elif share == "right":
            x0 = middle + 3
        gate = "low" if (column + row) % 2 == 0 else "high"
        found.append(Plot(plan.frame, x0, y0, x1 - x0, y1 - y0, recipe, plan.code, gate))
    return found


def yards(plan: ParkPlan) -> list[tuple[str, shapely.Polygon]]:
    """Ground of the park's own services, with their names."""
    return [
        (recipe.split(":")[1], plan.frame.draw(plan.cell(c, r, cs, rs).buffer(-STREET_M / 2 - 10, join_style="mitre")))
        for c, r, cs, rs, _share, recipe in plan.cells
        if recipe.startswith("yard:")
    ]


def draw_park(plan: ParkPlan, sheet: Sheet) -> None:
    """Add the park boundary and its streets to the sheet."""
    level, approved_on, approved_by, expires = plan.approved
    sheet.add(
        "park",
        park_outline(plan),
        code=plan.code,
        name=plan.name,
        kind=plan.kind,
        level=level,
        approved_on=approved_on,
        approved_by=approved_by,
        approval_expires=expires,
        project_stage="existing",
        position_source="synthetic",
        position_uncertainty_m=2.0,
    )
    for number, (name, line, is_main) in enumerate(_streets(plan), start=1):
        sheet.add(
            "linear_feature",
            line,
            code=f"DEMO-L-P{plan.code[-1]}{number:02d}",
            name=f"{name}(演示)",
            kind="road",
            grade="urban_secondary" if is_main else "urban_branch",
            width_m=18.0 if is_main else 12.0,
            in_park=True,
            position_source="synthetic",
            position_uncertainty_m=1.0,
        )


def _streets(plan: ParkPlan) -> list[tuple[str, shapely.LineString, bool]]:
    """Street pieces between two blocks of which at least one belongs to the park, joined along each street."""
    x, y = plan.edges()
    taken = shapely.union_all([plan.cell(c, r, cs, rs).buffer(-1) for c, r, cs, rs, *_ in plan.cells])
    rim = shapely.union_all([plan.cell(c, r, cs, rs) for c, r, cs, rs, *_ in plan.cells])
    found: list[tuple[str, shapely.LineString, bool]] = []
    grid = [
        (
            names[i],
            [
                ((xs, a), (xs, b)) if upright else ((a, xs), (b, xs))
                for j, (a, b) in enumerate(pairwise(other))
                if not (upright and (i, j) in plan.unbuilt)
            ],
            i,
        )
        for names, along, other, upright in ((plan.streets_zh[0], x, y, True), (plan.streets_zh[1], y, x, False))
        for i, xs in enumerate(along)
    ]
    for name, pieces, index in grid:
        kept = [
            line
            for line in (shapely.LineString(piece) for piece in pieces)
            if line.interpolate(0.5, normalized=True).intersects(rim)
            and not line.interpolate(0.5, normalized=True).intersects(taken)
        ]
        if kept:
            merged = shapely.line_merge(shapely.union_all(kept))
            for part in getattr(merged, "geoms", [merged]):
                found.append((name, plan.frame.draw(part), index in (0, 3)))
    return found
