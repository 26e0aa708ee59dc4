// The search box: names of enterprises and parks while typing, chosen by mouse or keyboard.

import { element, getJson } from "./dom.mjs";
import { boot, t } from "./words.mjs";

const PAUSE_MS = 180;

/** Wire the box; `chosen(result)` gets `{kind, code, name, bbox}`. */
export function wireSearch(form, chosen) {
  const input = form.querySelector("input");
  const list = form.querySelector("ul");
  let results = [];
  let marked = -1;
  let timer = 0;
  let asked = 0;

  function close() {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function open(children) {
    list.replaceChildren(...children);
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
  }

  function mark(index) {
    marked = index;
    [...list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === index)));
    if (list.children[index]) {
      input.setAttribute("aria-activedescendant", list.children[index].id);
      list.children[index].scrollIntoView({ block: "nearest" });
    }
  }

  function choose(index) {
    const result = results[index];
    if (!result) return;
    input.value = result.name || result.code;
    close();
    chosen(result);
  }

  function entry(result, index) {
    return element(
      "li",
      { role: "option", id: `search-${index}`, "aria-selected": "false", onmousedown: (event) => event.preventDefault(), onclick: () => choose(index) },
      element("span", { class: `dot level-${result.level ?? 0}` }),
      element("span", {}, result.name || result.code),
      element("span", { class: "kind" }, t(`search.${result.kind}`)),
    );
  }

  async function look() {
    const query = input.value.trim();
    const number = ++asked;
    if (!query) return close();
    try {
      const answer = await getJson(
        `/api/v1/search?q=${encodeURIComponent(query)}&study=${encodeURIComponent(boot.study)}`,
      );
      if (number !== asked) return;
      results = answer.results;
      open(results.length ? results.map(entry) : [element("li", { class: "nothing" }, t("search.none", { query }))]);
      mark(results.length ? 0 : -1);
    } catch {
      if (number === asked) open([element("li", { class: "nothing" }, t("search.failed"))]);
    }
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE_MS);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (results.length) mark((marked + (event.key === "ArrowDown" ? 1 : results.length - 1)) % results.length);
    } else if (event.key === "Escape") close();
  });
  input.addEventListener("blur", () => setTimeout(close, 150));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearTimeout(timer);
    await look();
    choose(Math.max(0, marked));
  });
}
