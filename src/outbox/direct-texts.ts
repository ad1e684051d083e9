import { setTimeout as sleep } from "node:timers/promises";
import type { Channel, OutboundItem, Outgoing, SendResult, Sends } from "../../channels/channel.ts";
import type { Db } from "../db/client.ts";
import { newId } from "../lib/ids.ts";

/** safety.md: a provider call may take 10 s. */
const sendLimitMs = 10_000;
/** A refusal for now is tried again so soon: whoever waits for a code looks at the telephone. */
const retryAfterMs = [1_000, 4_000, 15_000] as const;
/** After a refusal that only the operator can mend nobody is promised a text for so long. */
const restMs = 5 * 60_000;
/** "+46 70": what is not enabled for a number is not for its neighbours. */
const prefixChars = 5;

export interface DirectTexts {
  /** Whether this number can get a text now. The same for numbers that nobody has (M5). */
  mayGet(number: string): Promise<boolean>;
  /** False: the provider did not take it. */
  send(number: string, text: string): Promise<boolean>;
}

/** Hands texts to the provider past timeline and outbox: what they say is kept nowhere (R10). */
export function createDirectTexts(deps: {
  readonly db: Pick<Db, "run">;
  readonly channel: Channel & Sends;
  readonly now?: () => number;
  readonly pause?: (ms: number) => Promise<unknown>;
}): DirectTexts {
  const { db, channel, now = Date.now, pause = sleep } = deps;
  /** Until when the whole account ("") or a prefix rests. */
  const resting = new Map<string, number>();
  const rests = (key: string): boolean => (resting.get(key) ?? 0) > now();

  async function hand(outgoing: Outgoing): Promise<SendResult> {
    for (const afterMs of retryAfterMs) {
      const result = await channel.send(outgoing, AbortSignal.timeout(sendLimitMs));
      if (result.outcome !== "retry") return result;
      await pause(Math.max(afterMs, result.afterMs ?? 0));
    }
    return channel.send(outgoing, AbortSignal.timeout(sendLimitMs));
  }

  async function sendItem(number: string, piece: number, item: OutboundItem): Promise<boolean> {
    const to = { channel: channel.name, kind: "e164", value: number } as const;
    const result = await hand({ deliveryId: `${newId()}.${piece}`, to, item });
    if (result.outcome === "rejected" && result.error.class === "auth") resting.set("", now() + restMs);
    if (result.outcome === "rejected" && result.error.class === "config")
      resting.set(number.slice(0, prefixChars), now() + restMs);
    return result.outcome === "accepted" || result.outcome === "unknown";
  }

  return {
    async mayGet(number) {
      if (rests("") || rests(number.slice(0, prefixChars))) return false;
      const stopped = await db.run(
        (sql) => sql`select 1 from contact_addresses
          where channel = ${channel.name} and kind = 'e164' and value = ${number} and opted_out_at is not null`,
      );
      return stopped.length === 0;
    },
    async send(number, text) {
      const to = { channel: channel.name, kind: "e164", value: number } as const;
      const parts = [{ t: "text", text, format: "plain" }] as const;
      const { items } = channel.render({ parts, meta: null, to, locale: null });
      for (const [index, item] of items.entries()) if (!(await sendItem(number, index + 1, item))) return false;
      return items.length > 0;
    },
  };
}
