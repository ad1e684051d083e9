import { createHash, createHmac } from "node:crypto";
import type { Db, TransactionSql } from "../db/client.ts";
import { newId } from "../lib/ids.ts";

/** 128 bits: nobody guesses one. */
const tokenBytes = 16;
const tokenPattern = /^[\w-]{22}$/;
const keepOverDays = 7;

/**
 * A link that resumes one conversation. Its token is signed with the installation's key and never stored: the table
 * holds only its hash (A6), and the outbox writes it into the text in the moment of sending (`completeLink`).
 */
export interface ResumeLink {
  readonly id: string;
  /** What stands in the stored text where the token will be; as long as the token. */
  readonly placeholder: string;
}

export async function makeResumeLink(
  sql: TransactionSql,
  key: Buffer,
  conversationId: string,
  hours: number,
): Promise<ResumeLink> {
  const id = newId();
  await sql`insert into resume_links (id, conversation_id, token_hash, expires_at)
    values (${id}, ${conversationId}, ${hashOf(tokenOf(key, id))}, now() + ${hours} * interval '1 hour')`;
  return { id, placeholder: placeholderOf(id) };
}

/** The provider request with the real token in it. Deterministic, so that a look-up compares the same text. */
export function completeLink<Item extends { readonly body: Readonly<Record<string, unknown>> }>(
  key: Buffer,
  item: Item | (Item & WithLink),
): Item {
  if (!("resumeLink" in item)) return item;
  const { resumeLink: id } = item;
  const text = JSON.stringify(item.body).replaceAll(`/resume/${placeholderOf(id)}`, `/resume/${tokenOf(key, id)}`);
  return { ...item, body: JSON.parse(text) as Record<string, unknown> };
}

/** A provider request whose text has a link in it. */
export interface WithLink {
  readonly resumeLink: string;
}

function tokenOf(key: Buffer, linkId: string): string {
  return createHmac("sha256", key).update(`resume:${linkId}`).digest().subarray(0, tokenBytes).toString("base64url");
}

function placeholderOf(linkId: string): string {
  return Buffer.from(linkId.replaceAll("-", ""), "hex").toString("base64url");
}

function hashOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

/** What a page may say of the conversation behind a link: nothing that was said in it. */
export interface Resumable {
  readonly locale: string | null;
  readonly beganAt: Date;
  readonly unread: number;
  /** It belongs to an account: only signing in opens it (C2). */
  readonly needsSignIn: boolean;
}

/** Looks behind a link and changes nothing; null: not there, used or expired, which are the same to whoever asks. */
export async function lookBehindLink(db: Db, token: string): Promise<Resumable | null> {
  if (!tokenPattern.test(token)) return null;
  const [row] = await db.run(
    (sql) => sql<Resumable[]>`
      select coalesce((select r.locale from reach_numbers r where r.conversation_id = c.id and r.ended_at is null),
          c.locale, p.locale) as locale, c.created_at as "beganAt",
        (select count(*)::int from messages m where m.conversation_id = c.id and m.author <> 'contact'
          and m.visibility = 'public' and m.seq > c.last_inbound_seq) as unread,
        exists (select 1 from contact_addresses a where a.contact_id = c.contact_id and a.kind = 'account') as "needsSignIn"
      from resume_links l join conversations c on c.id = l.conversation_id join contacts p on p.id = c.contact_id
      where l.token_hash = ${hashOf(token)} and l.used_at is null and l.expires_at > now()`,
  );
  return row ?? null;
}

export interface ResumedSession {
  readonly sessionId: string;
  readonly conversationId: string;
  readonly address: { readonly kind: "web-visitor"; readonly value: string };
}

/**
 * Uses a link up and opens a session of the visitor's on its conversation. Null: it is used, expired or not there, or
 * the conversation belongs to an account. Of two who use it at the same moment one gets in.
 */
export async function resumeByLink(
  db: Db,
  token: string,
  seconds: { readonly token: number; readonly resume: number },
): Promise<ResumedSession | null> {
  if (!tokenPattern.test(token)) return null;
  return db.transaction(async (sql) => {
    const [link] = await sql<{ conversationId: string }[]>`
      update resume_links l set used_at = now()
      from conversations c
      where l.token_hash = ${hashOf(token)} and l.used_at is null and l.expires_at > now() and c.id = l.conversation_id
        and not exists (select 1 from contact_addresses a where a.contact_id = c.contact_id and a.kind = 'account')
      returning l.conversation_id as "conversationId"`;
    if (link === undefined) return null;
    const { conversationId } = link;
    const [session] = await sql<{ sessionId: string; value: string }[]>`
      with visitor as (
        select a.id, a.value from conversations c join contact_addresses a on a.contact_id = c.contact_id
        where c.id = ${conversationId} and a.kind = 'web-visitor' order by a.created_at limit 1)
      insert into visitor_sessions (conversation_id, address_id, expires_at, resumable_until)
        select ${conversationId}, id, now() + ${seconds.token} * interval '1 second', now() + ${seconds.resume} * interval '1 second'
        from visitor
      returning id as "sessionId", (select value from visitor)`;
    if (session === undefined) return null;
    await sql`update nudges set state = 'seen', ended_at = now() where conversation_id = ${conversationId} and state <> 'seen'`;
    const { sessionId, value } = session;
    return { sessionId, conversationId, address: { kind: "web-visitor", value } };
  });
}

/** Removes links that nobody can use any more. */
export async function removeOldLinks(db: Db): Promise<void> {
  await db.run((sql) => sql`delete from resume_links where expires_at < now() - ${keepOverDays} * interval '1 day'`);
}
