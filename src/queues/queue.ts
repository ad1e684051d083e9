import { createPostgresBackend, Queue, runMigrations, Worker } from "bullmq";
import { Redis } from "ioredis";
import pg from "pg";
import type { Log } from "../lib/log.ts";
import { within } from "../lib/within.ts";
import type { BellJob } from "./bell.ts";

const queueName = "conversations";
/** safety.md: a queue add on a request path may take 200 ms; this is the driver's own limit behind it. */
const redisCommandLimitMs = 1_000;
const queuePoolSize = 2;
const workerPoolSize = 6;
/** Bells processed side by side in one process; each drains up to 64 conversations. */
const concurrency = 8;
/** An engine that says nothing, not even no, is away. */
const addWithinMs = 1_000;
const closeWithinMs = 15_000;

export interface JobQueue {
  /** Throws when the engine does not take them within a second; they may be taken all the same. */
  addBulk(jobs: readonly BellJob[]): Promise<void>;
  /** Starts taking jobs; safe to call once. */
  work(process: (job: BellJob, signal: AbortSignal) => Promise<void>): void;
  /** Throws when the engine behind the queue does not answer. */
  ping(): Promise<void>;
  stopWorking(): Promise<void>;
  close(): Promise<void>;
}

/** BullMQ on Redis when a url is given, otherwise on PostgreSQL. The jobs are bells: none is the only copy of anything. */
export async function createJobQueue(options: {
  readonly redisUrl: string | null;
  readonly databaseUrl: string;
  readonly log: Log;
}): Promise<JobQueue> {
  const engine = options.redisUrl === null ? await onPostgres(options.databaseUrl) : onRedis(options.redisUrl);
  const { queue, makeWorker, ping, end } = engine;
  const aborting = new AbortController();
  let worker: ReturnType<typeof makeWorker> | null = null;
  const warn = throttledWarning(options.log);
  queue.on("error", warn);

  return {
    async addBulk(jobs) {
      await within(queue.addBulk(jobs.map((data) => ({ name: "bell", data, opts: jobOptions }))), addWithinMs);
    },
    work(process) {
      worker = makeWorker((job) => process(job.data, aborting.signal));
      worker.on("error", warn);
      worker.on("failed", (_job, error) => options.log.warn({ component: "worker", error }, "bell-failed"));
    },
    ping,
    async stopWorking() {
      const timer = setTimeout(() => aborting.abort(), closeWithinMs);
      await worker?.close().catch(warn);
      clearTimeout(timer);
    },
    async close() {
      aborting.abort();
      await queue.close().catch(warn);
      await end();
    },
  };
}

/** Retries belong to the rows, so a failed bell is not repeated: the sweeper rings again. */
const jobOptions = { attempts: 1, removeOnComplete: true, removeOnFail: { count: 100 } };

type Process = (job: { readonly data: BellJob }) => Promise<void>;

function onRedis(url: string) {
  // On request paths a Redis that is away must fail at once instead of hanging (measured: over 12 s with the defaults).
  const fast = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    commandTimeout: redisCommandLimitMs,
    connectTimeout: 2_000,
    retryStrategy: (times) => Math.min(1_000, times * 100),
  });
  const patient = new Redis(url, {
    maxRetriesPerRequest: null,
    connectTimeout: 2_000,
    retryStrategy: (times) => Math.min(1_000, times * 100),
  });
  fast.on("error", () => undefined);
  patient.on("error", () => undefined);
  const queue = new Queue<BellJob, void, string>(queueName, { connection: fast });
  return {
    queue,
    makeWorker: (process: Process) =>
      new Worker<BellJob, void, string>(queueName, process, { connection: patient, concurrency, maxStalledCount: 50 }),
    async ping() {
      await fast.ping();
    },
    async end() {
      fast.disconnect();
      patient.disconnect();
    },
  };
}

async function onPostgres(url: string) {
  // The bell may be lost, the tables may not: only these pools commit without waiting for the disk.
  const connection = (max: number) => ({
    connectionString: url,
    max,
    options: "-c synchronous_commit=off",
    application_name: "everline-queue",
    connectionTimeoutMillis: 2_000,
    keepAlive: true,
  });
  const pool = new pg.Pool(connection(1));
  pool.on("error", () => undefined);
  try {
    const client = await pool.connect();
    await runMigrations(client).finally(() => client.release());
  } catch (error) {
    await pool.end();
    throw error;
  }
  const queue = new Queue(queueName, { connection: connection(queuePoolSize) }, createPostgresBackend);
  return {
    queue,
    makeWorker: (process: Process) =>
      new Worker(
        queueName,
        process,
        { connection: connection(workerPoolSize), concurrency, maxStalledCount: 50 },
        createPostgresBackend,
      ),
    async ping() {
      await pool.query("select 1");
    },
    async end() {
      await pool.end();
    },
  };
}

/** A lost engine reports many errors a second; one line every few seconds is enough. */
function throttledWarning(log: Log): (error: unknown) => void {
  let last = 0;
  return (error) => {
    if (Date.now() - last < 5_000) return;
    last = Date.now();
    log.warn({ component: "queue", error }, "queue-trouble");
  };
}
