"""The map's picture: which layers, in which order, behind which switches; colours from palette and layer files."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from gisrisk.catalog import layer
from gisrisk.catalog.palette import LEVELS, UNDETERMINED
from gisrisk.server.drawing import BY_LEVEL, Spec, circle, fill, hatch, label, line, numeral
from gisrisk.server.present import layer_label, method_name
from gisrisk.server.results import Results
from gisrisk.server.text import either, t
from gisrisk.server.tile_layers import TILE_LAYERS
from gisrisk.server.tiles import data_version

PAPER = "#f4f5f2"
INK = "#1c2733"
FINDING = "#b0006d"  # outside the four colours, which mean risk only
MAJOR = "#4b1e78"
ROAD_EDGE = "#b9b4aa"
MAIN_ROADS = ("expressway", "class1", "urban_expressway", "urban_trunk")
PLANT_ROADS = ("main", "minor")
# parts of plants and small works: named only from near, so that schools and homes are not lost among them
INNER_TARGETS = ("industrial_building", "open_flame_point", "power_facility", "parking", "substation")
LINES = {  # kind -> (colour, width [px], dash)
    "road": ("#ffffff", 3.0, ()),
    "railway": ("#4a4a4a", 2.0, (3.0, 2.0)),
    "waterway": ("#9cc4dd", 4.0, ()),
    "power_line": ("#8d7aa8", 1.2, (6.0, 3.0)),
    "pipeline": ("#8a6d4b", 1.6, (4.0, 2.0)),
}


@dataclass(frozen=True, slots=True)
class Toggle:
    """One switch of the layer panel. Switches of a group with `exclusive` exclude each other: methods never mix."""

    id: str
    group: str
    label: str
    on: bool
    exclusive: bool = False
    swatch: str = ""


def toggles() -> list[Toggle]:
    """All switches in the order of the panel, labelled in the language of the request."""

    risk = [("site_grade", True), ("risk_level", False), ("region_grade", False), ("risk_none", False)]
    base = [("road", True), ("railway", True), ("waterway", True), ("power_line", True), ("pipeline", True)]
    return [
        *(Toggle(name, "risk", t(f"layer.{name}"), on, exclusive=True) for name, on in risk),
        Toggle("enterprise_site", "hazard", layer_label("enterprise_site"), True, swatch="plot"),
        Toggle("hazard_source", "hazard", layer_label("hazard_source"), True, swatch="dot-source"),
        Toggle("hazard_grade", "hazard", t("layer.hazard_grade"), True, swatch="major"),
        Toggle("protected_target", "target", layer_label("protected_target"), True, swatch="dot-target"),
        Toggle("dense_area", "target", layer_label("dense_area"), True, swatch="dense"),
        Toggle("finding_violation", "finding", t("layer.finding_violation"), True, swatch="line-violation"),
        Toggle("finding_needs_survey", "finding", t("layer.finding_needs_survey"), True, swatch="line-survey"),
        Toggle("finding_undetermined", "finding", t("layer.finding_undetermined"), False, swatch="line-undetermined"),
        Toggle("park", "base", layer_label("park"), True, swatch="park"),
        Toggle("admin_area", "base", layer_label("admin_area"), True, swatch="admin"),
        *(Toggle(name, "base", t(f"layer.{name}"), on, swatch=f"line-{name}") for name, on in base),
        Toggle("other_line", "base", t("layer.other_line"), False, swatch="line-other"),
        Toggle("labels", "base", t("layer.labels"), True),
    ]


def _ground(results: Results | None) -> list[Spec]:
    admin, dense, park, plot = (layer(name).style for name in ("admin_area", "dense_area", "park", "enterprise_site"))
    districts = ["all", ["==", ["get", "kind"], "admin"], ["==", ["get", "area_level"], _finest_level(results)]]
    return [
        {"id": "paper", "type": "background", "paint": {"background-color": PAPER}, "metadata": {"toggle": None}},
        fill("dense-fill", "dense_area", "dense_area", dense.colour, opacity=dense.opacity),
        fill("park-fill", "park", "park", park.colour, opacity=park.opacity),
        # translucent fills lie below the opaque levels, so that no colour is mixed that the legend lacks
        fill("plot-fill", "enterprise_site", "enterprise_site", plot.colour, opacity=plot.opacity),
        fill("region-fill", "region_grade", "region_grade", BY_LEVEL, filter=districts),
        hatch("region-hatch", "region_grade", "region_grade", filter=districts),
        line("region-line", "region_grade", "region_grade", "#ffffff", 1.5, filter=districts),
        fill("level-fill", "risk_level", "risk_level", BY_LEVEL),
        hatch("level-hatch", "risk_level", "risk_level"),
        line("admin-line", "admin_area", "admin_area", admin.outline, 1.2, dash=(4.0, 2.0, 1.0, 2.0)),
    ]


def _lines() -> list[Spec]:
    source, water = "linear_feature", LINES["waterway"]
    inside_plants = ["match", ["get", "grade"], list(PLANT_ROADS), True, False]
    on_map: dict[str, Any] = {"filter": ["!", inside_plants], "equals": ("kind", ["road"]), "grow": True}
    in_plants: dict[str, Any] = {"filter": inside_plants, "equals": ("kind", ["road"]), "grow": True, "minzoom": 14}
    main: dict[str, Any] = {"equals": ("grade", list(MAIN_ROADS)), "grow": True}
    drawn = [
        fill("water-fill", "waterway", source, water[0], filter=["==", ["get", "kind"], "waterway"]),
        line("waterway", "waterway", source, water[0], water[1], equals=("kind", ["waterway"]), grow=True),
        line("plant-road-casing", "road", source, ROAD_EDGE, 2.4, **in_plants),
        line("plant-road", "road", source, LINES["road"][0], 1.4, **in_plants),
        line("road-casing", "road", source, ROAD_EDGE, 3.8, **on_map),
        line("main-road-casing", "road", source, ROAD_EDGE, 6.0, **main),
        line("road", "road", source, LINES["road"][0], 2.4, **on_map),
        line("main-road", "road", source, LINES["road"][0], 4.4, **main),
    ]
    for kind in ("railway", "pipeline", "power_line"):
        colour, width, dash = LINES[kind]
        drawn.append(line(kind, kind, source, colour, width, dash=dash, equals=("kind", [kind])))
    others = ["!", ["match", ["get", "kind"], list(LINES), True, False]]
    return [*drawn, line("other-line", "other_line", source, "#7a7a7a", 1.2, filter=others)]


def _subjects() -> list[Spec]:
    dense, park, plot = (layer(name).style for name in ("dense_area", "park", "enterprise_site"))
    source, target = layer("hazard_source").style, layer("protected_target").style
    both = ("protected_target", "protected_target")  # switch and source
    return [
        line("plot-line", "enterprise_site", "enterprise_site", plot.outline, 1.2),
        fill("site-fill", "site_grade", "site_grade", BY_LEVEL),
        hatch("site-hatch", "site_grade", "site_grade"),
        line("site-line", "site_grade", "site_grade", INK, 1.0),
        line("dense-line", "dense_area", "dense_area", dense.outline, 1.6, dash=(2.0, 1.5)),
        line("park-line", "park", "park", park.outline, 2.4, dash=(6.0, 2.0)),
        fill("source-fill", "hazard_source", "hazard_source", source.colour),
        line("source-line", "hazard_source", "hazard_source", source.outline, 1.0, minzoom=12),
        circle("source-point", "hazard_source", "hazard_source", source.colour, 3.6, far=1.2, outline=source.outline),
        circle("target-point", *both, target.colour, 5.0, far=1.3, outline="#ffffff", stroke=1.5),
        fill("target-fill", "protected_target", "protected_target", target.colour),
        line("target-line", "protected_target", "protected_target", target.outline, 1.0, minzoom=12),
        circle("site-point", "site_grade", "site_grade", BY_LEVEL, 6.0, far=5.0, outline=INK, stroke=1.2),
    ]


def _findings() -> list[Spec]:
    drawn: list[Spec] = []
    looks = {
        "violation": (FINDING, ()),
        "needs_survey": (FINDING, (1.6, 1.2)),
        "undetermined": ("#5b6470", (0.6, 1.4)),
    }
    for status, (colour, dash) in looks.items():
        toggle = f"finding_{status}"
        only = ("status", [status])
        drawn.append(line(f"{toggle}-casing", toggle, "finding", "#ffffff", 5.0, equals=only))
        drawn.append(line(toggle, toggle, "finding", colour, 2.6, dash=dash, equals=only))
    return drawn


def _labels() -> list[Spec]:
    by_grade = ["match", ["coalesce", ["get", "level"], 0], 1, "Ⅰ", 2, "Ⅱ", 3, "Ⅲ", 4, "Ⅳ", "?"]
    target = layer("protected_target").style.outline
    inner = ["match", ["get", "target_type"], list(INNER_TARGETS), True, False]
    around = ("top", "bottom", "left", "right")
    return [
        label("admin-name", "labels", "admin_area", 13, minzoom=8, maxzoom=14, colour="#5a6470"),
        label("dense-name", "labels", "dense_area", 13, minzoom=13, colour="#6b5335"),
        label(
            "target-name",
            "labels",
            "protected_target",
            12,
            minzoom=15,
            gap_em=0.9,
            colour=target,
            filter=["!", inner],
            anchors=around,
        ),
        label(
            "inner-name",
            "labels",
            "protected_target",
            11,
            minzoom=16.5,
            gap_em=0.9,
            colour=target,
            filter=inner,
            anchors=around,
        ),
        label("site-name", "labels", "enterprise_site", 12, minzoom=13.7, gap_em=0.6, colour=INK),
        label("park-name", "labels", "park", 15, minzoom=9, gap_em=0.3, colour="#4a3a2f", anchors=("bottom", "top")),
        circle("major-point", "hazard_grade", "hazard_grade", MAJOR, 8.0, far=3.2, outline="#ffffff", stroke=1.5),
        numeral("major-label", "hazard_grade", "hazard_grade", by_grade, 11, colour="#ffffff", minzoom=14),
    ]


def map_style(results: Results | None) -> dict[str, Any]:
    """A MapLibre style (version 8) of one study, with our panel, legend and extent in its `metadata`.

    Only this host's tiles are named, no glyphs and no sprite: nothing is fetched from elsewhere.
    """
    study = results.study if results else None
    sources = {
        name: {
            "type": "vector",
            "tiles": [f"/tiles/{name}/{{z}}/{{x}}/{{y}}.mvt?{_query(name, results)}"],
            "minzoom": 0,
            "maxzoom": 16,
        }
        for name in TILE_LAYERS
    }
    return {
        "version": 8,
        "name": "gisrisk",
        "sources": sources,
        "layers": [*_ground(results), *_lines(), *_subjects(), *_findings(), *_labels()],
        "metadata": {
            "toggles": [asdict(toggle) for toggle in toggles()],
            "groups": [
                {"id": group, "label": t(f"group.{group}")} for group in ("risk", "hazard", "target", "finding", "base")
            ],
            "levels": [_level_entry(entry) for entry in (*LEVELS, UNDETERMINED)],
            "methods": _methods(results),
            "study": study,
            "extent": results.extent() if results else None,
        },
    }


def _finest_level(results: Results | None) -> str:
    """The smallest kind of district that was graded: districts of one level do not overlap."""
    found = {row["area_level"] for row in results.regions("admin")} if results else set()
    order = ("village", "township", "county", "city", "province")
    return next((level for level in order if level in found), order[1])


def _methods(results: Results | None) -> dict[str, str]:
    """Name of the method behind each set of levels, so that the legend says which one is shown."""
    if results is None:
        return {}
    site = method_name(results.study["method"])
    regions = {method_name(row["method"]) for row in results.regions("admin")}
    return {"site_grade": site, "risk_level": site, "region_grade": t("mark.semicolon").join(sorted(regions))}


def palette_css() -> str:
    """The four colours as a style sheet: `.level-1` .. `.level-4`, `.level-0`."""
    rules = []
    for entry in (*LEVELS, UNDETERMINED):
        rules.append(f".level-{entry.number} {{ --level: {entry.hex}; --on-level: {_readable(entry.hex)}; }}")
    looks = {
        "--finding": FINDING,
        "--major": MAJOR,
        "--park": layer("park").style.outline,
        "--dense": layer("dense_area").style.outline,
        "--source": layer("hazard_source").style.colour,
        "--plot": layer("enterprise_site").style.colour,
        "--plot-line": layer("enterprise_site").style.outline,
        "--target": layer("protected_target").style.colour,
        "--admin": layer("admin_area").style.outline,
        "--undetermined": UNDETERMINED.hex,
        **{f"--line-{kind.replace('_', '-')}": look[0] for kind, look in LINES.items()},
    }
    rules.append(":root { " + " ".join(f"{name}: {value};" for name, value in looks.items()) + " }")
    return "\n".join(rules) + "\n"


def _query(name: str, results: Results | None) -> str:
    version = data_version(TILE_LAYERS[name], results)
    return f"study={results.study_id}&v={version}" if results else f"v={version}"


def _level_entry(entry: Any) -> dict[str, Any]:
    return {"number": entry.number, "code": entry.code, "hex": entry.hex, "name": either(entry, "name")}


def _readable(colour: str) -> str:
    """White where its contrast on the colour is at least 4 (WCAG relative luminance), else black."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#ffffff" if 1.05 / (luminance + 0.05) >= 4 else "#111111"
