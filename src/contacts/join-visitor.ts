import type { Db } from "../db/client.ts";
import { type CallDropped, joinHistory } from "./join-history.ts";

/** A visitor's earlier session and the one that is signed in, both shown by their signed tokens. */
export interface VisitorJoin {
  readonly signedIn: { readonly sessionId: string; readonly conversationId: string };
  readonly earlier: { readonly sessionId: string; readonly conversationId: string };
}

/**
 * Adds the anonymous conversation of an earlier session to the signed-in one's account, on the customer's own word (C6).
 * Null when either session does not stand: ended, run out, or not of that conversation. Asked again, it gives the same.
 */
export function joinVisitor(
  db: Db,
  { signedIn, earlier }: VisitorJoin,
  callDropped: CallDropped,
): Promise<{ readonly messages: number; readonly answerDue: boolean } | null> {
  return db.transaction(async (sql) => {
    const [session] = await sql<{ addressId: string }[]>`
      select s.address_id as "addressId" from visitor_sessions s join contact_addresses a on a.id = s.address_id
      where s.id = ${signedIn.sessionId} and s.conversation_id = ${signedIn.conversationId} and a.kind = 'account'
        and s.ended_at is null and s.expires_at > now()`;
    if (session === undefined) return null;
    // A join ends the earlier session, so one that ended by this very join may ask again.
    const [before] = await sql`
      select 1 from visitor_sessions s join contact_addresses a on a.id = s.address_id
      where s.id = ${earlier.sessionId} and s.conversation_id = ${earlier.conversationId} and a.kind = 'web-visitor'
        and greatest(s.expires_at, s.resumable_until) > now()
        and (s.ended_at is null or exists (select 1 from history_joins j where j.from_conversation_id = s.conversation_id
          and j.into_conversation_id = ${signedIn.conversationId} and j.undone_at is null))`;
    if (before === undefined) return null;
    const joined = await joinHistory(sql, {
      from: earlier.conversationId,
      into: signedIn.conversationId,
      confirmedBy: "chat",
      replyTo: session.addressId,
      sessions: { ends: earlier.sessionId, goesOn: signedIn.sessionId },
      callDropped,
    });
    return joined.outcome === "joined" ? joined : null;
  });
}
