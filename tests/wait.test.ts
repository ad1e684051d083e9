import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
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

const languages = [
  {
    locale: "en",
    closed: /Nobody is here until .*\d.* We answer with a message here .*“Call me back” and leave a number\./,
    away: /Nobody is here right now\. We answer with a message/,
    soon: /A colleague answers here soon\.$/,
    busy: /Everybody is with other customers right now\. You are number 1 in line\./,
    askNumber: /Which telephone number/,
  },
  {
    locale: "sv",
    closed: /Ingen är här förrän .*\d.* Vi svarar med ett meddelande här .*”Ring mig” och lämna ett nummer\./,
    away: /Ingen är här just nu\. Vi svarar med ett meddelande/,
    soon: /En kollega svarar här snart\.$/,
    busy: /Alla är upptagna med andra kunder just nu\. Du är nummer 1 i kön\./,
    askNumber: /Vilket telefonnummer/,
  },
  {
    locale: "de",
    closed: /Bis .*\d.* ist niemand da\. Wir antworten hier mit einer Nachricht.*„Rückruf anfordern“ und hinterlassen/,
    away: /Gerade ist niemand da\. Wir antworten hier mit einer Nachricht/,
    soon: /Gleich antwortet hier ein Kollege\.$/,
    busy: /Gerade sind alle mit anderen Kunden beschäftigt\. Sie sind Nummer 1 in der Warteschlange\./,
    askNumber: /Welche Telefonnummer/,
  },
  {
    locale: "es",
    closed: /No hay nadie hasta el .*\d.* Te responderemos aquí con un mensaje.*«Que me llamen» y deja un número\./,
    away: /Ahora mismo no hay nadie\. Te responderemos aquí con un mensaje/,
    soon: /Pronto te responderá aquí un compañero\.$/,
    busy: /Ahora mismo todos están con otros clientes\. Eres el número 1 de la cola\./,
    askNumber: /¿A qué número/,
  },
  {
    locale: "ar",
    closed: /لا يوجد أحد هنا حتى .*[\d٠-٩].* سنجيبك برسالة هنا.*«اتصلوا بي» واترك رقمًا\./,
    away: /لا يوجد أحد هنا الآن\. سنجيبك برسالة هنا/,
    soon: /سيجيبك أحد زملائنا هنا قريبًا\.$/,
    busy: /جميع موظفينا مشغولون مع عملاء آخرين الآن\. رقمك في الانتظار: 1\./,
    askNumber: /ما رقم الهاتف/,
  },
] as const;

test("R6 a hand-off says whether anybody is here, in the customer's language, and a call can be asked for instead", async () => {
  const admin = await desk.agent("petra", "admin");
  const agent = await desk.agent("olof");
  const setHours = (week: [string, string][][]) =>
    admin.call("PUT", "/settings/hours", { value: { teams: [{ week }] } });
  const handedOver = () => Promise.all(languages.map(async ({ locale }) => (await askForPerson(locale)).reply));

  await setHours(closedNow());
  for (const [at, reply] of (await handedOver()).entries()) expect(reply).toMatch(languages[at]?.closed ?? /-/);
  await setHours(Array.from({ length: 7 }, () => [["00:00", "24:00"]]));
  for (const [at, reply] of (await handedOver()).entries()) expect(reply).toMatch(languages[at]?.away ?? /-/);

  const inbox = new WebSocket(`${desk.url.replace("http", "ws")}/api/v1/live`, {
    headers: { authorization: `Bearer ${agent.token}` },
  });
  inbox.on("open", () => inbox.send(JSON.stringify({ here: true })));
  const seen = () => desk.db.run((sql) => sql`select 1 from agents where id = ${agent.id} and seen_at is not null`);
  await expect.poll(async () => (await seen()).length).toBe(1);
  for (const { locale, soon, busy, askNumber } of languages) {
    await nobodyWaits();
    expect((await askForPerson(locale)).reply).toMatch(soon);
    expect((await askForPerson(locale)).reply).toMatch(/2/);
    await nobodyWaits();
    await agent.call("PUT", "/presence", { presence: "busy" });
    const { reply, say } = await askForPerson(locale);
    expect(reply).toMatch(busy);
    await agent.call("PUT", "/presence", { presence: "available" });
    // What the sentence names, and only that: other words wait for the person.
    const wanted = /[“”„«]([^“”„«»]+)[”“»]/.exec(reply)?.[1] ?? "";
    expect(await say(wanted)).toMatch(askNumber);
  }
  inbox.close();
});

/** A new visitor who asks for a person by the button. */
async function askForPerson(locale: string) {
  const call = async (path: string, token: string | null, body?: object) => {
    const response = await fetch(`${desk.url}/v3/directline${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: {
        "content-type": "application/json",
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return response.json();
  };
  const { conversationId, token } = (await call("/tokens/generate", null, {})) as Record<string, string>;
  const path = `/conversations/${conversationId}/activities`;
  const say = async (text: string, value?: object): Promise<string> => {
    const { id } = (await call(path, token ?? "", { type: "message", text, value, locale })) as { id: string };
    const reply = async () => {
      const { activities } = (await call(`${path}?watermark=${Number(id.split("|")[1])}`, token ?? "")) as {
        activities: { text?: string; channelData?: { everline?: { author: string } } }[];
      };
      return activities.find(({ channelData }) => channelData?.everline?.author === "assistant")?.text ?? "";
    };
    await expect.poll(reply, { timeout: 10_000, interval: 20 }).not.toBe("");
    return reply();
  };
  return { say, reply: await say("?", { choice: "live-agent", title: "?" }) };
}

async function nobodyWaits(): Promise<void> {
  await desk.db.run((sql) => sql`update conversations set owner = 'assistant', waiting_since = null`);
}

/** Open on every day but today and its neighbours, whatever the hour. */
function closedNow(): [string, string][][] {
  const today = (new Date().getUTCDay() + 6) % 7;
  return Array.from({ length: 7 }, (_, day) => ((day - today + 8) % 7 < 3 ? [] : [["08:00", "20:00"]]));
}
