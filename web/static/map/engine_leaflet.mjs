// The same map for browsers without WebGL2: Leaflet over GeoJSON of this host. Same interface as engine_maplibre.mjs.

import { getJson } from "./dom.mjs";
import { boot, t } from "./words.mjs";

const PAUSE_MS = 250;
const NOT_PICKED = new Set(["linear_feature", "admin_area", "risk_level"]);

/** Draw `style` in `container`, showing `bbox`; the position is kept in the address when `keepsHash`. */
export async function createEngine(container, style, { bbox, keepsHash }) {
  await import("../vendor/leaflet/dist/leaflet.js");
  const L = window.L;
  const map = L.map(container, { zoomControl: false, attributionControl: false, maxZoom: 19, zoomSnap: 0.5 });
  L.control.zoom({ position: "topright", zoomInTitle: t("map.zoom_in"), zoomOutTitle: t("map.zoom_out") }).addTo(map);
  L.control.scale({ position: "bottomright", imperial: false, maxWidth: 140 }).addTo(map);
  const corners = ([west, south, east, north]) => [
    [south, west],
    [north, east],
  ];
  const at = (place) => (Array.isArray(place) ? L.latLng(place[1], place[0]) : place);
  if (bbox) homeControl(L, () => map.fitBounds(corners(bbox), { maxZoom: 16, padding: [40, 40] })).addTo(map);
  const kept = keepsHash ? readHash() : null;
  if (kept) map.setView([kept.lat, kept.lng], kept.zoom);
  else if (bbox) map.fitBounds(corners(bbox), { maxZoom: 16, padding: [40, 40] });
  else map.setView([35, 105], 3);
  if (keepsHash) map.on("moveend", () => writeHash(map));

  const drawn = style.layers.filter((layer) => layer.metadata.simple && layer.metadata.simple.kind !== "none");
  drawn.forEach((layer, order) => {
    map.createPane(layer.id).style.zIndex = String(300 + order);
  });
  const shown = new Map(style.metadata.toggles.map((toggle) => [toggle.id, toggle.on]));
  const onMap = new Map();
  const pickers = [];
  const troubled = [];
  let pending = Promise.resolve();
  let run = 0;

  async function refresh() {
    const mine = ++run;
    const box = map.getBounds().pad(0.2);
    const clamp = (value, limit) => Math.max(-limit, Math.min(limit, value)).toFixed(6);
    const asked = [
      clamp(box.getWest(), 180),
      clamp(box.getSouth(), 90),
      clamp(box.getEast(), 180),
      clamp(box.getNorth(), 90),
    ].join(",");
    const zoom = map.getZoom() - 1; // MapLibre counts in tiles of 512 pixels, Leaflet of 256
    const isDrawn = ({ metadata: { toggle, simple } }) =>
      shown.get(toggle) && zoom >= (simple.minzoom ?? 0) && zoom <= (simple.maxzoom ?? 99);
    const visible = drawn.filter(isDrawn);
    const sources = [...new Set(visible.map((layer) => layer.source))];
    const answers = await Promise.all(
      sources.map((source) =>
        getJson(`/api/v1/features/${source}?bbox=${asked}&study=${encodeURIComponent(boot.study)}`).catch(() => {
          troubled.forEach((tell) => tell());
          return { features: [] };
        }),
      ),
    );
    if (mine !== run) return;
    const data = Object.fromEntries(sources.map((source, i) => [source, answers[i].features]));
    for (const layer of onMap.values()) layer.remove();
    onMap.clear();
    for (const layer of visible) onMap.set(layer.id, draw(L, layer, data[layer.source], picked).addTo(map));
  }

  function picked(source, properties, latlng) {
    for (const pick of pickers) pick({ source, properties, place: latlng });
  }

  function later() {
    pending = new Promise((resolve) => setTimeout(resolve, PAUSE_MS)).then(refresh);
  }

  map.on("moveend", later);
  later();

  const popup = L.popup({ maxWidth: 420, autoPanPadding: [30, 30] });
  const selected = L.geoJSON(null, { interactive: false, style: { color: "#00a3c7", weight: 6, fill: false } }).addTo(map);
  map.on("popupclose", () => selected.clearLayers());

  return {
    name: "leaflet",
    map,
    setToggle(id, on) {
      if (shown.get(id) === on) return;
      shown.set(id, on);
      later();
    },
    fit(box, maxZoom, roomAbovePx = 0) {
      const above = Math.min(roomAbovePx, container.clientHeight - 150);
      if (box) map.fitBounds(corners(box), { maxZoom, paddingTopLeft: [60, 50 + above], paddingBottomRight: [60, 50] });
    },
    popup(place, node) {
      const where = place ? at(place) : popup.getLatLng();
      if (where) popup.setLatLng(where).setContent(node).openOn(map);
    },
    popupHeight: () => popup.getElement()?.offsetHeight ?? 0,
    select(geometry) {
      selected.clearLayers();
      if (geometry) selected.addData({ type: "Feature", geometry, properties: {} });
    },
    onPick(pick) {
      pickers.push(pick);
    },
    onTrouble(tell) {
      troubled.push(tell);
    },
    async idle() {
      let waited;
      do {
        waited = pending;
        await waited;
      } while (waited !== pending);
    },
    resize: () => map.invalidateSize(),
    project: (place) => map.latLngToContainerPoint(at(place)),
    position: () => ({ zoom: map.getZoom(), center: [map.getCenter().lng, map.getCenter().lat] }),
  };
}

/** Button that shows the whole area again. */
function homeControl(L, go) {
  const control = L.control({ position: "topright" });
  control.onAdd = () => {
    const frame = L.DomUtil.create("div", "leaflet-bar");
    const link = L.DomUtil.create("a", "home-button", frame);
    link.href = "#";
    link.title = t("map.home");
    link.setAttribute("role", "button");
    L.DomEvent.on(link, "click", (event) => {
      L.DomEvent.stop(event);
      go();
    });
    return frame;
  };
  return control;
}

function draw(L, layer, features, picked) {
  const { simple } = layer.metadata;
  const only = simple.only;
  if (simple.kind === "label") return names(L, layer, features);
  const kinds = { fill: /Polygon/, line: /./, circle: /Point/ }[simple.kind];
  const options = {
    pane: layer.id,
    interactive: !NOT_PICKED.has(layer.source),
    filter: (feature) =>
      kinds.test(feature.geometry?.type ?? "") && (!only || only.values.includes(feature.properties[only.property])),
    style: (feature) => look(simple, feature.properties),
    pointToLayer: (feature, latlng) => L.circleMarker(latlng, { pane: layer.id, ...look(simple, feature.properties) }),
    onEachFeature: (feature, drawn) =>
      drawn.on("click", (event) => {
        L.DomEvent.stopPropagation(event);
        picked(layer.source, feature.properties, event.latlng);
      }),
  };
  return L.geoJSON({ type: "FeatureCollection", features }, options);
}

/** Names at the middle of their features. */
function names(L, layer, features) {
  const group = L.layerGroup();
  for (const feature of features) {
    if (!feature.properties.name || !feature.geometry) continue;
    const place = L.geoJSON(feature).getBounds().getCenter();
    const words = document.createTextNode(feature.properties.name);
    L.tooltip({ permanent: true, direction: "center", className: "map-label", pane: layer.id }).setLatLng(place).setContent(holding(words)).addTo(group);
  }
  return group;
}

function holding(node) {
  const span = document.createElement("span");
  span.append(node);
  return span;
}

function look(simple, properties) {
  const colour =
    typeof simple.colour === "string"
      ? simple.colour
      : simple.colour.values[String(properties[simple.colour.property] ?? 0)] ?? simple.colour.otherwise;
  if (simple.kind === "fill") return { stroke: false, fill: true, fillColor: colour, fillOpacity: simple.opacity };
  if (simple.kind === "circle")
    return { radius: simple.radius, color: simple.outline, weight: 1.2, fillColor: colour, fillOpacity: 1 };
  return { color: colour, weight: simple.width, dashArray: simple.dash.map((part) => part * simple.width).join(" "), fill: false };
}

function readHash() {
  const found = new URLSearchParams(location.hash.slice(1)).get("map")?.split("/").map(Number);
  return found?.length >= 3 && found.every(Number.isFinite) ? { zoom: found[0], lat: found[1], lng: found[2] } : null;
}

function writeHash(map) {
  const { lat, lng } = map.getCenter();
  history.replaceState(history.state, "", `#map=${map.getZoom()}/${lat.toFixed(5)}/${lng.toFixed(5)}`);
}
