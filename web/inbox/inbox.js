import { call } from "./api.js";
import { showPresence } from "./calls.js";
import { forgetWords, hasWords } from "./composer.js";
import { sayLine } from "./connection.js";
import "./context.js";
import { $ } from "./dom.js";
import "./face.js";
import { showHelp } from "./keys.js";
import { refreshList, showView } from "./list.js";
import { connect } from "./live.js";
import "./softphone.js";
import { desk, on } from "./state.js";
import { toast } from "./toast.js";
import { watchChannels } from "./trouble.js";

/** How soon a service that did not answer is asked again who this is. */
const askAgainMs = 2_000;

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
  if (desk.me === null) await enter();
  else goOn();
});
$("leave").addEventListener("click", leave);
$("somebody-else").addEventListener("click", leave);
on("signed-out", signInAgain);
$("back").addEventListener("click", () => {
  $("desk").dataset.pane = "list";
  void refreshList();
});
$("show-help").addEventListener("click", showHelp);

async function leave() {
  if (hasWords() && !confirm("Words that you have not sent are removed from this computer. Sign out?")) return;
  const { ok, words } = await call("DELETE", "/session");
  if (!ok) return toast(words);
  forgetWords();
  location.reload();
}

async function enter() {
  const { ok, status, data, words } = await call("GET", "/session");
  const silent = !ok && status !== 401;
  $("trouble").textContent = silent ? words : "";
  $("trouble").hidden = !silent;
  if (silent) return setTimeout(enter, askAgainMs);
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
  connect();
  watchChannels();
}

/** The session has ended: asks for the password over the desk, so that calls, drafts and forms stay as they are. */
async function signInAgain() {
  if (desk.me === null || $("again").open) return;
  const { ok, status, data } = await call("GET", "/session");
  // Signed in again in another tab. What is on this page is one agent's alone.
  if (ok && data.agent.id !== desk.me.id) return location.reload();
  if (status !== 401) return connect();
  if ($("again").open) return;
  sayLine("Your session has ended.");
  const form = $("enter-form");
  form.reset();
  $("enter-error").textContent = "";
  form.elements.email.value = desk.me.email;
  form.elements.email.readOnly = true;
  $("somebody-else").before(form);
  $("again").showModal();
  form.elements.password.focus();
}

function goOn() {
  $("again").close();
  $("enter").append($("enter-form"));
  $("enter-form").reset();
  void showPresence();
  connect();
}

await enter();
