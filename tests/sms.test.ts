import { expect, test } from "vitest";
import { parseMessage } from "../channels/sms/parse.ts";
import { renderSms } from "../channels/sms/render.ts";
import { countSegments } from "../channels/sms/segments.ts";
import { isFromTwilio, signTwilio } from "../channels/twilio/verify.ts";

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
    key: "twilio:in:AC1:SM1",
    wantsAnswer: false,
    parts: [{ t: "unsupported" }],
  });
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
  const bodies = items.map((item) => String(item.body.Body));
  expect(bodies.length).toBeGreaterThan(1);
  for (const body of bodies) expect(countSegments(body)).toBeLessThanOrEqual(3);
  expect(bodies.join(" ")).toBe(text);
});

test("choices become numbers that can be answered", () => {
  const options = Array.from({ length: 4 }, (_, n) => ({ id: `o${n}`, title: `Option ${n}` }));
  const { items, numbered } = renderSms({
    parts: [{ t: "choices", style: "buttons", prompt: "Which?", options }],
    meta: null,
    to,
    locale: "en",
  });
  expect(items[0]?.body.Body).toBe("Which?\n1. Option 0\n2. Option 1\n3. Option 2\n4. Option 3");
  expect(numbered?.[1]).toEqual({ number: 2, optionId: "o1", title: "Option 1" });
});

test("segments are counted as carriers count them", () => {
  expect(countSegments(`${"a".repeat(158)}€`)).toBe(1);
  expect(countSegments(`${"a".repeat(159)}€`)).toBe(2);
  expect(countSegments("ç".repeat(70))).toBe(1);
  expect(countSegments("ç".repeat(71))).toBe(2);
  expect(countSegments("中".repeat(1600))).toBe(24);
});
