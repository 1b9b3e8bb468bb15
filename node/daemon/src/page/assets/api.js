// The admin listener, and what it says when it refuses.

async function get(path, more = {}) {
  let response;
  try {
    response = await fetch(path, { cache: "no-store", credentials: "same-origin", redirect: "error", ...more });
  } catch {
    throw new Error("the node does not answer; is it running?");
  }
  if (response.ok) return response;
  let detail = "";
  try {
    const problem = await response.json();
    detail = problem.detail ?? problem.title ?? "";
  } catch { /* It is no problem document; the status is all there is. */ }
  throw new Error(`${path}: ${response.status}${detail ? `, ${detail}` : ""}`);
}

const json = async (path) => (await get(path)).json();
const binary = async (path) => new Uint8Array(await (await get(path)).arrayBuffer());

export const overview = () => json("/admin/v1/overview");

export function jobs({ state, cursor, limit }) {
  const query = new URLSearchParams({ limit });
  if (state) query.set("state", state);
  if (cursor) query.set("cursor", cursor);
  return json(`/admin/v1/jobs?${query}`);
}

export const job = (id) => json(`/admin/v1/jobs/${id}`);
export const lineage = (id) => json(`/admin/v1/jobs/${id}/lineage`);
export const request = (id) => binary(`/admin/v1/jobs/${id}/request`);
export const receipt = (id) => binary(`/admin/v1/jobs/${id}/receipt`);
export const blob = (digest) => binary(`/admin/v1/blobs/${digest}`);

// Orders are JSON, which no page of another origin can send here.
const order = (path, body) => get(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

export const drain = (fingerprint, reason) => order(`/admin/v1/devices/${fingerprint}/drain`, { reason });
export const undrain = (fingerprint) => order(`/admin/v1/devices/${fingerprint}/undrain`, {});
export const quarantine = (client, reason) => order(`/admin/v1/clients/${client}/quarantine`, { reason });
export const release = (client) => order(`/admin/v1/clients/${client}/release`, {});
export const cancel = (id) => order(`/admin/v1/jobs/${id}/cancel`, {});
