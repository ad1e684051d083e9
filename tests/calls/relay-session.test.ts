import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { CallNews, HeldCall, InboundMessage, ReplyDraft, SpokenReply } from "../../channels/channel.ts";
import { heardOf } from "../../channels/voice/heard.ts";
import { openRelaySession } from "../../channels/voice/relay-session.ts";
import { usualTimes } from "../../channels/voice/relay-times.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Frame = Record<string, unknown>;

/** A session with a conversation in memory; `answer` says what is written for a message. */
async function open(
  answer: (message: InboundMessage) => readonly Partial<SpokenReply>[] = () => [],
  locale = "en",
  resumed: { readonly answerDue: boolean; readonly unsaid?: string } | null = null,
) {
  const frames: Frame[] = [];
  const taken: InboundMessage[] = [];
  const heard: [number, string][] = [];
  const kept: string[] = [];
  const ended: [string, number][] = [];
  let draft = (_: ReplyDraft): void => undefined;
  let replies: SpokenReply[] = [];
  let seq = 1;
  let owner: CallNews["owner"] = "assistant";
  let closed: number | null = null;
  let canText = false;
  let ring = (): void => undefined;
  let bells = true;
  const meta = { kind: "answer", sources: ["late-fee"], choices: [], flow: null, locale } as const;
  const write = (reply: Partial<SpokenReply>) => {
    seq += 1;
    replies = [...replies, { seq, author: "assistant", parts: [], meta, ...reply }];
  };
  const call: HeldCall = {
    from: { channel: "voice", kind: "e164", value: "+12025550131" },
    locale,
    lastSeq: 1,
    answerDue: resumed?.answerDue ?? false,
    asked: null,
    async take(message) {
      taken.push(message);
      seq += 1;
      const at = seq;
      for (const reply of answer(message)) write(reply);
      // The bell of what was stored, then that of its answer.
      if (bells) ring();
      if (bells) ring();
      return at;
    },
    news: async (after) => ({ replies: replies.filter((one) => one.seq > after), lastSeq: seq, owner }),
    onNews(listener) {
      ring = listener;
      return () => undefined;
    },
    onDraft(listener) {
      draft = listener;
      return () => undefined;
    },
    async said({ words }) {
      kept.push(words);
    },
    async heard(at, words) {
      heard.push([at, words]);
    },
    sendDetails: async () => canText,
    storedSeq: (at) => at,
    ended(how, seq) {
      ended.push([how, seq]);
    },
  };
  const wire = {
    send: (frame: string) => void frames.push(JSON.parse(frame)),
    close(code: number) {
      closed = code;
    },
  };
  const redeem = async ({ token }: { token: string }) => (token === "right" ? call : null);
  const session = openRelaySession({ company: "Paylark", times: usualTimes }, wire, { redeem });
  const receive = async (frame: Frame) => {
    session.receive(JSON.stringify(frame));
    await vi.advanceTimersByTimeAsync(0);
  };
  const say = (voicePrompt: string) => receive({ type: "prompt", voicePrompt, last: true, lang: "en-US" });
  if (resumed?.unsaid !== undefined) write(text(resumed.unsaid));
  const opening = resumed === null ? "greeted" : "resumed";
  await receive({ type: "setup", sessionId: "VX1", callSid: "CA1", customParameters: { token: "right", opening } });
  return {
    ...{ frames, taken, heard, kept, ended, receive, say },
    drop: () => session.closed(),
    /** How far an answer is made. */
    makes: (text: string) => draft({ text, locale, answers: seq }),
    words: () => frames.flatMap(({ token }) => (typeof token === "string" ? [token] : [])),
    writes: write,
    losesBells: () => {
      bells = false;
    },
    hears: (parts: Partial<SpokenReply>) => {
      write(parts);
      ring();
      return vi.advanceTimersByTimeAsync(0);
    },
    give: (to: CallNews["owner"]) => {
      owner = to;
    },
    textsGoOut: () => {
      canText = true;
    },
    closed: () => closed,
  };
}

const text = (words: string) => ({ parts: [{ t: "text", text: words, format: "plain" }] }) as const;
const handoffIn = (frame: Frame | undefined) => JSON.parse(String(frame?.handoffData ?? "{}"));

test("a session that takes another's place says what was not said, waits for what is being made, or asks again", async () => {
  const missed = await open(undefined, "en", { answerDue: false, unsaid: "It is seven dollars." });
  expect(missed.words()).toEqual(["It is seven dollars."]);
  const waits = await open(undefined, "en", { answerDue: true });
  expect(waits.words()).toEqual([]);
  await vi.advanceTimersByTimeAsync(usualTimes.fillerMs);
  expect(waits.words()).toEqual(["One moment."]);
  await waits.hears(text("It is seven dollars."));
  expect(waits.words().at(-1)).toBe("It is seven dollars.");
  const quiet = await open(undefined, "en", { answerDue: false });
  expect(quiet.words().join()).toMatch(/say that again.*press 0/s);
});

test("a session that breaks tells how far it was heard: what was played to its end, or spoken over", async () => {
  const { say, hears, receive, ended, drop } = await open();
  await say("what is a late fee?");
  await hears(text("It is seven dollars."));
  await receive({ type: "info", name: "tokensPlayed", value: "It is seven dollars." });
  await say("and the annual fee?");
  await hears(text("There is none."));
  drop();
  // The caller's second question was number 4; its answer may not have been heard.
  expect(ended).toEqual([["dropped", 3]]);
});

test("an answer is said while it is made, and its rest when it is there", async () => {
  const { frames, words, say, makes, hears, kept } = await open();
  await say("what is a late fee?");
  makes("It is **7 USD**.");
  makes("It is **7 USD**. It is charged once.");
  expect(words()).toEqual(["It is 7 dollars. ", "It is charged once. "]);
  expect(frames.some(({ last }) => last === true)).toBe(false);
  await hears(text("It is **7 USD**. It is charged once. Write to us."));
  expect(words().at(-1)).toBe("Write to us.");
  expect(frames.at(-1)).toMatchObject({ last: true });
  // One that was said whole still has its end.
  await say("and now?");
  makes("Nothing.");
  await hears(text("Nothing."));
  expect(words().slice(-2)).toEqual(["Nothing. ", ""]);
  expect(frames.at(-1)).toMatchObject({ token: "", last: true });
  expect(kept).toEqual([]);
});

test("an answer that came out otherwise than it began is said whole, and its beginning is kept as said", async () => {
  const { words, say, makes, hears, kept } = await open();
  await say("what is a late fee?");
  makes("It is seven dollars.");
  makes("It was seven dollars. And more.");
  await hears(text("I do not know."));
  expect(words()).toEqual(["It is seven dollars. ", "I do not know."]);
  expect(kept).toEqual(["It is seven dollars."]);
});

test("barge-in while an answer is made: nothing more of it is sent, and only what was heard is kept", async () => {
  const { frames, say, makes, hears, receive, kept, heard, words } = await open();
  await say("what is a late fee?");
  makes("It is seven dollars. It is charged once.");
  const sent = frames.length;
  await receive({ type: "interrupt", utteranceUntilInterrupt: "It is seven", durationUntilInterruptMs: 700 });
  makes("It is seven dollars. It is charged once. And another thing.");
  await hears(text("It is seven dollars. It is charged once. And another thing."));
  expect(frames.length).toBe(sent);
  expect(kept).toEqual(["It is seven"]);
  expect(heard).toEqual([[3, ""]]);
  await say("no, the annual fee");
  makes("There is none.");
  expect(words().at(-1)).toBe("There is none. ");
});

test("silence is asked again after ten seconds, then offered a person, then ended", async () => {
  const { frames, words, say } = await open(() => [text("Seven dollars.")]);
  await say("what is a late fee?");
  expect(words()).toEqual(["Seven dollars."]);
  await vi.advanceTimersByTimeAsync(9_900);
  expect(words()).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(words().at(-1)).toContain("I did not hear anything");
  await vi.advanceTimersByTimeAsync(14_000);
  expect(words().at(-1)).toContain("Press 0");
  await vi.advanceTimersByTimeAsync(14_000);
  expect(words().at(-1)).toContain("Goodbye");
  await vi.advanceTimersByTimeAsync(5_000);
  expect(frames.at(-1)?.type).toBe("end");
  expect(handoffIn(frames.at(-1))).toMatchObject({ reason: "goodbye" });
});

test("somebody who is speaking is not told that they are silent, and a word begins the count anew", async () => {
  const { words, receive, say } = await open(() => [text("Seven dollars.")]);
  await say("what is a late fee?");
  await receive({ type: "info", name: "clientSpeaking", value: "start" });
  await vi.advanceTimersByTimeAsync(30_000);
  expect(words()).toHaveLength(1);
  await receive({ type: "info", name: "clientSpeaking", value: "stop" });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(words().at(-1)).toContain("I did not hear anything");
  await say("and now?");
  await vi.advanceTimersByTimeAsync(12_000);
  expect(words().at(-1)).toContain("I did not hear anything");
});

test("while an answer is made the caller hears that it is, and is offered a person when it takes too long", async () => {
  const { frames, words, say, hears } = await open();
  await say("what is a late fee?");
  await vi.advanceTimersByTimeAsync(1_500);
  expect(words()).toEqual(["One moment."]);
  expect(frames.at(-1)).toMatchObject({ preemptible: true, last: true });
  await vi.advanceTimersByTimeAsync(8_000);
  expect(words().at(-1)).toBe("I am still looking.");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(words().at(-1)).toContain("Press 0 for a person");
  await hears(text("It is seven dollars."));
  expect(words().at(-1)).toBe("It is seven dollars.");
});

test("an answer that the caller overtook with their next words is not said, and not kept as said", async () => {
  const { heard, words, say, hears, taken } = await open((message) =>
    JSON.stringify(message.parts).includes("second") ? [text("The second answer.")] : [],
  );
  await say("first question");
  await hears({ ...text("Too late."), seq: 3 });
  expect(words()).toEqual(["Too late."]);
  await say("second question");
  expect(taken.map(({ key }) => key)).toEqual(["twilio:relay:VX1:2", "twilio:relay:VX1:3"]);
  expect(words().at(-1)).toBe("The second answer.");
  expect(heard).toEqual([]);
});

test("barge-in: nothing more is sent of what was interrupted, and the words heard are kept", async () => {
  const { frames, heard, say, receive, textsGoOut } = await open(() => [
    text(`${"A first sentence that is rather long indeed. ".repeat(8)}The last one.`),
  ]);
  textsGoOut();
  const asked = say("tell me everything");
  await asked;
  const sent = frames.length;
  await receive({
    type: "interrupt",
    utteranceUntilInterrupt: "A first sentence that is rather",
    durationUntilInterruptMs: 900,
  });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(frames.length).toBe(sent);
  expect(heard).toEqual([[3, "A first sentence that is rather"]]);
});

test("R4 a noise over an answer does not cut it off: it goes on with the sentence, and what was heard is kept whole", async () => {
  const { frames, words, heard, say, receive } = await open(() => [
    text("It is seven dollars. It is charged once a month. There is no other fee."),
  ]);
  const cutOff = (utteranceUntilInterrupt: string) =>
    receive({ type: "interrupt", utteranceUntilInterrupt, durationUntilInterruptMs: 900 });
  await say("what is a late fee?");
  const before = words().length;
  await cutOff("It is seven dollars. It is charged");
  await say("hm");
  expect(words().slice(before).join("")).toBe("It is charged once a month. There is no other fee.");
  expect(frames.at(-1)).toMatchObject({ last: true });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(heard).toEqual([]);
  // Words over what goes on end it, and the timeline holds all that was heard.
  await cutOff("It is charged once");
  await say("thank you, that is enough");
  expect(heard).toEqual([[3, "It is seven dollars. It is charged once"]]);
});

test("a caller is understood in the language of an answer that they did not wait for, and answered in it", async () => {
  const meta = { kind: "answer", sources: [], choices: [], flow: null, locale: "en" } as const;
  const { frames, writes, losesBells, words, say, hears } = await open(undefined, "sv");
  losesBells();
  await say("could you answer me in English please");
  writes({ ...text("In English, yes."), meta });
  await say("where is my payment plan");
  await vi.advanceTimersByTimeAsync(usualTimes.fillerMs);
  const switched = { type: "language", ttsLanguage: "en-US", transcriptionLanguage: "en-US" };
  expect(frames.at(-1)).toEqual(switched);
  await hears({ ...text("It is in the app."), meta });
  await vi.advanceTimersByTimeAsync(100);
  expect(words().slice(-2)).toEqual(["Ett ögonblick.", "It is in the app."]);
  expect(frames.filter(({ type }) => type === "language")).toEqual([switched]);
});

test("a long answer is shortened and sent as a text, or said whole where no text can go", async () => {
  const long = `${"This is one of many sentences about it. ".repeat(12)}The end.`;
  const texted = await open(() => [text(long)]);
  texted.textsGoOut();
  await texted.say("tell me everything");
  expect(texted.words().at(-1)).toBe("I have sent you the details by text.");
  expect(texted.words().join("").length).toBeLessThan(long.length);
  const whole = await open(() => [text(long)]);
  await whole.say("tell me everything");
  expect(whole.words().join("")).toBe(long);
  expect(whole.frames.at(-1)).toMatchObject({ token: "The end.", last: true });
  // What is said of somebody's account is never sent anywhere.
  const meta = { kind: "flow", sources: [], choices: [], flow: "account", locale: "en" } as const;
  const own = await open(() => [{ ...text(long), meta }]);
  own.textsGoOut();
  await own.say("my balance");
  expect(own.words().join("")).toBe(long);
});

test("a hand-over waits until its words were played, then leaves by the action", async () => {
  const { frames, say, receive, give } = await open(() => [text("I pass you to a person.")]);
  give("queue");
  await say("a person please");
  expect(frames.at(-1)).toMatchObject({ type: "text", last: true });
  await receive({ type: "info", name: "tokensPlayed", value: "I pass you" });
  expect(frames.at(-1)?.type).toBe("text");
  await receive({ type: "info", name: "tokensPlayed", value: " to a person." });
  expect(handoffIn(frames.at(-1))).toMatchObject({ reason: "handoff", after: 3 });
});

test("keys of a code are one message, and a call has an end", async () => {
  const meta = { kind: "flow", sources: [], choices: [], flow: "sign-in", locale: "en" } as const;
  const { frames, taken, receive, say } = await open(() => [{ ...text("Enter the code."), meta }]);
  await say("sign in");
  for (const digit of "123456") await receive({ type: "dtmf", digit });
  expect(taken.at(-1)?.parts).toEqual([{ t: "dtmf", digits: "123456" }]);
  for (let minute = 0; minute < 31; minute++) {
    await receive({ type: "info", name: "clientSpeaking", value: "start" });
    await vi.advanceTimersByTimeAsync(59_000);
  }
  expect(handoffIn(frames.at(-1))).toMatchObject({ reason: "too-long" });
});

test("keys that were pressed before one key was asked for are taken in their time, and spoil no later code", async () => {
  const meta = { kind: "flow", sources: [], choices: [], flow: "sign-in", locale: "en" } as const;
  const { hears, receive, say, taken } = await open();
  await say("sign me in");
  await hears({ ...text("Which code?"), meta });
  for (const digit of "123") await receive({ type: "dtmf", digit });
  await hears({ ...text("A person is here."), author: "agent" });
  await receive({ type: "dtmf", digit: "4" });
  await receive({ type: "dtmf", digit: "#" });
  await vi.advanceTimersByTimeAsync(usualTimes.keysMs);
  const keys = () => taken.flatMap(({ parts }) => parts.flatMap((part) => (part.t === "dtmf" ? [part.digits] : [])));
  expect(keys()).toEqual(["4", "123"]);
  await hears({ ...text("Which code?"), meta });
  for (const digit of "567890") await receive({ type: "dtmf", digit });
  expect(keys()).toEqual(["4", "123", "567890"]);
});

test("a socket that shows no token is closed, at once or after its time", async () => {
  const wire = { send: vi.fn(), close: vi.fn() };
  openRelaySession({ company: "Paylark", times: usualTimes }, wire, { redeem: async () => null });
  await vi.advanceTimersByTimeAsync(usualTimes.setupMs);
  expect(wire.close).toHaveBeenCalledWith(1008, expect.any(String));
  expect(wire.send).not.toHaveBeenCalled();
});

test("what was heard is found although it comes back spelled otherwise", () => {
  const pieces = [
    { seq: 3, text: "Hello there. " },
    { seq: 3, text: "It costs 7 dollars, at most." },
    { seq: 5, text: " A second message." },
  ];
  expect(heardOf(pieces, "hello there it COSTS")).toEqual([
    { seq: 3, words: "Hello there. It costs", whole: false },
    { seq: 5, words: "", whole: false },
  ]);
  // The provider may say only the last utterance.
  expect(heardOf(pieces, "It costs 7 dollars at most")[0]).toEqual({
    seq: 3,
    words: "Hello there. It costs 7 dollars, at most",
    whole: true,
  });
  expect(heardOf(pieces, "")).toMatchObject([
    { seq: 3, words: "", whole: false },
    { seq: 5, words: "", whole: false },
  ]);
  expect(heardOf([], "anything")).toEqual([]);
});
