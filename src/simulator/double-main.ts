import { z } from "zod";
import { createLog } from "../lib/log.ts";
import { behaviourSchema } from "./behaviour.ts";
import { startProviderDouble } from "./provider-double.ts";

/**
 * The double as a program of its own, for the bench and the crash harness:
 *   tsx src/simulator/double-main.ts '{"port":4010,"accountSid":"AC…","authToken":"…","publicUrl":"http://127.0.0.1:3000"}'
 * Prints one line {"url": …} when it listens.
 */
const settings = z.object({
  port: z.number().int().min(0).max(65_535).default(0),
  seed: z.number().int().default(1),
  accountSid: z.string(),
  authToken: z.string(),
  publicUrl: z.string(),
  origin: z.string().optional(),
  /** Several, as behind a load balancer: each request goes to any of them. */
  origins: z.array(z.string()).min(1).optional(),
  account: z.string().default("default"),
  senders: z.array(z.string()).optional(),
  cloud: z.object({ appSecret: z.string(), phoneNumberId: z.string(), token: z.string() }).optional(),
  behaviour: behaviourSchema.partial().default({}),
});

const { publicUrl, origin, origins, cloud, behaviour, senders, ...given } = settings.parse(
  JSON.parse(process.argv[2] ?? "{}"),
);
const all = origins ?? (origin === undefined ? [] : [origin]);
const double = await startProviderDouble({
  ...given,
  ...(cloud === undefined ? {} : { cloud }),
  ...(senders === undefined ? {} : { senders }),
  log: createLog({ level: "warn" }),
  service: {
    publicUrl: () => publicUrl,
    ...(all.length === 0 ? {} : { origin: () => all[Math.floor(Math.random() * all.length)] ?? "" }),
  },
});
double.behave(Object.fromEntries(Object.entries(behaviour).filter(([, value]) => value !== undefined)));
process.stdout.write(`${JSON.stringify({ url: double.url })}\n`);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    void double.close().then(() => process.exit(0));
  });
}
