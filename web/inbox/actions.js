import { call } from "./api.js";
import { callbackDialog } from "./callbacks.js";
import { closeDialog, openDialog } from "./dialog.js";
import { $, el, isolated, wholeTime } from "./dom.js";
import { changed, desk, on } from "./state.js";
import { toast } from "./toast.js";

on("head", drawActions);

/** The acts that make sense for the open conversation, in the order in which they are wanted. */
function drawActions() {
  const one = desk.conversation;
  $("actions").hidden = one === null;
  if (one === null) return;
  const mine = one.agentId === desk.me.id;
  const buttons =
    one.status === "resolved"
      ? [["Open again", reopen]]
      : [
          ...(mine ? [] : [["Take", claim, "c"]]),
          ["Resolve", resolve, "e"],
          one.status === "snoozed" ? ["Bring back", reopen] : ["Put aside", snooze, "s"],
          ["Assign", assign, "a"],
          ["Callback", () => callbackDialog()],
        ];
  // Redrawn only when it changed, or a press that began before would end on nothing.
  const wanted = buttons.map(([words]) => words).join();
  if ($("actions").dataset.shown === wanted) return;
  $("actions").dataset.shown = wanted;
  $("actions").replaceChildren(
    ...buttons.map(([words, act, key], index) =>
      el(
        "button",
        {
          type: "button",
          className: index === 0 ? "" : "quiet",
          title: key ? `Key: ${key}` : "",
          onclick: () => void act(),
        },
        words,
      ),
    ),
  );
}

export const claim = () => change("claim", {}, "It is yours.", () => change("release", {}, "Given back."));
export const resolve = () => change("resolve", {}, "Resolved.", reopen);
export const reopen = () => change("reopen", {}, "Open again.");

async function change(kind, body, words, undo) {
  const one = desk.conversation;
  if (one === null) return;
  const { id, fence } = one;
  const result = await call("POST", `/conversations/${id}/${kind}`, { fence, ...body });
  if (result.ok && desk.openId === id && desk.conversation !== null) desk.conversation.fence = result.data.fence;
  toast(result.ok ? words : result.words, result.ok ? undo : undefined);
  changed("thread");
  changed("list");
}

export function snooze() {
  if (desk.conversation === null) return;
  const put = (until) => {
    closeDialog();
    void change("snooze", { until: until.toISOString() }, `Put aside until ${wholeTime(until)}.`, reopen);
  };
  const own = el("input", { type: "datetime-local", required: true, ariaLabel: "Until" });
  openDialog(
    "Put aside until…",
    el(
      "div",
      { className: "choices-list" },
      ...snoozeTimes().map(([words, until]) =>
        el(
          "button",
          { type: "button", className: "quiet", onclick: () => put(until) },
          el("span", {}, words),
          el("small", {}, wholeTime(until)),
        ),
      ),
    ),
    el(
      "form",
      {
        className: "row",
        onsubmit: (event) => {
          event.preventDefault();
          put(new Date(own.value));
        },
      },
      own,
      el("button", { type: "submit" }, "Put aside"),
    ),
    el("p", { className: "soft" }, "The customer's next message brings it back sooner."),
  );
}

function snoozeTimes() {
  const at = (days, hour) => {
    const date = new Date();
    date.setDate(date.getDate() + days);
    date.setHours(hour, 0, 0, 0);
    return date;
  };
  const toMonday = (8 - new Date().getDay()) % 7 || 7;
  return [
    ["In an hour", new Date(Date.now() + 3_600_000)],
    ["In three hours", new Date(Date.now() + 3 * 3_600_000)],
    ["Tomorrow morning", at(1, 9)],
    ["Monday morning", at(toMonday, 9)],
  ];
}

export async function assign() {
  const one = desk.conversation;
  if (one === null) return;
  const { ok, data, words } = await call("GET", "/agents");
  if (!ok) return toast(words);
  const before = one.agentId;
  const undo = () =>
    before === null ? change("release", {}, "Back in the queue.") : give({ id: before, name: "them" });
  const give = (agent) => change("assign", { agentId: agent.id }, `Given to ${agent.name}.`);
  const choose = (act) => () => {
    closeDialog();
    void act();
  };
  const row = (act, ...children) =>
    el("button", { type: "button", className: "quiet", onclick: choose(act) }, ...children);
  openDialog(
    "Give this conversation to…",
    el(
      "div",
      { className: "choices-list" },
      ...data.agents
        .filter((agent) => agent.id !== before)
        .map((agent) =>
          row(
            () => change("assign", { agentId: agent.id }, `Given to ${agent.name}.`, undo),
            isolated(agent.id === desk.me.id ? `${agent.name} (you)` : agent.name),
          ),
        ),
      row(() => change("release", { to: "queue" }, "Back in the queue.", claim), "The queue"),
      row(() => change("release", { to: "assistant" }, "The assistant has it.", claim), "The assistant"),
    ),
  );
}
