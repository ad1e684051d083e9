import { rmSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readConfig } from "../../src/config.ts";
import { type Service, startService } from "../../src/service.ts";
import { dataFolder } from "../support/data-folder.ts";
import { quiet } from "../support/database.ts";
import { type Everline, startEverline } from "../support/everline.ts";
import { describeWith } from "../support/parts.ts";
import { type OwnRedis, redis, startRedis } from "../support/redis.ts";

/** The sweeper looks every two seconds; a worker's connection comes back within one. */
const answeredWithin = { timeout: 15_000, interval: 50 };

describeWith(redis, "web and worker side by side on Redis", () => {
  let engine: OwnRedis;
  let web: Everline;
  let worker: Service;
  const workerData = dataFolder("worker");

  beforeAll(async () => {
    engine = await startRedis();
    const shared = { REDIS_URL: engine.url, SECRET_KEY: "the same for both, at least 32 characters" };
    web = await startEverline({ ...shared, ROLE: "web" });
    worker = await startService(
      readConfig({ ...shared, ROLE: "worker", DATABASE_URL: web.databaseUrl, DATA_DIR: workerData, DEMO: "true" }),
      quiet,
    );
  });
  afterAll(async () => {
    await worker.stop();
    await web.stop();
    await engine.stop();
    rmSync(workerData, { recursive: true, force: true });
  });

  test("a visitor of the web process is answered by the worker", async () => {
    const visitor = await openVisitor(web.url);
    await visitor.ask("where can I find my payment plan?");
    await expect.poll(() => visitor.authors(), answeredWithin).toEqual(["contact", "assistant"]);
  });

  test("R1 R2 R6 while Redis is away messages are taken and answered; it comes back empty: each is answered once", async () => {
    const visitors = await Promise.all(Array.from({ length: 5 }, () => openVisitor(web.url)));
    await engine.kill();
    await Promise.all(visitors.map((visitor) => visitor.ask("how do I return an order?")));
    for (const visitor of visitors) {
      await expect.poll(() => visitor.authors(), answeredWithin).toEqual(["contact", "assistant"]);
    }
    await engine.start();
    await Promise.all(visitors.map((visitor) => visitor.ask("thank you")));
    for (const visitor of visitors) {
      await expect
        .poll(() => visitor.authors(), answeredWithin)
        .toEqual(["contact", "assistant", "contact", "assistant"]);
    }
    expect((await fetch(`${web.url}/readyz`)).status).toBe(200);
  });
});

/** A visitor over plain HTTP. */
async function openVisitor(url: string) {
  const generated = await fetch(`${url}/v3/directline/tokens/generate`, { method: "POST" });
  const { conversationId, token } = (await generated.json()) as { conversationId: string; token: string };
  const path = `${url}/v3/directline/conversations/${conversationId}/activities`;
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  return {
    async ask(text: string): Promise<void> {
      const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify({ type: "message", text }) });
      expect(answer.status).toBe(200);
    },
    async authors(): Promise<string[]> {
      const { activities } = (await (await fetch(path, { headers })).json()) as {
        activities: { channelData: { everline: { author: string } } }[];
      };
      return activities.map((one) => one.channelData.everline.author);
    },
  };
}
