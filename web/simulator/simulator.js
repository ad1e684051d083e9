const thread = document.querySelector("#thread");
const form = document.querySelector("#form");
const text = document.querySelector("#text");
const number = document.querySelector("#number");
const state = document.querySelector("#state");
const everyMs = 500;
let shown = "";

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = text.value;
  text.value = "";
  const response = await fetch("/simulator/api/sms", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ from: number.value, body }),
  }).catch(() => null);
  if (response === null || !response.ok) {
    text.value = body;
    state.textContent = "The message was not sent. Check the number (like +12025550123) and try again.";
  } else state.textContent = "";
  await refresh();
});
number.addEventListener("change", refresh);

async function refresh() {
  const response = await fetch(`/simulator/api/thread?number=${encodeURIComponent(number.value)}`).catch(() => null);
  if (response === null || !response.ok) return;
  const { messages } = await response.json();
  const next = JSON.stringify(messages);
  if (next === shown || (messages.length === 0 && shown === "")) return;
  shown = next;
  thread.replaceChildren(...messages.map(item));
  thread.scrollTop = thread.scrollHeight;
}

function item(message) {
  const entry = document.createElement("li");
  entry.className = message.by;
  entry.dir = "auto";
  entry.textContent = message.body;
  const status = document.createElement("small");
  status.textContent = `${new Date(message.at).toLocaleTimeString()} · ${message.status}`;
  entry.append(status);
  return entry;
}

setInterval(refresh, everyMs);
await refresh();
