import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import Fastify, { type FastifyInstance } from "fastify";
import { request } from "undici";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { createLog } from "../../src/lib/log.ts";
import { simulatorRoutes } from "../../src/simulator/phone-routes.ts";
import { type ProviderDouble, startProviderDouble } from "../../src/simulator/provider-double.ts";

const accountSid = `AC${"0".repeat(32)}`;
const ours = "+12025550100";
const phones = ["+12025550131", "+12025550132", "+12025550133", "+12025550134", "+12025550135"] as const;
const bridge = (ends: boolean) => `<Dial><Conference beep="false" endConferenceOnExit="${ends}">c1</Conference></Dial>`;
/** What the service says, by path; a function says it of the key that was pressed. */
const words: Record<string, string | ((digits: string | null) => string)> = {
  "/menu": (digits) =>
    digits === null
      ? `<Gather input="dtmf" numDigits="1" timeout="60" method="POST" action="/menu"><Say language="en-US">Press 1.</Say></Gather><Hangup/>`
      : `<Say language="en-US">You pressed ${digits}.</Say>${bridge(false)}`,
  "/soon": `<Gather input="dtmf" numDigits="1" timeout="0" method="POST" action="/menu"><Say language="en-US">Hello.</Say></Gather>${bridge(true)}`,
  "/assistant": () =>
    `<Connect action="${serviceUrl}/after"><ConversationRelay url="${serviceUrl.replace("http", "ws")}/relay" welcomeGreeting="I am an AI assistant." language="en-US"/></Connect>`,
  "/after": `<Say language="en-US">Goodbye.</Say><Hangup/>`,
  "/wrong": "<Response><Sing/></Response>",
};
const reports: URLSearchParams[] = [];
const asked: { readonly path: string; readonly form: URLSearchParams }[] = [];
const service = createServer((incoming, response) => {
  let body = "";
  incoming.on("data", (chunk) => (body += String(chunk)));
  incoming.on("end", () => {
    const form = new URLSearchParams(body);
    const path = incoming.url ?? "";
    if (path === "/status") reports.push(form);
    else asked.push({ path, form });
    const said = words[path] ?? "";
    response.writeHead(200, { "content-type": "text/xml" });
    response.end(`<Response>${typeof said === "string" ? said : said(form.get("Digits"))}</Response>`);
  });
});
/** The service's side of a call over a socket: it repeats what it hears, and ends on a key. */
const sockets = new WebSocketServer({ server: service });
sockets.on("connection", (socket) =>
  socket.on("message", (data) => {
    const { type, voicePrompt } = JSON.parse(String(data)) as { type: string; voicePrompt?: string };
    if (type === "prompt") socket.send(JSON.stringify({ type: "text", token: `You said: ${voicePrompt}`, last: true }));
    if (type === "dtmf") socket.send(JSON.stringify({ type: "end" }));
  }),
);

let double: ProviderDouble;
let app: FastifyInstance;
let origin = "";
let serviceUrl = "";
beforeAll(async () => {
  await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
  serviceUrl = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
  double = await startProviderDouble({
    ...{ port: 0, seed: 7, accountSid, authToken: "token", log: createLog({ level: "fatal" }) },
    service: { publicUrl: () => serviceUrl },
    behaviour: { statusDelayMs: 0 },
  });
  app = Fastify({ forceCloseConnections: true });
  await simulatorRoutes(app, {
    double,
    numbers: { sms: ours, whatsapp: ours, voice: ours },
    customers: phones.map((number) => ({ name: "Somebody", number })),
  });
  origin = await app.listen({ port: 0, host: "127.0.0.1" });
});
afterAll(async () => {
  await app.close();
  await double.close();
  sockets.close();
  service.closeAllConnections();
  await new Promise((resolve) => service.close(resolve));
});

interface Standing {
  readonly state: string;
  readonly callSid: string;
  readonly where: string;
  readonly others: readonly string[];
}

/** A page that shows this telephone. */
async function hold(number: string, standing = "idle") {
  const ending = new AbortController();
  const answer = await fetch(`${origin}/simulator/api/line?number=${encodeURIComponent(number)}`, {
    signal: ending.signal,
  });
  let now: Standing | null = null;
  const said: string[] = [];
  const reading = (async () => {
    let rest = "";
    for await (const chunk of answer.body ?? []) {
      rest += Buffer.from(chunk).toString();
      const lines = rest.split("\n\n");
      rest = lines.pop() ?? "";
      for (const line of lines.filter((one) => one.startsWith("data: "))) {
        const read = JSON.parse(line.slice(6));
        now = read;
        said.push(...(read.said ?? []).map(({ text }: { text: string }) => text));
      }
    }
  })().catch(() => undefined);
  const until = async (fits: (standing: Standing) => boolean): Promise<Standing> => {
    await expect.poll(() => now !== null && fits(now), { timeout: 4_000, interval: 20 }).toBe(true);
    return now as unknown as Standing;
  };
  const rings = (): Promise<Standing> => until(({ state }) => state === "ringing");
  const idle = (): Promise<Standing> => until(({ state }) => state === "idle");
  await until(({ state }) => state === standing);
  return { said, until, rings, idle, close: () => [ending.abort(), reading] };
}

/** The service rings a telephone; gives the call's id. */
async function place(to: string, path: string, more: Record<string, string> = {}): Promise<string> {
  const body = new URLSearchParams({ To: to, From: ours, Url: serviceUrl + path, ...more });
  body.set("StatusCallback", `${serviceUrl}/status`);
  for (const event of ["initiated", "ringing", "answered", "completed"]) body.append("StatusCallbackEvent", event);
  const answer = await request(`${double.url}/2010-04-01/Accounts/${accountSid}/Calls.json`, {
    method: "POST",
    headers: {
      authorization: `Basic ${Buffer.from(`${accountSid}:token`).toString("base64")}`,
      "content-type": "application/x-www-form-urlencoded",
    },
    body: body.toString(),
  });
  expect(answer.statusCode).toBe(201);
  return ((await answer.body.json()) as { sid: string }).sid;
}

const post = async (path: string, body: object = {}, from = origin) =>
  (
    await fetch(`${origin}/simulator/api/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", origin: from },
      body: JSON.stringify(body),
    })
  ).status;
const reported = (sid: string) =>
  reports.filter((one) => one.get("CallSid") === sid).map((one) => one.get("CallStatus"));
const untilReported = (sid: string, status: string, timeout = 4_000) =>
  expect.poll(() => reported(sid).includes(status), { timeout, interval: 20 }).toBe(true);

test("a telephone that somebody holds rings there, and two who answer talk until one hangs up", async () => {
  const [agentPhone, customerPhone] = phones;
  const agent = await hold(agentPhone);
  const customer = await hold(customerPhone);
  const first = await place(agentPhone, "/menu");
  expect((await agent.rings()).callSid).toBe(first);
  expect(await post(`calls/${first}/answer`)).toBe(204);
  await agent.until(({ where }) => where === "keys");
  // Words do not answer a menu of keys.
  expect(await post(`calls/${first}/input`, { speech: "yes" })).toBe(200);
  expect(await post(`calls/${first}/input`, { digits: "1" })).toBe(200);
  await agent.until(({ where }) => where === "conference");
  expect(agent.said).toEqual(["Press 1.", "You pressed 1."]);
  expect(asked.filter(({ path }) => path === "/menu").map(({ form }) => form.get("Digits"))).toEqual([null, "1"]);

  const second = await place(customerPhone, "/soon", { MachineDetection: "Enable" });
  await customer.rings();
  expect(reported(second)).not.toContain("in-progress");
  expect(await post(`calls/${second}/answer`)).toBe(204);
  // Nobody pressed anything: the call goes on with what follows.
  expect((await customer.until(({ where }) => where === "conference")).others).toEqual(["agent"]);
  expect((await agent.until(({ others }) => others.length === 1)).others).toEqual(["customer"]);
  expect(await post(`calls/${second}/input`, { speech: "Hello?" })).toBe(200);
  expect(await post(`calls/${first}/input`, { speech: "Good day." })).toBe(200);
  await expect.poll(() => [agent.said.at(-1), customer.said.at(-1)]).toEqual(["Hello?", "Good day."]);

  expect(await post(`calls/${second}/hang-up`)).toBe(204);
  await Promise.all([
    agent.idle(),
    customer.idle(),
    untilReported(first, "completed"),
    untilReported(second, "completed"),
  ]);
  expect(reported(second).toSorted()).toEqual(["completed", "in-progress", "initiated", "ringing"]);
  expect(reports.find((one) => one.get("CallSid") === second && one.get("CallStatus") === "in-progress")).toSatisfy(
    (one: URLSearchParams) => one.get("AnsweredBy") === "human",
  );
  expect(await post(`calls/${second}/input`, { speech: "Still there?" })).toBe(409);
  expect(double.faults).toEqual([]);
  agent.close();
  customer.close();
});

test("declined, it is busy; left alone, it rings out; engaged, it does not ring", async () => {
  const phone = await hold(phones[2]);
  const declined = await place(phones[2], "/menu");
  await phone.rings();
  expect(await post(`calls/${declined}/decline`, {}, "https://evil.example")).toBe(403);
  expect(await post(`calls/${declined}/decline`)).toBe(204);
  await untilReported(declined, "busy");
  expect(await post(`calls/${declined}/answer`)).toBe(409);
  await phone.idle();
  const missed = await place(phones[2], "/menu", { Timeout: "1" });
  await phone.rings();
  const meanwhile = await place(phones[2], "/menu");
  await untilReported(meanwhile, "busy");
  expect(reported(meanwhile)).not.toContain("ringing");
  await untilReported(missed, "no-answer");
  await phone.idle();
  phone.close();
});

test("the service takes a call back that rings, and ends one that is answered", async () => {
  const phone = await hold(phones[3]);
  const update = (sid: string, form: string) =>
    request(`${double.url}/2010-04-01/Accounts/${accountSid}/Calls/${sid}.json`, {
      method: "POST",
      headers: {
        authorization: `Basic ${Buffer.from(`${accountSid}:token`).toString("base64")}`,
        "content-type": "application/x-www-form-urlencoded",
      },
      body: form,
    });
  const back = await place(phones[3], "/menu");
  await phone.rings();
  await update(back, "Status=completed");
  await untilReported(back, "canceled");
  await phone.idle();
  const sid = await place(phones[3], "/menu");
  await phone.rings();
  await post(`calls/${sid}/answer`);
  await phone.until(({ where }) => where === "keys");
  await update(sid, `Url=${encodeURIComponent(`${serviceUrl}/soon`)}`);
  await phone.until(({ where }) => where === "conference");
  await update(sid, "Status=completed");
  await untilReported(sid, "completed");
  await phone.idle();
  const wrong = await place(phones[3], "/wrong");
  await phone.rings();
  await post(`calls/${wrong}/answer`);
  await untilReported(wrong, "completed");
  expect(double.faults).toHaveLength(1);
  phone.close();
});

test("whoever answers the assistant's call hears it, talks to it, and is told what comes after", async () => {
  const phone = await hold(phones[1]);
  const sid = await place(phones[1], "/assistant");
  await phone.rings();
  await post(`calls/${sid}/answer`);
  await expect.poll(() => phone.said).toEqual(["I am an AI assistant."]);
  await post(`calls/${sid}/input`, { speech: "My invoice is wrong." });
  await expect.poll(() => phone.said.at(-1)).toBe("You said: My invoice is wrong.");
  await post(`calls/${sid}/input`, { digits: "0" });
  await untilReported(sid, "completed");
  const after = asked.find(({ path }) => path === "/after")?.form;
  expect([after?.get("Direction"), after?.get("To"), after?.get("SessionStatus")]).toEqual([
    ...["outbound-api", phones[1], "ended"],
  ]);
  await expect.poll(() => phone.said.at(-1)).toBe("Goodbye.");
  phone.close();
});

test("a telephone that nobody holds is answered as ever, and only known ones are held", async () => {
  const sid = await place(phones[4], "/soon");
  await untilReported(sid, "completed");
  expect(reported(sid)).toContain("in-progress");
  expect((await fetch(`${origin}/simulator/api/line?number=%2B12025550199`)).status).toBe(400);
  const foreign = { headers: { origin: "https://evil.example" } };
  expect((await fetch(`${origin}/simulator/api/line?number=%2B12025550131`, foreign)).status).toBe(403);
});

test("a page that goes away and does not come back puts its telephone down", async () => {
  const first = await hold(phones[0]);
  const sid = await place(phones[0], "/soon");
  await first.rings();
  await post(`calls/${sid}/answer`);
  await first.until(({ where }) => where === "conference");
  first.close();
  // Loaded anew, the page shows the call as it stands, without what was said before.
  const second = await hold(phones[0], "connected");
  expect(second.said).toEqual([]);
  second.close();
  expect(reported(sid)).not.toContain("completed");
  await untilReported(sid, "completed", 8_000);
  expect(double.handsets.isOpen(phones[0])).toBe(false);
});
