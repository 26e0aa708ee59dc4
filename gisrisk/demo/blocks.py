"""Fills one city block: homes in rows, towers or an old quarter, shops along the street, offices, or an institution."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gisrisk.demo.board import Frame, Occupied
from gisrisk.demo.institutions import INSTITUTIONS
from gisrisk.demo.names import Names
from gisrisk.demo.targets import TargetWriter

PERSONS_PER_HOUSEHOLD = 2.9
FLAT_M2 = 108.0


@dataclass(frozen=True, slots=True)
class Block:
    """Ground of a block between its building lines, in the frame of the district [m]."""

    x0: float
    y0: float
    x1: float
    y1: float


class BlockFiller:
    """Writes the targets of blocks; a building that would stand on taken ground is left out."""

    def __init__(
        self, frame: Frame, writer: TargetWriter, occupied: Occupied, names: Names, rng: np.random.Generator
    ) -> None:
        self.frame, self.writer, self.occupied, self.names, self.rng = frame, writer, occupied, names, rng
        self._uses: dict[str, Callable[[Block], None]] = {
            "midrise": self._midrise,
            "highrise": self._highrise,
            "old_lowrise": self._old_lowrise,
            "dormitories": self._dormitories,
            "shops": self._shops,
            "offices": self._offices,
            "vacant": self._vacant,
        }

    def fill(self, use: str, block: Block) -> None:
        """Fill a block for one use; a block too small for its use stays empty."""
        if block.x1 - block.x0 < 40 or block.y1 - block.y0 < 30:
            return
        if use in self._uses:
            self._uses[use](block)
            return
        institution = INSTITUTIONS[use]
        for piece in institution.pieces:
            x, y = block.x0 + piece.right_m, block.y0 + piece.up_m
            width = min(piece.width_m or 1e9, block.x1 - x)
            depth = min(piece.depth_m or 1e9, block.y1 - y)
            if width > 20 and depth > 12:
                name = f"{piece.name_zh}{self.writer.number}"
                self._place(x, y, width, depth, piece.target_type, name, piece.storeys, **piece.values(self.rng))
        if institution.rest is not None:
            right, up = institution.rest_right_m, institution.rest_up_m
            self.fill(institution.rest, Block(block.x0 + right, block.y0 + up, block.x1, block.y1))

    def _place(
        self, x: float, y: float, w: float, h: float, target_type: str, name: str, storeys: int | None, **values: Any
    ) -> bool:
        shape = self.frame.box(round(x, 2), round(y, 2), round(w, 2), round(h, 2))
        if not self.occupied.is_free(shape):
            return False
        self.occupied.take(shape)
        self.writer.add(shape, target_type, name, storeys, **values)
        return True

    def _home(self, x: float, y: float, w: float, h: float, storeys: int, name: str) -> None:
        area = round(w * h * storeys)
        households = max(2, round(area * 0.93 / FLAT_M2))
        people = round(households * PERSONS_PER_HOUSEHOLD * self.rng.uniform(0.85, 1.1))
        known = {"floor_area_m2": area, "households": households, "population": people}
        self._place(x, y, w, h, "residential_building", name, storeys, **known)

    # -- homes --------------------------------------------------------------------------------------------------

    def _midrise(self, block: Block) -> None:
        """Rows of six-storey slabs facing south, shops along one street, often a kindergarten."""
        name = self.names.quarter()
        start = self._street_front(block)
        if self.rng.random() < 0.3:
            self._kindergarten(block.x1 - 62, block.y1 - 46, name)
        depth, pitch = 13.0, float(self.rng.uniform(29, 36))
        number = 0
        for y in np.arange(start, block.y1 - depth, pitch):
            x = block.x0 + float(self.rng.uniform(0, 6))
            while x < block.x1 - 36:
                length = min(float(self.rng.choice([34.0, 48.0, 62.0])), block.x1 - x)
                number += 1
                self._home(x, float(y), length, depth, int(self.rng.choice([5, 6, 6, 6, 7])), f"{name}{number}栋")
                x += length + float(self.rng.uniform(9, 16))

    def _highrise(self, block: Block) -> None:
        """Point towers in a garden, a row of shops at the street, a kindergarten at the back."""
        name = self.names.quarter()
        start = self._street_front(block)
        self._kindergarten(block.x0 + 2, block.y1 - 44, name)
        number = 0
        for row, y in enumerate(np.arange(start + 6, block.y1 - 20, 58.0)):
            for x in np.arange(block.x0 + (14 if row % 2 else 0), block.x1 - 32, 52.0):
                number += 1
                self._home(float(x), float(y), 31.0, 17.0, int(self.rng.integers(16, 29)), f"{name}{number}栋")

    def _old_lowrise(self, block: Block) -> None:
        """An old quarter of two- and three-storey houses, sized as one whole, with shops before it."""
        name = self.names.quarter()
        y0 = self._street_front(block)
        w, h = block.x1 - block.x0, block.y1 - y0 - 4
        households = round(w * h * 0.34 * 2.2 / 150)
        known = {
            "households": households,
            "population": round(households * 3.1),
            "largest_building_floor_area_m2": 420.0,
        }
        self._place(block.x0, y0, w, h, "residential_quarter", f"{name}老街片", 3, **known)

    def _dormitories(self, block: Block) -> None:
        """Staff flats of the park."""
        for number, y in enumerate(np.arange(block.y0, block.y1 - 15, 30.0), start=1):
            w = min(70.0, block.x1 - block.x0)
            known = {"floor_area_m2": round(w * 84), "population": round(w * 84 / 26), "households": round(w * 84 / 60)}
            self._place(block.x0 + 8, float(y), w, 14.0, "staff_dormitory", f"人才公寓{number}号楼", 6, **known)

    def _kindergarten(self, x: float, y: float, name: str) -> None:
        children = int(self.rng.integers(110, 330))
        known = {"population": children, "floor_area_m2": children * 9}
        self._place(x, y, 58, 42, "kindergarten", f"{name}幼儿园", 3, **known)

    # -- shops and offices --------------------------------------------------------------------------------------

    def _street_front(self, block: Block) -> float:
        """A broken row of small buildings along the lower street; returns where the block behind starts."""
        if self.rng.random() < 0.35:
            return block.y0
        x = block.x0
        while x < block.x1 - 30:
            w = min(float(self.rng.uniform(24, 52)), block.x1 - x)
            kind = str(
                self.rng.choice(
                    ["shop_mall", "hotel", "clinic", "utility_outlet", "training_institution", ""],
                    p=[0.72, 0.06, 0.06, 0.05, 0.05, 0.06],
                )
            )
            storeys = int(self.rng.choice([1, 2, 2, 3]))
            known: dict[str, dict[str, Any]] = {
                "shop_mall": {"name": "临街商铺", "floor_area_m2": round(w * 12 * storeys), "is_complex": False},
                "hotel": {
                    "name": "便捷旅馆",
                    "floor_area_m2": round(w * 12 * storeys),
                    "beds_or_seats": round(w * 1.6),
                },
                "clinic": {"name": "社区卫生站", "floor_area_m2": round(w * 12 * storeys), "population": 12},
                "utility_outlet": {"name": "营业厅", "floor_area_m2": round(w * 12 * storeys), "population": 15},
                "training_institution": {
                    "name": "培训学校",
                    "floor_area_m2": round(w * 12 * storeys),
                    "population": round(w * 2.4),
                },
            }
            if kind:
                values = known[kind]
                label = f"{values.pop('name')}{self.writer.number}"
                self._place(x, block.y0, w, 12, kind, label, storeys, **values)
            x += w + float(self.rng.uniform(4, 12))
        return block.y0 + 30.0

    def _shops(self, block: Block) -> None:
        """A shopping block of middle size, with a parking place."""
        for y in np.arange(block.y0, block.y1 - 22, 46.0):
            x = block.x0
            while x < block.x1 - 26:
                w = min(float(self.rng.uniform(26, 60)), block.x1 - x)
                storeys = int(self.rng.integers(2, 6))
                known = {"floor_area_m2": round(w * 22 * storeys), "is_complex": False}
                self._place(x, float(y), w, 22, "shop_mall", f"商业楼{self.writer.number}", storeys, **known)
                x += w + 10
        self._parking(block.x0, block.y1 - 18, 60, 16, 48)

    def _offices(self, block: Block) -> None:
        """Office towers with a hotel among them."""
        for row, y in enumerate(np.arange(block.y0, block.y1 - 26, 62.0)):
            for x in np.arange(block.x0, block.x1 - 40, 66.0):
                storeys = int(self.rng.integers(6, 24))
                area = round(40 * 26 * storeys)
                if row == 0 and x == block.x0:
                    kind, label, known = "hotel", "大酒店", {"floor_area_m2": area, "beds_or_seats": storeys * 22}
                else:
                    kind, label = "business_office", "商务楼"
                    known = {"floor_area_m2": area, "population": round(area / 24)}
                self._place(float(x), float(y), 40, 26, kind, f"{label}{self.writer.number}", storeys, **known)

    def _vacant(self, block: Block) -> None:
        """Land kept free: a car park at most."""
        if self.rng.random() < 0.5:
            self._parking(block.x0, block.y0, min(80.0, block.x1 - block.x0), 40, 110)

    def _parking(self, x: float, y: float, w: float, h: float, spaces: int) -> None:
        known = {"vehicle_spaces": spaces, "is_indoor": False}
        self._place(x, y, w, h, "parking", f"停车场{self.writer.number}", None, **known)
