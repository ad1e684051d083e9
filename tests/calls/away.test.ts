import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { phrases } from "../../channels/voice/phrases.ts";
import type { CallTurn } from "../../src/simulator/caller-lines.ts";
import { type CallCentre, openCallCentre, ourNumber } from "../support/call-centre.ts";
import { freshDatabase } from "../support/database.ts";
import { type FaultyNetwork, startProxy } from "../support/proxy.ts";

let database: Awaited<ReturnType<typeof freshDatabase>>;
let network: FaultyNetwork;
let centre: CallCentre;
/** Past the network that fails. */
let own: postgres.Sql;

beforeAll(async () => {
  database = await freshDatabase();
  const { hostname, port } = new URL(database.url);
  own = postgres(database.url, { max: 1 });
  network = await startProxy({ host: hostname, port: Number(port) });
  centre = await openCallCentre({ DATABASE_URL: network.url(database.url), VOICE_TRANSPORT: "relay", DEMO: "true" });
  await says(await dial("+971501234000"), "كيف أدفع؟");
}, 60_000);
afterAll(async () => {
  network.heal();
  await centre.close();
  await network.stop();
  await own.end();
  await database.drop();
  expect(centre.double.faults).toEqual([]);
});

const dial = (from: string) => centre.double.customer.call({ from, to: ourNumber });
const says = ({ callSid }: Pick<CallTurn, "callSid">, speech: string) =>
  centre.double.customer.gather({ callSid, speech });
const presses = ({ callSid }: Pick<CallTurn, "callSid">, digits: string) =>
  centre.double.customer.gather({ callSid, digits });
const caller = ({ callSid }: Pick<CallTurn, "callSid">) => centre.double.customer.look(callSid);
const heardBy = (call: Pick<CallTurn, "callSid">) => caller(call)?.heard ?? [];
const wordsOf = (turn: CallTurn) => turn.said.map(({ text }) => text).join(" ");
/** The caller hears an answer of the assistant's own while it is written down. */
async function stored(words: string): Promise<void> {
  await centre.until("it is stored", () =>
    own`select 1 from messages where author = 'assistant' and strpos(parts::text, ${words}) > 0`.then(
      (rows) => rows[0],
    ),
  );
}
/** The database answers again, and the service knows. */
async function back(): Promise<void> {
  network.heal();
  await centre.until("the service is back", async () => (await fetch(`${centre.desk.url}/readyz`)).ok);
}

test.each(["refuse", "silence"] as const)(
  "R9 the database goes away (%s) in the middle of a call: the caller is told and asked again, and answered when it is back",
  async (fault) => {
    const call = await dial(fault === "refuse" ? "+971501234001" : "+971501234002");
    network[fault]();
    const away = await says(call, "كيف أدفع؟");
    expect(away.status).toBe(200);
    expect(wordsOf(away)).toContain(phrases.ar.away);
    // An offer, in their language, and somebody who listens.
    expect(wordsOf(away)).toContain("اضغط 0");
    expect(away.ended).toBe(false);
    expect(wordsOf(await says(call, "هل تسمعني؟"))).toContain(phrases.ar.away);
    // Connections that were silenced stay dead until they are ended, as behind a firewall.
    if (fault === "silence") network.cut();
    await back();
    const answered = await says(call, "ما هي رسوم التأخير؟");
    expect(wordsOf(answered)).not.toContain(phrases.ar.away);
    expect(wordsOf(answered)).not.toBe("");
    await centre.double.customer.hangUp(call.callSid);
  },
  30_000,
);

test("R9 who waits for a person while the database is away hears so, and keeps waiting when it is back", async () => {
  const call = await dial("+971501234003");
  await presses(call, "0");
  await centre.until("nobody is there", async () => heardBy(call).join(" ").includes("اضغط 3"));
  network.refuse();
  const asked = presses(call, "7");
  await centre.until("told", async () => heardBy(call).at(-1)?.startsWith(phrases.ar.away));
  await back();
  // The same is asked again by itself, from what is on disk.
  expect(wordsOf(await asked)).toMatch(/اضغط 3/);
  await centre.double.customer.hangUp(call.callSid);
}, 30_000);

test("R9 who calls while the database is away stays on the line, and is greeted when it is back", async () => {
  network.refuse();
  const calling = dial("+971501234004");
  await centre.until("told", async () =>
    centre.double.journal.of("voice", "+971501234004").some(({ body }) => body?.startsWith(phrases.ar.away)),
  );
  await back();
  const call = await calling;
  expect(wordsOf(call)).toContain("AI");
  expect(wordsOf(await says(call, "ما هي رسوم التأخير؟"))).not.toContain(phrases.ar.away);
  await centre.double.customer.hangUp(call.callSid);
}, 30_000);

test("R9 over the socket: what was said is kept until the database is back, and a socket that breaks meanwhile ends in words", async () => {
  const call = await dial("+447700900301");
  const line = centre.double.customer.line(call.callSid);
  if (line === null) throw new Error(`The call is not on the socket: ${wordsOf(call)}`);
  const words = () => line.frames.flatMap((one) => (one.type === "text" ? [one.token] : [])).join("") ?? "";
  line.say("what is a late fee?");
  await centre.until("an answer", async () => words().includes("late"));
  await stored("late");
  network.refuse();
  line.say("how do I close my account?");
  await centre.until("one moment", async () => words().includes(phrases.en.oneMoment));
  await back();
  await centre.until("the answer", async () => words().includes("Close balance"));
  await stored("Close balance");
  network.refuse();
  line.drop();
  await centre.until("told", async () => heardBy(call).join(" ").includes(phrases.en.cutOff));
  expect(wordsOf(await says(call, "and the annual fee?"))).toMatch(/do not answer.*press 0.*press 1/s);
  await back();
  expect(wordsOf(await says(call, "what is a late fee?"))).toContain("late");
  await centre.double.customer.hangUp(call.callSid);
}, 30_000);
