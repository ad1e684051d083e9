import { call } from "./api.js";
import { sayLine } from "./connection.js";
import { changed, desk, on } from "./state.js";

const waitMaxMs = 15_000;
const sayHereEveryMs = 20_000;
/** Who has touched nothing for so long has gone, whatever stands open on their screen. */
const hereForMs = 600_000;

let position = null;
let tries = 0;
let timer = null;
let socket = null;
let touchedAt = Date.now();

// Customers who wait are told whether anybody is here; callers, whether a telephone can ring.
for (const name of ["pointerdown", "pointermove", "keydown", "wheel", "focus"])
  addEventListener(name, touched, { passive: true, capture: true });
setInterval(sayHere, sayHereEveryMs);
on("open", sayWatched);

function touched() {
  const cameBack = Date.now() - touchedAt > hereForMs;
  touchedAt = Date.now();
  if (cameBack) sayHere();
}

function sayHere() {
  tell({ here: Date.now() - touchedAt < hereForMs });
}

/** While its customer writes, this page hears of it. */
function sayWatched() {
  tell({ watch: desk.openId });
}

function tell(what) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(what));
}

/** Keeps a socket to the server; after every gap the page asks for everything since what it has (R7). */
export function connect() {
  clearTimeout(timer);
  const address = new URL("/api/v1/live", location.href);
  address.protocol = address.protocol.replace("http", "ws");
  if (position !== null) address.searchParams.set("after", position);
  socket?.close();
  const mine = new WebSocket(address);
  socket = mine;
  let opened = false;
  mine.addEventListener("open", () => {
    opened = true;
    tries = 0;
    sayLine("");
    sayHere();
    sayWatched();
    changed("list");
    changed("thread");
  });
  mine.addEventListener("message", ({ data }) => {
    const page = JSON.parse(data);
    if (page.presence !== undefined) return changed("presence", page.presence);
    if (page.typing !== undefined) return page.typing === desk.openId && changed("typing");
    position = page.position;
    const news = [...page.events.map((one) => one.conversationId), ...page.hints];
    if (news.length === 0) return;
    changed("list");
    if (news.includes(desk.openId)) changed("thread");
  });
  mine.addEventListener("close", ({ code }) => {
    if (mine !== socket) return;
    if (code === 4401) return changed("signed-out");
    tries += 1;
    // Full jitter, so that a restart is not met by everybody at once.
    const waitMs = Math.random() * Math.min(waitMaxMs, 500 * 2 ** tries);
    sayLine(navigator.onLine ? "Connecting again…" : "You are offline. What you write is kept.");
    timer = setTimeout(opened ? connect : connectIfSignedIn, waitMs);
  });
}

/** A browser does not say why a socket was refused. */
async function connectIfSignedIn() {
  const { status } = await call("GET", "/session");
  if (status === 401) changed("signed-out");
  else connect();
}

// The network is back: no need to wait for the next try.
addEventListener("online", () => socket?.readyState === WebSocket.CLOSED && connect());
