import { chmodSync, rmSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { readConfig } from "../src/config.ts";
import { type Service, startService } from "../src/service.ts";
import { createCustomer } from "../src/simulator/customer.ts";
import { dataFolder } from "./support/data-folder.ts";
import { quiet } from "./support/database.ts";
import { type Everline, startEverline } from "./support/everline.ts";

// Web and worker in two places, with nothing but PostgreSQL between them.
let web: Everline;
let worker: Service;
const workerData = dataFolder("worker");
const account = { accountSid: `AC${"c".repeat(32)}`, authToken: "token-for-tests" };
const publicUrl = "https://help.example";
const ourNumber = "+12025550100";
const shared = {
  SECRET_KEY: "the same for both, at least 32 characters",
  DEMO: "true",
  PUBLIC_URL: publicUrl,
  TWILIO_ACCOUNT_SID: account.accountSid,
  TWILIO_AUTH_TOKEN: account.authToken,
  TWILIO_VOICE_NUMBER: ourNumber,
  VOICE_TRANSPORT: "relay",
};

beforeAll(async () => {
  web = await startEverline({ ...shared, ROLE: "web" });
  const settings = { ...shared, ROLE: "worker", DATABASE_URL: web.databaseUrl, DATA_DIR: workerData };
  worker = await startService(readConfig(settings), quiet);
});
afterAll(async () => {
  await worker.stop();
  await web.stop();
  rmSync(workerData, { recursive: true, force: true });
});

test("R7 a browser hears what another process wrote although there is no Redis to carry the bell", async () => {
  await hearsAnswer(web.url);
});

test("R7 a browser hears what a worker beside it wrote to the embedded database that both share", async () => {
  const dataDir = dataFolder("shared");
  // As root, PostgreSQL runs as "nobody", who has to come in.
  chmodSync(dataDir, 0o755);
  const settings = { ...shared, BURST_WAIT_MS: "0", PORT: "0", DATA_DIR: dataDir };
  const browsers = await startService(readConfig({ ...settings, ROLE: "web" }), quiet);
  const beside = await startService(readConfig({ ...settings, ROLE: "worker" }), quiet);
  try {
    await hearsAnswer(browsers.address ?? "");
  } finally {
    await beside.stop();
    await browsers.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}, 60_000);

/** Asks in the chat and waits for the answer on the socket that is open, sooner than any catching up would bring it. */
async function hearsAnswer(url: string): Promise<void> {
  const post = async (path: string, token: string | null, body: object) => {
    const headers = {
      "content-type": "application/json",
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    };
    const answer = await fetch(`${url}/v3/directline${path}`, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    });
    return (await answer.json()) as { conversationId: string; token: string; streamUrl: string };
  };
  const { token } = await post("/tokens/generate", null, {});
  const { conversationId, streamUrl } = await post("/conversations", token, {});
  const heard: string[] = [];
  const socket = new WebSocket(streamUrl.replace(publicUrl.replace("http", "ws"), url.replace("http", "ws")));
  socket.on("message", (data) => {
    if (String(data) === "") return;
    const { activities } = JSON.parse(String(data)) as {
      activities: { type: string; channelData: { everline?: { author: string } } }[];
    };
    for (const one of activities) if (one.type === "message") heard.push(one.channelData.everline?.author ?? "nobody");
  });
  await new Promise((open) => socket.once("open", open));

  await post(`/conversations/${conversationId}/activities`, token, {
    type: "message",
    text: "how do I return an order?",
  });

  await expect.poll(() => heard, { timeout: 10_000, interval: 20 }).toEqual(["contact", "assistant"]);
  socket.close();
}

test("a worker says how it is at an address of its own, and answers to nothing else", async () => {
  const at = async (path: string) => fetch(`${worker.address}${path}`);
  expect(worker.url).toBeNull();
  expect(await (await at("/readyz")).json()).toEqual({
    status: "ready",
    checks: ["database", "queue", "migrations"].map((name) => ({ name, works: true })),
  });
  await expect
    .poll(async () => (await at("/metrics")).text(), { timeout: 10_000 })
    .toMatch(/everline_turns_total\{outcome="\w+"\} [1-9]/);
  expect([(await at("/")).status, (await at("/inbox")).status]).toEqual([404, 404]);
  // The demo's account server is where the worker asks it; it wants the service's own token.
  expect((await fetch(`${worker.address}/demo/mcp`, { method: "POST" })).status).toBe(401);
});

test("a worker whose port is taken works all the same, and says where its pages are", async () => {
  const { port } = new URL(web.url);
  const settings = { ...shared, ROLE: "worker", PORT: port, DATABASE_URL: web.databaseUrl, DATA_DIR: workerData };
  const beside = await startService(readConfig(settings), quiet);
  expect(beside.notes.join()).toContain(`Port ${port} is taken; this worker's /healthz`);
  expect((await fetch(`${beside.address}/healthz`)).status).toBe(200);
  await beside.stop();
});

test("A5 a process that would sign with a key of its own beside the others does not start", async () => {
  const { SECRET_KEY: _, ...others } = shared;
  const dataDir = dataFolder("stranger");
  const settings = { ...others, DATABASE_URL: web.databaseUrl, DATA_DIR: dataDir };
  await expect(startService(readConfig({ ...settings, ROLE: "worker" }), quiet)).rejects.toThrow(
    /SECRET_KEY: missing.*the same SECRET_KEY/,
  );
  rmSync(dataDir, { recursive: true, force: true });
});

test("a database that a newer version brought further is not one to work on", async () => {
  // What is well is looked at once a minute: a process that has just started looks now.
  const settings = { ...shared, ROLE: "worker", DATABASE_URL: web.databaseUrl, DATA_DIR: workerData };
  const late = await startService(readConfig(settings), quiet);
  const checks = async () => ((await (await fetch(`${late.address}/readyz`)).json()) as { checks: object[] }).checks;
  const [{ id }] = (await web.sql`insert into drizzle.__drizzle_migrations (hash, created_at)
    values ('of a newer version', 9999999999999) returning id`) as unknown as [{ id: number }];
  expect(await checks()).toContainEqual({ name: "migrations", works: false });
  await web.sql`delete from drizzle.__drizzle_migrations where id = ${id}`;
  expect(await checks()).toContainEqual({ name: "migrations", works: true });
  await late.stop();
});

test("a call that one process holds is answered by another", async () => {
  const address = { publicUrl: () => publicUrl, origin: () => web.url };
  const customer = createCustomer(account, address);
  const { callSid } = await customer.call({ from: "+12025550131", to: ourNumber });
  const line = customer.line(callSid);
  line?.say("how do I return an order?");
  const answered = () =>
    line?.frames.some((frame) => frame.type === "text" && frame.last === true && frame.preemptible !== true);
  await expect.poll(answered, { timeout: 10_000, interval: 20 }).toBe(true);
  expect(line?.faults).toEqual([]);
  await customer.close();
});
