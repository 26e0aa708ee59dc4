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
    """A settlement by a plant: side (the gate is at the front), distance from the fence and along it, size [m]."""

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


def _shop(area_m2: float) -> dict[str, Any]:
    return {"floor_area_m2": area_m2, "is_complex": False}


_DORMITORY = {"households": 40, "population": 96, "floor_area_m2": 3360.0}
_HOTEL = {"beds_or_seats": 56, "floor_area_m2": 1680.0, "declared_important": None}
_KINDERGARTEN = {"population": 236, "floor_area_m2": 2300.0}
NEAR_PLANTS: tuple[Near, ...] = (
    Near("depot", "east", 40, 160, (90, 70), "village", "油库东侧自然村", 3, _village(34, 118)),
    Near("depot", "east", 15, 262, (54, 40), "village", "油库东北散户片", 3, _village(21, 71)),
    Near("depot", "west", 24, 150, (14, 60), "staff_dormitory", "油库职工宿舍", 4, _DORMITORY),
    Near("lpg", "west", 4, 100, (60, 50), "village", "气站西侧自然村", 2, _village(31, 108)),
    Near("lpg", "rear", 31, 30, (60, 46), "school", "气站后侧教学点", 2, {"population": 86, "floor_area_m2": 900.0}),
    Near("lpg", "east", 12, 60, (18, 12), "shop_mall", "气站东侧饭店", 2, _shop(432.0)),
    Near("riverside1", "west", 9, 150, (60, 50), "village", "江边老村", 2, _village(24, 83)),
    Near("riverside1", "front", 14, 60, (70, 40), "village", "老厂门口村", 2, _village(12, 39)),
    Near("riverside2", "west", 11, 150, (60, 50), "village", "下游自然村", 2, _village(15, 52, None)),
    Near("station0", "west", 4, 12, (16, 14), "shop_mall", "加油站旁快餐店", 2, _shop(448.0)),
    Near("station0", "rear", 9, 6, (44, 30), "kindergarten", "加油站旁幼儿园", 3, _KINDERGARTEN),
    Near("station1", "rear", 5, 20, (30, 14), "hotel", "国道旅馆", 4, _HOTEL),
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
            row = writer.add(shape, "village", f"园边散户{writer.number}", 2, complete=True, **values)
            if gap > 40:  # far enough from a low house, too near for a tall one: the missing height decides
                row |= {"height_m": None, "storeys": None}


def settlements_near_plants(
    writer: TargetWriter, occupied: Occupied, plots: dict[str, tuple[Frame, float, float]]
) -> None:
    """People near the oil depot, the gas station, the old works by the river and two filling stations.

    `plots` gives the frame of each plant with its width and depth [m]; its gate is at the front.
    """
    for near in NEAR_PLANTS:
        frame, width, depth = plots[near.plant]
        w, d = near.size_m
        x, y = {
            "east": (width + near.gap_m, near.along_m),
            "west": (-near.gap_m - w, near.along_m),
            "front": (near.along_m, -near.gap_m - d),
            "rear": (near.along_m, depth + near.gap_m),
        }[near.side]
        shape = frame.box(x, y, w, d)
        occupied.take(shape)
        known = {"position_uncertainty_m": 1.0, **near.values}
        writer.add(shape, near.target_type, near.name_zh, near.storeys, complete=True, **known)


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
