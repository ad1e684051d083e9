import { makeFolder } from "../lib/engines.ts";
import { measureSockets } from "./sockets.ts";

const windowsDefault = 10_000;
const goals = { kilobytesEach: 15, p99Ms: 10, backSeconds: 10 };

/** `npm run bench -- sockets [how many]`: idle chat windows on one process. Exits with 1 when a goal is not reached. */
export async function benchSockets(args: readonly string[]): Promise<number> {
  const folder = makeFolder();
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  try {
    const figures = await measureSockets(folder.path, Number(args[0] ?? windowsDefault), say);
    const { kilobytesEach, p50Ms, p99Ms, backSeconds, limit, others } = figures;
    const lines: readonly (readonly [boolean, string])[] = [
      [
        kilobytesEach < goals.kilobytesEach,
        `memory of each of ${figures.windows} idle windows: ${kilobytesEach.toFixed(1)} kB (under ${goals.kilobytesEach})`,
      ],
      [
        p99Ms < goals.p99Ms,
        `a message to one of them: p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms (under ${goals.p99Ms})`,
      ],
      [
        backSeconds < goals.backSeconds,
        `all back after a restart: ${backSeconds.toFixed(1)} s (under ${goals.backSeconds}), ${figures.handshakesFailed} handshakes tried again`,
      ],
      [
        others.failed === 0,
        `others meanwhile: ${others.failed} of ${others.asked} requests failed, the slowest took ${Math.round(others.slowestMs)} ms`,
      ],
    ];
    say(
      `  the limit, a bare program on this machine: p50 ${limit.p50Ms.toFixed(1)} ms, p99 ${limit.p99Ms.toFixed(1)} ms`,
    );
    for (const [reached, text] of lines) say(`${reached ? "reached    " : "NOT REACHED"}  ${text}`);
    return lines.every(([reached]) => reached) ? 0 : 1;
  } finally {
    folder.remove();
  }
}
