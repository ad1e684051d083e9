import { Redis } from "ioredis";
import type { Config } from "./config.ts";
import { createDb, type Db } from "./db/client.ts";
import { startEmbeddedPostgres } from "./db/embedded.ts";
import { installDriverGuard } from "./db/guard.ts";
import { migrate } from "./db/migrate.ts";
import { askDatabase, type Patiently } from "./db/wait-for-database.ts";
import type { Log } from "./lib/log.ts";
import { createLiveHub, type LiveHub } from "./live/hub.ts";
import { watchFeed } from "./live/watch.ts";
import { createJobQueue, type JobQueue } from "./queues/queue.ts";

/** Without Redis this is how soon a browser shows what another process wrote. */
const watchAloneMs = 250;
/** With Redis it only makes up for lost bells. */
const watchBesideRedisMs = 2_000;
/** A Redis that is silent is away: what it should have passed on is said in this process at least. */
const publishLimitMs = 1_000;

export interface Engines {
  readonly db: Db;
  readonly queue: JobQueue;
  readonly live: LiveHub;
  readonly databaseUrl: string;
  readonly notes: readonly string[];
  close(): Promise<void>;
}

/** Opens the database (embedded by default), migrates it, and opens the job queue and the live bell. Closed in reverse. */
export async function openEngines(config: Config, log: Log, patiently: Patiently): Promise<Engines> {
  const embedded = config.databaseUrl === null ? await startEmbeddedPostgres({ dataDir: config.dataDir, log }) : null;
  const databaseUrl = config.databaseUrl ?? embedded?.url ?? "";
  await patiently(async () => {
    await askDatabase(databaseUrl);
    await migrate(databaseUrl, log);
  });
  const db = createDb({ url: databaseUrl, log });
  const uninstall = installDriverGuard(() => db.driverFault());
  const queue = await patiently(() => createJobQueue({ redisUrl: config.redisUrl, databaseUrl, log }));
  const redis =
    config.redisUrl === null
      ? null
      : {
          publisher: openRedis(config.redisUrl, { commandTimeout: publishLimitMs }),
          subscriber: openRedis(config.redisUrl),
        };
  const live = redis === null ? createLiveHub() : createLiveHub(redis);
  // A process that does everything has its embedded database to itself: all that is written is heard as it is written,
  // unless a bell of Redis lies between. A web process shares it with the worker beside it.
  const hearsItself = embedded !== null && redis === null && config.role === "all";
  const watch =
    !hearsItself && config.role !== "worker"
      ? watchFeed({ db, everyMs: redis === null ? watchAloneMs : watchBesideRedisMs, ...live, log })
      : null;
  return {
    db,
    queue,
    live,
    databaseUrl,
    notes: embedded?.notes ?? [],
    async close() {
      await watch?.stop();
      await live.close();
      redis?.publisher.disconnect();
      redis?.subscriber.disconnect();
      await queue.close();
      await db.close();
      uninstall();
      await embedded?.stop();
    },
  };
}

function openRedis(url: string, options: { readonly commandTimeout?: number } = {}): Redis {
  const redis = new Redis(url, {
    ...options,
    maxRetriesPerRequest: 1,
    connectTimeout: 2_000,
    retryStrategy: (times) => Math.min(1_000, times * 100),
  });
  redis.on("error", () => undefined);
  return redis;
}
