import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { takeUpgrades } from "../src/lib/take-upgrades.ts";

let server: Server;
let stop: () => void;
beforeAll(async () => {
  server = createServer((_request, response) => response.end("here"));
  stop = takeUpgrades<{ path: string }>(server, {
    frameMaxBytes: 1024,
    wanted({ url = "" }) {
      if (url === "/wanted") throw new Error("wanted");
      return { path: url };
    },
    async before({ path }) {
      if (path === "/before") throw new Error("before");
    },
    opened(socket, { path }) {
      if (path === "/opened") throw new Error("opened");
      socket.send("open");
    },
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterAll(() => {
  stop();
  server.close();
});

const at = (path: string) => `127.0.0.1:${(server.address() as AddressInfo).port}${path}`;

test("R9 whatever a taker throws ends that one upgrade; the process and every other socket go on", async () => {
  const held = new WebSocket(`ws://${at("/fine")}`);
  expect(String((await once(held, "message"))[0])).toBe("open");
  for (const path of ["/wanted", "/before", "/opened"]) {
    const broken = new WebSocket(`ws://${at(path)}`);
    broken.on("error", () => undefined);
    await new Promise((closed) => broken.on("close", closed));
  }
  expect(await (await fetch(`http://${at("/")}`)).text()).toBe("here");
  expect(held.readyState).toBe(WebSocket.OPEN);
  held.close();
});
