import type { Channel, PlacesCalls, ReceivesWebhooks, Sends } from "../../../channels/channel.ts";
import { can } from "../../../channels/channel.ts";
import type { Db, Sql } from "../../../src/db/client.ts";
import type { Engines } from "../../../src/engines.ts";
import type { Order, Point, Report, Step } from "./points.ts";

/** A moment later the statement or request is on its way and its outcome is not back. */
const begunAfterMs = 1;

/** What is deliberately broken, to prove that the judge sees it. The rest is broken by SQL (sabotage.ts). */
export interface Broken {
  /** No look-up ever finds anything: unknown outcomes are sent again blindly. */
  readonly lookUp: boolean;
  /** The sweeper never sees open work. */
  readonly sweeper: boolean;
  /** A leg is written however often it was written before; the unique key of legs must be gone. */
  readonly uniqueLeg: boolean;
  /** Nobody is known to have opted out. */
  readonly optOut: boolean;
}

export interface CrashPoints {
  obey(order: Order): void;
  engines(engines: Engines): Engines;
  channels(channels: readonly Channel[]): readonly Channel[];
}

/** Stands at the service's seams (database, queue, provider) and ends the process with kill -9 where it was told to. */
export function createCrashPoints(report: (report: Report) => void, broken: Broken): CrashPoints {
  let dieAt: { point: Point; pass: number } | null = null;
  const seen = new Set<Point>();

  function pass(point: Point, die: () => void = killSelf): void {
    if (!seen.has(point)) {
      seen.add(point);
      report({ kind: "passed", point });
    }
    if (dieAt?.point !== point) return;
    dieAt.pass -= 1;
    if (dieAt.pass <= 0) die();
  }

  async function passing<Result>(step: Step, begin: () => PromiseLike<Result>): Promise<Result> {
    pass(`before ${step}`);
    const underWay = Promise.resolve(begin());
    pass(`during ${step}`, () => setTimeout(killSelf, begunAfterMs));
    const result = await underWay;
    pass(`after ${step}`);
    return result;
  }

  /** The driver's tagged function; the statements of the hot path are steps, everything else passes unseen. */
  function watched<Tag extends object>(sql: Tag): Tag {
    return new Proxy(sql, {
      apply(target, self, given) {
        const step = stepOf(given);
        const all = step === "write-leg" && broken.uniqueLeg ? [withoutConflict(given[0]), ...given.slice(1)] : given;
        const run = () => Reflect.apply(target as unknown as (...all: unknown[]) => PromiseLike<unknown>, self, all);
        if (broken.optOut && /from never_call/.test(textOf(given[0]))) return Promise.resolve([{ refuses: false }]);
        if (step === null) return run();
        if (step === "sweep" && broken.sweeper) return Promise.resolve([]);
        return passing(step, run);
      },
    });
  }

  function watchedDb(db: Db): Db {
    return {
      ...db,
      run: (work, options) => db.run((sql) => work(watched(sql as Sql)), options),
      transaction: (work, options) => db.transaction((sql) => work(watched(sql)), options),
    };
  }

  function sending<Given extends Channel & Sends>(channel: Given): Given {
    return {
      ...channel,
      send: (outgoing, signal) => passing("provider-call", () => channel.send(outgoing, signal)),
      lookUp: (outgoing, since, signal) =>
        broken.lookUp
          ? Promise.resolve({ found: [] })
          : passing("look-up", () => channel.lookUp(outgoing, since, signal)),
    } satisfies Sends & Channel as Given;
  }

  function calling<Given extends Channel & PlacesCalls>(channel: Given): Given {
    return {
      ...channel,
      placeCall: (call, signal) => passing("place-call", () => channel.placeCall(call, signal)),
      lookUpCall: (call, since, signal) =>
        broken.lookUp
          ? Promise.resolve({ found: [] })
          : passing("look-up-call", () => channel.lookUpCall(call, since, signal)),
      endCall: (id, signal) => passing("end-call", () => channel.endCall(id, signal)),
    } satisfies PlacesCalls & Channel as Given;
  }

  function receiving<Given extends Channel & ReceivesWebhooks>(channel: Given): Given {
    const webhooks = channel.webhooks.map((webhook) => ({
      ...webhook,
      receive(request: Parameters<typeof webhook.receive>[0]) {
        const received = webhook.receive(request);
        if (received.kind === "accepted") pass("after verify");
        return received;
      },
    }));
    return { ...channel, webhooks };
  }

  return {
    obey(order) {
      dieAt = order.dieAt === null ? null : { ...order.dieAt };
    },
    engines: (engines) => ({
      ...engines,
      db: watchedDb(engines.db),
      queue: { ...engines.queue, addBulk: (jobs) => passing("bell", () => engines.queue.addBulk(jobs)) },
    }),
    channels: (channels) =>
      channels.map((channel) => {
        const sends = can(channel, "send") ? sending(channel) : channel;
        const calls = can(sends, "placeCall") ? calling(sends) : sends;
        return can(calls, "webhooks") ? receiving(calls) : calls;
      }),
  };
}

const steps: readonly (readonly [RegExp, Step])[] = [
  [/accept_inbound\(/, "accept"],
  [/claim_turns\(/, "claim-turns"],
  [/write_replies\(/, "write-replies"],
  [/claim_deliveries\(/, "claim-deliveries"],
  [/settle_deliveries\(/, "settle"],
  [/apply_statuses\(/, "status"],
  [/from turns\s+where state = 'open' and due_at/, "sweep"],
  [/from callbacks where state in \('requested', 'scheduled'\) and due_at/, "due"],
  [/take_allowances\(/, "allow"],
  [/insert into calls \(id, conversation_id, callback_id/, "write-leg"],
  [/update callbacks set state =/, "step-callback"],
  [/update calls set state = .*, sequence =/, "record-leg"],
  [/with due as \(select id from calls/, "claim-look-ups"],
  [/insert into provider_keys \(key, conversation_id\) values/, "report"],
];

function stepOf([strings, _items, token]: readonly unknown[]): Step | null {
  const text = textOf(strings);
  const step = steps.find(([pattern]) => pattern.test(text))?.[1] ?? null;
  return step === "accept" && token !== null ? "hold" : step;
}

/** The statement of a tagged call; empty for the tag's other uses. */
function textOf(strings: unknown): string {
  return Array.isArray(strings) && "raw" in strings ? strings.join("?") : "";
}

function withoutConflict(strings: unknown): unknown {
  const parts = (strings as readonly string[]).map((part) => part.replace(/on conflict [\s\S]* do nothing/, ""));
  return Object.assign(parts, { raw: parts });
}

/** As `kill -9` from outside: nothing of this process runs afterwards. */
function killSelf(): void {
  process.kill(process.pid, "SIGKILL");
}
