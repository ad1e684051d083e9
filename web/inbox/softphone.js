import { call } from "./api.js";
import { takeCallsAgain } from "./calls.js";
import { closeDialog, openDialog } from "./dialog.js";
import { $, el, isolated, languageName, nameOf } from "./dom.js";
import { drawTitle, openConversation } from "./list.js";
import { lineState, onLine, turnOn } from "./phone-line.js";
import { ring, ringing, soundIsOn, toggleSound } from "./ringtone.js";
import { desk, on } from "./state.js";
import { toast } from "./toast.js";

/** What no event tells: who is offered a call next, and how the seconds pass. */
const lookEveryMs = 4_000;
const dispositions = ["Solved", "Follow-up needed", "Wrong number", "Voicemail", "Not interested"];

let now = null;
let shown = "";
let said = "";
let asking = false;
let again = false;
let keypad = false;

on("list", lookAtCalls);
on("phone", lookAtCalls);
onLine(draw);
setInterval(() => {
  if (desk.takesCalls || now?.call || now?.others.length > 0) void lookAtCalls();
}, lookEveryMs);
setInterval(() => {
  for (const time of document.querySelectorAll("[data-talking]")) time.textContent = lasted(time.dataset.talking);
}, 1_000);

/** Reads how the calls stand and draws it; while it reads, one more look is enough for everything that happens. */
export async function lookAtCalls() {
  if (desk.me === null) return;
  if (asking) {
    again = true;
    return;
  }
  asking = true;
  do {
    again = false;
    const { ok, data } = await call("GET", "/calls");
    if (ok) now = data;
    draw();
    await drawSaid();
  } while (again);
  asking = false;
}

const offered = () => (now?.call === null ? (now.offers[0] ?? null) : null);
const mine = () => now?.call?.lines.find((line) => line.leg !== "customer" && line.agentId === desk.me?.id) ?? null;
const customer = () => now?.call?.lines.find((line) => line.leg === "customer") ?? null;
const colleagues = () =>
  (now?.call?.lines ?? []).filter((line) => line.leg === "agent" && line.agentId !== desk.me?.id);

function draw() {
  if (now === null) return;
  const offer = offered();
  const box = $("softphone");
  const state = JSON.stringify([now, keypad, lineState(), soundIsOn(), desk.takesCalls, desk.stopped]);
  if (state === shown) return;
  shown = state;
  desk.ringing = offer !== null;
  drawTitle();
  ringing(offer !== null);
  announce();
  // A form that somebody fills in is left alone until it is sent.
  if (now.call?.wrapUp && box.querySelector("form[data-wrap-up]")?.dataset.wrapUp === now.call.id) return;
  const focus = document.activeElement?.closest("#softphone [data-act]")?.dataset.act;
  const content =
    now.call !== null ? (now.call.wrapUp ? wrapUp(now.call) : onCall(now.call)) : offer && incoming(offer);
  const ready = content ?? telephone();
  box.hidden = ready === null;
  box.className = `softphone${offer === null ? "" : " rings"}`;
  box.replaceChildren(...(ready ?? []), ...(now.call === null && !offer ? others() : []));
  box.hidden = box.children.length === 0;
  if (focus !== undefined) box.querySelector(`[data-act="${focus}"]`)?.focus();
}

/** Says changes aloud to those who do not see them; each once. */
function announce() {
  const words = standing();
  if (words === said) return;
  said = words;
  $("phone-says").textContent = words;
}

function standing() {
  const offer = offered();
  if (offer?.kind === "callback")
    return `A call to ${nameOf(offer)} is due. ${foreign(offer)} ${about(offer)} Press p to take it.`;
  if (offer) return `Incoming call from ${nameOf(offer)}. ${foreign(offer)} ${about(offer)} Press p to take it.`;
  if (now.call === null) return desk.stopped ? stoppedWords : said === "" ? "" : "No call.";
  if (now.call.wrapUp) return "The call has ended. Note what came of it.";
  return `${nameOf(now.call)}: ${lineWords()}`;
}

function lineWords() {
  const me = mine();
  if (me?.leg === "supervisor") return me.joined ? (me.muted ? "You listen." : "The agent hears you.") : "Joining…";
  if (me === null || !me.joined) return "Your telephone rings. Take it there.";
  const left = customer();
  if (left === null || !left.joined) return "The customer is being connected…";
  const more = colleagues().filter((line) => line.joined);
  const together = more.length > 0 ? `, with ${more.map((line) => line.agentName).join(" and ")}` : "";
  return `${left.held ? "On hold" : "Connected"}${together}${me.muted ? ", you are muted" : ""}`;
}

/** Nobody who speaks it is free: whoever takes the call should know before. */
const foreign = ({ spoken, locale }) => (spoken === false ? `The customer speaks ${languageName(locale)}.` : "");
const issueOf = ({ topic, summary }) => topic ?? summary?.issue ?? null;
const about = (one) => (issueOf(one) === null ? "" : `About: ${issueOf(one)}`);

/** What is asked of the agent. */
function offerTitle({ kind, byName }) {
  if (kind === "callback") return "A promised call is due";
  return kind === "colleague" ? `${byName ?? "A colleague"} asks you into a call` : "Incoming call";
}

function incoming(offer) {
  const more = now.offers.length - 1;
  return [
    who(offer, offerTitle(offer), [
      "waits ",
      el("time", { "data-talking": offer.since }, lasted(offer.since)),
      more > 0 ? ` · ${more} more ${more === 1 ? "call waits" : "calls wait"}` : "",
    ]),
    el(
      "div",
      { className: "buttons" },
      act("take", offer.kind === "callback" ? "Call them" : "Take the call", () => take(offer), { className: "go" }),
      act("decline", "Leave it to others", () => decline(offer), { className: "quiet" }),
      act("sound", soundIsOn() ? "Sound on" : "Sound off", sound, {
        className: "quiet",
        "aria-pressed": String(soundIsOn()),
      }),
    ),
  ];
}

function who(one, title, more) {
  return el(
    "div",
    { className: "who" },
    el(
      "p",
      {},
      el("strong", {}, title),
      " · ",
      el(
        "button",
        { type: "button", className: "link", onclick: () => openConversation(one.conversationId) },
        isolated(nameOf(one)),
      ),
      " · ",
      el("span", { className: "soft" }, ...more),
    ),
    foreign(one) === "" ? null : el("p", { className: "foreign" }, foreign(one)),
    issueOf(one) === null ? null : el("p", { className: "about", dir: "auto" }, issueOf(one)),
  );
}

function onCall(one) {
  const me = mine();
  const left = customer();
  const since = left?.joined ? left.since : me?.since;
  const head = who(one, lineWords(), since ? [el("time", { "data-talking": since }, lasted(since))] : []);
  if (me?.leg === "supervisor")
    return [
      head,
      el(
        "div",
        { className: "buttons" },
        toggle("heard", me.muted ? "Speak to the agent" : "Only listen", !me.muted, () =>
          change("coach", { agentId: null, heard: me.muted }),
        ),
        act("hang-up", "Stop", () => stopListening(one), { className: "stop" }),
      ),
    ];
  const talking = me?.joined === true;
  const others = colleagues();
  return [
    head,
    el(
      "div",
      { className: "buttons" },
      toggle("hold", left?.held ? "Take off hold" : "Hold", left?.held === true, hold, !talking || !left?.joined),
      toggle("mute", me?.muted ? "Unmute" : "Mute", me?.muted === true, mute, !talking),
      toggle("keys", "Keys", keypad, showKeys, !talking, { "aria-expanded": String(keypad) }),
      act("add", "Add…", add, { className: "quiet", disabled: !talking }),
      others.some((line) => line.joined)
        ? act("transfer", "Leave it to them", () => change("leave"), {
            className: "quiet",
            title: "You leave; the colleague stays with the customer",
          })
        : act("transfer", "Give to assistant", () => change("give-back"), {
            className: "quiet",
            disabled: !talking || !left?.joined,
            title: "You leave; the customer goes on with the assistant",
          }),
      act("hang-up", "Hang up", () => change("hang-up"), { className: "stop" }),
    ),
    others.length > 0
      ? el(
          "p",
          { className: "soft" },
          ...others.flatMap((line) => [
            isolated(line.agentName ?? "A colleague"),
            line.joined ? " is in the call. " : " is being rung. ",
          ]),
        )
      : null,
    keypad && talking ? pad() : null,
    now.telephone === "simulator" ? el("div", { id: "phone-said" }) : null,
  ].filter(Boolean);
}

function pad() {
  const keys = el(
    "div",
    { className: "pad", role: "group", ariaLabel: "Keys for the customer's line" },
    ...[..."123456789*0#"].map((key) =>
      el(
        "button",
        { type: "button", className: "quiet", "data-act": `key${key}`, onclick: () => change("keys", { keys: key }) },
        key,
      ),
    ),
  );
  keys.addEventListener("keydown", (event) => {
    if (/^[\d*#]$/.test(event.key)) void change("keys", { keys: event.key });
  });
  return keys;
}

function wrapUp(one) {
  const choice = el(
    "select",
    { name: "disposition" },
    el("option", { value: "" }, "No code"),
    ...dispositions.map((words) => el("option", {}, words)),
  );
  const note = el("textarea", { name: "note", rows: 2, maxLength: 2000, dir: "auto" });
  const form = el(
    "form",
    {
      "data-wrap-up": one.id,
      onsubmit: async (event) => {
        event.preventDefault();
        const resolves = event.submitter?.value === "resolve";
        const body = { disposition: choice.value || null, note: note.value };
        const result = await call("POST", `/calls/${one.id}/wrap-up`, body);
        if (!result.ok) return toast(result.words);
        if (resolves) await call("POST", `/conversations/${one.conversationId}/resolve`, {});
        form.removeAttribute("data-wrap-up");
        toast("Noted. Calls come to you again.");
        await lookAtCalls();
      },
    },
    el("p", {}, el("strong", {}, "What came of the call with "), isolated(nameOf(one)), el("strong", {}, "?")),
    el(
      "div",
      { className: "fields" },
      el("label", {}, "Code", choice),
      el("label", { className: "wide" }, "Note", note),
    ),
    el(
      "div",
      { className: "buttons" },
      el("button", { type: "submit", "data-act": "wrap-up" }, "Save"),
      el(
        "button",
        { type: "submit", value: "resolve", className: "quiet", "data-act": "wrap-up-resolve" },
        "Save and resolve",
      ),
    ),
  );
  return [form];
}

const stoppedWords =
  "Calls do not come to you any more: one that was offered to you was not answered, or you paused in another window.";

/** Nothing rings in this browser yet: says so to those who take calls, with the next step. */
function telephone() {
  if (desk.stopped)
    return [
      el("p", { role: "note" }, stoppedWords),
      el("div", { className: "buttons" }, act("again", "Take calls again", takeCallsAgain)),
    ];
  if (now.telephone === "none")
    return desk.takesCalls
      ? [
          el(
            "p",
            { role: "note" },
            "No telephone rings for you. Enter your number below on the left, or ask an operator to set TWILIO_API_KEY and TWILIO_API_SECRET for a telephone in this browser.",
          ),
        ]
      : null;
  if (now.telephone !== "browser" || !desk.takesCalls || lineState().on) return null;
  const { problem, starting } = lineState();
  return [
    el("p", { role: problem ? "alert" : "note" }, problem ?? "Calls ring in this browser once its telephone is on."),
    el(
      "div",
      { className: "buttons" },
      act("turn-on", starting ? "Turning on…" : "Turn the telephone on", turnOn, { disabled: starting }),
    ),
  ];
}

/** For supervisors: calls that others talk in. */
function others() {
  return (now.others ?? []).map((one) =>
    el(
      "div",
      { className: "other" },
      el(
        "p",
        {},
        isolated(one.lines.find((line) => line.leg === "agent")?.agentName ?? "An agent"),
        " talks with ",
        isolated(nameOf(one)),
      ),
      act(`listen-${one.id}`, "Listen", () => coach(one, false), { className: "quiet small" }),
      act(`coach-${one.id}`, "Coach", () => coach(one, true), { className: "quiet small" }),
    ),
  );
}

const coach = (one, heard) =>
  say(
    call("POST", `/calls/${one.id}/coach`, { heard }),
    heard ? "The agent will hear you, the customer will not." : "You will hear the call; nobody hears you.",
  );
const stopListening = () => change("hang-up");

/** What is said, where the built-in simulator plays the agent's telephone, and a way to say something. */
async function drawSaid() {
  const box = $("phone-said");
  if (box === null || now.call === null) return;
  const { conference } = await fetchSaid(now.call.id);
  const lines = conference?.said ?? [];
  if (box.dataset.count === String(lines.length)) return;
  box.dataset.count = String(lines.length);
  const field = box.querySelector("input")?.value ?? "";
  const input = el("input", {
    ariaLabel: "Say something to the customer",
    placeholder: "Say something",
    maxLength: 500,
    value: field,
  });
  const form = el(
    "form",
    { onsubmit: (event) => speak(event, input) },
    input,
    el("button", { type: "submit", className: "quiet" }, "Say"),
  );
  box.replaceChildren(
    el(
      "div",
      { role: "log", ariaLabel: "What is said" },
      ...lines
        .slice(-6)
        .map(({ by, text }) =>
          el(
            "p",
            {},
            el("strong", {}, by === "customer" ? "Customer: " : "Agent: "),
            el("span", { dir: "auto" }, text),
          ),
        ),
    ),
    form,
  );
}

async function fetchSaid(id) {
  const answer = await fetch(`/simulator/api/conferences/${encodeURIComponent(id)}`).catch(() => null);
  return answer?.ok ? { conference: await answer.json() } : {};
}

async function speak(event, input) {
  event.preventDefault();
  const text = input.value.trim();
  if (text === "" || now.call === null) return;
  input.value = "";
  await fetch(`/simulator/api/conferences/${encodeURIComponent(now.call.id)}/say`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ agentId: desk.me.id, text }),
  });
  await drawSaid();
}

function act(name, words, onclick, more = {}) {
  return el("button", { type: "button", "data-act": name, onclick: () => void onclick(), ...more }, words);
}

function toggle(name, words, pressed, onclick, disabled = false, more = {}) {
  return act(name, words, onclick, { className: "quiet", "aria-pressed": String(pressed), disabled, ...more });
}

async function say(request, words) {
  const result = await request;
  toast(result.ok ? words : result.words);
  await lookAtCalls();
}

async function change(what, body = {}) {
  if (now?.call == null) return;
  const result = await call("POST", `/calls/${now.call.id}/${what}`, body);
  if (!result.ok) toast(result.words);
  await lookAtCalls();
}

async function take(offer) {
  if (now.telephone === "browser" && !lineState().on && !(await turnOn())) return;
  const result = await call("POST", `/calls/offers/${offer.id}/accept`, {});
  if (result.ok) openConversation(offer.conversationId);
  else toast(result.words);
  await lookAtCalls();
}

async function decline(offer) {
  await call("POST", `/calls/offers/${offer.id}/decline`, {});
  await lookAtCalls();
}

function sound() {
  toggleSound();
  draw();
}

function hold() {
  return change("hold", { on: customer()?.held !== true });
}

function mute() {
  return change("mute", { on: mine()?.muted !== true });
}

function showKeys() {
  keypad = !keypad;
  draw();
}

/** Asks a colleague in; the customer hears music meanwhile, if that is wanted. */
async function add() {
  const { ok, data, words } = await call("GET", "/agents");
  if (!ok) return toast(words);
  const people = data.agents.filter((one) => one.id !== desk.me.id && !one.disabled);
  const choice = el(
    "select",
    { name: "agentId", required: true },
    ...people.map((one) => el("option", { value: one.id }, one.name)),
  );
  const holds = el("input", { type: "checkbox", checked: true });
  const problem = el("p", { role: "alert" });
  const form = el(
    "form",
    {
      onsubmit: async (event) => {
        event.preventDefault();
        const result = await call("POST", `/calls/${now.call?.id}/invite`, { agentId: choice.value });
        if (!result.ok) {
          problem.textContent = result.words;
          return;
        }
        closeDialog();
        if (holds.checked && customer()?.held === false) await change("hold", { on: true });
        toast("Asked. When they are in, talk; then take the customer off hold, or leave the call to them.");
        await lookAtCalls();
      },
    },
    el("label", {}, "Colleague", choice),
    el("label", { className: "check" }, holds, "Put the customer on hold meanwhile"),
    problem,
    el("div", { className: "buttons" }, el("button", { type: "submit" }, "Ask them in")),
  );
  openDialog("Add a colleague to the call", form);
}

/** For the keyboard: the offered call, and what is done most while talking. */
export const phoneKeys = [
  ["p", "Take the offered call", () => offered() && take(offered())],
  ["h", "Hold, or take off hold", () => mine()?.joined && hold()],
  ["m", "Mute, or unmute", () => mine()?.joined && mute()],
];

function lasted(since) {
  const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(since)) / 1_000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

ring();
