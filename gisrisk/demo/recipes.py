"""What stands in each kind of invented plant: tank groups, workshops, warehouses, units, written as plain data.

A recipe is laid out by `gisrisk.demo.plants`. Sizes in metres, volumes in cubic metres, stocks in tonnes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Tanks:
    """A group of equal tanks in one bund; `fill` is the share of the volume that is stored."""

    facility_type: str
    substance: str
    count: int
    volume_m3: float
    columns: int = 2
    storage_form: str | None = "vertical"
    fill: float = 0.85
    zone: str = "rear"
    name_zh: str = "储罐"
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Building:
    """A workshop, warehouse, process unit or rack with its outline and what it holds: (substance, tonnes) pairs."""

    facility_type: str
    width_m: float
    depth_m: float
    name_zh: str
    stock: tuple[tuple[str, float], ...] = ()
    zone: str = "middle"
    storeys: int = 1
    height_m: float = 8.0
    grade: int | None = 2
    values: dict[str, Any] = field(default_factory=dict)


BY_THE_GATE = (0.93, 0.1)
"""Place of a heater well away from workshops and tanks: the corner right of the gate."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """One kind of plant; `flame_at` is where a heater with open flame stands, as shares of width and depth."""

    title_zh: str
    industry_code: str
    plant_kind: str
    site_regime: str
    shift_persons: int
    items: tuple[Tanks | Building, ...]
    is_hazchem: bool = True
    utility_buildings: int = 2
    flame_at: tuple[float, float] | None = None


def workshop(cls: str, n: str, *stock: tuple[str, float], width: float = 48, depth: float = 22, **kw: Any) -> Building:
    """A production building of fire class `cls`."""
    values = {"handles_flammable_vapour": True} if cls == "jia" else {}
    return Building(f"workshop_{cls}", width, depth, n, stock, storeys=2, height_m=14.0, values=values, **kw)


def warehouse(
    kind: str, n: str, *stock: tuple[str, float], width: float = 36, depth: float = 18, **kw: Any
) -> Building:
    """A warehouse of the vocabulary's type `warehouse_<kind>`."""
    return Building(f"warehouse_{kind}", width, depth, n, stock, zone="rear", height_m=7.0, **kw)


def unit(cls: str, n: str, *stock: tuple[str, float], width: float = 70, depth: float = 42) -> Building:
    """An open process unit of fire class `cls`."""
    return Building(f"process_unit_{cls}", width, depth, n, stock, height_m=25.0, grade=None)


def rack(n: str, liquid_class: str = "jiaB", *, recovery: bool = True, unloading: bool = False) -> Building:
    """A truck loading rack."""
    values = {"liquid_class": liquid_class, "has_vapour_recovery": recovery, "unloading_only": unloading}
    return Building("loading_facility", 24, 9, n, zone="rear", height_m=6.0, grade=None, values=values)


def control_centre(n: str = "中央控制室") -> Building:
    """The blast-resistant control building of a large plant."""
    return Building(
        "plant_important_facility",
        40,
        20,
        n,
        zone="front",
        grade=1,
        values={"importance_class": "1", "is_enclosed": True},
    )


def fine(
    title: str,
    code: str,
    staff: int,
    *items: Tanks | Building,
    kind: str = "fine_chemical",
    flame_at: tuple[float, float] | None = None,
) -> Recipe:
    """A fine-chemical works."""
    return Recipe(title, code, kind, "fine_chemical", staff, items, flame_at=flame_at)


def solvent_tanks(
    substance: str, count: int, volume_m3: float, facility_type: str = "tank_fixed_roof", columns: int = 2
) -> Tanks:
    """A small solvent tank group."""
    return Tanks(facility_type, substance, count, volume_m3, columns)
