"""People too near on purpose: homes beside late buildings, settlements by old plants, houses in protection strips."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely

from gisrisk.demo.board import Board, Frame, Occupied, Row, Sheet
from gisrisk.demo.network import river
from gisrisk.demo.targets import TargetWriter


@dataclass(frozen=True, slots=True)
class Near:
    """A settlement by a plant: on which side, how far from the box around the plot, how far along it, how large [m]."""

    plant: str
    side: str
    gap_m: float
    along_m: float
    size_m: tuple[float, float]
    target_type: str
    name_zh: str
    storeys: int
    values: dict[str, Any] = field(default_factory=dict)


def _village(households: int, population: int, largest_m2: float | None = 260.0) -> dict[str, Any]:
    return {"households": households, "population": population, "largest_building_floor_area_m2": largest_m2}


NEAR_PLANTS: tuple[Near, ...] = (
    Near("depot", "east", 36, 40, (90, 70), "village", "油库东侧自然村", 3, _village(34, 118)),
    Near("depot", "east", 52, 190, (70, 60), "village", "油库东北自然村", 3, _village(21, 71)),
    Near(
        "depot",
        "south",
        30,
        120,
        (60, 14),
        "staff_dormitory",
        "油库职工宿舍",
        4,
        {"households": 40, "population": 96, "floor_area_m2": 3360.0},
    ),
    Near("lpg", "east", 26, 20, (70, 60), "village", "气站东侧自然村", 2, _village(19, 66)),
    Near("lpg", "north", 31, 30, (60, 46), "school", "气站北侧教学点", 2, {"population": 86, "floor_area_m2": 900.0}),
    Near(
        "lpg", "west", 12, 60, (18, 12), "shop_mall", "气站西侧饭店", 2, {"floor_area_m2": 432.0, "is_complex": False}
    ),
    Near("riverside1", "west", 9, 150, (60, 50), "village", "江边老村", 2, _village(24, 83)),
    Near("riverside1", "south", 14, 60, (70, 40), "village", "老厂门口村", 2, _village(12, 39)),
    Near("riverside2", "west", 11, 150, (60, 50), "village", "下游自然村", 2, _village(15, 52, None)),
)


def homes_too_near(writer: TargetWriter, sources: list[Row], occupied: Occupied) -> None:
    """Farmhouses outside the fence beside the late buildings: some too near, some a few metres beyond the limit."""
    gaps = ((19.5, 23.0, 41.0), (24.2, 33.0), (27.8, 31.5), (22.0,))
    for source, distances in zip(sources, gaps, strict=True):
        west, y = source["geometry"].bounds[0], source["geometry"].centroid.y
        for index, gap in enumerate(distances):
            shape = shapely.box(west - gap - 12.0, y - 9 + 16 * index, west - gap, y + 1 + 16 * index)
            occupied.take(shape)
            values = _village(1, 4, 240.0) | {"fire_resistance_grade": 3, "position_uncertainty_m": 0.5}
            writer.add(shape, "village", f"园边散户{writer.number}", 2, complete=True, **values)


def settlements_near_plants(writer: TargetWriter, occupied: Occupied, plots: dict[str, shapely.Polygon]) -> None:
    """People near the oil depot, the gas station and the old works by the river."""
    for near in NEAR_PLANTS:
        x0, y0, x1, y1 = plots[near.plant].bounds
        w, d = near.size_m
        corner = {
            "east": (x1 + near.gap_m, y0 + near.along_m),
            "west": (x0 - near.gap_m - w, y0 + near.along_m),
            "south": (x0 + near.along_m, y0 - near.gap_m - d),
            "north": (x0 + near.along_m, y1 + near.gap_m),
        }[near.side]
        shape = shapely.box(corner[0], corner[1], corner[0] + w, corner[1] + d)
        occupied.take(shape)
        writer.add(
            shape,
            near.target_type,
            near.name_zh,
            near.storeys,
            complete=True,
            position_uncertainty_m=1.0,
            **near.values,
        )


def houses_in_protection_strips(
    count_by_kind: dict[str, int],
    sheet: Sheet,
    writer: TargetWriter,
    occupied: Occupied,
    board: Board,
    rng: np.random.Generator,
) -> None:
    """Houses inside the building-control strip of a road, under a power line, on a pipeline, beside a railway."""
    reach = {
        "county": (2.5, 11.5),
        "township": (1.2, 6.0),
        "provincial": (6.0, 16.5),
        "power_line": (3.0, 19.0),
        "pipeline": (1.2, 7.5),
        "railway": (4.0, 13.0),
    }
    label = {
        "county": "县道边住户",
        "township": "乡道边住户",
        "provincial": "省道边商铺",
        "power_line": "线下住户",
        "pipeline": "管道边住户",
        "railway": "铁路边住户",
    }
    for kind, count in count_by_kind.items():
        lines = [
            row
            for row in sheet.of("linear_feature")
            if row["geometry"].length > 1500
            and (
                row.get("admin_class") == kind if kind in ("county", "township", "provincial") else row["kind"] == kind
            )
        ]
        done = 0
        for _ in range(count * 60):
            if done == count:
                break
            row = lines[int(rng.integers(len(lines)))]
            line = row["geometry"]
            along = float(rng.uniform(60, line.length - 60))
            here, ahead = line.interpolate(along), line.interpolate(along + 5)
            side = 1 if rng.random() < 0.5 else -1
            edge = (
                row.get("width_m", 0.0) / 2
                + row.get("diameter_m", 0.0) / 2
                + row.get("conductor_offset_m", 0.0)
                + row.get("embankment_offset_m", 0.0)
            )
            edge += row.get("land_edge_offset_m", 0.0)
            angle = float(np.degrees(np.arctan2(ahead.y - here.y, ahead.x - here.x)))
            frame = Frame(here.x, here.y, angle).at(
                0, side * (edge + float(rng.uniform(*reach[kind]))), 0 if side > 0 else 180
            )
            shape = frame.box(0, 0, float(rng.uniform(9, 13)), float(rng.uniform(8, 11)))
            near = sheet_clear(shape, sheet, row, occupied)
            if not (board.extent.contains(shape) and near):
                continue
            done += 1
            occupied.take(shape)
            storeys = int(rng.integers(1, 4))
            if kind == "provincial":
                writer.add(
                    shape,
                    "shop_mall",
                    f"{label[kind]}{done}",
                    storeys,
                    floor_area_m2=round(shape.area * storeys),
                    is_complex=False,
                )
            else:
                writer.add(
                    shape,
                    "village",
                    f"{label[kind]}{done}",
                    storeys,
                    households=1,
                    population=int(rng.integers(2, 6)),
                    largest_building_floor_area_m2=round(shape.area * storeys),
                )


def sheet_clear(shape: shapely.Polygon, sheet: Sheet, own: Row, occupied: Occupied) -> bool:
    """Whether a house may stand there although the strip of its own line is marked as taken.

    It must touch no other building, plot, water or line.
    """
    if shape.intersects(river()):
        return False
    grown = shape.buffer(4)
    for layer in ("enterprise_site", "protected_target", "park"):
        if any(grown.intersects(other) for other in sheet.geometries(layer)):
            return False
    return not any(
        row is not own and shape.distance(row["geometry"]) < row.get("width_m", 0.0) / 2 + 14.0
        for row in sheet.of("linear_feature")
    )
