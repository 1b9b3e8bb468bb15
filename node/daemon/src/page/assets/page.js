// Starts the page and keeps it up to date.

import { byId, el, show } from "/assets/dom.js";
import { moment } from "/assets/format.js";
import * as api from "/assets/api.js";
import * as job from "/assets/job.js";
import * as keyboard from "/assets/keyboard.js";
import * as orders from "/assets/orders.js";
import * as overview from "/assets/overview.js";

const PERIOD = 2_000;
const LONGEST_PERIOD = 30_000;
const PAGE = 50;

let jobs = [];
let older = [];
let next = null;
let period = PERIOD;
let timer = null;

function say(state, text, trouble) {
  const place = byId("connection");
  place.dataset.state = state;
  if (place.textContent !== text) place.textContent = text;
  byId("trouble").hidden = !trouble;
  if (trouble && byId("trouble").textContent !== trouble) byId("trouble").textContent = trouble;
}

function renderJobs() {
  const find = byId("find").value;
  const known = new Set(jobs.map(({ id }) => id));
  const all = [...jobs, ...older.filter(({ id }) => !known.has(id))];
  show(byId("jobs"), [all, find, job.opened()], () => overview.jobs(all, { find, open: job.opened() }));
  byId("older").hidden = next === null;
}

async function update() {
  clearTimeout(timer);
  const state = byId("state").value;
  try {
    const [view, list] = await Promise.all([api.overview(), api.jobs({ state, limit: PAGE })]);
    overview.render(view);
    jobs = list.jobs;
    if (older.length === 0) next = list.next ?? null;
    renderJobs();
    await job.refresh();
    period = PERIOD;
    say("live", `live, ${moment(view.now_ms).slice(11)}`);
    const drained = view.devices.filter(({ info }) => info.state === "drained" || info.state === "missing").length;
    document.title = drained > 0 ? `(${drained} out) ArkNet node` : "ArkNet node";
  } catch (error) {
    period = Math.min(LONGEST_PERIOD, period * 2);
    say("lost", `no connection, next try in ${Math.round(period / 1000)} s`, `What is shown may be old: ${error.message}`);
    for (const busy of document.querySelectorAll("[aria-busy]")) show(busy, error.message, () => el("p", { class: "empty" }, "Nothing to show yet."));
  }
  if (!document.hidden) timer = setTimeout(update, period);
}

async function more() {
  byId("older").disabled = true;
  try {
    const list = await api.jobs({ state: byId("state").value, cursor: next, limit: PAGE });
    older = [...older, ...list.jobs];
    next = list.next ?? null;
    renderJobs();
  } catch (error) {
    say("lost", "no connection", error.message);
  }
  byId("older").disabled = false;
}

function route() {
  const id = new URLSearchParams(location.hash.slice(1)).get("job");
  const isJob = id && /^[0-9a-f]{32}$/.test(id);
  const left = isJob ? job.open(id) : job.close();
  renderJobs();
  // The rows are new: whoever comes back finds the one they left.
  if (left) (document.querySelector(`#jobs [data-focus="job-${left}"]`) ?? byId("main")).focus();
}

const THEMES = ["auto", "light", "dark"];

function theme(wanted) {
  if (wanted === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = wanted;
  byId("theme").textContent = `Theme: ${wanted}`;
  localStorage.setItem("theme", wanted);
}

function nextTheme() {
  theme(THEMES[(THEMES.indexOf(localStorage.getItem("theme") ?? "auto") + 1) % THEMES.length]);
}

const stored = localStorage.getItem("theme");
theme(THEMES.includes(stored) ? stored : "auto");
byId("theme").addEventListener("click", nextTheme);
byId("close").addEventListener("click", () => { location.hash = ""; });
byId("find").addEventListener("input", renderJobs);
byId("state").addEventListener("change", () => { older = []; jobs = []; update(); });
byId("older").addEventListener("click", more);
addEventListener("hashchange", route);
document.addEventListener("visibilitychange", () => { if (!document.hidden) update(); });
document.addEventListener("ordered", update);
orders.listen();
keyboard.listen({ theme: nextTheme });
await update();
route();
