"""A small town around the origin of `drawn`: one county, one park, one plant, a village, a road."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
from drawn import across, block, frame, inventory, open_flame, point

from gisrisk.store import Store


def put(store: Store, layer: str, content: pd.DataFrame) -> None:
    """Rows into the store, without what only the store's own rows have."""
    store.write_batch(layer, content.drop(columns="recorded_at"), file=f"{layer}.gpkg", sha256="0" * 64)


def town() -> dict[str, pd.DataFrame]:
    """Every layer has a row, and the county reaches 12 km around: farther than any rule asks."""
    county = {"code": "360702", "name": "甲县", "level": "county", "geometry": block(-12000, 12000, half_m=12000)}
    park = {
        "code": "P1", "name": "甲园区", "kind": "chemical_park", "approved_on": date(2020, 1, 1),
        "approval_expires": date(2030, 1, 1), "geometry": block(2000, 3000, half_m=500),
    }  # fmt: skip
    plant = {
        "code": "E1", "name": "甲厂", "site_regime": "general_industry", "plant_kind": "other",
        "project_stage": "existing", "is_hazchem_enterprise": False, "status": "operating",
        "geometry": block(-60, 5, half_m=60),
    }  # fmt: skip
    workshop: dict[str, Any] = {
        "code": "W1", "name": "甲类厂房", "site_code": "E1", "facility_type": "workshop_jia",
        "project_stage": "existing", "site_regime": "general_industry", "geometry": block(-20, 0),
    }  # fmt: skip
    targets = [
        open_flame(10, "F1"),
        {
            "code": "V1",
            "name": "乙村",
            "target_type": "village",
            "population": 300.0,
            "geometry": block(900, 1000, half_m=50),
        },
        {"code": "X1", "name": "丙电台", "target_type": "open_flame_point", "population": 4.0, "geometry": point(-900)},
    ]  # fmt: skip
    return {
        "admin_area": frame("admin_area", county),
        "park": frame("park", park),
        "enterprise_site": frame("enterprise_site", plant),
        "hazard_source": frame("hazard_source", workshop),
        "inventory": inventory(("W1", "甲醇", 1.0)),
        "protected_target": frame("protected_target", *targets),
        "dense_area": frame("dense_area", {"code": "D1", "name": "丁区", "geometry": block(4000, 5000, half_m=500)}),
        "linear_feature": frame(
            "linear_feature",
            {"code": "L1", "name": "乙路", "kind": "road", "grade": "class2", "width_m": 8.0, "geometry": across(1500)},
        ),
    }


def fill(store: Store) -> None:
    for layer, rows in town().items():
        put(store, layer, rows)
