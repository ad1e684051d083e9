import { afterAll, beforeAll, expect, test } from "vitest";
import {
  dialAllowances,
  giveBackAllowances,
  removeOldAllowances,
  rungEnough,
  takeAllowances,
  usualCaps,
} from "../../src/callbacks/phone-policy.ts";
import { requestCallback } from "../../src/callbacks/request-callback.ts";
import { createDb, type Db } from "../../src/db/client.ts";
import { seededRandom } from "../../src/simulator/behaviour.ts";
import { callDesk } from "../support/call-desk.ts";
import { freshDatabase, quiet } from "../support/database.ts";

/** The figures are 10,000 requests over 5,000 numbers: ABUSE_REQUESTS=10000 npx vitest run tests/callbacks/abuse.test.ts */
const requests = Number(process.env.ABUSE_REQUESTS ?? 400);
const numbersCount = requests / 2;
const parallel = 100;
const caps = {
  ...usualCaps,
  requestsPerPrefixDay: 20,
  requestsPerAddressHour: 30,
  requestsPerCountryDay: Math.floor(requests / 5),
};

let database: Awaited<ReturnType<typeof freshDatabase>>;
let db: Db;
beforeAll(async () => {
  database = await freshDatabase();
  db = createDb({ url: database.url, log: quiet });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

/** Swedish and American mobiles, premium and satellite numbers, countries off the list, and what is no number at all. */
function someNumber(index: number): string {
  const digits = String(index).padStart(4, "0");
  const kinds = [
    `+467017${digits.padStart(5, "0")}`,
    `+1202555${digits}`,
    `+46900${digits}12`,
    `+88162${digits}1234`,
    `+2519112${digits.padStart(5, "0")}`,
    `+44709${digits.padStart(7, "0")}`,
    `call ${digits}`,
  ];
  return kinds[index % kinds.length] ?? "";
}

test(`M1 M2 ${requests} requests of an abuser, ${parallel} in parallel: none off the list, every cap exact`, async () => {
  const desk = callDesk(db, { countries: ["SE", "US"], caps });
  const random = seededRandom(11);
  const jobs = Array.from({ length: requests }, () => ({
    phone: someNumber(Math.floor(random() * numbersCount)),
    address: `203.0.113.${Math.floor(random() * 40)}`,
  }));
  const outcomes: Record<string, number> = {};
  const granted: { phone: string; address: string }[] = [];
  async function ask({ phone, address }: (typeof jobs)[number]): Promise<void> {
    for (;;) {
      try {
        const result = await db.transaction(
          async (sql) => {
            const [made] = await sql<{ contactId: string; id: string }[]>`
              with contact as (insert into contacts (locale) values ('en') returning id)
              insert into conversations (contact_id) select id from contact returning contact_id as "contactId", id`;
            return requestCallback(sql, desk, {
              ...{ conversationId: made?.id ?? "", contactId: made?.contactId ?? "", phone, address, proven: false },
              ...{
                wish: null,
                wantedAt: null,
                asap: true,
                picked: false,
                zone: null,
                topic: null,
                locale: "en",
                source: "page",
              },
            });
          },
          { deadlineMs: 30_000 },
        );
        outcomes[result.outcome] = (outcomes[result.outcome] ?? 0) + 1;
        if (result.outcome === "promised") granted.push({ phone, address });
        return;
      } catch (error) {
        // A busy database refuses: then nothing was counted and nothing promised.
        if (!(error instanceof Error && error.name === "DatabaseUnavailable")) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }
  const waiting = [...jobs];
  await Promise.all(
    Array.from({ length: parallel }, async () => {
      for (let job = waiting.pop(); job !== undefined; job = waiting.pop()) await ask(job);
    }),
  );

  const stored = await db.run((sql) => sql<{ phone: string }[]>`select phone from callbacks`);
  expect(stored).toHaveLength(granted.length);
  expect(stored.filter(({ phone }) => !/^\+(46|1202)/.test(phone) || phone.startsWith("+46900"))).toEqual([]);
  expect(outcomes["not-a-number"]).toBeGreaterThan(0);
  expect(outcomes["country-not-called"]).toBeGreaterThan(0);
  const most = (key: (one: (typeof granted)[number]) => string) =>
    Math.max(...Object.values(countBy(granted.map(key))));
  expect(most(({ phone }) => phone)).toBeLessThanOrEqual(caps.requestsPerNumberDay);
  expect(most(({ phone }) => phone.slice(0, -3))).toBe(caps.requestsPerPrefixDay);
  expect(most(({ address }) => address)).toBeLessThanOrEqual(caps.requestsPerAddressHour);
  expect(most(({ phone }) => phone.slice(0, 3))).toBeLessThanOrEqual(caps.requestsPerCountryDay);
  // The counters hold exactly what was granted: nobody paid for a refusal, nobody got one for nothing.
  const counters = await db.run(
    (sql) => sql<{ scope: string; used: number }[]>`
    select scope, sum(used)::int as used from allowances group by scope`,
  );
  for (const { scope, used } of counters) expect([scope, used]).toEqual([scope, granted.length]);
}, 600_000);

test("M2 M3 dialling's caps are exact among many workers at once, and what did not ring is given back", async () => {
  const now = new Date();
  const dialled = { phone: "+46701749901", country: "SE", proven: true };
  const take = (proven: boolean) =>
    db.transaction((sql) => takeAllowances(sql, dialAllowances({ ...dialled, proven }, now, usualCaps)), {
      deadlineMs: 30_000,
    });
  const granted = async (proven: boolean) =>
    (await Promise.all(Array.from({ length: 30 }, () => take(proven)))).filter((full) => full === null).length;
  expect(await granted(false)).toBe(usualCaps.dialsPerUnprovenNumberDay);
  expect(await take(false)).toBe("dial-unproven");
  expect(await granted(true)).toBe(usualCaps.dialsPerNumberDay - usualCaps.dialsPerUnprovenNumberDay);
  expect(await take(true)).toBe("dial-number");
  await db.transaction((sql) => giveBackAllowances(sql, dialAllowances(dialled, now, usualCaps)));
  expect(await granted(true)).toBe(1);
  const [money] = await db.run(
    (sql) => sql<{ used: number }[]>`select used::int as used from allowances where scope = 'dial-money'`,
  );
  expect(money?.used).toBe(usualCaps.dialsPerNumberDay * usualCaps.centsPerCall);
}, 60_000);

test("M2 counters of days that are over are removed, those that still count are not", async () => {
  const scopes = () => db.run((sql) => sql`select scope from allowances where scope like 'kept-%' order by scope`);
  for (const [scope, age] of [
    ["kept-old", "3 days"],
    ["kept-today", "1 hour"],
  ] as const)
    await db.run((sql) => sql`insert into allowances values (${scope}, 'x', now() - ${age}::interval, 1)`);
  expect(await scopes()).toHaveLength(2);
  await removeOldAllowances(db);
  expect(await scopes()).toEqual([{ scope: "kept-today" }]);
  await db.run((sql) => sql`delete from allowances where scope like 'kept-%'`);
});

test("M2 when a counter cannot be read, nothing is promised", async () => {
  const desk = callDesk(db, { countries: ["SE", "US"] });
  const before = await db.run((sql) => sql`select 1 from callbacks`);
  await db.run((sql) => sql`alter table allowances rename to allowances_gone`);
  const attempt = db.transaction(async (sql) => {
    const [made] = await sql<{ contactId: string; id: string }[]>`
      with contact as (insert into contacts default values returning id)
      insert into conversations (contact_id) select id from contact returning contact_id as "contactId", id`;
    return requestCallback(sql, desk, {
      ...{
        conversationId: made?.id ?? "",
        contactId: made?.contactId ?? "",
        phone: "+46701740605",
        address: null,
        proven: true,
      },
      ...{
        wish: null,
        wantedAt: null,
        asap: true,
        picked: false,
        zone: null,
        topic: null,
        locale: "en",
        source: "page",
      },
    });
  });
  await expect(attempt).rejects.toThrow();
  await db.run((sql) => sql`alter table allowances_gone rename to allowances`);
  expect(await db.run((sql) => sql`select 1 from callbacks`)).toHaveLength(before.length);
}, 30_000);

function countBy(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}

test("M3 an unproven number is rung once in 24 hours, whenever the day of the counters ends", async () => {
  const phone = "+46701749902";
  const rung = Date.parse("2026-11-25T23:50:00Z");
  const hours = (after: number) => new Date(rung + after * 3_600_000);
  const dialled = { phone, country: "SE", proven: false };
  const enough = (at: Date) => db.transaction((sql) => rungEnough(sql, phone, at, usualCaps));
  expect(await enough(hours(0))).toBe(false);
  await db.transaction((sql) => takeAllowances(sql, dialAllowances(dialled, hours(0), usualCaps)));
  expect(await Promise.all([0, 0.3, 12, 23.9].map((after) => enough(hours(after))))).toEqual([true, true, true, true]);
  expect(await enough(hours(25))).toBe(false);
});
