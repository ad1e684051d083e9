import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Notice, Order, Question, RunOrder, RunReport } from "./orders.ts";

export interface Generator {
  /** Where contestants find "Twilio". */
  readonly sinkUrl: string;
  run(order: Omit<RunOrder, "kind">): Promise<RunReport>;
  stop(): Promise<void>;
}

/** Starts the generator in a process of its own and hands it the questions. */
export async function startGenerator(byLanguage: readonly (readonly Question[])[]): Promise<Generator> {
  const program = fileURLToPath(new URL("../generator/main.ts", import.meta.url));
  const child = fork(program, { execArgv: ["--import", "tsx"] });
  const exited = once(child, "exit");

  const tell = (order: Order): void => void child.send(order);
  const hear = async (): Promise<Notice> => {
    const heard = await Promise.race([
      once(child, "message"),
      exited.then(() => Promise.reject(new Error("The bench's generator ended before its time."))),
    ]);
    return heard[0] as Notice;
  };

  const ready = await hear();
  if (ready.kind !== "ready") throw new Error("The bench's generator did not start in order.");
  tell({ kind: "questions", byLanguage: byLanguage.map((list) => [...list]) });
  return {
    sinkUrl: ready.sinkUrl,
    async run(order) {
      tell({ kind: "run", ...order });
      const notice = await hear();
      if (notice.kind !== "report") throw new Error("The bench's generator gave no report.");
      return notice.report;
    },
    async stop() {
      child.disconnect();
      await exited;
    },
  };
}
