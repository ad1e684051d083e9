import { el, languageName } from "./dom.js";
import { toast } from "./toast.js";

/** Languages to tick, and a place for one that nobody has needed before; none ticked means every language. */
export function languageChoices(known, chosen) {
  const codes = [...new Set([...known, ...chosen])];
  const input = el("input", { ariaLabel: "Code of another language", placeholder: "fr", maxLength: 3, size: 4 });
  const add = () => {
    const code = input.value.trim().toLowerCase();
    const isNew = /^[a-z]{2,3}$/.test(code) && box.querySelector(`[value="${code}"]`) === null;
    if (!isNew) return toast("Write a language code that is not in the list, such as fr.");
    row.before(tick(code, true));
    input.value = "";
    box.dispatchEvent(new Event("input", { bubbles: true }));
    return undefined;
  };
  const row = el(
    "span",
    { className: "row" },
    input,
    el("button", { type: "button", className: "quiet small", onclick: add }, "Add a language"),
  );
  const box = el(
    "fieldset",
    { className: "languages" },
    el("legend", {}, "Languages"),
    el("p", { className: "soft" }, "None chosen: every language."),
    ...codes.map((code) => tick(code, chosen.includes(code))),
    row,
  );
  return box;
}

export function chosenLanguages(box) {
  return [...box.querySelectorAll("[name=language]:checked")].map(({ value }) => value);
}

function tick(value, checked) {
  return el(
    "label",
    { className: "check" },
    el("input", { type: "checkbox", name: "language", value, checked }),
    languageName(value),
  );
}
