import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import { readConfig } from "../../src/config.ts";
import { createPatience } from "../../src/db/wait-for-database.ts";
import { createLog } from "../../src/lib/log.ts";
import { type Service, startService } from "../../src/service.ts";
import { dataFolder } from "../support/data-folder.ts";
import { freshDatabase } from "../support/database.ts";
import { startProxy } from "../support/proxy.ts";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function listeningLog() {
  const lines: { event: string; reason?: string }[] = [];
  const log = createLog({ destination: { write: (line: string) => void lines.push(JSON.parse(line)) } });
  return { lines, log };
}

test("R9 a process that starts while the database restarts waits for it, says so, and then serves", async () => {
  const database = await freshDatabase();
  closing.push(() => database.drop());
  const { hostname, port } = new URL(database.url);
  const gate = await startProxy({ host: hostname, port: Number(port) });
  closing.push(() => gate.stop());
  const dataDir = dataFolder("start");
  closing.push(async () => rmSync(dataDir, { recursive: true, force: true }));
  const { lines, log } = listeningLog();
  const config = readConfig({
    ROLE: "web",
    PORT: "0",
    DATA_DIR: dataDir,
    DATABASE_URL: gate.url(database.url),
    DEMO: "true",
  });

  gate.refuse();
  const starting = startService(config, log);
  await expect.poll(() => lines.map(({ event }) => event), { timeout: 10_000 }).toContain("waiting-for-database");
  expect(lines.find(({ event }) => event === "waiting-for-database")?.reason).toMatch(
    /^The database does not answer \(.+\)\. Trying again for \d+ s\.$/,
  );
  gate.heal();
  const service: Service = await starting;
  closing.push(() => service.stop());
  expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
}, 60_000);

test("a start does not wait for ever, and says what to do", async () => {
  let now = 0;
  const { log } = listeningLog();
  const patiently = createPatience(log, () => now);
  const gone = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
  let tries = 0;
  const step = async () => {
    tries += 1;
    now += 40_000;
    throw gone;
  };
  await expect(patiently(step)).rejects.toThrow(
    "The database has not answered for 60 s (ECONNREFUSED). Start it, check DATABASE_URL, then start this again.",
  );
  expect(tries).toBe(2);
});

test("a start does not wait where waiting helps nobody", async () => {
  const { lines, log } = listeningLog();
  const wrongPassword = Object.assign(new Error("password authentication failed"), { code: "28P01" });
  await expect(createPatience(log)(() => Promise.reject(wrongPassword))).rejects.toBe(wrongPassword);
  expect(lines).toEqual([]);
});

/** In a folder of its own, with what is installed here; its last process gets the signal, as from a terminal. */
async function npmStart(dataDir: string) {
  const began = performance.now();
  const child = spawn("npm", ["start"], {
    env: { ...process.env, DATA_DIR: dataDir, PORT: "0", LOG_LEVEL: "error" },
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  const ended = once(child, "exit");
  let said = "";
  child.stdout.on("data", (chunk) => {
    said += String(chunk);
  });
  const address = () => /Customers\s+(http:\S+)/.exec(said)?.[1];
  await expect.poll(address, { timeout: 60_000, interval: 20 }).toBeDefined();
  const answer = await fetch(`${address()}readyz`);
  const seconds = (performance.now() - began) / 1_000;
  process.kill(-(child.pid ?? 0), "SIGTERM");
  await ended;
  return { status: answer.status, seconds };
}

test("npm start answers within seconds, on a new database and on one that is there", async () => {
  const dataDir = dataFolder("npm-start");
  closing.push(async () => rmSync(dataDir, { recursive: true, force: true }));
  const [fresh, again] = [await npmStart(dataDir), await npmStart(dataDir)];
  process.stdout.write(`npm start answers after ${fresh.seconds.toFixed(1)} s, then ${again.seconds.toFixed(1)} s\n`);
  expect([fresh.status, again.status]).toEqual([200, 200]);
  // 5 s on a machine that does nothing else; other suites run beside this one.
  expect(Math.max(fresh.seconds, again.seconds)).toBeLessThan(30);
}, 120_000);
