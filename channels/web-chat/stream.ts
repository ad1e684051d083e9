import type { WebSocket } from "ws";
import { stateActivity, typingActivity } from "./activity.ts";
import type { Visitor } from "./tokens.ts";

/** An empty frame this often keeps proxies from closing a quiet socket. */
const keepAliveMs = 20_000;
/** The sockets take turns: of ten thousand, 25 are written to in the same moment, and no message waits for them. */
const turns = 400;
/** Activities of one read; a set that is full has more behind it. */
export const pageMax = 200;
/** Messages of one stream whose files are still being fetched; more than a telephone sends before the first is here. */
const unfinishedMax = 20;
const none: readonly number[] = [];
/** A reader so far behind has gone away; it catches up after its watermark. */
const unsentMaxBytes = 4 * 1024 * 1024;

export interface ActivitySet {
  readonly activities: readonly object[];
  readonly watermark: string;
}

/** What was read, and the seqs of those messages whose files are still being fetched. */
export interface Reading {
  readonly set: ActivitySet;
  readonly unfinished: readonly number[];
}

/** Somebody of ours writes; `draft` is what they have so far, where that may be seen. */
export type HearsTyping = (by: "assistant" | "agent", draft?: string) => void;

export interface StreamDeps {
  readonly read: (visitor: Visitor, after: number, max: number) => Promise<Reading>;
  /** The seq of the latest event; asked for many at the same moment. */
  readonly lastSeq: (conversationId: string) => Promise<number>;
  /** Who has the conversation, for clients that ask for it. */
  readonly state: (conversationId: string) => Promise<object | null>;
  readonly subscribe: (conversationId: string, onChange: () => void) => () => void;
  readonly onTyping: (conversationId: string, listener: HearsTyping) => () => void;
  readonly onSessionEnd: (sessionId: string, listener: () => void) => () => void;
}

export interface Streams {
  /**
   * Sends what came after the watermark (null: from now on), then what happens, until the socket or the session ends.
   * One reader per socket, so nothing is sent twice or out of order; typing passes by without moving the watermark.
   */
  open(socket: WebSocket, visitor: Visitor, watermark: number | null, asksState: boolean): void;
  close(): void;
}

/** The open streams of this process, with one timer for all of them. */
export function createStreams(deps: StreamDeps): Streams {
  const rounds = Array.from({ length: turns }, () => new Set<Stream>());
  let round = 0;

  const timer = setInterval(() => {
    round = (round + 1) % turns;
    for (const stream of rounds[round] ?? []) stream.keepAlive();
  }, keepAliveMs / turns);
  timer.unref();

  return {
    open(socket, visitor, watermark, asksState) {
      const mine = rounds[Math.floor(Math.random() * turns)] ?? new Set();
      const stream = new Stream(deps, socket, visitor, watermark, asksState);
      mine.add(stream);
      socket.on("close", () => {
        mine.delete(stream);
        stream.end();
      });
      stream.wake();
    },
    close: () => clearInterval(timer),
  };
}

/** One socket's reader. A class, because ten thousand of these must share their functions. */
class Stream {
  readonly #deps: StreamDeps;
  readonly #socket: WebSocket;
  readonly #visitor: Visitor;
  /** Null: from now on. */
  readonly #wanted: number | null;
  readonly #asksState: boolean;
  readonly #undo: readonly (() => void)[];
  #after: number | null = null;
  /** Up to here everything was looked through; what came after it may be for us. */
  #looked = -1;
  #reading = false;
  #again = false;
  #rung = false;
  #stateDue = false;
  #state = "";
  #unfinished = none;

  constructor(deps: StreamDeps, socket: WebSocket, visitor: Visitor, wanted: number | null, asksState: boolean) {
    this.#deps = deps;
    this.#socket = socket;
    this.#visitor = visitor;
    this.#wanted = wanted;
    this.#asksState = asksState;
    const { conversationId, sessionId } = visitor;
    this.#undo = [
      deps.subscribe(conversationId, () => {
        this.#rung = true;
        this.wake();
      }),
      deps.onTyping(conversationId, (by, draft) => this.#typing(by, draft)),
      deps.onSessionEnd(sessionId, () => socket.close(4401, "session ended")),
    ];
  }

  /** Something may be new. */
  wake(): void {
    this.#stateDue = this.#asksState;
    void this.#read();
  }

  /** Also without a bell: one may have been lost (R7). */
  keepAlive(): void {
    this.#send("");
    // The place in line moves with other people's conversations, of which no bell tells this one.
    if (this.#state.includes('"owner":"queue"')) this.#stateDue = true;
    void this.#read();
  }

  end(): void {
    for (const stop of this.#undo) stop();
  }

  async #read(): Promise<void> {
    if (this.#reading) {
      this.#again = true;
      return;
    }
    this.#reading = true;
    try {
      do {
        this.#again = false;
        await this.#catchUp();
        await this.#finish();
        if (this.#stateDue) await this.#sendState();
      } while (this.#again);
    } catch {
      // The client connects again with its watermark and misses nothing.
      this.#socket.close(1013, "try again");
    } finally {
      this.#reading = false;
    }
  }

  async #catchUp(): Promise<void> {
    // Whoever heard a bell reads what it rang for, without asking first whether there is anything.
    if (this.#rung && this.#after !== null) {
      this.#rung = false;
      await this.#sendAfter(this.#after);
      return;
    }
    const last = await this.#deps.lastSeq(this.#visitor.conversationId);
    // A watermark from the future would hide what comes next.
    this.#after ??= this.#wanted === null ? last : Math.min(this.#wanted, last);
    if (last <= this.#looked || last === this.#after) return;
    this.#looked = Math.max(last, await this.#sendAfter(this.#after));
  }

  /** Up to where everything was sent. */
  async #sendAfter(seq: number): Promise<number> {
    for (let after = seq; ; ) {
      const { set, unfinished } = await this.#deps.read(this.#visitor, after, pageMax);
      if (set.activities.length === 0) return after;
      after = this.#after = Number(set.watermark);
      // A stock client would show the message a second time.
      if (this.#asksState && unfinished.length > 0)
        this.#unfinished = [...this.#unfinished, ...unfinished].slice(-unfinishedMax);
      this.#send(JSON.stringify(set));
      if (set.activities.length < pageMax) return after;
    }
  }

  /** A message again whose files were still being fetched when it was sent, once it is known what became of them (R7). */
  async #finish(): Promise<void> {
    for (const seq of this.#unfinished) {
      const { set, unfinished } = await this.#deps.read(this.#visitor, seq - 1, 1);
      if (unfinished.length > 0) continue;
      this.#unfinished = this.#unfinished.filter((one) => one !== seq);
      this.#send(JSON.stringify({ activities: set.activities, watermark: String(this.#after) }));
    }
  }

  /** After the messages, and only when it changed: a client that has it has caught up. */
  async #sendState(): Promise<void> {
    this.#stateDue = false;
    const { conversationId } = this.#visitor;
    const state = await this.#deps.state(conversationId);
    const text = JSON.stringify(state);
    if (state === null || text === this.#state) return;
    this.#state = text;
    this.#send(JSON.stringify({ activities: [stateActivity(conversationId, state)], watermark: String(this.#after) }));
  }

  #typing(by: "assistant" | "agent", draft?: string): void {
    if (this.#after === null) return;
    // R4: the assistant's words end where a person takes over.
    if (draft !== undefined && this.#asksState && !this.#state.includes('"owner":"assistant"')) return;
    // Stock clients would keep a draft beside the message that takes its place.
    const activities = [typingActivity(this.#visitor.conversationId, by, this.#asksState ? draft : undefined)];
    this.#send(JSON.stringify({ activities, watermark: String(this.#after) }));
  }

  #send(frame: string): void {
    const socket = this.#socket;
    if (socket.bufferedAmount > unsentMaxBytes) socket.close(1013, "too far behind");
    else if (socket.readyState === socket.OPEN) socket.send(frame);
  }
}
