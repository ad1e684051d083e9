const $ = (id) => document.getElementById(id);
const views = {
  open: "Open",
  waiting: "Waiting",
  mine: "Mine",
  assistant: "Assistant",
  resolved: "Resolved",
  callbacks: "Callbacks",
};
const state = { view: "open", open: null, lastSeq: 0, fence: undefined, position: null, pendingId: null };
const setupToken = new URLSearchParams(location.search).get("token");

async function call(method, path, body) {
  const response = await fetch(`/api/v1${path}`, {
    method,
    headers: body === undefined ? {} : { "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const data = response.status === 204 ? null : await response.json().catch(() => null);
  return { ok: response.ok, status: response.status, data };
}

// ---- entering ----
$("enter-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const values = Object.fromEntries(new FormData(event.target));
  const result = setupToken
    ? await call("POST", "/setup", { token: setupToken, ...values })
    : await call("POST", "/session", { email: values.email, password: values.password });
  if (!result.ok) {
    $("enter-error").textContent = result.data?.error?.message ?? "That did not work. Try again.";
    return;
  }
  if (setupToken) history.replaceState(null, "", "/inbox");
  await enter();
});
$("leave").addEventListener("click", async () => {
  await call("DELETE", "/session");
  location.reload();
});

async function enter() {
  const { ok } = await call("GET", "/session");
  $("desk").hidden = !ok;
  $("enter").hidden = ok;
  if (!ok) {
    $("enter-title").textContent = setupToken ? "Create the first administrator" : "Sign in";
    $("name-field").hidden = !setupToken;
    return;
  }
  drawViews();
  await drawList();
  connect();
}

// ---- list ----
function drawViews() {
  $("views").replaceChildren(
    ...Object.entries(views).map(([view, label]) => {
      const button = document.createElement("button");
      button.textContent = label;
      button.setAttribute("aria-current", String(view === state.view));
      button.addEventListener("click", () => {
        state.view = view;
        drawViews();
        void drawList();
      });
      return button;
    }),
  );
}

async function drawList() {
  const callbacks = state.view === "callbacks";
  const { ok, data } = await call("GET", callbacks ? "/callbacks" : `/conversations?view=${state.view}`);
  if (!ok) return;
  const rows = callbacks ? data.callbacks.map(callbackRow) : data.conversations.map(conversationRow);
  $("list").replaceChildren(...rows);
  $("list-empty").hidden = rows.length > 0;
}

function row(id, title, badge, preview) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.setAttribute("aria-current", String(id === state.open));
  const top = document.createElement("span");
  top.className = "top";
  const name = document.createElement("bdi");
  name.textContent = title;
  const mark = document.createElement("span");
  mark.className = "badge";
  mark.textContent = badge;
  top.append(name, mark);
  const text = document.createElement("div");
  text.className = "preview";
  text.dir = "auto";
  text.textContent = preview;
  button.append(top, text);
  button.addEventListener("click", () => openConversation(id));
  item.append(button);
  return item;
}

const conversationRow = (one) =>
  row(
    one.id,
    one.contactName ?? one.address ?? "Visitor",
    `${one.channel ?? ""} · ${one.owner === "queue" ? "waiting" : (one.agentName ?? one.owner)}`,
    one.preview ?? "No text",
  );
const callbackRow = (one) =>
  row(one.conversationId, one.phone ?? "No number yet", one.state, one.wish ?? "As soon as possible");

// ---- thread ----
async function openConversation(id) {
  state.open = id;
  state.lastSeq = 0;
  $("timeline").replaceChildren();
  $("composer-error").textContent = "";
  $("text").value = localStorage.getItem(`draft:${id}`) ?? "";
  $("desk").classList.add("reading");
  await refreshThread();
  $("actions").hidden = false;
  $("composer").hidden = false;
  await drawList();
}
$("back").addEventListener("click", () => $("desk").classList.remove("reading"));

async function refreshThread() {
  const id = state.open;
  if (id === null) return;
  const [one, page] = await Promise.all([
    call("GET", `/conversations/${id}`),
    call("GET", `/conversations/${id}/events?after=${state.lastSeq}`),
  ]);
  if (id !== state.open || !one.ok || !page.ok) return;
  state.fence = one.data.fence;
  const owner = {
    assistant: "the assistant answers",
    queue: "waits for a person",
    agent: `with ${one.data.agentName}`,
  }[one.data.owner];
  $("who").textContent =
    `${one.data.contactName ?? one.data.address ?? "Visitor"} · ${owner}${one.data.status === "resolved" ? " · resolved" : ""}`;
  for (const event of page.data.events) {
    if (event.seq <= state.lastSeq) continue;
    state.lastSeq = event.seq;
    if (event.type === "attachment") await redraw(event.data.of);
    if (event.type === "receipt" || event.type === "delivery-failed") updateReceipt(event);
    const entry = draw(event);
    if (entry !== null) $("timeline").append(entry);
  }
  $("timeline").scrollTop = $("timeline").scrollHeight;
}

function draw(event) {
  const entry = document.createElement("li");
  entry.dir = "auto";
  if (event.parts) {
    entry.className = event.type === "note" ? "note" : event.actor === "contact" ? "" : "ours";
    entry.dataset.seq = event.seq;
    entry.textContent = event.parts
      .filter((part) => part.t !== "media")
      .map(partText)
      .filter(Boolean)
      .join("\n");
    entry.append(...event.parts.filter((part) => part.t === "media").map(drawFile));
    const small = document.createElement("small");
    const author =
      event.actor === "contact" ? "Customer" : event.actor === "assistant" ? "Assistant" : (event.agentName ?? "Agent");
    const delivery = event.deliveries?.at(-1);
    small.textContent = [
      author,
      new Date(event.at).toLocaleTimeString(),
      event.meta?.sources?.length ? `source: ${event.meta.sources.join(", ")}` : "",
      delivery ? describe(delivery) : "",
    ]
      .filter(Boolean)
      .join(" · ");
    entry.append(small);
    return entry;
  }
  const words = {
    assignment: `${event.agentName ?? "An agent"}: ${event.data.change}`,
    handoff: `Handed to people: ${event.data.reason}. ${event.data.issue ?? ""}`,
    resolution: `${event.agentName ?? "An agent"} resolved the issue`,
    reopened: "Opened again",
    snoozed: "Put aside",
    callback: `Callback ${event.data.state}${event.data.wish ? `: ${event.data.wish}` : ""}`,
    change: `The customer: ${event.data.change}`,
    "delivery-failed": `Not delivered: ${event.data.error?.text ?? "unknown reason"}`,
  }[event.type];
  if (words === undefined) return null;
  entry.className = "line";
  entry.textContent = words;
  return entry;
}

/** A file of the customer's: a picture as a thumbnail, everything else by name, size and state (X3: only our own route). */
function drawFile(part) {
  const box = document.createElement("div");
  box.className = "file";
  const address = `/api/v1/attachments/${part.assetId}`;
  const name = document.createElement(part.state === "ready" ? "a" : "span");
  name.textContent = part.name ?? part.kind;
  if (part.state === "ready") name.href = address;
  if (part.state === "ready" && part.mime.startsWith("image/")) {
    const picture = document.createElement("img");
    picture.src = address;
    picture.alt = "";
    picture.loading = "lazy";
    box.append(picture);
  }
  const rest = document.createElement("span");
  rest.textContent = ` · ${[part.size ? sizeWords(part.size) : "", fileStates[part.state], part.why].filter(Boolean).join(" · ")}`;
  const label = document.createElement("div");
  const isolated = document.createElement("bdi");
  isolated.append(name);
  label.append(isolated, rest);
  box.append(label);
  if (part.caption) box.append(part.caption);
  return box;
}

const fileStates = { pending: "being fetched", ready: "", failed: "failed", blocked: "not accepted" };
const sizeWords = (bytes) =>
  bytes < 1_000_000 ? `${Math.max(1, Math.round(bytes / 1_000))} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;

/** A file of an entry that is on the screen already has changed. */
async function redraw(seq) {
  const old = $("timeline").querySelector(`[data-seq="${Number(seq)}"]`);
  if (old === null) return;
  const { ok, data } = await call("GET", `/conversations/${state.open}/events?after=${Number(seq) - 1}`);
  const entry = ok && data.events[0]?.seq === Number(seq) ? draw(data.events[0]) : null;
  if (entry !== null) old.replaceWith(entry);
}

function describe(delivery) {
  return delivery.state === "failed" ? `failed: ${delivery.error?.text ?? ""}` : delivery.state;
}

function updateReceipt(event) {
  const small = $("timeline").querySelector(`[data-seq="${Number(event.data.of)}"] small`);
  if (small)
    small.textContent = small.textContent
      .replace(/ · (ready|sending|unknown|sent|delivered|read)$/, "")
      .concat(` · ${event.data.state}`);
}

function partText(part) {
  switch (part.t) {
    case "text":
      return part.text;
    case "choices":
      return part.options.map((option) => `▸ ${option.title}`).join("\n");
    case "choice":
      return `▸ ${part.title}`;
    case "location":
      return `[location] ${part.name ?? ""} ${part.lat}, ${part.lng}`;
    case "unsupported":
      return `[unsupported: ${part.what}]`;
    default:
      return `[${part.t}]`;
  }
}

// ---- writing ----
const kind = () => new FormData($("composer")).get("kind");
$("composer").addEventListener("change", () => $("composer").classList.toggle("noting", kind() === "note"));
$("text").addEventListener("input", () => localStorage.setItem(`draft:${state.open}`, $("text").value));
$("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("composer").requestSubmit();
});
$("composer").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (text === "" || state.open === null) return;
  state.pendingId ??= crypto.randomUUID();
  await send({ clientId: state.pendingId, kind: kind(), text, afterSeq: state.lastSeq });
});

async function send(message) {
  const id = state.open;
  const result = await call("POST", `/conversations/${id}/messages`, message).catch(() => ({ ok: false, data: null }));
  if (result.status === 409 && result.data?.newer && confirm(result.data.error.message)) {
    return send({ ...message, afterSeq: undefined });
  }
  if (!result.ok) {
    $("composer-error").textContent =
      result.data?.error?.message ?? "Not sent: no connection. Press Send to try again.";
    return;
  }
  state.pendingId = null;
  $("text").value = "";
  localStorage.removeItem(`draft:${id}`);
  $("composer-error").textContent = "";
  await refreshThread();
}
for (const action of ["claim", "resolve"]) {
  $(action).addEventListener("click", async () => {
    const result = await call("POST", `/conversations/${state.open}/${action}`);
    $("composer-error").textContent = result.ok ? "" : (result.data?.error?.message ?? "That did not work.");
    await Promise.all([refreshThread(), drawList()]);
  });
}

// ---- live ----
let tries = 0;
function connect() {
  const address = new URL("/api/v1/live", location.href);
  address.protocol = address.protocol.replace("http", "ws");
  if (state.position !== null) address.searchParams.set("after", state.position);
  const socket = new WebSocket(address);
  socket.addEventListener("open", () => {
    tries = 0;
    $("connection").textContent = "";
    void drawList();
    void refreshThread();
  });
  socket.addEventListener("message", (event) => {
    const page = JSON.parse(event.data);
    state.position = page.position;
    if (page.events.length === 0) return;
    void drawList();
    if (page.events.some((one) => one.conversationId === state.open)) void refreshThread();
  });
  socket.addEventListener("close", (event) => {
    if (event.code === 4401) return location.reload();
    tries += 1;
    $("connection").textContent = "Connecting again…";
    // Full jitter, so that a restart is not met by everybody at once.
    setTimeout(connect, Math.random() * Math.min(15_000, 500 * 2 ** tries));
  });
}

await enter();
