import { ConfigError, readConfig } from "./config.ts";
import { EngineError } from "./db/errors.ts";
import { createLog } from "./lib/log.ts";
import { startService } from "./service.ts";

/** safety.md: finish or hand back what is open within this, then go. */
const stopWithinMs = 20_000;
const orphanedAfterMs = 500;

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const log = createLog({ level: config.logLevel });
  const began = performance.now();
  const service = await startService(config, log);
  say(`Everline is ready after ${((performance.now() - began) / 1000).toFixed(1)} s.`);
  if (service.url !== null) {
    say(`  Customers   ${service.url}/`);
    say(`  Agents      ${service.url}/inbox`);
    if (config.simulator) say(`  A telephone ${service.url}/simulator`);
    say(`  API         ${service.url}/api/docs`);
  } else if (service.address !== null) say(`  Health      ${service.address}/readyz`);
  if (service.setupUrl !== null) say(`  First administrator (this link works once): ${service.setupUrl}`);
  for (const note of service.notes) say(`  Note: ${note}`);

  let stopping = false;
  const stop = (signal: string): void => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal }, "stopping");
    setTimeout(() => process.exit(1), stopWithinMs).unref();
    service.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on("SIGTERM", () => stop("SIGTERM"));
  process.on("SIGINT", () => stop("SIGINT"));
  if (process.env.npm_lifecycle_event === "start") whenOrphaned(() => stop("SIGTERM"));
}

/** npm passes a signal on to its shell only, and the shell goes without a word: then nobody would stop this process. */
function whenOrphaned(then: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    then();
  }, orphanedAfterMs);
  timer.unref();
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

main().catch((error: unknown) => {
  const known = error instanceof ConfigError || error instanceof EngineError;
  process.stderr.write(
    `${known ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exit(1);
});
