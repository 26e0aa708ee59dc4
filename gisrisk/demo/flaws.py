"""Deliberate faults inside the plants: late buildings against the fence, cells and stocks that nobody wrote down.

Everything else in the demo is drawn with proper spacing; what is wrong is wrong on purpose, here and in `near_plants`.
"""

from __future__ import annotations

import numpy as np
import shapely

from gisrisk.demo.board import Row, Sheet
from gisrisk.demo.plants import add_inventory
from gisrisk.demo.substances import UNKNOWN_MIXTURE


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
                for layer in ("hazard_source", "protected_target", "linear_feature")
                for row in sheet.of(layer)
                if row["code"].startswith(site["code"])
            ]
        )
        spots = [
            plot.frame.box(plot.x + x, plot.y + along, w, d) for along in np.arange(26.0, plot.depth_m - d - 26.0, 2.0)
        ]
        shape = max(spots, key=lambda spot: round(min(float(spot.distance(standing)), 24.5), 3))
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


def forget(sheet: Sheet, rng: np.random.Generator) -> None:
    """Empty cells and lost rows in the hazard sources: grades, classes, exact positions, and stocks of a few plants."""
    sources = sheet.of("hazard_source")
    in_parks = {row["code"] for row in sheet.of("enterprise_site") if row.get("park_code")}
    for row in sources:
        if row.get("fire_resistance_grade") is not None and rng.random() < 0.05:
            row["fire_resistance_grade"] = None
        if row.get("handles_flammable_vapour") is not None and rng.random() < 0.08:
            row["handles_flammable_vapour"] = None
        if rng.random() < 0.025:
            row["position_uncertainty_m"] = 20.0
    by_site: dict[str, list[str]] = {}
    for row in sources:
        if row["site_code"] in in_parks and row["facility_type"].startswith(
            ("tank_fixed", "warehouse_jia", "workshop_jia")
        ):
            by_site.setdefault(row["site_code"], []).append(row["code"])
    poor = [str(code) for code in rng.choice(sorted(by_site), size=5, replace=False)]
    for index, site in enumerate(poor):
        source = str(rng.choice(by_site[site]))
        stocks = [row for row in sheet.of("inventory") if row["source_code"] == source]
        if index % 2 == 0:
            sheet.rows["inventory"] = [row for row in sheet.of("inventory") if row["source_code"] != source]
        elif stocks:
            stocks[0] |= {"substance": UNKNOWN_MIXTURE, "cas": None, "ghs_class": None, "boiling_point_c": None}
    for row in [row for row in sources if row["facility_type"] == "tank_fixed_roof" and row["site_code"] == poor[0]]:
        row["fire_hazard_class"] = row["liquid_class"] = None
