"""Lines across the region: river banks, railways, public roads, power lines and pipelines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import shapely

from gisrisk.demo.board import Occupied, Sheet, smooth


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its corner points on the region plane [m], its values, and how far buildings keep from it [m]."""

    name_zh: str
    kind: str
    points: tuple[tuple[float, float], ...]
    keep_clear_m: float
    values: dict[str, Any] = field(default_factory=dict)


RIVER_CENTRE = ((-7400, 3650), (-5200, 4350), (-2600, 4000), (0, 4480), (2500, 4200), (4800, 4850), (7400, 4400))
RIVER_HALF_WIDTH_M = 145.0
NATIONAL_ROAD = ((-700, -5600), (-900, -3000), (-1500, -900), (-3200, 600), (-3750, 2300), (-3400, 5600))
PROVINCIAL_ROAD = (
    (-7400, -250),
    (-5400, -280),
    (-4700, -374),
    (-3500, -382),
    (-2300, -290),
    (-700, 0),
    (800, 60),
    (2600, -700),
    (4300, -1500),
    (7400, -2050),
)
COUNTY_ROAD = (
    (-900, -3000),
    (800, -3150),
    (2000, -2850),
    (2750, -2250),
    (3500, -1650),
    (3900, -400),
    (4700, 1300),
    (6400, 3300),
    (6900, 5600),
)

LINES: tuple[Line, ...] = (
    Line(
        "G98演示高速公路",
        "road",
        ((-7400, -4400), (-4000, -4000), (-500, -4300), (2500, -4850), (7400, -4750)),
        60,
        {"grade": "expressway", "admin_class": "national", "width_m": 26.0, "land_edge_offset_m": 3.0},
    ),
    Line(
        "G915演示国道",
        "road",
        NATIONAL_ROAD,
        34,
        {"grade": "class1", "admin_class": "national", "width_m": 24.0, "land_edge_offset_m": 2.0},
    ),
    Line(
        "S851演示省道",
        "road",
        PROVINCIAL_ROAD,
        27,
        {"grade": "class2", "admin_class": "provincial", "width_m": 12.0, "land_edge_offset_m": 1.0},
    ),
    Line(
        "X861演示县道",
        "road",
        COUNTY_ROAD,
        20,
        {"grade": "class3", "admin_class": "county", "width_m": 8.5, "land_edge_offset_m": 1.0},
    ),
    Line(
        "Y101演示乡道",
        "road",
        ((-7400, 2250), (-6200, 2000), (-4900, 1750), (-3700, 2230)),
        13,
        {"grade": "class4", "admin_class": "township", "width_m": 6.5, "land_edge_offset_m": 1.0},
    ),
    Line(
        "Y102演示乡道",
        "road",
        ((-6900, -5600), (-6500, -3300), (-6650, -1500), (-6150, -330)),
        13,
        {"grade": "class4", "admin_class": "township", "width_m": 6.5, "land_edge_offset_m": 1.0},
    ),
    Line(
        "Y103演示乡道",
        "road",
        ((-2600, -5600), (-3300, -4600), (-3000, -3500), (-900, -3000)),
        13,
        {"grade": "class4", "admin_class": "township", "width_m": 6.0, "land_edge_offset_m": 1.0},
    ),
    Line(
        "Y104演示乡道",
        "road",
        ((-700, 0), (400, -900), (300, -2100), (800, -3150)),
        13,
        {"grade": "class4", "admin_class": "township", "width_m": 6.0, "land_edge_offset_m": 1.0},
    ),
    Line(
        "Y105演示乡道",
        "road",
        ((4700, 1300), (3500, 1900), (2700, 2500), (2450, 3050), (3500, 3350), (5300, 3300), (6400, 3300)),
        13,
        {"grade": "class4", "admin_class": "township", "width_m": 6.5, "land_edge_offset_m": 1.0},
    ),
    Line(
        "Y106演示乡道",
        "road",
        ((4300, -1500), (6000, -3000), (6500, -4300), (6200, -5600)),
        13,
        {"grade": "class4", "admin_class": "township", "width_m": 6.0, "land_edge_offset_m": 1.0},
    ),
    Line(
        "园区疏港大道",
        "road",
        ((-3370, -390), (-3370, -250), (-3000, 420)),
        24,
        {"grade": "urban_trunk", "width_m": 24.0},
    ),
    Line(
        "园区东进大道",
        "road",
        ((-2460, -1500), (-1900, -1480), (-1300, -1450)),
        24,
        {"grade": "urban_trunk", "width_m": 24.0},
    ),
    Line(
        "水东大道南延", "road", ((-950, 1150), (-900, 500), (-780, 20)), 24, {"grade": "urban_trunk", "width_m": 26.0}
    ),
    Line(
        "水东大道西延",
        "road",
        ((-2760, 2020), (-3200, 2000), (-3700, 2150)),
        24,
        {"grade": "urban_trunk", "width_m": 24.0},
    ),
    Line(
        "镇区连接路",
        "road",
        ((-5250, 560), (-5050, 100), (-5000, -360)),
        17,
        {"grade": "urban_secondary", "width_m": 14.0},
    ),
    Line("高新大道", "road", ((3730, -2170), (3640, -1750)), 24, {"grade": "urban_trunk", "width_m": 24.0}),
    Line(
        "高新北路",
        "road",
        ((4560, -1080), (4150, -1000), (3690, -960)),
        17,
        {"grade": "urban_secondary", "width_m": 16.0},
    ),
    Line("油库进场路", "road", ((2955, 3414), (2940, 3222)), 11, {"grade": "urban_branch", "width_m": 7.0}),
    Line(
        "老厂进场路", "road", ((2266, 3262), (2350, 3000), (2520, 2950)), 11, {"grade": "urban_branch", "width_m": 7.0}
    ),
    Line("香料厂进场路", "road", ((5312, 3660), (5330, 3318)), 11, {"grade": "urban_branch", "width_m": 7.0}),
    Line("气站进场路", "road", ((632, -642), (540, -780), (398, -850)), 11, {"grade": "urban_branch", "width_m": 7.0}),
    Line(
        "赣龙铁路演示线",
        "railway",
        ((-7400, 420), (-4800, 150), (-2200, 330), (800, 760), (3300, 560), (5200, 1150), (7400, 1500)),
        32,
        {"railway_owner": "national", "is_high_speed": False, "design_speed_kmh": 120.0, "embankment_offset_m": 6.0},
    ),
    Line(
        "赣深高铁演示线",
        "railway",
        ((2300, -5600), (1750, -2500), (1250, 0), (1450, 3000), (1150, 5600)),
        48,
        {"railway_owner": "national", "is_high_speed": True, "design_speed_kmh": 350.0, "embankment_offset_m": 7.0},
    ),
    Line(
        "220kV演示线",
        "power_line",
        ((-2050, -5600), (-2428, -2900), (-2428, -700), (-2750, 300), (-3020, 1200), (-3060, 3200), (-3000, 5600)),
        26,
        {"voltage_kv": 220.0, "tower_height_m": 42.0, "conductor_offset_m": 8.0, "position": "above_ground"},
    ),
    Line(
        "110kV演示线",
        "power_line",
        ((-2428, -2600), (300, -2500), (2600, -2650), (3200, -1800), (5600, -2050), (7400, -2300)),
        20,
        {"voltage_kv": 110.0, "tower_height_m": 30.0, "conductor_offset_m": 4.0, "position": "above_ground"},
    ),
    Line(
        "西气东输演示支线",
        "pipeline",
        ((-7400, -3300), (-2600, -3150), (500, -3700), (2600, -4300), (7400, -4350)),
        14,
        {
            "medium": "natural_gas",
            "position": "buried",
            "diameter_m": 0.813,
            "pressure_mpa": 6.3,
            "serves": "long_distance",
            "crosses_river_by": "none",
        },
    ),
    Line(
        "码头至油库成品油演示管道",
        "pipeline",
        ((3205, 4210), (3190, 4080), (3120, 3960), (3080, 3780)),
        14,
        {
            "medium": "oil",
            "position": "buried",
            "diameter_m": 0.406,
            "pressure_mpa": 4.0,
            "serves": "oil_depot",
            "crosses_river_by": "none",
        },
    ),
)


def river() -> shapely.Polygon:
    """The water between the banks, on the region plane."""
    water: shapely.Polygon = smooth(RIVER_CENTRE).buffer(RIVER_HALF_WIDTH_M, cap_style="flat", quad_segs=4)
    return water


def draw_network(sheet: Sheet, occupied: Occupied, extent: shapely.Polygon) -> None:
    """Add every line, cut to the region, and mark the ground that buildings keep clear."""
    common = {"position_source": "synthetic"}
    for side, bank in (("右岸", -1), ("左岸", 1)):
        shore = (
            smooth(RIVER_CENTRE)
            .parallel_offset(RIVER_HALF_WIDTH_M, "right" if bank < 0 else "left")
            .intersection(extent)
        )
        sheet.add(
            "linear_feature",
            shore,
            code=f"DEMO-L-W{1 if bank < 0 else 2}",
            name=f"贡江演示河段{side}岸线",
            kind="waterway",
            water_roles="yangtze_tributary",
            is_navigable=True,
            position_uncertainty_m=5.0,
            **common,
        )
    occupied.take(river(), 45.0)
    for number, line in enumerate(LINES, start=1):
        shape = smooth(line.points).intersection(extent)
        sheet.add(
            "linear_feature",
            shape,
            code=f"DEMO-L-{number:03d}",
            name=line.name_zh,
            kind=line.kind,
            position_uncertainty_m=1.0 if line.kind != "pipeline" else 2.0,
            **common,
            **line.values,
        )
        occupied.take(shape, line.keep_clear_m)
