import { expect, test } from "vitest";
import type { AwaitReply, Received, SpokenReply } from "../../channels/channel.ts";
import { createTwilioClient } from "../../channels/twilio/client.ts";
import { createVoice, type VoiceOptions } from "../../channels/voice/index.ts";
import { plainText } from "../../src/lib/message.ts";
import { twilioSignature } from "../../src/simulator/sign.ts";
import { readTwiml } from "../../src/simulator/twiml.ts";

const publicUrl = "https://help.example";
const authToken = "token-for-tests";
const options: VoiceOptions = {
  account: "default",
  authToken,
  publicUrl: () => publicUrl,
  company: "Tom & <Co>",
  number: "+46800000000",
  transport: "gather",
  client: createTwilioClient({ accountSid: "AC1", authToken, apiKey: null, apiSecret: null, apiUrl: null }),
};
const voice = createVoice(options);

function request(path: string, fields: Record<string, string>, token = authToken, by = voice): Received {
  const form = new Map(Object.entries({ CallSid: "CA1", From: "+46701234567", To: "+46800000000", ...fields }));
  const url = `/channels/voice/default${path}`;
  const hook = by.webhooks.find((one) => one.path === path.split("?")[0]);
  if (hook === undefined) throw new Error(`no webhook ${path}`);
  return hook.receive({
    method: "POST",
    url,
    headers: { "x-twilio-signature": twilioSignature(token, publicUrl + url, form) },
    body: Buffer.from(new URLSearchParams([...form]).toString()),
  });
}

function accepted(received: Received) {
  if (received.kind !== "accepted") throw new Error(received.reason);
  return received;
}

type Answer = Extract<Received, { kind: "accepted" }>["answer"];

function awaiting(answer: Answer): AwaitReply {
  if (!("kind" in answer) || answer.kind !== "await-reply") throw new Error("answered at once");
  return answer;
}

function twimlOf(answer: Answer) {
  if ("kind" in answer) throw new Error("not answered at once");
  return readTwiml(String(answer.body ?? ""));
}

const pathOf = (url: string | null) => (url ?? "").replace(`${publicUrl}/channels/voice/default`, "");
const reply = (text: string, locale = "sv", flow: string | null = null): SpokenReply => ({
  seq: 4,
  author: "assistant",
  parts: [{ t: "text", text, format: "markdown" }],
  meta: { kind: "answer", sources: [], choices: [], flow, locale },
});

test("a forged or unsigned call is refused", () => {
  expect(request("/incoming", {}, "another token")).toMatchObject({ kind: "refused", answer: { status: 403 } });
});

test("a call is greeted in the likely language, says it is an AI, and owes no answer", () => {
  const received = accepted(request("/incoming", {}));
  expect(received.events).toMatchObject([
    { kind: "message", wantsAnswer: false, key: "twilio:call:CA1:start", from: { value: "+46701234567" } },
    { kind: "call-began", externalId: "CA1", locale: "sv", from: { value: "+46701234567" } },
  ]);
  const heard = twimlOf(received.answer);
  expect(heard.said[0]).toEqual({ language: "sv-SE", text: expect.stringContaining("AI-assistent") });
  expect(heard.said[0]?.text).toContain("Tom & <Co>");
  expect(twimlOf(accepted(request("/incoming", { From: "+4915112345678" })).answer).said[0]?.language).toBe("de-DE");
});

test("an Arabic caller is greeted, listened to and answered in Arabic, in single requests whatever the account has", () => {
  const relayed = createVoice({ ...options, transport: "relay" });
  const first = twimlOf(accepted(request("/incoming", { From: "+971501234567" }, authToken, relayed)).answer);
  expect(first.said[0]).toEqual({ language: "ar-AE", text: expect.stringMatching(/Tom & <Co>.*AI/) });
  expect(first.relay).toBe(null);
  const heard = accepted(request(pathOf(first.action), { SpeechResult: "ما هي رسوم التأخير؟" }, authToken, relayed));
  expect(heard.events).toMatchObject([{ kind: "message", locale: "ar" }]);
  const said = twimlOf(awaiting(heard.answer).respond([reply("الرسوم \u206612,50 EUR\u2069.", "ar")], 4)).said;
  expect(said).toEqual([{ language: "ar-AE", text: "الرسوم 12 يورو و 50 سنت." }]);
  // Others have the socket.
  expect(accepted(request("/incoming", {}, authToken, relayed)).answer).toMatchObject({ kind: "await-call-token" });
});

test("speech becomes a message whose reply is spoken, then the call listens again", () => {
  const first = twimlOf(accepted(request("/incoming", {})).answer);
  const received = accepted(request(pathOf(first.action), { SpeechResult: "Var är min order?" }));
  expect(received.events).toMatchObject([
    {
      kind: "message",
      key: "twilio:call:CA1:0",
      locale: "sv",
      wantsAnswer: true,
      parts: [{ t: "text", text: "Var är min order?" }],
    },
  ]);
  const wait = awaiting(received.answer);
  expect(wait.waitMs).toBeLessThanOrEqual(1_500);
  const heard = twimlOf(wait.respond([reply("**Snart** hos dig, se [sidan](https://a.example/b).")], 4));
  expect(heard.said).toEqual([{ language: "sv-SE", text: "Snart hos dig, se sidan." }]);
  expect(heard.action).toContain("n=1");
  expect(heard.action).toContain("a=4");
});

test("a long answer from an article is shortened where its details go by text, and said whole where they cannot", () => {
  const heard = accepted(request("/gather?l=en&n=0", { SpeechResult: "what is a late fee?" }));
  const sentence = (index: number) => `Sentence ${index} says in some more words than needed that it costs 7.50 USD. `;
  const long = Array.from({ length: 9 }, (_, index) => sentence(index)).join("");
  const answers = (sources: readonly string[]) => {
    const { meta, ...rest } = reply(long, "en");
    return [{ ...rest, meta: meta === null ? null : { ...meta, sources } }];
  };
  const asked = awaiting(heard.answer).respond(answers(["late-fee"]), 4);
  if (!("kind" in asked)) throw new Error("said without asking for a text");
  expect(asked).toMatchObject({ kind: "await-details", from: { value: "+46701234567" }, seqs: [4] });
  const words = (texted: number[]) =>
    twimlOf(asked.respond(texted))
      .said.map(({ text }) => text)
      .join(" ");
  expect(words([4])).toMatch(/^Sentence 0 .*7 dollars and 50 cents.* I have sent you the details by text\.$/);
  expect(words([4])).not.toContain("Sentence 8");
  expect(words([])).toContain("Sentence 8");
  expect(words([])).not.toContain("by text");
  // What no article says may be somebody's own: it is said, and said whole.
  const own = awaiting(heard.answer).respond(answers([]), 4);
  expect(
    twimlOf(own)
      .said.map(({ text }) => text)
      .join(" "),
  ).toContain("Sentence 8");
});

test("no reply yet: one moment, then round again after the same seq, and not for ever", () => {
  const wait = awaiting(accepted(request("/gather?l=en&n=0", { SpeechResult: "hi" })).answer);
  let heard = twimlOf(wait.respond([], 7));
  expect(heard.said[0]?.text).toBe("One moment.");
  let rounds = 0;
  while (heard.redirect !== null && rounds < 100) {
    const next = accepted(request(pathOf(heard.redirect), {}));
    expect(next.events).toEqual([]);
    const again = awaiting(next.answer);
    expect(again.afterSeq).toBe(7);
    heard = twimlOf(again.respond([], 7));
    rounds += 1;
  }
  expect(rounds).toBeLessThan(30);
  expect(heard.action).not.toBeNull();
  expect(heard.said[0]?.text).toContain("Press 0");
});

test("a key that stands for a choice reads as the choice, any other as itself", () => {
  const words = (Digits: string) =>
    accepted(request("/gather?l=en&n=3", { Digits })).events.map((event) =>
      event.kind === "message" ? plainText(event.parts) : null,
    );
  expect(words("0")).toEqual([expect.stringMatching(/^\p{L}[^\d\n]+$/u)]);
  expect(words("42")).toEqual(["42"]);
});

test("keys 0 and 1 ask for a person and a callback", () => {
  expect(accepted(request("/gather?l=de&n=3", { Digits: "0" })).events).toMatchObject([
    {
      key: "twilio:call:CA1:3",
      parts: [
        { t: "dtmf", digits: "0" },
        { t: "choice", optionId: "live-agent" },
      ],
    },
  ]);
  expect(accepted(request("/gather?l=de&n=3", { Digits: "1" })).events).toMatchObject([
    {
      parts: [
        { t: "dtmf", digits: "1" },
        { t: "choice", optionId: "callback" },
      ],
    },
  ]);
});

test("silence is asked again, then offered a person, then ended", () => {
  const first = twimlOf(accepted(request("/gather?l=en&n=1&e=0", {})).answer);
  expect(first.action).toContain("e=1");
  const second = twimlOf(accepted(request(pathOf(first.action), {})).answer);
  expect(second.said[0]?.text).toContain("Press 0");
  expect(twimlOf(accepted(request(pathOf(second.action), {})).answer).ended).toBe(true);
});

test("X4: characters that XML forbids never reach the markup", () => {
  const wait = awaiting(accepted(request("/gather?l=en&n=0", { SpeechResult: "hi" })).answer);
  const answer = wait.respond([reply("a\u0000b\u0008c\uD800d <Hangup/> & 𝔘", "en")], 2);
  if ("kind" in answer) throw new Error("not answered at once");
  for (const illegal of ["\u0000", "\u0008", "\uD800d"]) expect(answer.body).not.toContain(illegal);
  expect(answer.body).not.toContain("<Hangup/>");
  expect(twimlOf(answer).said[0]?.text).toBe("abcd <Hangup/> & 𝔘");
});

test("R8: callers who withhold their number never share a conversation", () => {
  const one = accepted(request("/incoming", { From: "anonymous", CallSid: "CA1" })).events[0];
  const two = accepted(request("/incoming", { From: "anonymous", CallSid: "CA2" })).events[0];
  expect(one).toMatchObject({ from: { kind: "opaque", value: "call:CA1" } });
  expect(two).toMatchObject({ from: { kind: "opaque", value: "call:CA2" } });
});

test("a call status has a key that no utterance has", () => {
  const received = accepted(request("/status", { CallStatus: "completed", SequenceNumber: "0", CallDuration: "12" }));
  expect(received.events).toMatchObject([
    {
      kind: "change",
      change: "call",
      key: "twilio:call:CA1:status-0",
      data: { state: "completed", durationSeconds: 12 },
    },
    { kind: "call", key: "twilio:call:CA1:line-0", state: "completed" },
  ]);
});
