"""A small hand-made area, written into a store: two parks, sites of every colour, targets, lines, and a saved study.

Everything is invented and marked synthetic. Offsets are metres east and north of a corner, turned into degrees with
rounded factors: the picture needs no more, and no test takes a distance from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from gisrisk.store import Store, open_store

LON, LAT = 114.95, 25.85
M_PER_LON, M_PER_LAT = 100_300.0, 110_800.0
STUDY = "small-2026"
RED, ORANGE, YELLOW, BLUE, UNKNOWN = "S-RED", "S-ORANGE", "S-YELLOW", "S-BLUE", "S-UNKNOWN"
OUTSIDE, SECOND = "S-OUTSIDE", "S-SECOND"
PARK, SECOND_PARK = "P-CHEM", "P-IND"
SHEET_TEXT = "示例化工园区安全风险等级图"
ODD_NAME = "示例<b>涂料</b>&助剂厂"


def at(x_m: float, y_m: float) -> tuple[float, float]:
    """Longitude and latitude of an offset."""
    return LON + x_m / M_PER_LON, LAT + y_m / M_PER_LAT


def area(x_m: float, y_m: float, width_m: float, height_m: float) -> Polygon:
    """A rectangle by its south-west corner and size."""
    return box(*at(x_m, y_m), *at(x_m + width_m, y_m + height_m))


def path(*offsets: tuple[float, float]) -> LineString:
    """A line through offsets."""
    return LineString([at(*offset) for offset in offsets])


def point(x_m: float, y_m: float) -> Point:
    """A point at an offset."""
    return Point(at(x_m, y_m))


SITES: dict[str, tuple[str, BaseGeometry, str | None]] = {
    RED: ("示例氯碱化工有限公司", area(700, 900, 420, 330), PARK),
    ORANGE: ("示例石化储运公司", area(1250, 880, 380, 360), PARK),
    YELLOW: ("示例精细化工厂", area(720, 380, 360, 330), PARK),
    BLUE: ("示例包装材料公司", area(1240, 400, 330, 300), PARK),
    UNKNOWN: ("示例生物科技公司（资料不全）", area(1760, 640, 300, 420), PARK),
    OUTSIDE: (ODD_NAME, area(3150, 1900, 200, 160), None),
    SECOND: ("示例机械制造公司", area(3300, 560, 320, 260), SECOND_PARK),
}
SOURCES: dict[str, tuple[str, BaseGeometry, str, str]] = {
    "H-1": ("液氯储罐组", area(760, 1150, 60, 50), RED, "toxic_liquefied_gas_tank"),
    "H-2": ("合成装置", area(900, 960, 90, 70), RED, "process_unit_jia"),
    "H-3": ("汽油储罐 T-301", point(1400, 1000), ORANGE, "tank_floating_roof"),
    "H-4": ("甲类仓库", area(800, 450, 70, 40), YELLOW, "warehouse_jia_1256"),
    "H-5": ("发酵车间", area(1830, 760, 80, 60), UNKNOWN, "workshop_bing"),
    "H-6": ("涂料仓库", point(3230, 1960), OUTSIDE, "warehouse_yi"),
}
TARGETS: dict[str, tuple[str, BaseGeometry, str, int | None]] = {
    "T-SCHOOL": ("示例第一小学", area(620, 1560, 160, 110), "school", 820),
    "T-HOSPITAL": ("示例人民医院", point(2550, 1750), "hospital", 400),
    "T-HOUSES": ("河东新村", area(2350, 1250, 260, 180), "residential_quarter", 1350),
    "T-MARKET": ("农贸市场", point(3050, 1720), "market", None),
}
LINES: dict[str, tuple[str, BaseGeometry, str]] = {
    "L-ROAD": ("示例大道", path((-600, 780), (1150, 800), (2700, 850), (4600, 1000)), "road"),
    "L-ROAD-2": ("园区纵路", path((1165, 200), (1165, 1500), (1250, 2400)), "road"),
    "L-RAIL": ("示例铁路", path((-600, 150), (1500, 90), (4600, 260)), "railway"),
    "L-RIVER": ("示例河", path((2150, -400), (2250, 600), (2180, 1400), (2350, 2600)), "waterway"),
    "L-POWER": ("220 kV 线路", path((-600, 1400), (2000, 1420), (4600, 1650)), "power_line"),
    "L-PIPE": ("输油管道", path((-600, 2050), (1500, 1900), (4600, 2250)), "pipeline"),
}
PARKS: dict[str, tuple[str, Polygon, str]] = {
    PARK: ("示例化工园区", area(550, 260, 1580, 1080), "chemical_park"),
    SECOND_PARK: ("示例工业园区", area(3100, 380, 900, 700), "industrial_park"),
}
ADMIN: dict[str, tuple[str, Polygon, str, str | None]] = {
    "369901": ("示例县", area(-700, -500, 5400, 3300), "county", None),
    "369901101": ("河西镇", area(-700, -500, 2900, 3300), "township", "369901"),
    "369901102": ("河东镇", area(2200, -500, 2500, 3300), "township", "369901"),
}


def _layer(rows: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame(rows, geometry="geometry", crs="EPSG:4490")
    return frame.assign(position_source="synthetic", position_uncertainty_m=5.0)


def layers() -> dict[str, gpd.GeoDataFrame]:
    """Input layers in an order that satisfies their references."""
    dense = [{"code": "D-1", "name": "河东片区", "population": 5200, "geometry": area(2320, 1180, 1000, 780)}]
    return {
        "admin_area": _layer(
            [
                {"code": code, "name": name, "level": level, "parent_code": parent, "geometry": shape}
                for code, (name, shape, level, parent) in ADMIN.items()
            ]
        ),
        "park": _layer(
            [
                {"code": code, "name": name, "kind": kind, "geometry": shape}
                for code, (name, shape, kind) in PARKS.items()
            ]
        ),
        "enterprise_site": _layer(
            [
                {"code": code, "name": name, "park_code": park, "status": "operating", "geometry": shape}
                for code, (name, shape, park) in SITES.items()
            ]
        ),
        "hazard_source": _layer(
            [
                {"code": code, "name": name, "site_code": site, "facility_type": kind, "geometry": shape}
                for code, (name, shape, site, kind) in SOURCES.items()
            ]
        ),
        "protected_target": _layer(
            [
                {"code": code, "name": name, "target_type": kind, "population": people, "geometry": shape}
                for code, (name, shape, kind, people) in TARGETS.items()
            ]
        ),
        "dense_area": _layer(dense),
        "linear_feature": _layer(
            [
                {"code": code, "name": name, "kind": kind, "geometry": shape}
                for code, (name, shape, kind) in LINES.items()
            ]
        ),
    }


def _finding(
    number: int, status: str, source: str, target: str, line: LineString | None, **more: Any
) -> dict[str, Any]:
    in_targets = target in TARGETS
    return {
        "finding_no": number,
        "rule_id": f"EX-100/{number}",
        "document": "示例防火标准",
        "document_no": "EX 100-2018",
        "clause": "表4.1.5",
        "title_zh": "储罐与公共建筑的防火间距",
        "rule_type": "minimum",
        "review": "confirmed",
        "mandatory": True,
        "source_layer": "hazard_source" if source in SOURCES else "enterprise_site",
        "source_code": source,
        "source_name": (SOURCES.get(source) or SITES[source])[0],
        "target_layer": "protected_target" if in_targets else "enterprise_site",
        "target_code": target,
        "target_name": TARGETS[target][0] if in_targets else SITES[target][0],
        "status": status,
        "uncertainty_m": 10.0,
        "geometry": line,
        **more,
    }


def findings() -> gpd.GeoDataFrame:
    """Findings of every status; number 1 is the worst."""
    to_school = path((790, 1200), (780, 1560))
    rows = [
        _finding(
            1,
            "violation",
            "H-1",
            "T-SCHOOL",
            to_school,
            required_m=500.0,
            measured_m=360.2,
            shortfall_m=139.8,
            people=820.0,
            measured_from="tank_outer_wall",
            measured_to="building_outer_wall",
            substitutes="substitute:target_boundary",
        ),
        _finding(
            2,
            "violation",
            "H-6",
            "T-MARKET",
            path((3230, 1960), (3050, 1720)),
            required_m=350.0,
            measured_m=300.0,
            shortfall_m=50.0,
            review="provisional",
            clause="4.2.1",
        ),
        _finding(
            3,
            "violation",
            ORANGE,
            RED,
            path((1250, 1000), (1120, 1000)),
            required_m=150.0,
            measured_m=130.0,
            shortfall_m=20.0,
            clause="4.1.9",
            title_zh="相邻企业之间的防火间距",
            mandatory=False,
        ),
        _finding(
            4,
            "needs_survey",
            "H-3",
            "T-HOUSES",
            path((1400, 1000), (2350, 1250)),
            required_m=980.0,
            measured_m=982.3,
            shortfall_m=None,
            people=1350.0,
        ),
        _finding(
            5,
            "undetermined",
            "H-5",
            "T-HOUSES",
            path((1910, 820), (2350, 1250)),
            required_m=None,
            measured_m=615.4,
            shortfall_m=None,
            missing="hazard_source.volume_m3;hazard_source.fire_hazard_class",
        ),
        _finding(6, "meets", "H-4", "T-HOSPITAL", None, required_m=100.0, measured_m=2000.0, shortfall_m=None),
    ]
    return gpd.GeoDataFrame(rows, geometry="geometry", crs="EPSG:4490")


def _site(code: str, level: int | None, reasons: str, **more: Any) -> dict[str, Any]:
    name, shape, park = SITES[code]
    return {
        "site_code": code,
        "site_name": name,
        "park_code": park,
        "county_code": "369901",
        "status": "graded" if level else "undetermined",
        "level": level,
        "level_at_least": None,
        "method": "enterprise_matrix",
        "reasons": reasons,
        "violations": 0,
        "needs_survey": 0,
        "undetermined_findings": 0,
        "geometry": shape,
        **more,
    }


def site_grades() -> gpd.GeoDataFrame:
    """One site of every colour, one undetermined, one outside the parks, one in the second park."""
    rows = [
        _site(
            RED,
            1,
            "构成一级重大危险源;与示例第一小学的间距不足 139.8 米",
            likelihood=4.0,
            severity=5.0,
            score=20.0,
            major_level=1,
            violations=2,
        ),
        _site(ORANGE, 2, "构成三级重大危险源;一处间距需实测", score=12.0, major_level=3, violations=1, needs_survey=1),
        _site(YELLOW, 3, "不构成重大危险源;甲类仓库一座", score=8.0),
        _site(BLUE, 4, "无危险化学品", score=2.0),
        _site(UNKNOWN, None, "缺少发酵车间的火灾危险性类别", level_at_least=3, undetermined_findings=1),
        _site(OUTSIDE, 2, "位于人口密集区;条款待核的间距不足 50 米", score=12.0, violations=1),
        _site(SECOND, 4, "无危险化学品", score=2.0),
    ]
    return gpd.GeoDataFrame(rows, geometry="geometry", crs="EPSG:4490")


def hazard_grades() -> gpd.GeoDataFrame:
    """A unit of grade 1, one of grade 3, one undetermined, one that is no major hazard."""

    def unit(code: str, source: str, status: str, **more: Any) -> dict[str, Any]:
        name, shape, site, _ = SOURCES[source]
        return {
            "unit_code": code,
            "unit_name": name,
            "unit_kind": "storage",
            "site_code": site,
            "source_codes": source,
            "status": status,
            "level": None,
            "geometry": shape,
            **more,
        }

    rows = [
        unit("U-1", "H-1", "major", s=60.0, r=132.5, level=1, people_500m=120.0, alpha=2.0),
        unit("U-3", "H-3", "major", s=4.2, r=31.0, level=3),
        unit("U-5", "H-5", "undetermined", missing="inventory.quantity_t"),
        unit("U-4", "H-4", "not_major", s=0.4),
    ]
    return gpd.GeoDataFrame(rows, geometry="geometry", crs="EPSG:4490")


def region_grades() -> gpd.GeoDataFrame:
    """Both parks and both townships."""

    def region(kind: str, code: str, name: str, shape: Polygon, level: int, **counts: Any) -> dict[str, Any]:
        zero = dict.fromkeys(
            ("sites", "red", "orange", "yellow", "blue", "undetermined", "major_1", "major_2", "major_3", "major_4"), 0
        )
        return {
            "kind": kind,
            "area_code": code,
            "area_name": name,
            "level": level,
            "status": "graded",
            "method": "region_worst",
            "violations": 0,
            "geometry": shape,
            **zero,
            **counts,
        }

    chem = {
        "sites": 5,
        "red": 1,
        "orange": 1,
        "yellow": 1,
        "blue": 1,
        "undetermined": 1,
        "major_1": 1,
        "major_3": 1,
        "violations": 2,
        "people_near_major": 120.0,
        "people_near_major_min": 120.0,
        "people_basis": "500 m 范围内防护目标人数",
    }
    rows = [
        region("park", PARK, PARKS[PARK][0], PARKS[PARK][1], 1, **chem),
        region("park", SECOND_PARK, PARKS[SECOND_PARK][0], PARKS[SECOND_PARK][1], 4, sites=1, blue=1),
        region("admin", "369901101", "河西镇", ADMIN["369901101"][1], 1, area_level="township", sites=5),
        region("admin", "369901102", "河东镇", ADMIN["369901102"][1], 2, area_level="township", sites=2),
    ]
    return gpd.GeoDataFrame(rows, geometry="geometry", crs="EPSG:4490")


def risk_levels() -> gpd.GeoDataFrame:
    """A partition made of nested squares; no two levels overlap."""
    red, orange = area(650, 850, 520, 430), area(520, 720, 1200, 620)
    yellow, blue = area(300, 200, 1900, 1300), area(-200, -200, 4400, 2700)
    parts = {1: red, 2: orange - red, 3: yellow - orange, 4: blue - yellow}
    rows = [
        {
            "level": level,
            "method": "enterprise_matrix",
            "geometry": MultiPolygon([shape] if shape.geom_type == "Polygon" else list(shape.geoms)),
        }
        for level, shape in parts.items()
    ]
    return gpd.GeoDataFrame(rows, geometry="geometry", crs="EPSG:4490")


def fill(store: Store) -> str:
    """Write layers and the study into a store; the id of the study."""
    for name, frame in layers().items():
        store.write_batch(name, frame, file=f"{name}.gpkg", sha256="0" * 64, note="hand-made area of the tests")
    row = {
        "study_id": STUDY,
        "area": "369901",
        "area_name": "示例县",
        "on_day": date(2026, 11, 22),
        "as_of": store.last_recorded_at(),
        "rule_set": "0123456789ab",
        "method": {"id": "matrix_5x5", "name_zh": "示例五乘五风险矩阵", "name_en": "Example 5x5 matrix"},
        "parameters": {},
        "input_sha256": "0" * 64,
        "code_version": "0.0.0",
        "synthetic": True,
        "counts": {"sites": len(SITES)},
        "timings_s": {},
        "not_evaluated": [{"rule_id": "EX-100/9", "reason_zh": "缺少数据层", "reason_en": "no data layer"}],
        "geometry": ADMIN["369901"][1],
    }
    tables: dict[str, pd.DataFrame] = {
        "finding": findings(),
        "site_grade": site_grades(),
        "hazard_grade": hazard_grades(),
        "region_grade": region_grades(),
        "risk_level": risk_levels(),
    }
    store.save_study(row, tables)
    return STUDY


@pytest.fixture(scope="session")
def small_store(new_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store that holds the small area and its study; tests only read it."""
    with open_store(new_database(), data_dir=tmp_path_factory.mktemp("small")) as store:
        fill(store)
        yield store
