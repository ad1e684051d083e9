import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { instantOf, localTimeOf } from "../src/lib/zoned-time.ts";
import { type Hours, hoursSetting } from "../src/settings/hours.ts";
import { writeSetting } from "../src/settings/settings.ts";
import { alwaysOpenHours } from "./support/always-open.ts";
import { type Desk, openDesk, type SignedIn } from "./support/desk.ts";

describe("the API", () => {
  let desk: Desk;
  let ada: SignedIn;
  beforeAll(async () => {
    desk = await openDesk({ TIME_ZONE: "Europe/Stockholm", CALL_COUNTRIES: "SE,US" });
    ada = await desk.agent("Ada");
    await hours(alwaysOpenHours);
  });
  afterAll(() => desk.close());

  const hours = (set: Hours) => writeSetting(desk.db, hoursSetting.key, set, null);
  let numbers = 0;
  async function customer() {
    numbers += 1;
    const phone = `+4670174${String(numbers).padStart(4, "0")}`;
    const { conversationId: id } = await desk.says(phone, "Please call me");
    const changes = async () => {
      const { body } = await ada.call("GET", `/conversations/${id}/events`);
      return body.events
        .filter((event: { type: string }) => event.type === "callback")
        .map((event: { actor: string; data: { change: string } }) => `${event.actor} ${event.data.change}`);
    };
    return { id, phone, changes };
  }
  /** Nine o'clock in Stockholm, some days ahead. */
  const nine = (days: number) =>
    `${localTimeOf(new Date(Date.now() + days * 86_400_000), "Europe/Stockholm").slice(0, 11)}09:00`;
  const list = async (view: string) =>
    (await ada.call("GET", `/callbacks?view=${view}`)).body.callbacks.map((row: { id: string }) => row.id);

  test("a callback is booked for the customer's own number, moved, cancelled, and all of it is in the timeline", async () => {
    const one = await customer();
    const booked = await ada.call("POST", "/callbacks", { conversationId: one.id, localTime: nine(2) });
    expect(booked).toMatchObject({
      status: 201,
      body: { callback: { state: "scheduled", phone: one.phone, localTime: nine(2), zone: "Europe/Stockholm" } },
    });
    const { id } = booked.body.callback;
    const moved = await ada.call("PATCH", `/callbacks/${id}`, { localTime: nine(3), zone: "America/New_York" });
    expect(moved.body.callback).toMatchObject({ localTime: nine(3), zone: "America/New_York" });
    expect((await ada.call("PATCH", `/callbacks/${id}`, { state: "cancelled" })).body.callback.state).toBe("cancelled");
    expect((await ada.call("PATCH", `/callbacks/${id}`, { state: "cancelled" })).status).toBe(200);
    expect((await ada.call("PATCH", `/callbacks/${id}`, { localTime: nine(4) })).body.error.code).toBe("TooLate");
    expect(await one.changes()).toEqual(["agent booked", "agent moved", "agent cancelled"]);
  });

  test("callbacks of one agent, or of nobody, in every view", async () => {
    const bob = await desk.agent("Bob");
    const [his, nobodys] = [await customer(), await customer()];
    const book = async ({ id }: { id: string }) =>
      (await ada.call("POST", "/callbacks", { conversationId: id, localTime: nine(2) })).body.callback.id as string;
    const [one, other] = [await book(his), await book(nobodys)];
    await ada.call("PATCH", `/callbacks/${one}`, { agentId: bob.id });
    expect(await list(`open&agent=${bob.id}`)).toEqual([one]);
    expect(await list("open&agent=nobody")).toContain(other);
    expect(await list("open&agent=nobody")).not.toContain(one);
    const { counts } = (await ada.call("GET", `/callbacks?agent=${bob.id}`)).body;
    expect(counts.find(({ view }: { view: string }) => view === "open").count).toBe(1);
    await ada.call("PATCH", `/callbacks/${one}`, { state: "cancelled" });
    expect(await list(`open&agent=${bob.id}`)).toEqual([]);
    expect(await list(`closed&agent=${bob.id}`)).toEqual([one]);
    expect((await ada.call("GET", "/callbacks?agent=somebody")).status).toBe(404);
    await ada.call("PATCH", `/callbacks/${other}`, { state: "cancelled" });
  });

  test("R5 an agent notes that a customer wants no more calls: the promise ends, no other is made, and it is told once", async () => {
    const [one, stranger] = [await customer(), await customer()];
    const { id } = (await ada.call("POST", "/callbacks", { conversationId: one.id, localTime: nine(2) })).body.callback;
    const never = (conversation: string, phone: string) =>
      ada.call("POST", `/conversations/${conversation}/never-call`, { phone });
    // Nobody's number but the customer's own.
    expect((await never(stranger.id, one.phone)).status).toBe(404);
    expect(
      (await ada.call("GET", "/callbacks")).body.callbacks.find((row: { id: string }) => row.id === id),
    ).toBeDefined();
    expect((await never(one.id, one.phone)).status).toBe(204);
    expect((await never(one.id, one.phone)).status).toBe(204);
    expect(await list("closed")).toContain(id);
    expect(await one.changes()).toEqual(["agent booked", "agent never-again"]);
    const { contact } = (await ada.call("GET", `/conversations/${one.id}`)).body;
    expect(contact.addresses[0]).toMatchObject({ value: one.phone, neverCalled: true });
    const again = await ada.call("POST", "/callbacks", { conversationId: one.id, localTime: nine(2) });
    expect(again.body.error.code).toBe("OptedOut");
    // Also where no call was promised.
    expect((await never(stranger.id, stranger.phone)).status).toBe(204);
    expect(await stranger.changes()).toEqual(["agent never-again"]);
  });

  test("R5 a customer has one open callback; a repeated request gives the first", async () => {
    const one = await customer();
    const request = { conversationId: one.id, localTime: nine(2) };
    const answers = await Promise.all(Array.from({ length: 8 }, () => ada.call("POST", "/callbacks", request)));
    expect(new Set(answers.map((answer) => answer.body.callback.id)).size).toBe(1);
    const other = await ada.call("POST", "/callbacks", { conversationId: one.id, localTime: nine(3) });
    expect(other).toMatchObject({
      status: 409,
      body: { error: { code: "HasCallback" }, id: answers[0]?.body.callback.id },
    });
    expect(await one.changes()).toEqual(["agent booked"]);
    await ada.call("PATCH", `/callbacks/${other.body.id}`, { state: "done", outcome: "Explained the fee." });
    expect((await ada.call("POST", "/callbacks", { conversationId: one.id })).body.callback.state).toBe("requested");
  });

  test("M1 numbers off the list of countries, dear ranges and what is no number are refused", async () => {
    const one = await customer();
    const refusedFor = async (phone: string) =>
      (await ada.call("POST", "/callbacks", { conversationId: one.id, phone })).body.error.code;
    expect(await refusedFor("+4930901820")).toBe("CannotCall");
    expect(await refusedFor("+46900123456")).toMatch(/CannotCall|BadNumber/);
    expect(await refusedFor("call me")).toBe("BadNumber");
    expect((await ada.call("POST", "/callbacks", { conversationId: one.id, phone: "+46 8 123 456 78" })).status).toBe(
      201,
    );
  });

  test("R5 nobody is called at night unless they chose it, never in the past, and never after a STOP", async () => {
    const one = await customer();
    const book = (body: object) => ada.call("POST", "/callbacks", { conversationId: one.id, ...body });
    const night = nine(2).replace("09:00", "21:30");
    expect((await book({ localTime: night })).body.error.code).toBe("OutsideHours");
    expect((await book({ localTime: nine(-2) })).body.error.code).toBe("BadTime");
    expect((await book({ localTime: "2027-02-30T09:00" })).body.error.code).toBe("BadTime");
    expect((await book({ localTime: night, wantedAt: new Date().toISOString() })).body.error.code).toBe("BadTime");
    expect((await book({ localTime: nine(2), zone: "Mars/Base" })).body.error.code).toBe("BadTime");
    await desk.db.run((sql) => sql`update contact_addresses set opted_out_at = now() where value = ${one.phone}`);
    expect((await book({ localTime: nine(2) })).body.error.code).toBe("OptedOut");
    await desk.db.run((sql) => sql`update contact_addresses set opted_out_at = null where value = ${one.phone}`);
    expect((await book({ localTime: night, customerPicked: true })).status).toBe(201);
  });

  test("an agent promises no time at which nobody is there or all hands are full, unless the customer chose it", async () => {
    const [day] = alwaysOpenHours.teams.map(({ week }) => week[0]);
    const office = day?.map(() => ["10:00", "16:00"] as [string, string]) ?? [];
    const teams = alwaysOpenHours.teams.map((team) => ({
      ...team,
      capacity: 1,
      week: [office, office, office, office, office, office, office] as typeof team.week,
    }));
    await hours({ ...alwaysOpenHours, teams });
    const [one, other] = [await customer(), await customer()];
    const at = (clock: string) => nine(5).replace("09:00", clock);
    const book = (of: { id: string }, clock: string, body = {}) =>
      ada.call("POST", "/callbacks", { conversationId: of.id, localTime: at(clock), ...body });
    expect((await book(one, "09:00")).body.error.code).toBe("DeskClosed");
    const first = await book(one, "11:00");
    expect(first.status).toBe(201);
    expect((await book(other, "11:10")).body.error.code).toBe("SlotFull");
    // Their own place is no obstacle, and a later one is free.
    const move = (clock: string, body = {}) =>
      ada.call("PATCH", `/callbacks/${first.body.callback.id}`, { localTime: at(clock), ...body });
    expect((await move("11:20")).status).toBe(200);
    expect((await move("16:00")).body.error.code).toBe("DeskClosed");
    expect((await move("16:00", { customerPicked: true })).status).toBe(200);
    expect((await book(other, "11:10")).status).toBe(201);
    await hours(alwaysOpenHours);
  });

  test("the customer reads what an agent promises, moves and calls off, each once, with the link to change it", async () => {
    const one = await customer();
    const booked = await ada.call("POST", "/callbacks", { conversationId: one.id, localTime: nine(3) });
    await ada.call("POST", "/callbacks", { conversationId: one.id, localTime: nine(3) });
    const edit = (body: object) => ada.call("PATCH", `/callbacks/${booked.body.callback.id}`, body);
    for (const body of [{ localTime: nine(4) }, { localTime: nine(4) }, { topic: "A fee" }]) await edit(body);
    await edit({ state: "cancelled" });
    await edit({ state: "cancelled" });
    const read = await desk.db.run(
      (sql) => sql<{ text: string }[]>`select parts->0->>'text' as text from messages
        where conversation_id = ${one.id} and author = 'system' order by seq`,
    );
    const wanted = [/we will call you on .*09:00/, /your call is moved; .*09:00/, /your call is cancelled/];
    expect(read.map(({ text }) => text)).toEqual(
      wanted.map((words) => expect.stringMatching(new RegExp(`${words.source}.*/call/`))),
    );
  });

  test("the lists know what is due today, what is overdue and what is over", async () => {
    const [soon, later, late] = [await customer(), await customer(), await customer()];
    const book = async (id: string, body: object) =>
      (await ada.call("POST", "/callbacks", { conversationId: id, ...body })).body.callback.id as string;
    const asap = await book(soon.id, {});
    const tomorrow = await book(later.id, { localTime: nine(2) });
    const overdue = await book(late.id, { localTime: nine(2) });
    await desk.db.run(
      (sql) =>
        sql`update callbacks set wanted_at = now() - interval '1 hour', due_at = now() - interval '1 hour' where id = ${overdue}`,
    );
    expect(await list("today")).toEqual(expect.arrayContaining([asap, overdue]));
    expect(await list("today")).not.toContain(tomorrow);
    expect(await list("overdue")).toEqual([overdue]);
    await ada.call("PATCH", `/callbacks/${overdue}`, { state: "missed", outcome: "No answer." });
    expect(await list("open")).not.toContain(overdue);
    expect((await list("closed"))[0]).toBe(overdue);
  });

  const direct = async (path: string, token: string | null, body: object) => {
    const response = await fetch(`${desk.url}/v3/directline${path}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
    });
    return (await response.json()) as { conversationId: string; token: string; resume: string };
  };

  test("a time asked for in the chat is the clock's of the browser, else of the number", async () => {
    const asks = async ({ conversationId, token }: { conversationId: string; token: string }, phone: string) => {
      const text = `Please call me tomorrow at 10 on ${phone}`;
      await direct(`/conversations/${conversationId}/activities`, token, { type: "message", text, locale: "en" });
      const promised = () =>
        desk.db.run(
          (sql) => sql<{ zone: string; localTime: string }[]>`
            select zone, local_time as "localTime" from callbacks where conversation_id = ${conversationId}`,
        );
      await expect.poll(async () => (await promised()).length, { timeout: 10_000 }).toBe(1);
      return (await promised())[0];
    };
    const tokyo = await direct("/tokens/generate", null, { zone: "Asia/Tokyo" });
    const ten = expect.stringMatching(/T10:00$/);
    expect(await asks(tokyo, "+46701741001")).toEqual({ zone: "Asia/Tokyo", localTime: ten });
    const nowhere = await direct("/tokens/generate", null, { zone: "Nowhere/At_All" });
    expect(await asks(nowhere, "+46701741002")).toEqual({ zone: "Europe/Stockholm", localTime: ten });
    const { resume } = await direct("/tokens/generate", null, { zone: "Asia/Tokyo" });
    const travelled = await direct("/tokens/generate", null, { resume, zone: "America/New_York" });
    expect(await asks(travelled, "+46701741003")).toEqual({ zone: "America/New_York", localTime: ten });
  });

  test("in the chat: asking again says what is promised, and now takes the place of the booked time", async () => {
    const { conversationId, token } = await direct("/tokens/generate", null, {});
    const says = (text: string) =>
      direct(`/conversations/${conversationId}/activities`, token, { type: "message", text, locale: "en" });
    const last = async () => {
      const [row] = await desk.db.run(
        (sql) => sql<{ text: string; n: number }[]>`select parts->0->>'text' as text, count(*) over ()::int as n
          from messages where conversation_id = ${conversationId} and author = 'assistant' order by seq desc limit 1`,
      );
      return row ?? { text: "", n: 0 };
    };
    const booked = /will call \+46701741009 on .*10:00/;
    await says("Please call me tomorrow at 10 on +46701741009");
    await expect.poll(last, { timeout: 10_000 }).toEqual({ text: expect.stringMatching(booked), n: 1 });
    await says("Please call me");
    await expect.poll(last, { timeout: 10_000 }).toEqual({ text: expect.stringMatching(booked), n: 2 });
    await says("Call me now please");
    await expect.poll(async () => (await last()).n, { timeout: 10_000 }).toBe(3);
    const rows = await desk.db.run(
      (sql) => sql`select wanted_at, local_time from callbacks where conversation_id = ${conversationId}`,
    );
    expect(rows).toEqual([{ wanted_at: null, local_time: null }]);
  });

  test("M2 calls asked for in the chat count by where they come from, as those on the page do", async () => {
    const { ip } = await desk.db.run(async (sql) => {
      const [row] = await sql<{ ip: string }[]>`select ip from visitor_sessions order by created_at desc limit 1`;
      return row ?? { ip: "" };
    });
    expect(ip).toMatch(/127\.0\.0\.1|::1/);
    const counted = () =>
      desk.db.run(
        (sql) => sql<{ used: number }[]>`select coalesce(sum(used), 0)::int as used from allowances
          where scope = 'request-address' and key = ${ip}`,
      );
    const before = (await counted())[0]?.used ?? 0;
    expect(before).toBeGreaterThan(0);
    await desk.db.run((sql) => sql`update allowances set used = 10 where scope = 'request-address'`);
    const { conversationId, token } = await direct("/tokens/generate", null, {});
    const text = "Please call me tomorrow at 10 on +46701741011";
    await direct(`/conversations/${conversationId}/activities`, token, { type: "message", text, locale: "en" });
    const answer = () =>
      desk.db.run(
        (sql) => sql`select parts->0->>'text' as text from messages
          where conversation_id = ${conversationId} and author = 'assistant'`,
      );
    await expect
      .poll(answer, { timeout: 10_000 })
      .toEqual([{ text: expect.stringContaining("too many requests for calls") }]);
    expect(await desk.db.run((sql) => sql`select 1 from callbacks where phone = '+46701741011'`)).toEqual([]);
  });

  test("A3 a callback that is not there and one that is no id get the same answer", async () => {
    const missing = await ada.call("PATCH", "/callbacks/01a20b68-32c3-7b17-a335-d1f249cadc2c", { state: "done" });
    const nonsense = await ada.call("PATCH", "/callbacks/nonsense", { state: "done" });
    expect([missing.status, nonsense.status]).toEqual([404, 404]);
    expect((await ada.call("POST", "/callbacks", { conversationId: "nonsense" })).status).toBe(404);
  });
});

test("a promised hour that does not exist is moved, one that comes twice means the first", () => {
  // Stockholm: 2026-03-29 02:00 jumps to 03:00; 2026-10-25 03:00 goes back to 02:00.
  const gap = instantOf("2026-03-29T02:30", "Europe/Stockholm");
  expect(gap).toEqual({ at: new Date("2026-03-29T01:30:00Z"), localTime: "2026-03-29T03:30" });
  const twice = instantOf("2026-10-25T02:30", "Europe/Stockholm");
  expect(twice).toEqual({ at: new Date("2026-10-25T00:30:00Z"), localTime: "2026-10-25T02:30" });
  expect(instantOf("2026-02-30T09:00", "Europe/Stockholm")).toBeNull();
});

test("every whole hour of a year goes there and back, in zones on both sides of the world", () => {
  for (const zone of ["Europe/Stockholm", "America/St_Johns", "Pacific/Auckland", "Asia/Kathmandu", "UTC"]) {
    for (let hour = 0; hour < 365 * 24; hour += 5) {
      const at = new Date(Date.UTC(2026, 0, 1, hour));
      const back = instantOf(localTimeOf(at, zone), zone);
      expect(back?.localTime).toBe(localTimeOf(at, zone));
      // The second coming of an hour is read as its first.
      expect([0, 3_600_000]).toContain(at.getTime() - (back?.at.getTime() ?? 0));
    }
  }
});
