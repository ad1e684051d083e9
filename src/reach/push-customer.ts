import { createHmac, timingSafeEqual } from "node:crypto";
import type { Db } from "../db/client.ts";
import { firstOf } from "../lib/clean-text.ts";
import type { PublicClient } from "../lib/fetch-public.ts";
import { isId } from "../lib/ids.ts";
import { type Part, plainText } from "../lib/message.ts";
import type { ReachSettings } from "../settings/reach.ts";
import type { DueNudge } from "./nudges.ts";
import { type PushMessage, sendPush } from "./send-push.ts";
import { dropGone, subscriptionsOf } from "./subscriptions.ts";
import type { Vapid } from "./vapid.ts";
import { fillIn, reachWording, wordedLocale } from "./wording.ts";

/** A phone that was off for longer shows nothing: by then the chat says it all. */
const keepSeconds = 3 * 86_400;
/** Two lines on a locked screen. */
const wordsMaxChars = 140;

export interface PushDeps {
  readonly db: Db;
  readonly client: PublicClient;
  readonly vapid: () => Vapid;
  readonly company: () => string;
  readonly key: Buffer;
}

export interface Pushed {
  /** Browsers whose push service took it. */
  readonly taken: number;
  /** Push services that may take it later. */
  readonly later: number;
}

/** Pushes to every browser of the customer; browsers that are gone are forgotten. */
export async function pushToCustomer(deps: PushDeps, nudge: DueNudge, settings: ReachSettings): Promise<Pushed> {
  const subscriptions = await subscriptionsOf(deps.db, nudge.conversationId);
  const message = await messageFor(deps, nudge, settings);
  const handling = { keepSeconds, topic: topicOf(deps.key, nudge.conversationId) };
  const vapid = deps.vapid();
  const results = await Promise.all(
    subscriptions.map(async ({ id, ...to }) => ({
      id,
      ...(await sendPush({ client: deps.client, vapid }, to, message, handling)),
    })),
  );
  const gone = results.filter(({ outcome }) => outcome === "gone").map(({ id }) => id);
  if (gone.length > 0) await dropGone(deps.db, gone);
  const count = (wanted: string): number => results.filter(({ outcome }) => outcome === wanted).length;
  return { taken: count("taken"), later: count("later") };
}

/** A push that still waits for a phone that is off makes room for the next of its conversation: RFC 8030, 32 characters. */
function topicOf(key: Buffer, conversationId: string): string {
  return createHmac("sha256", key).update(`topic:${conversationId}`).digest("base64url").slice(0, 32);
}

async function messageFor(deps: PushDeps, nudge: DueNudge, settings: ReachSettings): Promise<PushMessage> {
  const words = reachWording(nudge.locale);
  const lang = wordedLocale(nudge.locale);
  const said = settings.showWords ? await latestWords(deps.db, nudge) : "";
  return {
    title: fillIn(words.title, { company: deps.company() }),
    body: said || fillIn(words.newMessage, { company: deps.company() }),
    lang,
    dir: lang === "ar" ? "rtl" : "ltr",
    tag: `everline-${nudge.conversationId}`,
    url: "/?chat=open",
    shown: issueShown(deps.key, nudge.id),
  };
}

async function latestWords(db: Db, { conversationId, fromSeq }: DueNudge): Promise<string> {
  const [row] = await db.run(
    (sql) => sql<{ parts: readonly Part[] }[]>`select parts from messages
      where conversation_id = ${conversationId} and seq >= ${fromSeq} and visibility = 'public' and author <> 'contact'
      order by seq desc limit 1`,
  );
  const words = plainText(row?.parts ?? []).replaceAll("**", "");
  return words.length > wordsMaxChars ? `${firstOf(words, wordsMaxChars - 1)}…` : words;
}

/** What a browser says back when it has shown the push of this nudge. */
function issueShown(key: Buffer, nudgeId: string): string {
  return `${nudgeId}.${signatureOf(key, nudgeId)}`;
}

/** Which nudge a browser speaks of; null when we did not issue this. */
export function readShown(key: Buffer, token: string): string | null {
  const [nudgeId = "", signature = ""] = token.split(".");
  const right = Buffer.from(signatureOf(key, nudgeId));
  const given = Buffer.from(signature);
  return right.length === given.length && timingSafeEqual(right, given) && isId(nudgeId) ? nudgeId : null;
}

function signatureOf(key: Buffer, nudgeId: string): string {
  return createHmac("sha256", key).update(`shown:${nudgeId}`).digest("base64url");
}
