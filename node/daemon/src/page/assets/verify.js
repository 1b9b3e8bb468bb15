// Checking a receipt here: the evidence comes from the node, the check runs in a worker of this page.

import { el, pairs } from "/assets/dom.js";
import { bytes, count, moment } from "/assets/format.js";
import * as api from "/assets/api.js";

// Blobs that a check takes, all together. A browser gives a module 4 GiB at most.
const MOST_BYTES = 1 << 30;

export async function verify(job, place, replay = false) {
  place.replaceChildren(el("p", { role: "status" }, replay ? "Running the job again…" : "Fetching the receipt, the inputs and the outputs…"));
  const cancel = new AbortController();
  const stop = el("button", { type: "button", onclick: () => cancel.abort() }, "Stop");
  try {
    const { parts, size } = await gather(job, replay);
    place.replaceChildren(el("p", { role: "status" }, `Checking ${bytes(size)}… `, stop));
    const { found, ms } = await run(parts, cancel.signal);
    place.replaceChildren(...report(found, ms, () => verify(job, place, true)));
  } catch (error) {
    place.replaceChildren(el("div", { class: "verdict wait", role: "status" }, el("strong", {}, "Not checked"), el("p", {}, error.message)));
  }
}

async function gather(job, replay) {
  const [receipt, request] = await Promise.all([api.receipt(job.id), api.request(job.id)]);
  const asked = JSON.parse(new TextDecoder().decode(request));
  const digests = new Set([asked.workload.wgsl]);
  for (const buffer of asked.buffers) if (buffer.input) digests.add(buffer.input);
  const outputs = {};
  for (const output of job.outputs) {
    digests.add(output.digest);
    outputs[output.name] = output.digest;
  }
  const blobs = [];
  let size = receipt.length;
  for (const digest of digests) {
    const blob = await api.blob(digest);
    size += blob.length;
    if (size > MOST_BYTES) throw new Error("The job's data are too large for a browser; arknet verify takes them.");
    blobs.push(blob);
  }
  const question = new TextEncoder().encode(JSON.stringify({ outputs, replay, log_key: null }));
  return { parts: [question, receipt, request, ...blobs], size };
}

// A worker for each check: what a check leaves behind goes with it, and it can be stopped.
function run(parts, signal) {
  return new Promise((resolve, reject) => {
    const worker = new Worker("/assets/worker.js", { type: "module" });
    const end = (act) => (value) => { worker.terminate(); act(value); };
    worker.onmessage = ({ data }) => data.error ? end(reject)(new Error(data.error)) : end(resolve)(data);
    worker.onerror = (event) => end(reject)(new Error(event.message || "The worker could not be started."));
    signal.addEventListener("abort", () => end(reject)(new Error("Stopped.")));
    worker.postMessage(parts, parts.map((part) => part.buffer));
  });
}

function report(found, ms, again) {
  const isSigned = !found.valid && found.seal?.kind === "execution" && found.attestation && found.reason?.includes("not proven");
  const kind = found.valid ? "good" : isSigned ? "wait" : "bad";
  const title = found.valid ? (found.basis === "proof" ? "Valid: proven" : "Valid: run again here") : isSigned ? "Signed, not proven" : "Not valid";
  const reason = isSigned ? "The provider signed for this run and nothing was proven. Running the job again shows whether it is true." : found.reason;
  return [
    el("div", { class: `verdict ${kind}`, role: "status", id: "verdict" }, el("strong", {}, title),
      reason && el("p", {}, reason),
      el("p", { class: "soft" }, `Checked in ${ms.toFixed(1)} ms by this browser.`),
      isSigned && el("p", { class: "actions" }, el("button", { type: "button", id: "replay", onclick: again }, "Run it again here"))),
    found.claim && claim(found),
  ].filter(Boolean);
}

function claim({ claim: said, seal, security, attestation }) {
  return el("div", {},
    pairs([
      ["seal", seal.kind === "stark" ? `STARK ${seal.preset}, ${count(seal.tables)} tables, proof of ${bytes(seal.proof_bytes)}` : `execution on ${seal.backend}: ${seal.device}, races ${seal.races_checked ? "checked" : "not checked"}`],
      security && ["security", `${security.bits} provable bits (${security.regime}), all rounds together ${security.all_rounds_bits.toFixed(1)}`],
      attestation && ["signed by", el("code", {}, attestation.provider)],
      attestation && ["signed at", moment(attestation.finished * 1000)],
      ["workload", el("code", {}, said.workload)],
      ["workgroups", `${said.workgroups.join(" × ")}, ${count(said.usage.invocations)} invocations`],
      ["steps", `at most ${count(said.usage.steps)} of ${count(said.limits.steps)}`],
      ["memory", `${bytes(said.usage.memory)} of ${bytes(said.limits.memory)}`],
      ["claim", el("code", {}, said.digest)],
      ...said.buffers.map((buffer) => [`buffer ${buffer.name}`, [`${count(buffer.words)} words `, el("div", { class: "soft" }, "before ", el("code", {}, buffer.before)), el("div", { class: "soft" }, "after ", el("code", {}, buffer.after))]]),
    ]),
    security && el("details", {}, el("summary", {}, "Every term of the security"),
      el("table", { "aria-label": "Terms of the security" }, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Round"), el("th", { scope: "col", class: "n" }, "Bits"), el("th", { scope: "col", class: "n" }, "of them proof of work"))),
        el("tbody", {}, security.terms.map((term) => el("tr", {}, el("td", {}, term.name), el("td", { class: "n" }, term.bits.toFixed(1)), el("td", { class: "n" }, term.work)))))));
}
