import { createServer } from "node:http";
import { z } from "zod";

const settingsSchema = z.object({
  port: z.number().int(),
  engineUrl: z.string(),
  sinkUrl: z.string(),
  publicUrl: z.string(),
  authToken: z.string(),
  /** How much is under way at the same time. */
  sideBySide: z.number().int(),
});

export type LimitSettings = z.output<typeof settingsSchema>;

export function readSettings(): LimitSettings {
  return settingsSchema.parse(JSON.parse(process.argv[2] ?? "{}"));
}

/** Serves `GET /work?seconds=n`: works for so long and answers with how much was done. */
export function serveWork(port: number, work: (until: number) => Promise<number>): void {
  createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    if (url.pathname !== "/work") return void response.end("ready");
    const seconds = Number(url.searchParams.get("seconds"));
    work(performance.now() + seconds * 1000).then(
      (done) => response.end(String(done)),
      (error: unknown) => response.destroy(error instanceof Error ? error : undefined),
    );
  }).listen(port, "127.0.0.1");
}

/** Keeps `count` pieces of work under way until the time has come; gives how many were done. */
export async function keepBusy(count: number, until: number, once: () => Promise<number>): Promise<number> {
  let done = 0;
  const lane = async (): Promise<void> => {
    while (performance.now() < until) {
      // In two steps: `done += await …` would add to what stood there before the wait.
      const more = await once();
      done += more;
    }
  };
  await Promise.all(Array.from({ length: count }, lane));
  return done;
}
