import { call } from "./api.js";
import { closeDialog, openDialog } from "./dialog.js";
import { $, el, isolated, localWords, wholeTime } from "./dom.js";
import { changed, desk } from "./state.js";
import { toast } from "./toast.js";

const tabs = [
  ["open", "Open"],
  ["mine", "Mine"],
  ["today", "Today"],
  ["overdue", "Overdue"],
  ["closed", "Closed"],
];

const openStates = new Set(["requested", "scheduled", "due", "dialling", "connected"]);
export const isOpen = (callback) => openStates.has(callback.state);

/** Whose callbacks are listed; asked for once. */
let whose = null;

function agentChoice(onChange) {
  if (whose === null) {
    whose = el("select", {
      ariaLabel: "Whose callbacks",
      onchange() {
        desk.callbackAgent = whose.value;
        onChange();
      },
    });
    whose.append(el("option", { value: "" }, "Everybody's"), el("option", { value: "nobody" }, "Nobody's yet"));
    void call("GET", "/agents").then(({ ok, data }) => {
      if (ok)
        whose.append(
          ...data.agents
            .filter((one) => !one.disabled)
            .map((one) => el("option", { value: one.id, dir: "auto" }, one.name)),
        );
    });
  }
  return whose;
}

export function drawCallbackTabs(shown, counts, onChange) {
  const box = $("list-tabs");
  box.hidden = !shown;
  if (!shown) return;
  const focused = document.activeElement === whose;
  box.replaceChildren(
    ...tabs.map(([view, label]) => {
      const count = counts.find((one) => one.view === view)?.count ?? 0;
      const choose = () => {
        desk.callbackView = view;
        onChange();
      };
      const pressed = String(view === desk.callbackView);
      return el(
        "button",
        { type: "button", "aria-pressed": pressed, onclick: choose },
        `${label}${count > 0 ? ` ${count}` : ""}`,
      );
    }),
    agentChoice(onChange),
  );
  if (focused) whose.focus();
}

/** What a callback's row in the list holds. */
export function callbackRow(one) {
  return [
    el("span", { className: "name" }, isolated(one.contactName ?? one.phone ?? "No number yet")),
    el("span", { className: one.overdue ? "waits" : "state" }, one.overdue ? "overdue" : one.state),
    el("span", { className: "preview when" }, isolated(when(one))),
    el(
      "span",
      { className: "tags" },
      // Whoever is called by their number is not named twice.
      one.contactName === null ? "" : isolated(one.phone ?? "No number"),
      one.topic && one.contactName !== null ? " · " : "",
      one.topic ? isolated(one.topic) : "",
    ),
  ];
}

export function when(one) {
  return (
    localWords(one.localTime, one.zone) ??
    (one.wantedAt ? wholeTime(one.wantedAt) : (one.wish ?? "As soon as possible"))
  );
}

/** A callback in the panel, with what can be done about it. */
export function drawCallback(one) {
  const buttons = isOpen(one)
    ? [
        button("Done…", () => noteOutcome(one, "done")),
        button("No answer…", () => noteOutcome(one, "missed")),
        button("Move…", () => callbackDialog(one)),
        one.agentId === desk.me?.id
          ? button("Give to anybody", () => change(one, { agentId: null }, "Whoever is free takes it."))
          : button("Take it myself", () => change(one, { agentId: desk.me.id }, "It is yours.")),
        button("Cancel", () => change(one, { state: "cancelled" }, "Cancelled.")),
        isListed(one.phone) ? null : button("Never call again…", () => neverCallDialog(one.phone)),
      ]
    : [];
  return el(
    "div",
    { className: "callback" },
    el("p", {}, el("strong", {}, one.state), " · ", isolated(when(one))),
    one.phone ? el("p", {}, isolated(one.phone)) : null,
    one.topic ? el("p", { dir: "auto" }, one.topic) : null,
    one.attempts > 0
      ? el("p", { className: "soft" }, `Rung ${one.attempts} ${one.attempts === 1 ? "time" : "times"}`)
      : null,
    one.held ? el("p", { role: "note" }, heldWords[one.held] ?? `Held back: ${one.held}`) : null,
    one.agentName ? el("p", { className: "soft" }, "For ", isolated(one.agentName)) : null,
    one.outcome ? el("p", { dir: "auto", className: "soft" }, one.outcome) : null,
    buttons.length > 0 ? el("div", { className: "buttons" }, ...buttons) : null,
  );
}

/** The numbers that the customer writes from have the button beside them. */
const isListed = (phone) =>
  phone === null || (desk.conversation?.contact?.addresses ?? []).some((one) => one.value === phone);

/** The customer wants no more calls to this number; asked once more, because nobody can take it back. */
export function neverCallDialog(phone) {
  const problem = el("p", { role: "alert" });
  const confirm = async () => {
    const result = await call("POST", `/conversations/${desk.openId}/never-call`, { phone });
    if (!result.ok) {
      problem.textContent = result.words;
      return;
    }
    closeDialog();
    toast("Noted. This number is never called again.");
    changed("thread");
    changed("list");
  };
  openDialog(
    "Never call this number again?",
    el(
      "p",
      {},
      "Nobody calls ",
      isolated(phone),
      " any more, for ever; a promised call to it ends. Text messages go on.",
    ),
    problem,
    el(
      "div",
      { className: "buttons" },
      el("button", { type: "button", className: "stop", onclick: () => void confirm() }, "Never call again"),
      el("button", { type: "button", className: "quiet", onclick: closeDialog }, "Keep calling"),
    ),
  );
}

/** Why a call that is due is not placed. */
const heldWords = {
  "no-number": "No number yet: ask the customer.",
  "not-a-number": "The number is not valid: ask the customer.",
  "country-not-called": "This country is not called (CALL_COUNTRIES).",
  "refused-range": "This range of numbers costs extra and is not called.",
  "dial-number": "This number was called as often today as it may be.",
  "dial-unproven": "Nobody wrote from this number, so it is called once a day at most.",
  "dial-prefix": "Too many numbers like this one were called today.",
  "dial-country": "This country was called as often today as it may be.",
  "dial-money": "The day's money for calls is spent.",
};

const button = (words, act) => el("button", { type: "button", className: "quiet small", onclick: act }, words);

/** Promises a call, or moves one that was promised. */
export function callbackDialog(existing) {
  const problem = el("p", { role: "alert" });
  const zone = existing?.zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  const phone =
    existing?.phone ?? desk.conversation?.contact?.addresses.find((one) => one.kind === "e164")?.value ?? "";
  const form = el(
    "form",
    { onsubmit: submit },
    labelled("Telephone number", { name: "phone", type: "tel", value: phone, required: true, autocomplete: "off" }),
    labelled("When, on the customer's clock (empty: as soon as possible)", {
      name: "localTime",
      type: "datetime-local",
      value: existing?.localTime ?? "",
    }),
    labelled("The customer's time zone", { name: "zone", value: zone, required: true }, zones()),
    labelled("What about", { name: "topic", value: existing?.topic ?? "", maxLength: 500, dir: "auto" }),
    el(
      "label",
      { className: "check" },
      el("input", { type: "checkbox", name: "customerPicked" }),
      "The customer chose this time, also outside the hours or when it is full",
    ),
    problem,
    el(
      "div",
      { className: "buttons" },
      el("button", { type: "submit" }, existing ? "Move the call" : "Promise the call"),
    ),
  );
  async function submit(event) {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(form));
    const body = {
      phone: values.phone,
      zone: values.zone,
      customerPicked: values.customerPicked === "on",
      ...(values.topic ? { topic: values.topic } : {}),
      ...(values.localTime ? { localTime: values.localTime.slice(0, 16) } : {}),
    };
    const result = existing
      ? await call("PATCH", `/callbacks/${existing.id}`, body)
      : await call("POST", "/callbacks", { conversationId: desk.openId, ...body });
    if (!result.ok) {
      problem.textContent = result.words;
      return;
    }
    closeDialog();
    toast(`Promised: ${when(result.data.callback)}.`);
    changed("thread");
    changed("list");
  }
  openDialog(existing ? "Move the callback" : "Promise a callback", form);
}

function labelled(words, properties, more) {
  return el("label", {}, words, el("input", properties), more ?? null);
}

function zones() {
  const made = el(
    "datalist",
    { id: "zones" },
    ...Intl.supportedValuesOf("timeZone").map((zone) => el("option", { value: zone })),
  );
  queueMicrotask(() => made.previousElementSibling?.setAttribute("list", "zones"));
  return made;
}

const dispositions = ["Solved", "Follow-up needed", "Wrong number", "Voicemail", "Not interested"];

function noteOutcome(one, state) {
  const text = el("textarea", { name: "outcome", rows: 3, maxLength: 2000, dir: "auto", ariaLabel: "What came of it" });
  const choice = el(
    "select",
    { name: "disposition" },
    el("option", { value: "" }, "No code"),
    ...dispositions.map((one) => el("option", {}, one)),
  );
  const form = el(
    "form",
    {
      onsubmit: async (event) => {
        event.preventDefault();
        const disposition = choice.value === "" ? {} : { disposition: choice.value };
        await change(
          one,
          { state, outcome: text.value, ...disposition },
          state === "done" ? "Noted." : "Noted as missed.",
        );
        closeDialog();
      },
    },
    el("label", {}, "Code", choice),
    text,
    el("div", { className: "buttons" }, el("button", { type: "submit" }, "Save")),
  );
  openDialog(state === "done" ? "What came of the call?" : "Nobody answered", form);
}

async function change(one, body, words) {
  const result = await call("PATCH", `/callbacks/${one.id}`, body);
  toast(result.ok ? words : result.words);
  changed("thread");
  changed("list");
}
