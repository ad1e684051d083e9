import { afterAll, beforeAll, expect, test } from "vitest";
import type { CallReport, CallStanding } from "../channels/channel.ts";
import { noAftermath } from "../src/callbacks/aftermath.ts";
import { takeReport } from "../src/callbacks/call-flow.ts";
import { afterReport, type KnownCall } from "../src/callbacks/call-standing.ts";
import { DatabaseUnavailable } from "../src/db/errors.ts";
import { callDesk } from "./support/call-desk.ts";
import { type Desk, openDesk } from "./support/desk.ts";

let desk: Desk;
/** As a provider does, it tries again where a busy database did not answer. */
async function takeCallReport(db: Desk["db"], report: CallReport): Promise<boolean> {
  for (let tries = 0; ; tries++) {
    try {
      return await takeReport(callDesk(db), report, noAftermath());
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable) || tries > 20) throw error;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
}

beforeAll(async () => {
  desk = await openDesk({ CALL_COUNTRIES: "SE" });
});
afterAll(() => desk.close());

let count = 0;
async function dialled() {
  count += 1;
  const { conversationId } = await desk.says(`+4670174${String(count).padStart(4, "0")}`, "Call me");
  const [row] = await desk.db.run(
    (sql) => sql<{ id: string }[]>`insert into calls (conversation_id, direction, leg, state)
      values (${conversationId}, 'outbound', 'customer', 'dialling') returning id`,
  );
  return { conversationId, callId: row?.id ?? "", sid: `CA${String(count).padStart(32, "0")}` };
}
type Dialled = Awaited<ReturnType<typeof dialled>>;

const order: readonly CallStanding[] = ["queued", "ringing", "in-progress", "completed"];
const reportOf = ({ sid, callId }: Dialled, sequence: number): CallReport => ({
  kind: "call",
  key: `twilio:call:${sid}:status-${sequence}`,
  externalId: sid,
  callId,
  state: order[sequence] ?? "completed",
  sequence,
  answeredBy: sequence >= 2 ? "human" : null,
});
const stored = async ({ callId }: Dialled) => {
  const [row] = await desk.db.run(
    (sql) => sql`select state, sequence, answered_by, external_id from calls where id = ${callId}`,
  );
  return row;
};
const timeline = async ({ conversationId }: Dialled) => {
  const rows = await desk.db.run(
    (sql) => sql<{ state: string }[]>`select data->>'state' as state from events
      where conversation_id = ${conversationId} and type = 'call' order by seq`,
  );
  return rows.map(({ state }) => state);
};

test("reports in every order, each of them twice, end in the same standing and are told once", async () => {
  for (const permutation of permutations([0, 1, 2, 3]).filter((_, index) => index % 3 === 0)) {
    const call = await dialled();
    for (const sequence of permutation) {
      await takeCallReport(desk.db, reportOf(call, sequence));
      await takeCallReport(desk.db, reportOf(call, sequence));
    }
    expect(await stored(call)).toMatchObject({
      state: "completed",
      sequence: 3,
      answered_by: "human",
      external_id: call.sid,
    });
    const told = await timeline(call);
    expect(told.at(-1)).toBe("completed");
    expect(new Set(told).size === told.length || told.filter((one) => one === "completed").length === 2).toBe(true);
  }
}, 30_000);

test("a report for a call that is not ours, or with another call's provider id, changes nothing", async () => {
  const [one, other] = [await dialled(), await dialled()];
  await takeCallReport(desk.db, reportOf(one, 1));
  expect(await takeCallReport(desk.db, { ...reportOf(one, 3), externalId: other.sid, key: "k" })).toBe(false);
  expect(await takeCallReport(desk.db, { ...reportOf(one, 3), callId: "nonsense", externalId: "CAx" })).toBe(false);
  expect(await stored(one)).toMatchObject({ state: "ringing" });
  // The provider's id alone is enough once it is known.
  expect(await takeCallReport(desk.db, { ...reportOf(one, 2), callId: null })).toBe(true);
  expect(await stored(one)).toMatchObject({ state: "in-progress" });
});

test("an end is final", () => {
  const over: KnownCall = { state: "busy", sequence: 2, answeredBy: null };
  for (const state of [...order, "failed", "canceled", "no-answer"] as const)
    expect(afterReport(over, { state, sequence: 1, answeredBy: null })).toBeNull();
});

function permutations(list: readonly number[]): number[][] {
  if (list.length === 0) return [[]];
  return list.flatMap((one) => permutations(list.filter((other) => other !== one)).map((rest) => [one, ...rest]));
}
