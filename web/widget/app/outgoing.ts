import { call, openSession, Refused, session, timedOut } from "./call.ts";
import { store, storedKeys, storedObject, tellHost } from "./host.ts";
import { fetchLater, later, sayAway } from "./later.ts";
import { connect, dropSilent } from "./line.ts";
import { change, type Pending, state } from "./state.ts";
import { config, type WordKey } from "./words.ts";

/** As on the service (channels/web-chat/upload.ts). */
const fileMaxBytes = 10 * 1024 * 1024;
export const filesMax = 5;
/** A message that found no line is tried again after this, and at once when the line is back. */
const pauseMs = 5_000;
const soonMs = 500;
/** What the service took, the line brings sooner; one that is silent for so long is dead. */
const confirmedWithinMs = 1_000;

let sending = false;
let timer = 0;
let ticking = 0;

/** Shows a message at once and sends it after those before it. Words, and names of files, are stored until the service has them. */
export function send(text: string, value?: unknown, files: readonly File[] = []): void {
  const big = files.some((file) => file.size > fileMaxBytes);
  const pending: Pending = {
    id: newId(),
    at: Date.now(),
    text,
    files,
    in: session()?.conversationId,
    ...(value === undefined ? {} : { value }),
    ...(big ? { state: "failed", why: "tooBig" } : { state: "sending" }),
  };
  keep(pending);
  change({ pending: [...state.pending, pending], atBottom: true });
  if (files.length > 0 && canKeep) void fetchLater().then((parts) => parts?.keepFiles(pending));
  void flush();
}

/** Whether tabs of this browser know of each other; those without a secure connection do not. */
const canKeep = "locks" in navigator;

// `crypto.randomUUID` is there on https and localhost only.
const newId = (): string => [...crypto.getRandomValues(new Uint32Array(4))].join("-");

/** Takes up what an earlier page could not send. */
export function recallPending(): void {
  const known = new Set(state.pending.map((one) => one.id));
  const stored = storedKeys("q:").flatMap((key) => storedObject<Pending>(key) ?? []);
  const unknown = stored.filter((one) => !known.has(one.id));
  const withFiles = unknown.findIndex((one) => one.files.length > 0);
  const rest = canKeep && withFiles >= 0 ? unknown.splice(withFiles) : [];
  const show = (some: readonly Pending[]): void => {
    change({ pending: [...state.pending, ...some.map(failWithout)] });
    failOthers();
    void flush();
  };
  show(unknown);
  // Files are found again first, and what was written after them waits for them.
  if (rest.length > 0) void fetchLater().then((parts) => (parts === null ? show(rest) : parts.recall(rest)));
}

/** Without the files themselves, which were that page's: the customer attaches them again. */
export const failWithout = (one: Pending): Pending => (one.files.length > 0 ? { ...one, state: "failed" } : one);

/** What was written in another conversation is not sent into this one by itself: the customer decides. */
export function failOthers(): void {
  const here = session()?.conversationId;
  for (const one of state.pending)
    if (one.state !== "failed" && one.in !== undefined && one.in !== here)
      update(one.id, { state: "failed", why: "expired" });
}

function keep(pending: Pending): void {
  const files = pending.files.map(({ name }) => ({ name }));
  store(keyOf(pending), JSON.stringify({ ...pending, files }));
}

/** The thread shows the message itself now. */
export function confirmed(id: string): void {
  const pending = state.pending.find((one) => one.id === id);
  if (pending === undefined) return;
  gone(pending);
  change({ pending: state.pending.filter((one) => one.id !== id) });
}

/** Nothing of it is kept in this browser any more. */
function gone(pending: Pending): void {
  store(keyOf(pending), null);
  if (pending.files.length > 0 && canKeep) later()?.dropFiles(pending.id);
}

/** Under the same id: were the message there already, this would change nothing. */
export function retry(id: string): void {
  update(id, { state: "sending", in: session()?.conversationId });
  void flush();
}

export function remove(id: string): void {
  const sendsNow = state.pending.find((one) => one.state === "sending")?.id === id;
  confirmed(id);
  if (sendsNow) later()?.cancelUpload();
}

/** The session that they were written in is over: the customer decides. */
export function failAll(why: WordKey): void {
  change({ pending: state.pending.filter((one) => one.state !== "sent") });
  for (const { id } of state.pending) update(id, { state: "failed", why });
}

/** Sends what waits, one after the other, so that the order holds. */
export async function flush(): Promise<void> {
  // A service that said when to come again is not asked before.
  if (sending || (first()?.again ?? 0) > Date.now()) return;
  sending = true;
  clearTimeout(timer);
  clearInterval(ticking);
  try {
    for (let next = first(); next !== undefined; next = first()) {
      update(next.id, { state: "sending" });
      if (!(await deliver(next))) break;
    }
  } finally {
    sending = false;
  }
}

const first = (): Pending | undefined =>
  state.pending.find((one) => one.state === "sending" || one.state === "waiting");

/** False: nothing can be sent at the moment. */
async function deliver(pending: Pending): Promise<boolean> {
  // A session that was lost has failed everything already, in better words.
  const fail = (why: WordKey): void => {
    if (state.pending.some((one) => one.id === pending.id && one.state === "sending"))
      update(pending.id, { state: "failed", why });
  };
  try {
    const opened = await openSession(true);
    // The line is opened beside the first message, not behind it.
    void connect();
    if (pending.in !== undefined && pending.in !== opened?.conversationId) {
      fail("expired");
      return true;
    }
    await (pending.files.length > 0
      ? upload(pending)
      : call("POST", "/conversations/*/activities", toActivity(pending)));
    taken(pending.id);
    return true;
  } catch (error) {
    if (error instanceof Refused && error.status < 500 && error.status !== 429) {
      fail(reasons[error.code] ?? "refused");
      tellHost("emit", "error", { code: error.code });
      return true;
    }
    const waitMs = error instanceof Refused ? error.waitMs : 0;
    update(pending.id, { state: "waiting", ...(waitMs > 0 ? { again: Date.now() + waitMs } : {}) });
    // Has waited already: says so, and goes over another connection.
    const silent = timedOut(error);
    if (silent) {
      sayAway();
      dropSilent(confirmedWithinMs);
      void connect();
    }
    timer = setTimeout(() => retry(pending.id), waitMs || (silent ? soonMs : pauseMs));
    // The seconds that are left are shown.
    ticking = setInterval(() => change({}), 1_000);
    return false;
  }
}

async function upload(pending: Pending): Promise<void> {
  const parts = await fetchLater();
  if (parts === null) throw new Error("away");
  await parts.postFiles(pending);
}

/** The service has it. It stays where it is until the thread brings it with its number. */
function taken(id: string): void {
  const pending = state.pending.find((one) => one.id === id);
  if (pending === undefined) return;
  gone(pending);
  update(id, { state: "sent" });
  void connect();
  setTimeout(() => {
    if (!state.pending.some((one) => one.id === id && one.state === "sent")) return;
    dropSilent(confirmedWithinMs);
    void connect();
  }, confirmedWithinMs);
}

const reasons: Readonly<Record<string, WordKey>> = {
  MessageSizeTooBig: "tooLong",
  FileTooBig: "tooBig",
  TooManyFiles: "tooManyFiles",
  QuotaExceeded: "noRoom",
};

export function update(id: string, patch: Partial<Pending>): void {
  change({
    pending: state.pending.map((one) => {
      if (one.id !== id) return one;
      const { why: _, again: __, ...rest } = one;
      const next = { ...rest, ...patch };
      // A page that comes later is not to send what failed.
      if (patch.state === "failed") keep(next);
      return next;
    }),
  });
}

export function toActivity({ id, text, value }: Pending): object {
  return {
    type: "message",
    text,
    // As the customer's page or browser has it, also when it is none of the labels' languages.
    locale: new URLSearchParams(location.search).get("locale") ?? config.locale,
    channelData: { clientActivityID: id },
    ...(value === undefined ? {} : { value }),
  };
}

/** Sorts by time, so that a page that comes later sends in the order of writing. */
export const keyOf = ({ at, id }: Pending): string => `q:${at}:${id}`;
