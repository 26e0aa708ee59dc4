// The map drawn by MapLibre GL from vector tiles of this host. Same interface as engine_leaflet.mjs.

import * as maplibregl from "../vendor/maplibre-gl/dist/maplibre-gl.mjs";
import { t } from "./words.mjs";

const HAN_FONTS = "'Noto Sans CJK SC', 'Source Han Sans SC', 'Microsoft YaHei', 'PingFang SC', sans-serif";
const PICK_ORDER = ["finding", "hazard_grade", "site_grade", "protected_target", "hazard_source", "enterprise_site", "park", "dense_area", "region_grade"];
const REACH_PX = 5;
const MARGIN_PX = 12;
const BASE_FONT_PX = 14; // text sizes of the style are meant beside this font size of the page
const EMPTY = { type: "FeatureCollection", features: [] };

/** Draw `style` in `container`, showing `bbox`; the position is kept in the address when `keepsHash`. */
export async function createEngine(container, style, { bbox, keepsHash }) {
  const scale = parseFloat(getComputedStyle(document.documentElement).fontSize) / BASE_FONT_PX;
  const absolute = {
    ...style,
    layers: style.layers.map((layer) =>
      layer.type === "symbol"
        ? { ...layer, layout: { ...layer.layout, "text-size": layer.layout["text-size"] * scale } }
        : layer,
    ),
    sources: Object.fromEntries(
      Object.entries(style.sources).map(([name, source]) => [
        name,
        { ...source, tiles: source.tiles.map((path) => location.origin + path) },
      ]),
    ),
  };
  const map = new maplibregl.Map({
    container,
    style: absolute,
    ...(bbox ? { bounds: bbox, fitBoundsOptions: { padding: 40, maxZoom: 16 } } : { center: [105, 35], zoom: 3 }),
    hash: keepsHash ? "map" : false,
    maxZoom: 19,
    attributionControl: false,
    localIdeographFontFamily: HAN_FONTS,
    dragRotate: false,
    pitchWithRotate: false,
    locale: {
      "NavigationControl.ZoomIn": t("map.zoom_in"),
      "NavigationControl.ZoomOut": t("map.zoom_out"),
      "NavigationControl.ResetBearing": t("map.north"),
      "Popup.Close": t("nav.close"),
      "Map.Title": t("map.canvas"),
    },
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-right");
  map.addControl(homeControl(map, bbox), "top-right");
  map.addControl(new maplibregl.ScaleControl({ maxWidth: 140, unit: "metric" }), "bottom-right");
  map.setMissingStyleImageResolver(async (id) => {
    if (id.startsWith("hatch-") && !map.hasImage(id)) map.addImage(id, hatching(`#${id.slice(6)}`));
  });

  const troubled = [];
  map.on("error", ({ error }) => {
    console.warn(error?.message ?? error);
    for (const tell of troubled) tell();
  });
  await new Promise((resolve) => map.once("load", resolve));
  map.addSource("selected", { type: "geojson", data: EMPTY });
  map.addLayer(
    { id: "selected", type: "line", source: "selected", paint: { "line-color": "#00a3c7", "line-width": 7, "line-opacity": 0.75 }, layout: { "line-join": "round", "line-cap": "round" } },
    style.layers.find((layer) => layer.metadata.toggle === "finding_violation").id,
  );

  let popup = null;
  return {
    name: "maplibre",
    map,
    setToggle(id, on) {
      for (const layer of style.layers)
        if (layer.metadata.toggle === id) map.setLayoutProperty(layer.id, "visibility", on ? "visible" : "none");
    },
    fit(box, maxZoom, roomAbovePx = 0) {
      const padding = { top: 30 + Math.min(roomAbovePx, container.clientHeight - 150), bottom: 50, left: 60, right: 60 };
      if (box) map.fitBounds(box, { padding, maxZoom, duration: 500 });
    },
    // `above`: the popup stands above its object, and `fit` is asked to leave room for it.
    popup(place, node, above = false) {
      const at = place ?? popup?.getLngLat();
      if (!at) return;
      popup?.remove();
      popup = new maplibregl.Popup({ maxWidth: "none", closeOnClick: false, focusAfterOpen: false, anchor: above ? "bottom" : undefined })
        .setLngLat(at)
        .setDOMContent(node)
        .addTo(map);
      popup.on("close", () => map.getSource("selected").setData(EMPTY));
      if (!above) keepInView(map, popup);
    },
    popupHeight: () => popup?.getElement()?.offsetHeight ?? 0,
    select(geometry) {
      map.getSource("selected").setData(geometry ? { type: "Feature", geometry, properties: {} } : EMPTY);
    },
    onPick(picked) {
      const top = (point) => {
        const box = [
          [point.x - REACH_PX, point.y - REACH_PX],
          [point.x + REACH_PX, point.y + REACH_PX],
        ];
        const found = map.queryRenderedFeatures(box).filter((feature) => PICK_ORDER.includes(feature.source));
        found.sort((a, b) => PICK_ORDER.indexOf(a.source) - PICK_ORDER.indexOf(b.source));
        return found[0];
      };
      map.on("click", (event) => {
        const feature = top(event.point);
        if (feature) picked({ source: feature.source, properties: feature.properties, place: event.lngLat });
        else popup?.remove();
      });
      map.on("mousemove", (event) => {
        map.getCanvas().style.cursor = top(event.point) ? "pointer" : "";
      });
    },
    onTrouble(tell) {
      troubled.push(tell);
    },
    idle: () => new Promise((resolve) => (map.loaded() && !map.isMoving() ? resolve() : map.once("idle", resolve))),
    resize: () => map.resize(),
    project: (place) => map.project(place),
    position: () => ({ zoom: map.getZoom(), center: map.getCenter().toArray() }),
  };
}

/** Pan just far enough that the popup lies wholly on the map, once the map has come to rest. */
function keepInView(map, popup) {
  if (!popup.isOpen()) return;
  if (map.isMoving()) {
    map.once("moveend", () => keepInView(map, popup));
    return;
  }
  const frame = map.getContainer().getBoundingClientRect();
  const box = popup.getElement().getBoundingClientRect();
  const past = (low, high, from, to) => (low < from + MARGIN_PX ? low - from - MARGIN_PX : Math.max(0, high - to + MARGIN_PX));
  const shift = [past(box.left, box.right, frame.left, frame.right), past(box.top, box.bottom, frame.top, frame.bottom)];
  if (shift[0] || shift[1]) map.panBy(shift, { duration: 250 });
}

/** Button that shows the whole area again. */
function homeControl(map, bbox) {
  const frame = document.createElement("div");
  frame.className = "maplibregl-ctrl maplibregl-ctrl-group";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "home-button";
  button.title = t("map.home");
  button.setAttribute("aria-label", t("map.home"));
  button.addEventListener("click", () => bbox && map.fitBounds(bbox, { padding: 40, maxZoom: 16 }));
  frame.append(button);
  return { onAdd: () => frame, onRemove: () => frame.remove() };
}

/** Diagonal dark lines on a colour: how "undetermined" differs from every colour of the scale. */
function hatching(colour) {
  const size = 12;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  const pen = canvas.getContext("2d");
  pen.fillStyle = colour;
  pen.fillRect(0, 0, size, size);
  pen.strokeStyle = "rgba(0, 0, 0, 0.45)";
  pen.lineWidth = 1.4;
  pen.beginPath();
  for (const shift of [-size, 0, size]) {
    pen.moveTo(shift, size);
    pen.lineTo(shift + size, 0);
  }
  pen.stroke();
  return pen.getImageData(0, 0, size, size);
}
