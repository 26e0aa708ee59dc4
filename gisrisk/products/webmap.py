"""The study on a web map that works without a network: in a notebook, and as one HTML file per park.

The map has no background tiles: parks, roads, water and boundaries of the study are its ground. Only Leaflet is used,
written into the page; folium's other libraries are not needed and not included.
"""

from __future__ import annotations

import os
import re
from html import escape
from pathlib import Path
from typing import Any

import folium
from branca.element import Element, MacroElement
from folium.template import Template

from gisrisk.catalog.palette import LEVELS, UNDETERMINED
from gisrisk.products import frame, marks, offline, weblayers
from gisrisk.products.panel import region_items, site_items
from gisrisk.products.view import Part, StudyLike, park_part, region_part, shown_bounds
from gisrisk.products.words import DEMO_EN, DEMO_NOTE, DEMO_ZH

MAX_ZOOM = 19


def study_map(study: StudyLike, park_code: str | None = None) -> folium.Map:
    """The study, or one park of it, as a folium map without any remote asset.

    Parameters
    ----------
    study : Study
        A finished study.
    park_code : str, optional
        Only this park and what lies around it.

    Raises
    ------
    UnknownName
        The study has no such park.
    SetupIncomplete
        Leaflet was not copied by the set-up.
    """
    part = region_part(study) if park_code is None else park_part(study, park_code)
    west, south, east, north = shown_bounds(part)
    page = folium.Map(
        location=[(south + north) / 2, (west + east) / 2],
        tiles=None,
        max_zoom=MAX_ZOOM,
        zoom_control="topright",
        attribution_control=False,
    )
    page.default_js = [("leaflet", offline.script_uri("leaflet", "dist", "leaflet.js"))]
    page.default_css = [("leaflet_css", offline.style_uri("leaflet", "dist", "leaflet.css"))]
    root: Any = page.get_root()
    root.header.add_child(Element(f"<style>{_style()}</style>"), name="gr_style")
    root.title = escape(_title(part)[0])
    root.html.add_child(Element(_head_html(part)), name="gr_head")
    weblayers.add_ground(page, part)
    weblayers.add_subject(page, part)
    folium.LayerControl(position="topright", collapsed=True).add_to(page)
    page.fit_bounds([[south, west], [north, east]], padding=(30, 30))
    root.html.add_child(Element(_list_html(part) + _legend_html(part)), name="gr_panels")
    page.add_child(_Behaviour(far_below=14 if part.is_park else 15))
    return page


def park_html(study: StudyLike, park_code: str, out_html: Path) -> None:
    """One park as a single HTML file that needs no network and no other file.

    Raises
    ------
    UnknownName
        The study has no such park.
    SetupIncomplete
        Leaflet was not copied by the set-up, or the page would still ask the network for something.
    """
    _write(study_map(study, park_code), out_html)


def region_html(study: StudyLike, out_html: Path) -> None:
    """The whole area of a study as a single HTML file; errors as for `park_html`."""
    _write(study_map(study), out_html)


def _write(page: folium.Map, out_html: Path) -> None:
    html = offline.require_offline(_stable_names(page.get_root().render()))
    out_html.parent.mkdir(parents=True, exist_ok=True)
    half = out_html.with_name(out_html.name + ".part")
    half.write_text(html, encoding="utf-8")
    os.replace(half, out_html)


def _stable_names(html: str) -> str:
    """Number folium's random element names in the order they appear, so that equal studies give equal pages."""
    seen: dict[str, str] = {}

    def renamed(match: re.Match[str]) -> str:
        return seen.setdefault(match.group(0), f"_{len(seen) + 1:04d}")

    return re.sub(r"_[0-9a-f]{32}(?![0-9a-f])", renamed, html)


def _style() -> str:
    return Path(__file__).with_name("webmap.css").read_text(encoding="utf-8")


def _title(part: Part) -> tuple[str, str]:
    if part.is_park:
        return f"{part.name}安全风险等级图", f"Safety risk map of park {part.code}"
    return f"{part.name}区域安全风险四色图", f"Regional four-colour safety risk map, area {part.code}"


def _head_html(part: Part) -> str:
    zh, en = _title(part)
    demo = ""
    if part.study.synthetic:
        demo = f'<div class="gr-demo" title="{escape(DEMO_NOTE)}">{DEMO_ZH}<span>{DEMO_EN} · 不得用于决策</span></div>'
    subtitle = escape(frame.subtitle(part.study))
    return f'<div class="gr-head">{demo}<h1>{escape(zh)}</h1><small>{escape(en)}</small><p>{subtitle}</p></div>'


def _list_html(part: Part) -> str:
    items = site_items(part) if part.is_park else region_items(part)
    rows = "".join(
        f'<button type="button" data-key="{escape(item.key)}"><i>{escape(item.number)}</i>'
        f'<span class="gr-chip" style="background:{item.level.hex};color:{marks.text_on(item.level)}">'
        f"{escape(item.grade)}</span>"
        f"<span>{escape(item.name)}<em>{escape(item.reason)}</em></span></button>"
        for item in items
    )
    return f'<div class="gr-list">{rows}</div>'


def _legend_html(part: Part) -> str:
    rows = [
        f'<div><s style="background:{level.hex}"></s>{escape(level.name_zh)}（{escape(level.colour_zh)}）</div>'
        for level in LEVELS
    ]
    rows.append(f'<div><s style="background:{UNDETERMINED.hex}"></s>待定（缺资料，不等于低风险）</div>')
    rows.append(
        '<div><s class="line"></s>距离不符合 violation</div><div><s class="dash"></s>距离需实测 needs survey</div>'
    )
    rows.append('<div><s class="none">▲</s>重大危险源 major hazard</div>')
    rows.append('<div><s class="park"></s>园区 park</div><div><s class="target"></s>防护目标 target</div>')
    if not part.is_park:
        rows.append("<div>行政区用浅色表示等级 areas: tint of their level</div>")
    if part.study.synthetic:
        rows.append(f'<div style="color:#c00000;font-weight:700">{DEMO_ZH} {DEMO_EN}</div>')
    return f'<div class="gr-legend"><b>图例 Legend</b>{"".join(rows)}</div>'


class _Behaviour(MacroElement):
    """Numbers hide when zoomed out below a level; a click on the list goes to the feature."""

    _template = Template("""
    {% macro script(this, kwargs) %}
    (function () {
      var map = {{ this._parent.get_name() }};
      function far() { map.getContainer().classList.toggle('gr-far', map.getZoom() < {{ this.far_below }}); }
      map.on('zoomend', far); far();
      L.control.scale({imperial: false}).addTo(map);
      document.querySelectorAll('.gr-list button').forEach(function (button) {
        button.addEventListener('click', function () {
          var layer = (window.grLayers || {})[button.dataset.key];
          if (!layer || !layer._map) { return; }
          if (layer.getBounds) {
            map.fitBounds(layer.getBounds(), {maxZoom: 17, padding: [60, 60]});
          } else { map.setView(layer.getLatLng(), 17); }
          layer.openPopup();
        });
      });
    })();
    {% endmacro %}
    """)

    def __init__(self, far_below: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Behaviour"
        self.far_below = far_below
