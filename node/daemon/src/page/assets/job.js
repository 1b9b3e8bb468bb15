// The panel of one job.

import { byId, el, empty, pairs, show } from "/assets/dom.js";
import { lineage as drawLineage, timeline } from "/assets/charts.js";
import { bytes, duration, isFinal, moment } from "/assets/format.js";
import { state } from "/assets/overview.js";
import * as api from "/assets/api.js";
import { orderButton } from "/assets/orders.js";
import { verify } from "/assets/verify.js";

let id = null;
let job = null;
const parts = {};

export const opened = () => id;

export function open(wanted) {
  if (wanted === id) return;
  id = wanted;
  job = null;
  byId("panel-title").replaceChildren("Job ", el("code", {}, wanted));
  for (const name of ["facts", "time", "verdict", "lineage"]) parts[name] = el("div", {});
  parts.button = el("button", { type: "button", class: "first", id: "verify", disabled: true, "aria-keyshortcuts": "v", onclick: check }, "Verify receipt in this browser");
  byId("panel-body").replaceChildren(parts.facts,
    el("h3", {}, "Time in each state"), parts.time,
    el("h3", {}, "Receipt"), el("div", { class: "actions" }, parts.button), parts.verdict,
    el("h3", {}, "Lineage"), parts.lineage);
  parts.facts.append(empty("Loading…"));
  parts.lineage.append(empty("Loading…"));
  byId("panel").hidden = false;
  byId("panel").focus();
  refresh();
  connect(wanted);
}

// Gives the job that was open.
export function close() {
  const was = id;
  id = null;
  byId("panel").hidden = true;
  return was;
}

async function connect(wanted) {
  try {
    const graph = await api.lineage(wanted);
    if (id !== wanted) return;
    show(parts.lineage, graph, () => graph.edges.length ? [drawLineage(graph), graph.truncated && empty("There are more jobs than are shown.")] : empty("Its inputs are of no other job, and no job took its outputs."));
  } catch (error) {
    if (id === wanted) show(parts.lineage, error.message, () => empty(error.message));
  }
}

export async function refresh() {
  const wanted = id;
  if (wanted === null || (job?.id === wanted && isFinal(job.state))) return;
  try {
    const view = await api.job(wanted);
    if (id !== wanted) return;
    job = view;
    show(parts.facts, view, () => facts(view));
    const end = isFinal(view.state) ? view.timeline.at(-1)?.at_ms : Date.now();
    if (view.timeline.length) show(parts.time, [view.timeline, end], () => times(view, end));
    parts.button.disabled = !view.receipt;
    if (!view.receipt) show(parts.verdict, view.state, () => empty(isFinal(view.state) ? "It ended without a receipt." : "There is a receipt once the job is done."));
    else if (!parts.verdict.dataset.checked) show(parts.verdict, view.receipt, () => pairs([["digest", el("code", {}, view.receipt)]]));
  } catch (error) {
    if (id === wanted) show(parts.facts, error.message, () => empty(error.message));
  }
}

function facts(view) {
  return pairs([
    ["state", state(view.state, view.percent !== null && !isFinal(view.state) ? `${view.percent} %` : "")],
    !isFinal(view.state) && ["", orderButton("Cancel job", `Cancel the job ${view.id}?`, { reason: false, focus: "cancel" }, () => api.cancel(view.id))],
    view.reason && ["reason", el("span", { class: "bad" }, view.reason)],
    view.detail && ["detail", el("pre", {}, view.detail)],
    ["kind", view.kind],
    ["client", el("code", {}, view.client)],
    ["request", el("code", {}, view.request)],
    ["device", view.device ?? "none yet"],
    ["attempt", String(view.attempt)],
    ["priority", String(view.priority)],
    view.deadline !== null && ["deadline", moment(view.deadline * 1000)],
    view.log_index !== null && ["log entry", String(view.log_index)],
    view.outputs.length > 0 && ["outputs", view.outputs.map((output) => el("div", {}, `${output.name}, ${bytes(output.size)} `, el("code", { class: "soft" }, output.digest)))],
  ]);
}

function times(view, end) {
  const rows = view.timeline.map((change, index) => {
    const until = view.timeline[index + 1]?.at_ms ?? end;
    const took = isFinal(change.state) ? "" : duration(until - change.at_ms);
    return [el("dt", {}, moment(change.at_ms)), el("dd", {}, state(change.state), el("span", { class: "soft" }, ` attempt ${change.attempt}${took ? `, ${took}` : ""}`))];
  });
  return [timeline(view.timeline, end), el("dl", { class: "pairs" }, rows)];
}

export async function check() {
  const view = job;
  if (!view?.receipt || parts.button.disabled) return;
  const { button, verdict } = parts;
  button.disabled = true;
  verdict.dataset.checked = "yes";
  await verify(view, verdict);
  button.disabled = false;
}
