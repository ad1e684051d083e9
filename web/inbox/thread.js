import { call } from "./api.js";
import { $, dayKey, dayName, el, isolated, nameOf, span, wholeTime } from "./dom.js";
import { drawEntry } from "./entries.js";
import { changed, desk, on } from "./state.js";
import { toast } from "./toast.js";

/** What a first look shows; more comes as the agent scrolls up. */
const firstPage = 60;
/** Nearer to the end than this, new entries keep the view at the end. */
const nearEndPx = 120;

/** The widget says it every three seconds while the customer writes. */
const typingMs = 6_000;

let earliestSeq = 0;
/** How far the customer has read. */
let readTo = 0;
let loading = null;
let again = false;

on("open", openThread);
on("thread", refreshThread);
on("typing", showTyping);
$("earlier").addEventListener("click", loadEarlier);
new IntersectionObserver((entries) => entries[0].isIntersecting && void loadEarlier(), {
  root: $("scroller"),
  rootMargin: "300px 0px 0px 0px",
}).observe($("earlier"));

/** Shows a conversation: its head at once from what the list knows, its end as soon as it is here. */
async function openThread(known) {
  const id = desk.openId;
  desk.conversation = known ?? null;
  desk.lastSeq = 0;
  earliestSeq = 0;
  readTo = 0;
  $("timeline").replaceChildren();
  $("earlier").hidden = true;
  $("thread-empty").hidden = true;
  hideTyping();
  drawHead();
  const page = await call("GET", `/conversations/${id}/events?before=${Number.MAX_SAFE_INTEGER}&limit=${firstPage}`);
  if (id !== desk.openId) return;
  if (!page.ok) return toast(page.words);
  append(page.data.events);
  earliestSeq = page.data.events[0]?.seq ?? 1;
  $("earlier").hidden = earliestSeq <= 1;
  scrollToEnd();
  await refreshThread();
  scrollToEnd();
}

/** Brings the screen to what the database holds: the conversation, and every event after the last seen (R7). */
async function refreshThread() {
  if (desk.openId === null) return;
  if (loading !== null) {
    again = true;
    return loading;
  }
  loading = catchUp().finally(() => {
    loading = null;
    if (again) {
      again = false;
      void refreshThread();
    }
  });
  return loading;
}

async function catchUp() {
  const id = desk.openId;
  const one = await call("GET", `/conversations/${id}`);
  if (id !== desk.openId || !one.ok) return;
  desk.conversation = one.data;
  drawHead();
  changed("conversation");
  for (;;) {
    const page = await call("GET", `/conversations/${id}/events?after=${desk.lastSeq}`);
    if (id !== desk.openId || !page.ok) return;
    const follow = isNearEnd();
    append(page.data.events);
    if (follow) scrollToEnd();
    if (page.data.events.length === 0 || desk.lastSeq >= page.data.lastSeq) break;
  }
  markRead();
}

async function loadEarlier() {
  const id = desk.openId;
  if (id === null || earliestSeq <= 1 || $("earlier").disabled) return;
  $("earlier").disabled = true;
  const page = await call("GET", `/conversations/${id}/events?before=${earliestSeq}&limit=100`);
  $("earlier").disabled = false;
  if (id !== desk.openId || !page.ok) return;
  const before = $("scroller").scrollHeight;
  $("timeline").prepend(...page.data.events.map(draw).filter(Boolean));
  noteRead(page.data.events);
  keepLastRatings();
  sortDays();
  earliestSeq = page.data.events[0]?.seq ?? 1;
  $("earlier").hidden = earliestSeq <= 1;
  // What the agent was reading stays where it was.
  $("scroller").scrollTop += $("scroller").scrollHeight - before;
}

function append(events) {
  for (const event of events) {
    if (event.seq <= desk.lastSeq) continue;
    desk.lastSeq = event.seq;
    if (event.actor === "contact") hideTyping();
    if (["receipt", "delivery-failed", "attachment"].includes(event.type) || event.data.change === "interrupted")
      void redraw(event.data.of);
    const entry = draw(event);
    if (entry !== null) $("timeline").append(entry);
  }
  noteRead(events);
  keepLastRatings();
  sortDays();
  changed("unsent");
}

let typingTimer = null;
function showTyping() {
  const follow = isNearEnd();
  $("typing").hidden = false;
  if (follow) scrollToEnd();
  clearTimeout(typingTimer);
  typingTimer = setTimeout(hideTyping, typingMs);
}

function hideTyping() {
  clearTimeout(typingTimer);
  $("typing").hidden = true;
}

/** A tap is a rating, and the words behind it make it anew: the last one in a row is what the customer said. */
function keepLastRatings() {
  for (const old of $("timeline").querySelectorAll(".rating:has(+ .rating)")) old.remove();
}

/** Says once how far the customer has read: behind the last of our messages that they did. */
function noteRead(events) {
  readTo = Math.max(readTo, ...events.map(({ type, data }) => (type === "receipt" ? Number(data.upTo ?? 0) : 0)));
  $("timeline").querySelector(".line.read")?.remove();
  const seen = [...$("timeline").querySelectorAll(".message.ours:not(.note)")].filter(
    ({ dataset }) => Number(dataset.seq) <= readTo,
  );
  seen.at(-1)?.after(el("li", { className: "line read" }, "The customer has read up to here"));
}

/** An entry that is on the screen changed: a delivery went on, a file arrived. */
async function redraw(seq) {
  const old = $("timeline").querySelector(`[data-seq="${Number(seq)}"]`);
  if (old === null) return;
  const { ok, data } = await call("GET", `/conversations/${desk.openId}/events?after=${Number(seq) - 1}&limit=1`);
  const [event] = ok ? data.events : [];
  const entry = event?.seq === Number(seq) ? draw(event) : null;
  if (entry !== null) old.replaceWith(entry);
}

function draw(event) {
  const entry = drawEntry(event, { onRetry: retry });
  if (entry !== null) entry.dataset.day = dayKey(event.at);
  if (entry !== null) entry.dataset.at = event.at;
  return entry;
}

async function retry(event) {
  const result = await call("POST", `/conversations/${desk.openId}/messages/${event.messageId}/retry`);
  toast(result.ok ? "It is being sent again." : result.words);
  await refreshThread();
}

/** One separator before the first entry of each day. */
function sortDays() {
  let day = null;
  for (const old of $("timeline").querySelectorAll(".day")) old.remove();
  for (const entry of [...$("timeline").children]) {
    if (entry.dataset.day === undefined || entry.dataset.day === day) continue;
    day = entry.dataset.day;
    entry.before(el("li", { className: "day" }, dayName(entry.dataset.at)));
  }
}

function drawHead() {
  const one = desk.conversation;
  $("who").replaceChildren(one === null ? "…" : isolated(nameOf(one)));
  $("standing").replaceChildren(...(one === null ? [] : standing(one)));
  changed("head");
}

function standing(one) {
  if (one.status === "resolved") return ["Resolved"];
  const owner = {
    assistant: ["The assistant answers"],
    queue: ["Waits for a person"],
    agent: one.agentId === desk.me.id ? ["Yours"] : ["With ", isolated(one.agentName ?? "a colleague")],
  }[one.owner];
  const until =
    one.status === "snoozed" && one.snoozedUntil ? [` · put aside until ${wholeTime(one.snoozedUntil)}`] : [];
  const since = one.waitingSince ? span(Date.now() - Date.parse(one.waitingSince)) : null;
  const long = since === null || since === "now" ? "" : ` for ${since}`;
  const waits = since === null ? "" : one.owner === "queue" ? long : ` · the customer waits${long}`;
  return [...owner, ...until, waits];
}

let readTimer = null;
/** After a moment, and only on a page that somebody looks at. */
function markRead() {
  clearTimeout(readTimer);
  readTimer = setTimeout(async () => {
    const { openId, lastSeq, conversation } = desk;
    if (document.hidden || openId === null || conversation?.unread === 0) return;
    const { ok } = await call("POST", `/conversations/${openId}/read`, { seq: lastSeq });
    if (ok) changed("list");
  }, 400);
}
document.addEventListener("visibilitychange", () => !document.hidden && void refreshThread());

const isNearEnd = () => {
  const box = $("scroller");
  return box.scrollHeight - box.scrollTop - box.clientHeight < nearEndPx;
};
export function scrollToEnd() {
  $("scroller").scrollTop = $("scroller").scrollHeight;
}
