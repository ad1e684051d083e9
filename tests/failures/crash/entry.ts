import { readFileSync } from "node:fs";
import { readConfig } from "../../../src/config.ts";
import { createLog } from "../../../src/lib/log.ts";
import { startService } from "../../../src/service.ts";
import { seededRandom } from "../../../src/simulator/behaviour.ts";
import { createCountingAssistant, slowThinkingMaxMs } from "./counting-assistant.ts";
import { createCrashPoints } from "./crash-points.ts";
import type { Order, Report } from "./points.ts";

/** The real program as the harness starts it: src/main.ts with crash points at its seams and a counting assistant. */
const broken = process.env.CRASH_BROKEN;
const points = createCrashPoints((report) => tell(report), {
  lookUp: broken === "look-up",
  sweeper: broken === "sweeper",
  uniqueLeg: broken === "unique-leg",
  optOut: broken === "opt-out",
});
/** How far the clock of promises is from the machine's: the harness writes it, all processes read it. */
const clockFile = process.env.CRASH_CLOCK ?? "";
process.on("message", (order: Order) => points.obey(order));
// The harness is gone: nobody would ever end this process.
process.on("disconnect", () => process.exit(0));

const config = readConfig(process.env);
// A script (start.cjs) cannot await: what fails here ends the process as an unhandled rejection.
void startService(config, createLog({ level: config.logLevel }), {
  engines: points.engines,
  channels: points.channels,
  clock: () => Date.now() + Number(readFileSync(clockFile, "utf8")),
  assistant: {
    assistant: createCountingAssistant(
      seededRandom(Number(process.env.CRASH_SEED)),
      broken === "fence" ? slowThinkingMaxMs : undefined,
    ),
    usesModel: false,
    stop: () => undefined,
  },
}).then(() => tell({ kind: "ready" }));

function tell(report: Report): void {
  // Without a harness there is nobody to tell; "disconnect" ends us.
  if (process.connected) process.send?.(report);
}
