"""Proposals that cannot be meant: plots of no size, amounts no vessel holds, unknown substances, contradictions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import shapely

from gisrisk.catalog import vocabulary
from gisrisk.errors import Problem
from gisrisk.geo import GEOD, areas_m2
from gisrisk.hazards.ghs import parse_ghs
from gisrisk.hazards.lookup import named_rows, valid_cas
from gisrisk.hazards.tables import gb18218
from gisrisk.rules.conditions import FALSE, parse
from gisrisk.rules.features import read_features

SMALLEST_AREA_M2 = 1.0
"""A drawn area below this is a slip of the hand: even the pad of a small tank covers more [m2]."""
SHORTEST_LINE_M = 1.0
DENSEST_T_PER_M3 = 22.6
"""Density of osmium, the densest substance there is [t/m3]."""


def insane(layer: str, frame: pd.DataFrame, *, file: str) -> list[Problem]:
    """Problems of one layer of a proposal; rows count from 1 within the frame."""
    problems: list[Problem] = []
    if "geometry" in frame:
        problems += _too_small(frame, file)
    if layer == "inventory":
        problems += _unknown_substances(frame, file)
    if layer == "hazard_source":
        problems += _contradictions(frame, file)
    return problems


def _too_small(frame: pd.DataFrame, file: str) -> list[Problem]:
    shapes = frame["geometry"].to_numpy()
    dimension = shapely.get_dimensions(shapes)
    area, length = areas_m2(shapes), np.array([GEOD.geometry_length(s) if s is not None else 0.0 for s in shapes])
    problems = []
    for row in np.flatnonzero((dimension == 2) & (area < SMALLEST_AREA_M2)):
        reason = f"the plot covers {area[row]:.2f} m², less than {SMALLEST_AREA_M2:g} m²"
        problems.append(_problem(file, row, "geometry", reason, "Draw the outline again, or give a point."))
    for row in np.flatnonzero((dimension == 1) & (length < SHORTEST_LINE_M)):
        reason = f"the line is {length[row]:.2f} m long, less than {SHORTEST_LINE_M:g} m"
        problems.append(_problem(file, row, "geometry", reason, "Draw the line again."))
    return problems


def _unknown_substances(frame: pd.DataFrame, file: str) -> list[Problem]:
    """A substance that no table names and that states no hazard class says nothing about its danger."""
    problems = []
    for row, (substance, cas, classes) in enumerate(
        zip(frame["substance"], frame["cas"], frame["ghs_class"], strict=True)
    ):
        known, _, _ = named_rows(str(substance), valid_cas(cas), gb18218())
        if known:
            continue
        parsed = parse_ghs(classes)
        if parsed.is_empty:
            reason = f"'{substance}' is in no table of GB 18218-2018 and no hazard class is given"
            remedy = "Give its CAS number or ghs_class; for a harmless substance write 非危险化学品."
            problems.append(_problem(file, row, "substance", reason, remedy))
        elif parsed.unknown and not parsed.given and not parsed.symbols:
            reason = f"'{'; '.join(parsed.unknown)}' is no hazard class"
            remedy = "Write it as 易燃液体,类别2 or flam_liq_2."
            problems.append(_problem(file, row, "ghs_class", reason, remedy))
    return problems


def _contradictions(frame: pd.DataFrame, file: str) -> list[Problem]:
    """Values that the facility type rules out, as a floating roof on a fixed-roof tank."""
    words = vocabulary()
    features = read_features("hazard_source", frame, words, extra=("facility_type",))
    problems = []
    for row, kind in enumerate(frame["facility_type"]):
        known = words.facility_types.get(kind)
        for name, value in (known.implies if known else {}).items():
            if name == "site_regime" or name not in features.columns:
                continue  # the regime a type implies is a default: an oil depot may stand in a chemical plant
            given = features.columns[name][row]
            condition = parse({name: value}, words.attributes, where=str(kind))
            if condition.truth({name: given}) == FALSE:
                reason = f"'{given}' contradicts the facility type {kind}, which is {value}"
                problems.append(_problem(file, row, name, reason, "Correct one of the two."))
    return problems


def overfull(sources: pd.DataFrame, inventory: pd.DataFrame, *, file: str) -> list[Problem]:
    """Sources whose stated mass no substance could have in the stated volume."""
    problems = []
    mass = pd.to_numeric(inventory["quantity_t"], errors="coerce").groupby(inventory["source_code"]).sum()
    for code, volume in zip(sources["code"], pd.to_numeric(sources["volume_m3"], errors="coerce"), strict=True):
        held = float(mass.get(code, 0.0))
        if not np.isnan(volume) and held > volume * DENSEST_T_PER_M3:
            reason = (
                f"{held:g} t do not fit into the {volume:g} m³ of '{code}' (densest substance {DENSEST_T_PER_M3} t/m³)"
            )
            problems.append(
                Problem(file=file, field="quantity_t", reason=reason, remedy="Check both figures and their units.")
            )
    return problems


def _problem(file: str, row: Any, field: str, reason: str, remedy: str) -> Problem:
    return Problem(file=file, row=int(row) + 1, field=field, reason=reason, remedy=remedy)
