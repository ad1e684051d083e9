import { callIfThere, hostSaid, session, signIn, takeSession } from "./call.ts";
import { Composer, field, sendFiles } from "./composer.tsx";
import { close, Header } from "./header.tsx";
import { meetHost, store, stored, tellHost } from "./host.ts";
import { fetchLater, later, sayAway } from "./later.ts";
import { forget } from "./leave.ts";
import { connect, drop, keepLine, sayVisible } from "./line.ts";
import { confirmed, failAll, failOthers, flush, recallPending } from "./outgoing.ts";
import { recallSound } from "./sound.ts";
import { change, onChange, state } from "./state.ts";
import { Thread } from "./thread.tsx";
import { render } from "./view.ts";
import { config, say } from "./words.ts";

/** So close to the end counts as the end. */
const nearPx = 80;
/** Some of the question stays above its answer. */
const abovePx = 48;
/** Who was signed in when the page was told last. */
let told: string | null | undefined;

function Chat() {
  const parts = later();
  return (
    <>
      <Header />
      <p class="notice" role="status">
        {state.notice !== null && say(state.notice)}
      </p>
      <main>
        <Thread />
        {!state.atBottom && (
          <button type="button" class="newest" onClick={toEnd}>
            ↓ {say("newest")}
          </button>
        )}
      </main>
      {parts !== null && [<parts.Join />, <parts.Offer />, <parts.Rating />]}
      <Composer />
      {state.dropping && <p class="drop">{say("drop")}</p>}
    </>
  );
}

function drawAll(): void {
  render(<Chat />, document.body);
  const thread = document.querySelector("#thread");
  if (thread !== null && state.atBottom) follow(thread);
  markRead();
  countUnread();
  tellIdentity();
  const { earlier, entries } = state;
  if (earlier !== null || entries.some(({ author, files }) => author !== "contact" || files.length > 0))
    void fetchLater();
}

/** To the end, but never past the beginning of the last message: a long answer is read from its top. */
function follow(thread: Element): void {
  const last = thread.querySelector<HTMLElement>(":scope > ol > li:last-child");
  thread.scrollTop = Math.min(thread.scrollHeight, (last?.offsetTop ?? 0) - abovePx);
}

function toEnd(): void {
  const thread = document.querySelector("#thread");
  if (thread !== null) thread.scrollTop = thread.scrollHeight;
}

/** What is on the screen has been read; the service tells agents and the customer's other tabs. */
function markRead(): void {
  const last = state.entries.at(-1)?.seq ?? 0;
  const seen = state.shown && document.visibilityState === "visible";
  if (!seen || last <= state.readSeq) return;
  state.readSeq = last;
  store("r", `${last}`);
  void callIfThere("POST", "/conversations/*/read", { seq: last });
}

function countUnread(): void {
  const unread = state.entries.filter((entry) => entry.author !== "contact" && entry.seq > state.readSeq).length;
  if (unread === state.unread) return;
  state.unread = unread;
  tellHost("unread", unread, unread === 0 ? say("chat") : `${say("chat")}, ${say("unread", { n: unread })}`);
}

/** The page around the chat may show who is signed in. */
function tellIdentity(): void {
  const { signedIn } = state;
  if (signedIn === told) return;
  told = signedIn;
  tellHost("emit", "identity", signedIn === null ? null : { name: signedIn });
}

function lost(): void {
  drop();
  failAll(state.signedIn === null ? "expired" : "signInAgain");
  change({
    entries: [],
    line: null,
    caughtUp: false,
    readSeq: 0,
    notice: state.signedIn === null ? "expired" : "signInAgain",
    signedIn: null,
  });
  store("r", null);
}

/** Another conversation than the one on the screen: begins anew with its history. */
function begin(): void {
  drop();
  change({
    entries: [],
    line: null,
    typing: null,
    draft: "",
    caughtUp: false,
    notice: null,
    readSeq: Number(stored("r") ?? 0),
  });
  failOthers();
  void connect();
}

async function identify(token: string | null): Promise<void> {
  if (hostSaid(token) || token === null) return;
  try {
    const before = session()?.conversationId;
    const { conversationId } = await signIn(token);
    if (conversationId === before) void connect();
    else begin();
  } catch (error) {
    tellHost("emit", "error", { code: (error as Error).message });
    if ((await fetchLater()) !== null) change({ notice: "signInFailed" });
  }
}

async function resume(key: string): Promise<void> {
  const parts = await fetchLater();
  if (parts === null) return sayAway();
  if (await parts.resumeWith(key)) begin();
  else change({ notice: "expired" });
}

/** What the customer is writing stays. */
function prefill(text: string | null): void {
  const input = field();
  if (input?.value === "") input.value = text ?? "";
}

function see(shown: boolean): void {
  change({ shown, atBottom: true });
  sayVisible();
  if (shown) field()?.focus();
}

onChange(drawAll);
meetHost({
  init({ colour, theme, shown }) {
    const { style, dataset } = document.documentElement;
    style.setProperty("--accent", colour ?? config.colour);
    if (theme !== undefined) dataset.theme = theme;
    takeSession(lost);
    recallSound();
    change({ readSeq: Number(stored("r") ?? 0) });
    recallPending();
    see(shown);
    // Into the field, once it is drawn.
    queueMicrotask(() => prefill(stored("d")));
    void connect();
  },
  shown: see,
  stored(key) {
    if (key.endsWith(":s") && takeSession()) begin();
    if (key.endsWith(":a")) takeSession();
    if (key.endsWith(":r")) change({ readSeq: Number(stored("r") ?? 0) });
  },
  identify: (token) => void identify(token),
  prefill,
  resume: (key) => void resume(key),
  reset: () => void forget(),
});
keepLine({ confirmed, back: () => void flush() });
addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || event.isComposing) return;
  // The menu closes by itself first.
  if (document.querySelector("#menu:popover-open") !== null) return;
  if (state.panel === null) return close();
  change({ panel: null });
  field()?.focus();
});
document.addEventListener("visibilitychange", () => {
  change({});
  sayVisible();
});
addEventListener(
  "scroll",
  ({ target }) => {
    if (!(target instanceof Element) || target.id !== "thread") return;
    const atBottom = target.scrollHeight - target.scrollTop - target.clientHeight < nearPx;
    if (atBottom !== state.atBottom) change({ atBottom });
  },
  true,
);
for (const name of ["dragover", "dragleave", "drop"] as const) {
  addEventListener(name, (event) => {
    event.preventDefault();
    change({ dropping: name === "dragover" });
    if (name === "drop") sendFiles((event as DragEvent).dataTransfer?.files);
  });
}
