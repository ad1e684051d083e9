import { setTimeout as sleep } from "node:timers/promises";
import { openScreen, type Screen, type Seat } from "./screen.ts";

const screens = 3;
const sleepMaxMs = 120;
/** Below the web chat's limit of 60 posts a minute and session. */
const betweenPostsMs = 3_200;
const betweenRepliesMs = 150;
/** R7: equal to the database within two seconds. */
const equalWithinMs = 10_000;

export interface DropsDeps {
  readonly url: string;
  readonly agent: (method: "POST", path: string, body?: object) => Promise<unknown>;
  /** The seqs of what the customer may see, in order: the truth. */
  readonly truth: (conversationId: string) => Promise<readonly number[]>;
}

export interface DropsReport {
  readonly drops: number;
  readonly messages: number;
  readonly missing: number;
  readonly twice: number;
  readonly outOfOrder: number;
  /** From the last word until every screen showed all of them. */
  readonly equalAfterMs: number;
}

/** Cuts the sockets of three windows again and again while five write: three windows, an agent and the assistant (R7). */
export async function runDrops(deps: DropsDeps, drops: number): Promise<DropsReport> {
  const seat = await visit(deps.url);
  const windows = await Promise.all(Array.from({ length: screens }, () => openScreen(seat)));
  let writing = true;
  const writers = [
    ...windows.map((_, index) =>
      whileTrue(
        () => writing,
        betweenPostsMs,
        (turn) => post(seat, `window ${index}, ${turn}`),
      ),
    ),
    whileTrue(
      () => writing,
      betweenRepliesMs,
      (turn) => reply(deps, seat, turn),
    ),
  ];
  await Promise.all(
    windows.map(async (window, index) => {
      for (let mine = index; mine < drops; mine += screens) {
        await sleep(Math.random() * sleepMaxMs);
        await window.drop(Math.random() * sleepMaxMs);
      }
    }),
  );
  writing = false;
  await Promise.all(writers);
  const report = await judge(deps, seat, windows);
  for (const window of windows) window.close();
  return report;
}

async function judge(deps: DropsDeps, seat: Seat, windows: readonly Screen[]): Promise<DropsReport> {
  const began = Date.now();
  let truth = await settled(deps, seat);
  const isEqual = (): boolean => windows.every(({ shown }) => String(shown) === String(truth));
  while (!isEqual() && Date.now() - began < equalWithinMs) {
    await sleep(20);
    truth = await deps.truth(seat.conversationId);
  }
  const count = (wrong: (shown: readonly number[]) => number): number =>
    windows.reduce((sum, { shown }) => sum + wrong(shown), 0);
  return {
    drops: windows.reduce((sum, window) => sum + window.drops, 0),
    messages: truth.length,
    missing: count((shown) => truth.filter((seq) => !shown.includes(seq)).length),
    twice: count((shown) => shown.length - new Set(shown).size),
    outOfOrder: count((shown) => shown.filter((seq, at) => at > 0 && seq < (shown[at - 1] ?? 0)).length),
    equalAfterMs: Date.now() - began,
  };
}

/** The assistant may still be writing its last answer. */
async function settled(deps: DropsDeps, { conversationId }: Seat): Promise<readonly number[]> {
  for (let before = await deps.truth(conversationId); ; ) {
    await sleep(100);
    const now = await deps.truth(conversationId);
    if (now.length === before.length) return now;
    before = now;
  }
}

async function whileTrue(
  goesOn: () => boolean,
  everyMs: number,
  work: (turn: number) => Promise<unknown>,
): Promise<void> {
  for (let turn = 0; goesOn(); turn += 1) {
    await work(turn);
    for (const until = Date.now() + everyMs; goesOn() && Date.now() < until; ) await sleep(20);
  }
}

/** The agent takes over, answers and gives it back; what the customer wrote meanwhile the assistant answers. */
async function reply({ agent }: DropsDeps, { conversationId }: Seat, turn: number): Promise<void> {
  const at = `/conversations/${conversationId}`;
  await agent("POST", `${at}/messages`, { clientId: `drops-${turn}`, kind: "reply", text: `From a person, ${turn}.` });
  if (turn % 8 === 7) await agent("POST", `${at}/release`, { to: "assistant" });
}

async function visit(url: string): Promise<Seat> {
  const base = `${url}/v3/directline`;
  const answer = await fetch(`${base}/tokens/generate`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  const { conversationId, token } = (await answer.json()) as { conversationId: string; token: string };
  const seat = { base, conversationId, token };
  await post(seat, "Hello, can I pay later?");
  return seat;
}

async function post({ base, conversationId, token }: Seat, text: string): Promise<void> {
  await fetch(`${base}/conversations/${conversationId}/activities`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ type: "message", text, locale: "en" }),
  });
}
