// Numbers and times as people read them.

export const count = (value) => value.toLocaleString("en-US");

export function bytes(value) {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) { value /= 1024; unit += 1; }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

export function duration(ms) {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} days ${hours % 24} h`;
}

// In the viewer's time zone, to the second, and always as many characters.
export function moment(ms) {
  const date = new Date(ms);
  const two = (value) => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

export function rate(value) {
  for (const [unit, size] of [["G", 1e9], ["M", 1e6], ["k", 1e3]]) {
    if (value >= size) return `${(value / size).toPrecision(3)} ${unit}/s`;
  }
  return `${value.toPrecision(3)}/s`;
}

// The beginning of a key or digest; the whole of it is in its title.
export function short(text) {
  const digits = text.replace(/^ed25519:/, "");
  return digits.length > 12 ? `${digits.slice(0, 10)}…` : digits;
}

// How a state looks, beside its name.
const LOOKS = {
  queued: "wait", executing: "work", proving: "work", verifying: "work", done: "good", failed: "bad",
  cancelled: "mute", expired: "mute", idle: "good", busy: "work", drained: "bad", missing: "bad", good: "good",
  throttled: "wait", quarantined: "bad",
};

export const look = (state) => LOOKS[state] ?? "mute";

export const isFinal = (state) => ["done", "failed", "cancelled", "expired"].includes(state);
