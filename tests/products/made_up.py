"""A made-up study for the products: one county, two parks, some twenty plots of every level, all of it invented.

The first park is a rectangle of exactly known size on the plane of its sheet (`PARK_SIZE_M`), so that printed lengths
can be measured against it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer

CRS = "EPSG:4490"
PLANE = "EPSG:4548"  # CGCS2000 3-degree Gauss-Kruger, central meridian 117 E
PARK_SIZE_M = (1600.0, 1000.0)
_BACK = Transformer.from_crs(PLANE, CRS, always_xy=True)
ORIGIN = (500_300.0, 3_020_000.0)  # east, north on the plane; 300 m east of the central meridian


def lonlat(geometry: Any) -> Any:
    """A geometry given in metres from the park's south-west corner, in longitude and latitude."""
    return shapely.transform(
        geometry, lambda xy: np.column_stack(_BACK.transform(xy[:, 0] + ORIGIN[0], xy[:, 1] + ORIGIN[1]))
    )


@dataclass
class MadeUpStudy:
    """The fields of gisrisk.study.Study."""

    study_id: str = "S20261122-0123456789"
    area: str = "990102"
    area_name: str = "白沙县"
    area_geometry: Any = None
    on: date = date(2026, 11, 22)
    as_of: datetime | None = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
    rule_set: str = "a1b2c3d4e5f6"
    method: dict[str, Any] = field(
        default_factory=lambda: {
            "id": "enterprise_matrix",
            "name_zh": "企业风险矩阵法（可能性×后果）",
            "name_en": "enterprise risk matrix",
        }
    )
    parameters: dict[str, Any] = field(default_factory=lambda: {"default_position_uncertainty_m": 5.0})
    input_sha256: str = "9f" * 32
    code_version: str = "0.1.0"
    synthetic: bool = True
    findings: Any = None
    hazard_grades: Any = None
    site_grades: Any = None
    risk_levels: Any = None
    region_grades: Any = None
    context: dict[str, Any] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    timings_s: dict[str, float] = field(default_factory=lambda: {"read": 0.5, "separate": 1.25})
    not_evaluated: list[dict[str, str]] = field(
        default_factory=lambda: [{"rule_id": "EX-100/4.2.1-b", "reason": "table missing"}]
    )


_NAMES = (
    "白沙鑫源化工有限公司",
    "江岸石化储运有限公司",
    "恒泰精细化工有限公司",
    "绿洲农药股份有限公司",
    "华星涂料有限公司",
    "安顺液化气储配站",
    "长河新材料科技有限公司",
    "东岭医药中间体有限公司",
    "明德表面处理有限公司",
    "远大物流危化品仓库",
    "万和氯碱化工有限公司",
    "南坪合成树脂有限公司",
    "同济特种气体有限公司",
    "瑞丰电子化学品有限公司",
    "金沙催化剂有限公司",
    "海川溶剂回收有限公司",
    "天目香料有限公司",
    "北山橡胶助剂有限公司",
    "清源污水处理厂",
    "白沙热电有限公司",
    "新桥机械制造有限公司",
)
_LEVELS = (1, 2, 3, 4, None, 3, 2, 4, 4, 3, 1, 2, 3, 4, None, 4, 3, 4, 4, 2, 4)


def _frame(rows: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=CRS)


def _park_name(code: str) -> str:
    return {"P01": "白沙江岸化工园区", "P02": "青石岭工业园"}[code]


def make_study(*, synthetic: bool = True, extra_sites: int = 0) -> MadeUpStudy:
    """Build the study; `extra_sites` adds small plots, for a list that is too long for page 1."""
    width, height = PARK_SIZE_M
    park = shapely.box(0, 0, width, height)
    second = shapely.Polygon([(4200, 2600), (5600, 2500), (5700, 3500), (4300, 3600)])
    plots = []
    for k in range(20):
        i, j = k % 5, k // 5
        x, y = 40 + i * 310, 30 + j * 240
        plots.append(shapely.Polygon([(x, y), (x + 270, y + 6), (x + 262, y + 196), (x + 8, y + 190)]))
    plots.append(shapely.box(4500, 2700, 4900, 3000))
    parks = ["P01"] * 20 + ["P02"]
    levels: list[int | None] = list(_LEVELS)
    names = list(_NAMES)
    for k in range(extra_sites):
        x, y = 42 + (k % 40) * 38, 226 + (k // 40) * 240
        plots.append(shapely.box(x, y, x + 30, y + 26))
        parks.append("P01")
        levels.append((4, 3, 2, None)[k % 4])
        names.append(f"小微配套企业第{k + 1}号仓储服务有限公司")
    codes = [f"E{k + 1:03d}" for k in range(len(plots))]
    shapes = [lonlat(plot) for plot in plots]
    sites = _frame(
        [
            {
                "code": c,
                "name": n,
                "park_code": p,
                "industry_code": "2614",
                "status": "operating",
                "position_source": "synthetic",
                "geometry": g,
            }
            for c, n, p, g in zip(codes, names, parks, shapes, strict=True)
        ]
    )
    reasons = {
        1: "构成一级重大危险源；距离不符合2处；500 m内居民1 260人",
        2: "构成三级重大危险源；距离不符合1处",
        3: "构成四级重大危险源",
        4: "未构成重大危险源，无距离不符合",
        None: "缺资料：储量",
    }
    grades = _frame(
        [
            {
                "site_code": c,
                "site_name": n,
                "park_code": p,
                "county_code": "990102",
                "status": "graded" if level else "undetermined",
                "level": level,
                "level_at_least": None if level else 2 + (k % 2),
                "method": "enterprise_matrix",
                "likelihood": 5 - level if level else None,
                "severity": 6 - level if level else None,
                "score": float((5 - level) * (6 - level)) if level else None,
                "reasons": reasons[level],
                "major_level": {1: 1, 2: 3, 3: 4}.get(level),
                "violations": {1: 2, 2: 1}.get(level, 0),
                "needs_survey": int(k == 5),
                "undetermined_findings": 3 if level is None else 0,
                "geometry": g,
            }
            for k, (c, n, p, level, g) in enumerate(zip(codes, names, parks, levels, shapes, strict=True))
        ]
    )
    grades["level"] = grades["level"].astype("Int64")

    tanks, hazards = [], []
    for k, plot in enumerate(plots[:20]):
        x, y = plot.bounds[0], plot.bounds[1]
        for t in range(2 + k % 3):
            shape = (
                shapely.Point(x + 60 + 45 * t, y + 55).buffer(14) if k % 4 else shapely.Point(x + 60 + 45 * t, y + 55)
            )
            tanks.append(
                {
                    "code": f"H{k + 1:03d}-{t + 1}",
                    "name": f"储罐{t + 1}",
                    "site_code": codes[k],
                    "facility_type": "tank",
                    "volume_m3": 1000.0,
                    "position_source": "synthetic",
                    "geometry": lonlat(shape),
                }
            )
        level = levels[k]
        major = {1: 1, 2: 3, 3: 4}.get(level or 0)
        hazards.append(
            {
                "unit_code": f"U{k + 1:03d}",
                "unit_name": f"{names[k][:4]}罐区",
                "unit_kind": "storage",
                "site_code": codes[k],
                "source_codes": [f"H{k + 1:03d}-1"],
                "status": "major" if major else ("undetermined" if level is None else "not_major"),
                "s": {1: 320.5, 3: 14.2, 4: 2.31}.get(major or 0),
                "alpha": 2.0 if major == 1 else 1.2,
                "alpha_basis": "people in 500 m",
                "people_500m": 1260.0 if major == 1 else 45.0,
                "r": {1: 612.0, 3: 17.0, 4: 2.8}.get(major or 0),
                "level": major,
                "level_min": None,
                "level_max": None,
                "missing": None if level else ["inventory.quantity_t"],
                "detail": {"q_over_q": [1.2, 3.4]},
                "geometry": lonlat(shapely.Point(x + 60, y + 55)),
            }
        )
    sources = _frame(tanks)

    targets = _frame(
        [
            {
                "code": "T01",
                "name": "江岸小学",
                "target_type": "school",
                "population": 860,
                "geometry": lonlat(shapely.box(-170, 180, -90, 260)),
            },
            {
                "code": "T02",
                "name": "沙头村",
                "target_type": "village",
                "population": 1400,
                "geometry": lonlat(shapely.box(300, -190, 620, -60)),
            },
            {
                "code": "T03",
                "name": "园区管委会办公楼",
                "target_type": "government_office",
                "population": 120,
                "geometry": lonlat(shapely.Point(1680, 620)),
            },
            {
                "code": "T04",
                "name": "县人民医院东院",
                "target_type": "hospital",
                "population": 700,
                "geometry": lonlat(shapely.box(1700, 100, 1780, 170)),
            },
        ]
    )

    def finding(
        no: int,
        source: str,
        target: str,
        a: tuple[float, float],
        b: tuple[float, float],
        required: float,
        status: str,
        **more: Any,
    ) -> dict[str, Any]:
        measured = float(np.hypot(a[0] - b[0], a[1] - b[1]))
        known = status != "undetermined"
        return {
            "study_id": MadeUpStudy.study_id,
            "finding_no": no,
            "rule_id": more.get("rule_id", "EX-100/4.2.1-a"),
            "document": "示例安全距离标准",
            "document_no": "EX 100-2026",
            "clause": more.get("clause", "4.2.1 表3 第2行"),
            "title_zh": "储罐与居民区、学校的距离",
            "rule_type": "minimum",
            "review": more.get("review", "confirmed"),
            "mandatory": True,
            "source_layer": "hazard_source",
            "source_code": source,
            "source_name": "储罐1",
            "target_layer": more.get("target_layer", "protected_target"),
            "target_code": target,
            "target_name": more.get("target_name", "江岸小学"),
            "required_m": required if known else None,
            "measured_m": measured,
            "shortfall_m": max(0.0, required - measured) if known else None,
            "status": status,
            "missing": None if known else ["hazard_source.fire_hazard_class"],
            "assumed": more.get("assumed"),
            "measured_from": "tank_wall",
            "measured_to": "building_outer_wall",
            "substitutes": None,
            "uncertainty_m": 5.0,
            "people": 860.0,
            "since": None,
            "geometry": lonlat(shapely.LineString([a, b])),
        }

    findings = _frame(
        [
            finding(1, "H001-1", "T02", (100, 71), (300, -60), 300.0, "violation", target_name="沙头村"),
            finding(2, "H006-1", "T01", (86, 325), (-90, 240), 500.0, "violation"),
            finding(3, "H001-1", "T01", (86, 90), (-90, 180), 350.0, "violation", review="provisional", clause="5.1"),
            finding(
                4, "H010-1", "T03", (1354, 330), (1680, 620), 440.0, "needs_survey", target_name="园区管委会办公楼"
            ),
            finding(5, "H005-1", "T04", (1354, 90), (1700, 140), 350.0, "violation", target_name="县人民医院东院"),
            finding(6, "H005-1", "T03", (1354, 90), (1680, 620), 50.0, "meets", target_name="园区管委会办公楼"),
            finding(7, "H015-1", "T02", (1354, 560), (620, -100), 50.0, "undetermined", target_name="沙头村"),
        ]
    )

    cells = grades.assign(level=grades["level"].fillna(0)).dissolve("level").reset_index()
    risk = _frame(
        [
            {"level": int(row.level), "method": "enterprise_matrix", "geometry": row.geometry}
            for row in cells.itertuples()
        ]
    )
    county = shapely.Polygon([(-5200, -4200), (6800, -5000), (8200, 1500), (7000, 6800), (200, 7600), (-6100, 3300)])
    townships = [county & shapely.box(-9000, -9000, 2500, 9000), county & shapely.box(2500, -9000, 9000, 9000)]
    admin = _frame(
        [
            {"code": "990102", "name": "白沙县", "level": "county", "parent_code": "9901", "geometry": lonlat(county)},
            {
                "code": "990102001",
                "name": "江岸镇",
                "level": "township",
                "parent_code": "990102",
                "geometry": lonlat(townships[0]),
            },
            {
                "code": "990102002",
                "name": "青石镇",
                "level": "township",
                "parent_code": "990102",
                "geometry": lonlat(townships[1]),
            },
        ]
    )
    park_frame = _frame(
        [
            {"code": code, "name": _park_name(code), "kind": "chemical_park", "geometry": lonlat(shape)}
            for code, shape in (("P01", park), ("P02", second))
        ]
    )

    def region(
        kind: str, code: str, name: str, size: str | None, level: int | None, geometry: Any, own: gpd.GeoDataFrame
    ) -> dict[str, Any]:
        count = {k: int((own["level"] == k).sum()) for k in (1, 2, 3, 4)}
        return {
            "kind": kind,
            "area_code": code,
            "area_name": name,
            "area_level": size,
            "level": level,
            "status": "graded" if level else "undetermined",
            "method": "worst_site",
            "sites": len(own),
            "red": count[1],
            "orange": count[2],
            "yellow": count[3],
            "blue": count[4],
            "undetermined": int(own["level"].isna().sum()),
            "major_1": count[1],
            "major_2": 0,
            "major_3": count[2],
            "major_4": count[3],
            "people_near_major": 2260.0,
            "people_near_major_min": 2260.0,
            "people_basis": "targets",
            "violations": 4,
            "geometry": geometry,
        }

    in_first = grades[grades["park_code"] == "P01"]
    in_second = grades[grades["park_code"] == "P02"]
    regions = _frame(
        [
            region("admin", "990102", "白沙县", "county", 1, admin.geometry[0], grades),
            region("admin", "990102001", "江岸镇", "township", 1, admin.geometry[1], in_first),
            region("admin", "990102002", "青石镇", "township", 4, admin.geometry[2], in_second),
            region("park", "P01", _park_name("P01"), None, 1, park_frame.geometry[0], in_first),
            region("park", "P02", _park_name("P02"), None, None, park_frame.geometry[1], in_second),
        ]
    )
    lines = _frame(
        [
            {
                "code": "L1",
                "name": "江岸大道",
                "kind": "road",
                "geometry": lonlat(shapely.LineString([(-4000, -30), (-60, -28), (1700, -32), (6000, 400)])),
            },
            {
                "code": "L2",
                "name": "园区二路",
                "kind": "road",
                "geometry": lonlat(shapely.LineString([(0, 503), (1600, 503)])),
            },
            {
                "code": "L3",
                "name": "白沙江",
                "kind": "waterway",
                "geometry": lonlat(
                    shapely.LineString([(-4500, 1250), (-300, 1130), (700, 1150), (2100, 1090), (6500, 1900)])
                ),
            },
            {
                "code": "L4",
                "name": "园区铁路专线",
                "kind": "railway",
                "geometry": lonlat(shapely.LineString([(1630, -400), (1634, 1200), (1900, 3000)])),
            },
            {
                "code": "L5",
                "name": "110 kV线",
                "kind": "power_line",
                "geometry": lonlat(shapely.LineString([(-300, 880), (-60, 1020), (1700, 1030)])),
            },
        ]
    )
    dense = _frame(
        [
            {
                "code": "D1",
                "name": "沙头村居住区",
                "population": 1400,
                "geometry": lonlat(shapely.box(180, -240, 760, -50)),
            }
        ]
    )
    counts = {"findings": len(findings), "enterprise_site": len(sites), "hazard_source": len(sources)}
    return MadeUpStudy(
        area_geometry=lonlat(county),
        synthetic=synthetic,
        findings=findings,
        hazard_grades=_frame(hazards),
        site_grades=grades,
        risk_levels=risk,
        region_grades=regions,
        context={
            "park": park_frame,
            "enterprise_site": sites,
            "hazard_source": sources,
            "protected_target": targets,
            "dense_area": dense,
            "linear_feature": lines,
            "admin_area": admin,
            "inventory": pd.DataFrame({"source_code": ["H001-1"], "substance": ["苯"], "quantity_t": [100.0]}),
        },
        counts=counts,
    )
