import type { Db } from "../db/client.ts";
import type { Log } from "../lib/log.ts";
import type { ReachSettings } from "../settings/reach.ts";
import { findUnseen } from "./find-unseen.ts";
import { nextStep, type Step } from "./next-step.ts";
import { claimNudges, type DueNudge, settleNudge } from "./nudges.ts";
import { type PushDeps, pushToCustomer } from "./push-customer.ts";
import { quietUntil } from "./quiet-hours.ts";
import { type TextDeps, textCustomer } from "./text-customer.ts";

/** A nudge waits for at least five seconds anyway. */
const everyMs = 1_000;
/** A push service that could not be asked is asked again so often, each time later. */
const pushTriesMax = 4;
const pushRetryMs = 15_000;

export interface ReachDeps extends PushDeps, TextDeps {
  readonly db: Db;
  readonly settings: () => Promise<ReachSettings>;
  /** Channels that customers read themselves: what is written there may go unseen. */
  readonly pulledChannels: readonly string[];
  readonly ring: (conversationId: string) => void;
  readonly publish: (conversationId: string) => void;
  readonly now: () => number;
  readonly log: Log;
}

/**
 * Tells customers who left that something is there for them. Everything it knows is in rows with due times, so it may
 * run in every worker, twice, or after a crash: a burst is told once, and a later one only after a while.
 */
export function startReach(deps: ReachDeps): { stop(): Promise<void> } {
  let stopped = false;
  let current: Promise<void> = Promise.resolve();

  const timer = setInterval(() => {
    current = current.then(() => (stopped ? undefined : reachOnce(deps)));
  }, everyMs);
  return {
    async stop() {
      stopped = true;
      clearInterval(timer);
      await current;
    },
  };
}

/** One look: finds what nobody has seen, then does the next step for each nudge that is due. Never throws. */
export async function reachOnce(deps: ReachDeps): Promise<void> {
  try {
    const settings = await deps.settings();
    while (await findUnseen(deps.db, deps.pulledChannels, settings));
    const due = await claimNudges(deps.db);
    await Promise.all(due.map((nudge) => tellGuarded(deps, nudge, settings)));
  } catch (error) {
    deps.log.warn({ component: "reach", error }, "reach-failed");
  }
}

/** What fails is still claimed and comes back when its lease is over. */
async function tellGuarded(deps: ReachDeps, nudge: DueNudge, settings: ReachSettings): Promise<void> {
  try {
    await tell(deps, nudge, settings);
  } catch (error) {
    deps.log.warn({ component: "reach", conversationId: nudge.conversationId, error }, "nudge-failed");
  }
}

async function tell(deps: ReachDeps, nudge: DueNudge, settings: ReachSettings): Promise<void> {
  const { number, push, isBack } = nudge;
  const step = nextStep(settings.order, {
    isBack,
    push,
    number:
      number === null || number.optedOut
        ? null
        : { quietUntil: quietUntil(new Date(deps.now()), number.zone, settings.quiet) },
  });
  deps.log.info({ component: "reach", conversationId: nudge.conversationId, outcome: step.step }, "nudge");
  await carryOut(deps, nudge, settings, step);
}

async function carryOut(deps: ReachDeps, nudge: DueNudge, settings: ReachSettings, step: Step): Promise<void> {
  switch (step.step) {
    case "push":
      return push(deps, nudge, settings);
    case "message":
      return text(deps, nudge, settings);
    case "wait":
      await settleNudge(deps.db, nudge, { to: "waiting", dueAt: step.until, push: nudge.push }, null);
      return;
    case "unreachable":
      return giveUp(deps, nudge, nudge.number?.optedOut === true ? "opted-out" : null);
    default:
      await settleNudge(deps.db, nudge, { to: step.step }, null);
  }
}

async function push(deps: ReachDeps, nudge: DueNudge, settings: ReachSettings): Promise<void> {
  const { taken, later } = await pushToCustomer(deps, nudge, settings);
  const dueIn = (ms: number): Date => new Date(deps.now() + ms);
  if (taken > 0) {
    const dueAt = dueIn(settings.confirmSeconds * 1_000);
    await settleNudge(deps.db, nudge, { to: "pushed", dueAt, push: "taken" }, { way: "push", state: "sent" });
    deps.publish(nudge.conversationId);
  } else if (later > 0 && nudge.attempts < pushTriesMax) {
    const dueAt = dueIn(pushRetryMs * 2 ** (nudge.attempts - 1));
    await settleNudge(deps.db, nudge, { to: "waiting", dueAt, push: "untried" }, null);
  } else {
    // Nothing was told; the next look tries the other way.
    await settleNudge(deps.db, nudge, { to: "waiting", dueAt: dueIn(0), push: "failed" }, null);
  }
}

async function text(deps: ReachDeps, nudge: DueNudge, settings: ReachSettings): Promise<void> {
  const outcome = await textCustomer(deps, nudge, settings);
  switch (outcome) {
    case "written":
      deps.ring(nudge.conversationId);
      return deps.publish(nudge.conversationId);
    case "not-written":
      return;
    default:
      return giveUp(deps, nudge, outcome);
  }
}

/** Agents see why their customer could not be told; the customer finds everything when they come back. */
async function giveUp(deps: ReachDeps, nudge: DueNudge, why: string | null): Promise<void> {
  const entry = why === null ? null : { way: nudge.number?.channel ?? "push", state: "not-sent", why };
  await settleNudge(deps.db, nudge, { to: "unreachable" }, entry);
  if (entry !== null) deps.publish(nudge.conversationId);
}
