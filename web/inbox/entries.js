import { channelName, clockTime, el, localWords, wholeTime } from "./dom.js";
import { drawFile } from "./files.js";
import { drawPart } from "./parts.js";

const stateWords = {
  ready: "waiting to go out",
  sending: "sending",
  unknown: "outcome unknown, being looked up",
  sent: "sent",
  delivered: "delivered",
  read: "read",
};
const order = ["failed", "unknown", "ready", "sending", "sent", "delivered", "read"];

/** One event of the timeline as an element; null for those that only change another (receipts, fetched files). */
export function drawEntry(event, { onRetry }) {
  if (event.parts !== null) return drawMessage(event, onRetry);
  const words = lineWords(event);
  if (words === null) return null;
  return el(
    "li",
    { className: event.type === "rating" ? "line rating" : "line", "data-seq": event.seq },
    el("span", { dir: "auto" }, words),
    " ",
    time(event.at),
  );
}

/** A message that is not stored yet; `problem` says why and what can be done about it. */
export function drawUnsent({ kind, text, problem, choices }) {
  const buttons = choices.map(([words, act]) =>
    el("button", { type: "button", className: "small", onclick: act }, words),
  );
  const about =
    problem === null ? el("small", {}, "Sending…") : el("small", { className: "problem" }, problem, " ", ...buttons);
  return el(
    "li",
    { className: `message ours unsent ${kind === "note" ? "note" : ""}` },
    el("div", { className: "bubble" }, el("p", { dir: "auto" }, text)),
    about,
  );
}

function drawMessage(event, onRetry) {
  const isNote = event.type === "note";
  const side = event.actor === "contact" ? "theirs" : "ours";
  const parts = event.parts.map((part) => (part.t === "media" ? drawFile(part) : drawPart(part))).filter(Boolean);
  return el(
    "li",
    { className: `message ${side} ${event.actor} ${isNote ? "note" : ""}`, "data-seq": event.seq },
    isNote ? el("strong", { className: "sign" }, "Note, only colleagues see it") : null,
    el("div", { className: "bubble" }, quote(event.replyTo), ...parts),
    about(event, onRetry),
  );
}

/** What the customer answers with their message, where they marked it. */
function quote(replyTo) {
  if (!replyTo) return null;
  const author = { contact: "Customer", assistant: "Assistant" }[replyTo.author] ?? "Everline";
  return el(
    "blockquote",
    {},
    el("small", {}, `In reply to ${author}`),
    el("p", { dir: "auto" }, replyTo.text ?? "a file"),
  );
}

function about(event, onRetry) {
  const author =
    { contact: "Customer", assistant: "Assistant", system: "Everline" }[event.actor] ?? event.agentName ?? "Agent";
  const sources = event.meta?.sources ?? [];
  const again = event.data.againOf ? "sent again" : "";
  const words = [
    event.type === "note" ? "" : channelName(event.channel),
    again,
    sources.length > 0 ? `from: ${sources.join(", ")}` : "",
    ...(event.meta?.degraded ?? []),
  ].filter(Boolean);
  return el(
    "small",
    {},
    el("bdi", {}, author),
    " · ",
    time(event.at),
    words.length > 0 ? ` · ${words.join(" · ")}` : "",
    deliveryMark(event, onRetry),
  );
}

/** How far the message got: the slowest of its pieces, with the reason and a way to repeat when one failed. */
function deliveryMark(event, onRetry) {
  const states = event.deliveries;
  if (states.length === 0) return null;
  const worst = states.reduce((a, b) => (order.indexOf(b.state) < order.indexOf(a.state) ? b : a));
  if (worst.againAt) {
    const words = ` · Not delivered yet: ${worst.error?.text ?? ""} It is sent again at ${clockTime(worst.againAt)}.`;
    return el("span", { className: "delivery problem" }, words);
  }
  if (worst.state !== "failed")
    return el("span", { className: "delivery" }, ` · ${stateWords[worst.state] ?? worst.state}`);
  const reason = worst.error?.text ?? "The provider gave no reason.";
  // What the assistant had written when a person took over is that person's to send or to leave.
  const again = worst.error?.code === "recalled" ? "Send it in my name" : "Try again";
  const retry = el("button", { type: "button", className: "small", onclick: () => onRetry(event) }, again);
  return el("span", { className: "delivery problem" }, ` · Not delivered: ${reason} `, retry);
}

function time(at) {
  return el("time", { dateTime: at, title: wholeTime(at) }, clockTime(at));
}

const reasons = {
  "asked-for-person": "the customer asked for a person",
  "assistant-failed": "the assistant could not answer",
  complaint: "a complaint",
  unknown: "the assistant did not know",
  "opt-out-request": "the customer wants no more messages",
};

function lineWords(event) {
  const who = event.agentName ?? "Everline";
  const { data } = event;
  switch (event.type) {
    case "assignment":
      if (data.change === "release")
        return `${who} gave it back to ${data.to === "assistant" ? "the assistant" : "the queue"}`;
      return data.change === "claim" ? `${who} took it` : `${who} assigned it`;
    case "handoff":
      return `Handed to people: ${reasons[data.reason] ?? data.reason}`;
    case "resolution":
      return `${who} resolved it`;
    case "reopened":
      return `${who} opened it again`;
    case "snoozed":
      return `${who} put it aside${data.until ? ` until ${wholeTime(data.until)}` : ""}`;
    case "woken":
      return data.by === "message" ? "Woken by the customer's message" : "Back: its time has come";
    case "callback":
      return callbackWords(event);
    case "call":
      return data.change ? (liveWords[data.change]?.(who, data) ?? data.change) : callWords(data);
    case "account-lookup":
      return "Looked into the customer's account";
    case "account-action":
      return data.action === "block-card"
        ? `Blocked the card ending in ${data.lastFour}, as the customer confirmed`
        : data.action;
    case "reach":
      return reachWords(data);
    case "change":
      return changeWords(data);
    case "identity-clash":
      return "A number or name of this customer is another customer's as well; nothing was merged";
    case "rating":
      return `The customer rated this issue ${data.score} of 5${data.comment ? `: ${data.comment}` : ""}`;
    case "receipt":
    case "delivery-failed":
    case "attachment":
      return null;
    default:
      return event.type;
  }
}

function reachWords({ way, state, why }) {
  const reasons = {
    "opted-out": "they opted out",
    capped: "the cap is reached",
    "no-channel": "no channel can reach them",
  };
  if (state === "details") return "The details of a long spoken answer were sent by text message";
  if (state === "not-sent") return `The customer was away and could not be told: ${reasons[why] ?? why}`;
  if (way !== "push") return `The customer was away: told by ${channelName(way)}`;
  return state === "shown"
    ? "The notification was shown to the customer"
    : "The customer was away: notified in their browser";
}

function callbackWords({ agentName, data }) {
  if (data.change === "never-again" && agentName)
    return `${agentName} noted that the customer wants no more calls: the number is never called again`;
  if (data.change === "calls-again") return "The customer took it back: their number may be called again";
  if (data.change === "never-again" && data.callback === null)
    return "The customer wants no more calls: their number is never called again";
  const by = agentName ? ` by ${agentName}` : "";
  const when = localWords(data.localTime, data.zone) ?? data.wish;
  return `Callback ${callbackChanges[data.change] ?? data.change ?? data.state}${by}${when ? `: ${when}` : ""}${data.outcome ? `. ${data.outcome}` : ""}`;
}

const callbackChanges = {
  merged: "asked for again",
  "heard-from": "brought forward: the customer is there",
  "not-reached": "not reached",
  "never-again": "ended: the customer wants no calls",
};

const liveWords = {
  offered: () => "The caller waits for a person; their call is offered",
  withdrawn: () => "The call is not offered any more",
  taken: (who) => `${who} takes the call`,
  joined: (who) => `${who} talks with the customer`,
  missed: (who) => `${who} did not answer; the next one is asked`,
  declined: (who) => `${who} left the call to others`,
  left: (who) => `${who} left the call`,
  held: (who) => `${who} put the customer on hold`,
  resumed: (who) => `${who} took the customer off hold`,
  muted: (who) => `${who} muted themselves`,
  unmuted: (who) => `${who} is heard again`,
  "colleague-asked": (who) => `${who} asks a colleague into the call`,
  "colleague-missed": () => "The colleague did not answer",
  "colleague-coming": (who) => `${who} joins the call`,
  supervised: (who) => `${who} listens to the call`,
  "recording-announced": () => "The customer chose to leave a message, after being told that it is recorded",
  "wrapped-up": (who, { disposition, note }) =>
    `${who} noted the call${disposition ? `: ${disposition}` : ""}${note ? `. ${note}` : ""}`,
};

function callWords({ leg, state, answeredBy }) {
  const who = leg === "customer" ? "Call to the customer" : "Call to an agent";
  const by = answeredBy === "machine" ? ", an answering machine" : "";
  return `${who}: ${callStates[state] ?? state}${by}`;
}

const callStates = {
  dialling: "dialling",
  queued: "waiting for a line",
  ringing: "ringing",
  "in-progress": "answered",
  completed: "ended",
  busy: "busy",
  "no-answer": "no answer",
  failed: "could not be connected",
  canceled: "hung up before an answer",
};

function changeWords(data) {
  if (data.change === "interrupted")
    return data.heardChars > 0
      ? "The caller spoke over an answer: the transcript keeps what they heard of it"
      : "The caller spoke before an answer was heard";
  if (data.change === "masked") return "A card number was typed over several messages; it is masked in them";
  if (data.change === "opted-out")
    return `The provider says that the customer opted out on ${data.channel}: nothing is sent there until they write START`;
  if (data.change === "call")
    return `Call ${data.state ?? ""}${data.durationSeconds ? `, ${data.durationSeconds} s` : ""}`;
  const words = {
    reaction: "reacted",
    edit: "edited a message",
    revoke: "withdrew a message",
    identity: "changed their number or name",
  };
  return `The customer ${words[data.change] ?? data.change}${data.emoji ? ` ${data.emoji}` : ""}`;
}
