import { agentsHere } from "../agents/presence.ts";
import type { Db } from "../db/client.ts";
import { createSharedReads } from "../db/shared-reads.ts";
import { createWaitBoard, type Wait } from "./wait.ts";

/**
 * What a customer who wants a person can expect, and is told. Who has the inbox before them decides: somebody is here,
 * also outside the hours; here but all on calls; nobody is here although it is open; closed, and when it opens.
 */
export interface Prospect {
  readonly desk: "here" | "busy" | "away" | "closed";
  /** Their place in line; null: they do not stand in it. */
  readonly place: number | null;
  readonly waitSeconds: number | null;
  readonly opensAt: number | null;
}

export interface Prospects {
  /** Of a conversation in the agent queue. */
  of(conversationId: string, locale: string | null): Promise<Prospect>;
  /** Of whoever joins the agent queue now. */
  next(locale: string | null): Promise<Prospect>;
}

export function createProspects(deps: {
  readonly db: Db;
  readonly now: () => number;
  /** How the desk stands by its hours, for customers of a language. */
  readonly opening: (locale: string | null) => Promise<{ readonly open: boolean; readonly opensAt: number | null }>;
}): Prospects {
  const board = createWaitBoard(deps.db, deps.now);
  // All who wait ask the same.
  const readHere = createSharedReads(async ([desk = ""]) => new Map([[desk, await agentsHere(deps.db)]]));
  const prospect = async (wait: Promise<Wait | null>, locale: string | null): Promise<Prospect> => {
    const [desk, hours, stands] = await Promise.all([readHere("desk"), deps.opening(locale), wait]);
    const { here, free } = desk ?? { here: 0, free: 0 };
    const { place = null, waitSeconds = null } = stands ?? {};
    return { ...deskNow(here, free, hours), place, waitSeconds };
  };
  return {
    of: (conversationId, locale) => prospect(board.of(conversationId), locale),
    next: (locale) => prospect(board.next(), locale),
  };
}

/** How the desk stands. Pure. */
export function deskNow(
  here: number,
  free: number,
  { open, opensAt }: { readonly open: boolean; readonly opensAt: number | null },
): Pick<Prospect, "desk" | "opensAt"> {
  if (free > 0) return { desk: "here", opensAt: null };
  if (here > 0) return { desk: "busy", opensAt: null };
  return open ? { desk: "away", opensAt: null } : { desk: "closed", opensAt };
}
