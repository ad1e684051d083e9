const pollMs = 700;
/** While a call is on, one wants to hear when the other side begins and ends to speak. */
const callPollMs = 250;
const byId = (id) => document.getElementById(id);
const state = { channel: "sms", customer: "", callSid: null, heard: 0, drawn: "", busy: false };
const ticks = { queued: "…", accepted: "…", sent: "✓", delivered: "✓✓", read: "✓✓ read", received: "", spoken: "" };

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
  thread.replaceChildren(
    ...entries.flatMap((entry) => {
      const bubble = element("div", entry.direction === "in" ? "bubble mine" : "bubble", entry.body);
      bubble.dir = "auto";
      const mark = element(
        "span",
        "status",
        `${new Date(entry.at).toLocaleTimeString()} ${ticks[entry.status] ?? entry.status}`,
      );
      if (entry.direction === "in") mark.style.alignSelf = "flex-end";
      return entry.options.length > 0 ? [bubble, optionButtons(entry.options), mark] : [bubble, mark];
    }),
  );
  thread.scrollTop = thread.scrollHeight;
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

/** One thing at a time, and what went wrong in words. */
async function attempt(work) {
  if (state.busy) return;
  state.busy = true;
  byId("notice").textContent = "";
  try {
    await work();
  } catch (error) {
    byId("notice").textContent = `The service did not take it (${error.message}).`;
  }
  state.busy = false;
  await refresh().catch(() => undefined);
}

const sendMessage = (body, choice) =>
  attempt(() =>
    post("messages", { channel: state.channel, from: state.customer, body, ...(choice ? { choice } : {}) }),
  );

/** The call goes on by itself: what is said comes when it is said. */
function begin({ callSid, ended }) {
  if (!ended) Object.assign(state, { callSid, heard: 0 });
  byId("notice").textContent = ended ? "The call has ended." : "Connected.";
  showCall();
  if (!ended) void follow(callSid);
}

async function follow(callSid) {
  while (state.callSid === callSid) {
    const answer = await fetch(`/simulator/api/calls/${callSid}?after=${state.heard}`).catch(() => null);
    if (state.callSid !== callSid) return;
    if (answer?.status === 404) return end();
    if (answer?.ok) {
      const { said, count, speaking, ended } = await answer.json();
      state.heard = count;
      sayAloud(said);
      byId("notice").textContent = speaking ? "Speaking… say something to interrupt." : "Listening…";
      if (ended) return end();
    }
    await new Promise((resolve) => setTimeout(resolve, callPollMs));
  }
}

function end() {
  state.callSid = null;
  byId("notice").textContent = "The call has ended.";
  showCall();
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
  return attempt(() => post(`calls/${state.callSid}/input`, body));
}

/** Where the browser understands speech one may talk; elsewhere one types. */
const Recognition = window.SpeechRecognition ?? window.webkitSpeechRecognition;
function talk() {
  const listening = new Recognition();
  listening.onresult = ({ results }) => {
    const words = results[0][0].transcript.trim();
    if (words !== "" && state.callSid !== null) void input({ speech: words });
  };
  listening.onerror = ({ error }) => {
    byId("notice").textContent = `The microphone did not work (${error}). Type instead.`;
  };
  listening.start();
}

function showCall() {
  const calling = state.callSid !== null;
  const voice = state.channel === "voice";
  byId("call").hidden = !voice;
  byId("dial").disabled = calling;
  byId("hang-up").disabled = !calling;
  byId("talk").hidden = Recognition === undefined;
  byId("talk").disabled = !calling;
  for (const key of byId("keys").children) key.disabled = !calling;
  byId("text").placeholder = voice ? "Say something" : "Write a message";
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
  const callSid = state.callSid;
  if (callSid === null) return;
  await post(`calls/${callSid}/hang-up`, {});
  if ("speechSynthesis" in window) speechSynthesis.cancel();
  end();
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
    await hangUp();
    state.customer = byId("customer").value;
  }),
);
byId("compose").addEventListener("submit", (event) => {
  event.preventDefault();
  const field = byId("text");
  const text = field.value.trim();
  if (text === "" || state.busy) return;
  if (state.channel === "voice" && state.callSid === null) {
    byId("notice").textContent = "Call first.";
    return;
  }
  field.value = "";
  void (state.channel === "voice" ? input({ speech: text }) : sendMessage(text));
});
byId("dial").addEventListener("click", () => attempt(async () => begin(await post("calls", { from: state.customer }))));
byId("hang-up").addEventListener("click", () => attempt(hangUp));
byId("talk").addEventListener("click", talk);
for (const digit of "123456789*0#") {
  const key = element("button", "", digit);
  key.type = "button";
  key.addEventListener("click", () => input({ digits: digit }));
  byId("keys").append(key);
}

const { customers } = await get("phones");
for (const { name, number } of customers) {
  const option = element("option", "", `${name} ${number}`);
  option.value = number;
  byId("customer").append(option);
}
state.customer = customers[0]?.number ?? "";
choose("sms");
setInterval(() => void refresh().catch(() => undefined), pollMs);
