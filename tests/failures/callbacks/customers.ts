import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { callToken } from "../../../src/callbacks/link.ts";
import { requestCallback } from "../../../src/callbacks/request-callback.ts";
import { createDb, type Db } from "../../../src/db/client.ts";
import { newId } from "../../../src/lib/ids.ts";
import type { Hours } from "../../../src/settings/hours.ts";
import { seededRandom } from "../../../src/simulator/behaviour.ts";
import { type Customer, createCustomer } from "../../../src/simulator/customer.ts";
import { callDesk } from "../../support/call-desk.ts";
import { quiet } from "../../support/database.ts";
import { companyNumber, provider, publicUrl, secretKey, type World } from "../crash/world.ts";
import type { Plan } from "./plan.ts";

const againAfterMs = 150;
/** What crashes keep from being answered is asked again; one that never is would hide in silence. */
const triesMax = 400;

/** A promise as the customer knows it; times of the machine's clock unless the name says otherwise. */
export interface Promised {
  readonly id: string;
  readonly number: string;
  readonly zone: string;
  /** On the clock of promises. */
  readonly askedAt: number;
  /** What they were promised, from when until when; both hold while a change is under way. */
  readonly wishes: {
    readonly wantedAt: number | null;
    readonly picked: boolean;
    readonly from: number;
    until: number;
  }[];
  /** When we had said yes to it. */
  cancelledAt: number | null;
  stoppedAt: number | null;
  movedAt: number | null;
  /** No agent was there when it was due. */
  struck: boolean;
  /** When its time came. */
  dueReal: number | null;
}

export interface Customers {
  ask(plan: Plan): Promise<Promised>;
  /** What they do about their call, as planned; resolves when we have answered. */
  act(plan: Plan, promised: Promised): Promise<void>;
  close(): Promise<void>;
}

/** Customers of a run: they ask, move and cancel by their link, and write STOP, each until they are answered. */
export function createCustomers(world: World, seed: number, hours: Hours): Customers {
  const db: Db = createDb({ url: world.databaseUrl, log: quiet, poolSize: 4 });
  const countries = ["DE", "US", "IN", "AU"];
  const key = createHash("sha256").update(`everline:${secretKey}`).digest();
  const desk = callDesk(db, { now: world.clock.now, hours: async () => hours, countries, key });
  const random = seededRandom(seed + 4);
  const origin = (): string => {
    const origins = world.origins();
    return origins[Math.floor(random() * origins.length)] ?? "http://127.0.0.1:9";
  };
  const client: Customer = createCustomer(provider, { publicUrl: () => publicUrl, origin });

  async function ask(plan: Plan): Promise<Promised> {
    const { number, zone, wantedAt, picked } = plan;
    const [contactId, addressId, conversationId] = [newId(), newId(), newId()];
    const askedAt = world.clock.now();
    const from = Date.now();
    const outcome = await persistently(() =>
      db.transaction(
        async (sql) => {
          await sql`insert into contacts (id, locale) values (${contactId}, 'en') on conflict do nothing`;
          await sql`insert into contact_addresses (id, contact_id, channel, kind, value)
            values (${addressId}, ${contactId}, 'sms', 'e164', ${number}) on conflict do nothing`;
          await sql`insert into conversations (id, contact_id, address_id, channel, account, locale)
            values (${conversationId}, ${contactId}, ${addressId}, 'sms', 'default', 'en') on conflict do nothing`;
          return requestCallback(sql, desk, {
            ...{ contactId, conversationId, phone: number, proven: true, wish: null, wantedAt, picked, zone },
            ...{ asap: wantedAt === null, topic: null, locale: "en", source: "sms", address: null },
          });
        },
        { deadlineMs: 20_000 },
      ),
    );
    if (outcome.outcome !== "promised") throw new Error(`${number} was refused a call: ${outcome.outcome}.`);
    return {
      ...{ id: outcome.id, number, zone, askedAt },
      wishes: [{ wantedAt, picked, from, until: Number.POSITIVE_INFINITY }],
      ...{ cancelledAt: null, stoppedAt: null, movedAt: null, struck: false, dueReal: null },
    };
  }

  async function act({ change }: Plan, promised: Promised): Promise<void> {
    if (change === null) return;
    if (change.do === "stop") {
      const sid = `SM${createHash("md5").update(promised.number).digest("hex")}`;
      const message = { from: promised.number, to: companyNumber, body: "STOP", sid };
      await persistently(async () => isTaken((await client.sms(message)).status));
      promised.stoppedAt = Date.now();
      return;
    }
    const from = Date.now();
    const path = `/call/${callToken(key, promised.id, world.clock.now())}`;
    const { zone } = promised;
    const form = change.do === "cancel" ? { do: "cancel" } : { do: "move", when: String(change.to), zone, shown: zone };
    await persistently(async () => isTaken(await post(path, form)));
    const acknowledged = Date.now();
    const [row] = await persistently(() =>
      db.run(
        (sql) => sql<{ state: string; wantedAt: Date | null }[]>`
        select state, wanted_at as "wantedAt" from callbacks where id = ${promised.id}`,
      ),
    );
    if (change.do === "cancel" && row?.state === "cancelled") promised.cancelledAt = acknowledged;
    if (change.do === "move" && row?.wantedAt?.getTime() === change.to) {
      for (const wish of promised.wishes) wish.until = acknowledged;
      promised.wishes.push({ wantedAt: change.to, picked: false, from, until: Number.POSITIVE_INFINITY });
      promised.movedAt = acknowledged;
    }
  }

  async function post(path: string, form: Record<string, string>): Promise<number> {
    const answer = await fetch(origin() + path, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams(form).toString(),
      signal: AbortSignal.timeout(10_000),
    });
    await answer.text();
    return answer.status;
  }

  return {
    ask,
    act,
    async close() {
      await client.close();
      await db.close();
    },
  };
}

/** 422: the time is taken, and the customer was told so. */
function isTaken(status: number): true {
  if ((status >= 200 && status < 300) || status === 422) return true;
  throw new Error(`answered with ${status}`);
}

async function persistently<Result>(attempt: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (tries >= triesMax) throw error;
      await sleep(againAfterMs);
    }
  }
}
