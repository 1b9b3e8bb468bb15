// Keys for those who keep their hands on the keyboard.

import { byId } from "/assets/dom.js";
import * as job from "/assets/job.js";

function step(by) {
  const links = [...document.querySelectorAll("#jobs tbody a")];
  const at = links.indexOf(document.activeElement);
  const current = at >= 0 ? at : links.findIndex((link) => link.hash === location.hash);
  const next = current < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, current + by));
  links[next]?.focus();
}

export function listen({ theme }) {
  byId("help").addEventListener("click", () => byId("keys").showModal());
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") {
      if (document.activeElement === byId("find")) byId("find").blur();
      else location.hash = "";
      return;
    }
    if (document.activeElement?.matches("input, select, textarea")) return;
    const act = {
      "/": () => byId("find").focus(), "?": () => byId("keys").showModal(), j: () => step(1), k: () => step(-1),
      v: () => job.check(), t: theme,
    }[event.key];
    if (act) { event.preventDefault(); act(); }
  });
}
