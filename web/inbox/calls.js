import { call } from "./api.js";
import { closeDialog, openDialog } from "./dialog.js";
import { $, el } from "./dom.js";
import { changed, desk } from "./state.js";
import { toast } from "./toast.js";

const againAfterMs = 3_000;

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

async function set(presence) {
  const result = await call("PUT", "/presence", { presence });
  toast(result.ok ? (presence === "available" ? "Calls come to you now." : "No calls come to you.") : result.words);
  await showPresence();
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
  const { ok, data, words } = await call("GET", "/measures/calls?days=7");
  if (!ok) return toast(words);
  const percent = (share) => (share === null ? "–" : `${Math.round(share * 100)} %`);
  const seconds = (value) =>
    value === null ? "–" : value < 90 ? `${Math.round(value)} s` : `${Math.round(value / 60)} min`;
  const rows = [
    ["Waiting now", data.waiting === 0 ? "nobody" : `${data.waiting}, the longest ${seconds(data.longestWaitSeconds)}`],
    ["Promised in seven days", data.promised],
    ["Rung on time (within 30 s)", percent(data.keptShare)],
    ["Reached", percent(data.reachedShare)],
    ["Given up before we rang", data.abandoned],
    ["Wait, median", seconds(data.medianWaitSeconds)],
    ["Handle time, median", seconds(data.medianHandleSeconds)],
  ];
  const list = el(
    "dl",
    { className: "measures" },
    ...rows.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, String(value))]),
  );
  openDialog("How calls went", list);
}
