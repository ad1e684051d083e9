import { call } from "./api.js";
import { closeDialog, openDialog } from "./dialog.js";
import { $, el } from "./dom.js";
import { changed, desk, on } from "./state.js";
import { toast } from "./toast.js";

const againAfterMs = 3_000;

let saying = false;

/** Who lets a call ring is set to away by the service; another window may say so too. The page shows what is so. */
on("presence", async (presence) => {
  const took = desk.takesCalls;
  if (saying || took === (presence === "available")) return;
  // Read anew: what was told may be older than what this page said last.
  await showPresence();
  if (took === desk.takesCalls) return;
  desk.stopped = took;
  changed("phone");
});

/** Whether this agent takes calls and where they ring; and how promised calls went. */
export async function showPresence() {
  const { ok, status, data } = await call("GET", "/presence");
  if (!ok) {
    // A busy server or a lost connection: nobody should have to load the page again to take calls.
    if (status !== 401) setTimeout(showPresence, againAfterMs);
    return;
  }
  const takes = data.presence === "available";
  desk.takesCalls = takes;
  changed("phone");
  $("presence").replaceChildren(
    el(
      "button",
      {
        type: "button",
        className: "quiet",
        "aria-pressed": String(takes),
        onclick: () => set(takes ? "away" : "available"),
      },
      takes ? "Taking calls" : "Not taking calls",
    ),
    el(
      "button",
      { type: "button", className: "quiet small", onclick: () => phoneDialog(data.phone) },
      data.phone ?? "This browser rings",
    ),
    el("button", { type: "button", className: "quiet small", onclick: measuresDialog }, "How calls went"),
  );
}

export const takeCallsAgain = () => set("available");

async function set(presence) {
  saying = true;
  const result = await call("PUT", "/presence", { presence });
  if (result.ok) desk.stopped = false;
  toast(result.ok ? (presence === "available" ? "Calls come to you now." : "No calls come to you.") : result.words);
  await showPresence();
  saying = false;
}

function phoneDialog(phone) {
  const problem = el("p", { role: "alert" });
  const input = el("input", { name: "phone", type: "tel", value: phone ?? "", autocomplete: "off" });
  const form = el(
    "form",
    {
      onsubmit: async (event) => {
        event.preventDefault();
        const result = await call("PUT", "/presence", { phone: input.value.trim() || null });
        if (!result.ok) {
          problem.textContent = result.words;
          return;
        }
        closeDialog();
        await showPresence();
      },
    },
    el("label", {}, "The telephone that rings (empty: this browser)", input),
    problem,
    el("div", { className: "buttons" }, el("button", { type: "submit" }, "Save")),
  );
  openDialog("Where calls ring", form);
}

async function measuresDialog() {
  const { ok, data, words } = await call("GET", "/measures/calls?days=7&within=20&by=day");
  if (!ok) return toast(words);
  const { inbound, callbacks } = data;
  openDialog(
    "How calls went",
    el(
      "div",
      { className: "measures" },
      el("p", {}, "In the last seven days."),
      el("h3", {}, "Calls to us"),
      facts([
        ["Waiting now", waitingNow(inbound)],
        ["Calls", inbound.calls],
        ["Wanted a person", inbound.wanted],
        ["Answered within 20 s", percent(inbound.answeredWithinShare)],
        ["Gave up waiting", `${inbound.abandoned} (${percent(inbound.abandonedShare)})`],
        ["Chose to be called, left a message", `${inbound.callbacks}, ${inbound.messages}`],
        ["Wait, median", seconds(inbound.medianWaitSeconds)],
        ["Handle time, median", seconds(inbound.medianHandleSeconds)],
      ]),
      el("h3", {}, "Calls we promised"),
      facts([
        ["Waiting now", waitingNow(callbacks)],
        ["Promised", callbacks.promised],
        ["Promised for a time, and rung within 30 s of it", percent(callbacks.keptShare)],
        ["Reached", percent(callbacks.reachedShare)],
        ["Given up before we rang", callbacks.abandoned],
        ["Wait, median", seconds(callbacks.medianWaitSeconds)],
        ["Handle time, median", seconds(callbacks.medianHandleSeconds)],
      ]),
      data.by.length > 0 ? byDay(data.by) : null,
    ),
  );
}

const percent = (share) => (share === null ? "–" : `${Math.round(share * 100)} %`);
const seconds = (value) =>
  value === null ? "–" : value < 90 ? `${Math.round(value)} s` : `${Math.round(value / 60)} min`;
const waitingNow = ({ waiting, longestWaitSeconds }) =>
  waiting === 0 ? "nobody" : `${waiting}, the longest ${seconds(longestWaitSeconds)}`;
const facts = (rows) =>
  el("dl", {}, ...rows.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, String(value))]));

function byDay(days) {
  const cell = (value) => el("td", {}, String(value));
  const rows = days.map(({ key, inbound, callbacks }) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, key),
      cell(inbound?.calls ?? 0),
      cell(percent(inbound?.answeredWithinShare ?? null)),
      cell(inbound?.abandoned ?? 0),
      cell(callbacks?.promised ?? 0),
      cell(percent(callbacks?.keptShare ?? null)),
    ),
  );
  const names = ["Day", "Calls", "Within 20 s", "Gave up", "Promised", "On time"];
  return el(
    "table",
    {},
    el("thead", {}, el("tr", {}, ...names.map((name) => el("th", { scope: "col" }, name)))),
    el("tbody", {}, ...rows),
  );
}
