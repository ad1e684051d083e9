import { afterEach, expect, test } from "vitest";
import { type Desk, openDesk } from "./support/desk.ts";

/** More chats than one address may open in a minute (channels/web-chat/server.ts). */
const chatsTooMany = 121;
/** More tries than one address has for one account in a minute (src/inbox/sign-in-limit.ts). */
const triesTooMany = 31;

let desk: Desk;
afterEach(() => desk.close());

const openChat = (forwarded: string) =>
  fetch(`${desk.url}/v3/directline/tokens/generate`, { method: "POST", headers: { "x-forwarded-for": forwarded } });

const signIn = (forwarded: string) =>
  fetch(`${desk.url}/api/v1/session`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-forwarded-for": forwarded },
    body: JSON.stringify({ email: "nobody@example.com", password: "wrong-wrong-wrong" }),
  });

async function statuses(times: number, post: () => Promise<Response>): Promise<number[]> {
  const answers = await Promise.all(Array.from({ length: times }, post));
  return answers.map(({ status }) => status);
}

/** The limits count per minute of the clock: what might not fit into this one waits for the next. */
async function inOneMinute<Result>(work: () => Promise<Result>): Promise<Result> {
  const leftMs = 60_000 - (Date.now() % 60_000);
  if (leftMs < 10_000) await new Promise((resolve) => setTimeout(resolve, leftMs));
  return work();
}

test.each([
  ["by number", "1"],
  ["by address", "loopback"],
])("R9 behind a proxy that is trusted %s each visitor has limits of their own", async (_how, TRUST_PROXY) => {
  desk = await openDesk({ TRUST_PROXY });
  const chats = await inOneMinute(async () => ({
    chatty: await statuses(chatsTooMany, () => openChat("192.0.2.1")),
    another: (await openChat("192.0.2.2")).status,
    // What a visitor writes into the header stands before the address that the proxy adds, and is not believed.
    disguised: (await openChat("198.51.100.7, 192.0.2.1")).status,
  }));
  expect(chats.chatty).toContain(200);
  expect(chats.chatty).toContain(429);
  expect(chats).toMatchObject({ another: 200, disguised: 429 });

  const guesses = await statuses(triesTooMany, () => signIn("192.0.2.1"));
  expect(guesses).toContain(401);
  expect(guesses).toContain(429);
  expect((await signIn("192.0.2.2")).status).toBe(401);
});

test("R9 without a trusted proxy nobody escapes a limit by a header", async () => {
  desk = await openDesk();
  const chats = await inOneMinute(async () => ({
    chatty: await statuses(chatsTooMany, () => openChat("192.0.2.1")),
    another: (await openChat("192.0.2.2")).status,
  }));
  expect(chats.chatty).toContain(200);
  expect(chats).toMatchObject({ another: 429 });
});
