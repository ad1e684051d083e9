import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { type Desk, openDesk, type SignedIn } from "./support/desk.ts";

/** Stands in a customer's name, number, words and note: whoever sees it sees a customer's data. */
const canary = "canary-7f3a";
const missingId = "01a20b68-32c3-7b17-a335-d1f249cadc2c";

let desk: Desk;
let ada: SignedIn;
let admin: SignedIn;
let conversationId: string;
let callbackId: string;
let tokenId: string;

beforeAll(async () => {
  desk = await openDesk({ CALL_COUNTRIES: "US" });
  ada = await desk.agent("Ada");
  admin = await desk.agent("Root", "admin");
  const stored = await desk.says("+12025550131", `My word is ${canary}`, "queue");
  conversationId = stored.conversationId;
  await desk.db.run((sql) => sql`update contacts set name = ${canary}`);
  await ada.call("POST", `/conversations/${conversationId}/messages`, { clientId: "n", kind: "note", text: canary });
  // Far enough ahead that nothing else changes it meanwhile.
  const localTime = `${new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10)}T12:00`;
  callbackId = (
    await ada.call("POST", "/callbacks", { conversationId, topic: canary, localTime, customerPicked: true })
  ).body.callback.id;
  tokenId = (await admin.call("POST", "/tokens", { name: canary })).body.id;
});
afterAll(() => desk.close());

interface Route {
  readonly method: string;
  readonly path: string;
  readonly summary?: string;
}

/** Every route of the API but signing in and out, as the OpenAPI document names them. */
async function routes(): Promise<Route[]> {
  const { paths } = (await (await fetch(`${desk.url}/api/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { summary: string }>>;
  };
  return Object.entries(paths)
    .filter(([path]) => path.startsWith("/api/v1/") && path !== "/api/v1/setup")
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { summary }]) => ({ method: method.toUpperCase(), path, summary })),
    )
    .filter(({ method, path }) => path !== "/api/v1/session" || method === "GET");
}

/** A body that every route would take, so that nothing is refused for its shape alone. */
const goodBody = () => ({
  clientId: randomBytes(8).toString("hex"),
  kind: "reply",
  text: "hello",
  seq: 1,
  agentId: ada.id,
  until: new Date(Date.now() + 3_600_000).toISOString(),
  conversationId,
  state: "done",
  email: `${randomBytes(4).toString("hex")}@example.com`,
  name: "Eve",
  password: "long-enough-for-us",
  question: "Why?",
  answer: "Because.",
  short: "Because.",
  samples: ["why"],
  base: 0,
  version: 1,
  keys: "1",
  phone: "+46701740001",
});

async function request({ method, path }: Route, id: string, headers: Readonly<Record<string, string>>) {
  const url = desk.url + path.replace("{id}", id).replace("{messageId}", id).replace("{locale}", "sv");
  const hasBody = method === "POST" || method === "PATCH" || method === "PUT";
  const response = await fetch(url, {
    method,
    headers: { ...headers, ...(hasBody ? { "content-type": "application/json" } : {}) },
    ...(hasBody ? { body: JSON.stringify(path.endsWith("/release") ? {} : goodBody()) } : {}),
  });
  return { status: response.status, text: await response.text() };
}

/** Sessions and tokens that open nothing, each by its reason. */
async function deadCredentials(): Promise<Record<string, Readonly<Record<string, string>>>> {
  const expired = await desk.agent(`expired-${randomBytes(3).toString("hex")}`);
  await desk.db.run((sql) => sql`update agent_sessions set expires_at = now() where agent_id = ${expired.id}`);
  const left = await desk.agent(`left-${randomBytes(3).toString("hex")}`);
  await left.call("DELETE", "/session");
  const disabled = await desk.agent(`disabled-${randomBytes(3).toString("hex")}`, "admin");
  await desk.db.run((sql) => sql`update agents set disabled_at = now() where id = ${disabled.id}`);
  const revoked = (await admin.call("POST", "/tokens", { name: "revoked", role: "admin" })).body;
  await admin.call("DELETE", `/tokens/${revoked.id}`);
  const old = (await admin.call("POST", "/tokens", { name: "old" })).body;
  await desk.db.run((sql) => sql`update api_tokens set expires_at = now() where id = ${old.id}`);
  const [hash] = await desk.db.run(
    (sql) =>
      sql<{ hash: string }[]>`select encode(token_hash, 'hex') as hash from agent_sessions where agent_id = ${ada.id}`,
  );
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const cookie = (token: string) => ({ cookie: `everline_session=${token}`, origin: desk.url });
  return {
    none: {},
    "empty bearer": { authorization: "Bearer " },
    "empty cookie": cookie(""),
    "a made-up bearer": bearer(randomBytes(32).toString("base64url")),
    "a made-up cookie": cookie(randomBytes(32).toString("base64url")),
    "a made-up token": bearer(`evl_${randomBytes(32).toString("base64url")}`),
    "the stored hash": bearer(hash?.hash ?? ""),
    "another scheme": { authorization: `Basic ${Buffer.from(`ada:${ada.token}`).toString("base64")}` },
    "an expired session": bearer(expired.token),
    "an expired session's cookie": cookie(expired.token),
    "a session signed out": bearer(left.token),
    "a disabled agent": bearer(disabled.token),
    "a disabled agent's cookie": cookie(disabled.token),
    "a revoked token": bearer(revoked.token),
    "an expired token": bearer(old.token),
    "a token as a cookie, expired": cookie(old.token),
  };
}

const ids = () => [
  conversationId,
  callbackId,
  tokenId,
  ada.id,
  missingId,
  "nonsense",
  "1%20or%201=1",
  missingId.toUpperCase(),
];

/** Everything that a call could change. */
async function state(): Promise<unknown> {
  const [row] = await desk.db.run(
    (sql) => sql`select (select count(*) from events) as events, (select count(*) from messages) as messages,
      (select count(*) from agents) as agents, (select count(*) from api_tokens where revoked_at is null) as tokens,
      (select count(*) from callbacks) as callbacks, (select max(updated_at) from callbacks) as changed,
      (select sum(fence) from conversations) as fences, (select count(*) from conversation_reads) as reads`,
  );
  return row;
}

test("R8 A1 A2 A6 no route opens or changes anything with any dead credential, whatever the id", async () => {
  const all = await routes();
  expect(all.length).toBeGreaterThan(20);
  // The outsider's aim exists: who may see it, sees it.
  expect(JSON.stringify((await ada.call("GET", `/conversations/${conversationId}/events`)).body)).toContain(canary);
  const credentials = await deadCredentials();
  // The customer was told of their call: from then on nothing changes by itself.
  const underWay = () =>
    desk.db.run((sql) => sql`select 1 from deliveries where state in ('ready', 'sending', 'unknown', 'sent')`);
  await expect.poll(async () => (await underWay()).length).toBe(0);
  const before = await state();
  let calls = 0;
  const leaks: string[] = [];
  for (const [name, headers] of Object.entries(credentials)) {
    for (const route of all) {
      const answers = await Promise.all(ids().map((id) => request(route, id, headers)));
      calls += answers.length;
      for (const answer of answers)
        if (answer.status !== 401 || answer.text.includes(canary) || answer.text !== answers[0]?.text)
          leaks.push(`${name}: ${route.method} ${route.path} ${answer.status}`);
    }
  }
  expect(leaks).toEqual([]);
  expect(calls).toBeGreaterThan(2_000);
  expect(await state()).toEqual(before);
}, 120_000);

test("A7 nothing changes for a request with a good cookie that comes from elsewhere, or says not from where", async () => {
  const before = await state();
  const cookie = `everline_session=${admin.token}`;
  const elsewhere = [
    { cookie },
    { cookie, origin: "null" },
    { cookie, origin: "https://evil.example" },
    { cookie, origin: `${desk.url}.evil.example` },
    { cookie, origin: desk.url.replace("127.0.0.1", "localhost") },
    { cookie, origin: "not an origin" },
    { cookie, authorization: `Bearer ${admin.token}`, origin: "https://evil.example" },
  ];
  const changing = (await routes()).filter(({ method }) => method !== "GET");
  expect(changing.length).toBeGreaterThan(10);
  for (const headers of elsewhere)
    for (const route of changing)
      for (const id of [conversationId, callbackId, ada.id, tokenId])
        expect({ route, headers, status: (await request(route, id, headers)).status }).toEqual({
          route,
          headers,
          status: 403,
        });
  expect(await state()).toEqual(before);
  const mine = { cookie, origin: desk.url };
  const route = { method: "POST", path: "/api/v1/conversations/{id}/read" };
  expect((await request(route, conversationId, mine)).status).toBe(204);
}, 60_000);

function saysReserved({ summary }: Route): boolean {
  return summary?.includes("(administrators)") ?? false;
}

test("A1 what is an administrator's is refused to agents and their machines alike", async () => {
  const machine = (await admin.call("POST", "/tokens", { name: "agent machine" })).body.token as string;
  const before = await state();
  const reserved = (await routes()).filter(saysReserved);
  const paths = new Set(reserved.map(({ path }) => path.split("/")[3]));
  expect([...paths].sort()).toEqual(["agents", "articles", "articles-archive", "calls", "logo", "settings", "tokens"]);
  for (const route of reserved)
    for (const token of [ada.token, machine])
      for (const id of ids()) expect((await request(route, id, { authorization: `Bearer ${token}` })).status).toBe(403);
  expect(await state()).toEqual(before);
});

test("A1 the document calls a route an administrator's when an agent is refused it, and only then", async () => {
  const vera = await desk.agent("Vera");
  const all = await routes();
  const refused: Route[] = [];
  for (const route of all) {
    const { text } = await request(route, missingId, { authorization: `Bearer ${vera.token}` });
    if (text.includes("AdministratorsOnly")) refused.push(route);
  }
  expect(refused.length).toBeGreaterThan(10);
  expect(all.length - refused.length).toBeGreaterThan(10);
  expect(refused).toEqual(all.filter(saysReserved));
});

test("A1 the telephone in the browser is a person's: no machine gets what it signs in with, whatever its role", async () => {
  for (const role of ["agent", "admin"]) {
    const { token } = (await admin.call("POST", "/tokens", { name: `phone ${role}`, role })).body;
    const route = { method: "POST", path: "/api/v1/calls/token" };
    const refused = await request(route, "", { authorization: `Bearer ${token}` });
    expect(refused.status).toBe(403);
    expect(refused.text).toContain("PeopleOnly");
  }
  // A person is told what is missing: this desk has no API key.
  expect((await ada.call("POST", "/calls/token")).body.error.code).toBe("NoBrowserPhone");
});

test("A3 an id of another thing, a missing one and one that is none get the same answer", async () => {
  const headers = { authorization: `Bearer ${admin.token}` };
  const own: Record<string, string> = {
    callbacks: callbackId,
    tokens: tokenId,
    agents: ada.id,
    conversations: conversationId,
  };
  const withId = (await routes()).filter(({ path }) => path.includes("{id}"));
  expect(withId.length).toBeGreaterThan(12);
  for (const route of withId) {
    const foreign = ids().filter((id) => id !== own[route.path.split("/")[3] ?? ""] && !id.includes("%"));
    const answers = await Promise.all(foreign.map((id) => request(route, id, headers)));
    expect(
      new Set(answers.map(({ status, text }) => `${status} ${text}`)),
      `${route.method} ${route.path}`,
    ).toHaveLength(1);
    expect(answers[0]?.status, `${route.method} ${route.path}`).toBe(404);
  }
});

function open(headers: Readonly<Record<string, string>>): Promise<{ status: number; socket: WebSocket }> {
  const socket = new WebSocket(`${desk.url.replace("http", "ws")}/api/v1/live`, { headers: { ...headers } });
  return new Promise((resolve) => {
    socket.on("open", () => resolve({ status: 101, socket }));
    socket.on("unexpected-response", (_request, response) => resolve({ status: response.statusCode ?? 0, socket }));
    socket.on("error", () => undefined);
  });
}

test("A2 A7 the socket opens for no dead credential and for no page of another site", async () => {
  for (const [name, headers] of Object.entries(await deadCredentials()))
    expect({ name, status: (await open(headers)).status }).toEqual({ name, status: 401 });
  const cookie = `everline_session=${ada.token}`;
  for (const headers of [{ cookie }, { cookie, origin: "https://evil.example" }, { cookie, origin: "null" }])
    expect((await open(headers)).status).toBe(403);
  const { status, socket } = await open({ cookie, origin: desk.url });
  expect(status).toBe(101);
  socket.close();
});

test("an open socket is closed within five seconds when its session ends, its agent or its token is disabled", async () => {
  const [leaver, fired] = [await desk.agent("Leaver"), await desk.agent("Fired")];
  const machine = (await admin.call("POST", "/tokens", { name: "short-lived" })).body;
  const closing = await Promise.all(
    [leaver.token, fired.token, machine.token].map(async (token) => {
      const { socket } = await open({ authorization: `Bearer ${token}` });
      return { closed: new Promise<number>((resolve) => socket.on("close", resolve)) };
    }),
  );
  const { conversationId: held } = await desk.says("+12025550177", "mine", "queue");
  await fired.call("POST", `/conversations/${held}/claim`);
  const began = Date.now();
  await leaver.call("DELETE", "/session");
  expect((await admin.call("PATCH", `/agents/${fired.id}`, { disabled: true })).status).toBe(200);
  await admin.call("DELETE", `/tokens/${machine.id}`);
  expect(await Promise.all(closing.map((one) => one.closed))).toEqual([4401, 4401, 4401]);
  expect(Date.now() - began).toBeLessThan(5_000);
  // What the disabled agent had is nobody's secret: it waits in the queue again.
  expect((await ada.call("GET", `/conversations/${held}`)).body).toMatchObject({ owner: "queue", agentId: null });
});

test("a machine writes under its own name, and the last administrator cannot be disabled", async () => {
  const { token } = (await admin.call("POST", "/tokens", { name: "Order robot" })).body;
  const { conversationId: id } = await desk.says("+12025550178", "where is my order?", "queue");
  const response = await fetch(`${desk.url}/api/v1/conversations/${id}/messages`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ clientId: "robot-1", kind: "note", text: "Order 12 left today." }),
  });
  expect(response.status).toBe(200);
  const { events } = (await ada.call("GET", `/conversations/${id}/events`)).body;
  expect(events.at(-1)).toMatchObject({ type: "note", agentName: "Order robot" });
  const { agents } = (await ada.call("GET", "/agents")).body;
  expect(agents.map((agent: { name: string }) => agent.name)).not.toContain("Order robot");
  await desk.db.run((sql) => sql`update agents set role = 'agent' where role = 'admin' and id <> ${admin.id}`);
  for (const edit of [{ disabled: true }, { role: "agent" }])
    expect((await admin.call("PATCH", `/agents/${admin.id}`, edit)).body.error.code).toBe("LastAdministrator");
});

test("A6 guesses at the set-up link and at passwords are counted and stopped", async () => {
  const post = (path: string, body: object) =>
    fetch(`${desk.url}/api/v1${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const setUp = { email: "eve@example.com", name: "Eve", password: "long-enough-for-us" };
  const guesses = await Promise.all(
    Array.from({ length: 40 }, (_, index) => post("/setup", { ...setUp, token: `guess-${index}` })),
  );
  const statuses = guesses.map((answer) => answer.status);
  expect(new Set(statuses)).toEqual(new Set([410, 429]));
  expect(statuses.filter((status) => status === 410)).toHaveLength(30);
  const tries = await Promise.all(
    Array.from({ length: 40 }, () => post("/session", { email: "nobody@example.com", password: "x" })),
  );
  expect(tries.filter((answer) => answer.status === 429).length).toBe(10);
  expect(tries.find((answer) => answer.status === 429)?.headers.get("retry-after")).toMatch(/^\d+$/);
});
