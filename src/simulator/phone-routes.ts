import { readFile } from "node:fs/promises";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { phoneLine } from "./phone-line.ts";
import type { ProviderDouble } from "./provider-double.ts";

const bodyMaxChars = 1_600;
const threadMax = 200;
/** Far more pages than anybody looks at; each is a connection that stays open. */
const linesMax = 100;
const number = z.string().regex(/^\+[1-9]\d{6,14}$/);

export interface SimulatorDeps {
  readonly double: ProviderDouble;
  /** The company's own numbers. */
  readonly numbers: { readonly sms: string; readonly whatsapp: string; readonly voice: string };
  /** Customers whose phones one can hold. */
  readonly customers: readonly { readonly name: string; readonly number: string }[];
}

const pages = [
  ["/simulator", "phone.html", "text/html; charset=utf-8"],
  ["/simulator/phone.js", "phone.js", "text/javascript; charset=utf-8"],
  ["/simulator/line.js", "line.js", "text/javascript; charset=utf-8"],
  ["/simulator/ringtone.js", "ringtone.js", "text/javascript; charset=utf-8"],
  ["/simulator/phone.css", "phone.css", "text/css; charset=utf-8"],
] as const;
const folder = new URL("../../web/simulator/", import.meta.url);

const messageBody = z.object({
  channel: z.enum(["sms", "whatsapp"]),
  from: number,
  body: z.string().min(1).max(bodyMaxChars),
  choice: z.object({ id: z.string().max(256), title: z.string().max(100) }).optional(),
});
const inputBody = z.object({
  speech: z.string().min(1).max(1_000).optional(),
  digits: z
    .string()
    .regex(/^[\d*#]{1,20}$/)
    .optional(),
});

/** A phone in the browser. Mounted only where the double plays the provider. */
export async function simulatorRoutes(
  app: FastifyInstance,
  { double, numbers, customers }: SimulatorDeps,
): Promise<void> {
  // The company's API has no telephones in it.
  app.addHook("onRoute", (route) => {
    route.schema = { ...route.schema, hide: true };
  });
  const known = new Set(customers.map((customer) => customer.number));
  const sameSite = async (request: FastifyRequest, reply: FastifyReply) => {
    const { origin, host } = request.headers;
    // A7: another page must not write as a customer from the visitor's browser.
    if (origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host))
      await reply.status(403).send({ error: "origin" });
  };
  const bad = (reply: FastifyReply, error: string) => reply.status(400).send({ error });

  for (const [url, file, type] of pages) {
    app.get(url, async (_request, reply) => {
      const page = await readFile(new URL(file, folder));
      return reply
        .type(type)
        .header("cache-control", "no-cache")
        .header("x-content-type-options", "nosniff")
        .send(page);
    });
  }
  app.get("/simulator/api/phones", async () => ({ numbers, customers }));
  let open = 0;
  app.get("/simulator/api/line", { preHandler: sameSite }, async (request, reply) => {
    const query = z.object({ number }).safeParse(request.query);
    if (!query.success || !known.has(query.data.number)) return bad(reply, "line");
    if (open >= linesMax) return reply.status(503).header("retry-after", "5").send({ error: "too-many-lines" });
    open += 1;
    reply.hijack();
    reply.raw.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    const close = phoneLine(double, query.data.number, (text) => reply.raw.write(text));
    reply.raw.once("close", () => {
      open -= 1;
      close();
    });
  });
  app.get("/simulator/api/thread", async (request, reply) => {
    const query = z
      .object({ channel: z.enum(["sms", "whatsapp", "voice"]), customer: number })
      .safeParse(request.query);
    if (!query.success || !known.has(query.data.customer)) return bad(reply, "thread");
    const entries = double.journal.of(query.data.channel, query.data.customer).slice(-threadMax);
    return {
      entries: entries.map(({ n, at, direction, body, options, status }) => ({
        n,
        at,
        direction,
        body,
        options,
        status,
      })),
    };
  });
  app.post("/simulator/api/messages", { preHandler: sameSite }, async (request, reply) => {
    const body = messageBody.safeParse(request.body);
    if (!body.success || !known.has(body.data.from)) return bad(reply, "message");
    const { channel, from, body: text, choice } = body.data;
    const posted =
      channel === "sms"
        ? await double.customer.sms({ from, to: numbers.sms, body: text })
        : await double.customer.whatsapp({
            from,
            to: numbers.whatsapp,
            body: text,
            ...(choice === undefined ? {} : { choice }),
          });
    return reply.status(posted.status < 300 ? 201 : 502).send({ status: posted.status });
  });
  app.post("/simulator/api/calls", { preHandler: sameSite }, async (request, reply) => {
    const body = z.object({ from: number }).safeParse(request.body);
    if (!body.success || !known.has(body.data.from)) return bad(reply, "call");
    return heard(reply, await double.customer.call({ from: body.data.from, to: numbers.voice }));
  });
  app.post<{ Params: { callSid: string } }>(
    "/simulator/api/calls/:callSid/input",
    { preHandler: sameSite },
    async (request, reply) => {
      const body = inputBody.safeParse(request.body ?? {});
      if (!body.success) return bad(reply, "input");
      const { where = "ended" } = double.customer.look(request.params.callSid) ?? {};
      if (where === "ended") return reply.status(409).send({ error: "call-over" });
      const { speech, digits } = body.data;
      const input = { ...(speech === undefined ? {} : { speech }), ...(digits === undefined ? {} : { digits }) };
      return heard(reply, await double.customer.gather({ callSid: request.params.callSid, ...input }));
    },
  );
  app.get<{ Params: { callSid: string }; Querystring: { after?: string } }>(
    "/simulator/api/calls/:callSid",
    async (request, reply) => {
      const view = double.customer.view(request.params.callSid, Number(request.query.after ?? 0) || 0);
      return view ?? reply.status(404).send({ error: "call" });
    },
  );
  app.get<{ Params: { name: string } }>("/simulator/api/conferences/:name", async (request) => {
    const said = double.conferences.look(request.params.name)?.said ?? [];
    return { said: said.map(({ ends, at, text }) => ({ by: ends ? "customer" : "agent", at, text })) };
  });
  app.post<{ Params: { name: string } }>(
    "/simulator/api/conferences/:name/say",
    { preHandler: sameSite },
    async (request, reply) => {
      const body = z.object({ agentId: z.uuid(), text: z.string().min(1).max(500) }).safeParse(request.body);
      if (!body.success) return bad(reply, "say");
      // As the provider knows the telephone in an agent's browser.
      const to = `client:agent_${body.data.agentId.replaceAll("-", "_")}`;
      const line = double.conferences
        .look(request.params.name)
        ?.lines.find(({ sid }) => double.calls.some((call) => call.sid === sid && call.to === to));
      if (line === undefined || !double.conferences.say(line.sid, body.data.text)) return bad(reply, "say");
      return reply.status(204).send();
    },
  );
  for (const [act, carryOut] of [
    ["answer", double.answer],
    ["decline", double.decline],
  ] as const) {
    app.post<{ Params: { callSid: string } }>(
      `/simulator/api/calls/:callSid/${act}`,
      { preHandler: sameSite },
      async (request, reply) =>
        carryOut(request.params.callSid)
          ? reply.status(204).send()
          : reply.status(409).send({ error: "rings-no-more" }),
    );
  }
  app.post<{ Params: { callSid: string } }>(
    "/simulator/api/calls/:callSid/hang-up",
    { preHandler: sameSite },
    async (request, reply) => {
      if (double.customer.look(request.params.callSid) === null) return reply.status(404).send({ error: "call" });
      await double.customer.hangUp(request.params.callSid);
      return reply.status(204).send();
    },
  );
}

function heard(reply: FastifyReply, turn: Awaited<ReturnType<ProviderDouble["customer"]["call"]>>) {
  const { callSid, said, ended, status } = turn;
  return reply.status(status === 200 ? 200 : 502).send({ callSid, said, ended });
}
