import { assign, claim, resolve, snooze } from "./actions.js";
import { write } from "./composer.js";
import { openDialog } from "./dialog.js";
import { $, el } from "./dom.js";
import { step } from "./list.js";
import { phoneKeys } from "./softphone.js";

const offKey = "everline:keys-off";

const keys = [
  ["j", "Next conversation", () => step(1)],
  ["k", "Previous conversation", () => step(-1)],
  ["r", "Reply", () => write("reply")],
  ["n", "Note for colleagues", () => write("note")],
  ["c", "Take the conversation", claim],
  ["e", "Resolve", resolve],
  ["s", "Put aside", snooze],
  ["a", "Assign", assign],
  ...phoneKeys,
  ["?", "This help", showHelp],
];

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && document.activeElement === $("text")) $("text").blur();
  if (isTyping(event) || event.ctrlKey || event.metaKey || event.altKey || $("desk").hidden) return;
  if (document.querySelector("dialog[open]") !== null) return;
  if (localStorage.getItem(offKey) !== null && event.key !== "?") return;
  const known = keys.find(([key]) => key === event.key);
  if (known === undefined) return;
  event.preventDefault();
  void known[2]();
});

const isTyping = ({ target }) =>
  target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");

/** The keys, and a way to switch single letters off for people whose speech or hands press them by chance (WCAG 2.1.4). */
export function showHelp() {
  const toggle = el("input", {
    type: "checkbox",
    checked: localStorage.getItem(offKey) === null,
    onchange: () => (toggle.checked ? localStorage.removeItem(offKey) : localStorage.setItem(offKey, "yes")),
  });
  openDialog(
    "Keyboard",
    el(
      "dl",
      { className: "keys" },
      ...keys.flatMap(([key, words]) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, words)]),
    ),
    el(
      "p",
      {},
      el("kbd", {}, "Ctrl"),
      " ",
      el("kbd", {}, "Enter"),
      " sends what you write, ",
      el("kbd", {}, "Esc"),
      " leaves the box.",
    ),
    el("label", { className: "check" }, toggle, "Use single letters as keys"),
  );
}
