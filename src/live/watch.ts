import type { Db } from "../db/client.ts";
import type { Log } from "../lib/log.ts";
import { readFeed } from "./feed.ts";

/**
 * Hears in the database what other processes wrote: the only bell between roles without Redis, and with Redis the one
 * that makes up for bells lost while it was away (R7). Reads only while somebody in this process listens.
 */
export function watchFeed(deps: {
  readonly db: Db;
  readonly everyMs: number;
  readonly listened: () => boolean;
  readonly heard: (conversationId: string) => void;
  readonly log: Log;
}): { stop(): Promise<void> } {
  let position: string | null = null;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let troubled = false;

  async function look(): Promise<void> {
    for (let more = true; more && !stopped; ) {
      // With nobody listening only the position moves on: whoever comes next has read everything up to it already.
      const page = await readFeed(deps.db, deps.listened() ? position : null);
      for (const id of new Set(page.events.map((event) => event.conversationId))) deps.heard(id);
      position = page.position;
      more = page.more;
    }
    troubled = false;
  }

  async function lookAndWait(): Promise<void> {
    await look().catch((error: unknown) => {
      // The position is kept: what was written meanwhile is heard when the database is back.
      if (!troubled) deps.log.warn({ component: "live", error }, "feed-not-read");
      troubled = true;
    });
    if (!stopped) timer = setTimeout(() => (current = lookAndWait()), deps.everyMs);
  }

  let current = lookAndWait();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await current;
    },
  };
}
