import { applyToCallback } from "./apply.ts";
import type { CallDesk } from "./desk.ts";
import { appendCallbackEvent } from "./events.ts";
import { neverCall } from "./phone-policy.ts";
import { openCallbackOf } from "./store.ts";

/**
 * A customer told an agent that they want no more calls to a number of theirs: it is not called any more, for ever (R5).
 * Said again, it changes nothing. Numbers of other people are not found.
 */
export async function neverCallAgain(
  desk: CallDesk,
  agentId: string,
  conversationId: string,
  phone: string,
): Promise<boolean> {
  return desk.db.transaction(async (sql) => {
    const [contact] = await sql<{ id: string }[]>`
      select contact_id as id from conversations where id = ${conversationId} for update`;
    if (contact === undefined) return false;
    const [theirs] = await sql`
      select 1 from contact_addresses where contact_id = ${contact.id} and kind = 'e164' and value = ${phone}
      union all select 1 from callbacks where contact_id = ${contact.id} and phone = ${phone} limit 1`;
    if (theirs === undefined) return false;
    const [known] = await sql`select 1 from never_call where phone = ${phone}`;
    if (known !== undefined) return true;
    await neverCall(sql, phone, "agent");
    const open = await openCallbackOf(sql, contact.id);
    const by = { agentId, change: "never-again" };
    const ended = open?.phone === phone && (await applyToCallback(sql, desk, open, { type: "opted-out" }, by)).stepped;
    if (ended === false || !ended.accepted)
      await appendCallbackEvent(sql, conversationId, agentId, { callback: null, change: by.change, state: null });
    return true;
  });
}
