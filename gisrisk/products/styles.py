"""The four colours for QGIS: one symbol per level or finding status, as SLD 1.1 and as QML, inside the GeoPackage.

QGIS opens a layer with the QML of the table `layer_styles`; other programs read the SLD beside it.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from gisrisk.catalog.palette import LEVELS, UNDETERMINED
from gisrisk.products.words import FINDING_STATUS

OUTLINE = "#333333"
_SE, _SLD, _OGC = "http://www.opengis.net/se", "http://www.opengis.net/sld", "http://www.opengis.net/ogc"


@dataclass(frozen=True)
class Rule:
    """One symbol: the value it stands for, its label, its colour; `value` None stands for a missing value."""

    value: str | int | None
    label: str
    color: str
    width_mm: float = 0.2
    dashed: bool = False


@dataclass(frozen=True)
class Style:
    """Symbols by the value of one column; `kind` is polygon or line."""

    name: str
    attribute: str
    kind: str
    rules: tuple[Rule, ...]


def level_style() -> Style:
    """Polygons by `level`: 1 red to 4 blue, undetermined (0 or missing) grey."""
    rules = [Rule(level.number, f"{level.name_zh}（{level.colour_zh}）", level.hex) for level in LEVELS]
    label = f"{UNDETERMINED.name_zh}（缺资料）"
    return Style(
        "四色图", "level", "polygon", (*rules, Rule(0, label, UNDETERMINED.hex), Rule(None, label, UNDETERMINED.hex))
    )


def finding_style() -> Style:
    """Lines of findings by `status`; dark for violations, so that no line is taken for a level."""
    looks = {
        "violation": ("#000000", 0.6, False),
        "needs_survey": ("#000000", 0.4, True),
        "undetermined": (UNDETERMINED.hex, 0.4, True),
        "meets": ("#5E8C6A", 0.2, False),
    }
    return Style(
        "距离结论", "status", "line",
        tuple(Rule(status, FINDING_STATUS[status][0], *look) for status, look in looks.items()),
    )  # fmt: skip


def to_sld(style: Style, layer: str) -> str:
    """The style as SLD 1.1 with Symbology Encoding, one rule per value."""
    for prefix, uri in (("", _SLD), ("se", _SE), ("ogc", _OGC)):
        ET.register_namespace(prefix, uri)
    root = ET.Element(f"{{{_SLD}}}StyledLayerDescriptor", {"version": "1.1.0"})
    named = ET.SubElement(root, f"{{{_SLD}}}NamedLayer")
    _text(named, _SE, "Name", layer)
    user = ET.SubElement(named, f"{{{_SLD}}}UserStyle")
    _text(user, _SE, "Name", style.name)
    features = ET.SubElement(user, f"{{{_SE}}}FeatureTypeStyle")
    for rule in style.rules:
        node = ET.SubElement(features, f"{{{_SE}}}Rule")
        _text(node, _SE, "Name", rule.label)
        test = ET.SubElement(node, f"{{{_OGC}}}Filter")
        kind = "PropertyIsNull" if rule.value is None else "PropertyIsEqualTo"
        compare = ET.SubElement(test, f"{{{_OGC}}}{kind}")
        _text(compare, _OGC, "PropertyName", style.attribute)
        if rule.value is not None:
            _text(compare, _OGC, "Literal", str(rule.value))
        if style.kind == "polygon":
            symbol = ET.SubElement(node, f"{{{_SE}}}PolygonSymbolizer")
            _parameters(symbol, "Fill", {"fill": rule.color})
            _parameters(symbol, "Stroke", {"stroke": OUTLINE, "stroke-width": "0.7"})
        else:
            symbol = ET.SubElement(node, f"{{{_SE}}}LineSymbolizer")
            stroke = {"stroke": rule.color, "stroke-width": f"{rule.width_mm / 0.28:.1f}"}
            _parameters(symbol, "Stroke", stroke | ({"stroke-dasharray": "6 4"} if rule.dashed else {}))
    ET.indent(root, "  ")
    return ET.tostring(root, encoding="unicode")


def _text(parent: ET.Element, space: str, tag: str, text: str) -> None:
    ET.SubElement(parent, f"{{{space}}}{tag}").text = text


def _parameters(parent: ET.Element, tag: str, values: dict[str, str]) -> None:
    node = ET.SubElement(parent, f"{{{_SE}}}{tag}")
    for name, value in values.items():
        ET.SubElement(node, f"{{{_SE}}}SvgParameter", {"name": name}).text = value


def to_qml(style: Style) -> str:
    """The style as a QGIS 3 categorised renderer."""
    root = ET.Element("qgis", {"version": "3.22.0", "styleCategories": "Symbology"})
    renderer = ET.SubElement(
        root, "renderer-v2", {"type": "categorizedSymbol", "attr": style.attribute, "enableorderby": "0"}
    )
    categories = ET.SubElement(renderer, "categories")
    symbols = ET.SubElement(renderer, "symbols")
    for number, rule in enumerate(style.rules):
        # the empty value is QGIS's "all other values"; a missing level falls there
        value = "" if rule.value is None else str(rule.value)
        kind = "integer" if isinstance(rule.value, int) else "string"
        ET.SubElement(
            categories, "category",
            {"render": "true", "symbol": str(number), "value": value, "type": kind, "label": rule.label},
        )  # fmt: skip
        polygon = style.kind == "polygon"
        symbol = ET.SubElement(
            symbols,
            "symbol",
            {"type": "fill" if polygon else "line", "name": str(number), "alpha": "1", "clip_to_extent": "1"},
        )
        layer = ET.SubElement(
            symbol,
            "layer",
            {"class": "SimpleFill" if polygon else "SimpleLine", "enabled": "1", "locked": "0", "pass": "0"},
        )
        if polygon:
            options = {
                "color": _rgba(rule.color),
                "style": "solid",
                "outline_color": _rgba(OUTLINE),
                "outline_width": "0.2",
                "outline_style": "solid",
            }
        else:
            options = {
                "line_color": _rgba(rule.color),
                "line_width": f"{rule.width_mm}",
                "line_style": "dash" if rule.dashed else "solid",
            }
        holder = ET.SubElement(layer, "Option", {"type": "Map"})
        for name, text in options.items():
            ET.SubElement(holder, "Option", {"type": "QString", "name": name, "value": text})
            ET.SubElement(layer, "prop", {"k": name, "v": text})
    ET.indent(root, " ")
    return "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + ET.tostring(root, encoding="unicode")


def _rgba(hex_color: str) -> str:
    return ",".join(str(int(hex_color[i : i + 2], 16)) for i in (1, 3, 5)) + ",255"


_CREATE = """CREATE TABLE layer_styles (
 id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT, f_table_schema TEXT, f_table_name TEXT,
 f_geometry_column TEXT, styleName TEXT, styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT,
 owner TEXT, ui TEXT, update_time DATETIME)"""


def embed(path: Path, layer: str, style: Style, *, at: str) -> None:
    """Store a style in the `layer_styles` table of a GeoPackage as the default of its layer.

    Parameters
    ----------
    path : Path
        GeoPackage that holds `layer`.
    at : str
        ISO moment written as the time of the style, so that equal studies give equal files.
    """
    connection = sqlite3.connect(path)
    try:
        with connection:
            (geometry,) = connection.execute(
                "SELECT column_name FROM gpkg_geometry_columns WHERE table_name = ?", (layer,)
            ).fetchone()
            connection.execute(_CREATE)
            connection.execute(
                "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change) "
                "VALUES ('layer_styles', 'attributes', 'layer_styles', '', ?)",
                (at,),
            )
            connection.execute(
                "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, "
                "styleName, styleQML, styleSLD, useAsDefault, description, owner, ui, update_time) "
                "VALUES ('', '', ?, ?, ?, ?, ?, 1, ?, '', NULL, ?)",
                (layer, geometry, style.name, to_qml(style), to_sld(style, layer), style.name, at),
            )
    finally:
        connection.close()


def stamp(path: Path, *, at: str) -> None:
    """Give the contents of a GeoPackage a stated moment instead of the moment of writing."""
    connection = sqlite3.connect(path)
    try:
        with connection:
            connection.execute("UPDATE gpkg_contents SET last_change = ?", (at,))
    finally:
        connection.close()
