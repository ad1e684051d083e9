import { afterAll, beforeAll, expect, test } from "vitest";
import { type CustomerLine, openCustomerLine } from "../support/customer-line.ts";

/** "Never call me again" in the customer's own words, and its taking back. */
let line: CustomerLine;
beforeAll(async () => {
  line = await openCustomerLine();
  await line.agents("offline");
}, 60_000);
afterAll(() => line.close());

async function answerIn(conversation: () => Promise<string | null>, words: RegExp): Promise<string> {
  return line.until(`an answer with ${words}`, async () => {
    const id = await conversation();
    const rows = await line.sql(
      (db) => db<{ text: string }[]>`select parts->0->>'text' as text from messages
        where conversation_id = ${id} and author = 'assistant' order by seq desc limit 1`,
    );
    const [row] = rows;
    return row !== undefined && words.test(row.text) ? row.text : null;
  });
}

const listed = async (phone: string) =>
  (await line.sql((db) => db`select 1 from never_call where phone = ${phone}`)).length > 0;
const callStates = async (phone: string) =>
  (
    await line.sql(
      (db) => db<{ state: string }[]>`select state from callbacks where phone = ${phone} order by created_at`,
    )
  ).map((row) => row.state);
/** What changed by the customer's words; that the hour came meanwhile is nobody's wish. */
const changes = async (conversation: string | null) =>
  (
    await line.sql(
      (db) => db<{ change: string }[]>`select data->>'change' as change from events
        where conversation_id = ${conversation} and type = 'callback' order by seq`,
    )
  )
    .map((row) => row.change)
    .filter((change) => change !== "due");

test("R5 by SMS and WhatsApp, in their own language: the promise ends, the number is on the list, and they alone take it back", async () => {
  const text = line.customer();
  const conversationOfText = async () =>
    (
      await line.sql(
        (db) => db<{ id: string }[]>`select c.id from conversations c
      join contact_addresses a on a.contact_id = c.contact_id where a.value = ${text.phone}`,
      )
    )[0]?.id ?? null;
  const sms = { phone: text.phone, says: text.writes, conversation: conversationOfText };
  for (const [writer, said] of [
    [
      sms,
      {
        call: "Ring mig tack",
        promised: /beställt/,
        never: "Ring mig aldrig igen!",
        done: /aldrig .*ni får ringa mig igen/s,
        refused: /aldrig ringa/,
        back: "ni får ringa mig igen",
        allowed: /får vi ringa/,
      },
    ],
    [
      line.whatsApp(),
      {
        call: "Bitte rufen Sie mich an",
        promised: /vorgemerkt/,
        never: "Bitte rufen Sie mich nie wieder an.",
        done: /nie wieder .*Sie dürfen mich wieder anrufen/s,
        refused: /nie wieder anzurufen/,
        back: "Sie dürfen mich wieder anrufen",
        allowed: /dürfen wir .* wieder/,
      },
    ],
  ] as const) {
    await writer.says(said.call);
    await answerIn(writer.conversation, said.promised);
    await writer.says(said.never);
    expect(await answerIn(writer.conversation, said.done)).toContain(writer.phone);
    expect(await listed(writer.phone)).toBe(true);
    expect(await callStates(writer.phone)).toEqual(["cancelled"]);
    await writer.says(said.call);
    await answerIn(writer.conversation, said.refused);
    expect(await callStates(writer.phone)).toEqual(["cancelled"]);
    await writer.says(said.back);
    await answerIn(writer.conversation, said.allowed);
    expect(await listed(writer.phone)).toBe(false);
    await writer.says(said.call);
    await answerIn(writer.conversation, said.promised);
    expect((await callStates(writer.phone)).slice(1)).toEqual([expect.stringMatching(/^(requested|due)$/)]);
    expect(await changes(await writer.conversation())).toEqual(["booked", "never-again", "calls-again", "booked"]);
    await writer.says(said.never);
    await answerIn(writer.conversation, said.done);
  }
}, 60_000);

test("R5 said to people who have the conversation it holds at once, ends the promise, and stands in the timeline", async () => {
  const writer = line.whatsApp();
  await writer.says("Please call me");
  await answerIn(writer.conversation, /./);
  const conversationId = await line.until("their conversation", () => writer.conversation());
  expect((await line.ada.call("POST", `/conversations/${conversationId}/claim`)).status).toBe(200);
  await writer.says("never call me again");
  await line.until("it is listed", () => listed(writer.phone));
  expect(await callStates(writer.phone)).toEqual(["cancelled"]);
  expect((await changes(conversationId)).at(-1)).toBe("never-again");
}, 60_000);

test("R5 a call that is called off in words to people is off at once, and the customer reads so, once", async () => {
  const writer = line.whatsApp();
  await writer.says("Ring mig tack");
  await answerIn(writer.conversation, /beställt/);
  const conversationId = await line.until("their conversation", () => writer.conversation());
  expect((await line.ada.call("POST", `/conversations/${conversationId}/claim`)).status).toBe(200);
  await writer.says("Jag vill avboka mitt paket");
  await writer.says("Ni behöver inte ringa mig längre, tack");
  const told = () =>
    line.sql(
      (db) => db`select parts->0->>'text' as text from messages
        where conversation_id = ${conversationId} and author = 'system' order by seq`,
    );
  await line.until("the customer reads it", async () => (await told()).length > 0 || null);
  expect(await callStates(writer.phone)).toEqual(["cancelled"]);
  expect((await changes(conversationId)).at(-1)).toBe("cancelled");
  // There is none any more that could be called off.
  await writer.says("Avboka samtalet");
  await line.until("it is stored", async () => {
    const rows = await line.sql(
      (db) => db`select 1 from messages where conversation_id = ${conversationId}
      and parts->0->>'text' = 'Avboka samtalet'`,
    );
    return rows.length > 0 || null;
  });
  expect(await told()).toEqual([{ text: expect.stringContaining("ditt samtal är avbokat") }]);
  expect(await listed(writer.phone)).toBe(false);
}, 60_000);

test("who went on in another language than the one they booked in reads in it that their call is off", async () => {
  const writer = line.whatsApp();
  await writer.says("Ring mig tack");
  await answerIn(writer.conversation, /beställt/);
  await writer.says("Could you please answer me in English, where is my payment plan?");
  await answerIn(writer.conversation, /payment plan/i);
  const conversationId = await line.until("their conversation", () => writer.conversation());
  expect((await line.ada.call("POST", `/conversations/${conversationId}/claim`)).status).toBe(200);
  await writer.says("cancel my call");
  const told = await line.until("the customer reads it", async () => {
    const [row] = await line.sql(
      (db) => db<{ text: string }[]>`select parts->0->>'text' as text from messages
        where conversation_id = ${conversationId} and author = 'system' order by seq desc limit 1`,
    );
    return row?.text ?? null;
  });
  expect(told).toContain("your call is cancelled");
}, 60_000);

test("M5 in the web chat a number is only claimed: the promise ends, and the answer is the same whatever is known of it", async () => {
  const answers: string[] = [];
  for (const known of [false, true]) {
    const chat = await line.webChat("en");
    await chat.says("Please call me");
    await answerIn(chat.conversation, /number/);
    await chat.says(chat.phone);
    await answerIn(chat.conversation, /requested/);
    if (known)
      await line.sql((db) => db`insert into never_call (phone, source) values (${chat.phone}, 'words') returning 1`);
    await chat.says(`never call ${chat.phone} again`);
    answers.push(await answerIn(chat.conversation, /from that number/));
    expect(await callStates(chat.phone)).toEqual(["cancelled"]);
    expect(await listed(chat.phone)).toBe(known);
    await chat.says("you may call me again");
    answers.push(await answerIn(chat.conversation, /only from there/));
    expect(await listed(chat.phone)).toBe(known);
  }
  expect(answers.slice(2)).toEqual(answers.slice(0, 2));
}, 60_000);

test("R5 on the telephone a caller's number proves nothing: they are told how to put it on the list", async () => {
  const caller = await line.onThePhone("es");
  await caller.says("No me llamen nunca más");
  await answerIn(caller.conversation, /desde ese número/);
  expect(await listed(caller.phone)).toBe(false);
}, 60_000);
