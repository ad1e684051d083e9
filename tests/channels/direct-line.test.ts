import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { lastSeqFor } from "../../channels/web-chat/door.ts";
import { issueToken } from "../../channels/web-chat/tokens.ts";
import { takeStreamUpgrades } from "../../channels/web-chat/upgrade.ts";
import { settleFile } from "../../src/attachments/store.ts";
import { readConfig } from "../../src/config.ts";
import type { Db } from "../../src/db/client.ts";
import { newId } from "../../src/lib/ids.ts";
import { type Service, startService } from "../../src/service.ts";
import { dataFolder } from "../support/data-folder.ts";
import { freshDatabase, quiet } from "../support/database.ts";
import { docx, pdf, png, svg } from "../support/files.ts";
import { openPatientDb } from "../support/patient-db.ts";

let database: Awaited<ReturnType<typeof freshDatabase>>;
let service: Service;
let db: Db;
let base: string;
let key: Buffer;
const keys = await generateKeyPair("ES256", { extractable: true });
const identitySecret = "an-identity-secret-of-32-characters";
const keyServer = createServer(async (_request, response) => {
  response.end(JSON.stringify({ keys: [{ ...(await exportJWK(keys.publicKey)), alg: "ES256", kid: "one" }] }));
});

beforeAll(async () => {
  await new Promise<void>((done) => keyServer.listen(0, "127.0.0.1", done));
  database = await freshDatabase();
  const config = readConfig({
    PORT: "0",
    DATA_DIR: dataFolder("chat"),
    DATABASE_URL: database.url,
    DEMO: "true",
    SECRET_KEY: "a-secret-key-of-more-than-32-characters",
    IDENTITY_SECRET: identitySecret,
    IDENTITY_JWKS_URL: `http://127.0.0.1:${(keyServer.address() as AddressInfo).port}/keys`,
    CHAT_ORIGINS: "https://shop.example",
  });
  key = config.secretKey;
  service = await startService(config, quiet);
  base = `${service.url}/v3/directline`;
  db = openPatientDb(database.url);
});
afterAll(async () => {
  await db.close();
  await service.stop();
  await database.drop();
  keyServer.close();
});

/** How long a busy machine may take; a condition that comes true ends the wait. */
const soon = { timeout: 10_000 };

interface Opened {
  readonly conversationId: string;
  readonly token: string;
  readonly resume?: string;
}
interface Activity {
  readonly id: string;
  readonly type: string;
  readonly text: string;
  readonly attachments?: { readonly contentType: string; readonly contentUrl?: string; readonly name: string }[];
  readonly channelData: {
    readonly clientActivityID?: string;
    readonly everline: {
      readonly seq: number;
      readonly files?: { id: string; state: string; reason: string | null }[];
    };
  };
}

const call = (path: string, init: RequestInit & { token?: string } = {}) =>
  fetch(base + path, {
    ...init,
    headers: {
      ...(init.token === undefined ? {} : { authorization: `Bearer ${init.token}` }),
      ...(typeof init.body === "string" ? { "content-type": "application/json" } : {}),
      ...(init.headers as Record<string, string> | undefined),
    },
  });
const generate = async (body: object = {}) =>
  (await (await call("/tokens/generate", { method: "POST", body: JSON.stringify(body) })).json()) as Opened;
const activitiesOf = async ({ conversationId, token }: Opened) =>
  ((await (await call(`/conversations/${conversationId}/activities`, { token })).json()) as { activities: Activity[] })
    .activities;
const post = ({ conversationId, token }: Opened, activity: object) =>
  call(`/conversations/${conversationId}/activities`, { method: "POST", token, body: JSON.stringify(activity) });

function upload(to: Opened, files: readonly (readonly [string, Buffer])[], clientActivityID = newId(), text?: string) {
  const form = new FormData();
  const activity = { type: "message", channelData: { clientActivityID }, ...(text === undefined ? {} : { text }) };
  form.append("activity", new Blob([JSON.stringify(activity)], { type: "application/vnd.microsoft.activity" }));
  for (const [name, bytes] of files)
    form.append("file", new Blob([new Uint8Array(bytes)], { type: "image/png" }), name);
  return call(`/conversations/${to.conversationId}/upload`, { method: "POST", token: to.token, body: form });
}

async function socketOf(of: Opened, watermark?: number, more = "") {
  const query = watermark === undefined ? "" : `?watermark=${watermark}`;
  const opened = (await (await call(`/conversations/${of.conversationId}${query}`, { token: of.token })).json()) as {
    streamUrl: string;
  };
  const socket = new WebSocket(opened.streamUrl + more);
  const frames: { activities: Activity[]; watermark: string }[] = [];
  socket.on("message", (data) => String(data) !== "" && frames.push(JSON.parse(String(data))));
  const closed = new Promise<number>((done) => socket.on("close", done));
  await new Promise((done, fail) => socket.on("open", done).on("error", fail));
  return { socket, frames, closed };
}

test("R2 an upload is one message with its files, once, however often it is sent", async () => {
  const me = await generate();
  const send = async () =>
    (
      await upload(
        me,
        [
          ["cat.png", png(8, 8)],
          ["contract.pdf", pdf],
        ],
        "up-1",
        "look",
      )
    ).json();
  expect(await send()).toEqual(await send());
  const mine = (await activitiesOf(me)).filter((one) => one.channelData.clientActivityID === "up-1");
  expect(mine).toHaveLength(1);
  expect(mine[0]).toMatchObject({
    text: "look",
    attachments: [
      { contentType: "image/png", name: "cat.png" },
      { contentType: "application/pdf", name: "contract.pdf" },
    ],
  });
  const [row] = await db.run(
    (sql) => sql`select count(*)::int as count from attachments where conversation_id = ${me.conversationId}`,
  );
  expect(row?.count).toBe(2);
  const file = await fetch(mine[0]?.attachments?.[0]?.contentUrl ?? "");
  expect(Buffer.from(await file.arrayBuffer())).toEqual(png(8, 8));
  expect(Object.fromEntries(file.headers)).toMatchObject({
    "content-type": "image/png",
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'",
  });
  expect(file.headers.get("content-disposition")).toMatch(/^attachment; filename="[0-9a-f-]{36}\.png"$/);
});

test("R1 an upload whose connection breaks off stores nothing; sent again it is there once", async () => {
  const me = await generate();
  const aborting = new AbortController();
  const slow = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new Uint8Array(png(8, 8)));
      setTimeout(() => aborting.abort(), 100);
    },
  });
  const broken = call(`/conversations/${me.conversationId}/upload`, {
    method: "POST",
    token: me.token,
    body: slow,
    signal: aborting.signal,
    headers: { "content-type": "image/png" },
    duplex: "half",
  } as RequestInit);
  await expect(broken).rejects.toThrow();
  expect(await activitiesOf(me)).toEqual([]);
  expect((await upload(me, [["a.png", png(8, 8)]], "again")).status).toBe(200);
  const stored = (await activitiesOf(me)).filter((one) => one.channelData.clientActivityID === "again");
  expect(stored).toHaveLength(1);
});

test("one raw body is one file, under the name of its header", async () => {
  const me = await generate();
  const response = await call(`/conversations/${me.conversationId}/upload?userId=somebody`, {
    method: "POST",
    token: me.token,
    body: new Uint8Array(png(8, 8)),
    headers: { "content-type": "image/png", "content-disposition": 'attachment; filename="../photo.png"' },
  });
  expect(response.status).toBe(200);
  expect((await activitiesOf(me))[0]?.attachments).toMatchObject([{ contentType: "image/png", name: "photo.png" }]);
});

test("X3 hostile files are shown as refused with the reason, and none of their bytes are kept", async () => {
  const me = await generate();
  const response = await upload(me, [
    ["cat.png", svg],
    ["note\u202Etxt.html", Buffer.from("<html><script>alert(1)</script>")],
    ["big.png", png(10_000, 5_000)],
    ["empty.txt", Buffer.alloc(0)],
    ["bomb.docx", docx(0xffff_fff0)],
  ]);
  expect(response.status).toBe(200);
  const [mine] = await activitiesOf(me);
  expect(mine?.channelData.everline.files?.map((file) => [file.state, file.reason])).toEqual([
    ["blocked", "kind-not-allowed"],
    ["blocked", "kind-not-allowed"],
    ["blocked", "too-many-pixels"],
    ["blocked", "empty"],
    ["ready", null],
  ]);
  const kept = await db.run(
    (sql) => sql`select a.name from attachment_contents c join attachments a on a.id = c.attachment_id
      where a.conversation_id = ${me.conversationId}`,
  );
  expect(kept.map((row) => row.name)).toEqual(["bomb.docx"]);
});

test("too big, too many or no files are refused in words, and nothing is stored", async () => {
  const me = await generate();
  const tooBig = await upload(me, [["a.txt", Buffer.alloc(10 * 1024 * 1024 + 1, 97)]]);
  const tooMany = await upload(
    me,
    Array.from({ length: 6 }, (_, n) => [`${n}.png`, png(2, 2)] as const),
  );
  const none = await upload(me, []);
  expect([tooBig.status, tooMany.status, none.status]).toEqual([413, 413, 400]);
  expect(await none.json()).toMatchObject({ error: { code: "MissingProperty" } });
  expect(await activitiesOf(me)).toEqual([]);
});

test("typing passes over sockets alone and leaves no trace; events and updates are taken", async () => {
  const me = await generate();
  const { socket, frames } = await socketOf(me, 0);
  await post(me, { type: "message", text: "hello" });
  await expect.poll(() => frames.length, soon).toBeGreaterThan(0);
  for (const activity of [
    { type: "typing" },
    { type: "conversationUpdate" },
    { type: "event", name: "webchat/join" },
  ]) {
    expect((await post(me, activity)).status).toBe(200);
  }
  expect((await post(me, { text: "without a type" })).status).toBe(400);
  const seqs = (await activitiesOf(me)).map((one) => one.channelData.everline.seq);
  expect(seqs).toEqual(seqs.map((_, index) => index + 1));
  expect((await activitiesOf(me)).every((one) => one.type === "message")).toBe(true);
  socket.terminate();
});

test("a second socket gets the same; a watermark from the future hides nothing", async () => {
  const me = await generate();
  const [one, two] = [await socketOf(me, 0), await socketOf(me, 999)];
  await post(me, { type: "message", text: "hello", channelData: { clientActivityID: "w-1" } });
  const seen = (of: typeof one) => of.frames.flatMap((frame) => frame.activities.map((activity) => activity.id));
  await expect.poll(() => seen(one).length, soon).toBeGreaterThan(1);
  await expect.poll(() => seen(two), soon).toEqual(seen(one));
  one.socket.terminate();
  two.socket.terminate();
});

test("R2 R7 a file that was still being fetched arrives in our open chat; a stock client has its message once", async () => {
  const me = await generate();
  await post(me, { type: "message", text: "see the photo", channelData: { clientActivityID: "f-1" } });
  const [id, of] = [newId(), me.conversationId];
  const part = { t: "media", kind: "image", mime: "image/png", state: "pending", assetId: id };
  await db.run(
    (sql) => sql`insert into attachments (id, conversation_id, seq, state, declared_mime, due_at, attempts)
      values (${id}, ${of}, 1, 'pending', 'image/png', now() + interval '1 hour', 1)`,
  );
  await db.run(
    (sql) => sql`update messages set parts = ${JSON.stringify([part])}::text::jsonb
      where conversation_id = ${of} and author = 'contact'`,
  );
  const [ours, stock] = [await socketOf(me, 0, "&state=1"), await socketOf(me, 0)];
  const states = ({ frames }: typeof ours) =>
    frames.flatMap(({ activities }) =>
      activities.flatMap((one) => one.channelData?.everline?.files?.map(({ state }) => state) ?? []),
    );
  for (const one of [ours, stock]) await expect.poll(() => states(one), soon).toEqual(["pending"]);
  const settled = { state: "ready", mime: "image/png", bytes: png(8, 8) } as const;
  expect(await settleFile(db, { id, conversationId: of, attempts: 1 }, settled)).toBe(of);
  await post(me, { type: "message", text: "there it is", channelData: { clientActivityID: "f-2" } });
  await expect.poll(() => states(ours), soon).toEqual(["pending", "ready"]);
  const told = ({ frames }: typeof ours) => frames.flatMap(({ activities }) => activities.map(({ text }) => text));
  await expect.poll(() => told(stock), soon).toContain("there it is");
  await post(me, { type: "message", text: "thanks", channelData: { clientActivityID: "f-3" } });
  for (const one of [ours, stock]) await expect.poll(() => told(one), soon).toContain("thanks");
  expect([states(ours), states(stock)]).toEqual([["pending", "ready"], ["pending"]]);
  const marks = ours.frames.map(({ watermark }) => Number(watermark));
  expect(marks).toEqual(marks.toSorted((one, other) => one - other));
  ours.socket.terminate();
  stock.socket.terminate();
});

test("R7 what stands there is read before a client hears that it is connected, so what it sends then comes after", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  const told: string[] = [];
  const stop = takeStreamUpgrades(
    server,
    async () => {
      await new Promise((done) => setTimeout(done, 100));
      told.push("read");
      return 7;
    },
    (_socket, { lastSeq }) => told.push(`opened after ${lastSeq}`),
  );
  await new Promise((done) => server.once("listening", done));
  const { port } = server.address() as AddressInfo;
  const socket = new WebSocket(`ws://127.0.0.1:${port}/v3/directline/conversations/${crypto.randomUUID()}/stream`);
  await new Promise((done, fail) => socket.on("open", done).on("error", fail));
  told.push("connected");
  expect(told).toEqual(["read", "opened after 7", "connected"]);
  stop();
  server.close();
});

test("A1 where a conversation stands is read for whoever holds its token, and for nobody else", async () => {
  const key = Buffer.alloc(32, 7);
  const [conversationId, other] = [crypto.randomUUID(), crypto.randomUUID()];
  const address = { kind: "web-visitor", value: "dl_someone" } as const;
  const visitor = { sessionId: crypto.randomUUID(), conversationId, visitorId: address.value, address };
  const token = issueToken(key, visitor, Date.now(), "stream");
  const asked: string[] = [];
  const deps = { key, now: Date.now, lastSeq: async (id: string) => asked.push(id) };
  const knock = (id: string, t: string) =>
    lastSeqFor(deps, {
      ...{ conversationId: id, query: new URLSearchParams({ t }), origin: undefined, host: undefined },
      lastSeq: null,
    });
  for (const [id, t] of [
    [conversationId, ""],
    [conversationId, `${token}x`],
    [conversationId, issueToken(Buffer.alloc(32, 8), visitor, Date.now(), "stream")],
    [other, token],
  ] as const)
    expect(await knock(id, t)).toBeNull();
  expect(asked).toEqual([]);
  expect(await knock(conversationId, token)).toBe(1);
  expect(asked).toEqual([conversationId]);
});

test("stock Web Chat is told the id of its session, the same each time; without a token nobody is told one", async () => {
  const [me, other] = [await generate(), await generate()];
  const asked = async (token?: string) => {
    const answer = await call("/session/getsessionid", token === undefined ? {} : { token });
    return { status: answer.status, sessionId: ((await answer.json()) as { sessionId?: string }).sessionId };
  };
  const mine = await asked(me.token);
  expect(mine).toEqual({ status: 200, sessionId: expect.stringMatching(/^[\w-]{16,}$/) });
  expect(await asked(me.token)).toEqual(mine);
  expect((await asked(other.token)).sessionId).not.toBe(mine.sessionId);
  expect(await asked()).toEqual({ status: 401, sessionId: undefined });
});

test("A6 an ended session opens nothing any more, and its sockets close within five seconds", async () => {
  const me = await generate();
  const { closed } = await socketOf(me);
  const began = Date.now();
  expect((await call("/tokens/end", { method: "POST", token: me.token })).status).toBe(200);
  expect(await closed).toBe(4401);
  expect(Date.now() - began).toBeLessThan(5_000);
  expect((await call(`/conversations/${me.conversationId}`, { token: me.token })).status).toBe(403);
  expect((await call("/tokens/refresh", { method: "POST", token: me.token })).status).toBe(403);
  expect(await generate({ resume: me.resume })).toMatchObject({ error: { code: "TokenExpired" } });
});

test("the same browser comes back to its conversation after its token ran out", async () => {
  const me = await generate();
  await db.run(
    (sql) => sql`update visitor_sessions set expires_at = now() where conversation_id = ${me.conversationId}`,
  );
  const again = await generate({ resume: me.resume });
  expect(again.conversationId).toBe(me.conversationId);
  expect((await call(`/conversations/${me.conversationId}`, { token: again.token })).status).toBe(200);
});

test("a site that is not on the list may not use the chat", async () => {
  const from = (origin: string) => call("/tokens/generate", { method: "POST", body: "{}", headers: { origin } });
  const [ours, foreign] = [await from("https://shop.example"), await from("https://evil.example")];
  expect([ours.status, foreign.status]).toEqual([200, 403]);
  expect(ours.headers.get("access-control-allow-origin")).toBe("https://shop.example");
  expect(foreign.headers.get("access-control-allow-origin")).toBeNull();
});

const secret = new TextEncoder().encode(identitySecret);
function identity(claims: Record<string, unknown> = {}) {
  const now = Math.floor(Date.now() / 1_000);
  return new SignJWT({ sub: "customer-1", aud: "everline", iat: now, exp: now + 120, jti: newId(), ...claims });
}
const hs = (claims?: Record<string, unknown>) => identity(claims).setProtectedHeader({ alg: "HS256" }).sign(secret);

test("C3 C6 a signed identity opens the customer's own conversation, verified, and merges nothing", async () => {
  const before = await generate();
  await post(before, { type: "message", text: "as a stranger" });
  const first = await generate({ identity: await hs({ name: "Ann\u202E" }) });
  const es = await identity().setProtectedHeader({ alg: "ES256", kid: "one" }).sign(keys.privateKey);
  const again = await generate({ identity: es });
  expect(again.conversationId).toBe(first.conversationId);
  expect(first.conversationId).not.toBe(before.conversationId);
  expect(await activitiesOf(first)).toEqual([]);
  const [row] = await db.run(
    (sql) => sql`select a.evidence, a.verified_at > now() - interval '1 minute' as fresh, p.name
      from contact_addresses a join contacts p on p.id = a.contact_id where a.kind = 'account' and a.value = 'customer-1'`,
  );
  expect(row).toEqual({ evidence: "verified", fresh: true, name: "Ann" });
});

test("C3 an identity token works once, also when two copies come together", async () => {
  const token = await hs();
  const answers = await Promise.all(
    [1, 2, 3].map(() => call("/tokens/generate", { method: "POST", body: JSON.stringify({ identity: token }) })),
  );
  expect(answers.map((answer) => answer.status).sort()).toEqual([200, 403, 403]);
});

test("C3 an identity token with anything wrong signs nobody in", async () => {
  const now = Math.floor(Date.now() / 1_000);
  const publicKey = new TextEncoder().encode(JSON.stringify(await exportJWK(keys.publicKey)));
  const wrong: Record<string, string> = {
    "an empty subject": await hs({ sub: " " }),
    "another audience": await hs({ aud: "other" }),
    "a list of audiences": await hs({ aud: ["everline", "other"] }),
    "no id": await hs({ jti: "" }),
    expired: await hs({ iat: now - 200, exp: now - 100 }),
    "from the future": await hs({ iat: now + 100, exp: now + 200 }),
    "too old": await hs({ iat: now - 400, exp: now + 100 }),
    "too long": await hs({ exp: now + 3_600 }),
    "another secret": await identity()
      .setProtectedHeader({ alg: "HS256" })
      .sign(new TextEncoder().encode("x".repeat(32))),
    "the public key as a secret": await identity().setProtectedHeader({ alg: "HS256" }).sign(publicKey),
    "another algorithm": await identity().setProtectedHeader({ alg: "HS512" }).sign(secret),
    unsigned: `${Buffer.from('{"alg":"none"}').toString("base64url")}.${(await hs()).split(".")[1]}.`,
    "no token": "",
  };
  for (const [what, token] of Object.entries(wrong)) {
    const answer = await call("/tokens/generate", { method: "POST", body: JSON.stringify({ identity: token }) });
    expect(answer.status, what).toBe(403);
    expect(await answer.json(), what).toMatchObject({ error: { code: "IdentityRefused" } });
  }
});

test("R8 A2 A3 no foreign, expired or malformed token opens any route or socket: over 5,000 calls, no leak", async () => {
  const [me, other] = [await generate(), await generate()];
  await upload(me, [["secret.png", png(8, 8)]], "mine", "a canary in the cage");
  const [mine] = await activitiesOf(me);
  const fileId = mine?.channelData.everline.files?.[0]?.id ?? "";
  const link = new URL(mine?.attachments?.[0]?.contentUrl ?? "").searchParams.get("t") ?? "";
  expect((await call(`/attachments/${fileId}`, { token: me.token })).status).toBe(200);
  const [claims = "", signature = ""] = me.token.split(".");
  const visitor = {
    sessionId: newId(),
    conversationId: me.conversationId,
    visitorId: "dl_x",
    address: { kind: "web-visitor", value: "dl_x" },
  } as const;
  const ended = await generate();
  await call("/tokens/end", { method: "POST", token: ended.token });
  const cut = Array.from({ length: 120 }, (_, n) => me.token.slice(0, Math.floor((me.token.length * n) / 120)));
  const flipped = Array.from({ length: 120 }, (_, n) => {
    const at = Math.floor((claims.length * n) / 120);
    return `${claims.slice(0, at)}${claims[at] === "A" ? "B" : "A"}${claims.slice(at + 1)}.${signature}`;
  });
  // Ours, of sessions that are over or never were: they may be ended once more, which changes nothing.
  const past = [
    ended.token,
    issueToken(key, visitor, Date.now()),
    issueToken(key, visitor, Date.now() - 10_000_000),
  ] as const;
  const tokens: (string | undefined)[] = [
    undefined,
    "null",
    other.token,
    ...past,
    issueToken(key, visitor, Date.now(), "stream"),
    issueToken(key, visitor, Date.now(), "resume"),
    me.resume,
    link,
    `${me.token}.x`,
    `${claims}.${"A".repeat(signature.length)}`,
    ...cut,
    ...flipped,
  ];
  const json = JSON.stringify({ type: "message", text: "intruder" });
  const routes = [
    ["GET", `/conversations/${me.conversationId}`],
    ["GET", `/conversations/${me.conversationId}/activities`],
    ["GET", `/conversations/${me.conversationId}/activities?watermark=0`],
    ["POST", `/conversations/${me.conversationId}/activities`, json],
    ["POST", `/conversations/${me.conversationId}/upload`, "bytes"],
    ["POST", `/conversations/${me.conversationId}/read`, '{"seq":1}'],
    ["POST", `/conversations/${me.conversationId}/rating`, '{"score":1}'],
    ["GET", `/conversations/${me.conversationId}/transcript`],
    ["POST", `/conversations/${me.conversationId}/join`, JSON.stringify({ token: me.token })],
    ["GET", `/attachments/${fileId}`],
    ["GET", `/attachments/${fileId}?t=`],
    ["GET", `/conversations/${newId()}`],
    ["GET", "/conversations/1%27--"],
    ["GET", `/attachments/${newId()}`],
  ] as const;
  let calls = 0;
  for (const token of tokens) {
    const tried = routes.map(async ([method, path, body]) => {
      const answer = await call(path.replace("?t=", `?t=${encodeURIComponent(token === link ? "" : (token ?? ""))}`), {
        method,
        ...(token === undefined || path.includes("?t=") ? {} : { token }),
        ...(body === undefined ? {} : { body }),
      });
      calls += 1;
      expect([401, 403, 404], `${method} ${path}`).toContain(answer.status);
      expect(await answer.text()).not.toMatch(/canary|secret\.png/);
    });
    await Promise.all([...tried, noSocket(me.conversationId, token ?? "")]);
    calls += 1;
  }
  // Routes that name no conversation open the token's own.
  const left = { phone: "+12025550131", channel: "sms", zone: "UTC" };
  await call("/reach", { method: "POST", token: me.token, body: JSON.stringify(left) });
  const reachOf = async (token: string) => (await (await call("/reach", { token })).json()) as { number: unknown };
  expect((await reachOf(me.token)).number).toEqual({ ending: "131", channel: "sms" });
  expect((await reachOf(other.token)).number).toBeNull();
  await call("/reach", { method: "DELETE", token: other.token });
  const ownRoutes = [
    ["GET", "/session/getsessionid"],
    ["GET", "/reach"],
    ["POST", "/reach", JSON.stringify({ ...left, phone: "+12025550132" })],
    ["DELETE", "/reach"],
    ["GET", "/push"],
    ["POST", "/push", "{}"],
    ["DELETE", "/push"],
    ["POST", "/conversations", "{}"],
    ["POST", "/tokens/refresh"],
    ["POST", "/tokens/end"],
  ] as const;
  const withId = (path: string) => path.replace(/\?.*/, "").replace(me.conversationId, ":id").replace(fileId, ":file");
  const tried = new Set([...routes, ...ownRoutes].map(([method, path]) => `${method} ${withId(path)}`));
  expect(routesInSource().filter((route) => !tried.has(route) && !opensNothing.includes(route))).toEqual([]);
  for (const token of tokens.filter((one) => one !== other.token))
    for (const [method, path, body] of ownRoutes) {
      const answer = await call(path, {
        method,
        ...(token === undefined ? {} : { token }),
        ...(body === undefined ? {} : { body }),
      });
      calls += 1;
      const endsItself = path === "/tokens/end" && past.some((one) => one === token);
      expect(endsItself ? [200] : [401, 403, 404], `${method} ${path}`).toContain(answer.status);
    }
  for (const { conversationId, token } of [me, other])
    expect((await call(`/conversations/${conversationId}`, { token })).status).toBe(200);
  // What agents have is behind another door altogether; a visitor's token opens none of it, not even a good one.
  const { paths } = (await (await fetch(`${service.url}/api/openapi.json`)).json()) as {
    paths: Record<string, object>;
  };
  const agents = Object.entries(paths).filter(([path]) => path.startsWith("/api/v1/") && !/setup|session$/.test(path));
  expect(agents.length).toBeGreaterThan(20);
  for (const [path, methods] of agents)
    for (const method of Object.keys(methods).map((one) => one.toUpperCase()))
      for (const token of [me.token, other.token, me.resume ?? "", link]) {
        const answer = await fetch(service.url + path.replace(/\{\w+\}/g, me.conversationId), {
          method,
          headers: { authorization: `Bearer ${token}` },
        });
        calls += 1;
        expect(answer.status, `${method} ${path}`).toBe(401);
        expect(await answer.text()).not.toMatch(/canary|secret\.png/);
      }
  expect((await reachOf(me.token)).number).not.toBeNull();
  for (const path of ["", "/activities"]) {
    const foreign = await call(`/conversations/${me.conversationId}${path}`, { token: other.token });
    const missing = await call(`/conversations/${newId()}${path}`, { token: other.token });
    expect([foreign.status, await foreign.text()]).toEqual([missing.status, await missing.text()]);
  }
  const [foreign, missing] = [
    await call(`/attachments/${fileId}`, { token: other.token }),
    await call(`/attachments/${newId()}`, { token: other.token }),
  ];
  expect([foreign.status, await foreign.text()]).toEqual([missing.status, await missing.text()]);
  expect(calls).toBeGreaterThanOrEqual(5_000);
  expect((await activitiesOf(me)).some((one) => one.text === "intruder")).toBe(false);
});

/** These need no token and show nothing; whatever is said to the last two, the answer is the same. */
const opensNothing = ["POST /tokens/generate", "POST /push/shown", "POST /push/moved"];

/** Every route of the web chat, as the code registers it: a new one has to be tried above. */
function routesInSource(): string[] {
  const folder = new URL("../../channels/web-chat/", import.meta.url);
  const sources = readdirSync(folder).filter((name) => name.endsWith(".ts"));
  const found = sources.flatMap((name) => [
    ...readFileSync(new URL(name, folder), "utf8").matchAll(/scope\.(get|post|put|patch|delete)\("([^"]+)"/g),
  ]);
  expect(found.length).toBeGreaterThan(15);
  return found.map(([, method = "", path = ""]) => `${method.toUpperCase()} ${path}`);
}

/** Knocks at the stream of a conversation with a token that does not open it: it closes before it says a word. */
async function noSocket(conversationId: string, token: string): Promise<void> {
  const socket = new WebSocket(
    `${base.replace("http", "ws")}/conversations/${conversationId}/stream?t=${encodeURIComponent(token)}`,
  );
  const heard: string[] = [];
  socket.on("message", (data) => heard.push(String(data))).on("error", () => undefined);
  await new Promise((done) => socket.on("close", done));
  expect(heard).toEqual([]);
}
