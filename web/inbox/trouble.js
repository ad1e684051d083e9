import { call } from "./api.js";
import { $, channelName, el } from "./dom.js";

/** As often as the service asks the providers. */
const everyMs = 60_000;
const words = { down: "does not work", "needs-action": "needs somebody", degraded: "is slow" };

/** Shows above everything which channels do not work and what to do, from now on. */
export function watchChannels() {
  void look();
  setInterval(look, everyMs);
  document.addEventListener("visibilitychange", () => !document.hidden && void look());
}

async function look() {
  if (document.hidden) return;
  const { ok, data } = await call("GET", "/channels");
  if (!ok) return;
  const troubled = data.channels.filter(({ state }) => state in words);
  const lines = troubled.map(({ name, account, state, detail }) => {
    const which = account === "default" ? channelName(name) : `${channelName(name)} (${account})`;
    return el("p", { className: state }, el("strong", {}, `${which} ${words[state]}. `), detail);
  });
  // Said anew only when it changed: a screen reader reads a live region whenever its content is replaced.
  const before = $("trouble").textContent;
  if (before === lines.map((line) => line.textContent).join("")) return;
  $("trouble").replaceChildren(...lines);
  $("trouble").hidden = lines.length === 0;
}
