import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Part } from "../channels/channel.ts";
import { parseMessage } from "../channels/sms/parse.ts";
import { renderSms } from "../channels/sms/render.ts";
import { countSegments } from "../channels/sms/segments.ts";
import { parseStatus } from "../channels/twilio/status.ts";
import { isFromTwilio, signTwilio } from "../channels/twilio/verify.ts";
import { pickedChoice } from "../src/turns/picked-choice.ts";

const to = { channel: "sms", kind: "e164", value: "+12025550123" } as const;
const authToken = "12345";
/** The example of Twilio's own documentation. */
const documented = new URLSearchParams({
  CallSid: "CA1234567890ABCDE",
  Caller: "+14158675309",
  Digits: "1234",
  From: "+14158675309",
  To: "+18005551212",
});

test("the documented signature is accepted, any change is refused", () => {
  const request = (signature: string) => ({
    method: "POST" as const,
    url: "/myapp.php?foo=1&bar=2",
    headers: { "x-twilio-signature": signature },
    body: Buffer.alloc(0),
  });
  const options = { authToken, publicUrl: "https://mycompany.com", form: documented };
  expect(isFromTwilio({ ...options, request: request("RSOYDt4T1cUTdK1PDd93/VVr8B8=") })).toBe(true);
  expect(isFromTwilio({ ...options, request: request("RSOYDt4T1cUTdK1PDd93/VVr8B9=") })).toBe(false);
  expect(
    isFromTwilio({
      ...options,
      request: request(signTwilio(authToken, "https://mycompany.com:443/myapp.php?foo=1&bar=2", documented)),
    }),
  ).toBe(true);
});

test("a message without words or media is stored as unsupported", () => {
  const [event] = parseMessage(
    new URLSearchParams({ MessageSid: "SM1", AccountSid: "AC1", From: "+12025550123", NumMedia: "0" }),
    "default",
  );
  expect(event).toMatchObject({
    kind: "message",
    key: "twilio:in:SM1",
    wantsAnswer: true,
    parts: [{ t: "unsupported" }],
  });
});

test.each([
  ["30003", [900_000, 7_200_000]],
  ["30008", [900_000]],
  ["30410", [900_000]],
  ["30005", undefined],
  ["", undefined],
])("R6 a report with the code %s says when to try again", (ErrorCode, againAfterMs) => {
  const form = new URLSearchParams({ MessageSid: `SM${"1".repeat(32)}`, MessageStatus: "undelivered", ErrorCode });
  const [report] = parseStatus(form, new URLSearchParams("d=x.1"));
  expect(report).toMatchObject({ kind: "status", state: "failed" });
  expect(report).toHaveProperty("error.class", "permanent");
  expect(report?.kind === "status" ? report.againAfterMs : null).toEqual(againAfterMs);
});

test("an opt-out word is consent, a sentence with it is not", () => {
  const consent = (Body: string) =>
    parseMessage(
      new URLSearchParams({ MessageSid: "SM1", AccountSid: "AC1", From: "+12025550123", Body }),
      "default",
    )[0];
  expect(consent(" stop ")).toMatchObject({ consent: "stop" });
  expect(consent("please stop texting me")).not.toHaveProperty("consent");
});

test("NUL and halves of surrogate pairs never reach the database", () => {
  const [event] = parseMessage(
    new URLSearchParams({ MessageSid: "SM1", AccountSid: "AC1", From: "+12025550123", Body: "a\u0000b\ud800c 😀" }),
    "default",
  );
  expect(event).toMatchObject({ parts: [{ text: "ab\ufffdc 😀" }] });
});

test("a long text is split within the limits and nothing is lost", () => {
  const text = Array.from({ length: 60 }, (_, n) => `Sentence number ${n} ends here.`).join(" ");
  const { items } = renderSms({ parts: [{ t: "text", text, format: "plain" }], meta: null, to, locale: "en" });
  const bodies = items.map((item) => String(item.body.body));
  expect(bodies.length).toBeGreaterThan(1);
  for (const body of bodies) expect(countSegments(body)).toBeLessThanOrEqual(3);
  expect(bodies[0]).toMatch(/^\(1\/\d\) /);
  expect(bodies.map((body) => body.replace(/^\(\d\/\d\) /, "")).join(" ")).toBe(text);
});

test("choices become numbers that can be answered", () => {
  const options = Array.from({ length: 4 }, (_, n) => ({ id: `o${n}`, title: `Option ${n}` }));
  const { items, numbered } = renderSms({
    parts: [{ t: "choices", style: "buttons", prompt: "Which?", options }],
    meta: null,
    to,
    locale: "en",
  });
  expect(items[0]?.body.body).toBe("Which?\n1. Option 0\n2. Option 1\n3. Option 2\n4. Option 3");
  expect(numbered?.[1]).toEqual({ number: 2, optionId: "o1", title: "Option 1" });
});

test("segments are counted as carriers count them", () => {
  expect(countSegments(`${"a".repeat(158)}€`)).toBe(1);
  expect(countSegments(`${"a".repeat(159)}€`)).toBe(2);
  expect(countSegments("ç".repeat(70))).toBe(1);
  expect(countSegments("ç".repeat(71))).toBe(2);
  expect(countSegments("中".repeat(1600))).toBe(24);
});

test("a link is never cut, and what is beyond five pieces is said to be left out", () => {
  const link = `https://example.com/${"a".repeat(400)}`;
  const text = Array.from({ length: 12 }, (_, n) => `${n} words before ${link} and after.`).join(" ");
  const { items, degraded, isCut } = renderSms({
    parts: [{ t: "text", text, format: "plain" }],
    meta: null,
    to,
    locale: "en",
  });
  const bodies = items.map((item) => String(item.body.body));
  expect(bodies).toHaveLength(5);
  for (const body of bodies.slice(0, 4)) {
    for (const found of body.match(/https:\S+/g) ?? []) expect(found).toBe(link);
  }
  expect(bodies.at(-1)).toMatch(/\.\.\.$/);
  expect(isCut).toBe(true);
  expect(degraded).toHaveLength(1);
});

test("a picture goes as MMS where carriers take it, as a link elsewhere, and is said to be missing without an address", () => {
  const picture = { t: "media", kind: "image", mime: "image/png", state: "ready", name: "plan.png", size: 9 } as const;
  const url = "https://files.example/abc";
  const send = (part: Part, value: string) =>
    renderSms({ parts: [part], meta: null, to: { ...to, value }, locale: "en" });
  expect(send({ ...picture, url }, "+12025550123").items).toEqual([{ body: { mediaUrl: [url] } }]);
  expect(send({ ...picture, url }, "+46701740605").items).toEqual([{ body: { body: `plan.png ${url}` } }]);
  expect(send({ ...picture, url, size: 6_000_000 }, "+12025550123").items).toEqual([
    { body: { body: `plan.png ${url}` } },
  ]);
  expect(send(picture, "+12025550123")).toMatchObject({
    items: [],
    degraded: ["A file has no address to send it from."],
  });
});

test("YES lifts a block and is answered; Twilio confirms its own words, and we confirm ours", () => {
  const parse = (Body: string, more: Record<string, string> = {}) =>
    parseMessage(new URLSearchParams({ MessageSid: "SM1", From: "+12025550123", Body, ...more }), "default")[0];
  expect(parse("Yes")).toMatchObject({ consent: "start", wantsAnswer: true });
  for (const word of ["START", "unstop"]) expect(parse(word)).toMatchObject({ consent: "start", wantsAnswer: false });
  for (const word of ["STOP", "cancel"]) {
    expect(parse(word)).toMatchObject({ consent: "stop", wantsAnswer: false, parts: [{ t: "text" }] });
  }
  for (const [word, locale] of [
    ["arrêt", null],
    ["Abmelden", "de"],
    ["parar", "es"],
  ] as const) {
    const opted = { t: "event", name: "opted-out", data: { locale } };
    expect(parse(word)).toMatchObject({ consent: "stop", wantsAnswer: true, parts: [{ t: "text" }, opted] });
    expect(parse(word, { OptOutType: "STOP" })).toMatchObject({ wantsAnswer: false, parts: [{ t: "text" }] });
  }
  expect(parse("cancelar")).not.toHaveProperty("consent");
  expect(parse("info")).toMatchObject({ consent: "help", wantsAnswer: false });
  expect(parse("förbjud", { OptOutType: "STOP" })).toMatchObject({ consent: "stop" });
});

const choices = [
  { number: 1, optionId: "a", title: "Speak with a person" },
  { number: 2, optionId: "b", title: "Flat 24" },
];

test.each([
  ["2", "b"],
  [" 2. ", "b"],
  ["(2)", "b"],
  ["#2", "b"],
  ["Two", "b"],
  ["TVÅ", "b"],
  ["segundo", "b"],
  ["٢", "b"],
  ["२", "b"],
  ["２", "b"],
  ["SPEAK  WITH A PERSON!", "a"],
  ["flat ٢٤", "b"],
  ["3", null],
  ["I have 2", null],
  ["", null],
  ["2".repeat(500), null],
])("%j picks %j of the numbered choices", (text, optionId) => {
  expect(pickedChoice(text, choices)?.optionId ?? null).toBe(optionId);
});

const segments = new URL("../../shared/fixtures/sms/segments.json", import.meta.url).pathname;
test.skipIf(!existsSync(segments))("segments are counted as an independent library counts them", () => {
  const known = JSON.parse(readFileSync(segments, "utf8")) as { text: string; segments: number }[];
  expect(known.length).toBeGreaterThan(10);
  for (const { text, segments: count } of known) expect(Math.max(1, countSegments(text)), text).toBe(count);
});
