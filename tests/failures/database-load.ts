import { setTimeout as sleep } from "node:timers/promises";
import { sql as drizzleSql } from "drizzle-orm";
import { createDb } from "../../src/db/client.ts";
import { DatabaseUnavailable } from "../../src/db/errors.ts";
import { installDriverGuard } from "../../src/db/guard.ts";
import { createLog } from "../../src/lib/log.ts";

/** A process of its own under steady load; says on its output how every call ended. The test kills what is behind it. */
const url = process.argv[2] ?? "";
const db = createDb({ url, log: createLog({ level: "silent" }) });
if (process.argv[3] !== "unguarded") installDriverGuard(() => db.driverFault());

const slow = process.argv[3] === "slow";
const kinds = slow
  ? [() => db.run((sql) => sql`select pg_sleep(2.2)`)]
  : [
      () => db.run((sql) => sql`select ${"text"}::text as value, ${[1, 2]}::int[] as list`),
      () => db.orm((orm) => orm.execute(drizzleSql`select ${7}::int`)),
      () =>
        db.transaction(async (sql) => {
          await sql`select ${1}::int`;
          await sleep(2);
          return sql`select ${2}::int`;
        }),
    ];

async function caller(number: number): Promise<void> {
  for (let turn = number; ; turn += 1) {
    const began = performance.now();
    const call = kinds[turn % kinds.length];
    const outcome = await call?.().then(
      () => "ok",
      (error: unknown) => (error instanceof DatabaseUnavailable ? "unavailable" : `other:${String(error)}`),
    );
    const line = { outcome, at: Date.now(), ms: Math.round(performance.now() - began), healthy: db.state().healthy };
    process.stdout.write(`${JSON.stringify(line)}\n`);
    await sleep(outcome === "ok" ? 5 : 25);
  }
}

await Promise.all(Array.from({ length: slow ? 90 : 16 }, (_, number) => caller(number)));
