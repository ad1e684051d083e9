import type { WordKey } from "./words.ts";

export interface FileShown {
  readonly id: string | null;
  readonly name: string;
  readonly mime: string;
  readonly size: number | null;
  readonly state: "pending" | "ready" | "failed" | "blocked";
  readonly reason: string | null;
  readonly url?: string;
}

export interface Choice {
  /** "openUrl": the value is a page's address. */
  readonly type?: string;
  readonly title: string;
  readonly value: unknown;
}

/** One message as it is drawn. Never changed, only replaced: what was drawn for it before can be kept. */
export interface Entry {
  readonly seq: number;
  readonly author: "contact" | "assistant" | "agent" | "system";
  readonly name: string;
  readonly text: string;
  readonly markdown: boolean;
  readonly locale: string | undefined;
  readonly sources: readonly { readonly id: string; readonly title: string }[];
  readonly choices: readonly Choice[];
  readonly files: readonly FileShown[];
  readonly at: number;
  readonly kind: string;
  readonly flow: string | null;
}

/** A message of the customer's that the service has not confirmed. */
export interface Pending {
  /** The id that makes a repeated post the same message. */
  readonly id: string;
  readonly at: number;
  readonly text: string;
  /** The conversation that it was written in; none: there was none yet. */
  readonly in?: string | undefined;
  readonly value?: unknown;
  /** Of one that an earlier page left, nothing but the name is known. */
  readonly files: readonly (File | { readonly name: string })[];
  readonly state: "sending" | "waiting" | "failed" | "sent";
  readonly why?: WordKey;
  /** When a refused post is tried again. */
  readonly again?: number;
  readonly progress?: number;
}

/** Who has the conversation, as the service last said. */
export interface Line {
  readonly owner: "assistant" | "queue" | "agent";
  readonly status: "open" | "snoozed" | "resolved";
  readonly agent: { readonly name: string; readonly face: string | null } | null;
  readonly place: number | null;
  readonly waitSeconds: number | null;
  /** Who could answer a customer in line: somebody, somebody who is on a call, nobody though it is open, nobody. */
  readonly desk: "here" | "busy" | "away" | "closed";
  /** When it opens again. */
  readonly opensAt: string | null;
  /** How far somebody of ours has read. */
  readonly readSeq: number;
  /** How far the customer has read, on any device. */
  readonly ownReadSeq: number;
  readonly rated: boolean;
}

export const state = {
  shown: false,
  /** In the order of their numbers. */
  entries: [] as readonly Entry[],
  pending: [] as readonly Pending[],
  line: null as Line | null,
  typing: null as "assistant" | "agent" | null,
  /** What the assistant has written so far; the message takes its place. */
  draft: "",
  /** What stands above the thread: the connection, an ended session. */
  notice: null as WordKey | null,
  /** The history is there: what comes from now on is announced. */
  caughtUp: false,
  atBottom: true,
  unread: 0,
  readSeq: 0,
  signedIn: null as string | null,
  /** The key to the chat from before signing in, until the customer says whether it is theirs. */
  earlier: null as string | null,
  sound: false,
  error: null as WordKey | null,
  dropping: false,
  panel: null as "emoji" | "voice" | "reach" | null,
  rating: null as number | null,
};

let draw = (): void => undefined;
let due = false;

/** Changes what is shown; drawn once, after everything that changes in the same moment. */
export function change(patch: Partial<typeof state>): void {
  Object.assign(state, patch);
  if (due) return;
  due = true;
  queueMicrotask(() => {
    due = false;
    draw();
  });
}

export function onChange(drawAll: () => void): void {
  draw = drawAll;
}
