import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { timeInWords } from "../../src/callbacks/words.ts";
import { type CallCentre, openCallCentre, ourNumber } from "../support/call-centre.ts";
import type { SignedIn } from "../support/desk.ts";

const agentPhone = "+46812345678";
let centre: CallCentre;
let ada: SignedIn;
beforeAll(async () => {
  centre = await openCallCentre({ VOICE_TRANSPORT: "gather" });
  ada = await centre.desk.agent("Ada");
  // The first request loads the provider's SDK.
  centre.double.answerAs(agentPhone, { key: "1", talkMs: 60_000 });
}, 60_000);
afterAll(() => centre.close());

const sql = <Row>(work: (sql: Parameters<Parameters<CallCentre["desk"]["db"]["run"]>[0]>[0]) => Promise<Row>) =>
  centre.desk.db.run(work);
/** Ada takes calls, and has said what came of the last one. */
const available = async () => {
  await sql((db) => db`update agents set presence = 'available', phone = ${agentPhone} where id = ${ada.id}`);
  await sql((db) => db`update calls set wrapped_at = now() where leg = 'agent' and joined_at is not null`);
};
beforeEach(available);

let numbers = 0;
async function writer() {
  numbers += 1;
  const phone = `+4670174${String(numbers).padStart(4, "0")}`;
  const { conversationId } = await centre.desk.says(phone, "Please call me");
  return { phone, conversationId };
}
async function promised(body: object = {}) {
  const { phone, conversationId } = await writer();
  const booked = await ada.call("POST", "/callbacks", { conversationId, ...body });
  expect(booked.status).toBe(201);
  return { id: booked.body.callback.id as string, phone, conversationId };
}
const stateOf = async (id: string) => {
  const [row] = await sql(
    (db) => db<{ state: string; attempts: number; due_at: Date }[]>`
    select state, attempts, due_at from callbacks where id = ${id}`,
  );
  return row;
};
const comesTo = (id: string, state: string) =>
  centre.until(`callback ${state}`, async () => ((await stateOf(id))?.state === state ? true : null));
const callsTo = (phone: string) => centre.double.calls.filter((call) => call.to === phone);
const texts = (phone: string) =>
  centre.double.journal
    .of("sms", phone)
    .filter((one) => one.direction === "out")
    .map((one) => one.body);

test("R5 agent first: the agent accepts with a key, the customer is rung once, both are in one conference, all of it is told", async () => {
  const one = await promised({ topic: "A <late> fee\u0000" });
  await comesTo(one.id, "done");
  const [agent] = callsTo(agentPhone);
  const [customer] = callsTo(one.phone);
  expect(callsTo(one.phone)).toHaveLength(1);
  expect(agent?.heard.join(" ")).toContain("A <late> fee");
  expect(agent?.heard.join(" ")).toContain("Press 1");
  expect(customer?.heard.join(" ")).toContain("the call you asked for");
  expect([agent?.conference, customer?.conference]).toEqual([one.id, one.id]);
  // The customer hung up: the agent is not left in an empty conference.
  await centre.until("the agent's line ends", async () => agent?.endedAt !== null);
  // Until they have said what came of it, no other call comes to them; by their inbox or by the callback itself.
  const next = await promised();
  await centre.until("they wrap up", async () => (await ada.call("GET", "/calls")).body.call?.wrapUp === true);
  await comesTo(next.id, "due");
  expect(callsTo(agentPhone)).toHaveLength(1);
  expect((await ada.call("POST", `/calls/${one.id}/wrap-up`, { disposition: "answered" })).status).toBe(204);
  await comesTo(next.id, "done");
  const [kept] = await sql(
    (db) => db<{ disposition: string }[]>`select disposition from callbacks where id = ${one.id}`,
  );
  expect(kept?.disposition).toBe("answered");
  await centre.until("they wrap up again", async () => (await ada.call("GET", "/calls")).body.call?.wrapUp === true);
  const noted = { state: "done", outcome: "Explained.", disposition: "answered" };
  expect((await ada.call("PATCH", `/callbacks/${next.id}`, noted)).status).toBe(200);
  expect((await ada.call("GET", "/calls")).body.call).toBe(null);
  const { body } = await ada.call("GET", `/conversations/${one.conversationId}/events`);
  const told = body.events.map((event: { type: string; data: { change?: string; state?: string; leg?: string } }) =>
    event.type === "callback"
      ? event.data.change
      : event.type === "call"
        ? `${event.data.leg} ${event.data.state}`
        : event.type,
  );
  for (const part of [
    "booked",
    "due",
    "dialling",
    "agent in-progress",
    "customer in-progress",
    "connected",
    "customer completed",
    "done",
  ])
    expect(told).toContain(part);
}, 60_000);

test("an answering machine counts as an attempt, hears no word of anybody, and a text offers a new time", async () => {
  const one = await promised();
  centre.double.answerAs(one.phone, { outcome: "machine" });
  await comesTo(one.id, "scheduled");
  expect((await stateOf(one.id))?.attempts).toBe(1);
  expect(callsTo(one.phone)[0]?.heard).toEqual([]);
  await centre.until("the text is sent", async () =>
    texts(one.phone).some((text) => text.includes("https://help.example/call/")),
  );
  await available();
  // Ten minutes later: the second attempt; after the third an honest end.
  const again = () => sql((db) => db`update callbacks set due_at = now() where id = ${one.id}`);
  centre.double.answerAs(one.phone, { outcome: "busy" });
  await again();
  await centre.until(
    "second attempt",
    async () => (await stateOf(one.id))?.attempts === 2 && (await stateOf(one.id))?.state === "scheduled",
  );
  centre.double.answerAs(one.phone, { outcome: "no-answer" });
  await again();
  await comesTo(one.id, "missed");
  await centre.until("the last text", async () => texts(one.phone).some((text) => text.includes("several times")));
  expect(callsTo(one.phone)).toHaveLength(3);
}, 90_000);

test("R5 an unknown outcome is looked up: a call that was taken is not made again, one that was not is", async () => {
  for (const fault of [{ failAfter: 1 }, { failBefore: 1 }]) {
    await sql((db) => db`update agents set presence = 'offline' where id = ${ada.id}`);
    const one = await promised();
    const before = callsTo(agentPhone).length;
    // Neither a report nor the answered telephone may tell before the look-up does.
    centre.double.behave({ ...fault, statusDelayMs: 8_000 });
    centre.double.answerAs(agentPhone, { ringMs: 8_000 });
    await available();
    await centre.until("the provider was asked", async () => {
      const rows = await sql((db) => db`select 1 from calls where callback_id = ${one.id} and state = 'unknown'`);
      return rows.length > 0;
    });
    centre.double.behave({ failAfter: 0, failBefore: 0, statusDelayMs: 5 });
    centre.double.answerAs(agentPhone, { ringMs: 20 });
    await comesTo(one.id, "done");
    expect(callsTo(one.phone)).toHaveLength(1);
    expect(callsTo(agentPhone).length - before).toBe(1);
  }
}, 120_000);

test("M2 where the clock was set back, what was due waits for its time and uses up nothing meanwhile", async () => {
  await sql((db) => db`update agents set presence = 'offline' where id = ${ada.id}`);
  const early = await promised();
  await comesTo(early.id, "due");
  await sql((db) => db`update callbacks set due_at = now() + interval '5 minutes' where id = ${early.id}`);
  // Two others are dialled meanwhile, and somebody else is free: it was looked at each time.
  const bob = await centre.desk.agent("Bob");
  const bobIs = (presence: string) =>
    sql((db) => db`update agents set presence = ${presence}, phone = '+46812345999' where id = ${bob.id}`);
  await bobIs("available");
  for (let round = 0; round < 2; round += 1) {
    const other = await promised();
    await available();
    await comesTo(other.id, "done");
  }
  await available();
  const used = () => sql((db) => db`select 1 from allowances where scope = 'dial-number' and key = ${early.phone}`);
  expect(await used()).toEqual([]);
  expect(await stateOf(early.id)).toMatchObject({ state: "due", attempts: 0 });
  await bobIs("offline");
  await sql((db) => db`update callbacks set due_at = now() where id = ${early.id}`);
  await comesTo(early.id, "done");
  expect(callsTo(early.phone)).toHaveLength(1);
}, 60_000);

test("R5 a callback that cannot be dealt with by a fault of ours holds up none behind it", async () => {
  await sql((db) => db`update agents set presence = 'offline' where id = ${ada.id}`);
  const broken = await promised();
  await comesTo(broken.id, "due");
  // It rang the inbox of another for long enough, and is to be taken back from there.
  const eva = await centre.desk.agent("Eva");
  await sql((db) => db`update callbacks set state = 'dialling' where id = ${broken.id}`);
  await sql(
    (db) =>
      db`create function refuse_callback() returns trigger language plpgsql as 'begin raise exception ''a fault''; end'`,
  );
  await sql((db) =>
    db.unsafe(`create trigger refuses before update on callbacks for each row
      when (old.id = '${broken.id}') execute function refuse_callback()`),
  );
  await sql(
    (db) => db`insert into offers (conference, conversation_id, kind, wanted_id, made_at)
      values (${broken.id}, ${broken.conversationId}, 'callback', ${eva.id}, now() - interval '1 minute')`,
  );
  const next = await promised();
  await available();
  await comesTo(next.id, "done");
  await sql((db) => db`drop trigger refuses on callbacks`);
  await sql((db) => db`drop function refuse_callback`);
  await available();
  await comesTo(broken.id, "done");
  expect(callsTo(broken.phone)).toHaveLength(1);
}, 60_000);

test("a time is said in English where what a browser calls its language is none", () => {
  expect(timeInWords(0, "UTC", "!!")).toBe(timeInWords(0, "UTC", "en"));
  expect(timeInWords(0, "UTC", "sv_SE")).toBe(timeInWords(0, "UTC", "sv"));
  expect(timeInWords(0, "UTC", "sv")).not.toBe(timeInWords(0, "UTC", "en"));
});

test("a callback given to an agent who is busy waits for them and holds up nobody behind it", async () => {
  const bob = await centre.desk.agent("Bosse");
  const bobsPhone = "+46812345998";
  centre.double.answerAs(bobsPhone, { key: "1", talkMs: 60_000 });
  await sql((db) => db`update agents set presence = 'offline' where id = ${ada.id}`);
  const adas = await promised();
  expect((await ada.call("PATCH", `/callbacks/${adas.id}`, { agentId: ada.id })).status).toBe(200);
  const next = await promised();
  await comesTo(adas.id, "due");
  await comesTo(next.id, "due");
  // Ada takes calls, and is still writing down what came of her last one.
  await sql(
    (db) => db`insert into calls (conversation_id, direction, leg, agent_id, conference, state, joined_at, ended_at)
      values (${adas.conversationId}, 'outbound', 'agent', ${ada.id}, gen_random_uuid(), 'completed', now(), now())`,
  );
  await sql((db) => db`update agents set presence = 'available' where id = ${ada.id}`);
  await sql((db) => db`update agents set presence = 'available', phone = ${bobsPhone} where id = ${bob.id}`);
  await comesTo(next.id, "done");
  expect([callsTo(adas.phone).length, (await stateOf(adas.id))?.state]).toEqual([0, "due"]);
  await available();
  await comesTo(adas.id, "done");
  expect(callsTo(bobsPhone)).toHaveLength(1);
  await sql((db) => db`update agents set presence = 'offline' where id = ${bob.id}`);
}, 60_000);

test("M3 a number that nobody wrote from is rung once, and told once that we did not reach it", async () => {
  const { conversationId, phone: own } = await writer();
  const phone = "+46701749901";
  centre.double.answerAs(phone, { outcome: "no-answer" });
  const booked = await ada.call("POST", "/callbacks", { conversationId, phone });
  const { id } = booked.body.callback;
  await comesTo(id, "missed");
  await centre.until("told", async () => texts(own).some((text) => text.includes("could not reach you by telephone")));
  expect(texts(own).filter((text) => text.includes("try again"))).toEqual([]);
  expect(callsTo(phone)).toHaveLength(1);
  // Another call of that day is not made.
  const again = await ada.call("POST", "/callbacks", { conversationId, phone });
  await available();
  await centre.until("held", async () => {
    const [row] = await sql(
      (db) => db<{ held: string | null }[]>`select held from callbacks where id = ${again.body.callback.id}`,
    );
    return row?.held === "dial-unproven";
  });
  expect(callsTo(phone)).toHaveLength(1);
}, 60_000);

/** The page on which strangers ask for a call. */
const page = {
  post: async (path: string, fields: Record<string, string>) => {
    const response = await fetch(`${centre.desk.url}${path}`, {
      method: "POST",
      redirect: "manual",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams(fields).toString(),
    });
    return { status: response.status, location: response.headers.get("location") ?? "", body: await response.text() };
  },
  form: async () => {
    const html = await (await fetch(`${centre.desk.url}/call?lang=en`)).text();
    return {
      id: /name="id" value="([^"]+)"/.exec(html)?.[1] ?? "",
      slots: [...html.matchAll(/<option value="(\d{13})"/g)].map((match) => match[1] ?? ""),
    };
  },
};
const here = { zone: "Europe/Stockholm", shown: "Europe/Stockholm" };
async function strangerAsks(phone: string, when = "now") {
  const { id } = await page.form();
  const asked = await page.post("/call?lang=en", { id, phone, when, ...here, language: "en", topic: "" });
  expect(asked.status).toBe(303);
  const [row] = await sql(
    (db) => db<{ id: string; proven: boolean }[]>`
      select id, proven from callbacks where phone = ${phone} order by created_at desc limit 1`,
  );
  return { id: row?.id ?? "", proven: row?.proven, link: asked.location.split("?")[0] ?? "" };
}

test("M3 key 9 on a number that nobody wrote from: it hears the offer, and is never called or written to again", async () => {
  const phone = "+46701749902";
  centre.double.answerAs(phone, { key: "9", talkMs: 5_000 });
  const one = await strangerAsks(phone);
  expect(one.proven).toBe(false);
  await centre.until("the offer was taken", async () => (await stateOf(one.id))?.state === "done");
  const [call] = callsTo(phone);
  expect(call?.heard.join(" ")).toMatch(/press 9/i);
  expect(call?.heard.join(" ")).toContain("never call this number again");
  const [listed] = await sql((db) => db`select source from never_call where phone = ${phone}`);
  expect(listed).toEqual({ source: "key" });
  const before = texts(phone).length;
  expect(before).toBeGreaterThan(0);
  await available();
  // The next day.
  await sql((db) => db`delete from allowances where scope = 'dial-unproven' and key = ${phone}`);
  const next = await strangerAsks(phone);
  await comesTo(next.id, "missed");
  expect([callsTo(phone).length, texts(phone).length]).toEqual([1, before]);
}, 60_000);

test("M5 a call to a number that is never called ends, on the page, like one that nobody answers", async () => {
  const [listed, silent] = ["+46701749903", "+46701749904"];
  await sql((db) => db`insert into never_call (phone, source) values (${listed}, 'link')`);
  centre.double.answerAs(silent, { outcome: "no-answer" });
  const shown: string[] = [];
  for (const phone of [listed, silent]) {
    await available();
    const one = await strangerAsks(phone);
    await comesTo(one.id, "missed");
    const html = await (await fetch(`${centre.desk.url}${one.link}?lang=en`)).text();
    shown.push(html.replaceAll(one.link, "/call/x"));
  }
  expect(shown[0]).toContain("We did not reach you");
  expect(shown[0]).toBe(shown[1]);
  // M3: no other call of that day is promised, to either; one for another day is.
  const ask = async (phone: string, when: string) => {
    const { id } = await page.form();
    return (await page.post("/call?lang=en", { id, phone, when, ...here, language: "en", topic: "" })).status;
  };
  const later = (await page.form()).slots.at(-1) ?? "";
  for (const phone of [listed, silent]) expect([await ask(phone, "now"), await ask(phone, later)]).toEqual([422, 303]);
  expect([callsTo(listed).length, texts(listed).length, callsTo(silent).length]).toEqual([0, 0, 1]);
}, 60_000);

test("M2 whoever moves a call over and over fills nobody's telephone with texts", async () => {
  const phone = "+46701749905";
  const { slots } = await page.form();
  const one = await strangerAsks(phone, slots[0]);
  for (let turn = 1; turn <= 15; turn += 1) {
    const moved = await page.post(one.link, { do: "move", when: slots[turn] ?? "", ...here });
    expect(moved.status).toBe(200);
  }
  const [row] = await sql(
    (db) => db<{ texts: number; told: number; used: number }[]>`
      select (select count(*)::int from deliveries d where d.address->>'value' = ${phone}) as texts,
        (select count(*)::int from messages m where m.conversation_id = c.conversation_id) as told,
        (select used::int from allowances where scope = 'text-number' and key = ${phone}) as used
      from callbacks c where c.id = ${one.id}`,
  );
  expect(row).toEqual({ texts: 12, told: 16, used: 12 });
  await page.post(one.link, { do: "cancel" });
}, 60_000);

test("M3 a caller's number proves nothing: the call that they ask for is one to an unproven number", async () => {
  const proven = async (phone: string) => {
    const rows = await sql((db) => db<{ proven: boolean }[]>`select proven from callbacks where phone = ${phone}`);
    return rows[0]?.proven ?? null;
  };
  const day = new Date(Date.now() + 9 * 86_400_000).toISOString().slice(0, 10);
  const asks = `Please call me on ${day} at 10:30`;
  const [caller, sender] = ["+46701749906", "+46701749907"];
  const { callSid } = await centre.double.customer.call({ from: caller, to: ourNumber });
  await centre.double.customer.gather({ callSid, speech: asks });
  await centre.until("the caller's call is promised", async () => (await proven(caller)) !== null);
  await centre.double.customer.sms({ from: sender, to: ourNumber, body: asks });
  await centre.until("the sender's call is promised", async () => (await proven(sender)) !== null);
  expect([await proven(caller), await proven(sender)]).toEqual([false, true]);
  // Nor does it where an agent books the call.
  const onlyCalled = "+46701749908";
  const other = await centre.double.customer.call({ from: onlyCalled, to: ourNumber });
  const conversationId = await centre.until("their conversation", async () => {
    const [row] = await sql(
      (db) => db<{ id: string }[]>`select c.id from conversations c
        join contact_addresses a on a.contact_id = c.contact_id where a.value = ${onlyCalled}`,
    );
    return row?.id;
  });
  const later = { conversationId, localTime: `${day}T10:30`, zone: "Europe/Stockholm" };
  expect((await ada.call("POST", "/callbacks", later)).status).toBe(201);
  expect(await proven(onlyCalled)).toBe(false);
  await centre.double.customer.hangUp(other.callSid);
  await centre.double.customer.hangUp(callSid);
}, 60_000);

test("an agent who does not take the call is set aside, and the next one is rung; nobody free keeps the place and says so", async () => {
  centre.double.answerAs(agentPhone, { outcome: "no-answer" });
  const one = await promised();
  await centre.until("the agent is away", async () => {
    const [row] = await sql((db) => db<{ presence: string }[]>`select presence from agents where id = ${ada.id}`);
    return row?.presence === "away";
  });
  expect(await stateOf(one.id)).toMatchObject({ state: "due", attempts: 0 });
  await sql((db) => db`update callbacks set due_at = now() - interval '4 minutes' where id = ${one.id}`);
  await centre.until("told", async () => texts(one.phone).some((text) => text.includes("You keep your place")));
  centre.double.answerAs(agentPhone, { outcome: "human" });
  await available();
  await comesTo(one.id, "done");
  // M2: an agent who does not come uses up nothing of what this customer may be rung in a day.
  const [dialled] = await sql(
    (db) => db<{ used: number }[]>`select used::int as used from allowances
    where scope = 'dial-number' and key = ${one.phone}`,
  );
  expect(dialled?.used).toBe(callsTo(one.phone).length);
}, 90_000);

test("R5 cancelling wins until dialling; an opt-out ends every promise; a withheld agent rings nobody", async () => {
  await sql((db) => db`update agents set presence = 'offline' where id = ${ada.id}`);
  const [cancelled, opted] = [await promised(), await promised()];
  expect((await ada.call("PATCH", `/callbacks/${cancelled.id}`, { state: "cancelled" })).status).toBe(200);
  await sql((db) => db`insert into never_call (phone, source) values (${opted.phone}, 'link')`);
  await available();
  await comesTo(opted.id, "missed");
  expect([callsTo(cancelled.phone), callsTo(opted.phone)]).toEqual([[], []]);
}, 60_000);

test("R5 while only an agent's telephone rings, the call can still be called off, and the ringing ends", async () => {
  centre.double.answerAs(agentPhone, { ringMs: 30_000 });
  const before = callsTo(agentPhone).length;
  const one = await promised();
  await centre.until("the agent's telephone rings", async () => callsTo(agentPhone).length > before || null);
  expect((await ada.call("PATCH", `/callbacks/${one.id}`, { state: "cancelled" })).status).toBe(200);
  await centre.until("it rings no more", async () => (callsTo(agentPhone).at(-1)?.endedAt === null ? null : true));
  centre.double.answerAs(agentPhone, { ringMs: 20 });
  expect(callsTo(one.phone)).toEqual([]);
}, 60_000);

test("a call is promised, dialled and talked without reading through all that were made before", async () => {
  const one = await promised();
  await comesTo(one.id, "done");
  await sql(
    (db) => db`with colleagues as (insert into agents (email, name, role, presence)
      select 'colleague-' || n || '@example.com', 'Colleague', 'agent', 'offline' from generate_series(1, 40) n returning id)
    insert into calls (conversation_id, direction, leg, agent_id, conference, state, started_at, joined_at, ended_at, wrapped_at)
      select ${one.conversationId}, 'outbound', 'agent', id, gen_random_uuid(), 'completed', ago, ago, ago, ago
      from colleagues, generate_series(1, 500) n, lateral (select now() - n * interval '1 hour' as ago) times`,
  );
  await sql((db) => db`update calls set wrapped_at = now() where leg = 'agent' and joined_at is not null`);
  await sql((db) => db`analyze calls`);
  const read = async () => {
    // Each connection tells what it read about once a second.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const [row] = await sql(
      (db) => db<{ read: number }[]>`select seq_tup_read::int as read from pg_stat_user_tables where relname = 'calls'`,
    );
    return row?.read ?? 0;
  };
  const before = await read();
  const other = await promised();
  await comesTo(other.id, "done");
  // One reading of all is this test's own, told late.
  expect((await read()) - before).toBeLessThan(30_000);
});
