import { call } from "./api.js";
import { callbackRow, drawCallbackTabs } from "./callbacks.js";
import { hasDraft } from "./composer.js";
import { upToDate, wasRead } from "./connection.js";
import { $, channelName, el, isolated, listTime, nameOf, span } from "./dom.js";
import { changed, desk, on } from "./state.js";

const views = [
  ["mine", "Mine", "Nothing is yours. Take one from the queue."],
  ["queue", "Queue", "Nobody waits for a person."],
  ["open", "All open", "No open conversations."],
  ["assistant", "Assistant", "The assistant talks to nobody right now."],
  ["snoozed", "Put aside", "Nothing is put aside."],
  ["resolved", "Resolved", "Nothing is resolved yet."],
  ["callbacks", "Callbacks", "No callbacks here."],
];
/** A list is refreshed at most this often, however much happens. */
const refreshEveryMs = 400;

let rows = [];
let cursor = null;
let pages = 1;
let timer = null;
let asked = 0;
let waiting = 0;

on("list", () => {
  if (timer !== null) return;
  timer = setTimeout(() => {
    timer = null;
    void refreshList();
  }, refreshEveryMs);
});
on("draft", markDrafts);
on("open", markCurrent);
$("list-more").addEventListener("click", () => {
  pages += 1;
  void refreshList();
});
// Waiting times grow by themselves.
setInterval(() => {
  for (const time of document.querySelectorAll("[data-since]"))
    time.textContent = span(Date.now() - Date.parse(time.dataset.since));
}, 20_000);

export function showView(view) {
  desk.view = view;
  pages = 1;
  drawViews();
  $("desk").dataset.pane = "list";
  void refreshList();
}

/** Moves the choice up or down the list and opens it. */
export function step(by) {
  if (rows.length === 0) return;
  const at = rows.findIndex((row) => conversationOf(row) === desk.openId);
  const next = rows[at === -1 ? 0 : Math.min(rows.length - 1, Math.max(0, at + by))];
  if (conversationOf(next) !== desk.openId) openConversation(conversationOf(next), next);
  $("list").querySelector('[aria-current="true"]')?.scrollIntoView({ block: "nearest" });
}

/** Opens a conversation; `known` is what the list already says about it. */
export function openConversation(id, known) {
  desk.openId = id;
  $("desk").dataset.pane = "thread";
  changed("open", known !== undefined && "fence" in known ? known : null);
}

export async function refreshList() {
  asked += 1;
  const mine = asked;
  const callbacks = desk.view === "callbacks";
  const found = [];
  let next = null;
  let tabs = [];
  for (let page = 0; page < pages; page++) {
    const query = new URLSearchParams({ view: callbacks ? desk.callbackView : desk.view });
    if (callbacks && desk.callbackAgent !== "") query.set("agent", desk.callbackAgent);
    if (next !== null) query.set("cursor", next);
    const read = await call("GET", `${callbacks ? "/callbacks" : "/conversations"}?${query}`);
    if (mine !== asked || !wasRead("list", read)) return;
    const { data } = read;
    found.push(...(callbacks ? data.callbacks : data.conversations));
    tabs = data.counts ?? tabs;
    next = data.cursor;
    if (next === null) break;
  }
  rows = found;
  cursor = next;
  drawList(tabs);
  const counted = await drawCounts(callbacks && desk.callbackAgent === "" ? tabs : null);
  if (counted && mine === asked) upToDate("list");
}

const conversationOf = (row) => row.conversationId ?? row.id;

function drawViews() {
  $("views").replaceChildren(
    ...views.map(([view, label]) =>
      el(
        "button",
        {
          type: "button",
          "data-view": view,
          "aria-current": String(view === desk.view),
          onclick: () => showView(view),
        },
        el("span", {}, label),
        el("span", { className: "count" }),
      ),
    ),
  );
}

function drawList(tabs) {
  const [, title, empty] = views.find(([view]) => view === desk.view);
  $("list-title").textContent = title;
  drawCallbackTabs(desk.view === "callbacks", tabs, () => {
    pages = 1;
    void refreshList();
  });
  const focused = document.activeElement?.closest("#list li")?.dataset.id;
  $("list").replaceChildren(...rows.map(desk.view === "callbacks" ? drawCallback : drawConversation));
  if (focused) $("list").querySelector(`[data-id="${focused}"] button`)?.focus({ preventScroll: true });
  $("list-empty").textContent = empty;
  $("list-empty").hidden = rows.length > 0;
  $("list-more").hidden = cursor === null;
}

function drawConversation(one) {
  const waits = one.waitingSince !== null && one.status === "open";
  const owner =
    one.status === "open" && one.owner === "agent" && desk.view !== "mine" ? isolated(one.agentName ?? "") : null;
  return item(
    one.id,
    one,
    one.unread > 0 ? "unread" : "",
    avatar(nameOf(one)),
    el("span", { className: "name" }, isolated(nameOf(one))),
    waits
      ? el(
          "span",
          { className: "waits", title: "Waits for a person" },
          el("span", { "data-since": one.waitingSince }, span(Date.now() - Date.parse(one.waitingSince))),
        )
      : el("time", { dateTime: one.lastActivityAt }, listTime(one.lastActivityAt)),
    el("span", { className: "preview", dir: "auto" }, one.preview ?? "No words yet"),
    one.unread > 0
      ? el(
          "span",
          { className: "badge", ariaLabel: `${one.unread} unread` },
          one.unread > 9 ? "9+" : String(one.unread),
        )
      : null,
    el("span", { className: "tags" }, channelName(one.channel), owner === null ? "" : " · ", owner),
  );
}

function drawCallback(one) {
  return item(
    one.conversationId,
    one,
    one.overdue ? "overdue" : "",
    avatar(one.contactName ?? one.phone ?? "?"),
    ...callbackRow(one),
  );
}

function item(id, known, mood, ...children) {
  return el(
    "li",
    { "data-id": id, className: mood },
    el(
      "button",
      { type: "button", "aria-current": String(id === desk.openId), onclick: () => openConversation(id, known) },
      ...children,
      hasDraft(id) ? el("span", { className: "draft" }, "Draft") : null,
    ),
  );
}

export function avatar(name) {
  const made = el(
    "span",
    { className: "avatar", ariaHidden: "true" },
    name.startsWith("+") ? "#" : ([...name][0]?.toUpperCase() ?? "?"),
  );
  // The same person has the same colour everywhere.
  made.style.setProperty(
    "--hue",
    String([...name].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 360, 7)),
  );
  return made;
}

function markCurrent() {
  for (const entry of $("list").children)
    entry.firstElementChild.setAttribute("aria-current", String(entry.dataset.id === desk.openId));
}

function markDrafts() {
  for (const entry of $("list").children) {
    const mark = entry.querySelector(".draft");
    const has = hasDraft(entry.dataset.id);
    if (has && mark === null) entry.firstElementChild.append(el("span", { className: "draft" }, "Draft"));
    if (!has) mark?.remove();
  }
}

/** False: they could not be read. */
async function drawCounts(callbackTabs) {
  const [counts, callbacks] = await Promise.all([
    call("GET", "/views"),
    callbackTabs ?? call("GET", "/callbacks?view=overdue").then(({ data }) => data?.counts ?? []),
  ]);
  if (!wasRead("list", counts)) return false;
  const due = callbacks.find((one) => one.view === "today");
  const all = [...counts.data.views, ...(due === undefined ? [] : [{ ...due, view: "callbacks" }])];
  for (const { view, count, more } of all) {
    const mark = $("views").querySelector(`[data-view="${view}"] .count`);
    if (mark !== null) mark.textContent = count === 0 ? "" : `${count}${more ? "+" : ""}`;
  }
  waiting = all.find((one) => one.view === "queue")?.count ?? 0;
  drawTitle();
  return true;
}

/** What the browser's tab says: a call that is offered, and how many wait. */
export function drawTitle() {
  document.title = `${desk.ringing ? "Incoming call – " : ""}${waiting > 0 ? `(${waiting}) ` : ""}Inbox – Everline`;
}
