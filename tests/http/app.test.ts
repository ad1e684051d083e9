import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { createApp } from "../../src/http/app.ts";
import { quiet } from "../support/database.ts";

test("R9 a stop lets requests that were taken end, refuses new ones, and waits for no stream", async () => {
  const app = await createApp({ log: quiet, version: "0", trustProxy: null });
  let store = (): void => undefined;
  const taken = new Promise<void>((resolve) => {
    app.post("/slow", async () => {
      resolve();
      await new Promise<void>((stored) => {
        store = stored;
      });
      return { stored: true };
    });
  });
  app.get("/stream", (_request, reply) => {
    reply.hijack();
    reply.raw.writeHead(200, { "content-type": "text/event-stream" });
    reply.raw.write("data: first\n\n");
  });
  const url = await app.listen({ port: 0, host: "127.0.0.1" });
  const stream = await fetch(`${url}/stream`);
  const slow = fetch(`${url}/slow`, { method: "POST" });
  await taken;
  const closing = app.close();
  await sleep(50);
  expect((await fetch(`${url}/slow`, { method: "POST" })).status).toBe(503);
  store();
  expect(await (await slow).json()).toEqual({ stored: true });
  await closing;
  await expect(stream.text()).rejects.toThrow();
});
