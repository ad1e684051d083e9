import type { Db } from "../db/client.ts";
import type { Log } from "../lib/log.ts";

/** A nudge waits at least five seconds (src/settings/reach.ts): who is there is found out before it goes. */
const lookEveryMs = 1_000;
/** A nudge is looked at while it is young (was the customer there when the message came?) and before it goes. */
const youngSeconds = 15;
const dueWithinSeconds = 10;

export interface Presence {
  /** A window of this conversation is open. It counts as before the customer or not until it says otherwise. */
  enter(conversationId: string, visible: boolean): VisitorWindow;
  stop(): Promise<void>;
}

export interface VisitorWindow {
  /** Is the page in front of the customer, or behind other windows? */
  show(visible: boolean): void;
  leave(): void;
}

/**
 * Knows which customers have their conversation in front of them, in this process. Nothing is written for those who
 * come and go: only a nudge that is open makes a process say "they are here", in one statement for all of them.
 */
export function watchPresence(deps: { readonly db: Db; readonly log: Log }): Presence {
  const watched = new Map<string, number>();
  const returned = new Set<string>();
  let current: Promise<void> = Promise.resolve();

  function count(conversationId: string, change: 1 | -1): void {
    const now = (watched.get(conversationId) ?? 0) + change;
    if (now <= 0) watched.delete(conversationId);
    else watched.set(conversationId, now);
    if (change === 1) returned.add(conversationId);
  }

  async function look(): Promise<void> {
    const back = [...returned];
    returned.clear();
    try {
      const here = watched.size === 0 ? [] : (await inQuestion(deps.db)).filter((id) => watched.has(id));
      if (back.length + here.length > 0) await markSeen(deps.db, [...back, ...here]);
    } catch (error) {
      for (const id of back) returned.add(id);
      deps.log.warn({ component: "presence", error }, "presence-not-told");
    }
  }

  const timer = setInterval(() => {
    current = current.then(look);
  }, lookEveryMs);
  timer.unref();

  return {
    enter(conversationId, atFirst) {
      let visible = atFirst;
      if (visible) count(conversationId, 1);
      return {
        show(next) {
          if (next === visible) return;
          visible = next;
          count(conversationId, next ? 1 : -1);
        },
        leave() {
          if (visible) count(conversationId, -1);
          visible = false;
        },
      };
    },
    async stop() {
      clearInterval(timer);
      await current;
    },
  };
}

async function inQuestion(db: Db): Promise<string[]> {
  const rows = await db.run(
    (sql) => sql<{ id: string }[]>`select conversation_id as id from nudges
      where state in ('waiting', 'pushed') and (created_at > now() - ${youngSeconds} * interval '1 second'
        or due_at < now() + ${dueWithinSeconds} * interval '1 second')`,
  );
  return rows.map(({ id }) => id);
}

async function markSeen(db: Db, conversationIds: readonly string[]): Promise<void> {
  await db.run(
    (sql) => sql`update nudges set state = 'seen', ended_at = now()
      where conversation_id = any (${[...conversationIds]}::uuid[]) and state <> 'seen'`,
  );
}
