import { call } from "./api.js";
import { $, span } from "./dom.js";
import { drawUnsent } from "./entries.js";
import { changed, desk, on } from "./state.js";
import { scrollToEnd } from "./thread.js";

/**
 * Drafts, one per conversation and kind, live in this browser until they are sent, each agent's apart. A message that was
 * sent stays here, under the id that makes a repetition harmless, until the server has said that it is stored.
 */
const own = (what) => `everline:${what}:${desk.me.id}:`;
const draftKey = (id, kind) => `${own("draft")}${id}:${kind}`;
const unsentKey = (id) => `${own("unsent")}${id}`;
const ownKeys = () =>
  Object.keys(localStorage).filter((key) => ["draft", "unsent"].some((what) => key.startsWith(own(what))));

const kindNow = () => new FormData($("composer")).get("kind");
const unsentOf = (id) => JSON.parse(localStorage.getItem(unsentKey(id)) ?? "[]");
const underWay = new Set();
/** The chat shows it for twice as long. */
const typingEveryMs = 3_000;

on("open", showComposer);
on("conversation", showLimits);
on("unsent", drawUnsentHere);
$("composer").addEventListener("change", switchKind);
$("text").addEventListener("input", () => {
  keepDraft(desk.openId, kindNow(), $("text").value);
  sayTyping();
});
$("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("composer").requestSubmit();
});
$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (text === "" || desk.openId === null) return;
  const message = {
    clientId: newClientId(),
    kind: kindNow(),
    text,
    // Until the thread is here, the agent has read what the list says of it.
    afterSeq: desk.lastSeq || desk.conversation?.lastSeq,
    fence: desk.conversation?.fence,
    problem: null,
    newer: null,
  };
  keep(desk.openId, message);
  keepDraft(desk.openId, message.kind, "");
  $("text").value = "";
  drawUnsentHere();
  scrollToEnd();
  void send(desk.openId, message);
});

// `crypto.randomUUID` is there on https and localhost only.
const newClientId = () => Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("-");

let toldTypingAt = 0;
/** The customer sees that their agent writes an answer; it passes by, so a lost one costs nothing. */
function sayTyping() {
  const mine = desk.conversation?.agentId === desk.me.id && kindNow() === "reply";
  if (!mine || Date.now() - toldTypingAt < typingEveryMs) return;
  toldTypingAt = Date.now();
  void call("POST", `/conversations/${desk.openId}/typing`);
}

/** Puts the cursor into a reply or a note. */
export function write(kind) {
  if ($("composer").hidden) return;
  $("composer").querySelector(`[value="${kind}"]`).checked = true;
  switchKind();
  $("text").focus();
}

function showComposer() {
  $("composer").hidden = desk.openId === null;
  // What was under way when the page was left: the same id makes it safe to ask again.
  for (const message of unsentOf(desk.openId))
    if (message.problem === null && !underWay.has(message.clientId)) void send(desk.openId, message);
  switchKind();
}

function switchKind() {
  const kind = kindNow();
  $("composer").classList.toggle("noting", kind === "note");
  $("text").placeholder =
    kind === "note" ? "Write to colleagues. The customer never sees it." : "Write to the customer…";
  $("text").value = localStorage.getItem(draftKey(desk.openId, kind)) ?? "";
  showLimits();
}

function keepDraft(id, kind, text) {
  if (text === "") localStorage.removeItem(draftKey(id, kind));
  else localStorage.setItem(draftKey(id, kind), text);
  changed("draft");
}

/** Has this conversation words that were not sent yet? The list marks it. */
export const hasDraft = (id) =>
  ["reply", "note"].some((kind) => localStorage.getItem(draftKey(id, kind)) !== null) || unsentOf(id).length > 0;

/** Has this agent any words here that were not sent? */
export const hasWords = () => ownKeys().length > 0;

/** Whoever signs out leaves nothing of what they wrote behind. */
export function forgetWords() {
  for (const key of ownKeys()) localStorage.removeItem(key);
}

function keep(id, message) {
  const others = unsentOf(id).filter((one) => one.clientId !== message.clientId);
  localStorage.setItem(unsentKey(id), JSON.stringify([...others, message]));
}

function drop(id, clientId) {
  const left = unsentOf(id).filter((one) => one.clientId !== clientId);
  if (left.length === 0) localStorage.removeItem(unsentKey(id));
  else localStorage.setItem(unsentKey(id), JSON.stringify(left));
  changed("draft");
}

async function send(id, message) {
  underWay.add(message.clientId);
  const { clientId, kind, text, afterSeq, fence } = message;
  const result = await call("POST", `/conversations/${id}/messages`, { clientId, kind, text, afterSeq, fence });
  underWay.delete(clientId);
  if (result.ok) {
    drop(id, clientId);
    if (id === desk.openId && desk.conversation !== null) desk.conversation.fence = result.data.fence;
  } else {
    const { lastSeq = null, fence: present = fence } = result.data ?? {};
    const code = result.data?.error?.code ?? null;
    keep(id, { ...message, problem: result.words, code, newer: lastSeq, fence: present });
  }
  if (id === desk.openId) {
    // A stored message takes the place of the unsent one when the thread brings it, so that it never blinks away.
    if (!result.ok) drawUnsentHere();
    changed("thread");
  }
  changed("list");
}

/** What stands there already is left alone: a screen reader reads what is put in anew. */
function drawUnsentHere() {
  const id = desk.openId;
  const unsent = id === null ? [] : unsentOf(id).map((one) => [JSON.stringify(one), one]);
  const shown = [...$("timeline").querySelectorAll(".unsent")];
  for (const old of shown) if (!unsent.some(([key]) => key === old.dataset.is)) old.remove();
  for (const [key, one] of unsent) {
    if (shown.some((old) => old.dataset.is === key)) continue;
    const entry = drawUnsent({ ...one, choices: choicesFor(id, one) });
    entry.dataset.is = key;
    $("timeline").append(entry);
  }
}

function choicesFor(id, message) {
  const sendAgain = (change) => () => {
    const next = { ...message, problem: null, newer: null, ...change };
    keep(id, next);
    drawUnsentHere();
    void send(id, next);
  };
  const edit = () => {
    drop(id, message.clientId);
    keepDraft(id, message.kind, message.text);
    drawUnsentHere();
    write(message.kind);
  };
  // As it is, it would be refused again.
  if (message.code === "TooLong") return [["Edit", edit]];
  const again =
    message.code === "NewerMessages"
      ? ["Send anyway", sendAgain({ afterSeq: message.newer })]
      : ["Try again", sendAgain({})];
  return [again, ["Edit", edit]];
}

/** How long the channel still takes free text, and whether the customer said STOP. */
function showLimits() {
  const one = desk.conversation;
  const stopped = one?.contact?.addresses.some((address) => address.optedOutAt && address.channel === one.channel);
  const leftMs = one?.replyUntil ? Date.parse(one.replyUntil) - Date.now() : null;
  const words = stopped
    ? "The customer opted out here: replies are refused."
    : leftMs === null
      ? ""
      : leftMs > 0
        ? `Free to write for ${span(leftMs)} more`
        : "The reply window is closed until the customer writes.";
  $("limits").textContent = kindNow() === "reply" ? words : "";
}
