"""Pieces of a MapLibre style, each with the plain description that the Leaflet fallback draws from.

A layer's `metadata` holds `toggle` (the switch it belongs to) and `simple`: kind, colour (a text, or property -> value
-> colour), outline, width [px], dash, radius [px]. Both maps therefore draw from one table.
"""

from __future__ import annotations

from typing import Any

from gisrisk.catalog.palette import LEVELS, UNDETERMINED

Spec = dict[str, Any]
BY_LEVEL = "by-level"
HATCH = f"hatch-{UNDETERMINED.hex.lstrip('#')}"
_LEVEL: list[Any] = ["coalesce", ["get", "level"], 0]


def level_colour() -> list[Any]:
    """Expression: the opaque colour of a feature's `level`, grey when it has none."""
    pairs = [part for level in LEVELS for part in (level.number, level.hex)]
    return ["match", _LEVEL, *pairs, UNDETERMINED.hex]


def _paint_colour(colour: str) -> Any:
    return level_colour() if colour == BY_LEVEL else colour


def _simple_colour(colour: str) -> Any:
    if colour != BY_LEVEL:
        return colour
    return {
        "property": "level",
        "values": {str(level.number): level.hex for level in LEVELS},
        "otherwise": UNDETERMINED.hex,
    }


def _layer(kind: str, name: str, toggle: str, source: str, simple: Spec, **rest: Any) -> Spec:
    return {
        "id": name,
        "type": kind,
        "source": source,
        "source-layer": source,
        "metadata": {"toggle": toggle, "simple": simple},
        **{key.replace("_", "-"): value for key, value in rest.items() if value is not None},
    }


def fill(
    name: str, toggle: str, source: str, colour: str, *, opacity: float = 1.0, filter: list[Any] | None = None
) -> Spec:
    """Filled polygons, without an outline of their own."""
    paint = {"fill-color": _paint_colour(colour), "fill-opacity": opacity, "fill-antialias": True}
    simple = {"kind": "fill", "colour": _simple_colour(colour), "opacity": opacity}
    only = ["all", ["==", ["geometry-type"], "Polygon"], *([filter] if filter else [])]
    return _layer("fill", name, toggle, source, simple, filter=only, paint=paint)


def hatch(name: str, toggle: str, source: str, *, filter: list[Any] | None = None) -> Spec:
    """Hatching over polygons whose level is undetermined, so that grey is not taken for a colour of the scale."""
    only = ["all", ["==", ["geometry-type"], "Polygon"], ["==", _LEVEL, 0], *([filter] if filter else [])]
    return _layer("fill", name, toggle, source, {"kind": "none"}, filter=only, paint={"fill-pattern": HATCH})


def line(
    name: str,
    toggle: str,
    source: str,
    colour: str,
    width: float,
    *,
    dash: tuple[float, ...] = (),
    filter: list[Any] | None = None,
    equals: tuple[str, list[str]] | None = None,
    grow: bool = False,
    minzoom: float | None = None,
) -> Spec:
    """Lines or outlines. `equals` = (property, values) keeps only those features; `grow` widens with the zoom."""
    paint: Spec = {"line-color": _paint_colour(colour), "line-width": _growing(width) if grow else width}
    if dash:
        paint["line-dasharray"] = list(dash)
    simple: Spec = {"kind": "line", "colour": _simple_colour(colour), "width": width, "dash": list(dash)}
    only = [filter] if filter else []
    if equals:
        only.append(["match", ["get", equals[0]], equals[1], True, False])
        simple["only"] = {"property": equals[0], "values": equals[1]}
    layout = {"line-join": "round"} if dash else {"line-join": "round", "line-cap": "round"}
    return _layer(
        "line",
        name,
        toggle,
        source,
        simple,
        filter=["all", *only] if only else None,
        paint=paint,
        layout=layout,
        minzoom=minzoom,
    )


def circle(
    name: str, toggle: str, source: str, colour: str, radius: float, *, far: float, outline: str, stroke: float = 1.0
) -> Spec:
    """Points as discs of `radius` [px] near and `far` [px] from afar, where there are many; the worst lies on top."""

    def growing(from_afar: float, near: float) -> list[Any]:
        return ["interpolate", ["linear"], ["zoom"], 11.5, from_afar, 14.5, near]

    paint = {
        "circle-color": _paint_colour(colour),
        "circle-radius": growing(far, radius),
        "circle-stroke-color": outline,
        "circle-stroke-width": growing(stroke * far / radius, stroke),
    }
    simple = {"kind": "circle", "colour": _simple_colour(colour), "outline": outline, "radius": radius}
    only = ["==", ["geometry-type"], "Point"]
    layout = {"circle-sort-key": ["-", 0, ["coalesce", ["get", "level"], 2.5]]}
    return _layer("circle", name, toggle, source, simple, filter=only, paint=paint, layout=layout)


def label(
    name: str,
    toggle: str,
    source: str,
    size: float,
    *,
    colour: str,
    minzoom: float,
    maxzoom: float | None = None,
    gap_em: float = 0.0,
    filter: list[Any] | None = None,
    anchors: tuple[str, ...] = ("center", "top", "bottom"),
) -> Spec:
    """Names with a white halo, of the points `<source>_name`; they keep clear of other names and of the marks.

    `anchors`: places to try, the first that is free; `gap_em` from the point.
    """
    layout: Spec = {
        "text-field": ["get", "name"],
        "text-size": size,
        "text-max-width": 10,
        "text-padding": 4,
        "text-variable-anchor": list(anchors),
        "text-radial-offset": gap_em,
        "text-justify": "auto",
    }
    paint = {"text-color": colour, "text-halo-color": "#ffffff", "text-halo-width": 1.5}
    # Leaflet does not keep names apart, so it shows them later
    simple = {"kind": "label", "colour": colour, "minzoom": minzoom + 1.3, "maxzoom": maxzoom}
    made = _layer(
        "symbol",
        name,
        toggle,
        source,
        simple,
        filter=filter,
        layout=layout,
        paint=paint,
        minzoom=minzoom,
        maxzoom=maxzoom,
    )
    return made | {"source-layer": f"{source}_name"}


def numeral(name: str, toggle: str, source: str, field: Any, size: float, *, colour: str, minzoom: float) -> Spec:
    """A sign inside a mark: always drawn, and names keep clear of it."""
    layout: Spec = {"text-field": field, "text-size": size, "text-allow-overlap": True, "text-padding": 5}
    return _layer(
        "symbol", name, toggle, source, {"kind": "none"}, layout=layout, paint={"text-color": colour}, minzoom=minzoom
    )


def _growing(width: float) -> list[Any]:
    return ["interpolate", ["exponential", 1.4], ["zoom"], 9, width * 0.4, 13, width, 17, width * 3]
