// The page's boot data, its texts, and numbers as people read them.

export const boot = JSON.parse(document.getElementById("boot").textContent);

/** Text `key` with `{name}` filled in; a key that does not exist is an error, never a blank. */
export function t(key, values = {}) {
  const words = boot.text[key];
  if (words === undefined) throw new Error(`no text '${key}' in web/text.yaml`);
  return words.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

const locale = boot.lang === "zh" ? "zh-CN" : "en";
const oneDecimal = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const DASH = "–";

/** A length with its unit; a dash when unknown. */
export function metres(value) {
  return value === null || value === undefined ? DASH : `${oneDecimal.format(value)} ${t("unit.m")}`;
}

/** A number with at most one decimal; a dash when unknown. */
export function number(value) {
  return value === null || value === undefined ? DASH : oneDecimal.format(value);
}

/** A count; a dash when unknown. */
export function count(value) {
  return value === null || value === undefined ? DASH : whole.format(value);
}
