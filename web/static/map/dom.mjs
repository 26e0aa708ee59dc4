// Building elements from data: texts only ever become text nodes, so that a name in the data cannot be markup.

/** `element("p", { class: "note" }, "text", child, null)`; null children are left out. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

/** JSON of an address of this host; an error carries the HTTP status. */
export async function getJson(address) {
  const response = await fetch(address, { headers: { Accept: "application/json" } });
  if (!response.ok) {
    const error = new Error(`${address} answered ${response.status}`);
    error.status = response.status;
    throw error;
  }
  return response.json();
}
