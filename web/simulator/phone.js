import { hold } from "./line.js";
import { ringing } from "./ringtone.js";

const pollMs = 700;
const byId = (id) => document.getElementById(id);
const idle = { state: "idle" };
/** `line` is how the telephone stands, as the simulator says it. */
const state = { channel: "sms", customer: "", line: idle, ahead: 0, drawn: "", busy: false, company: "", declined: "" };
const ticks = { queued: "…", accepted: "…", sent: "✓", delivered: "✓✓", read: "✓✓ read", received: "", spoken: "" };
const callWords = {
  "in-progress": "A call, going on",
  completed: "A call, answered",
  busy: "A call, not taken",
  "no-answer": "A missed call",
  canceled: "A missed call",
  failed: "A call that failed",
};

const get = async (path) => (await fetch(`/simulator/api/${path}`)).json();
const post = async (path, body) => {
  const answer = await fetch(`/simulator/api/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.status === 204 ? null : answer.json();
};

/** Text only, never HTML (X1). */
function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function draw(entries) {
  const key = JSON.stringify([state.channel, state.customer, entries]);
  if (key === state.drawn) return;
  state.drawn = key;
  const thread = byId("thread");
  thread.replaceChildren(...entries.flatMap(drawEntry));
  thread.scrollTop = thread.scrollHeight;
}

function drawEntry({ at, direction, body, options, status }) {
  const time = new Date(at).toLocaleTimeString();
  if (state.channel === "voice" && body === "[call]")
    return [element("p", "status call-note", `☎ ${callWords[status] ?? "A call"} ${time}`)];
  const bubble = element("div", direction === "in" ? "bubble mine" : "bubble", "");
  bubble.append(...body.split(/(https?:\/\/\S+)/).map((piece, at) => (at % 2 === 0 ? piece : link(piece))));
  bubble.dir = "auto";
  const mark = element("span", "status", `${time} ${ticks[status] ?? status}`);
  if (direction === "in") mark.classList.add("mine");
  return options.length > 0 ? [bubble, optionButtons(options), mark] : [bubble, mark];
}

/** X2: as on a telephone, whole, opened only by a touch, and without a referrer. */
function link(address) {
  const made = element("a", "", address);
  return Object.assign(made, { href: address, target: "_blank", rel: "noopener noreferrer" });
}

function optionButtons(options) {
  const row = element("div", "options", "");
  for (const option of options) {
    const button = element("button", "", option.title);
    button.type = "button";
    button.addEventListener("click", () => sendMessage(option.title, option));
    row.append(button);
  }
  return row;
}

async function refresh() {
  const { channel, customer } = state;
  if (customer === "") return;
  const query = new URLSearchParams({ channel, customer });
  const { entries } = await get(`thread?${query}`);
  if (channel === state.channel && customer === state.customer) draw(entries);
}

function notice(words) {
  if (byId("notice").textContent !== words) byId("notice").textContent = words;
}

/** One thing at a time, and what went wrong in words. */
async function attempt(work) {
  if (state.busy) return;
  state.busy = true;
  notice("");
  try {
    await work();
  } catch (error) {
    notice(`The service did not take it (${error.message}).`);
  }
  state.busy = false;
  await refresh().catch(() => undefined);
}

const sendMessage = (body, choice) =>
  attempt(() =>
    post("messages", { channel: state.channel, from: state.customer, body, ...(choice ? { choice } : {}) }),
  );

/** Everything about calls is drawn from how the telephone stands; what is said comes when it is said. */
function follow(line) {
  if (line === null) return notice("The service does not answer. Trying again…");
  const before = state.line;
  state.line = line;
  state.ahead = line.now - Date.now();
  sayAloud(line.said ?? []);
  const began = line.callSid !== undefined && line.callSid !== before.callSid;
  if (line.state === "connected") {
    if (before.state !== "connected" && state.channel !== "voice") choose("voice");
    notice(whatNow(line));
  } else if (before.state === "connected") {
    notice("The call has ended.");
  } else if (before.state === "ringing" && line.state === "idle") {
    notice(state.declined === before.callSid ? "You declined the call." : "You missed a call.");
  } else if (before.state === line.state && line.state === "idle") notice("");
  showCall();
  ringing(line.state === "ringing");
  if (line.state === "ringing" && began && byId("text").value === "") byId("answer").focus();
  if (line.state === "connected" && before.state !== "connected") byId("text").focus();
  if (line.state === "idle" && before.state !== "idle") keepFocus();
  void refresh().catch(() => undefined);
}

/** Whoever pressed a button that is gone goes on from the next best one. */
function keepFocus() {
  const at = document.activeElement;
  if (at !== document.body && at.checkVisibility()) return;
  byId(state.channel === "voice" ? "dial" : "text").focus();
}

function whatNow({ where, speaking, onHold, others }) {
  if (where === "conference") {
    if (onHold) return "You are on hold.";
    return others.length === 0 ? "Waiting for the other side…" : "You are connected: say something.";
  }
  if (where === "keys") return speaking ? "Speaking… a key interrupts." : "A key is waited for.";
  if (where === "waiting") return "Music plays.";
  if (where === "recording") return "Leave your message.";
  return speaking ? "Speaking… say something to interrupt." : "Listening…";
}

const nameOf = (number) => (number === state.company ? "Customer service" : number);

/** Who is on the line: in a conference everybody who is in it. */
function withWhom({ where, others, ours }) {
  if (where !== "conference" || others.length === 0) return nameOf(ours);
  return ["You", ...others.map((one) => (one === "agent" ? "an agent" : "the customer"))].join(", ");
}

function showCall() {
  const { line } = state;
  const calling = line.state === "connected";
  const rings = line.state === "ringing";
  const voice = state.channel === "voice";
  const phone = byId("customer").selectedOptions[0]?.textContent ?? "";
  byId("ringing").hidden = !rings;
  byId("standing").hidden = !calling;
  if (rings) {
    byId("caller").textContent = `${nameOf(line.other)} calls`;
    byId("caller-number").textContent = line.other;
  }
  if (calling) byId("with").textContent = withWhom(line);
  showLasted();
  const caller = rings ? `☎ ${nameOf(line.other)} calls · ` : calling ? "On a call · " : "";
  document.title = `${caller}${phone} · Phone simulator`;
  byId("call").hidden = !voice || rings;
  byId("dial").hidden = calling;
  byId("keys").hidden = !calling;
  byId("hang-up").hidden = !calling;
  byId("talk").hidden = !calling || Recognition === undefined;
  byId("text").placeholder = voice ? "Say something" : "Write a message";
  byId("text").maxLength = voice ? 1_000 : 1_600;
}

function showLasted() {
  const { line } = state;
  if (line.state !== "connected") return;
  const seconds = Math.max(0, Math.floor((Date.now() + state.ahead - line.startedAt) / 1_000));
  byId("lasted").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

function sayAloud(said) {
  if (!byId("aloud").checked || !("speechSynthesis" in window)) return;
  for (const { text, language } of said) {
    const words = new SpeechSynthesisUtterance(text);
    words.lang = language;
    speechSynthesis.speak(words);
  }
}

/** Whoever speaks interrupts, also the voice of this browser. */
function input(body) {
  if ("speechSynthesis" in window) speechSynthesis.cancel();
  return attempt(() => post(`calls/${state.line.callSid}/input`, body));
}

/** Where the browser understands speech one may talk; elsewhere one types. */
const Recognition = window.SpeechRecognition ?? window.webkitSpeechRecognition;
function talk() {
  const listening = new Recognition();
  listening.onresult = ({ results }) => {
    const words = results[0][0].transcript.trim();
    if (words !== "" && state.line.state === "connected") void input({ speech: words });
  };
  listening.onerror = ({ error }) => notice(`The microphone did not work (${error}). Type instead.`);
  listening.start();
}

function choose(channel) {
  state.channel = channel;
  for (const tab of document.querySelectorAll("[role=tab]")) {
    const selected = tab.dataset.channel === channel;
    tab.setAttribute("aria-selected", String(selected));
    tab.tabIndex = selected ? 0 : -1;
  }
  showCall();
  void refresh().catch(() => undefined);
}

async function hangUp() {
  if (state.line.state !== "connected") return;
  if ("speechSynthesis" in window) speechSynthesis.cancel();
  await post(`calls/${state.line.callSid}/hang-up`, {});
}

async function dial() {
  const { ended } = await post("calls", { from: state.customer });
  if (ended) notice("The call has ended.");
}

/** Another telephone is taken into the hand; it stays so when the page is loaded anew. */
function take(number) {
  Object.assign(state, { customer: number, line: idle });
  byId("customer").value = number;
  byId("number").textContent = number;
  history.replaceState(null, "", `#${number}`);
  ringing(false);
  showCall();
  hold(number, follow);
}

byId("tabs").addEventListener("click", (event) => {
  const tab = event.target.closest("[role=tab]");
  if (tab) choose(tab.dataset.channel);
});
byId("tabs").addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step === undefined) return;
  const tabs = [...document.querySelectorAll("[role=tab]")];
  const at = tabs.findIndex((tab) => tab.dataset.channel === state.channel);
  const next = tabs[(at + step + tabs.length) % tabs.length];
  choose(next.dataset.channel);
  next.focus();
});
byId("customer").addEventListener("change", () =>
  attempt(async () => {
    const number = byId("customer").value;
    await hangUp();
    take(number);
  }),
);
byId("copy").addEventListener("click", () =>
  navigator.clipboard.writeText(state.customer).then(
    () => notice("The number is copied."),
    () => notice("The browser does not let the page copy. Mark the number instead."),
  ),
);
byId("compose").addEventListener("submit", (event) => {
  event.preventDefault();
  const field = byId("text");
  const text = field.value.trim();
  if (text === "" || state.busy) return;
  if (state.channel === "voice" && state.line.state !== "connected") {
    notice(state.line.state === "ringing" ? "Answer first." : "There is no call. Press Call, or wait to be called.");
    return;
  }
  field.value = "";
  if (state.channel !== "voice") return void sendMessage(text);
  const keys = state.line.where === "keys" && /^[\d*#]{1,20}$/.test(text);
  void input(keys ? { digits: text } : { speech: text });
});
byId("dial").addEventListener("click", () => attempt(dial));
byId("hang-up").addEventListener("click", () => attempt(hangUp));
byId("answer").addEventListener("click", () => attempt(() => post(`calls/${state.line.callSid}/answer`, {})));
byId("decline").addEventListener("click", () =>
  attempt(() => {
    state.declined = state.line.callSid;
    return post(`calls/${state.declined}/decline`, {});
  }),
);
byId("silence").addEventListener("click", () => ringing(false));
byId("talk").addEventListener("click", talk);
for (const digit of "123456789*0#") {
  const key = element("button", "", digit);
  key.type = "button";
  key.addEventListener("click", () => input({ digits: digit }));
  byId("keys").append(key);
}
addEventListener("keydown", ({ key, target, ctrlKey, metaKey, altKey }) => {
  if (ctrlKey || metaKey || altKey || /^(INPUT|SELECT)$/.test(target.tagName)) return;
  if (/^[\d*#]$/.test(key) && state.line.state === "connected") void input({ digits: key });
});

// What scrolls is reached by the keyboard.
byId("thread").tabIndex = 0;
const { customers, numbers } = await get("phones");
state.company = numbers.voice;
for (const { name, number } of customers) {
  const option = element("option", "", name);
  option.value = number;
  byId("customer").append(option);
}
const wished = decodeURIComponent(location.hash.slice(1));
choose("sms");
take(customers.some(({ number }) => number === wished) ? wished : (customers[0]?.number ?? ""));
setInterval(() => void refresh().catch(() => undefined), pollMs);
setInterval(showLasted, 1_000);
