"""Fills a plot with a plant: fence, gate side with offices, production in the middle, stores and tanks at the rear.

Shapes keep the spacing that a designer would give them; the few that do not are made so on purpose in
`gisrisk.demo.flaws`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gisrisk.demo.board import Frame, Row, Sheet
from gisrisk.demo.parks_layout import Plot
from gisrisk.demo.recipes import Building, Recipe, Tanks
from gisrisk.demo.substances import SUBSTANCES

SETBACK_M = 16.0
"""Fence to the first building: ring road and green belt [m]."""
_GAP_M = {"front": 16.0, "middle": 27.0, "rear": 34.0}
_TALL = {"sphere": 1.0, "horizontal": 0.25, "vertical": 1.05}


@dataclass(frozen=True, slots=True)
class Placed:
    """An item with its lower left corner and size in the plant's own frame [m]."""

    item: Tanks | Building
    x: float
    y: float
    width_m: float
    depth_m: float


def tank_diameter_m(tanks: Tanks) -> float:
    """Outer diameter of one tank of the group [m], rounded to 0.1 m: a sphere, a bullet drawn round, or a cylinder."""
    volume = tanks.volume_m3
    if tanks.storage_form == "sphere":
        return round(float((6 * volume / math.pi) ** (1 / 3)), 1)
    if tanks.storage_form == "horizontal":
        return round(float((4 * volume / (math.pi * 4)) ** (1 / 3) * 1.6), 1)
    slenderness = 1.25 if volume <= 200 else 1.0 if volume <= 1000 else 0.8
    return round(float((4 * volume / (math.pi * slenderness)) ** (1 / 3)), 1)


def group_size_m(tanks: Tanks) -> tuple[float, float]:
    """Width and depth of the bund of a tank group [m]."""
    diameter = tank_diameter_m(tanks)
    columns = min(tanks.columns, tanks.count)
    rows = math.ceil(tanks.count / columns)
    apart, margin = max(1.5, 0.8 * diameter), max(3.0, 0.5 * diameter)
    return (
        columns * diameter + (columns - 1) * apart + 2 * margin,
        rows * diameter + (rows - 1) * apart + 2 * margin,
    )


def pack(
    items: Sequence[Tanks | Building], width_m: float, x0: float, y0: float, gap_m: float
) -> tuple[list[Placed], float]:
    """Place items in rows from the lower left; the spare width of a row is shared among its gaps.

    Returns
    -------
    list of Placed, float
        The items, and the y at which the last row ends [m] (`y0` when there are none).
    """
    rows: list[list[tuple[Tanks | Building, float, float]]] = []
    used = 0.0
    for item in items:
        w, d = group_size_m(item) if isinstance(item, Tanks) else (item.width_m, item.depth_m)
        if not rows or used + gap_m + w > width_m:
            rows.append([])
            used = -gap_m
        rows[-1].append((item, w, d))
        used += gap_m + w
    placed: list[Placed] = []
    y = y0
    for row in rows:
        spare = width_m - sum(w for _, w, _ in row) - gap_m * (len(row) - 1)
        gap = gap_m + min(spare / max(len(row), 1), 2.2 * gap_m)
        x = x0 + (min(spare, gap_m) / 4 if len(row) > 1 else spare * 0.3)
        deepest = max(d for _, _, d in row)
        for item, w, d in row:
            placed.append(Placed(item, x, y + (deepest - d) / 2, w, d))
            x += w + gap
        y += deepest + gap_m
    return placed, (y - gap_m if rows else y0)


def draw_plant(plot: Plot, recipe: Recipe, code: str, name: str, sheet: Sheet, rng: np.random.Generator) -> Row:
    """Draw one enterprise on its plot: site, hazard sources, inventories, its own buildings and roads.

    Returns
    -------
    dict
        The row of the enterprise site, for later edits.
    """
    frame, setback = plot.own_frame(), SETBACK_M + (22.0 if recipe.site_regime == "petrochemical" else 0.0)
    built = int(rng.integers(2005, 2024))
    site = sheet.add(
        "enterprise_site",
        plot.outline,
        code=code,
        name=name,
        industry_code=recipe.industry_code,
        status="operating",
        park_code=plot.park_code,
        built_on=f"{built}-{int(rng.integers(1, 13)):02d}-01",
        staff=int(recipe.shift_persons * rng.uniform(1.8, 3.2)),
        owner="演示单位",
        site_regime=recipe.site_regime,
        plant_kind=recipe.plant_kind,
        project_stage="existing",
        shift_persons=recipe.shift_persons,
        is_hazchem_enterprise=recipe.is_hazchem,
        position_source="synthetic",
        position_uncertainty_m=float(rng.choice([0.5, 0.5, 1.0, 2.0])),
    )
    width = plot.width_m - 2 * setback
    zones: dict[str, list[Tanks | Building]] = {"front": [], "middle": [], "rear": [], "flare": []}
    for item in recipe.items:
        zones[item.zone].append(item)
    zones["front"].insert(
        0, Building("@office", min(52.0, width * 0.4), 15, "综合楼", zone="front", height_m=15.0, storeys=4)
    )
    halls = [_hall(recipe, number, width, plot.depth_m, rng) for number in range(recipe.utility_buildings)]
    (zones["middle"] if recipe.is_hazchem else zones["front"]).extend(halls)
    _lay_out(frame, plot, zones, setback, width, site, recipe, sheet, rng)
    if recipe.flame_at is not None:
        sheet.add(
            "protected_target",
            frame.point(plot.width_m * recipe.flame_at[0], plot.depth_m * recipe.flame_at[1]),
            code=f"{code}-T90",
            name=f"{name}加热炉(明火)",
            target_type="open_flame_point",
            flame_kind="open_flame",
            position_source="synthetic",
            position_uncertainty_m=1.0,
        )
    return site


def _hall(recipe: Recipe, number: int, width: float, depth: float, rng: np.random.Generator) -> Building:
    if recipe.is_hazchem:
        return Building("@utility", 32, 15, ("公用工程房", "五金与备件库", "污水预处理站")[number % 3], height_m=8.0)
    size = width * float(rng.uniform(0.36, 0.45))
    return Building(
        "@hall",
        size,
        depth * float(rng.uniform(0.135, 0.165)),
        f"{number + 1}号厂房",
        height_m=11.0,
        storeys=int(rng.integers(1, 4)),
    )


def _lay_out(
    frame: Frame,
    plot: Plot,
    zones: dict[str, list[Tanks | Building]],
    setback: float,
    width: float,
    site: Row,
    recipe: Recipe,
    sheet: Sheet,
    rng: np.random.Generator,
) -> None:
    between, least = (38.0, 30.0) if recipe.is_hazchem else (24.0, 12.0)
    _, front_end = pack(zones["front"], width, setback, setback, _GAP_M["front"])
    _, middle_end = pack(zones["middle"], width, setback, front_end + between, _GAP_M["middle"])
    _, rear_end = pack(zones["rear"], width, setback, middle_end + between, _GAP_M["rear"])
    spare = plot.depth_m - setback - rear_end
    if spare < 0:
        between = max(least, between + (spare - 2.0) / 2)
    else:
        between += min(spare / 2, 95.0 if recipe.site_regime == "petrochemical" else 30.0)
    front, front_end = pack(zones["front"], width, setback, setback, _GAP_M["front"])
    middle, middle_end = pack(zones["middle"], width, setback, front_end + between, _GAP_M["middle"])
    rear, rear_end = pack(zones["rear"], width, setback, middle_end + between, _GAP_M["rear"])
    if rear_end > plot.depth_m - 6.0:
        raise ValueError(
            f"{site['code']}: {recipe.title_zh} needs {rear_end:.0f} m of depth, the plot has {plot.depth_m:.0f} m"
        )
    counter = {"source": 0, "target": 0, "group": 0}
    for placed in [*front, *middle, *rear]:
        if isinstance(placed.item, Tanks):
            _draw_tanks(frame, placed, placed.item, site, sheet, counter, rng)
        elif placed.item.facility_type.startswith("@"):
            _draw_own_building(frame, placed, placed.item, site, recipe, sheet, counter, rng)
        else:
            _draw_building(frame, placed, placed.item, site, sheet, counter, rng)
    for item in zones["flare"]:
        if isinstance(item, Building):
            counter["source"] += 1
            spot = frame.point(plot.width_m - 45, plot.depth_m - 45)
            sheet.add("hazard_source", spot, **_source_values(item, site, counter["source"], rng), **item.values)
    if recipe.is_hazchem:
        roads = ((front_end + between / 2, "main"), (middle_end + between / 2, "minor"))
        for number, (y, grade) in enumerate(roads, start=1):
            line = frame.line([(setback / 2, y), (plot.width_m - setback / 2, y)])
            sheet.add(
                "linear_feature",
                line,
                code=f"{site['code']}-R{number}",
                name=f"{site['name']}厂内道路{number}",
                kind="road",
                grade=grade,
                width_m=7.0 if grade == "main" else 4.0,
                in_park=True,
                position_source="synthetic",
                position_uncertainty_m=0.5,
            )


def _source_values(
    item: Tanks | Building, site: Row, number: int, rng: np.random.Generator, **more: Any
) -> dict[str, Any]:
    year = int(str(site["built_on"])[:4]) + int(rng.integers(0, 2))
    values: dict[str, Any] = {
        "code": f"{site['code']}-S{number:02d}",
        "name": item.name_zh,
        "site_code": site["code"],
        "facility_type": item.facility_type,
        "commissioned_on": f"{min(year, 2024)}-{int(rng.integers(1, 13)):02d}-15",
        "site_regime": site["site_regime"],
        "project_stage": site["project_stage"],
        "position_source": "synthetic",
        "position_uncertainty_m": float(rng.choice([0.5, 0.5, 1.0, 2.0])),
    }
    if isinstance(item, Building):
        values |= {"height_m": item.height_m, "fire_resistance_grade": item.grade}
        if item.facility_type.startswith(("workshop", "warehouse")):
            values["storeys"] = item.storeys
    return values | more


def _draw_building(
    frame: Frame,
    placed: Placed,
    item: Building,
    site: Row,
    sheet: Sheet,
    counter: dict[str, int],
    rng: np.random.Generator,
) -> None:
    counter["source"] += 1
    values = _source_values(item, site, counter["source"], rng) | item.values
    if item.facility_type == "loading_facility":
        values["fire_hazard_class"] = "bing" if str(item.values["liquid_class"]).startswith("bing") else "jia"
    sheet.add("hazard_source", frame.box(placed.x, placed.y, placed.width_m, placed.depth_m), **values)
    is_unit, is_workshop = (item.facility_type.startswith(kind) for kind in ("process_unit", "workshop"))
    for substance, tonnes in item.stock:
        add_inventory(sheet, values["code"], substance, tonnes, True if is_unit else False if is_workshop else None)


def _draw_tanks(
    frame: Frame,
    placed: Placed,
    tanks: Tanks,
    site: Row,
    sheet: Sheet,
    counter: dict[str, int],
    rng: np.random.Generator,
) -> None:
    counter["group"] += 1
    substance = SUBSTANCES[tanks.substance]
    diameter = tank_diameter_m(tanks)
    columns = min(tanks.columns, tanks.count)
    apart, margin = max(1.5, 0.8 * diameter), max(3.0, 0.5 * diameter)
    for number in range(tanks.count):
        counter["source"] += 1
        x = placed.x + margin + diameter / 2 + (number % columns) * (diameter + apart)
        y = placed.y + margin + diameter / 2 + (number // columns) * (diameter + apart)
        label = tanks.name_zh if tanks.name_zh != "储罐" else f"{substance.name_zh}储罐"
        values = _source_values(tanks, site, counter["source"], rng) | {
            "name": f"{label}V-{counter['group']}{number + 1:02d}",
            "volume_m3": tanks.volume_m3,
            "diameter_m": diameter,
            "storage_form": tanks.storage_form,
            "group_code": f"{site['code']}-G{counter['group']}",
            "medium": substance.name_zh,
            "fire_hazard_class": substance.fire_hazard_class,
            "liquid_class": substance.liquid_class,
            "pressure_mpa": substance.pressure_mpa or None,
            "height_m": round(diameter * _TALL.get(str(tanks.storage_form), 1.0), 1),
        }
        sheet.add("hazard_source", frame.circle(x, y, diameter), **(values | tanks.values))
        quantity = tanks.volume_m3 * substance.density_t_m3 * tanks.fill
        add_inventory(sheet, values["code"], tanks.substance, round(quantity, 2 if quantity < 10 else 1))


def add_inventory(
    sheet: Sheet, source_code: str, substance: str, quantity_t: float, special_process: bool | None = None
) -> None:
    """One stock of a source [t]; `special_process`: held under conditions that can start a major accident."""
    s = SUBSTANCES[substance]
    sheet.add(
        "inventory",
        source_code=source_code,
        cas=s.cas,
        substance=s.name_zh,
        ghs_class=s.ghs_class,
        quantity_t=quantity_t,
        temperature_c=s.temperature_c,
        pressure_mpa=s.pressure_mpa,
        state=s.state,
        boiling_point_c=s.boiling_point_c,
        special_process=special_process,
        position_source="synthetic",
    )


def _draw_own_building(
    frame: Frame,
    placed: Placed,
    item: Building,
    site: Row,
    recipe: Recipe,
    sheet: Sheet,
    counter: dict[str, int],
    rng: np.random.Generator,
) -> None:
    """Offices, halls and utility buildings of the plant itself: protected targets, no hazard sources."""
    counter["target"] += 1
    area = round(placed.width_m * placed.depth_m * item.storeys)
    values: dict[str, Any] = {
        "code": f"{site['code']}-T{counter['target']:02d}",
        "name": f"{site['name']}{item.name_zh}",
        "floor_area_m2": area,
        "height_m": item.height_m,
        "storeys": item.storeys,
        "fire_resistance_grade": 2,
        "position_source": "synthetic",
        "position_uncertainty_m": float(rng.choice([0.5, 1.0, 2.0])),
        "built_on": site["built_on"],
    }
    if item.facility_type == "@office":
        values |= {
            "target_type": "business_office",
            "office_kind": "other",
            "declared_important": False,
            "population": max(8, recipe.shift_persons // 3),
        }
    else:
        labour = recipe.title_zh in ("服装", "电子科技")
        persons = (
            4 if item.facility_type == "@utility" else max(10, recipe.shift_persons // max(recipe.utility_buildings, 1))
        )
        values |= {
            "target_type": "industrial_building",
            "fire_hazard_class": "bing" if labour else "ding",
            "shift_persons": persons,
            "is_labour_intensive": labour,
        }
    sheet.add("protected_target", frame.box(placed.x, placed.y, placed.width_m, placed.depth_m), **values)
