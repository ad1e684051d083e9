const thread = document.querySelector("#thread");
const choices = document.querySelector("#choices");
const form = document.querySelector("#form");
const text = document.querySelector("#text");
const notice = document.querySelector("#state");
const base = "/v3/directline";
const storeKey = "everline-chat";
const refreshMs = 15 * 60_000;
let session = (await arrived()) ?? readStored();
let stream = null;
let watermark = 0;
let tries = 0;
let connected = false;
const shown = new Map();

/** Coming from a resume link: its key is taken out of the address at once and opens the conversation here. */
async function arrived() {
  const key = /^#resume=(.+)$/.exec(location.hash)?.[1];
  if (key === undefined) return null;
  history.replaceState(null, "", location.pathname + location.search);
  const answer = await fetch(`${base}/tokens/generate`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ resume: key }),
  });
  return answer.ok ? answer.json() : null;
}

function readStored() {
  try {
    return JSON.parse(localStorage.getItem(storeKey));
  } catch {
    return null;
  }
}

async function call(method, path, body) {
  const response = await fetch(base + path, {
    method,
    headers: { "content-type": "application/json", ...(session ? { authorization: `Bearer ${session.token}` } : {}) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok)
    throw Object.assign(new Error("refused"), {
      status: response.status,
      data: await response.json().catch(() => null),
    });
  return response.json();
}

function keep({ conversationId, token }) {
  session = { conversationId, token };
  try {
    localStorage.setItem(storeKey, JSON.stringify(session));
  } catch {
    // Storage is blocked: the conversation lives as long as this page.
  }
}

/** Nothing is stored or opened before the customer's first act. */
async function start() {
  if (session === null) keep(await call("POST", "/tokens/generate", {}));
  if (!connected) await connect();
}

async function connect() {
  try {
    const opened = await call("GET", `/conversations/${session.conversationId}?watermark=${watermark}`);
    keep(opened);
    const socket = new WebSocket(opened.streamUrl);
    stream = socket;
    connected = true;
    socket.addEventListener("open", () => {
      tries = 0;
      notice.textContent = "";
    });
    socket.addEventListener("message", (event) => {
      if (event.data === "" || stream !== socket) return;
      const set = JSON.parse(event.data);
      watermark = Number(set.watermark);
      for (const activity of set.activities) show(activity);
    });
    socket.addEventListener("close", () => {
      if (stream !== socket) return;
      connected = false;
      again();
    });
  } catch (error) {
    if ([401, 403, 404].includes(error.status)) {
      // The token ran out while we were away, or an older version issued it; an anonymous conversation starts anew.
      session = null;
      watermark = 0;
      localStorage.removeItem(storeKey);
      return;
    }
    again();
  }
}

function again() {
  tries += 1;
  notice.textContent = "Connecting again… Your messages are kept.";
  setTimeout(() => void connect(), Math.random() * Math.min(15_000, 500 * 2 ** tries));
}

function show(activity) {
  const clientId = activity.channelData?.clientActivityID;
  const entry =
    shown.get(activity.id) ??
    (clientId === undefined ? undefined : shown.get(clientId)) ??
    document.createElement("li");
  const mine = activity.from.role === "user";
  entry.className = mine ? "mine" : "";
  entry.dir = "auto";
  if (activity.locale) entry.lang = activity.locale;
  entry.textContent = plain(activity.text);
  const { author, sources = [] } = activity.channelData?.everline ?? {};
  if (!mine) {
    const small = document.createElement("small");
    small.append(author === "agent" ? activity.from.name : "AI");
    for (const source of sources) {
      const link = document.createElement("a");
      link.href = `#${source}`;
      link.textContent = source;
      link.addEventListener("click", () => document.getElementById(source)?.setAttribute("open", ""));
      small.append(" · ", link);
    }
    entry.append(small);
    offer(activity.suggestedActions?.actions ?? []);
  }
  shown.set(activity.id, entry);
  if (!entry.isConnected) thread.append(entry);
  thread.scrollTop = thread.scrollHeight;
}

const plain = (markdown) => markdown.replace(/\*\*(.+?)\*\*/g, "$1");

function offer(actions) {
  choices.replaceChildren(
    ...actions.map((action) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = action.title;
      button.addEventListener("click", () => void send(action.title, action.value));
      return button;
    }),
  );
}

async function send(words, value) {
  const clientActivityID = crypto.randomUUID();
  const entry = document.createElement("li");
  entry.className = "mine pending";
  entry.dir = "auto";
  entry.textContent = words;
  shown.set(clientActivityID, entry);
  thread.append(entry);
  thread.scrollTop = thread.scrollHeight;
  choices.replaceChildren();
  await post(entry, {
    type: "message",
    text: words,
    locale: document.documentElement.lang,
    channelData: { clientActivityID },
    ...(value === undefined ? {} : { value }),
  });
}

/** The id makes a retry the same message, so pressing it twice cannot send it twice. */
async function post(entry, activity) {
  try {
    await start();
    const { id } = await call("POST", `/conversations/${session.conversationId}/activities`, activity);
    shown.set(id, entry);
    entry.classList.remove("pending");
  } catch (error) {
    const retry = document.createElement("button");
    retry.type = "button";
    retry.textContent = error.data?.error?.message ?? "Not sent. Try again";
    retry.addEventListener("click", () => {
      retry.remove();
      void post(entry, activity);
    });
    entry.append(retry);
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const words = text.value.trim();
  if (words === "") return;
  text.value = "";
  void send(words);
});
text.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit();
});
for (const button of document.querySelectorAll("[data-choice]")) {
  button.addEventListener(
    "click",
    () => void send(button.textContent, { choice: button.dataset.choice, title: button.textContent }),
  );
}
setInterval(() => {
  if (session !== null) call("POST", "/tokens/refresh").then(keep, () => undefined);
}, refreshMs);

const words = {
  en: {
    add: "Add the messages from before you signed in to your account?",
    yes: "Yes, add them",
    no: "No, leave them out",
  },
  sv: { add: "Lägga till meddelandena från före inloggningen i ditt konto?", yes: "Ja, lägg till", no: "Nej, låt bli" },
  de: {
    add: "Die Nachrichten von vor der Anmeldung Ihrem Konto hinzufügen?",
    yes: "Ja, hinzufügen",
    no: "Nein, weglassen",
  },
  es: {
    add: "¿Añadir a tu cuenta los mensajes de antes de iniciar sesión?",
    yes: "Sí, añadirlos",
    no: "No, dejarlos fuera",
  },
};

/** Signs the visitor in; what they wrote before joins their account only when they say so. */
async function identify(token) {
  const before = session;
  const earlier =
    before === null ? null : await call("GET", `/conversations/${before.conversationId}/activities`).catch(() => null);
  session = null;
  keep(await call("POST", "/tokens/generate", { identity: token }));
  watermark = 0;
  shown.clear();
  thread.replaceChildren();
  stream?.close();
  await connect();
  if (earlier?.activities.length > 0) offerToJoin(before.token);
}

function offerToJoin(token) {
  const text = words[document.documentElement.lang] ?? words.en;
  const question = document.createElement("p");
  question.textContent = text.add;
  const answer = (title, act) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = title;
    button.addEventListener("click", () => {
      choices.replaceChildren();
      act();
    });
    return button;
  };
  choices.replaceChildren(
    question,
    answer(text.yes, () => void call("POST", `/conversations/${session.conversationId}/join`, { token })),
    answer(text.no, () => undefined),
  );
}

globalThis.Everline = { identify };
if (session !== null) await connect();
const identity = new URLSearchParams(location.hash.slice(1)).get("identity");
if (identity !== null) {
  history.replaceState(null, "", location.pathname + location.search);
  await identify(identity);
}
