import { EventEmitter, once } from "node:events";
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { keepBusy, readSettings, serveWork } from "./program.ts";

/** Jobs of one bulk add, and jobs a worker takes at once: more made it no faster. */
const bulkSize = 64;
const concurrency = 50;
const batchesMax = 4;

/** The least a job costs: BullMQ's bulk add, and a worker that does nothing with it. */
const { port, engineUrl } = readSettings();
const connect = () => new Redis(engineUrl, { maxRetriesPerRequest: null });
const queue = new Queue<{ id: number }, void, string>("limit", { connection: connect() });
const jobDone = new EventEmitter().setMaxListeners(0);
const waiting = new Map<number, number>();
let batches = 0;

new Worker<{ id: number }, void, string>(
  "limit",
  async ({ data }) => {
    const left = (waiting.get(data.id) ?? 0) - 1;
    waiting.set(data.id, left);
    if (left === 0) jobDone.emit(String(data.id));
  },
  { connection: connect(), concurrency },
);

serveWork(port, (until) =>
  keepBusy(batchesMax, until, async () => {
    const id = batches++;
    waiting.set(id, bulkSize);
    const done = once(jobDone, String(id));
    await queue.addBulk(
      Array.from({ length: bulkSize }, () => ({
        name: "bell",
        data: { id },
        opts: { removeOnComplete: true, removeOnFail: true },
      })),
    );
    await done;
    waiting.delete(id);
    return bulkSize;
  }),
);
