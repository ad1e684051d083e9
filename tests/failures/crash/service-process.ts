import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Order, Point, Report, Role } from "./points.ts";

/** A supervisor (systemd, Kubernetes) starts a dead process again about so fast at best. */
const restartPauseMs = 200;
/** A busy machine takes its time to start a process; one that never is ready is a fault. */
const readyWithinMs = 120_000;
const starter = fileURLToPath(new URL("start.cjs", import.meta.url));

export interface ServiceProcess {
  readonly role: Role;
  readonly origin: string | null;
  /** Does it run with its start behind it? */
  ready(): boolean;
  /** Would a load balancer send customers to it: ready, and not frozen? */
  serves(): boolean;
  untilReady(): Promise<void>;
  order(order: Order): void;
  /** Resolves at its next end by kill -9, whoever did it; rejects never. */
  killed(): Promise<void>;
  kill(): void;
  /** Stops it for a while as a machine that sleeps would, then lets it go on as if nothing had been. */
  freeze(ms: number): Promise<void>;
  stop(): Promise<void>;
}

export interface ProcessEvents {
  onPassed(point: Point): void;
  /** It served, and ended although nobody had killed it. */
  onDied(account: string): void;
  /** It could not start, as while the database restarts. */
  onStartFailed(): void;
}

/** One process of the service under a supervisor: whenever it ends, it is started again. */
export function superviseProcess(
  options: {
    readonly name: string;
    /** The bundled program (bundle.ts). */
    readonly program: string;
    readonly role: Role;
    readonly origin: string | null;
    readonly environment: Readonly<Record<string, string>>;
    readonly logFile: string;
  },
  events: ProcessEvents,
): ServiceProcess {
  let stopping = false;
  let isReady = false;
  let frozen: ChildProcess | null = null;
  let child = launch();

  function launch(): ChildProcess {
    isReady = false;
    const output = openSync(options.logFile, "a");
    const started = spawn(process.execPath, [starter, options.program], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...options.environment },
      stdio: ["ignore", output, output, "ipc"],
    });
    closeSync(output);
    started.on("message", (report: Report) => {
      if (report.kind === "passed") events.onPassed(report.point);
      else isReady = true;
    });
    // An order to a process that is just dying has no address any more.
    started.on("error", () => undefined);
    started.once("exit", (code, signal) => void onExit(code, signal));
    return started;
  }

  async function onExit(code: number | null, signal: string | null): Promise<void> {
    const wasReady = isReady;
    isReady = false;
    if (stopping) return;
    if (signal !== "SIGKILL" && wasReady) {
      events.onDied(`${options.name} (${signal ?? `exit ${code}`}): ${lastLines(options.logFile)}`);
    } else if (signal !== "SIGKILL") events.onStartFailed();
    await sleep(restartPauseMs);
    if (!stopping) child = launch();
  }

  return {
    role: options.role,
    origin: options.origin,
    ready: () => isReady,
    serves: () => isReady && frozen !== child,
    async untilReady() {
      for (const until = Date.now() + readyWithinMs; !isReady; await sleep(20)) {
        if (Date.now() > until) throw new Error(`${options.name} is not ready: ${lastLines(options.logFile)}`);
      }
    },
    order(order) {
      if (child.connected) child.send(order, () => undefined);
    },
    async killed() {
      for (;;) {
        const [, signal] = await once(child, "exit");
        if (signal === "SIGKILL") return;
        await sleep(restartPauseMs + 50);
      }
    },
    kill: () => void child.kill("SIGKILL"),
    async freeze(ms) {
      const stopped = child;
      frozen = stopped;
      stopped.kill("SIGSTOP");
      await sleep(ms);
      stopped.kill("SIGCONT");
      frozen = null;
    },
    async stop() {
      stopping = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
  };
}

function lastLines(file: string): string {
  return readFileSync(file, "utf8").trimEnd().split("\n").slice(-3).join(" | ").slice(-600);
}
