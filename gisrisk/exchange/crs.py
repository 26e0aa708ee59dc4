"""Which CRS a file's coordinates are in, and whether it leads to CGCS2000 without guessing."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError
from pyproj.transformer import TransformerGroup

from gisrisk.errors import Problem
from gisrisk.geo import STORAGE_CRS

ACCURACY_M = 1.0
_SAME_DATUM = (4490, 4326)
_OLD_CHINESE = {4214: "Beijing 1954", 4610: "Xian 1980", 4555: "New Beijing"}
_OLD_NAMES = re.compile(r"beijing|xian|xi'an|北京.{0,3}54|西安.{0,3}80", re.IGNORECASE)
_EXAMPLE = "EPSG:4490 for CGCS2000 degrees, or EPSG:4547 for a 3-degree zone at 114°E"


class UnusableCRS(Exception):
    """The CRS is missing, contradictory, or has no reliable way to CGCS2000."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.reason, self.remedy = reason, remedy

    def problem(self, file: str) -> Problem:
        """The same as a problem of a file."""
        return Problem(file=file, reason=self.reason, remedy=self.remedy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How coordinates of one CRS become longitude and latitude in CGCS2000.

    `to_degrees` undoes the projection (None for a geographic CRS), `to_datum` changes the datum (None where its
    coordinates are taken over unchanged). Both take and give x, y with longitude or easting first.
    """

    crs: CRS
    name: str
    to_degrees: Transformer | None
    to_datum: Transformer | None
    notes: tuple[str, ...]


def choose_crs(found: CRS | None, given: str | None, *, found_is_default: bool) -> CRS:
    """The CRS of a file: the one it names, or the one the user gives.

    Parameters
    ----------
    found : CRS or None
        Named by the file.
    given : str or None
        Named by the user (`--crs`).
    found_is_default : bool
        Whether `found` is only what the format says (GeoJSON, RFC 7946); the user may then say otherwise.

    Raises
    ------
    UnusableCRS
        Neither names one, they differ, or the user's is not understood.
    """
    if given is None:
        if found is None:
            raise UnusableCRS(
                "the file does not say in which CRS its coordinates are", f"Give it with --crs: {_EXAMPLE}."
            )
        return found
    try:
        asked = CRS.from_user_input(given)
    except CRSError as error:
        raise UnusableCRS(f"'{given}' is no CRS", f"Write it as EPSG code: {_EXAMPLE}.") from error
    if found is None or found_is_default or _same(found, asked):
        return asked
    raise UnusableCRS(
        f"the file says its coordinates are in {name_of(found)}, --crs says {name_of(asked)}",
        "Leave --crs out, or correct the CRS in the file if --crs is right.",
    )


def name_of(crs: CRS) -> str:
    """Short name of a CRS, "EPSG:4490" where it has a code."""
    authority = crs.to_authority(min_confidence=70)
    return ":".join(authority) if authority else crs.name


def _same(one: CRS, other: CRS) -> bool:
    if one.to_2d().equals(other.to_2d(), ignore_axis_order=True):
        return True
    codes = (one.to_2d().to_epsg(min_confidence=25), other.to_2d().to_epsg(min_confidence=25))
    return codes[0] is not None and codes[0] == codes[1]


def route_to_storage(crs: CRS) -> Route:
    """How coordinates in `crs` become longitude and latitude in EPSG:4490.

    Notes
    -----
    CGCS2000 and WGS 84 are both realisations of ITRS; their coordinates are taken over unchanged, the difference lies
    below what any source here resolves. Beijing 1954 and Xian 1980 are refused: PROJ offers for them nothing, or a
    shift of local use only, and a wrong shift moves a feature by tens of metres unseen. Other datums need a published
    transformation of 1 m or better.

    Raises
    ------
    UnusableCRS
        The CRS is vertical, local or engineering, or there is no reliable transformation.
    """
    flat = crs.to_2d()
    base = flat.geodetic_crs
    if base is None or not (flat.is_geographic or flat.is_projected):
        raise UnusableCRS(
            f"'{flat.name}' is neither geographic nor projected",
            f"Give the CRS of the coordinates with --crs: {_EXAMPLE}.",
        )
    code = base.to_epsg(min_confidence=25)
    if code in _OLD_CHINESE or _OLD_NAMES.search(base.name):
        raise UnusableCRS(
            f"'{flat.name}' stands on {_OLD_CHINESE.get(code or 0, base.name)}, for which no reliable transformation "
            "to CGCS2000 is public",
            "Have the surveying authority transform the data to CGCS2000 with the local parameters, then import it.",
        )
    notes: list[str] = []
    to_datum = None
    if code != 4490:
        if code in _SAME_DATUM or base.name == "WGS 84 (CRS84)":
            notes.append(f"coordinates in {name_of(flat)} were taken over as CGCS2000 without a change of datum")
        else:
            to_datum, accuracy_m = _datum_change(base)
            notes.append(f"coordinates were transformed from {base.name} to CGCS2000, accuracy {accuracy_m:g} m")
    to_degrees = None
    if flat.is_projected:
        to_degrees = Transformer.from_crs(flat, base, always_xy=True)
        notes.append(f"coordinates were transformed from {name_of(flat)} to {STORAGE_CRS}")
    return Route(crs=flat, name=name_of(flat), to_degrees=to_degrees, to_datum=to_datum, notes=tuple(notes))


def _datum_change(base: CRS) -> tuple[Transformer, float]:
    """The best published transformation to WGS 84, not worse than `ACCURACY_M`."""
    for transformer in TransformerGroup(base, CRS(4326), always_xy=True, allow_ballpark=False).transformers:
        if transformer.accuracy is not None and 0 <= transformer.accuracy <= ACCURACY_M:
            return transformer, transformer.accuracy
    raise UnusableCRS(
        f"no transformation from {base.name} to CGCS2000 of {ACCURACY_M:g} m or better is known",
        "Transform the data to EPSG:4490 with parameters you trust, then import it.",
    )


def gauss_zone_hint(easting_m: float) -> str | None:
    """The CGCS2000 zone that an easting with a zone prefix names, as "zone 39 (EPSG:4527)"; None without a prefix.

    Zones 25..45 are 3-degree zones (EPSG:4513 to 4533), 13..23 are 6-degree zones (EPSG:4491 to 4501).
    """
    zone = int(easting_m // 1_000_000)
    if 25 <= zone <= 45:
        return f"zone {zone} (EPSG:{4513 + zone - 25})"
    if 13 <= zone <= 23:
        return f"zone {zone} (EPSG:{4491 + zone - 13})"
    return None
