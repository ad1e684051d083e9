import { call } from "./api.js";
import { callbackDialog } from "./callbacks.js";
import { closeDialog, openDialog } from "./dialog.js";
import { $, el, isolated, nameOf, wholeTime } from "./dom.js";
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

export const claim = () => take(desk.conversation);
export const resolve = () => change(desk.conversation, "resolve", {}, "Resolved.", openAgain);
const reopen = () => openAgain(desk.conversation);

const openAgain = (one) => change(one, "reopen", {}, "Open again.");
const take = (one) => change(one, "claim", {}, "It is yours.", giveBack(one));
const release = (one, to) => change(one, "release", { to }, back[to], take);
const back = { queue: "Back in the queue.", assistant: "The assistant has it." };

/** To whoever had it before; nothing to undo where it was this agent's already. */
function giveBack(before) {
  if (before?.owner === "agent") return undefined;
  return (one) => release(one, before?.owner === "assistant" ? "assistant" : "queue");
}

/**
 * Changes this conversation, whichever is open by then, and resolves to it as it is afterwards, or to null. `undo` gets
 * that too: what somebody changed since is not undone.
 */
async function change(one, kind, body, words, undo) {
  if (one === null) return null;
  const result = await call("POST", `/conversations/${one.id}/${kind}`, { fence: one.fence, ...body });
  const isOpen = desk.openId === one.id;
  if (result.ok && isOpen && desk.conversation !== null) desk.conversation.fence = result.data.fence;
  const after = { ...one, fence: result.data?.fence };
  const about = isOpen ? "" : `\u2068${nameOf(one)}\u2069: `;
  toast(about + (result.ok ? words : result.words), result.ok && undo ? () => undo(after) : undefined);
  if (isOpen) changed("thread");
  changed("list");
  return result.ok ? after : null;
}

export function snooze() {
  const one = desk.conversation;
  if (one === null) return;
  const put = (until) => {
    closeDialog();
    void change(one, "snooze", { until: until.toISOString() }, `Put aside until ${wholeTime(until)}.`, openAgain);
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
  const give = (to, agent, undo) => change(to, "assign", { agentId: agent.id }, `Given to ${agent.name}.`, undo);
  const undo = (agent) => async (then) => {
    if (before !== null) return give(then, { id: before, name: one.agentName ?? "the colleague" });
    // Nobody gives back what a colleague has.
    const mine = agent.id === desk.me.id ? then : await give(then, desk.me);
    return mine && giveBack(one)(mine);
  };
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
            () => give(one, agent, undo(agent)),
            isolated(agent.id === desk.me.id ? `${agent.name} (you)` : agent.name),
          ),
        ),
      row(() => release(one, "queue"), "The queue"),
      row(() => release(one, "assistant"), "The assistant"),
    ),
  );
}
