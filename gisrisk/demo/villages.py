"""The countryside: villages as irregular settlements with their school and shop, farmsteads along the roads, fields."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from gisrisk.demo.board import Board, Frame, Occupied, Sheet
from gisrisk.demo.names import Names
from gisrisk.demo.targets import TargetWriter


def settlement(frame: Frame, houses: int, rng: np.random.Generator) -> shapely.Polygon:
    """Outline of a village: clumps of courtyards along a lane, joined and simplified."""
    span = 16.0 * np.sqrt(houses)
    clumps = []
    for _ in range(max(3, houses // 4)):
        x, y = rng.normal(0, span / 2), rng.normal(0, span / 3.6)
        w, h = rng.uniform(26, 52), rng.uniform(20, 36)
        clumps.append(shapely.box(x, y, x + w, y + h))
    grown = shapely.union_all(clumps).buffer(14, join_style="mitre").buffer(-9, join_style="mitre").simplify(3)
    piece = max(grown.geoms, key=lambda g: g.area) if hasattr(grown, "geoms") else grown
    outline: shapely.Polygon = frame.draw(shapely.Polygon(piece.exterior))
    return outline


def draw_villages(
    count: int, writer: TargetWriter, occupied: Occupied, board: Board, names: Names, rng: np.random.Generator
) -> None:
    """Villages on free ground, with a committee office, shop, clinic and here and there a school."""
    drawn = 0
    while drawn < count:
        spot = Frame(
            float(rng.uniform(-board.half_width_m + 300, board.half_width_m - 300)),
            float(rng.uniform(-board.half_height_m + 250, board.half_height_m - 250)),
            float(rng.uniform(0, 180)),
        )
        houses = int(np.clip(rng.lognormal(3.1, 0.75), 6, 150))
        outline = settlement(spot, houses, rng)
        if not (board.extent.contains(outline) and occupied.is_free(outline.buffer(35))):
            continue
        drawn += 1
        name = names.village()
        people = round(houses * rng.uniform(2.6, 3.8))
        writer.add(
            outline,
            "village",
            name,
            3,
            households=houses,
            population=people,
            largest_building_floor_area_m2=float(rng.choice([280.0, 360.0, 450.0])),
        )
        occupied.take(outline)
        _services(spot, outline, houses, name, writer, occupied, rng)


def _services(
    spot: Frame,
    outline: shapely.Polygon,
    houses: int,
    name: str,
    writer: TargetWriter,
    occupied: Occupied,
    rng: np.random.Generator,
) -> None:
    wanted: list[tuple[str, str, float, float, int, dict[str, Any]]] = []
    if houses >= 18:
        wanted.append(
            (
                "government_office",
                "村委会",
                22,
                11,
                2,
                {"administrative_level": "none", "population": 9, "floor_area_m2": 484.0},
            )
        )
        wanted.append(("clinic", "卫生室", 12, 9, 1, {"population": 3, "floor_area_m2": 108.0}))
    if houses >= 12:
        wanted.append(("shop_mall", "便民店", 11, 8, 2, {"floor_area_m2": 176.0, "is_complex": False}))
    if houses >= 45:
        pupils = int(rng.integers(80, 420))
        wanted.append(("school", "小学", 90, 70, 3, {"population": pupils, "floor_area_m2": float(pupils * 9)}))
        wanted.append(
            ("kindergarten", "幼儿园", 36, 26, 2, {"population": int(rng.integers(40, 130)), "floor_area_m2": 900.0})
        )
        wanted.append(
            ("cultural_activity_centre", "客家祠堂", 24, 30, 1, {"peak_persons": 160, "floor_area_m2": 700.0})
        )
    radius = float(np.sqrt(outline.area / np.pi))
    for target_type, label, w, h, storeys, values in wanted:
        for _ in range(25):
            turn = rng.uniform(0, 2 * np.pi)
            reach = radius * rng.uniform(0.9, 1.7) + 12
            frame = spot.at(float(reach * np.cos(turn)), float(reach * np.sin(turn)), float(rng.uniform(-8, 8)))
            shape = frame.box(-w / 2, -h / 2, w, h)
            if occupied.is_free(shape.buffer(3)):
                occupied.take(shape)
                writer.add(shape, target_type, f"{name}{label}", storeys, **values)
                break


def draw_farmsteads(
    count: int, sheet: Sheet, writer: TargetWriter, occupied: Occupied, board: Board, rng: np.random.Generator
) -> None:
    """Single houses strung along the county and township roads, most behind the building line."""
    lanes = [
        row["geometry"]
        for row in sheet.of("linear_feature")
        if row["kind"] == "road" and row.get("admin_class") in ("county", "township")
    ]
    lengths = np.array([lane.length for lane in lanes])
    drawn, tries = 0, 0
    while drawn < count and tries < count * 40:
        tries += 1
        lane = lanes[int(rng.choice(len(lanes), p=lengths / lengths.sum()))]
        along = float(rng.uniform(40, lane.length - 40))
        here, ahead = lane.interpolate(along), lane.interpolate(along + 5)
        angle = float(np.degrees(np.arctan2(ahead.y - here.y, ahead.x - here.x)))
        side = 1 if rng.random() < 0.5 else -1
        frame = Frame(here.x, here.y, angle).at(0, side * float(rng.uniform(20, 70)), 0 if side > 0 else 180)
        shape = frame.box(0, 0, float(rng.uniform(10, 15)), float(rng.uniform(9, 12)))
        if not board.extent.contains(shape) or not occupied.is_free(shape.buffer(2)):
            continue
        drawn += 1
        occupied.take(shape)
        storeys = int(rng.integers(2, 4))
        writer.add(
            shape,
            "village",
            f"散户{drawn}号",
            storeys,
            households=1,
            population=int(rng.integers(1, 7)),
            largest_building_floor_area_m2=round(shape.area * storeys),
        )


def draw_fields_and_services(writer: TargetWriter, occupied: Occupied, rng: np.random.Generator) -> None:
    """Things of the open country: protected farmland, a water intake, substations, a broadcasting mast, a reserve."""
    fixed: tuple[tuple[str, str, float, float, float, float, float, dict[str, Any]], ...] = (
        ("drinking_water_source", "贡江水厂取水口保护区", -4300, 3700, 8, 420, 180, {"protection_class": "class1"}),
        ("nature_scenic_reserve", "峰山森林公园", -5900, -5380, 0, 1250, 640, {"protection_class": "other"}),
        (
            "substation",
            "220kV演示变电站",
            -1950,
            200,
            10,
            120,
            90,
            {"voltage_kv": 220.0, "is_outdoor": True, "transformer_mva": 180.0},
        ),
        (
            "substation",
            "110kV高新变电站",
            2620,
            -2560,
            5,
            70,
            50,
            {"voltage_kv": 110.0, "is_outdoor": True, "transformer_mva": 63.0},
        ),
        ("broadcast_station", "中波发射台", -350, -4800, 15, 120, 90, {}),
        ("prison", "看守所", 520, -1480, 12, 150, 120, {"population": 420}),
        ("important_facility", "污水泵站", 600, 3960, 6, 40, 26, {"population": 4}),
        ("passenger_station", "高铁站", 1262, 420, 88, 190, 64, {"peak_persons": 2600, "floor_area_m2": 21000.0}),
        ("farmland_breeding", "永久基本农田1", -6350, -2700, 4, 900, 620, {}),
        ("farmland_breeding", "永久基本农田2", -2000, -3850, 0, 900, 460, {}),
        ("farmland_breeding", "脐橙种植基地", 6350, -2900, 0, 520, 780, {}),
        ("farmland_breeding", "蔬菜基地", -6900, 2300, 10, 1100, 700, {}),
    )
    for target_type, name, u, v, angle, w, h, values in fixed:
        shape = Frame(u, v, angle).box(0, 0, w, h)
        storeys = (
            None
            if target_type in ("farmland_breeding", "nature_scenic_reserve", "drinking_water_source", "substation")
            else 2
        )
        writer.add(shape, target_type, name, storeys, **values)
        occupied.take(shape, 5.0 if target_type == "farmland_breeding" else 25.0)
