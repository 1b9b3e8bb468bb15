// What the operator can order. Each order is asked for once more, with its reason where the node keeps one.

import { byId, el } from "/assets/dom.js";

let act = null;

// A button that asks, orders, and has the page look again. `run` gets the reason.
export function orderButton(label, title, { reason, focus }, run) {
  const ask = () => {
    act = run;
    byId("ask-title").textContent = title;
    byId("ask-go").textContent = label;
    byId("ask-trouble").textContent = "";
    const input = byId("ask-reason");
    input.value = "";
    input.required = reason;
    input.closest("p").hidden = !reason;
    byId("ask").showModal();
  };
  return el("button", { type: "button", onclick: ask, "data-focus": focus }, label);
}

export function listen() {
  const dialog = byId("ask");
  byId("ask-cancel").addEventListener("click", () => dialog.close());
  byId("ask-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const go = byId("ask-go");
    go.disabled = true;
    try {
      await act(byId("ask-reason").value.trim());
      dialog.close();
      document.dispatchEvent(new Event("ordered"));
    } catch (error) {
      byId("ask-trouble").textContent = error.message;
    }
    go.disabled = false;
  });
}
