import { $, el } from "./dom.js";

/** Opens the page's one dialog with a title and content; focus comes back to where it was when it closes. */
export function openDialog(title, ...content) {
  const dialog = $("dialog");
  dialog.replaceChildren(
    el(
      "header",
      {},
      el("h2", { id: "dialog-title" }, title),
      el("button", { type: "button", className: "quiet", ariaLabel: "Close", onclick: closeDialog }, "✕"),
    ),
    ...content,
  );
  if (!dialog.open) dialog.showModal();
  // Not on "Close", where the browser would put it.
  dialog.querySelector(":scope > :not(header) :is(button, input, textarea)")?.focus();
}

export function closeDialog() {
  $("dialog").close();
}
