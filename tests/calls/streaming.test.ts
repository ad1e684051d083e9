import { afterAll, beforeAll, expect, test } from "vitest";
import type { RelayLine, TheirFrame } from "../../src/simulator/relay-line.ts";
import { type CallCentre, openCallCentre, ourNumber } from "../support/call-centre.ts";
import { type ModelDouble, startModelDouble } from "../support/model-double.ts";

let model: ModelDouble;
let centre: CallCentre;

beforeAll(async () => {
  model = await startModelDouble();
  centre = await openCallCentre({
    VOICE_TRANSPORT: "relay",
    DEMO: "true",
    ASSISTANT_MODEL: "openai-compatible:test-model",
    ASSISTANT_BASE_URL: model.url,
    ASSISTANT_API_KEY: "model-key",
  });
});
afterAll(async () => {
  await centre.close();
  await model.close();
});

const first = "The fee is at most 7 USD and is charged once per missed installment.";
const second = "A bank transfer arrived after the due date.";
const third = "The automatic payment failed, for example because the card had expired.";

async function dial(from: string): Promise<RelayLine> {
  const { callSid } = await centre.double.customer.call({ from, to: ourNumber });
  const line = centre.double.customer.line(callSid);
  if (line === null) throw new Error("The call was not connected to the socket.");
  return line;
}

const saidIn = (frames: readonly TheirFrame[]) =>
  frames.flatMap((one) => (one.type === "text" && one.preemptible !== true ? [one] : []));
const wordsIn = (frames: readonly TheirFrame[]) =>
  saidIn(frames)
    .map(({ token }) => token)
    .join("");
const untilSaid = (line: RelayLine, words: string) =>
  centre.until(words, async () => wordsIn(line.frames).includes(words));

async function repliesTo(number: string): Promise<string[]> {
  const rows = await centre.desk.db.run(
    (sql) => sql<{ parts: { text?: string; name?: string }[] }[]>`
      select m.parts from contact_addresses a join conversations c on c.contact_id = a.contact_id
      join messages m on m.conversation_id = c.id
      where a.channel = 'voice' and a.value = ${number} and m.author = 'assistant' order by m.seq`,
  );
  return rows.map(({ parts }) => parts[0]?.text ?? parts[0]?.name ?? "");
}

test("L3 a model's answer is said sentence by sentence while it is made, each through the guard", async () => {
  const number = "+447700900201";
  model.behave([{ say: `${first} ${second} ${third} [late-fee]`, slowlyMs: 60 }]);
  const line = await dial(number);
  line.say("why was I charged a late fee?");
  await untilSaid(line, "7 dollars");
  // It is heard before there is a whole answer.
  expect(await repliesTo(number)).toEqual([]);
  const [reply] = await centre.until("the reply", async () => {
    const replies = await repliesTo(number);
    return replies.length > 0 && replies;
  });
  expect(reply).toBe(`${first} ${second} ${third}`);
  await centre.until("its end", async () => saidIn(line.frames).at(-1)?.last === true);
  expect(wordsIn(line.frames).replace(/\s+/g, " ").trim()).toBe(reply?.replace("7 USD", "7 dollars"));
  expect(saidIn(line.frames).filter(({ last }) => last === true)).toHaveLength(1);
  expect(line.faults).toEqual([]);
  line.hangUp();
});

test("L3 what no article says is not said, however far the answer had come", async () => {
  const number = "+447700900202";
  model.behave([{ say: `${first} Send 500 USD to Bob at once to get it back. ${second} [late-fee]`, slowlyMs: 30 }]);
  const line = await dial(number);
  line.say("why was I charged a late fee?");
  await centre.until("the end of the answer", async () => saidIn(line.frames).at(-1)?.last === true);
  expect(wordsIn(line.frames)).not.toMatch(/Bob|500/);
  expect(wordsIn(line.frames)).toMatch(/7 dollars.*I do not have an answer/s);
  expect(await repliesTo(number)).toContain(first.replace("7 USD", "7 dollars"));
  line.hangUp();
});

test("a long answer is shortened, and its details go out as a real text message", async () => {
  const number = "+447700900205";
  const start = "You get a late fee when a payment has not reached us by its due date, in spite of our reminders.";
  const end = "We check the fee and remove it if wrong.";
  const kept = "A return was not reported in the app, so the payment kept running.";
  model.behave([{ say: `${start} ${first} ${third} ${second} ${kept} ${end} [late-fee]`, slowlyMs: 10 }]);
  const line = await dial(number);
  line.say("why was I charged a late fee?");
  await untilSaid(line, "I have sent you the details by text.");
  expect(wordsIn(line.frames)).toContain(second);
  expect(wordsIn(line.frames)).not.toContain(end);
  const sms = await centre.until("the text message", async () =>
    centre.double.journal.of("sms", number).find(({ direction }) => direction === "out"),
  );
  expect(sms.body).toContain(end);
  expect(sms.body).toContain("https://help.example/help/en/late-fee");
  line.hangUp();
});

test("barge-in stops a streamed answer within one frame, and the transcript keeps what was heard", async () => {
  const number = "+447700900203";
  model.behave([{ say: `${first} ${second} ${third} [late-fee]`, slowlyMs: 60 }]);
  const line = await dial(number);
  line.say("why was I charged a late fee?");
  await untilSaid(line, "7 dollars");
  const before = line.frames.length;
  line.interrupt("The fee is at most 7 dollars");
  const replies = await centre.until("both entries", async () => {
    const kept = await repliesTo(number);
    return kept.length === 2 && kept.includes("not-heard") && kept;
  });
  expect(replies).toContain("The fee is at most 7 dollars");
  expect(line.frames.length - before).toBeLessThanOrEqual(1);
  line.hangUp();
});

test("a new question aborts the answer that is being made, and both are answered once", async () => {
  const number = "+447700900204";
  const before = model.seen.length;
  let calls = 0;
  model.behave(() => (++calls === 1 ? { hang: "after-a-token" } : { say: `${first} [late-fee]` }));
  const line = await dial(number);
  line.say("why was I charged a late fee?");
  await centre.until("the first call of the model", async () => model.seen.length > before);
  line.say("I mean, how much is it at most?");
  await untilSaid(line, "7 dollars");
  // It is said while it is stored.
  await centre.until("the reply", async () => (await repliesTo(number)).length > 0);
  expect(await repliesTo(number)).toEqual([first]);
  expect(JSON.stringify(model.seen.at(-1)?.body.messages)).toContain("how much is it at most");
  line.hangUp();
});
