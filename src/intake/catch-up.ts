import { type Channel, can, type ListsInbound } from "../../channels/channel.ts";
import type { Db } from "../db/client.ts";
import type { Log } from "../lib/log.ts";
import type { Accept } from "./accept.ts";

/** One request per channel: whoever wrote while we were away waits no longer than this after we are back. */
const everyMs = 60_000;
/** The webhook of a younger message may still be on its way, tries and all (channels.md 2.2: 15 s). */
const graceMs = 30_000;
/** Each look begins so long before the last one: clocks differ, and what was too young then is not now. */
const overlapMs = 10 * 60_000;
/** 200 pages. The next look begins from the same place. */
const lookWithinMs = 5 * 60_000;

export interface CatchUp {
  /** Breaks off what is under way and resolves when nothing runs. */
  stop(): Promise<void>;
}

/**
 * Takes in what customers wrote while no webhook reached us, as its webhook would have: at the start and then now and
 * again, in one process at a time. What was there before the first look of all is not ours to answer.
 */
export function startCatchUp(deps: {
  readonly db: Db;
  readonly channels: readonly Channel[];
  readonly accept: Accept;
  readonly onAccepted: (channel: string, outcome: string) => void;
  readonly log: Log;
}): CatchUp {
  const { db, accept, onAccepted, log } = deps;
  const listing = deps.channels.filter((channel) => can(channel, "listInbound"));
  const stopping = new AbortController();
  let current: Promise<void> | null = null;

  async function lookAt(channel: Channel & ListsInbound, isFirst: boolean): Promise<void> {
    const look = await claim(db, channel, isFirst);
    if (look === null) return;
    const span = { since: look.since, until: new Date(look.at.getTime() - graceMs) };
    const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(lookWithinMs)]);
    const { events, isCut } = await channel.listInbound(span, (keys) => knownOf(db, keys), signal);
    let stored = 0;
    // One after the other: order holds (R3), and whoever writes meanwhile waits for none of this.
    for (const event of events) {
      if (event.kind !== "message" && event.kind !== "change") continue;
      signal.throwIfAborted();
      const { outcome } = await accept(event, channel);
      onAccepted(channel.name, outcome);
      if (outcome === "stored") stored += 1;
    }
    await advance(db, channel, look.at);
    const fields = { channel: channel.name, account: channel.account, count: stored };
    if (isCut) log.error({ ...fields, reason: "too-many" }, "inbound-not-all-caught-up");
    else if (stored > 0) log.warn(fields, "inbound-caught-up");
  }

  async function lookAtAll(isFirst: boolean): Promise<void> {
    for (const channel of listing) {
      await lookAt(channel, isFirst).catch((error: unknown) => {
        if (!stopping.signal.aborted) log.warn({ channel: channel.name, error }, "inbound-not-listed");
      });
    }
    current = null;
  }

  current = lookAtAll(true);
  const timer = setInterval(() => {
    current ??= lookAtAll(false);
  }, everyMs);
  return {
    async stop() {
      clearInterval(timer);
      stopping.abort();
      await current;
    },
  };
}

type Account = Pick<Channel, "name" | "account">;

interface Look {
  readonly since: Date;
  /** By the database's clock. */
  readonly at: Date;
}

/** Null: somebody looked just now, or there is nothing to catch up with because this is the first look of all. */
async function claim(db: Db, { name, account }: Account, isFirst: boolean): Promise<Look | null> {
  const [look] = await db.run(
    (sql) => sql<{ since: Date; at: Date; isNew: boolean }[]>`
      insert into inbound_looks as l (channel, account, begins_at, due_at)
        values (${name}, ${account}, now(), now() + ${everyMs} * interval '1 ms')
      on conflict (channel, account) do update set due_at = excluded.due_at where l.due_at <= now() or ${isFirst}
      returning begins_at as since, now() as at, xmax = 0 as "isNew"`,
  );
  return look === undefined || look.isNew ? null : look;
}

async function advance(db: Db, { name, account }: Account, lookedAt: Date): Promise<void> {
  const next = new Date(lookedAt.getTime() - overlapMs);
  await db.run(
    (sql) => sql`update inbound_looks set begins_at = greatest(begins_at, ${next})
      where channel = ${name} and account = ${account}`,
  );
}

async function knownOf(db: Db, keys: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await db.run(
    (sql) => sql<{ key: string }[]>`select key from provider_keys where key = any (${[...keys]}::text[])`,
  );
  return new Set(rows.map(({ key }) => key));
}
