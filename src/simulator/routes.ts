import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { ProviderDouble } from "./double.ts";

const number = z.string().regex(/^\+[1-9]\d{6,14}$/);

/** What the telephone on /simulator calls. Only mounted when the simulator is the provider. */
export function simulatorRoutes(
  app: FastifyInstance,
  deps: { readonly double: ProviderDouble; readonly ours: string },
): void {
  const sent: { from: string; body: string; at: number; status: number }[] = [];
  app.post(
    "/simulator/api/sms",
    { schema: { hide: true, body: z.object({ from: number, body: z.string().min(1).max(1600) }) } },
    async (request) => {
      const { from, body } = request.body as { from: string; body: string };
      const at = Date.now();
      const status = await deps.double.sms({ from, to: deps.ours, body });
      sent.push({ from, body, at, status });
      return { status };
    },
  );
  app.get("/simulator/api/thread", { schema: { hide: true, querystring: z.object({ number }) } }, async (request) => {
    const { number: who } = request.query as { number: string };
    const mine = sent
      .filter((one) => one.from === who)
      .map((one) => ({
        by: "customer",
        body: one.body,
        at: one.at,
        status: one.status < 300 ? "accepted" : `refused (${one.status})`,
      }));
    const theirs = deps.double.log
      .filter((one) => one.to === who)
      .map((one) => ({ by: "company", body: one.body, at: one.at, status: one.status }));
    return { messages: [...mine, ...theirs].sort((a, b) => a.at - b.at) };
  });
}
