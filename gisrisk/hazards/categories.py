"""Which rows of table 2 of GB 18218-2018 hold for a material, in every world that the facts not stated leave open.

A fact that is not stated is tried both ways: one world for each combination. A fact counts as missing only where it
alone changes the outcome of some world.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from gisrisk.hazards.ghs import HazardClass, ParsedClasses, class_entry
from gisrisk.hazards.tables import Category, Gb18218


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What is known of one inventory row and of the place it lies in; None: not stated.

    `pressure_mpa` is gauge. `is_production`: held in a process; `is_atmospheric`, `is_pressurised`: what the facility
    type says of the vessel.
    """

    substance: str
    cas: str | None = None
    ghs_class: str | None = None
    state: str | None = None
    temperature_c: float | None = None
    pressure_mpa: float | None = None
    boiling_point_c: float | None = None
    special_process: bool | None = None
    is_production: bool = False
    is_atmospheric: bool = False
    is_pressurised: bool = False


@dataclass(frozen=True, slots=True)
class World:
    """One assignment of the open facts: their values, and the categories of table 2 that hold then."""

    facts: tuple[tuple[str, object], ...]
    categories: tuple[Category, ...]


@dataclass(frozen=True, slots=True)
class Worlds:
    """All assignments; `fields` names, per fact, the column that would decide it."""

    each: tuple[World, ...]
    fields: dict[str, str]
    assumed_atmospheric: bool

    def deciding(self, outcome: Callable[[World], object]) -> list[str]:
        """Columns whose fact alone changes `outcome(world)` in some world."""
        found: list[str] = []
        for fact, column in self.fields.items():
            groups: dict[tuple[tuple[str, object], ...], set[object]] = {}
            for world in self.each:
                rest = tuple((name, value) for name, value in world.facts if name != fact)
                groups.setdefault(rest, set()).add(outcome(world))
            if any(len(outcomes) > 1 for outcomes in groups.values()):
                found.append(column)
        if not found and len({outcome(world) for world in self.each}) > 1:  # facts that only change it together
            varying = [fact for fact in self.fields if len({dict(world.facts)[fact] for world in self.each}) > 1]
            found = [self.fields[fact] for fact in varying]
        return list(dict.fromkeys(found))


def smallest_quantity(world: World) -> tuple[Fraction, Fraction] | None:
    """Smallest critical quantity [t] and the largest beta of the categories that give it; None: no category holds."""
    if not world.categories:
        return None
    quantity = min(row.critical_quantity_t for row in world.categories)
    return quantity, max(row.beta for row in world.categories if row.critical_quantity_t == quantity)


def largest_beta(world: World) -> Fraction | None:
    """Largest beta of the categories that hold; None: none holds."""
    return max((row.beta for row in world.categories), default=None)


def possible_worlds(material: Material, parsed: ParsedClasses, tables: Gb18218) -> Worlds:
    """Every assignment of the facts that are not stated, with the categories of table 2 that hold in it."""
    reader = _Facts(material, tables)
    fields = {
        "ghs_class": "inventory.ghs_class",
        "state": "inventory.state",
        "boils_low": "inventory.boiling_point_c",
        "above_boiling_point": "inventory.temperature_c"
        if material.temperature_c is None
        else "inventory.boiling_point_c",
        "special_process": "inventory.special_process" if material.is_production else "inventory.pressure_mpa",
        "unknown_class": "inventory.ghs_class",
    }
    extra: list[Category | None] = [None]
    if parsed.is_empty or parsed.unknown:
        extra = [None, *tables.categories]  # the class that is not known may be any category, or none
    each: list[World] = []
    for classes in itertools.product(*parsed.given):
        for state, boils_low, above, special in reader.assignments(classes):
            facts = {"boils_low": boils_low, "above_boiling_point": above, "special_process": special}
            holding = [tables.by_symbol[symbol] for symbol in parsed.symbols]
            for row in tables.categories:
                if _holds(row, classes, state, facts) and not {r.symbol for r in holding} & set(row.unless):
                    holding.append(row)
            key = (("ghs_class", classes), ("state", state), *facts.items())
            for other in extra:
                categories = tuple(dict.fromkeys([*holding, *([other] if other else [])]))
                each.append(World((*key, ("unknown_class", other and other.symbol)), categories))
    return Worlds(tuple(each), fields, reader.assumed_atmospheric)


def _holds(row: Category, classes: tuple[HazardClass, ...], state: str, facts: dict[str, bool]) -> bool:
    if row.states is not None and state not in row.states:
        return False
    if row.fact is not None and not facts[row.fact]:
        return False
    for match in row.any_of:
        if "fact" in match and not facts[match["fact"]]:
            continue
        for given in classes:
            if given.code != match["class"] or given.category not in match["categories"]:
                continue
            if "routes" not in match or given.route in match["routes"]:
                return True
    return False


class _Facts:
    """What the row and the facility say about state, boiling point, working temperature and process conditions."""

    def __init__(self, material: Material, tables: Gb18218) -> None:
        raw = tables.raw
        self.m = material
        self.low_boiling_c = float(raw["facts"]["boils_low"]["boiling_point_c"])
        self.high_pressure_mpa = float(raw["facts"]["special_process"]["pressure_above_mpa"])
        self.gas_boiling_c = float(raw["conventions"]["gas_below_boiling_point_c"])
        self.aerosol_states = tuple(raw["conventions"]["aerosol_counts_as"])
        self.assumed_atmospheric = material.is_atmospheric and material.pressure_mpa is None
        self.is_atmospheric = self.assumed_atmospheric or (
            material.pressure_mpa is not None and material.pressure_mpa <= 0
        )

    def assignments(self, classes: tuple[HazardClass, ...]) -> Iterator[tuple[str, bool, bool, bool]]:
        """(state, boils_low, above_boiling_point, special_process), each fact that is open both ways."""
        for state in self._states(classes):
            yield from (
                (state, boils_low, above, special)
                for boils_low in self._boils_low(classes, state)
                for above in self._above_boiling_point(classes)
                for special in self._special_process()
            )

    def _states(self, classes: tuple[HazardClass, ...]) -> tuple[str, ...]:
        fixed = [class_entry(given.code).get("state") for given in classes]
        boiling_c = self.m.boiling_point_c
        if "gas" in fixed or (boiling_c is not None and boiling_c <= self.gas_boiling_c):
            return ("gas",)
        if "aerosol" in fixed or self.m.state == "aerosol":
            return self.aerosol_states
        for state in ("liquid", "solid"):
            if state in fixed:
                return (state,)
        if self.m.state in ("gas", "liquefied_gas", "solid"):
            return ("solid",) if self.m.state == "solid" else ("gas",)
        if self.m.state == "liquid":
            under_pressure = self.m.is_pressurised or (self.m.pressure_mpa is not None and self.m.pressure_mpa > 0)
            return ("gas", "liquid") if under_pressure and boiling_c is None else ("liquid",)
        return ("liquid", "solid") if boiling_c is not None else ("gas", "liquid", "solid")

    def _boils_low(self, classes: tuple[HazardClass, ...], state: str) -> tuple[bool, ...]:
        if self.m.boiling_point_c is not None:
            return (self.m.boiling_point_c <= self.low_boiling_c,)
        for given in classes:
            by_class = class_entry(given.code).get("boils_low")
            if by_class is not None:
                return (bool(by_class[given.category]),)
        hot = self.m.temperature_c is not None and self.m.temperature_c > self.low_boiling_c
        if state != "liquid" or (hot and self.is_atmospheric and self.m.state == "liquid"):
            return (False,)
        return (False, True)

    def _above_boiling_point(self, classes: tuple[HazardClass, ...]) -> tuple[bool, ...]:
        if not any(given.code == "flam_liq" and given.category in ("2", "3") for given in classes):
            return (False,)
        working_c, boiling_c = self.m.temperature_c, self.m.boiling_point_c
        if working_c is not None and boiling_c is not None:
            return (working_c > boiling_c,)
        if working_c is not None and working_c <= self.low_boiling_c:
            return (False,)  # categories 2 and 3 boil above this by definition
        if self.is_atmospheric and self.m.state != "gas":
            return (False,)  # a liquid at atmospheric pressure is not above its boiling point
        return (False, True)

    def _special_process(self) -> tuple[bool, ...]:
        pressure_mpa = self.m.pressure_mpa
        if pressure_mpa is not None and pressure_mpa > self.high_pressure_mpa:
            return (True,)
        if self.m.special_process is not None:
            return (self.m.special_process,)
        if self.m.is_production or (pressure_mpa is None and not self.is_atmospheric):
            return (False, True)
        return (False,)
