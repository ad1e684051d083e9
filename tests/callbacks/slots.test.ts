import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { slotsOf } from "../../src/callbacks/hours.ts";
import { requestCallback } from "../../src/callbacks/request-callback.ts";
import { freeSlots, takeSlot } from "../../src/callbacks/slots.ts";
import { createDb, type Db } from "../../src/db/client.ts";
import { instantOf } from "../../src/lib/zoned-time.ts";
import { type Hours, hoursSetting, type Team } from "../../src/settings/hours.ts";
import { alwaysOpenHours } from "../support/always-open.ts";
import { callDesk } from "../support/call-desk.ts";
import { freshDatabase, quiet } from "../support/database.ts";

const minute = 60_000;
const day = 24 * 60 * minute;
const deskZone = "Europe/Berlin";
/** The evening before the clocks of Berlin go forward. */
const now = Date.parse("2026-03-28T18:00:00Z");
/** Two intervals that lie differently in the hour, so that no single grid fits both. */
const team: Team = {
  ...{ name: "", languages: [], zone: null, holidays: {}, capacity: 2 },
  week: Array.from({ length: 7 }, () => [
    ["00:10", "04:00"],
    ["08:25", "11:00"],
    ["13:00", "24:00"],
  ]) as unknown as Team["week"],
};
const hours: Hours = { ...hoursSetting.fallback, teams: [team], slotMinutes: 45, leadMinutes: 0, aheadDays: 3 };

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
beforeEach(() => db.run((sql) => sql`delete from callbacks`));

const customer = () =>
  db.run(async (sql) => {
    const [made] = await sql<{ contactId: string; conversationId: string }[]>`
      with contact as (insert into contacts (locale) values ('en') returning id)
      insert into conversations (contact_id) select id from contact returning contact_id as "contactId", id as "conversationId"`;
    if (made === undefined) throw new Error("No customer was made.");
    return made;
  });
const promiseAt = async (at: number, state = "scheduled") => {
  const { contactId, conversationId } = await customer();
  await db.run(
    (sql) => sql`insert into callbacks (contact_id, conversation_id, phone, state, wanted_at, source)
      values (${contactId}, ${conversationId}, '+4915550100001', ${state}, ${new Date(at)}, 'test')`,
  );
};
let asked = 0;
async function ask(wantedAt: number, picked: boolean, { zone = deskZone, at = now, set = hours } = {}) {
  const desk = callDesk(db, { now: () => at, deskZone, hours: async () => set, countries: ["DE"] });
  const phone = `+491555${String(asked++).padStart(3, "0")}0001`;
  const given = {
    ...(await customer()),
    phone,
    proven: true,
    wish: null,
    wantedAt,
    asap: false,
    picked,
    zone,
    topic: null,
  };
  // The first look at where a number may be loads the tables of the world.
  return db.transaction(
    (sql) => requestCallback(sql, desk, { ...given, locale: "en", source: "test", address: null }),
    {
      deadlineMs: 30_000,
    },
  );
}
const free = () =>
  db.run((sql) => freeSlots(sql, { hours, team, deskZone, zones: [], now, limit: Number.MAX_SAFE_INTEGER }));
const take = (at: number) => db.transaction((sql) => takeSlot(sql, { hours, team, deskZone, at }));

test("what is offered is exactly what can be taken, with any promises in any slots", async () => {
  const all = slotsOf(hours, team, deskZone, now, now + 3 * day);
  const promises = fc.array(fc.record({ slot: fc.nat(11), within: fc.nat(44), over: fc.boolean() }), { maxLength: 24 });
  await fc.assert(
    fc.asyncProperty(promises, async (drawn) => {
      await db.run((sql) => sql`delete from callbacks`);
      for (const { slot, within, over } of drawn)
        await promiseAt((all[slot] ?? 0) + within * minute, over ? "cancelled" : "scheduled");
      const expected = all.filter((_, at) => drawn.filter(({ slot, over }) => !over && slot === at).length < 2);
      expect(await free()).toEqual(expected);
      for (const at of all.slice(0, 12)) expect(await take(at)).toBe(expected.includes(at) ? "room" : "full");
    }),
    { numRuns: 12 },
  );
}, 60_000);

test("outside the hours, and in the hour that does not come, nothing can be taken", async () => {
  const closed = ["2026-03-29T12:00", "2026-03-29T07:30", "2026-03-29T04:10"];
  for (const local of closed) expect(await take(instantOf(local, deskZone)?.at.getTime() ?? 0)).toBe("closed");
  // 00:10, 00:55, then 01:40 would last until 03:25 on a clock that shows no 02:00.
  const night = (await free()).filter((slot) => slot < Date.parse("2026-03-29T02:00:00Z"));
  expect(night.slice(-3).map((slot) => new Date(slot).toISOString().slice(11, 16))).toEqual([
    "23:10",
    "23:55",
    "00:40",
  ]);
});

test("a hundred at once for one slot: as many as it holds", async () => {
  const [slot = 0] = slotsOf(hours, team, deskZone, now + day, now + 2 * day);
  const outcomes = await Promise.all(Array.from({ length: 100 }, () => ask(slot, false)));
  const count = (outcome: string) => outcomes.filter((one) => one.outcome === outcome).length;
  expect([count("promised"), count("full")]).toEqual([team.capacity, 100 - team.capacity]);
}, 60_000);

test("a time in a customer's words is promised where somebody is there and there is room, else it is none", async () => {
  const [slot = 0] = slotsOf(hours, team, deskZone, now + 2 * day, now + 3 * day);
  for (const outcome of ["promised", "promised", "full"])
    expect((await ask(slot + 10 * 60_000, true)).outcome).toBe(outcome);
  const noon = instantOf("2026-03-30T12:00", deskZone)?.at.getTime() ?? 0;
  expect((await ask(noon, true)).outcome).toBe("full");
  // The assistant needs no desk.
  const set: Hours = { ...hours, mode: "assistant-first" };
  for (const at of [noon, slot + 10 * 60_000]) expect((await ask(at, true, { set })).outcome).toBe("promised");
});

test.each([
  ["Europe/Berlin", "2026-03-29", "2026-03-28T12:00:00Z"],
  ["Europe/Berlin", "2026-10-25", "2026-10-24T12:00:00Z"],
  ["America/New_York", "2026-11-01", "2026-10-31T12:00:00Z"],
  ["Asia/Kolkata", "2026-03-29", "2026-03-28T12:00:00Z"],
  ["Australia/Sydney", "2026-10-04", "2026-10-03T01:00:00Z"],
])(
  "nine o'clock stays nine o'clock though the clocks are changed before: %s %s",
  async (zone, date, asked) => {
    const wanted = instantOf(`${date}T09:00`, zone)?.at.getTime() ?? 0;
    expect(await ask(wanted, true, { zone, at: Date.parse(asked), set: alwaysOpenHours })).toMatchObject({
      outcome: "promised",
    });
    const rows = await db.run(
      (sql) =>
        sql`select local_time as local, zone, to_char(wanted_at at time zone zone, 'YYYY-MM-DD"T"HH24:MI') as shown from callbacks`,
    );
    expect(rows[0]).toEqual({ local: `${date}T09:00`, zone, shown: `${date}T09:00` });
  },
  30_000,
);

test("a time that has passed meanwhile, and one that nobody remembers, are not promised", async () => {
  for (const wantedAt of [now - 10 * minute, now + 100 * day])
    for (const picked of [true, false]) expect(await ask(wantedAt, picked)).toEqual({ outcome: "full" });
}, 30_000);
