// The sections of the page, each from its part of the overview.

import { byId, el, empty, pairs, show, table } from "/assets/dom.js";
import { history, hourly, meter, spark } from "/assets/charts.js";
import * as api from "/assets/api.js";
import { orderButton } from "/assets/orders.js";
import { bytes, count, duration, isFinal, look, moment, rate, short } from "/assets/format.js";

export const state = (name, detail) => el("span", { class: `state ${look(name)}` }, detail ? `${name} ${detail}` : name);

export const jobLink = (id) => el("a", { href: `#job=${id}`, class: "mono", title: id, "data-focus": `job-${id}` }, short(id));

const key = (text) => el("span", { class: "mono", title: text }, short(text));

export function render(overview) {
  show(byId("accepting"), overview.accepting, (accepting) => accepting ? "accepting jobs" : "not accepting jobs");
  byId("accepting").className = `tag ${overview.accepting ? "good" : "bad"}`;
  const uptime = Math.floor((overview.now_ms - overview.started_ms) / 60_000) * 60_000;
  show(byId("facts"), [overview.node, overview.version, uptime, overview.storage], () => [
    fact("node", key(overview.node)), fact("version", overview.version), fact("up", duration(uptime)),
    fact("blobs", bytes(overview.storage.blob_bytes)),
    overview.storage.free_bytes !== null && fact("disk free", bytes(overview.storage.free_bytes)),
  ]);
  show(byId("counts"), overview.jobs, counts);
  show(byId("devices"), [overview.devices, Math.floor(overview.now_ms / 3_600_000)], () => devices(overview));
  show(byId("clients"), overview.clients, clients);
  show(byId("history"), [overview.devices.map((device) => device.hours), Math.floor(overview.now_ms / 3_600_000)], () => throughput(overview));
  show(byId("log"), overview.log, log);
}

const fact = (name, value) => el("div", {}, el("dt", {}, name), el("dd", {}, value));

function counts(jobs) {
  const states = [
    ["queued", jobs.queued, "queued"], ["executing", jobs.executing, "executing"], ["proving", jobs.proving, "proving"],
    ["verifying", jobs.verifying, "verifying"], ["done", jobs.done, "done"],
    ["failed", jobs.failed, "failed"], ["cancelled, expired", jobs.dropped, "cancelled"],
  ];
  return states.map(([title, value, name]) => el("div", {}, el("dt", {}, title), el("dd", { class: value > 0 ? look(name) : "mute" }, count(value))));
}

function devices({ devices: all, now_ms: now }) {
  if (all.length === 0) return empty("No device. Name one under [[device]] in arknet.toml, or run arknet doctor.");
  const rows = all.map((device) => {
    const hours = hourly(device.hours, now);
    const busy = hours.at(-1).busy_ms;
    const elapsed = Math.max(1, now - hours.at(-1).start_ms);
    const load = Math.min(100, Math.round((100 * busy) / elapsed));
    const rates = Object.entries(device.rates).map(([name, { value, samples }]) =>
      el("span", { title: `${count(samples)} measurements` }, `${name} ${rate(value)} `));
    return el("tr", {},
      el("td", {}, el("strong", {}, device.info.name)),
      el("td", { class: "long", title: device.info.fingerprint }, `${device.info.backend} `, el("span", { class: "soft" }, device.info.description)),
      el("td", {}, state(device.info.state), device.reason && el("div", { class: "why" }, device.reason)),
      el("td", {}, meter(load, 101, `${load} % busy this hour`), `${load} %`),
      el("td", {}, device.job ? jobLink(device.job) : el("span", { class: "soft" }, "none")),
      el("td", { class: device.failures > 0 ? "n bad" : "n" }, count(device.failures)),
      el("td", { class: "soft" }, rates.length ? rates : "not measured"),
      el("td", {}, spark(hours.map((hour) => hour.busy_ms), "minutes at work in each of the last 48 hours")),
      el("td", {}, deviceOrder(device.info)));
  });
  return table("Devices", [["Name"], ["Device"], ["State"], ["Load, this hour"], ["Job"], ["Failures", "n"], ["Throughput"], ["48 h"], [""]], rows);
}

function deviceOrder({ name, fingerprint, state: now }) {
  const focus = `device-${fingerprint}`;
  if (now === "missing") return "";
  if (now === "drained") return orderButton("Undrain", `Give ${name} work again?`, { reason: false, focus }, () => api.undrain(fingerprint));
  return orderButton("Drain", `Give ${name} no more work?`, { reason: true, focus }, (reason) => api.drain(fingerprint, reason));
}

function clientOrder({ client, standing }) {
  const focus = `client-${client}`;
  if (standing !== "good") return orderButton("Release", `Let ${short(client)} in again, and forget what was held against it?`, { reason: false, focus }, () => api.release(client));
  return orderButton("Quarantine", `Shut ${short(client)} out until it is released?`, { reason: true, focus }, (reason) => api.quarantine(client, reason));
}

function throughput({ devices: all, now_ms: now }) {
  const sums = hourly([], now);
  for (const device of all) {
    hourly(device.hours, now).forEach((hour, index) => {
      sums[index] = { ...sums[index], jobs: sums[index].jobs + hour.jobs, failures: sums[index].failures + hour.failures };
    });
  }
  return sums.some((hour) => hour.jobs > 0) ? history(sums) : empty("No device has finished an attempt in the last 48 hours.");
}

function clients(all) {
  if (all.length === 0) return empty("No client has asked for anything yet. arknet token create gives one access.");
  const cell = (quota, text) => el("td", { class: quota.used >= quota.limit ? "bad" : undefined },
    meter(quota.used, quota.limit, `${text(quota.used)} of ${text(quota.limit)}`), `${text(quota.used)} of ${text(quota.limit)}`,
    quota.used >= quota.limit && el("strong", {}, " full"));
  const worst = (client) => Math.max(...Object.values(client.quota).map(({ used, limit }) => used / Math.max(1, limit)));
  const sorted = [...all].sort((a, b) => b.score - a.score || worst(b) - worst(a));
  const rows = sorted.map((client) => el("tr", {},
    el("td", {}, key(client.client)),
    el("td", {}, state(client.standing), client.until_ms ? el("span", { class: "soft" }, ` until ${moment(client.until_ms)}`) : ""),
    el("td", { class: client.score >= 1 ? "n wait" : "n" }, client.score.toFixed(1)),
    el("td", { class: "long" }, client.reason ?? client.explanation ?? el("span", { class: "soft" }, "nothing unusual")),
    cell(client.quota.running, count), cell(client.quota.queued, count), cell(client.quota.bytes, bytes), cell(client.quota.device_ms, duration), el("td", {}, clientOrder(client))));
  return table("Clients", [["Client"], ["Standing"], ["Anomaly score", "n"], ["Why"], ["Running"], ["Queued"], ["Blobs"], ["Device time today"], [""]], rows);
}

function log(value) {
  if (!value) return empty("This node keeps no log.");
  return [
    pairs([
      ["origin", value.origin], ["entries", count(value.size)], ["root", el("code", {}, value.root)],
      ["witnesses", value.witnesses.length ? value.witnesses.join(", ") : el("span", { class: "soft" }, "none")],
      ["key", el("code", {}, value.key)],
    ]),
    el("details", {}, el("summary", { "data-focus": "checkpoint" }, "Checkpoint as served"), el("pre", {}, value.checkpoint)),
  ];
}

export function jobs(list, { find, open }) {
  const wanted = find.trim().toLowerCase();
  const found = list.filter((job) => !wanted || [job.id, job.client, job.device ?? ""].some((text) => text.toLowerCase().includes(wanted)));
  if (found.length === 0) return empty(list.length ? `None of the ${count(list.length)} jobs here matches.` : "No jobs. arknet submit sends one.");
  const rows = found.map((job) => {
    const [first, last] = [job.timeline[0], job.timeline.at(-1)];
    const took = first && last && isFinal(job.state) ? duration(last.at_ms - first.at_ms) : "";
    const busy = job.percent !== null && !isFinal(job.state);
    return el("tr", { "data-key": job.id, class: job.id === open ? "open" : undefined },
      el("td", {}, jobLink(job.id)),
      el("td", {}, state(job.state, busy ? `${job.percent} %` : ""), busy ? [" ", meter(job.percent, 101, `${job.percent} %`)] : ""),
      el("td", {}, job.kind),
      el("td", {}, key(job.client)),
      el("td", {}, job.device ?? el("span", { class: "soft" }, "none yet")),
      el("td", { class: job.attempt > 1 ? "n wait" : "n" }, job.attempt),
      el("td", { class: "n" }, first ? moment(first.at_ms) : ""),
      el("td", { class: "n" }, took),
      el("td", { class: "n" }, job.log_index ?? ""),
      el("td", { class: "long bad" }, job.reason ?? ""));
  });
  return table("Jobs", [["Job"], ["State"], ["Kind"], ["Client"], ["Device"], ["Attempt", "n"], ["Accepted", "n"], ["Took", "n"], ["Log entry", "n"], ["Reason"]], rows);
}
