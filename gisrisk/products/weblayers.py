"""The layers of the web map: the same features in the same quiet or loud colours as the printed sheet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import shapely
from folium.utilities import JsCode

from gisrisk.products import ground, linework, popups, regionmap
from gisrisk.products.view import Part, context_layer, is_missing
from gisrisk.products.words import FINDING_STATUS, LINEAR, ROMAN, level_of, tint, type_name

_DIGITS = 6  # degrees: 0.1 m, the accuracy of the distances
_NEAR_DEGREES = 0.03  # a park's page shows what lies up to about 3 km around it

_ON_SITE = """function(f,l){window.grLayers=window.grLayers||{};window.grLayers[f.properties.key]=l;
l.bindPopup(f.properties.popup,{maxWidth:380});
if(f.properties.no){l.bindTooltip(f.properties.no,{permanent:true,direction:'center',className:'gr-no'});}}"""
_ON_MAJOR = """function(f,l){l.bindPopup(f.properties.popup,{maxWidth:380});
l.setIcon(L.divIcon({className:'gr-major',html:'<b>'+f.properties.label+'</b>',iconSize:[18,17]}));}"""
_ON_FEATURE = "function(f,l){if(f.properties.popup){l.bindPopup(f.properties.popup,{maxWidth:380});}}"
_ON_REGION = """function(f,l){window.grLayers=window.grLayers||{};window.grLayers[f.properties.key]=l;
l.bindPopup(f.properties.popup,{maxWidth:380});}"""
_ON_FINDING = """function(f,l){l.bindPopup(f.properties.popup,{maxWidth:420});
if(f.properties.label){l.bindTooltip(f.properties.label,{permanent:true,direction:'center',className:'gr-m'});}}"""


def _rounded(geometry: Any) -> Any:
    return shapely.transform(geometry, lambda xy: np.round(xy, _DIGITS))


def _features(
    frame_: gpd.GeoDataFrame, properties: Callable[[Any], dict[str, Any]], simplify: float = 0.0
) -> dict[str, Any]:
    """A GeoJSON collection with only the properties that the page uses."""
    features = []
    for row in frame_.itertuples():
        if row.geometry is None or row.geometry.is_empty:
            continue
        geometry = row.geometry.simplify(simplify) if simplify else row.geometry
        features.append(
            {"type": "Feature", "properties": properties(row), "geometry": shapely.geometry.mapping(_rounded(geometry))}
        )
    return {"type": "FeatureCollection", "features": features}


def _near(part: Part, frame_: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Rows that a page shows: around the park, or all."""
    if not part.is_park or frame_.empty:
        return frame_
    return frame_[frame_.geometry.intersects(part.boundary.envelope.buffer(_NEAR_DEGREES)).to_numpy(bool)]


def _layer(
    page: folium.Map, data: dict[str, Any], name: str, style: dict[str, Any], *, script: str = _ON_FEATURE, **more: Any
) -> None:
    """Add one layer; a layer without features is left out, so that the layer list names only what there is."""
    if not data["features"]:
        return
    folium.GeoJson(
        data,
        name=name,
        style_function=lambda feature: style | feature["properties"].get("style", {}),
        on_each_feature=JsCode(script),
        smooth_factor=0.5,
        **more,
    ).add_to(page)


def add_ground(page: folium.Map, part: Part) -> None:
    """Boundaries, dense areas, parks and lines; on the page of a whole area also the areas' levels."""
    study = part.study
    coarse = 0.0 if part.is_park else 0.00005
    if not part.is_park:
        data = _features(
            regionmap.graded_areas(part),
            lambda row: {
                "key": f"A{row.area_code}",
                "popup": popups.region(row),
                "style": {"fillColor": tint(level_of(row.level).hex)},
            },
            coarse,
        )
        _layer(
            page,
            data,
            "行政区等级 area levels",
            {"color": ground.ADMIN_EDGE, "weight": 1, "fillOpacity": 1},
            script=_ON_REGION,
        )
    admin = _near(part, context_layer(study, "admin_area", "level"))
    _layer(
        page,
        _features(admin, lambda row: {"popup": ""}, coarse),
        "行政区界 boundaries",
        {"color": ground.ADMIN_EDGE, "weight": 1, "fill": False, "dashArray": "8 3 2 3", "interactive": False},
    )
    dense = _near(part, context_layer(study, "dense_area", "population"))
    _layer(
        page,
        _features(dense, lambda row: {"popup": popups.named("人口密集区", row, ("人口 people", row.population))}),
        "人口密集区 dense areas",
        {"color": ground.DENSE_EDGE, "weight": 1, "fillColor": ground.DENSE_FACE, "fillOpacity": 1},
    )
    parks = _near(part, context_layer(study, "park", "kind"))
    grades = {str(row.area_code): row for row in study.region_grades.itertuples() if row.kind == "park"}
    _layer(
        page,
        _features(
            parks,
            lambda row: {
                "key": f"P{row.code}",
                "popup": popups.region(grades[str(row.code)]) if str(row.code) in grades else popups.named("园区", row),
            },
        ),
        "园区 parks",
        {"color": ground.PARK_EDGE, "weight": 2.5, "dashArray": "9 3", "fillColor": ground.PARK_FACE, "fillOpacity": 1},
        script=_ON_REGION,
    )
    lines = _near(part, context_layer(study, "linear_feature", "kind"))
    for kind in ("waterway", "road", "railway", "power_line", "pipeline"):
        look = ground.line_style(kind)
        style: dict[str, Any] = {
            "color": look.casing or look.core,
            "weight": max(look.casing_pt, look.core_pt) * (1.0 if part.is_park else 0.5),
            "fill": False,
        }
        if kind == "railway":
            style["color"] = "#8A8A8A"  # black dashes are the sign of a distance to survey
        if look.dashes:
            style["dashArray"] = " ".join(f"{dash:g}" for dash in look.dashes)
        own = lines[lines["kind"].astype("string") == kind]
        data = _features(own, lambda row, kind=kind: {"popup": popups.named(LINEAR[kind][0], row)}, coarse)  # type: ignore[misc]
        _layer(page, data, " ".join(LINEAR[kind]), style)


def _hazard_source(row: Any) -> dict[str, Any]:
    return {"popup": popups.named("危险源", row, ("类型 type", type_name(row.facility_type)))}


def _target(row: Any) -> dict[str, Any]:
    kind = type_name(row.target_type)
    return {"popup": popups.named("防护目标", row, ("类型 type", kind), ("人数 people", row.population))}


def add_subject(page: folium.Map, part: Part) -> None:
    """Levels, enterprises, hazard sources, targets, violated distances and major hazards."""
    study = part.study
    levels = _near(part, study.risk_levels)
    if part.is_park:
        levels = levels.assign(geometry=levels.geometry.intersection(part.boundary.envelope.buffer(_NEAR_DEGREES)))
    _layer(
        page,
        _features(levels, lambda row: {"style": {"fillColor": level_of(row.level).hex}}),
        "风险等级 risk levels",
        {"weight": 0, "stroke": False, "fillOpacity": 1, "interactive": False},
    )
    others = study.site_grades[~study.site_grades["site_code"].isin(part.sites["site_code"])]
    _layer(
        page,
        _features(_near(part, others), lambda row: {"popup": popups.site(row)}),
        "区外企业 other sites",
        {"color": "#555555", "weight": 0.7, "fillOpacity": 0},
        marker=folium.CircleMarker(radius=5),
    )
    _layer(
        page,
        _features(
            part.sites,
            lambda row: (
                {
                    "key": f"S{row.site_code}",
                    "popup": popups.site(row),
                    "no": str(row.number) if part.is_park else "",
                }
                | (
                    {"style": {"fillColor": level_of(row.level).hex, "fillOpacity": 1}}
                    if row.geometry.geom_type == "Point"
                    else {}
                )
            ),
        ),
        "企业 enterprises",
        {"color": "#1a1a1a", "weight": 1, "fillColor": "#ffffff", "fillOpacity": 0},
        script=_ON_SITE,
        marker=folium.CircleMarker(radius=6),
    )
    sources = _near(part, context_layer(study, "hazard_source", "facility_type"))
    if part.is_park:
        _layer(
            page,
            _features(
                sources, lambda row: {"popup": popups.named("危险源", row, ("类型 type", type_name(row.facility_type)))}
            ),
            "危险源 hazard sources",
            {"color": ground.TANK_EDGE, "weight": 1, "fillColor": "#ffffff", "fillOpacity": 1},
            marker=folium.CircleMarker(radius=3),
        )
    targets = _near(part, context_layer(study, "protected_target", "target_type", "population"))
    if not part.is_park:  # a whole city's targets would make the page too large: those of a finding are enough
        involved = part.findings[part.findings["status"].isin(["violation", "needs_survey"])]
        targets = targets[targets["code"].isin([*involved["source_code"], *involved["target_code"]])]
    _layer(
        page,
        _features(
            targets,
            lambda row: {
                "popup": popups.named(
                    "防护目标", row, ("类型 type", type_name(row.target_type)), ("人数 people", row.population)
                )
            },
        ),
        "防护目标 protected targets",
        {"color": ground.TARGET, "weight": 1.5, "fillColor": "#9ccdc5", "fillOpacity": 1},
        marker=folium.CircleMarker(radius=4),
    )
    for status, dashes in (("needs_survey", "5 4"), ("violation", None)):
        own = part.findings[part.findings["status"] == status]
        numbered = own.assign(number=range(1, len(own) + 1))
        style: dict[str, Any] = {"color": linework.VIOLATION, "weight": 2.5 if status == "violation" else 1.6}
        data = _features(
            numbered,
            lambda row, status=status: {  # type: ignore[misc]
                "popup": popups.finding(row),
                "label": f"V{row.number}"
                if part.is_park and status == "violation" and row.number <= linework.MAX_LINE_LABELS
                else "",
            },
        )
        name = f"距离{FINDING_STATUS[status][0]} {FINDING_STATUS[status][1]}"
        _layer(page, data, name, style | ({"dashArray": dashes} if dashes else {}), script=_ON_FINDING)
    _add_major_hazards(page, part)


def _add_major_hazards(page: folium.Map, part: Part) -> None:
    major = part.hazard_grades[(part.hazard_grades["status"] == "major") & part.hazard_grades.geometry.notna()]
    if major.empty:
        return
    data = _features(
        major.assign(geometry=major.geometry.representative_point()),
        lambda row: {
            "popup": popups.hazard(row),
            "label": "" if is_missing(row.level) else ROMAN.get(int(row.level), ""),
        },
    )
    _layer(page, data, "重大危险源 major hazards", {}, script=_ON_MAJOR, show=part.is_park)
