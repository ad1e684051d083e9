import { el } from "./dom.js";
import { marked } from "./marked.js";

/** One part of a message as an element, or null when it says nothing. Files are drawn in files.js. */
export function drawPart(part) {
  switch (part.t) {
    case "text":
      return part.format === "markdown"
        ? el("div", { className: "marked" }, ...marked(part.text))
        : el("p", { dir: "auto" }, part.text);
    case "choices":
      return el(
        "div",
        { className: "choices", dir: "auto" },
        part.prompt ? el("p", {}, part.prompt) : null,
        el("ul", {}, ...part.options.map((option) => el("li", {}, option.title))),
      );
    case "choice":
      return el("p", { dir: "auto", className: "chose" }, part.title);
    case "dtmf":
      return el("p", { className: "chose" }, `Pressed ${part.digits}`);
    case "location":
      return el(
        "p",
        {},
        `Location: ${[part.name, part.address, `${part.lat}, ${part.lng}`].filter(Boolean).join(", ")}`,
      );
    case "contact":
      return el("p", { dir: "auto" }, `Contact card: ${[part.name, ...part.phones].join(", ")}`);
    case "event":
      return el("p", { className: "unsupported" }, eventWords[part.name] ?? `Event: ${part.name}`);
    case "unsupported":
      return el(
        "p",
        { className: "unsupported" },
        `This cannot be shown here: ${part.what}. Ask the customer for it in words.`,
      );
    default:
      return el("p", { className: "unsupported" }, `This cannot be shown here: ${part.t}.`);
  }
}

const eventWords = {
  "call-started": "The customer called.",
  "not-heard": "Not heard.",
  "opted-out": "They want no more messages here.",
  "opted-in": "They want messages here again.",
};
