import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { seededRandom } from "../../../src/simulator/behaviour.ts";
import { type Customer, createCustomer } from "../../../src/simulator/customer.ts";
import { companyNumber, provider, publicUrl, type World } from "./world.ts";

/** Twilio waits a little before it tries a webhook again. */
const retryAfterMs = 150;
/** People pause between messages: some within a burst, some after the answer came. */
const pauseMaxMs = 500;
const lanes = 24;

/** What one customer sent; all of it was acknowledged when the run is over. */
export interface Sent {
  readonly number: string;
  readonly sids: readonly string[];
}

export interface CustomersOptions {
  readonly world: World;
  /** Gets each customer who has sent everything. */
  readonly sent: Sent[];
  /** Ends it early. */
  readonly signal: AbortSignal;
  readonly seed: number;
  readonly conversations: number;
  readonly messagesEach: number;
  /** How many of the webhooks are delivered twice. */
  readonly duplicates: number;
  /** Resolves when the next message may be sent. */
  readonly gate: () => Promise<void>;
  readonly onAcknowledged: () => void;
}

/**
 * Every customer sends numbered messages one after the other, each only after the previous was acknowledged. What is not
 * answered with 2xx is sent again under the same id, as the provider does; some is sent again although it was.
 */
export async function sendAll(options: CustomersOptions): Promise<void> {
  const origins = seededRandom(options.seed + 1);
  const client = createCustomer(provider, {
    publicUrl: () => publicUrl,
    origin: () => pick(options.world.origins(), origins) ?? "http://127.0.0.1:9",
  });
  const waiting = Array.from({ length: options.conversations }, (_, index) => index);
  async function lane(): Promise<void> {
    for (let index = waiting.shift(); index !== undefined; index = waiting.shift()) {
      const one = await oneCustomer(options, client, index);
      if (options.signal.aborted) return;
      options.sent.push(one);
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane));
  await client.close();
}

async function oneCustomer(options: CustomersOptions, client: Customer, index: number): Promise<Sent> {
  const random = seededRandom(options.seed * 10_007 + index);
  const number = `+1202555${String(index).padStart(4, "0")}`;
  const sids: string[] = [];
  const repeats: Promise<unknown>[] = [];
  for (let count = 1; count <= options.messagesEach; count += 1) {
    await options.gate();
    const sid = `SM${createHash("md5").update(`${options.seed} ${number} ${count}`).digest("hex")}`;
    const message = { from: number, to: companyNumber, body: `Message ${count}, please answer.`, sid };
    const again = random() < options.duplicates ? random() : 1;
    // Both at once, shortly after, or long after: a replay may come at any time.
    if (again < 0.4) repeats.push(client.sms(message).catch(() => undefined));
    await untilAcknowledged(client, message, options.signal);
    if (options.signal.aborted) break;
    options.onAcknowledged();
    if (again >= 0.4 && again < 1) {
      repeats.push(sleep(again < 0.7 ? 20 : 3_000 * random()).then(() => client.sms(message).catch(() => undefined)));
    }
    sids.push(sid);
    await sleep(random() * pauseMaxMs);
  }
  await Promise.all(repeats);
  return { number, sids };
}

async function untilAcknowledged(
  client: Customer,
  message: Parameters<Customer["sms"]>[0],
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const status = await client.sms(message).then(
      (posted) => posted.status,
      () => 0,
    );
    if (status >= 200 && status < 300) return;
    if (status >= 400 && status < 500) throw new Error(`A genuine webhook was refused with ${status}.`);
    await sleep(retryAfterMs);
  }
}

function pick<Item>(items: readonly Item[], random: () => number): Item | undefined {
  return items[Math.floor(random() * items.length)];
}
