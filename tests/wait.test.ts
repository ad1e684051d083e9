import { afterAll, beforeAll, expect, test } from "vitest";
import { createWaitBoard, estimateWaitSeconds } from "../src/escalations/wait.ts";
import { type Desk, openDesk } from "./support/desk.ts";

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.close());

test("the estimate is the place times the usual handle time, and nothing while too few episodes tell", () => {
  expect(estimateWaitSeconds(1, [60, 60, 60, 60])).toBeNull();
  expect(estimateWaitSeconds(1, [60, 90, 120, 10, 3_600])).toBe(90);
  expect(estimateWaitSeconds(3, [60, 90, 120, 10, 3_600])).toBe(270);
  expect(estimateWaitSeconds(2, [10, 20, 30, 40, 50, 60])).toBe(70);
});

test("customers in line are told their place, in the order in which they wait, with the time it takes", async () => {
  const agent = await desk.agent("wanda");
  let now = 0;
  const { of: waitOf } = createWaitBoard(desk.db, () => now);
  const first = await desk.says("+12025550100", "one", "queue");
  const second = await desk.says("+12025550101", "two", "queue");
  const served = await desk.says("+12025550102", "not in line");
  expect(await waitOf(first.conversationId)).toEqual({ place: 1, waitSeconds: null });
  expect(await waitOf(second.conversationId)).toEqual({ place: 2, waitSeconds: null });
  expect(await waitOf(served.conversationId)).toBeNull();

  for (let number = 0; number < 5; number += 1) {
    const { conversationId: id } = await desk.says(`+1202555020${number}`, "done soon", "queue");
    await agent.call("POST", `/conversations/${id}/claim`);
    await desk.db.run(
      (sql) =>
        sql`update events set at = at - interval '2 minutes' where conversation_id = ${id} and type = 'assignment'`,
    );
    await agent.call("POST", `/conversations/${id}/resolve`);
  }
  now += 60_000;
  const { waitSeconds } = (await waitOf(second.conversationId)) ?? {};
  expect(Math.abs((waitSeconds ?? 0) - 240)).toBeLessThan(10);
});
