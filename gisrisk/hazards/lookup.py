"""Look one inventory row up in tables 1 to 4 of GB 18218-2018: every reading that the stated facts leave open.

Readings that come out the same are one reading. A field whose absence cannot change the result is not reported missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from gisrisk.catalog.formats import is_cas
from gisrisk.hazards.categories import Material, World, Worlds, largest_beta, possible_worlds, smallest_quantity
from gisrisk.hazards.ghs import parse_ghs
from gisrisk.hazards.tables import Gb18218, Substance, base_name, gb18218, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One way the standard reads the row. `critical_quantity_t` None: no table names it, it does not count."""

    row: str
    critical_quantity_t: Fraction | None
    beta_low: Fraction
    beta_high: Fraction
    confirmed: bool
    source_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """All readings of one row.

    Attributes
    ----------
    readings : tuple of Reading
        At least one.
    missing : tuple of str
        Fields that would decide between them, as `layer.column`.
    notes : tuple of str
        What was assumed or noticed, in Chinese.
    """

    readings: tuple[Reading, ...]
    missing: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def s_per_t(self) -> tuple[Fraction, Fraction]:
        """Smallest and largest 1/Q [1/t]."""
        rates = [Fraction(0) if r.critical_quantity_t is None else 1 / r.critical_quantity_t for r in self.readings]
        return min(rates), max(rates)

    @property
    def r_per_t(self) -> tuple[Fraction, Fraction]:
        """Smallest and largest beta/Q [1/t]."""
        low = [
            Fraction(0) if r.critical_quantity_t is None else r.beta_low / r.critical_quantity_t for r in self.readings
        ]
        high = [
            Fraction(0) if r.critical_quantity_t is None else r.beta_high / r.critical_quantity_t for r in self.readings
        ]
        return min(low), max(high)


def valid_cas(text: str | None) -> str | None:
    """The CAS number if it is one (its check digit fits), else None."""
    number = plain(text) if text else ""
    return number if is_cas(number) else None


@lru_cache(maxsize=65536)
def look_up(material: Material) -> Lookup:
    """Every reading of one inventory row: table 1 by name or CAS number, else table 2 by hazard class.

    Parameters
    ----------
    material : Material

    Returns
    -------
    Lookup
    """
    tables = gb18218()
    notes: list[str] = []
    missing: list[str] = []
    cas = valid_cas(material.cas)
    if material.cas and cas is None:
        notes.append(f"CAS号 {material.cas} 校验位不符,按未填处理")
    rows, decided, remark = named_rows(material.substance, cas, tables)
    if remark:
        notes.append(remark)
    parsed = parse_ghs(material.ghs_class)
    worlds = possible_worlds(material, parsed, tables)
    readings: list[Reading] = []
    betas: list[tuple[Fraction, Fraction]] = []
    for row in rows:
        low, high = _beta_of_named(row, material, cas, worlds, tables)
        betas.append((low, high))
        readings.append(
            Reading(
                row=f"表1第{row.seq}行 {row.name_zh}",
                critical_quantity_t=row.critical_quantity_t,
                beta_low=low,
                beta_high=high,
                confirmed=row.confirmed,
                source_url=row.source_url,
            )
        )
    if len(rows) > 1 or (rows and not decided):
        missing.append("inventory.substance")
    if any(low != high for low, high in betas):
        missing.extend(worlds.deciding(largest_beta) or ["inventory.ghs_class"])
    if not decided:
        readings.extend(_by_class(world, tables) for world in worlds.each)
        missing.extend(worlds.deciding(smallest_quantity))
    if worlds.assumed_atmospheric and any(given.code == "flam_liq" for group in parsed.given for given in group):
        notes.append("按设施类型视为常压储存")
    return Lookup(readings=tuple(dict.fromkeys(readings)), missing=tuple(dict.fromkeys(missing)), notes=tuple(notes))


def named_rows(substance: str, cas: str | None, tables: Gb18218) -> tuple[list[Substance], bool, str | None]:
    """Rows of table 1 that may be meant.

    Parameters
    ----------
    substance : str
    cas : str or None
        Valid CAS number.
    tables : Gb18218

    Returns
    -------
    rows : list of Substance
    decided : bool
        Whether the row is certainly one of these; otherwise table 2 remains possible (always so when `rows` is empty).
    remark : str or None
        Why it is not decided, in Chinese.
    """
    name, base = plain(substance), base_name(substance)
    by_name = [row for row in tables.substances if name in row.names]
    others = [row for row in tables.substances if row not in by_name and any(text in name for text in row.not_names)]
    by_cas = [row for row in tables.substances if cas is not None and cas in row.cas and row not in others]
    by_base = [row for row in tables.substances if base in row.bases and row not in others]
    if by_name:
        both = [row for row in by_name if row in by_cas]
        if by_cas and not both and any(row.cas for row in by_name):
            return [*by_name, *by_cas], True, "物质名称与CAS号指向表1的不同行,按两者取界"
        chosen = both or by_name
        remark = (
            f"名称“{substance}”对应表1第{'、'.join(str(row.seq) for row in chosen)}行,需写明规格"
            if len(chosen) > 1
            else None
        )
        return chosen, True, remark
    chosen = [row for row in by_cas if row in by_base] or by_cas or by_base
    if not chosen:
        return [], False, None
    families = {row.choice for row in chosen}
    if len(families) == 1 and None not in families:
        rows = "、".join(str(row.seq) for row in chosen)
        return chosen, True, f"表1第{rows}行按规格区分,名称“{substance}”未写明" if len(chosen) > 1 else None
    qualified = [row for row in chosen if row.qualifier]
    if qualified:
        return chosen, False, f"表1第{qualified[0].seq}行限“{qualified[0].qualifier}”,名称“{substance}”未写明"
    if cas is not None and not by_cas:
        return chosen, False, f"名称“{substance}”近似表1第{chosen[0].seq}行,但CAS号不同"
    return chosen, True, None


def _by_class(world: World, tables: Gb18218) -> Reading:
    """Reading by table 2: the smallest critical quantity, with the largest beta of the categories that give it."""
    best = smallest_quantity(world)
    if best is None:
        return Reading(
            row="未列入表1、表2",
            critical_quantity_t=None,
            beta_low=Fraction(0),
            beta_high=Fraction(0),
            confirmed=True,
            source_url=None,
        )
    quantity, beta = best
    giving = [row for row in world.categories if row.critical_quantity_t == quantity]
    return Reading(
        row="表2 " + "、".join(row.symbol for row in giving),
        critical_quantity_t=quantity,
        beta_low=beta,
        beta_high=beta,
        confirmed=all(row.confirmed for row in giving),
        source_url=giving[0].source_url,
    )


def _beta_of_named(
    row: Substance, material: Material, cas: str | None, worlds: Worlds, tables: Gb18218
) -> tuple[Fraction, Fraction]:
    """Beta of a row of table 1: table 3 where the gas is named there, else table 4 by its own categories."""
    if row.beta is not None and _is_named_gas(row, material, cas):
        return row.beta, row.beta
    known = [largest_beta(world) for world in worlds.each]
    low, high = tables.beta_range
    return (
        min(low if beta is None else beta for beta in known),
        max(high if beta is None else beta for beta in known),
    )


def _is_named_gas(row: Substance, material: Material, cas: str | None) -> bool:
    """Whether the gas of table 3 is meant, not only its row of table 1 (that of carbon monoxide is coal gas)."""
    return not row.beta_only_for or cas in row.beta_cas or plain(material.substance) in row.beta_only_for
