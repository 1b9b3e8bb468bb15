// Elements from values. Text goes in as text: nothing that a client or a driver wrote is ever parsed as HTML.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function el(name, attributes, ...children) {
  return fill(document.createElement(name), attributes, children);
}

export function svg(name, attributes, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

export const byId = (id) => document.getElementById(id);

// Shows new contents, unless they are the same as before or the user is selecting text in the old. Focus stays on the
// element with the same data-focus.
const shown = new WeakMap();

export function show(parent, value, make) {
  const text = JSON.stringify(value);
  const selection = document.getSelection();
  const isSelecting = selection && !selection.isCollapsed && parent.contains(selection.anchorNode);
  if (shown.get(parent) === text || (isSelecting && shown.has(parent))) return;
  const focused = parent.contains(document.activeElement) ? document.activeElement.dataset.focus : undefined;
  const { scrollLeft } = parent;
  parent.replaceChildren(...[make(value)].flat().filter(Boolean));
  parent.removeAttribute("aria-busy");
  parent.scrollLeft = scrollLeft;
  shown.set(parent, text);
  if (focused !== undefined) parent.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
}

export function table(caption, columns, rows) {
  const heads = columns.map(([title, kind]) => el("th", { scope: "col", class: kind }, title));
  return el("table", { "aria-label": caption }, el("thead", {}, el("tr", {}, heads)), el("tbody", {}, rows));
}

export function pairs(entries) {
  return el("dl", { class: "pairs" }, entries.filter(Boolean).map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

export const empty = (text) => el("p", { class: "empty" }, text);
