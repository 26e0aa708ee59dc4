// The switches of the map, its legend, and folding the panel away.

import { element } from "./dom.mjs";
import { t } from "./words.mjs";

/** Legend of the four colours and "undetermined", worst first, into `place`. */
export function drawLegend(place, levels) {
  place.replaceChildren(
    ...levels.map((level) =>
      element(
        "span",
        { class: "entry" },
        element("span", { class: `swatch level level-${level.number}` }),
        element("span", {}, level.name),
      ),
    ),
  );
}

/** Switches by group; `changed(id, on)` is called once for every switch now and at each change. */
export function drawToggles(place, metadata, changed) {
  const groups = metadata.groups.map((group) => {
    const members = metadata.toggles.filter((toggle) => toggle.group === group.id);
    const inputs = members.map((toggle) => {
      const input = element("input", {
        type: toggle.exclusive ? "radio" : "checkbox",
        name: toggle.exclusive ? `group-${group.id}` : null,
        checked: toggle.on,
        "data-toggle": toggle.id,
      });
      input.addEventListener("change", () => {
        for (const other of toggle.exclusive ? members : [toggle]) {
          changed(other.id, place.querySelector(`[data-toggle="${other.id}"]`).checked);
        }
      });
      const mark = toggle.swatch ? element("span", { class: `mark mark-${toggle.swatch}` }) : null;
      return element("label", { class: "toggle" }, input, mark, element("span", {}, toggle.label));
    });
    return element("fieldset", { class: "group" }, element("legend", {}, group.label), element("div", { class: "group-items" }, inputs));
  });
  place.replaceChildren(...groups);
  for (const toggle of metadata.toggles) changed(toggle.id, toggle.on);
}

/** Fold and unfold the panel; `resized` tells the map. */
export function foldPanel(button, layout, resized) {
  button.addEventListener("click", () => {
    const closed = layout.classList.toggle("panel-closed");
    button.setAttribute("aria-expanded", String(!closed));
    button.title = closed ? t("map.expand") : t("map.collapse");
    resized();
  });
}
