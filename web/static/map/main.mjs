// The map of a page: picks the engine, joins it to panel, legend, popups and search, and says when it is ready.

import { getJson } from "./dom.mjs";
import { drawLegend, drawToggles, foldPanel } from "./panel.mjs";
import { fetchFinding, fetchSite, findingPopup, messagePopup, namePopup, sitePopup } from "./popup.mjs";
import { wireSearch } from "./search.mjs";
import { boot, t } from "./words.mjs";

const SITE_ZOOM = 15.5;
const FINDING_ZOOM = 18; // a shortfall may be a few metres
const message = document.getElementById("map-message");
let tellReady;

/** Resolves with the engine's name once the map has been drawn completely for the first time. */
window.gisriskReady = new Promise((resolve) => {
  tellReady = resolve;
});

function hasWebgl2() {
  try {
    return Boolean(document.createElement("canvas").getContext("webgl2"));
  } catch {
    return false;
  }
}

function say(words, kind = "") {
  message.hidden = !words;
  message.className = `map-message ${kind}`;
  message.replaceChildren(words || "");
}

async function start() {
  const style = await getJson(boot.style);
  const { metadata } = style;
  const isGl = hasWebgl2();
  const { createEngine } = await import(isGl ? "./engine_maplibre.mjs" : "./engine_leaflet.mjs");
  const engine = await createEngine(document.getElementById("map"), style, {
    bbox: boot.bbox ?? metadata.extent,
    keepsHash: !boot.embedded,
  });

  const groupOf = Object.fromEntries(metadata.toggles.map((toggle) => [toggle.id, toggle.group]));
  drawLegend(document.getElementById("legend-levels"), metadata.levels);
  const panel = document.getElementById("toggles");
  if (panel) {
    drawToggles(panel, metadata, (id, on) => {
      engine.setToggle(id, on);
      if (id === "risk_none") document.getElementById("legend-levels").classList.toggle("off", on);
      if (on && metadata.groups[0].id === groupOf[id])
        document.getElementById("legend-method").textContent = metadata.methods[id] ?? "";
    });
    foldPanel(document.getElementById("panel-toggle"), document.querySelector(".map-layout"), () => engine.resize());
    wireSearch(document.getElementById("search"), ({ kind, code, bbox }) => {
      if (kind === "site") goToSite(code);
      else engine.fit(bbox, SITE_ZOOM);
    });
  } else {
    for (const toggle of metadata.toggles) engine.setToggle(toggle.id, toggle.on);
  }

  const named = Object.fromEntries(metadata.toggles.map((toggle) => [toggle.id, toggle.label]));

  async function popupOf(place, fetching, draw) {
    engine.popup(place, messagePopup(t("map.loading")));
    try {
      const feature = await fetching;
      engine.select(feature.geometry);
      engine.popup(place ?? topOf(feature), draw(feature), !place);
      return feature;
    } catch (error) {
      engine.popup(place, messagePopup(t(error.status === 404 ? "popup.not_graded" : "popup.failed")));
      return null;
    }
  }

  const openSite = (code, place = null) => popupOf(place, fetchSite(code), (feature) => sitePopup(feature, goToFinding));
  const openFinding = (no, place = null) =>
    popupOf(place, fetchFinding(no), (feature) => findingPopup(feature, (code) => goToSite(code)));

  // A popup opened from a list stands above its object, and the map leaves room for it.
  async function goTo(opening, moves, zoom) {
    const feature = await opening;
    if (feature?.properties.bbox && moves) engine.fit(feature.properties.bbox, zoom, engine.popupHeight());
  }
  const goToFinding = (no, moves = true) => goTo(openFinding(no), moves, FINDING_ZOOM);
  const goToSite = (code, moves = true) => goTo(openSite(code), moves, SITE_ZOOM);

  engine.onPick(({ source, properties, place }) => {
    if (source === "finding") openFinding(properties.finding_no, place);
    else if (source === "site_grade") openSite(properties.site_code, place);
    else if (source === "enterprise_site") openSite(properties.code, place);
    else if ((source === "hazard_source" || source === "hazard_grade") && properties.site_code)
      openSite(properties.site_code, place);
    else {
      engine.select(null);
      const code = properties.code ?? properties.area_code ?? properties.unit_code;
      const name = properties.name ?? properties.area_name ?? properties.unit_name ?? code;
      engine.popup(place, namePopup(named[source] ?? "", name, source === "park" ? code : null));
    }
  });

  engine.onTrouble(() => say(t("map.tile_error"), "warn"));
  await engine.idle();
  say(isGl ? "" : t("map.fallback"), isGl ? "" : "warn");

  const query = new URLSearchParams(location.search);
  const isFresh = !location.hash || !boot.hadHash;
  if (!boot.embedded) {
    if (query.get("finding")) await goToFinding(query.get("finding"), isFresh);
    else if (query.get("site")) await goToSite(query.get("site"), isFresh);
    else if (query.get("park") && isFresh) {
      const park = await getJson(`/api/v1/parks/${encodeURIComponent(query.get("park"))}?study=${encodeURIComponent(boot.study)}`);
      engine.fit(park.bbox, SITE_ZOOM);
    }
    if (query.get("finding") || query.get("site") || query.get("park")) await engine.idle();
  }
  document.documentElement.dataset.map = isGl ? "maplibre" : "leaflet";
  window.gisriskMap = engine;
  tellReady(document.documentElement.dataset.map);
}

/** Where a popup stands above its object `[longitude, latitude]`: the northern end of a line, else the box's upper side. */
function topOf(feature) {
  if (feature.geometry?.type.endsWith("LineString"))
    return feature.geometry.coordinates.flat(feature.geometry.type === "LineString" ? 0 : 1).reduce((a, b) => (b[1] > a[1] ? b : a));
  const [west, , east, north] = feature.properties.bbox;
  return [(west + east) / 2, north];
}

boot.hadHash = location.hash.length > 1;
start().catch((error) => {
  console.error(error);
  say(`${t("map.failed")} · ${t("map.failed.hint")}`, "warn");
});
