import { callbackDialog, drawCallback, isOpen, neverCallDialog } from "./callbacks.js";
import { $, channelName, el, isolated, languageName, nameOf, wholeTime } from "./dom.js";
import { avatar } from "./list.js";
import { desk, on } from "./state.js";

on("conversation", drawContext);
on("open", () => {
  $("show-context").hidden = false;
});
$("show-context").addEventListener("click", () => {
  const open = $("desk").dataset.pane === "context";
  $("desk").dataset.pane = open ? "thread" : "context";
});

/** Who this is, what the assistant handed over, how to reach them, what was promised. */
function drawContext() {
  const one = desk.conversation;
  if (one?.contact === undefined) return;
  const { contact } = one;
  $("context").hidden = false;
  $("context").replaceChildren(
    el(
      "header",
      {},
      el(
        "button",
        { type: "button", className: "quiet close", ariaLabel: "Back to the messages", onclick: close },
        "✕",
      ),
      avatar(nameOf(one)),
      el(
        "div",
        {},
        el("h2", {}, isolated(nameOf(one))),
        el("p", { className: "soft" }, `Customer since ${wholeTime(contact.createdAt)}`),
      ),
    ),
    ...summary(one.summary),
    section(
      "Reach",
      el(
        "ul",
        {},
        ...contact.addresses.map((address) =>
          el(
            "li",
            {},
            el("span", { className: "tags" }, channelName(address.channel)),
            " ",
            isolated(address.value),
            address.evidence === "verified" ? el("span", { className: "good" }, " verified") : null,
            address.optedOutAt ? el("span", { className: "problem" }, " opted out") : null,
            ...calling(address, contact),
          ),
        ),
      ),
    ),
    section(
      "About",
      el(
        "dl",
        {},
        ...pair("Language", languageName(one.locale ?? contact.locale)),
        ...pair("Issue number", String(one.episode)),
        ...pair("Last message", one.lastInboundAt ? wholeTime(one.lastInboundAt) : null),
      ),
    ),
    section(
      "Callbacks",
      ...one.callbacks.map(drawCallback),
      one.callbacks.some(isOpen)
        ? null
        : el(
            "button",
            { type: "button", className: "quiet small", onclick: () => callbackDialog() },
            "Promise a callback",
          ),
    ),
  );
}

/** May this number be called? Each number has its button once, on whichever channels the customer uses it. */
function calling({ id, kind, value, neverCalled }, { addresses }) {
  if (kind !== "e164" || addresses.find((one) => one.value === value)?.id !== id) return [];
  if (neverCalled) return [el("span", { className: "problem" }, " never called")];
  return [
    " ",
    el(
      "button",
      { type: "button", className: "quiet small", onclick: () => neverCallDialog(value) },
      "Never call again…",
    ),
  ];
}

function close() {
  $("desk").dataset.pane = "thread";
}

function section(title, ...children) {
  return el("section", {}, el("h3", {}, title), ...children);
}

function pair(term, words) {
  return words ? [el("dt", {}, term), el("dd", {}, isolated(words))] : [];
}

const reasons = {
  "asked-for-person": "Asked for a person",
  "assistant-failed": "The assistant could not answer",
  complaint: "Complains",
  unknown: "The assistant did not know",
  "opt-out-request": "Wants no more messages",
};

/** What the assistant did last before it handed over, by the kind of its reply. */
const tried = {
  answer: "The assistant had answered.",
  clarify: "The assistant had asked what was meant.",
  unknown: "The assistant had no answer.",
};

function summary(handed) {
  if (!handed || typeof handed !== "object") return [];
  return [
    section(
      "Handed over",
      el("p", {}, el("strong", {}, reasons[handed.reason] ?? "By the assistant")),
      handed.issue ? el("blockquote", { dir: "auto" }, handed.issue) : null,
      tried[handed.tried] ? el("p", { className: "soft" }, tried[handed.tried]) : null,
      handed.articles?.length > 0 ? el("p", { className: "soft" }, `Articles: ${handed.articles.join(", ")}`) : null,
    ),
  ];
}
