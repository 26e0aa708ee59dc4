"""Deliberate faults: the short distances, late buildings and empty cells that a real region has.

Everything else in the demo is drawn with proper spacing; what is wrong is wrong here, on purpose and by name.
"""

from __future__ import annotations

import numpy as np
import shapely

from gisrisk.demo.board import Board, Frame, Occupied, Row, Sheet
from gisrisk.demo.network import river
from gisrisk.demo.plants import add_inventory
from gisrisk.demo.targets import TargetWriter


def late_buildings(sheet: Sheet, sites: list[Row]) -> list[Row]:
    """Stores and sheds put up later against the fence at the park's edge; returns the new hazard sources.

    Each takes the first spot along the fence that is well clear of what stands in the plant.
    """
    added: list[Row] = []
    by_kind = {(site["kind_of_plant"], site["number_of_kind"]): site for site in sites}
    for kind, number, facility_type, label, w, d, x, stock in (
        ("dyes", 1, "workshop_jia", "加氢车间(后建)", 26.0, 16.0, 4.0, ("methanol", 3.0)),
        ("rare_earth", 1, "warehouse_jia_1256", "有机溶剂库(后建)", 18.0, 12.0, 3.0, ("acetone", 14.0)),
        ("pharma", 1, "warehouse_jia_1256", "回收溶剂库(后建)", 20.0, 12.0, 3.5, ("acetone", 11.0)),
        ("chlor_alkali", 1, "warehouse_jia_1256", "油品库(后建)", 20.0, 12.0, 3.0, ("toluene", 12.0)),
    ):
        site = by_kind.get((kind, number))
        if site is None:
            continue
        plot = site["plot"]
        standing = shapely.union_all(
            [
                row["geometry"]
                for layer in ("hazard_source", "protected_target")
                for row in sheet.of(layer)
                if row["code"].startswith(site["code"])
            ]
        )
        spots = [
            plot.frame.box(plot.x + x, plot.y + along, w, d) for along in np.arange(4.0, plot.depth_m - d - 4.0, 2.0)
        ]
        shape = max(spots, key=lambda spot: round(min(float(spot.distance(standing)), 16.5), 3))
        number_of_source = sum(row["site_code"] == site["code"] for row in sheet.of("hazard_source")) + 1
        code = f"{site['code']}-S{number_of_source:02d}"
        added.append(
            sheet.add(
                "hazard_source",
                shape,
                code=code,
                name=label,
                site_code=site["code"],
                facility_type=facility_type,
                commissioned_on="2024-03-15",
                site_regime=site["site_regime"],
                project_stage="expanded",
                fire_resistance_grade=2,
                height_m=8.0,
                storeys=1,
                position_source="synthetic",
                position_uncertainty_m=0.5,
                **({"handles_flammable_vapour": True} if facility_type == "workshop_jia" else {}),
            )
        )
        add_inventory(sheet, code, *stock)
    return added


def homes_too_near(writer: TargetWriter, sources: list[Row], occupied: Occupied) -> None:
    """Farmhouses outside the fence beside the late buildings: some too near, some a few metres beyond the limit."""
    gaps = ((19.5, 23.0, 41.0), (24.2, 33.0), (27.8, 31.5), (22.0,))
    for source, distances in zip(sources, gaps, strict=False):
        west = source["geometry"].bounds[0]
        y = source["geometry"].centroid.y
        for index, gap in enumerate(distances):
            shape = shapely.box(west - gap - 12.0, y - 9 + 16 * index, west - gap, y + 1 + 16 * index)
            occupied.take(shape)
            writer.add(
                shape,
                "village",
                f"园边散户{writer.number}",
                2,
                households=1,
                population=4,
                largest_building_floor_area_m2=240.0,
                height_m=7.2,
                fire_resistance_grade=3,
                position_uncertainty_m=0.5,
            )


def settlements_near_outside_plants(
    writer: TargetWriter, occupied: Occupied, anchors: dict[str, shapely.Polygon]
) -> None:
    """People near the oil depot, the gas station and the old works, at chosen distances from the fence [m]."""
    for anchor, side, gap, along, w, d, target_type, label, storeys, values in (
        (
            "depot",
            "east",
            36.0,
            40.0,
            90.0,
            70.0,
            "village",
            "油库东侧自然村",
            3,
            {"households": 34, "population": 118, "largest_building_floor_area_m2": 360.0},
        ),
        (
            "depot",
            "east",
            52.0,
            190.0,
            70.0,
            60.0,
            "village",
            "油库东北自然村",
            3,
            {"households": 21, "population": 71, "largest_building_floor_area_m2": 300.0},
        ),
        (
            "depot",
            "south",
            30.0,
            120.0,
            60.0,
            14.0,
            "staff_dormitory",
            "油库职工宿舍",
            4,
            {"households": 40, "population": 96, "floor_area_m2": 3360.0},
        ),
        (
            "lpg",
            "east",
            26.0,
            20.0,
            70.0,
            60.0,
            "village",
            "气站东侧自然村",
            2,
            {"households": 19, "population": 66, "largest_building_floor_area_m2": 260.0},
        ),
        (
            "lpg",
            "north",
            31.0,
            30.0,
            60.0,
            46.0,
            "school",
            "气站北侧教学点",
            2,
            {"population": 86, "floor_area_m2": 900.0},
        ),
        (
            "lpg",
            "west",
            12.0,
            60.0,
            18.0,
            12.0,
            "shop_mall",
            "气站西侧饭店",
            2,
            {"floor_area_m2": 432.0, "is_complex": False},
        ),
        (
            "riverside1",
            "west",
            9.0,
            150.0,
            60.0,
            50.0,
            "village",
            "江边老村",
            2,
            {"households": 24, "population": 83, "largest_building_floor_area_m2": 240.0},
        ),
        (
            "riverside1",
            "south",
            14.0,
            60.0,
            70.0,
            40.0,
            "village",
            "老厂门口村",
            2,
            {"households": 12, "population": 39, "largest_building_floor_area_m2": 240.0},
        ),
        (
            "riverside2",
            "west",
            11.0,
            150.0,
            60.0,
            50.0,
            "village",
            "下游自然村",
            2,
            {"households": 15, "population": 52, "largest_building_floor_area_m2": None},
        ),
    ):
        x0, y0, x1, y1 = anchors[anchor].bounds
        corner = {
            "east": (x1 + gap, y0 + along),
            "west": (x0 - gap - w, y0 + along),
            "south": (x0 + along, y0 - gap - d),
            "north": (x0 + along, y1 + gap),
        }[str(side)]
        shape = shapely.box(corner[0], corner[1], corner[0] + w, corner[1] + d)
        occupied.take(shape)
        writer.add(shape, str(target_type), str(label), int(storeys), position_uncertainty_m=1.0, **values)


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


def forget(sheet: Sheet, rng: np.random.Generator) -> None:
    """Empty cells and lost rows in the hazard sources: classes, grades, volumes and stocks that nobody wrote down."""
    sources = sheet.of("hazard_source")
    for row in sources:
        if row.get("fire_resistance_grade") is not None and rng.random() < 0.06:
            row["fire_resistance_grade"] = None
        if row["facility_type"].startswith("tank_") and rng.random() < 0.02:
            row["fire_hazard_class"] = row["liquid_class"] = None
        if row.get("handles_flammable_vapour") is not None and rng.random() < 0.08:
            row["handles_flammable_vapour"] = None
        if rng.random() < 0.05:
            row["position_uncertainty_m"] = 20.0
    stocked = [
        row["code"] for row in sources if row["facility_type"].startswith(("tank_", "warehouse_jia", "workshop_jia"))
    ]
    lost = {str(code) for code in rng.choice(stocked, size=7, replace=False)}
    sheet.rows["inventory"] = [row for row in sheet.of("inventory") if row["source_code"] not in lost]
    unclassed = [row for row in sheet.of("inventory") if row["ghs_class"] in ("flam_liq_2", "flam_liq_3", "flam_sol_1")]
    for index in rng.choice(len(unclassed), size=4, replace=False):
        unclassed[int(index)]["ghs_class"] = None
        unclassed[int(index)]["cas"] = None
        unclassed[int(index)]["substance"] = "回收混合溶剂(组成不明)"
