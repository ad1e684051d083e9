import { call } from "./api.js";
import { upToDate, wasRead } from "./connection.js";
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

/** Longer than a screen reader takes to notice what was put in. */
const quietMs = 500;

/** What is on the screen; another one with each opening, so that a late answer to an earlier one is known. */
let shown = null;

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
  // `earliestSeq`: 0 until its end is drawn; `readTo`: how far the customer has read.
  shown = { id: desk.openId, earliestSeq: 0, readTo: 0, loading: null, again: false, loadsEarlier: false };
  const mine = shown;
  desk.conversation = known ?? null;
  desk.lastSeq = 0;
  $("timeline").replaceChildren();
  $("earlier").hidden = true;
  $("thread-empty").hidden = true;
  hideTyping();
  drawHead();
  await refreshThread();
  if (mine === shown) scrollToEnd();
}

/** Brings the screen to what the database holds: the conversation, and every event after the last seen (R7). */
async function refreshThread() {
  const mine = shown;
  if (mine === null) return;
  if (mine.loading !== null) {
    mine.again = true;
    return mine.loading;
  }
  mine.loading = catchUp(mine).finally(() => {
    mine.loading = null;
    if (mine.again && mine === shown) void refreshThread();
    mine.again = false;
  });
  return mine.loading;
}

async function catchUp(mine) {
  const { id } = mine;
  if (mine.earliestSeq === 0 && !(await showEnd(mine))) return;
  const one = await call("GET", `/conversations/${id}`);
  if (mine !== shown || !wasRead("thread", one)) return;
  desk.conversation = one.data;
  drawHead();
  changed("conversation");
  for (;;) {
    const page = await call("GET", `/conversations/${id}/events?after=${desk.lastSeq}`);
    if (mine !== shown || !wasRead("thread", page)) return;
    const follow = isNearEnd();
    append(page.data.events);
    if (follow) scrollToEnd();
    if (page.data.events.length === 0 || desk.lastSeq >= page.data.lastSeq) break;
  }
  upToDate("thread");
  markRead();
}

async function showEnd(mine) {
  const last = `before=${Number.MAX_SAFE_INTEGER}&limit=${firstPage}`;
  const page = await call("GET", `/conversations/${mine.id}/events?${last}`);
  if (mine !== shown) return false;
  if (page.status === 404) toast(page.words);
  if (!wasRead("thread", page)) return false;
  readNothingAloud();
  append(page.data.events);
  showBegin(mine, page.data.events);
  scrollToEnd();
  return true;
}

function showBegin(mine, events) {
  mine.earliestSeq = events[0]?.seq ?? 1;
  $("earlier").hidden = mine.earliestSeq <= 1;
}

let quiet = null;
/** What was said before is no news. */
function readNothingAloud() {
  const log = $("timeline").parentElement;
  log.ariaLive = "off";
  clearTimeout(quiet);
  quiet = setTimeout(() => {
    log.ariaLive = "polite";
  }, quietMs);
}

async function loadEarlier() {
  const mine = shown;
  if (mine === null || mine.earliestSeq <= 1 || mine.loadsEarlier) return;
  mine.loadsEarlier = true;
  const page = await call("GET", `/conversations/${mine.id}/events?before=${mine.earliestSeq}&limit=100`);
  mine.loadsEarlier = false;
  if (mine !== shown || !page.ok) return;
  readNothingAloud();
  const before = $("scroller").scrollHeight;
  $("timeline").prepend(...page.data.events.map(draw).filter(Boolean));
  noteRead(page.data.events);
  keepLastRatings();
  sortDays();
  showBegin(mine, page.data.events);
  // What the agent was reading stays where it was.
  $("scroller").scrollTop += $("scroller").scrollHeight - before;
}

function append(events) {
  for (const event of events) {
    if (event.seq <= desk.lastSeq) continue;
    desk.lastSeq = event.seq;
    if (event.actor === "contact") hideTyping();
    if (
      ["receipt", "delivery-failed", "attachment"].includes(event.type) ||
      ["interrupted", "masked"].includes(event.data.change)
    )
      void redraw(event.data.of);
    const entry = draw(event);
    if (entry !== null) $("timeline").insertBefore(entry, $("timeline").querySelector(".unsent"));
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
  const { readTo } = shown;
  shown.readTo = Math.max(readTo, ...events.map(({ type, data }) => (type === "receipt" ? Number(data.upTo ?? 0) : 0)));
  const seen = [...$("timeline").querySelectorAll(".message.ours:not(.note)")].filter(
    ({ dataset }) => Number(dataset.seq) <= shown.readTo,
  );
  const mark =
    $("timeline").querySelector(".line.read") ??
    el("li", { className: "line read" }, "The customer has read up to here");
  if (seen.at(-1)?.nextElementSibling !== mark) seen.at(-1)?.after(mark);
}

/** An entry that is on the screen changed: a delivery went on, a file arrived. */
async function redraw(seq) {
  const old = $("timeline").querySelector(`[data-seq="${Number(seq)}"]`);
  if (old === null) return;
  const { ok, data } = await call("GET", `/conversations/${desk.openId}/events?after=${Number(seq) - 1}&limit=1`);
  const [event] = ok ? data.events : [];
  const entry = event?.seq === Number(seq) ? draw(event) : null;
  if (entry !== null) replaceParts(old, entry);
}

/** Only what differs, so that a screen reader does not read a message again because it was delivered. */
function replaceParts(old, entry) {
  if (old.children.length !== entry.children.length) return old.replaceWith(entry);
  const parts = [...entry.children];
  for (const [index, before] of [...old.children].entries())
    if (!before.isEqualNode(parts[index])) before.replaceWith(parts[index]);
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

/** One separator before the first entry of each day; those that stand where they belong are left alone. */
function sortDays() {
  let day = null;
  for (const entry of [...$("timeline").children]) {
    const { begins, day: own, at } = entry.dataset;
    if (begins !== undefined && begins === day) entry.remove();
    else if (begins !== undefined) day = begins;
    if (own === undefined || own === day) continue;
    day = own;
    entry.before(el("li", { className: "day", "data-begins": own }, dayName(at)));
  }
  // What was today is yesterday after midnight.
  for (const line of $("timeline").querySelectorAll(".day")) {
    const words = dayName(line.dataset.begins);
    if (line.textContent !== words) line.textContent = words;
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
