import { z } from "zod";
import type { Db } from "../db/client.ts";
import { isTimeZone } from "../lib/zoned-time.ts";
import { confirmShown } from "./nudges.ts";
import { channelName, consentTo, type LeaveOutcome, leaveNumber, leftNumber, takeNumberBack } from "./numbers.ts";
import { readShown } from "./push-customer.ts";
import {
  dropSubscription,
  keepSubscription,
  moveSubscription,
  type Subscriber,
  subscriptionSchema,
} from "./subscriptions.ts";
import type { Vapid } from "./vapid.ts";

export interface ForVisitorsDeps {
  readonly db: Db;
  readonly vapid: () => Vapid;
  readonly key: Buffer;
  readonly countries: readonly string[];
  readonly company: () => string;
  /** Where a number may be told, by the names of the channels that are configured. */
  readonly channels: readonly string[];
  /** A test's own push service. */
  readonly trustedPushOrigin: string | null;
  readonly publish: (conversationId: string) => void;
}

/** What a number can be told by. */
const nudging = ["sms", "whatsapp"] as const;
const shortText = z.string().max(1_000);

/** What visitors can do so that they are told when they are away; everything they send is checked here. */
export function createReachForVisitors(deps: ForVisitorsDeps) {
  const { db } = deps;
  const subscription = subscriptionSchema(deps.trustedPushOrigin);
  const moved = z.object({ old: z.object({ endpoint: shortText, auth: shortText }), subscription });
  const number = z.object({
    phone: z.string().max(40),
    channel: z.enum(nudging).refine((name) => deps.channels.includes(name)),
    locale: z.string().max(35).nullish(),
    zone: z.string().max(60).refine(isTimeZone),
  });
  return {
    publicKey: () => deps.vapid().publicKey,
    /** Where this visitor can be told, in which words they agree, and what they left already. */
    async offer({ conversationId }: Subscriber, locale: unknown) {
      const channels = nudging.filter((name) => deps.channels.includes(name));
      const language = shortText.safeParse(locale).data ?? null;
      return {
        publicKey: deps.vapid().publicKey,
        channels: channels.map((id) => ({ id, name: channelName(id) })),
        consent: consentTo(deps.company(), language),
        number: await leftNumber(db, conversationId),
      };
    },
    async subscribe(by: Subscriber, given: unknown): Promise<"kept" | "malformed"> {
      const read = subscription.safeParse(given);
      if (!read.success) return "malformed";
      await keepSubscription(db, by, read.data);
      return "kept";
    },
    async unsubscribe({ conversationId }: Subscriber, endpoint: unknown): Promise<void> {
      const read = shortText.safeParse(endpoint);
      if (read.success) await dropSubscription(db, conversationId, read.data);
    },
    async moved(given: unknown): Promise<void> {
      const read = moved.safeParse(given);
      if (read.success) await moveSubscription(db, read.data.old, read.data.subscription);
    },
    async shown(given: unknown): Promise<void> {
      const read = shortText.safeParse(given);
      const nudgeId = read.success ? readShown(deps.key, read.data) : null;
      const conversationId = nudgeId === null ? null : await confirmShown(db, nudgeId);
      if (conversationId !== null) deps.publish(conversationId);
    },
    async leaveNumber(by: Subscriber, ip: string, given: unknown): Promise<LeaveOutcome["outcome"] | "malformed"> {
      const read = number.safeParse(given);
      if (!read.success) return "malformed";
      const { locale = null, ...left } = read.data;
      return (await leaveNumber(deps, { ...by, ip }, { ...left, locale })).outcome;
    },
    takeNumberBack: ({ conversationId }: Subscriber) => takeNumberBack(db, conversationId),
  };
}
