import { base, call, endLate, openSession, session } from "./call.ts";
import { tellHost } from "./host.ts";
import { pauseMs } from "./pause.ts";
import { chime } from "./sound.ts";
import { change, type Entry, type FileShown, type Line, state } from "./state.ts";

/** The service sends an empty frame every 20 s; two of them missing, and the line is dead whatever the browser says. */
const silentMs = 45_000;
const lookEveryMs = 15_000;
const refreshEveryMs = 600_000;
/** Stock clients say that they type every three seconds. A language model may think for a minute. */
const typingMs = { agent: 6_000, assistant: 60_000 };

export interface Activity {
  readonly type: string;
  readonly name?: string;
  readonly value?: unknown;
  readonly timestamp: string;
  readonly from: { readonly name?: string };
  readonly text?: string;
  readonly textFormat?: string;
  readonly locale?: string;
  readonly attachments?: readonly { readonly contentUrl?: string }[];
  readonly suggestedActions?: { readonly actions: Entry["choices"] };
  readonly channelData?: {
    readonly clientActivityID?: string;
    readonly everline?: {
      readonly seq: number;
      readonly author: Entry["author"];
      readonly kind: string;
      readonly sources: readonly string[];
      readonly sourceTitles?: readonly string[];
      readonly flow: string | null;
      readonly files?: readonly FileShown[];
    };
  };
}

let socket: WebSocket | null = null;
/** The conversation whose line is being opened. */
let opening: string | undefined;
let tries = 0;
let heard = 0;
let retry = 0;
let typingEnds = 0;
let onConfirmed = (_clientId: string): void => undefined;
let onBack = (): void => undefined;

/** Keeps the stream open for as long as there is a session; every way back asks for what came after the last seq. */
export function keepLine(listener: { confirmed(clientId: string): void; back(): void }): void {
  onConfirmed = listener.confirmed;
  onBack = listener.back;
  for (const name of ["online", "pageshow", "focus"]) addEventListener(name, wake);
  addEventListener("offline", () => {
    drop();
    change({ notice: "offline" });
  });
  document.addEventListener("visibilitychange", wake);
  setInterval(() => {
    dropSilent();
    void connect();
  }, lookEveryMs);
  setInterval(() => session() !== null && void openSession(false).catch(() => undefined), refreshEveryMs);
}

/** After a sleep the browser may think for minutes that a dead socket lives. */
function wake(): void {
  if (document.visibilityState === "hidden") return;
  dropSilent();
  tries = 0;
  void connect();
  onBack();
}

/** A network may lose a line without a word to the browser. */
export function dropSilent(forMs = silentMs): void {
  if (Date.now() - heard > forMs) drop();
}

export async function connect(): Promise<void> {
  const to = session()?.conversationId;
  if (to === undefined) return endLate().catch(() => undefined);
  if (opening === to || socket !== null) return;
  opening = to;
  clearTimeout(retry);
  try {
    // What became of files that were still being fetched is read again.
    const unfinished = state.entries.find(({ files }) => files.some((file) => file.state === "pending"));
    const watermark = (unfinished ? unfinished.seq - 1 : state.entries.at(-1)?.seq) ?? 0;
    const opened = (await call("GET", `/conversations/*?watermark=${watermark}`)) as { streamUrl: string };
    // The same way that this page came, whatever the service thinks its name is.
    const { pathname, search } = new URL(opened.streamUrl);
    // Another conversation may have begun meanwhile.
    if (session()?.conversationId === to && socket === null)
      listen(new WebSocket(`${location.origin.replace(/^http/, "ws")}${pathname}${search}&state=1`));
  } catch {
    later();
  } finally {
    if (opening === to) opening = undefined;
  }
}

function listen(opened: WebSocket): void {
  socket = opened;
  heard = Date.now();
  opened.onmessage = ({ data }: MessageEvent<string>) => {
    heard = Date.now();
    if (tries > 0 || state.notice === "connecting" || state.notice === "offline" || state.notice === "serverAway") {
      tries = 0;
      change({ notice: null });
    }
    if (data !== "") take((JSON.parse(data) as { activities: Activity[] }).activities);
  };
  opened.onopen = () => {
    sayVisible();
    onBack();
  };
  opened.onclose = () => {
    socket = null;
    later();
  };
}

/** Whoever looks at the chat needs no push message; the service wants to know. */
export function sayVisible(): void {
  const visible = state.shown && document.visibilityState === "visible";
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ visible }));
}

/** Lets go of the socket; whoever wants it back calls `connect`. */
export function drop(): void {
  if (socket === null) return;
  socket.onclose = null;
  socket.onmessage = null;
  socket.close();
  socket = null;
}

function later(): void {
  if (session() === null) return;
  tries += 1;
  clearTimeout(retry);
  retry = setTimeout(() => void connect(), pauseMs(tries));
  if (!navigator.onLine) change({ notice: "offline" });
  else if (tries > 1) change({ notice: tries > 5 ? "serverAway" : "connecting" });
}

/** What the service says of the conversation; what is there already is replaced. */
export function take(activities: readonly Activity[]): void {
  const entries: Entry[] = [];
  for (const activity of activities) {
    if (activity.type === "typing") showTyping(activity);
    else if (activity.name === "everline.state") takeLine(activity.value as Line);
    else if (activity.type === "message") entries.push(toEntry(activity));
    const clientId = activity.channelData?.clientActivityID;
    if (clientId !== undefined) onConfirmed(clientId);
  }
  if (entries.length > 0) add(entries);
}

function takeLine(line: Line): void {
  // Whoever takes over says it in their own words (R4).
  if (line.owner !== "assistant" && state.typing === "assistant") change(notTyping);
  change({ line, caughtUp: true, readSeq: Math.max(state.readSeq, line.ownReadSeq) });
}

function showTyping({ channelData, text }: Activity): void {
  const author = channelData?.everline?.author;
  if (author !== "agent" && author !== "assistant") return;
  change({ typing: author, draft: text ?? state.draft });
  clearTimeout(typingEnds);
  typingEnds = setTimeout(() => change(notTyping), typingMs[author]);
}

const notTyping = { typing: null, draft: "" };

/** Puts messages where their number says; one that is there already is replaced. */
export function add(more: readonly Entry[]): void {
  const bySeq = new Map(state.entries.map((entry) => [entry.seq, entry]));
  const fresh = more.filter((entry) => !bySeq.has(entry.seq) && entry.author !== "contact");
  for (const entry of more) bySeq.set(entry.seq, entry);
  change({
    entries: [...bySeq.values()].sort((one, other) => one.seq - other.seq),
    ...(fresh.length > 0 ? notTyping : {}),
  });
  if (!state.caughtUp) return;
  for (const { seq, author, text } of fresh) tellHost("emit", "message", { seq, author, text });
  if (fresh.length > 0) chime();
}

function toEntry(activity: Activity): Entry {
  const { everline } = activity.channelData ?? {};
  const sources = everline?.sources ?? [];
  const links = (activity.attachments ?? []).flatMap(({ contentUrl }) => contentUrl ?? []);
  return {
    seq: everline?.seq ?? 0,
    author: everline?.author ?? "system",
    name: activity.from.name ?? "",
    text: activity.text ?? "",
    markdown: activity.textFormat === "markdown",
    locale: activity.locale,
    sources: sources.map((id, at) => ({ id, title: everline?.sourceTitles?.[at] ?? id })),
    choices: activity.suggestedActions?.actions ?? [],
    files: (everline?.files ?? []).map((file) => withLink(file, links)),
    at: Date.parse(activity.timestamp),
    kind: everline?.kind ?? "",
    flow: everline?.flow ?? null,
  };
}

/** Only from our own origin (X2), whatever name the service gives itself. */
function withLink(file: FileShown, links: readonly string[]): FileShown {
  const link = links.find((one) => file.id !== null && one.includes(file.id));
  if (link === undefined) return file;
  const { pathname, search } = new URL(link);
  return pathname.startsWith(`${base}/attachments/`) ? { ...file, url: pathname + search } : file;
}
