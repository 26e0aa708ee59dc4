"""The whole region, put together: lines first, then parks and plants, towns and villages, and last the faults."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from gisrisk.demo.board import Board, Occupied, Row, Sheet
from gisrisk.demo.city import draw_district
from gisrisk.demo.districts import DISTRICTS
from gisrisk.demo.flaws import forget, late_buildings
from gisrisk.demo.names import Names
from gisrisk.demo.near_plants import homes_too_near, houses_in_protection_strips, settlements_near_plants
from gisrisk.demo.network import draw_network, river
from gisrisk.demo.parks_layout import PLANS, draw_park, park_outline, plots, yards
from gisrisk.demo.plants import draw_plant
from gisrisk.demo.recipes_chemical import CHEMICAL
from gisrisk.demo.recipes_industrial import INDUSTRIAL
from gisrisk.demo.stations import FILLING_STATIONS, STATION_SIZE_M, draw_outside, outside_plots, station_outline
from gisrisk.demo.targets import TargetWriter
from gisrisk.demo.villages import draw_farmsteads, draw_fields_and_services, draw_villages

BOARD = Board(lon=115.02, lat=25.795, angle_deg=9.0, half_width_m=7000.0, half_height_m=5400.0)
VILLAGES = 104
FARMSTEADS = 250


@dataclass(frozen=True, slots=True)
class Region:
    """Everything drawn, on the region plane: rows by layer, homes with their residents, ground without any."""

    sheet: Sheet
    homes: list[tuple[BaseGeometry, int]]
    uninhabited: BaseGeometry


def draw_region(seed: int) -> Region:
    """Draw the demo region.

    Parameters
    ----------
    seed : int
        The same seed gives the same region, coordinate by coordinate.

    Returns
    -------
    Region
    """

    def chance(part: int) -> np.random.Generator:
        """Each part draws from its own stream, so that a change of one leaves the others alone."""
        return np.random.default_rng([seed, part])

    sheet, occupied, names = Sheet(), Occupied(), Names(chance(0))
    writer = TargetWriter(sheet, chance(1))
    draw_network(sheet, occupied, BOARD.extent)
    sites = _draw_parks(sheet, occupied, writer, names, chance(2))
    number = draw_outside(sheet, names, len(sites) + 1, chance(3))
    if number - 1 != len(sheet.of("enterprise_site")):
        raise ValueError("enterprise numbers have a gap")
    outside = outside_plots()
    occupied.take([plot.outline for plot in outside], 12.0)
    occupied.take([station_outline(station) for station in FILLING_STATIONS], 1.0)
    late = late_buildings(sheet, sites)
    homes_too_near(writer, late, occupied)
    anchors = {"depot": outside[0], "lpg": outside[1], "riverside1": outside[2], "riverside2": outside[3]}
    grounds = {name: (plot.own_frame(), plot.width_m, plot.depth_m) for name, plot in anchors.items()}
    grounds |= {f"station{index}": (s.frame, *STATION_SIZE_M) for index, s in enumerate(FILLING_STATIONS)}
    settlements_near_plants(writer, occupied, grounds)
    occupied.take([plot.outline for plot in outside], 130.0)
    draw_fields_and_services(writer, occupied, chance(4))
    for index, district in enumerate(DISTRICTS):
        draw_district(district, writer, occupied, names, chance(10 + index))
        occupied.take(sheet.of("dense_area")[-1]["geometry"], 30.0)
    draw_villages(VILLAGES, writer, occupied, BOARD, names, chance(5))
    draw_farmsteads(FARMSTEADS, sheet, writer, occupied, BOARD, chance(6))
    strips = {"county": 16, "township": 14, "provincial": 7, "power_line": 6, "pipeline": 5, "railway": 4}
    houses_in_protection_strips(strips, sheet, writer, occupied, BOARD, chance(7))
    forget(sheet, chance(8))
    _change_stages(sheet)
    plots_ground = shapely.union_all(
        [*sheet.geometries("enterprise_site"), *[p.buffer(300.0) for p in sheet.geometries("park")], river()]
    )
    return Region(sheet, writer.residents, plots_ground)


def _draw_parks(
    sheet: Sheet, occupied: Occupied, writer: TargetWriter, names: Names, rng: np.random.Generator
) -> list[Row]:
    sites: list[Row] = []
    seen: dict[str, int] = {}
    for plan in PLANS:
        draw_park(plan, sheet)
        for plot in plots(plan):
            recipe = (CHEMICAL if plan.kind == "chemical_park" else INDUSTRIAL)[plot.recipe]
            seen[plot.recipe] = seen.get(plot.recipe, 0) + 1
            site = draw_plant(plot, recipe, f"DEMO-E{len(sites) + 1:03d}", names.company(recipe.title_zh), sheet, rng)
            sites.append({**site, "plot": plot, "kind_of_plant": plot.recipe, "number_of_kind": seen[plot.recipe]})
        for name, ground in yards(plan):
            x0, y0, x1, _ = ground.bounds
            building = shapely.box(x0 + 30, y0 + 40, x0 + 30 + min(70, (x1 - x0) / 3), y0 + 60)
            if "停车场" in name:
                writer.add(ground, "parking", name, None, vehicle_spaces=160, is_indoor=False)
            else:
                writer.add(building, "important_facility", name, 3, population=40)
        occupied.take(park_outline(plan), 330.0 if plan.kind == "chemical_park" else 60.0)
    return sites


def _change_stages(sheet: Sheet) -> None:
    """A few sites are not as they were: one is being enlarged near the river, one is planned, one has stopped."""
    sites = sheet.of("enterprise_site")
    outside = [site for site in sites if site.get("park_code") is None]
    stages = {
        outside[2]["code"]: ("operating", "expanded"),
        sites[8]["code"]: ("building", "new"),
        sites[20]["code"]: ("stopped", "existing"),
    }
    for site in sites:
        if site["code"] in stages:
            site["status"], site["project_stage"] = stages[site["code"]]
    for source in sheet.of("hazard_source"):
        if source["site_code"] in stages and source["project_stage"] == "existing":
            source["project_stage"] = stages[source["site_code"]][1]
