import { connect, Socket } from "node:net";
import { drizzle, type PostgresJsDatabase } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import type { Log } from "../lib/log.ts";
import { TooSlow, within } from "../lib/within.ts";
import { DatabaseUnavailable } from "./errors.ts";
import { toJson } from "./json.ts";
import * as schema from "./schema/index.ts";

/** safety.md, "Time limits": a statement on a request path, measured by us because a silent network hides the server's. */
const deadlineMs = 1_500;
/** The server's own limit, a second line for statements that we gave up on. */
const statementTimeoutMs = 5_000;
/** Statements of connections that are gone end after this, those that were sent ahead of time among them. */
const goneAfterMs = 500;
const connectTimeoutSeconds = 2;
/** Calls wait and none succeeded for so long: ask the database on a fresh connection. */
const watchdogMs = 2_000;
const watchdogEveryMs = 250;
/** Healthy databases answer `select 1` on a new connection in a few ms; a second covers a busy machine. */
const probeMs = 1_000;
/** Statements on a replaced pool may finish within the server's own limit. */
const drainSeconds = statementTimeoutMs / 1_000;
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
  /** A connection of these pools died or went silent: postgres.js can keep such a connection object broken for ever. */
  let suspect = false;
  /** Replaced pools whose last statements still run. */
  let draining = 0;
  /** The last probe failed: calls are refused at once instead of waiting for a deadline each (R9). */
  let down = false;
  let probing = false;
  let closed = false;

  function setHealthy(next: boolean): void {
    if (healthy === next) return;
    healthy = next;
    since = new Date();
    options.log.warn({ component: "database", state: next ? "available" : "unavailable" }, "database-state");
  }

  function doubt(): void {
    suspect = true;
    lookAgain();
  }

  function lookAgain(): void {
    setHealthy(false);
    void probe();
  }

  /** Asks on a connection of its own; when the database answers, doubtful pools are replaced by new ones. */
  async function probe(): Promise<void> {
    if (probing || closed) return;
    probing = true;
    const client = postgres(options.url, { max: 1, connect_timeout: 1, fetch_types: false, onnotice: () => undefined });
    try {
      await within(client`select 1`, probeMs);
      if (closed) return;
      if (down || suspect) replacePools();
      down = false;
      suspect = false;
      lastSuccess = Date.now();
      setHealthy(true);
    } catch (error) {
      // All its connections are taken: it lives, and the connections that we have serve.
      down = !refusedForNow.has(sqlState(error) ?? "");
      setHealthy(!down);
    } finally {
      probing = false;
      void client.end({ timeout: 0 });
    }
  }

  function replacePools(): void {
    rebuilds += 1;
    options.log.warn({ component: "database", count: rebuilds }, "database-pool-rebuilt");
    const old = pools;
    pools = openPools(options);
    draining += 1;
    void old.end(down ? 0 : drainSeconds).finally(() => {
      draining -= 1;
    });
  }

  async function call<T>(work: (late: Late) => PromiseLike<T>, limitMs: number): Promise<T> {
    if (closed) throw new DatabaseUnavailable("the service is stopping");
    if (down) throw new DatabaseUnavailable("it did not answer the last probe");
    if (waiting === 0) lastSuccess = Date.now();
    waiting += 1;
    const began = Date.now();
    const late: Late = { passed: false };
    try {
      const result = await within(work(late), limitMs);
      lastSuccess = Date.now();
      return result;
    } catch (error) {
      if (error instanceof TooSlow) {
        late.passed = true;
        // One slow statement among others that succeed is no alarm. A third pair of pools would not make it faster.
        if (lastSuccess <= began) draining > 0 ? lookAgain() : doubt();
        throw new DatabaseUnavailable(`no answer in ${limitMs} ms`);
      }
      const code = sqlState(error);
      if (code !== null && connectionCodes.has(code)) {
        doubt();
        throw new DatabaseUnavailable("the connection was lost", { cause: error });
      }
      // The database answered: it is alive, even if it refused.
      if (code !== null) lastSuccess = Date.now();
      if (code !== null && refusedForNow.has(code))
        throw new DatabaseUnavailable(`it refused (${code})`, { cause: error });
      throw error;
    } finally {
      waiting -= 1;
    }
  }

  const watchdog = setInterval(() => {
    const stalled = waiting > 0 && Date.now() - lastSuccess > watchdogMs;
    if (stalled || suspect || !healthy) void probe();
  }, watchdogEveryMs);
  watchdog.unref();

  return {
    run: (work, { deadlineMs: limit = deadlineMs } = {}) => call(() => work(pools.hot), limit),
    transaction: (work, { deadlineMs: limit = deadlineMs } = {}) =>
      call((late) => pools.hot.begin((sql) => unlessLate(work(sql), late)) as Promise<never>, limit),
    orm: (work, { deadlineMs: limit = deadlineMs } = {}) => call(() => work(pools.orm), limit),
    state: () => ({ healthy, since, rebuilds }),
    driverFault: doubt,
    async close() {
      closed = true;
      clearInterval(watchdog);
      await pools.end(2);
    },
  };
}

interface Late {
  passed: boolean;
}

/** Rolls back what the caller was already told had failed. */
async function unlessLate<T>(work: Promise<T>, late: Late): Promise<T> {
  const result = await work;
  if (late.passed) throw new DatabaseUnavailable("whoever asked has been told so");
  return result;
}

function openPools(options: Parameters<typeof createDb>[0]) {
  const sockets = ownSockets();
  const shared = {
    socket: sockets.open,
    connect_timeout: connectTimeoutSeconds,
    onnotice: () => undefined,
    // int8 columns are seqs and counts, far below 2^53.
    types: {
      int8: {
        to: 20,
        from: [20],
        serialize: (value: number) => String(value),
        parse: (value: string) => Number(value),
      },
      json: { to: 114, from: [114, 3802], serialize: toJson, parse: (value: string): unknown => JSON.parse(value) },
    },
    connection: {
      application_name: "everline",
      statement_timeout: statementTimeoutMs,
      idle_in_transaction_session_timeout: statementTimeoutMs,
      // PostgreSQL on Windows knows no such thing, and refuses it.
      ...(process.platform === "win32" ? {} : { client_connection_check_interval: goneAfterMs }),
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
    async end(timeout: number): Promise<void> {
      await Promise.allSettled([hot.end({ timeout }), ormClient.end({ timeout })]);
      sockets.destroy();
    },
  };
}

/**
 * The connections of a pool. postgres.js 3.4.9 forgets some of those that are being made, or have much to do, when it
 * ends: 98 stayed open after 17 replaced pools, and PostgreSQL has no more than 100.
 */
function ownSockets() {
  const sockets = new Set<Socket>();
  let over = false;
  return {
    open({ host, port, path }: { host: readonly string[]; port: readonly number[]; path?: string | false }): Socket {
      if (over) return new Socket().destroy();
      const to = host[0] ?? "";
      const socket = path ? connect(path) : connect(port[0] ?? 0, to);
      for (const one of sockets) if (one.destroyed) sockets.delete(one);
      sockets.add(socket);
      // Certificates are checked against it.
      return Object.assign(socket, { host: to, port: port[0] });
    },
    destroy(): void {
      over = true;
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** The connection or the server behind it is gone. */
export const connectionCodes: ReadonlySet<string> = new Set([
  "CONNECT_TIMEOUT",
  "CONNECTION_CLOSED",
  "CONNECTION_DESTROYED",
  "CONNECTION_ENDED",
  "EAI_AGAIN",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOENT",
  "ENOTFOUND",
  "EPIPE",
  "ETIMEDOUT",
  // PostgreSQL itself: shutting down, crashed, starting up.
  "57P01",
  "57P02",
  "57P03",
]);

/** PostgreSQL answered "not now": statement or lock time-out, deadlock, full disk, memory or connections spent. */
const refusedForNow = new Set(["57014", "55P03", "40P01", "40001", "25P03", "53100", "53200", "53300"]);

/** The code of a driver or server error, also below drizzle's wrapper (which quotes parameters in its message). */
export function sqlState(error: unknown): string | null {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ("code" in at && typeof at.code === "string") return at.code;
  }
  return null;
}
