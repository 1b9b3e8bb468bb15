// Small charts in SVG. Each has a text that says the same.

import { el, svg } from "/assets/dom.js";
import { count, duration, look, moment, short } from "/assets/format.js";

const HOUR = 3_600_000;

// The phases of an attempt have one colour.
const SHADES = { executing: 0.45, verifying: 0.7 };

export function meter(used, limit, label) {
  const part = limit > 0 ? Math.min(1, used / limit) : used > 0 ? 1 : 0;
  const over = used >= limit;
  return svg("svg", { class: over ? "meter over" : "meter", viewBox: "0 0 100 10", preserveAspectRatio: "none", role: "img", "aria-label": label },
    svg("rect", { width: 100 * part, height: 10 }));
}

export function spark(values, label) {
  const most = Math.max(...values, 1e-9);
  const width = 96, height = 18;
  const points = values.map((value, index) => {
    const x = (index / Math.max(1, values.length - 1)) * (width - 2) + 1;
    return `${x.toFixed(1)},${(height - 2 - (value / most) * (height - 4)).toFixed(1)}`;
  });
  return svg("svg", { class: "spark", width, height, role: "img", "aria-label": label },
    svg("polyline", { points: points.join(" "), fill: "none", stroke: "currentcolor", "stroke-width": 1.5 }));
}

// The last 48 hours, those without work included.
export function hourly(hours, now) {
  const last = Math.floor(now / HOUR);
  const byHour = new Map(hours.map((hour) => [Math.floor(hour.start_ms / HOUR), hour]));
  return Array.from({ length: 48 }, (_, index) => {
    const hour = last - 47 + index;
    return byHour.get(hour) ?? { start_ms: hour * HOUR, jobs: 0, failures: 0, busy_ms: 0 };
  });
}

export function history(hours) {
  const width = 720, height = 150, left = 34, base = height - 18;
  const most = Math.max(1, ...hours.map((hour) => hour.jobs));
  const step = (width - left) / hours.length;
  const y = (value) => base - (value / most) * (base - 10);
  const bars = hours.map((hour, index) => {
    const x = left + index * step;
    const title = `${moment(hour.start_ms).slice(0, 16)}: ${count(hour.jobs)} attempts, ${count(hour.failures)} failed`;
    const good = hour.jobs - hour.failures;
    return svg("g", {}, svg("title", {}, title),
      svg("rect", { x, y: 8, width: step, height: base - 8, fill: "transparent" }),
      svg("rect", { class: "bar-jobs", x: x + 1, y: y(good), width: step - 2, height: base - y(good) }),
      svg("rect", { class: "bar-bad", x: x + 1, y: y(hour.jobs), width: step - 2, height: y(good) - y(hour.jobs) }));
  });
  const marks = hours.map((hour, index) => [hour, index]).filter(([hour]) => new Date(hour.start_ms).getHours() % 12 === 0);
  const labels = marks.map(([hour, index]) => svg("text", { x: left + index * step, y: height - 4 }, moment(hour.start_ms).slice(5, 16)));
  const total = hours.reduce((sum, hour) => sum + hour.jobs, 0);
  const failed = hours.reduce((sum, hour) => sum + hour.failures, 0);
  return [
    svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${count(total)} attempts in 48 hours, ${count(failed)} failed by a device` },
      svg("line", { class: "grid", x1: left, x2: width, y1: y(most), y2: y(most) }),
      svg("line", { class: "grid", x1: left, x2: width, y1: base, y2: base }),
      svg("text", { x: left - 6, y: y(most) + 4, "text-anchor": "end" }, count(most)),
      svg("text", { x: left - 6, y: base, "text-anchor": "end" }, "0"), bars, labels),
    el("p", { class: "key" }, el("span", { class: "work" }, `${count(total - failed)} attempts`), el("span", { class: "bad" }, `${count(failed)} failed by a device`)),
  ];
}

// How long a job was in each state.
export function timeline(changes, end) {
  const start = changes[0].at_ms;
  const span = Math.max(1, end - start);
  const width = 700;
  const parts = changes.map((change, index) => {
    const until = changes[index + 1]?.at_ms ?? end;
    return { ...change, until, took: until - change.at_ms };
  });
  const bars = parts.filter((part) => part.took > 0).map((part) => svg("g", {},
    svg("title", {}, `${part.state}, attempt ${part.attempt}: ${duration(part.took)}`),
    svg("rect", { class: look(part.state), fill: "currentcolor", "fill-opacity": SHADES[part.state] ?? 1, x: ((part.at_ms - start) / span) * width, y: 0, width: Math.max(1.5, (part.took / span) * width - 1), height: 14, rx: 1.5 })));
  return svg("svg", { class: "timeline", viewBox: `0 0 ${width} 14`, role: "img", "aria-label": parts.map((part) => `${part.state} ${duration(part.took)}`).join(", ") }, bars);
}

// Jobs in columns: those that a job's inputs come from are left of it.
export function lineage(graph) {
  const column = new Map(graph.jobs.map((job) => [job.id, 0]));
  // Edges lead from older to newer jobs, so there is no cycle; the bound is for a node that says otherwise.
  for (let round = 0; round < graph.jobs.length; round += 1) {
    let moved = false;
    for (const { from, to } of graph.edges) {
      if (column.has(from) && column.has(to) && column.get(to) <= column.get(from)) {
        column.set(to, column.get(from) + 1);
        moved = true;
      }
    }
    if (!moved) break;
  }
  const used = new Map();
  const places = new Map(graph.jobs.map((job) => {
    const at = Math.min(column.get(job.id), graph.jobs.length);
    const row = used.get(at) ?? 0;
    used.set(at, row + 1);
    return [job.id, { x: 8 + at * 190, y: 8 + row * 54 }];
  }));
  const width = 8 + Math.max(...[...places.values()].map((place) => place.x)) + 160;
  const height = 8 + Math.max(...[...places.values()].map((place) => place.y)) + 44;
  const edges = graph.edges.filter(({ from, to }) => places.has(from) && places.has(to)).map(({ from, to, digest }) => {
    const [a, b] = [places.get(from), places.get(to)];
    const [x1, y1, x2, y2] = [a.x + 150, a.y + 20, b.x - 6, b.y + 20];
    return svg("g", {}, svg("title", {}, `blob ${digest}`),
      svg("path", { class: "edge", d: `M${x1} ${y1}C${x1 + 22} ${y1} ${x2 - 22} ${y2} ${x2} ${y2}` }),
      svg("path", { class: "arrow", d: `M${x2} ${y2 - 4}l6 4l-6 4z` }));
  });
  const nodes = graph.jobs.map((job) => {
    const { x, y } = places.get(job.id);
    return svg("g", { class: job.id === graph.job ? "node here" : "node", transform: `translate(${x} ${y})` },
      svg("rect", { width: 150, height: 40, rx: 4 }),
      svg("a", { href: `#job=${job.id}` }, svg("text", { x: 10, y: 17 }, short(job.id))),
      svg("text", { x: 10, y: 32 }, `${job.kind}, ${job.state}`));
  });
  return el("div", { class: "scroll" }, svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": `${graph.jobs.length} connected jobs` }, edges, nodes));
}
