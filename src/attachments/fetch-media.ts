import { type Channel, can, type FetchedMedia, type MediaReference } from "../../channels/channel.ts";
import type { Db } from "../db/client.ts";
import { atOnce } from "../lib/at-once.ts";
import type { Log } from "../lib/log.ts";
import type { FileReason } from "../lib/message.ts";
import { fileMaxBytes, inspectFile } from "./inspect.ts";
import { type Claim, type Settled, settleFile } from "./store.ts";

/** Ten megabytes over a slow line; the provider's own limits are lower. */
const fetchWithinMs = 20_000;
/** Fetches side by side in one process: each may hold ten megabytes. */
const fetchesAtOnce = 4;
/** Held by one process at a time: two rounds of 20 s and as long again for writing fit into the lease. */
const heldMax = 8;
const leaseMs = 90_000;
const hourMs = 3_600_000;
/**
 * Waits before the next tries, two days in all: a provider refuses us until the operator has renewed a token. After the
 * last one it has failed, and people see it (R6).
 */
const retryAfterMs = [5_000, 30_000, 120_000, 600_000, hourMs, 4 * hourMs, 12 * hourMs, 24 * hourMs] as const;

export interface MediaFetcher {
  /** Begins to fetch what these conversations wait for; returns at once. Safe to call twice. */
  look(conversationIds: readonly string[]): void;
  /** Breaks off what is under way, gives it back and resolves when nothing runs. */
  stop(): Promise<void>;
}

interface Pending extends Claim {
  readonly source: MediaReference;
  readonly name: string | null;
}

/** Fetches media that a provider still holds, checks it by its bytes and stores it: pending becomes ready, failed or blocked. */
export function createMediaFetcher(deps: {
  readonly db: Db;
  readonly channelFor: (channel: string, account: string) => Channel | null;
  readonly publish: (conversationId: string) => void;
  readonly log: Log;
}): MediaFetcher {
  const slot = atOnce(fetchesAtOnce);
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  let held = 0;

  async function fetchAll(conversationIds: readonly string[]): Promise<void> {
    // What does not fit now is found by the sweeper.
    const room = heldMax - held;
    if (room <= 0) return;
    held += room;
    const claimed = await claim(deps.db, conversationIds, room).catch((error: unknown) => {
      held -= room;
      throw error;
    });
    held -= room - claimed.length;
    await Promise.allSettled(claimed.map((pending) => slot(() => fetchOne(pending)).finally(() => (held -= 1))));
  }

  async function fetchOne(pending: Pending): Promise<void> {
    if (stopping.signal.aborted) return giveBack(deps.db, pending);
    const fetched = await fetchFrom(pending);
    if (stopping.signal.aborted) return giveBack(deps.db, pending);
    const settled = await judge(fetched, pending);
    if (settled === null) return tryLater(deps.db, pending);
    const conversationId = await settleFile(deps.db, pending, settled);
    if (conversationId === null) return;
    deps.publish(conversationId);
    const reason = settled.state === "ready" ? null : settled.reason;
    deps.log.info({ conversationId, state: settled.state, reason }, "media-settled");
  }

  async function fetchFrom({ source, conversationId }: Pending): Promise<FetchedMedia> {
    const channel = deps.channelFor(source.channel, source.account);
    if (channel === null || !can(channel, "fetchMedia"))
      return { outcome: "later", reason: "The channel cannot fetch media." };
    const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(fetchWithinMs)]);
    try {
      return await channel.fetchMedia(source, fileMaxBytes, signal);
    } catch (error) {
      deps.log.warn({ conversationId, channel: source.channel, error }, "media-not-fetched");
      return { outcome: "later", reason: "The fetch broke off." };
    }
  }

  return {
    look(conversationIds) {
      if (conversationIds.length === 0) return;
      const work = fetchAll(conversationIds)
        // Each row keeps its lease and is claimed again after it.
        .catch((error: unknown) => deps.log.warn({ component: "attachments", error }, "media-look-failed"))
        .finally(() => running.delete(work));
      running.add(work);
    },
    async stop() {
      stopping.abort();
      await Promise.all(running);
    },
  };
}

/** What a fetch came to; null: try again later. */
async function judge(fetched: FetchedMedia, pending: Pending): Promise<Settled | null> {
  switch (fetched.outcome) {
    case "fetched": {
      const verdict = await inspectFile(fetched.bytes, pending.name ?? "");
      return verdict.state === "ready" ? { ...verdict, bytes: fetched.bytes } : verdict;
    }
    case "too-big":
      return { state: "blocked", reason: "too-big" };
    case "gone":
    case "refused":
      return { state: "failed", reason: fetched.outcome satisfies FileReason };
    case "later":
      return pending.attempts > retryAfterMs.length ? { state: "failed", reason: "unreachable" } : null;
  }
}

/** A claim is a lease: `due_at` moves on, so that a dead worker's file is claimed again. */
async function claim(db: Db, conversationIds: readonly string[], max: number): Promise<Pending[]> {
  return db.run(
    (sql) => sql<Pending[]>`
      update attachments a set attempts = a.attempts + 1, due_at = now() + ${leaseMs} * interval '1 ms'
      from (select id from attachments
        where conversation_id = any (${[...conversationIds]}::uuid[]) and state = 'pending' and due_at <= now()
        order by created_at limit ${max} for update skip locked) due
      where a.id = due.id
      returning a.id, a.conversation_id as "conversationId", a.attempts, a.source, a.name`,
  );
}

async function tryLater(db: Db, pending: Pending): Promise<void> {
  const afterMs = retryAfterMs[pending.attempts - 1] ?? 0;
  await db.run(
    (sql) => sql`update attachments set due_at = now() + ${afterMs} * interval '1 ms'
      where id = ${pending.id} and state = 'pending' and attempts = ${pending.attempts}`,
  );
}

async function giveBack(db: Db, pending: Pending): Promise<void> {
  await db.run(
    (sql) => sql`update attachments set due_at = now(), attempts = attempts - 1
      where id = ${pending.id} and state = 'pending' and attempts = ${pending.attempts}`,
  );
}
