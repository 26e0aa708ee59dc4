"""Attributes that are calculated, implied or hinted instead of entered: quantities, volumes, grades, regimes, stages.

Every figure and table is in `derived` and `site_regime_hints` of the vocabulary. A sum with an unknown part is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gisrisk.catalog.vocabulary import Vocabulary
from gisrisk.rules.conditions import TRUE, parse
from gisrisk.rules.features import Features, Mask


def derive_sites(sites: Features, vocabulary: Vocabulary) -> None:
    """Regime, kind of plant and project stage of enterprise sites."""
    _by_industry(sites, "site_regime", vocabulary.site_regime_hints)
    _by_industry(sites, "plant_kind", vocabulary.derived["plant_kind"])
    stage = vocabulary.derived["project_stage"]
    running = np.isin(sites.column("status").astype(str), stage["existing_when_status"])
    sites.fill("project_stage", running, "existing", assumed=True)


def derive_sources(sources: Features, sites: Features, inventory: pd.DataFrame | None, vocabulary: Vocabulary) -> None:
    """Everything a hazard source needs beyond what its owner entered."""
    types = sources.column("facility_type")
    fill_from_types(sources, types, vocabulary)
    _from_site(sources, sites)
    liquid = vocabulary.derived["fire_hazard_class_from_liquid_class"]
    classes = np.array([liquid.get(v) for v in sources.column("liquid_class")] + [None], dtype=object)[:-1]
    sources.fill("fire_hazard_class", np.ones(len(sources), bool), classes)
    _quantities(sources, inventory)
    _volumes(sources)
    _gas_volumes(sources, types, vocabulary.derived["gas_volume_m3"])
    _station(sources, types, vocabulary)
    _depot(sources, types, vocabulary.derived)


def fill_from_types(features: Features, types: NDArray[Any], vocabulary: Vocabulary) -> None:
    """What the type implies, and the vocabulary's defaults for attributes the type uses."""
    known: dict[str, Any] = {**vocabulary.target_types, **vocabulary.facility_types}
    for code in {t for t in types if t in known}:
        mine = types == code
        entry = known[code]
        for name, value in entry.implies.items():
            features.fill(name, mine, _cell(value))
        for name in (*entry.required, *entry.optional):
            default = vocabulary.attributes[name].default
            if default is not None:
                features.fill(name, mine, _cell(default), assumed=True)


def _cell(value: Any) -> Any:
    """A value of the vocabulary in normal form."""
    if isinstance(value, bool):
        return value
    return float(value) if isinstance(value, int | float) else str(value)


def _by_industry(sites: Features, name: str, hints: Mapping[str, Any]) -> None:
    """A hint by the longest industry-code prefix; nothing without an industry code."""
    prefixes = {p: row[name] for row in hints["rows"] for p in row["industry_code_prefix"]}
    longest_first = sorted(prefixes, key=len, reverse=True)
    codes = sites.column("industry_code")
    found = [None if c is None else next((prefixes[p] for p in longest_first if _starts(c, p)), None) for c in codes]
    values = np.array([*found, None], dtype=object)[:-1]
    sites.fill(name, np.ones(len(sites), bool), values, assumed=True, unconfirmed=not hints["confirmed"])


def _starts(code: str, prefix: str) -> bool:
    """Whether a GB/T 4754 code has the prefix; a leading section letter (C2611) does not matter."""
    return code.lstrip("ABCDEFGHIJKLMNOPQRST").startswith(prefix)


def _from_site(sources: Features, sites: Features) -> None:
    """Regime and stage of the site, kept as assumed where the site's own were."""
    row_of = {code: row for row, code in enumerate(sites.column("code"))}
    rows = np.array([row_of.get(code, -1) for code in sources.column("site_code")], dtype=np.int64)
    located = rows >= 0
    assumed, unconfirmed = sites.assumed(), sites.unconfirmed()
    for name in ("site_regime", "project_stage"):
        values = np.array([*sites.column(name), None], dtype=object)[rows]
        hinted = np.array([name in a for a in assumed] + [False])[rows]
        doubted = np.array([name in u for u in unconfirmed] + [False])[rows]
        sources.fill(name, located & ~hinted, values)
        sources.fill(name, located & hinted & ~doubted, values, assumed=True)
        sources.fill(name, located & doubted, values, assumed=True, unconfirmed=True)


def _quantities(sources: Features, inventory: pd.DataFrame | None) -> None:
    """Sum of the inventory rows; unknown without rows or with one row that has no quantity."""
    if inventory is None or len(inventory) == 0:
        return
    amounts = pd.to_numeric(inventory["quantity_t"], errors="coerce").to_numpy(dtype=float)
    sums = _sums(amounts, inventory["source_code"].to_numpy())
    sources.fill("quantity_t", np.ones(len(sources), bool), sums.reindex(sources.column("code")).to_numpy(dtype=float))


def _sums(amounts: NDArray[np.float64], keys: NDArray[Any]) -> pd.Series[float]:
    """Sum by key; NaN where one amount is."""
    grouped = pd.Series(amounts).groupby(keys)
    return grouped.sum().where(grouped.count() == grouped.size())


def _volumes(sources: Features) -> None:
    """Total and largest volume of the tank group each tank stands in."""
    volume = sources.column("volume_m3", number=True).astype(float)
    group, site = sources.column("group_code"), sources.column("site_code")
    grouped = ~sources.empty("group_code")
    total, largest = np.where(grouped, np.nan, volume), np.full(len(sources), np.nan)
    # A list of tuples would be taken for a list of column names, so the keys go in as numbers.
    key, _ = pd.factorize(pd.Series([f"{s or ''}\n{g}" for s, g in zip(site[grouped], group[grouped], strict=True)]))
    members = pd.Series(np.flatnonzero(grouped)).groupby(key, sort=False)
    for _, rows in members:
        at = rows.to_numpy()
        total[at] = volume[at].sum()
        if len(at) > 1:
            largest[at] = volume[at].max()
    one_tank = ~np.isnan(sources.column("diameter_m", number=True).astype(float))
    largest = np.where(np.isnan(largest) & one_tank & ~_shared(group, site, grouped), volume, largest)
    everywhere = np.ones(len(sources), bool)
    sources.fill("group_volume_m3", everywhere, total)
    sources.fill("single_volume_m3", everywhere, largest)


def _shared(group: NDArray[Any], site: NDArray[Any], grouped: Mask) -> Mask:
    """Rows whose group has more than one member."""
    keys = pd.Series(list(zip(site, group, strict=True)))
    return np.asarray(grouped & keys.duplicated(keep=False).to_numpy(), dtype=bool)


def _gas_volumes(sources: Features, types: NDArray[Any], table: Mapping[str, Any]) -> None:
    """Gas volume that the tables ask for: as drawn, or at atmospheric pressure."""
    mine = np.isin(types.astype(str), table["applies_to"])
    form = sources.column("storage_form").astype(str)
    volume = sources.column("volume_m3", number=True).astype(float)
    pressure = sources.column("pressure_mpa", number=True).astype(float)
    air = table["atmospheric_pressure_mpa"]
    sources.fill("gas_volume_m3", mine & np.isin(form, table["as_drawn"]), volume)
    sources.fill("gas_volume_m3", mine & np.isin(form, table["by_pressure"]), volume * (pressure + air) / air)
    liquid = table["from_liquid"]
    is_liquid = mine & (form == "liquid") & (sources.column("medium") == liquid["medium"])
    sources.fill("gas_volume_m3", is_liquid, volume * liquid["factor"], unconfirmed=not liquid["confirmed"])


def _inherit(sources: Features, whole: Mask, names: tuple[str, ...]) -> None:
    """What the whole-site feature (station, depot) states holds for the parts of the same site."""
    site = sources.column("site_code")
    owners = pd.Series(np.flatnonzero(whole & ~sources.empty("site_code")))
    only = owners.groupby(site[owners.to_numpy()]).agg(lambda rows: rows.iloc[0] if len(rows) == 1 else -1).to_dict()
    rows = np.array([only.get(code, -1) for code in site], dtype=np.int64)
    for name in names:
        if name in sources.columns:
            values = sources.column(name)
            sources.fill(name, rows >= 0, values[np.maximum(rows, 0)])


def _station(sources: Features, types: NDArray[Any], vocabulary: Vocabulary) -> None:
    """Grades of filling stations and of oil and gas stations."""
    names = ("petrol_volume_m3", "diesel_volume_m3", "lpg_volume_m3", "lng_volume_m3", "hydrogen_kg", "station_grade")
    _inherit(sources, types == "vehicle_filling_station", names)
    for table in vocabulary.derived["station_grade"]:
        mine = np.isin(types.astype(str), table["applies_to"])
        if "when" in table:
            condition = parse(table["when"], vocabulary.attributes, where="vocabulary.yaml: station_grade")
            mine &= condition.evaluate(sources.frame(condition.attributes())) == TRUE
        _grade(sources, "station_grade", mine, table)


def _depot(sources: Features, types: NDArray[Any], derived: Mapping[str, Any]) -> None:
    """Calculated capacity and grade of oil depots, for the depot and for each of its parts."""
    _inherit(sources, types == "oil_depot", ("depot_capacity_m3",))
    table = derived["depot_capacity_m3"]
    tanks = np.isin(types.astype(str), table["of_types"]) & ~sources.empty("site_code")
    weights = np.array([table["weights"].get(v, np.nan) for v in sources.column(table["weights_by"])], dtype=float)
    weighted = weights * sources.column(table["sum_of"], number=True).astype(float)
    site = sources.column("site_code")
    sums = _sums(weighted[tanks], site[tanks].astype(str))
    in_depot = (sources.column("site_regime") == "oil_depot") | sources.empty("site_regime")
    capacity = sums.reindex(site.astype(str)).to_numpy(dtype=float)
    sources.fill("depot_capacity_m3", in_depot, capacity, unconfirmed=not table["confirmed"])
    has_capacity = ~sources.empty("depot_capacity_m3")
    _grade(sources, "depot_grade", has_capacity, derived["depot_grade"])


def _grade(sources: Features, name: str, where: Mask, table: Mapping[str, Any]) -> None:
    """A grade from the first band that holds the value."""
    value = np.zeros(len(sources))
    for attribute, weight in table["value_from"].items():
        value = value + weight * sources.column(attribute, number=True).astype(float)
    for grade, band in table["grades"].items():
        inside = where & within(value, band)
        sources.fill(name, inside, grade, unconfirmed=not table["confirmed"])


def within(value: NDArray[np.float64], band: Mapping[str, float]) -> Mask:
    """Where a number lies in a band of ge, gt, le, lt; NaN lies in none."""
    out = ~np.isnan(value)
    for test, bound in band.items():
        out &= {"ge": value >= bound, "gt": value > bound, "le": value <= bound, "lt": value < bound}[test]
    return out
