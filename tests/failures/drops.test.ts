import { afterAll, beforeAll, expect, test } from "vitest";
import { type Everline, startEverline } from "../support/everline.ts";
import { runDrops } from "./drops/run.ts";

/** `npm run drops` cuts a thousand times. */
const drops = 60;

let everline: Everline;
beforeAll(async () => {
  everline = await startEverline();
});
afterAll(() => everline.stop());

test("R7 R2 R3 windows whose sockets are cut while five write show what the database holds, within 2 s", async () => {
  const report = await runDrops(
    {
      url: everline.url,
      agent: await everline.agent(),
      async truth(conversationId) {
        const rows = await everline.sql`select seq::int from messages
          where conversation_id = ${conversationId} and visibility = 'public' order by seq`;
        return rows.map(({ seq }) => seq as number);
      },
    },
    drops,
  );
  expect(report).toMatchObject({ drops, missing: 0, twice: 0, outOfOrder: 0 });
  expect(report.messages).toBeGreaterThan(10);
  expect(report.equalAfterMs).toBeLessThan(2_000);
});
