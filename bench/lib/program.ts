import { spawn } from "node:child_process";
import { once } from "node:events";

export interface Program {
  readonly pid: number;
  /** Asks it to end, then ends it; resolves when it is gone. */
  stop(): Promise<void>;
}

/** The service closes its engines and finishes its sends before it goes. */
const stopWithinMs = 20_000;

/** Starts a program of its own whose output goes to a file. */
export function startProgram(options: {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly logFile: number;
}): Program {
  const child = spawn(options.command, options.args, {
    env: { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "", ...options.env },
    stdio: ["ignore", options.logFile, options.logFile],
  });
  const exited = once(child, "exit");
  return {
    pid: child.pid ?? 0,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const timer = setTimeout(() => child.kill("SIGKILL"), stopWithinMs);
      child.kill("SIGTERM");
      await exited;
      clearTimeout(timer);
    },
  };
}
