import { call } from "./api.js";
import { showPresence } from "./calls.js";
import { forgetWords, hasWords } from "./composer.js";
import "./context.js";
import { $ } from "./dom.js";
import "./face.js";
import { showHelp } from "./keys.js";
import { refreshList, showView } from "./list.js";
import { connect } from "./live.js";
import { lookAtCalls } from "./softphone.js";
import { desk } from "./state.js";
import { toast } from "./toast.js";
import { watchChannels } from "./trouble.js";

const setupToken = new URLSearchParams(location.search).get("token");

$("enter-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { email, name, password } = Object.fromEntries(new FormData(event.target));
  const result = setupToken
    ? await call("POST", "/setup", { token: setupToken, email, name, password })
    : await call("POST", "/session", { email, password });
  if (!result.ok) {
    $("enter-error").textContent = result.words;
    return;
  }
  if (setupToken) history.replaceState(null, "", "/inbox");
  await enter();
});
$("leave").addEventListener("click", async () => {
  if (hasWords() && !confirm("Words that you have not sent are removed from this computer. Sign out?")) return;
  const { ok, words } = await call("DELETE", "/session");
  if (!ok) return toast(words);
  forgetWords();
  location.reload();
});
$("back").addEventListener("click", () => {
  $("desk").dataset.pane = "list";
  void refreshList();
});
$("show-help").addEventListener("click", showHelp);

async function enter() {
  const { ok, data } = await call("GET", "/session");
  $("enter").hidden = ok;
  $("desk").hidden = !ok;
  if (!ok) {
    $("enter-title").textContent = setupToken ? "Create the first administrator" : "Sign in";
    $("name-field").hidden = !setupToken;
    $("enter-form").elements.password.autocomplete = setupToken ? "new-password" : "current-password";
    return;
  }
  desk.me = data.agent;
  $("me").textContent = data.agent.name;
  showView("queue");
  void showPresence();
  void lookAtCalls();
  connect();
  watchChannels();
}

await enter();
