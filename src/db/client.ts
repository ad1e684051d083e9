import { drizzle, type PostgresJsDatabase } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import type { Log } from "../lib/log.ts";
import { DatabaseUnavailable } from "./errors.ts";
import * as schema from "./schema/index.ts";

/** safety.md, "Time limits": a statement on a request path, measured by us because a silent network hides the server's. */
const deadlineMs = 1_500;
/** The server's own limit, a second line for statements that we gave up on. */
const statementTimeoutMs = 5_000;
const connectTimeoutSeconds = 2;
/** Calls wait and none succeeded for so long: the pool is rebuilt. Twice the deadline, so that one slow call is no alarm. */
const watchdogMs = 2_000;
const watchdogEveryMs = 500;
const hotPoolSize = 6;
const ormPoolSize = 4;

export type Sql = postgres.Sql;
export type TransactionSql = postgres.TransactionSql;
export type Orm = PostgresJsDatabase<typeof schema>;

export interface Db {
  /** Runs statements with a client-side deadline. Throws DatabaseUnavailable when it passes or the connection dies. */
  run<T>(work: (sql: Sql) => Promise<T>, options?: { readonly deadlineMs?: number }): Promise<T>;
  /** One transaction under the same deadline; rolled back when `work` throws. */
  transaction<T>(work: (sql: TransactionSql) => Promise<T>, options?: { readonly deadlineMs?: number }): Promise<T>;
  /** Typed queries for pages and lists, on a client of its own because drizzle changes the client's parsers. */
  orm<T>(work: (orm: Orm) => Promise<T>, options?: { readonly deadlineMs?: number }): Promise<T>;
  state(): { readonly healthy: boolean; readonly since: Date; readonly rebuilds: number };
  /** To be called when the driver threw outside any call (src/db/guard.ts). */
  driverFault(): void;
  close(): Promise<void>;
}

/** Opens two pools on one database and rebuilds them by itself when they stop answering. Connects on first use. */
export function createDb(options: {
  readonly url: string;
  readonly log: Log;
  readonly poolSize?: number;
  readonly session?: Readonly<Record<string, string | boolean | number>>;
}): Db {
  let pools = openPools(options);
  let waiting = 0;
  let lastSuccess = Date.now();
  let healthy = true;
  let since = new Date();
  let rebuilds = 0;
  let closed = false;

  function setHealthy(next: boolean): void {
    if (healthy === next) return;
    healthy = next;
    since = new Date();
    options.log.warn({ component: "database", state: next ? "available" : "unavailable" }, "database-state");
  }

  function rebuild(reason: string): void {
    if (closed) return;
    rebuilds += 1;
    setHealthy(false);
    options.log.warn({ component: "database", reason, count: rebuilds }, "database-pool-rebuilt");
    const old = pools;
    pools = openPools(options);
    lastSuccess = Date.now();
    void old.end();
    void probe();
  }

  async function probe(): Promise<void> {
    await call(() => pools.hot`select 1`, deadlineMs).catch(() => undefined);
  }

  async function call<T>(work: () => PromiseLike<T>, limitMs: number): Promise<T> {
    if (closed) throw new DatabaseUnavailable("the service is stopping");
    if (waiting === 0) lastSuccess = Date.now();
    waiting += 1;
    let timer: NodeJS.Timeout | undefined;
    try {
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new DatabaseUnavailable(`no answer in ${limitMs} ms`)), limitMs);
      });
      const result = await Promise.race([work(), late]);
      lastSuccess = Date.now();
      setHealthy(true);
      return result;
    } catch (error) {
      if (error instanceof DatabaseUnavailable) setHealthy(false);
      else if (isConnectionFault(error)) {
        setHealthy(false);
        throw new DatabaseUnavailable("the connection was lost", { cause: error });
      } else lastSuccess = Date.now();
      throw error;
    } finally {
      clearTimeout(timer);
      waiting -= 1;
    }
  }

  const watchdog = setInterval(() => {
    if (waiting > 0 && Date.now() - lastSuccess > watchdogMs) rebuild("no query succeeded");
    else if (!healthy) void probe();
  }, watchdogEveryMs);
  watchdog.unref();

  return {
    run: (work, { deadlineMs: limit = deadlineMs } = {}) => call(() => work(pools.hot), limit),
    transaction: (work, { deadlineMs: limit = deadlineMs } = {}) =>
      call(() => pools.hot.begin(work) as Promise<never>, limit),
    orm: (work, { deadlineMs: limit = deadlineMs } = {}) => call(() => work(pools.orm), limit),
    state: () => ({ healthy, since, rebuilds }),
    driverFault: () => rebuild("driver fault"),
    async close() {
      closed = true;
      clearInterval(watchdog);
      await pools.end(2);
    },
  };
}

function openPools(options: Parameters<typeof createDb>[0]) {
  const shared = {
    connect_timeout: connectTimeoutSeconds,
    onnotice: () => undefined,
    // int8 columns are seqs and counts, far below 2^53.
    types: {
      int8: { to: 20, from: [20], serialize: (value: number) => String(value), parse: (value: string) => Number(value) },
    },
    connection: {
      application_name: "everline",
      statement_timeout: statementTimeoutMs,
      idle_in_transaction_session_timeout: statementTimeoutMs,
      ...options.session,
    },
    backoff: (attempt: number) => Math.min(1, 0.05 * 2 ** attempt),
  };
  // The hot path's functions join small batches to large tables by their keys; hash and merge joins come from wrong
  // estimates on young tables (66 messages a second instead of 16,486 when measured).
  const hot = postgres(options.url, {
    ...shared,
    max: options.poolSize ?? hotPoolSize,
    connection: {
      ...shared.connection,
      enable_hashjoin: "off",
      enable_mergejoin: "off",
      enable_seqscan: "off",
      jit: "off",
    },
  });
  const ormClient = postgres(options.url, { ...shared, max: ormPoolSize });
  const orm = drizzle(ormClient, { schema });
  return {
    hot: hot as unknown as Sql,
    orm,
    end: (timeout = 0) => Promise.allSettled([hot.end({ timeout }), ormClient.end({ timeout })]),
  };
}

const connectionCodes = new Set([
  "CONNECT_TIMEOUT",
  "CONNECTION_CLOSED",
  "CONNECTION_DESTROYED",
  "CONNECTION_ENDED",
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ENOENT",
  "ETIMEDOUT",
  // PostgreSQL itself: shutting down, crashed, starting up, too many connections.
  "57P01",
  "57P02",
  "57P03",
  "53300",
]);

function isConnectionFault(error: unknown): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "string" && connectionCodes.has(error.code);
}
