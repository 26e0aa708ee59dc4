"""GB 18218-2018 by hand: every expected number stands with its arithmetic in tests/golden/gb18218/*.yaml."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
import yaml

from gisrisk.hazards.gb18218 import grade_units

GOLDEN = Path(__file__).parents[1] / "golden" / "gb18218"
CASES = [
    pytest.param(case, id=f"{path.stem}: {case['name']}")
    for path in sorted(GOLDEN.glob("*.yaml"))
    for case in yaml.safe_load(path.read_text(encoding="utf-8"))
]
COLUMNS = ["source_code", "substance", "cas", "ghs_class", "quantity_t", "temperature_c", "pressure_mpa", "state"]


def run(case: dict[str, Any]) -> pd.Series:
    source = {"code": "A", "name": "甲", "site_code": None, "group_code": None, "facility_type": case["type"]}
    sources = gpd.GeoDataFrame([source], geometry=[shapely.Point(115.0, 25.8)], crs="EPSG:4490")
    rows = []
    for given in case["inventory"]:
        row = {name: given.get(name) for name in COLUMNS} | {"source_code": "A"}
        row["attributes"] = {k: v for k, v in given.items() if k not in COLUMNS}
        rows.append(row)
    inventory = pd.DataFrame(rows, columns=[*COLUMNS, "attributes"])
    low, high = case["people"] if isinstance(case["people"], list) else (case["people"], case["people"])
    missing = "population raster does not cover" if high is None else ""
    people = pd.DataFrame(
        [
            {
                "kind": "source",
                "code": "A",
                "people_min": low,
                "people_max": math.inf if high is None else high,
                "basis": "手算",
                "missing": missing,
            }
        ]
    )
    units = grade_units(sources, inventory, people, on=date(2026, 11, 22))
    assert len(units) == 1
    return units.iloc[0]


@pytest.mark.parametrize("case", CASES)
def test_unit_equals_the_hand_calculation(case: dict[str, Any]) -> None:
    unit = run(case)
    for name, expected in case["expect"].items():
        if name == "missing_has":
            for text in expected:
                assert text in unit["missing"]
        elif expected is None:
            assert pd.isna(unit[name]), name
        elif isinstance(expected, str):
            assert unit[name] == expected, name
        else:
            # the arithmetic is exact, so equality is asked, not closeness
            assert unit[name] == expected, name


def test_every_case_shows_its_arithmetic() -> None:
    cases = [case.values[0] for case in CASES]
    assert len(cases) > 40
    assert all(case["hand"].strip() for case in cases)
    assert {case["expect"].get("level") for case in cases} >= {1, 2, 3, 4}
