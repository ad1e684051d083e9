import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type CustomerLine, openCustomerLine } from "../support/customer-line.ts";

/** Every mode end to end: what customers write and hear, through the provider's double. */
let line: CustomerLine;
beforeAll(async () => {
  line = await openCustomerLine();
}, 60_000);
afterAll(() => line.close());
/** So many days ahead, as a date and as customers read it. */
const day = (ahead: number) => new Date(Date.now() + ahead * 86_400_000).toISOString().slice(0, 10);
const named = (ahead: number) =>
  new RegExp(
    new Intl.DateTimeFormat("en", { month: "long", day: "numeric", timeZone: "UTC" }).format(new Date(day(ahead))),
  );
/** A zone in which it is between 12 and 13 now. Those of the name count the other way round. */
const noonZone = () => {
  const behind = new Date().getUTCHours() - 12;
  return `Etc/GMT${behind < 0 ? behind : `+${behind}`}`;
};
beforeEach(() => line.mode("agent-first"));

test("R5 customer first: the customer is rung, greeted and kept company until the agent is in the same conference", async () => {
  await line.mode("customer-first");
  const one = await line.promised({}, { talkMs: 1_500 });
  await line.comesTo(one.id, "done");
  const [customer] = line.callsTo(one.phone);
  const agents = line.callsTo(line.agentPhone).filter((call) => call.createdAt >= (customer?.createdAt ?? 0));
  expect(line.callsTo(one.phone)).toHaveLength(1);
  expect(customer?.heard.join(" ")).toContain("the call you asked for");
  expect(agents.length).toBeGreaterThan(0);
  expect(agents[0]?.createdAt).toBeGreaterThanOrEqual(customer?.answeredAt ?? Number.POSITIVE_INFINITY);
  expect(customer?.conference).toBe(one.id);
}, 60_000);

test("R6 customer first: an agent who does not come costs nobody their call; who hangs up while they wait was missed, not reached", async () => {
  await line.mode("customer-first");
  line.agentAnswers({ outcome: "no-answer" });
  const one = await line.promised({}, { talkMs: 60_000 });
  const customer = () => line.callsTo(one.phone)[0];
  await line.until("told that nobody is free", async () => customer()?.heard.join(" ").includes("Nobody is free"));
  expect(customer()?.endedAt).toBe(null);
  line.double.hangUp(customer()?.sid ?? "");
  await line.comesTo(one.id, "missed");
  expect(line.callsTo(one.phone)).toHaveLength(1);
  line.agentAnswers({ outcome: "human" });
}, 60_000);

test("assistant first: no agent is needed; the assistant says what it is, listens, and all of it is in the timeline", async () => {
  await line.mode("assistant-first");
  await line.agents("offline");
  const one = await line.promised({}, { talkMs: 1_500 });
  await line.comesTo(one.id, "done");
  const [customer] = line.callsTo(one.phone);
  expect(customer?.heard.join(" ")).toContain("I am an AI assistant");
  expect(customer?.conference).toBeNull();
  await line.agents("available");
}, 60_000);

test("words by SMS: a call is asked for, moved to another day, moved by a bare time, and cancelled", async () => {
  await line.agents("offline");
  const customer = line.customer();
  await customer.writes(`Please call me on ${day(9)} at 10:30`);
  await customer.hears(/10:30/);
  const [first] = await customer.callbacks();
  expect(first).toMatchObject({ state: "scheduled", localTime: `${day(9)}T10:30` });
  await customer.writes(`Can you move it to ${day(10)} at 15:00?`);
  await customer.hears(named(10));
  await customer.writes(`${day(11)} at 9:15 would suit me better`);
  await customer.hears(named(11));
  expect(await customer.callbacks()).toEqual([{ id: first?.id, state: "scheduled", localTime: `${day(11)}T09:15` }]);
  await customer.writes("cancel my call");
  await line.until("cancelled", async () => (await customer.callbacks())[0]?.state === "cancelled");
  expect(await customer.callbacks()).toHaveLength(1);
  await line.agents("available");
}, 60_000);

test('"move it to Friday" offers times on Friday, and the choice moves the call', async () => {
  await line.agents("offline");
  const customer = line.customer();
  await customer.writes(`Please call me on ${day(9)} at 10:30`);
  await customer.hears(/10:30/);
  await customer.writes("move it to Friday");
  await customer.hears(/1\. .*Friday/s);
  await customer.writes("1");
  await line.until("moved to a Friday", async () => {
    const [row] = await customer.callbacks();
    return row !== undefined && row.localTime !== null && new Date(row.localTime).getUTCDay() === 5;
  });
  expect(await customer.callbacks()).toHaveLength(1);
  await line.agents("available");
}, 60_000);

test("whoever plainly asks to be called is called at their time, whatever it is about", async () => {
  await line.agents("offline");
  const customer = line.customer();
  await customer.writes(`Please call me about a late fee on ${day(9)} at 10:30`);
  await customer.hears(/10:30/);
  expect(await customer.callbacks()).toMatchObject([{ state: "scheduled", localTime: `${day(9)}T10:30` }]);
  await line.agents("available");
}, 60_000);

test("a message about something else leaves the call alone", async () => {
  await line.agents("offline");
  const customer = line.customer();
  await customer.writes(`Please call me on ${day(9)} at 10:30`);
  await customer.hears(/10:30/);
  const before = await customer.heardCount();
  await customer.writes("I paid on 2026-11-02 at 18:30 and the money has not arrived");
  await line.until("answered", async () => (await customer.heardCount()) > before);
  expect((await customer.callbacks())[0]).toMatchObject({ localTime: `${day(9)}T10:30` });
  await line.agents("available");
}, 60_000);

test("a reminder by text a quarter of an hour before, once; none for who asked just now", async () => {
  await line.agents("offline");
  const [early, late] = [await line.promised({ minutes: 10 }), await line.promised({ minutes: 10 })];
  await line.sql((db) => db`update callbacks set asked_at = now() - interval '2 hours' where id = ${early.id}`);
  await line.until("the reminder", async () => line.texts(early.phone).some((text) => text.includes("soon now")));
  expect(line.texts(late.phone).filter((text) => text.includes("soon now"))).toEqual([]);
  expect(line.texts(early.phone).filter((text) => text.includes("soon now"))).toHaveLength(1);
  for (const { id } of [early, late]) await line.ada.call("PATCH", `/callbacks/${id}`, { state: "cancelled" });
  await line.agents("available");
}, 60_000);

test("outcome and disposition are noted at wrap-up, and a customer who writes between attempts is rung at once", async () => {
  const one = await line.promised({}, { outcome: "busy" });
  await line.comesTo(one.id, "scheduled");
  const dueIn = async () => {
    const [row] = await line.sql(
      (db) =>
        db<
          { ms: number }[]
        >`select (extract(epoch from due_at - now()) * 1000)::float8 as ms from callbacks where id = ${one.id}`,
    );
    return row?.ms ?? 0;
  };
  expect(await dueIn()).toBeGreaterThan(5 * 60_000);
  // Where they are it is about noon, at whatever hour this runs: in the evening nobody is rung again, also who wrote.
  await line.sql((db) => db`update callbacks set zone = ${noonZone()} where id = ${one.id}`);
  line.double.answerAs(one.phone, { outcome: "human" });
  await line.centre.desk.says(one.phone, "Sorry, I was on another line. I am here now.");
  await line.until("sooner", async () => (await dueIn()) < 70_000);
  await line.sql((db) => db`update callbacks set due_at = now() where id = ${one.id}`);
  await line.comesTo(one.id, "done");
  const wrapped = await line.ada.call("PATCH", `/callbacks/${one.id}`, {
    state: "done",
    outcome: "Explained the fee.",
    disposition: "answered",
  });
  expect(wrapped.body.callback).toMatchObject({ outcome: "Explained the fee.", disposition: "answered", attempts: 2 });
}, 90_000);

const wishes = {
  en: { hello: "hello", move: "call me at five in the afternoon instead", cancel: "cancel my call" },
  sv: { hello: "hej", move: "ring mig klockan fem på eftermiddagen istället", cancel: "avboka mitt samtal" },
  de: { hello: "hallo", move: "rufen Sie mich stattdessen um 17 Uhr an", cancel: "bitte den Rückruf absagen" },
  es: { hello: "hola", move: "llámeme mejor a las cinco de la tarde", cancel: "cancelar mi llamada" },
  ar: { hello: "مرحبا", move: "غيّر المكالمة إلى الساعة 17:00", cancel: "إلغاء المكالمة" },
} as const;

test("R5 words by web chat, WhatsApp and telephone, in every language: the promised call is moved, and cancelled", async () => {
  await line.agents("offline");
  const faults: string[] = [];
  for (const [locale, words] of Object.entries(wishes))
    for (const writer of [await line.webChat(locale), line.whatsApp(), await line.onThePhone(locale)]) {
      await writer.says(words.hello);
      const conversationId = await line.until("their conversation", () => writer.conversation());
      const booked = await line.ada.call("POST", "/callbacks", {
        conversationId,
        phone: writer.phone,
        localTime: `${day(9)}T10:30`,
        zone: "Europe/Stockholm",
        customerPicked: true,
      });
      expect(booked.status, `${writer.name} ${locale}`).toBe(201);
      const { id } = booked.body.callback;
      const stands = async () => {
        const [row] = await line.sql(
          (db) => db<{ state: string; localTime: string | null }[]>`
            select state, local_time as "localTime" from callbacks where id = ${id}`,
        );
        return row;
      };
      const becomes = (what: string, holds: (row: Awaited<ReturnType<typeof stands>>) => boolean) =>
        line
          .until(what, async () => holds(await stands()), 4_000)
          .catch(async () =>
            faults.push(`${writer.name} ${locale}: not ${what}, but ${JSON.stringify(await stands())}`),
          );
      await writer.says(words.move);
      await becomes("moved to five", (row) => row?.localTime?.endsWith("T17:00") === true);
      await writer.says(words.cancel);
      await becomes("cancelled", (row) => row?.state === "cancelled");
    }
  expect(faults).toEqual([]);
  await line.agents("available");
}, 120_000);
