import { $ } from "./dom.js";
import { changed } from "./state.js";

const againMs = 500;
const againMaxMs = 15_000;

/** What could not be read as yet: how often it was tried, and when it is again. */
const behind = new Map();
let line = "";

/** What the socket says of itself; nothing while all is well. */
export function sayLine(words) {
  line = words;
  draw();
}

/** Was it read? Else the page says that it may be behind, and reads it again soon: no event comes twice (R7). */
export function wasRead(what, { ok, status }) {
  if (ok || status === 401 || status === 404) return ok;
  const { tries, timer } = behind.get(what) ?? { tries: 0 };
  clearTimeout(timer);
  const waitMs = Math.min(againMaxMs, againMs * 2 ** tries) * (1 + Math.random());
  behind.set(what, { tries: tries + 1, timer: setTimeout(changed, waitMs, what) });
  draw();
  return false;
}

/** All of it is as the database has it. */
export function upToDate(what) {
  clearTimeout(behind.get(what)?.timer);
  behind.delete(what);
  draw();
}

function draw() {
  const words = line || (behind.size > 0 ? "The service did not answer. Trying again…" : "");
  if ($("connection").textContent === words) return;
  $("connection").textContent = words;
  $("connection").className = words === "" ? "" : "problem";
}
