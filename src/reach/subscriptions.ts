import { createHash } from "node:crypto";
import { z } from "zod";
import type { Db } from "../db/client.ts";

/** The browsers of one person; the oldest make room for another. */
const perConversationMax = 10;
/** An uncompressed point of P-256, and the shared secret of RFC 8291. */
const p256dhBytes = 65;
const authBytes = 16;
const endpointMaxChars = 1_000;

/**
 * The push services of the browsers that there are. An endpoint comes from the visitor, so nobody else is ever asked (N1).
 * https://developer.mozilla.org/docs/Web/API/Push_API, and each vendor's own page.
 */
export const pushHosts = [
  "fcm.googleapis.com",
  "*.push.services.mozilla.com",
  "*.notify.windows.com",
  "web.push.apple.com",
  "*.push.apple.com",
] as const;

export interface PushSubscription {
  readonly endpoint: string;
  readonly keys: { readonly p256dh: string; readonly auth: string };
}

/** A browser's subscription as it stands in JSON; `trustedOrigin` is a test's own push service. */
export function subscriptionSchema(trustedOrigin: string | null): z.ZodType<PushSubscription> {
  return z.object({
    endpoint: z
      .string()
      .max(endpointMaxChars)
      .refine((text) => isPushService(text, trustedOrigin)),
    keys: z.object({ p256dh: base64url(p256dhBytes), auth: base64url(authBytes) }),
  });
}

function base64url(bytes: number) {
  return z
    .string()
    .regex(/^[\w-]+={0,2}$/)
    .refine((text) => Buffer.from(text, "base64url").length === bytes);
}

function isPushService(text: string, trustedOrigin: string | null): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, origin } = new URL(text);
  if (origin === trustedOrigin) return true;
  return (
    protocol === "https:" &&
    pushHosts.some((host) => (host.startsWith("*.") ? hostname.endsWith(host.slice(1)) : hostname === host))
  );
}

export interface Subscriber {
  readonly conversationId: string;
  readonly sessionId: string;
}

/** Keeps where to push to; a browser that subscribes again, perhaps as somebody else, leaves what it had before (R8). */
export async function keepSubscription(db: Db, by: Subscriber, { endpoint, keys }: PushSubscription): Promise<void> {
  await db.run(
    (sql) => sql`
      insert into push_subscriptions (conversation_id, session_id, endpoint, endpoint_hash, p256dh, auth)
        select ${by.conversationId}, id, ${endpoint}, ${hashOf(endpoint)}, ${keys.p256dh}, ${keys.auth}
        from visitor_sessions where id = ${by.sessionId} and ended_at is null
      on conflict (endpoint_hash) do update set conversation_id = excluded.conversation_id,
        session_id = excluded.session_id, p256dh = excluded.p256dh, auth = excluded.auth, created_at = now()`,
  );
  await db.run(
    (sql) => sql`delete from push_subscriptions where id in (
      select id from push_subscriptions where conversation_id = ${by.conversationId}
      order by created_at desc, id desc offset ${perConversationMax})`,
  );
}

/** Forgets a browser of this conversation; one of another conversation stays. */
export async function dropSubscription(db: Db, conversationId: string, endpoint: string): Promise<void> {
  await db.run(
    (sql) => sql`delete from push_subscriptions
      where endpoint_hash = ${hashOf(endpoint)} and conversation_id = ${conversationId}`,
  );
}

/** A session that ended, perhaps on somebody else's computer, is told nothing any more. */
export async function dropSubscriptionsOf(db: Db, sessionId: string): Promise<void> {
  await db.run((sql) => sql`delete from push_subscriptions where session_id = ${sessionId}`);
}

/** A browser whose session ran out has signed in again: as the same customer it is told as before, as another nothing (R8). */
export async function takeAlongSubscriptions(db: Db, from: string, to: Subscriber): Promise<void> {
  await db.run(
    (sql) => sql`update push_subscriptions set session_id = ${to.sessionId}
      where session_id = ${from} and conversation_id = ${to.conversationId}`,
  );
  await dropSubscriptionsOf(db, from);
}

/** The browser got another address from its push service. Only who knows the old address and its secret may say so. */
export async function moveSubscription(
  db: Db,
  old: { readonly endpoint: string; readonly auth: string },
  { endpoint, keys }: PushSubscription,
): Promise<void> {
  await db.run(
    (sql) => sql`update push_subscriptions set endpoint = ${endpoint}, endpoint_hash = ${hashOf(endpoint)},
        p256dh = ${keys.p256dh}, auth = ${keys.auth}
      where endpoint_hash = ${hashOf(old.endpoint)} and auth = ${old.auth}
        and not exists (select 1 from push_subscriptions where endpoint_hash = ${hashOf(endpoint)})`,
  );
}

export interface KeptSubscription extends PushSubscription {
  readonly id: string;
}

/** The latest: a conversation that was joined may have brought more than one keeps. */
export async function subscriptionsOf(db: Db, conversationId: string): Promise<KeptSubscription[]> {
  return db.run(
    (sql) => sql<KeptSubscription[]>`
      select id, endpoint, jsonb_build_object('p256dh', p256dh, 'auth', auth) as keys
      from push_subscriptions where conversation_id = ${conversationId}
      order by created_at desc, id desc limit ${perConversationMax}`,
  );
}

/** Forgets those that their push service no longer knows. */
export async function dropGone(db: Db, ids: readonly string[]): Promise<void> {
  await db.run((sql) => sql`delete from push_subscriptions where id = any (${[...ids]}::uuid[])`);
}

function hashOf(endpoint: string): Buffer {
  return createHash("sha256").update(endpoint).digest();
}
