import { type Channel, can, type MediaReference } from "../../channels/channel.ts";
import type { Db } from "../db/client.ts";
import type { Log } from "../lib/log.ts";

/** One after the other, now and again; the rest is for the next time. */
const filesMax = 50;
const removeWithinMs = 10_000;
/** A provider that does not answer, or refuses our token until the operator renews it. */
const againAfterMs = 60 * 60_000;

/**
 * Removes what providers still hold of files that we keep ourselves by now. Safe in several processes and after a crash: a
 * file that is gone already was removed. What cannot be removed now is tried again every hour.
 */
export async function removeAtProvider(deps: {
  readonly db: Db;
  readonly channelFor: (channel: string, account: string) => Channel | null;
  readonly log: Log;
}): Promise<void> {
  for (const { id, source } of await claim(deps.db)) {
    const channel = deps.channelFor(source.channel, source.account);
    const signal = AbortSignal.timeout(removeWithinMs);
    const outcome =
      channel !== null && can(channel, "removeMedia") ? await channel.removeMedia(source, signal) : "refused";
    if (outcome === "later") continue;
    if (outcome === "refused")
      deps.log.warn({ channel: source.channel, account: source.account, reason: "refused" }, "media-not-removed");
    await deps.db.run((sql) => sql`update attachments set remove_at = null where id = ${id}`);
  }
}

/** Whoever claims a file has an hour for it. */
function claim(db: Db) {
  return db.run(
    (sql) => sql<{ id: string; source: MediaReference }[]>`
      update attachments a set remove_at = now() + ${againAfterMs} * interval '1 ms'
      from (select id from attachments where remove_at <= now() order by remove_at limit ${filesMax}
        for update skip locked) due
      where a.id = due.id returning a.id, a.source`,
  );
}
