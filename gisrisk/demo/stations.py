"""Enterprises outside the parks: oil depot, old works by the river, filling stations, gas bottling station."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import shapely

from gisrisk.demo.board import Frame, Sheet, smooth
from gisrisk.demo.districts import OLD_TOWN
from gisrisk.demo.names import Names
from gisrisk.demo.network import LINES
from gisrisk.demo.parks_layout import Plot
from gisrisk.demo.plants import add_inventory, draw_plant, tank_diameter_m
from gisrisk.demo.recipes import Building, Recipe, Tanks, rack
from gisrisk.demo.recipes_chemical import CHEMICAL

DEPOT = Recipe(
    "石油储运",
    "5941",
    "other",
    "oil_depot",
    36,
    (
        Tanks("tank_fixed_roof", "diesel", 4, 5000, 2),
        Tanks("tank_internal_floating_roof", "petrol", 2, 3000, 1),
        Tanks("tank_internal_floating_roof", "petrol", 4, 5000, 2),
        rack("汽车发油台"),
    ),
)
LPG_STATION = Recipe(
    "燃气",
    "4512",
    "other",
    "city_gas",
    14,
    (
        Tanks("lpg_tank_pressurised", "lpg", 4, 100, 4, "horizontal", 0.85, name_zh="液化石油气储罐"),
        Building(
            "lpg_cylinder_store",
            30,
            12,
            "灌瓶间与瓶库",
            (("lpg", 9.0),),
            "middle",
            height_m=6.0,
            values={"volume_m3": 20.0},
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Station:
    """A filling station: its frame (x along the street, y away from it), tanks (petrol, diesel) in m3, and grade."""

    name_zh: str
    frame: Frame
    petrol_m3: tuple[float, ...]
    diesel_m3: tuple[float, ...]
    grade: str


def beside_road(name_zh: str, along: float, side: str) -> Frame:
    """A frame beside a public road: `along` is the share of the road's length, y points away from the road."""
    line = next(line for line in LINES if line.name_zh == name_zh)
    road = smooth(line.points)
    here, ahead = road.interpolate(along, normalized=True), road.interpolate(along + 0.002, normalized=True)
    angle = math.degrees(math.atan2(ahead.y - here.y, ahead.x - here.x))
    off = line.values["width_m"] / 2 + line.values.get("land_edge_offset_m", 2.0) + 8.0
    return Frame(here.x, here.y, angle).at(0, off if side == "left" else -off, 0.0 if side == "left" else 180.0)


STATION_SIZE_M = (62.0, 46.0)
FILLING_STATIONS = (
    Station("城北", OLD_TOWN.frame.at(1500.0, -14.0, 180.0), (30.0, 30.0, 30.0), (30.0,), "2"),
    Station("国道", beside_road("G915演示国道", 0.29, "right"), (50.0, 50.0), (50.0, 50.0), "2"),
    Station("省道", beside_road("S851演示省道", 0.52, "left"), (30.0, 30.0), (30.0,), "3"),
    Station("高新", beside_road("X861演示县道", 0.62, "right"), (30.0, 30.0), (30.0, 30.0), "3"),
    Station("镇区", beside_road("镇区连接路", 0.1, "left"), (30.0, 20.0), (30.0,), "3"),
)
DEPOT_FRAME = Frame(2790.0, 3420.0, 4.0)
LPG_FRAME = Frame(560.0, -600.0, -20.0)
RIVERSIDE_FRAMES = (Frame(2080.0, 3260.0, 4.0), Frame(5200.0, 3650.0, 12.0))


def outside_plots() -> list[Plot]:
    """Plots of the plants outside the parks."""
    return [
        Plot(DEPOT_FRAME, 0, 0, 330, 330, "depot", "", "low"),
        Plot(LPG_FRAME, 0, 0, 150, 170, "lpg", "", "low"),
        Plot(RIVERSIDE_FRAMES[0], 0, 0, 230, 240, "riverside", "", "low"),
        Plot(RIVERSIDE_FRAMES[1], 0, 0, 220, 235, "riverside", "", "low"),
    ]


def station_outline(station: Station) -> shapely.Polygon:
    """The ground of a filling station on the region plane."""
    return station.frame.box(0, 0, *STATION_SIZE_M)


def draw_outside(sheet: Sheet, names: Names, first_number: int, rng: np.random.Generator) -> int:
    """Draw all enterprises outside the parks; returns the next free enterprise number."""
    number = first_number
    recipes = {"depot": DEPOT, "lpg": LPG_STATION, "riverside": CHEMICAL["riverside"]}
    for plot in outside_plots():
        recipe = recipes[plot.recipe]
        site = draw_plant(plot, recipe, f"DEMO-E{number:03d}", names.company(recipe.title_zh), sheet, rng)
        site["park_code"] = None
        number += 1
    for station in FILLING_STATIONS:
        _draw_station(station, f"DEMO-E{number:03d}", sheet, rng)
        number += 1
    return number


def _draw_station(station: Station, code: str, sheet: Sheet, rng: np.random.Generator) -> None:
    frame, outline = station.frame, station_outline(station)
    name = f"{station.name_zh}加油站(演示)"
    common = {
        "site_code": code,
        "site_regime": "vehicle_station",
        "project_stage": "existing",
        "position_source": "synthetic",
        "position_uncertainty_m": 0.5,
        "commissioned_on": f"{int(rng.integers(2008, 2022))}-06-01",
    }
    sheet.add(
        "enterprise_site",
        outline,
        code=code,
        name=name,
        industry_code="5265",
        status="operating",
        built_on="2010-05-01",
        staff=12,
        owner="演示单位",
        site_regime="vehicle_station",
        plant_kind="other",
        project_stage="existing",
        shift_persons=5,
        is_hazchem_enterprise=True,
        position_source="synthetic",
        position_uncertainty_m=0.5,
    )
    sheet.add(
        "hazard_source",
        outline,
        code=f"{code}-S01",
        name=name,
        facility_type="vehicle_filling_station",
        station_grade=station.grade,
        station_services="petrol;diesel",
        petrol_volume_m3=sum(station.petrol_m3),
        diesel_volume_m3=sum(station.diesel_m3),
        **common,
    )
    tanks = [("petrol", "汽油", v) for v in station.petrol_m3] + [("diesel", "柴油", v) for v in station.diesel_m3]
    for index, (fuel, label, volume) in enumerate(tanks):
        source = f"{code}-S{index + 2:02d}"
        diameter = tank_diameter_m(Tanks("fs_fuel_tank", fuel, 1, volume, storage_form="horizontal"))
        sheet.add(
            "hazard_source",
            frame.circle(12 + 9 * index, 33, diameter),
            code=source,
            name=f"{label}埋地罐{index + 1}",
            facility_type="fs_fuel_tank",
            fuel=fuel,
            volume_m3=volume,
            station_grade=station.grade,
            diameter_m=diameter,
            storage_form="horizontal",
            group_code=f"{code}-G1",
            **common,
        )
        add_inventory(sheet, source, fuel, round(volume * (0.74 if fuel == "petrol" else 0.84) * 0.9, 1))
    for index in range(2):
        sheet.add(
            "hazard_source",
            frame.point(20 + 20 * index, 14),
            code=f"{code}-S{len(tanks) + 2 + index:02d}",
            name=f"加油机{index + 1}",
            facility_type="fs_fuel_dispenser",
            fuel="petrol",
            equipment_kind="dispenser",
            **common,
        )
    sheet.add(
        "protected_target",
        frame.box(48, 22, 11, 18),
        code=f"{code}-T01",
        name=f"{name}站房",
        target_type="shop_mall",
        floor_area_m2=198.0,
        is_complex=False,
        height_m=4.5,
        storeys=1,
        fire_resistance_grade=2,
        position_source="synthetic",
        position_uncertainty_m=0.5,
    )
