"""One way to write a protected target: numbers its code, fills what a survey knows, and leaves some cells empty.

The shares of empty cells are those of a fair cadastre: nearly every building has an area and storeys, one in twenty has
no fire-resistance grade on record. The true number of residents is kept aside for the population raster, which a
census fills even where the cadastre has a gap.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from shapely.geometry.base import BaseGeometry

from gisrisk.demo.board import Row, Sheet

RESIDENTIAL = ("residential_quarter", "residential_building", "village", "staff_dormitory")
_SHARE_EMPTY = {
    "fire_resistance_grade": 0.05,
    "height_m": 0.015,
    "population": 0.02,
    "built_on": 0.25,
    "declared_important": 0.03,
}
_MAY_BE_DECLARED = frozenset(
    [
        "kindergarten",
        "school",
        "university",
        "training_institution",
        "hospital",
        "clinic",
        "nursing_home",
        "cultural_activity_centre",
        "library_museum",
        "heritage_site",
        "religious_site",
        "sports_venue",
        "entertainment_venue",
        "government_office",
        "business_office",
        "shop_mall",
        "market",
        "hotel",
        "utility_outlet",
        "passenger_station",
        "parking",
        "park_square",
        "prison",
        "broadcast_station",
    ]
)
_STOREY_M = {"residential_building": 3.0, "village": 3.3, "residential_quarter": 3.1, "staff_dormitory": 3.2}


@dataclass(slots=True)
class TargetWriter:
    """Adds protected targets to a sheet; `residents` holds (polygon on the region plane, persons) of every home."""

    sheet: Sheet
    rng: np.random.Generator
    residents: list[tuple[BaseGeometry, int]] = field(default_factory=list)
    number: int = 0

    def add(
        self,
        shape: BaseGeometry,
        target_type: str,
        name: str,
        storeys: int | None = None,
        *,
        complete: bool = False,
        **values: Any,
    ) -> Row:
        """Add one target; height, grade and uncertainty are filled in unless given.

        With `complete` no cell is left empty: a place that was looked at closely.
        """
        self.number += 1
        row: dict[str, Any] = {
            "code": f"DEMO-T{self.number:05d}",
            "name": f"{name}(演示)",
            "target_type": target_type,
            "position_source": "synthetic",
            "position_uncertainty_m": float(
                self.rng.choice([0.5, 1.0, 2.0, 5.0, 20.0], p=[0.35, 0.3, 0.2, 0.13, 0.02])
            ),
        }
        if storeys is not None:
            year = int(self.rng.integers(1988, 2024))
            row |= {
                "storeys": storeys,
                "height_m": round(storeys * _STOREY_M.get(target_type, 3.9) + 0.6, 1),
                "fire_resistance_grade": self._fire_resistance(target_type, storeys),
                "built_on": f"{year}-07-01",
            }
        if target_type in _MAY_BE_DECLARED:
            row["declared_important"] = False
        row |= values
        if target_type in RESIDENTIAL and row.get("population") is not None:
            self.residents.append((shape, int(row["population"])))
        for column, share in _SHARE_EMPTY.items():
            if not complete and row.get(column) is not None and self.rng.random() < share:
                row[column] = None
        return self.sheet.add("protected_target", shape, **row)

    def _fire_resistance(self, target_type: str, storeys: int) -> int:
        if storeys >= 9:
            return 1
        return 3 if target_type == "village" and self.rng.random() < 0.6 else 2
