import { $, el } from "./dom.js";

/** Long enough to read a line and reach for Undo (WCAG 2.2.1 has no limit here: the act can be undone elsewhere too). */
const shownMs = 9_000;

/** Says what was done, with a way back where there is one. */
export function toast(words, undo) {
  const box = el("div", { className: "toast" }, el("span", {}, words));
  const gone = () => box.remove();
  const timer = setTimeout(gone, shownMs);
  if (undo !== undefined) {
    const back = () => {
      clearTimeout(timer);
      gone();
      void undo();
    };
    box.append(el("button", { type: "button", onclick: back }, "Undo"));
  }
  // One at a time: the last thing done is the one to undo.
  $("toasts").replaceChildren(box);
}
