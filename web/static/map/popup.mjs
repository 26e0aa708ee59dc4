// What a click on the map tells: an enterprise with its reasons, a finding with its clause and figures, or just a name.

import { element, getJson } from "./dom.mjs";
import { boot, count, metres, number, t } from "./words.mjs";

const inStudy = () => `study=${encodeURIComponent(boot.study)}`;
const keep = (address) => (boot.pinned ? `${address}${address.includes("?") ? "&" : "?"}${inStudy()}` : address);
const SHOWN_FINDINGS = 5;

export const siteAddress = (code) => `/api/v1/sites/${encodeURIComponent(code)}?${inStudy()}`;
export const findingAddress = (no) => `/api/v1/finding/${encodeURIComponent(no)}?${inStudy()}`;
export const fetchSite = (code) => getJson(siteAddress(code));
export const fetchFinding = (no) => getJson(findingAddress(no));

const statusChip = (status) => element("span", { class: `chip status status-${status}` }, t(`status.${status}`));
const reviewChip = (review) =>
  review &&
  element("span", { class: `chip review review-${review}`, title: t(`review.${review}.hint`) }, t(`review.${review}`));
const rows = (pairs) =>
  element(
    "dl",
    {},
    pairs
      .filter(([, value]) => value !== null && value !== undefined && value !== "")
      .map(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]),
  );

const lines = (texts) => (texts.length ? texts.map((text) => element("div", {}, text)) : null);
// Of an undetermined finding the figures are the strictest that may apply: no shortfall is claimed.
const shortfall = (finding) => (finding.status === "undetermined" ? null : finding.shortfall_m || null);

/** Popup of one enterprise; `openFinding(no)` is called when one of its findings is chosen. */
export function sitePopup(feature, openFinding) {
  const site = feature.properties;
  const level = site.level ?? 0;
  const more = site.findings_total - Math.min(site.findings.length, SHOWN_FINDINGS);
  const units = site.units.filter((unit) => unit.status !== "not_major");
  return element(
    "article",
    { class: "popup", "data-site": site.site_code },
    element("h3", {}, site.site_name || site.site_code),
    element("div", { class: "chips" }, element("span", { class: `chip level level-${level}` }, site.grade)),
    rows([
      [t("site.code"), element("code", {}, site.site_code)],
      [
        t("site.park"),
        site.park_code
          ? element("a", { href: keep(`/parks/${encodeURIComponent(site.park_code)}`) }, site.park_name || site.park_code)
          : t("site.outside_park"),
      ],
      [t("study.method"), site.method_name],
    ]),
    element("h4", {}, t("site.why")),
    site.reasons.length
      ? element("ul", {}, site.reasons.map((reason) => element("li", {}, reason)))
      : element("p", { class: "quiet" }, t("site.no_reason")),
    element("h4", {}, t("site.units")),
    units.length
      ? element("ul", { class: "plain-list" }, units.map(unitLine))
      : element("p", { class: "quiet" }, t("site.no_units")),
    element("h4", {}, t("site.findings")),
    site.findings.length
      ? element(
          "ul",
          { class: "plain-list" },
          site.findings.slice(0, SHOWN_FINDINGS).map((finding) => findingLine(finding, site, openFinding)),
        )
      : element("p", { class: "quiet" }, t("site.no_findings")),
    more > 0
      ? element(
          "p",
          {},
          element(
            "a",
            { href: keep(`/findings?status=all&q=${encodeURIComponent(site.site_code)}`) },
            t("site.more_findings", { n: more }),
          ),
        )
      : null,
  );
}

function unitLine(unit) {
  const figures = [
    unit.s === null ? null : `${t("hazard.s")} ${number(unit.s)}`,
    unit.r === null ? null : `${t("hazard.r")} ${number(unit.r)}`,
  ].filter(Boolean);
  return element(
    "li",
    {},
    element(
      "span",
      { class: "what" },
      unit.unit_name || unit.unit_code,
      figures.length ? element("span", { class: "quiet" }, ` ${figures.join(" · ")}`) : null,
      unit.missing_labels.map((label) => element("div", { class: "missing" }, `${t("finding.missing")}${t("mark.colon")}${label}`)),
    ),
    element("span", {}, unit.status_label),
  );
}

function findingLine(finding, site, openFinding) {
  const isSource = finding.source_code === site.site_code || finding.source_layer === "hazard_source";
  const other = isSource ? finding.target_name || finding.target_code : finding.source_name || finding.source_code;
  const short = shortfall(finding) > 0 ? ` · ${t("finding.shortfall")} ${metres(shortfall(finding))}` : "";
  return element(
    "li",
    {},
    statusChip(finding.status),
    element(
      "span",
      { class: "what" },
      element(
        "button",
        { type: "button", class: "text-button", onclick: () => openFinding(finding.finding_no) },
        other || finding.title_zh || finding.rule_id,
      ),
      element("span", { class: "quiet" }, ` ${finding.citation}${short}`),
    ),
  );
}

/** Popup of one finding; `openSite(code)` is called when an enterprise on one of its sides is chosen. */
export function findingPopup(feature, openSite) {
  const finding = feature.properties;
  return element(
    "article",
    { class: "popup", "data-finding": finding.finding_no },
    element("h3", {}, finding.title_zh || t("finding.title")),
    element(
      "div",
      { class: "chips" },
      statusChip(finding.status),
      reviewChip(finding.review),
      finding.mandatory === null || finding.mandatory === undefined
        ? null
        : element("span", { class: "chip review review-confirmed" }, t(finding.mandatory ? "mandatory.yes" : "mandatory.no")),
    ),
    element("p", { class: "quiet" }, t(`status.${finding.status}.hint`)),
    element(
      "div",
      { class: "figures" },
      figure(t("finding.required"), metres(finding.required_m)),
      figure(t("finding.measured"), metres(finding.measured_m)),
      figure(t("finding.shortfall"), metres(shortfall(finding)), shortfall(finding) > 0 ? "short" : ""),
    ),
    rows([
      [t("finding.document"), [finding.document, finding.document_no].filter(Boolean).join(" ")],
      [t("finding.clause"), finding.clause],
      [t("finding.source"), side(finding, "source", openSite)],
      [t("finding.target"), side(finding, "target", openSite)],
      [t("finding.people"), finding.people === null ? null : count(finding.people)],
      [t("finding.since"), finding.since],
      [t("finding.uncertainty"), finding.uncertainty_m === null ? null : `± ${metres(finding.uncertainty_m)}`],
      [t("finding.missing"), lines(finding.missing_labels)],
      [t("finding.measured_from"), finding.measured_from_label],
      [t("finding.measured_to"), finding.measured_to_label],
      [t("finding.substitutes"), lines(finding.substitutes_labels)],
      [t("finding.assumed"), lines(finding.assumed_labels)],
      [t("finding.rule"), element("code", {}, finding.rule_id)],
    ]),
  );
}

function figure(name, value, kind = "") {
  return element("div", { class: kind }, element("span", {}, name), element("b", {}, value));
}

function side(finding, which, openSite) {
  const [code, name] = [finding[`${which}_code`], finding[`${which}_name`]];
  const label = element("span", { class: "quiet" }, `${finding[`${which}_layer_label`]} `);
  const words = name || code;
  if (finding[`${which}_layer`] !== "enterprise_site") return element("span", {}, label, words);
  return element(
    "span",
    {},
    label,
    element("button", { type: "button", class: "text-button", onclick: () => openSite(code) }, words),
  );
}

/** Small popup of anything that has only a name; a park links to its page. */
export function namePopup(label, name, parkCode) {
  return element(
    "article",
    { class: "popup small" },
    element("span", { class: "quiet" }, label),
    element("h3", {}, parkCode ? element("a", { href: keep(`/parks/${encodeURIComponent(parkCode)}`) }, name) : name),
  );
}

/** Popup for the time a request takes, or for a request that failed. */
export function messagePopup(words) {
  return element("article", { class: "popup small" }, element("p", {}, words));
}
