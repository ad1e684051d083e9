import { afterAll, beforeAll, expect, test } from "vitest";
import { callToken, readCallToken } from "../../src/callbacks/link.ts";
import { type Desk, openDesk } from "../support/desk.ts";

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk({ DEMO: "true", CALL_COUNTRIES: "SE,US,GB", TIME_ZONE: "Europe/Stockholm" });
}, 60_000);
afterAll(() => desk.close());

const get = (path: string) => fetch(desk.url + path, { redirect: "manual" });
const post = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
  fetch(desk.url + path, {
    method: "POST",
    redirect: "manual",
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    body: new URLSearchParams(fields).toString(),
  });
const callbacks = () =>
  desk.db.run(
    (sql) => sql<{ id: string; phone: string; state: string; wanted_at: Date | null; proven: boolean }[]>`
    select id, phone, state, wanted_at, proven from callbacks order by created_at`,
  );
async function form(lang = "en") {
  const page = await (await get(`/call?lang=${lang}`)).text();
  const id = /name="id" value="([^"]+)"/.exec(page)?.[1] ?? "";
  const slots = [...page.matchAll(/<option value="(\d{13})"/g)].map((match) => match[1] ?? "");
  return {
    page,
    slots,
    fields: {
      id,
      phone: "+46701740605",
      when: "now",
      zone: "Europe/Stockholm",
      shown: "Europe/Stockholm",
      language: lang,
      topic: "A fee",
    },
  };
}

test("a call is asked for without script, shown, moved and cancelled by its link; no GET changes anything", async () => {
  const { page, slots, fields } = await form();
  expect(page).not.toContain("<script>");
  expect(slots.length).toBeGreaterThan(5);
  const asked = await post("/call?lang=en", { ...fields, when: slots[3] ?? "" });
  expect(asked.status).toBe(303);
  const link = asked.headers.get("location") ?? "";
  // A double click gives the same promise.
  expect((await post("/call?lang=en", { ...fields, when: slots[3] ?? "" })).headers.get("location")).toBe(link);
  const shown = await (await get(link)).text();
  expect(shown).toContain("We will call you on");
  expect(shown).not.toContain("701740605");
  expect(await callbacks()).toMatchObject([{ phone: "+46701740605", state: "scheduled", proven: false }]);
  const path = link.split("?")[0] ?? "";
  const moved = await post(path, {
    do: "move",
    when: slots[5] ?? "",
    zone: "Europe/Stockholm",
    shown: "Europe/Stockholm",
  });
  expect(moved.status).toBe(200);
  expect((await callbacks())[0]?.wanted_at?.getTime()).toBe(Number(slots[5]));
  // Its own time is chosen in the list, and choosing that again changes nothing.
  const again = await (await get(link)).text();
  expect(/<option value="([^"]+)" selected/.exec(again)?.[1]).toBe(slots[5]);
  const changes = () =>
    desk.db.run((sql) => sql<{ n: number }[]>`select count(*)::int as n from events where type = 'callback'`);
  const before = await changes();
  await post(path, { do: "move", when: slots[5] ?? "", zone: "Europe/Stockholm", shown: "Europe/Stockholm" });
  expect(await changes()).toEqual(before);
  const evil = { origin: "https://evil.example" };
  const foreign = await post(`${path}?lang=sv`, { do: "cancel" }, evil);
  expect(foreign.status).toBe(403);
  expect(await foreign.text()).toMatch(/role="alert">Ingenting har ändrats.*Avboka samtalet/s);
  const asking = await post("/call?lang=de", { ...(await form("de")).fields, phone: "+46701740699" }, evil);
  expect(asking.status).toBe(403);
  const refusal = await asking.text();
  expect(refusal).toMatch(/role="alert">Es wurde nichts geändert.*<form class="call"/s);
  expect(refusal).not.toContain("701740699");
  expect(await callbacks()).toHaveLength(1);
  await get(`${path}?do=cancel`);
  expect((await callbacks())[0]?.state).toBe("scheduled");
  expect(await (await post(path, { do: "cancel" })).text()).toContain("This call is cancelled.");
  expect((await callbacks())[0]?.state).toBe("cancelled");
}, 30_000);

test("each fault stands beside its field, in the customer's language, with what they wrote", async () => {
  for (const [lang, words] of [
    ["en", "complete telephone number"],
    ["sv", "helt telefonnummer"],
    ["de", "vollständige Telefonnummer"],
    ["es", "número de teléfono completo"],
  ] as const) {
    const { fields } = await form(lang);
    const answer = await post(`/call?lang=${lang}`, { ...fields, phone: "12 <b>", topic: '"><script>' });
    const page = await answer.text();
    expect(answer.status).toBe(422);
    expect(page).toContain(words);
    expect(page).toContain('aria-describedby="phone-hint phone-fault"');
    expect(page).not.toContain('"><script>');
  }
  // The link in a message names no language; the page behind it speaks that of the call.
  const { fields: german } = await form("de");
  const asked = await post("/call?lang=de", { ...german, phone: "+46701740611" });
  const [link = ""] = (asked.headers.get("location") ?? "").split("?");
  expect(await (await get(link)).text()).toContain("Ihr Platz bleibt erhalten");
  const { fields } = await form();
  expect(await (await post("/call?lang=en", { ...fields, phone: "+4930901820" })).text()).toContain(
    "cannot call this number",
  );
  expect(await (await post("/call?lang=en", { ...fields, when: "tomorrow" })).text()).toContain(
    "choose one of the times",
  );
}, 30_000);

test("M1 the simulator's own telephones can be called though no country hands such numbers out; their neighbours cannot", async () => {
  const { fields } = await form();
  expect((await post("/call?lang=en", { ...fields, phone: "+44 7700 900123" })).status).toBe(303);
  const { fields: others } = await form();
  expect((await post("/call?lang=en", { ...others, phone: "+44 7700 900124" })).status).toBe(422);
}, 30_000);

test("M5 the answer for a number that is never called looks like any other", async () => {
  await desk.db.run((sql) => sql`insert into never_call (phone, source) values ('+46701740606', 'link')`);
  const answers = [];
  for (const phone of ["+46701740606", "+46701740607"]) {
    const { fields } = await form();
    const asked = await post("/call?lang=en", { ...fields, phone });
    const page = await (await get(asked.headers.get("location") ?? "")).text();
    answers.push([asked.status, page.replace(/\/call\/[\w-]+/g, "/call/x").replace(/ \d\d</g, " nn<")]);
  }
  expect(answers[0]).toEqual(answers[1]);
}, 30_000);

test("M2 a refused request leaves nobody behind: no contact, no conversation, no counter", async () => {
  const count = () =>
    desk.db.run(
      (
        sql,
      ) => sql`select (select count(*) from contacts) as contacts, (select count(*) from conversations) as conversations,
        (select count(*) from contact_addresses) as addresses, (select sum(used) from allowances) as used`,
    );
  const { fields } = await form();
  const before = await count();
  for (const phone of ["12", "+4930901820", "+46900123456"])
    expect((await post("/call?lang=en", { ...fields, phone })).status).toBe(422);
  expect(await count()).toEqual(before);
  expect((await post("/call?lang=en", { ...fields, phone: "+46701740612" })).status).toBe(303);
  expect(await count()).not.toEqual(before);
});

test("A6 a link opens one callback, expires, and cannot be made without the key", async () => {
  const key = Buffer.alloc(32, 1);
  const id = "01a20b68-32c3-7b17-a335-d1f249cadc2c";
  const now = Date.now();
  const token = callToken(key, id, now);
  expect(readCallToken(key, token, now)).toBe(id);
  expect(readCallToken(key, token, now + 102 * 86_400_000)).toBeNull();
  expect(readCallToken(Buffer.alloc(32, 2), token, now)).toBeNull();
  for (let at = 0; at < token.length; at++) {
    const changed = token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);
    expect(readCallToken(key, changed, now)).toBeNull();
  }
  expect((await get("/call/nonsense")).status).toBe(404);
});

test("M2 one address asks, looks and moves so often a minute at most, and is told when to try again", async () => {
  const statuses: number[] = [];
  for (let tries = 0; tries < 70; tries += 1) statuses.push((await get("/call/nonsense")).status);
  expect(new Set(statuses)).toEqual(new Set([404, 429]));
  const refused = await post("/call?lang=es", { phone: "+46701740613" }, { accept: "text/html" });
  expect(refused.status).toBe(429);
  expect(await refused.text()).toMatch(/<html lang="es".*<a class="button" href="\/call">/s);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  expect((await get("/health")).status).not.toBe(429);
});
