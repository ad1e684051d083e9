import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Stage } from "./contestants/contestant.ts";
import { startEverline } from "./contestants/everline.ts";

const shownMax = 40;
const warmUpSeconds = 4;

/** V8's .cpuprofile: a sample names the function that ran, `timeDeltas` how long after the sample before. */
const profileSchema = z.object({
  startTime: z.number(),
  nodes: z.array(
    z.object({
      id: z.number(),
      callFrame: z.object({ functionName: z.string(), url: z.string(), lineNumber: z.number() }),
    }),
  ),
  samples: z.array(z.number()),
  timeDeltas: z.array(z.number()),
});

type Profile = z.output<typeof profileSchema>;

/** Puts the service under full load and prints which functions its main thread spent the time in. */
export async function profileEverline(stage: Stage, seconds: number): Promise<number> {
  const profileTo = join(stage.folder, "profile");
  mkdirSync(profileTo);
  const everline = await startEverline(stage, { name: "everline", roles: ["all"], queue: "redis", profileTo });
  await everline.measure(warmUpSeconds);
  // V8 stamps its samples with the same monotonic clock.
  const from = monotonicMicros();
  const round = await everline.measure(seconds);
  const to = monotonicMicros();
  await everline.stop();

  const by = Object.entries(round.cpuBy ?? {}).map(([name, micros]) => `${name} ${Math.round(micros)}`);
  say(`${Math.round(round.perSecond)} messages/s, ${Math.round(round.cpuMicros)} µs each (${by.join(", ")})\n`);
  const messages = round.seen?.answered ?? 1;
  for (const { where, micros } of readProfiles(profileTo)
    .flatMap((profile) => selfTimes(profile, from, to))
    .slice(0, shownMax)) {
    say(`${(micros / messages).toFixed(1).padStart(7)} µs  ${where}`);
  }
  return 0;
}

function readProfiles(folder: string): Profile[] {
  return readdirSync(folder).map((name) => profileSchema.parse(JSON.parse(readFileSync(join(folder, name), "utf8"))));
}

/** Self time by function between two moments, the longest first. */
function selfTimes(profile: Profile, from: number, to: number) {
  const places = new Map(profile.nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const sums = new Map<string, number>();
  let at = profile.startTime;
  profile.samples.forEach((id, index) => {
    at += profile.timeDeltas[index] ?? 0;
    if (at < from || at > to) return;
    const where = places.get(id) ?? "";
    // The time up to the next sample belongs to this one.
    sums.set(where, (sums.get(where) ?? 0) + (profile.timeDeltas[index + 1] ?? 0));
  });
  return [...sums].map(([where, micros]) => ({ where, micros })).sort((a, b) => b.micros - a.micros);
}

function nameOf({ functionName, url, lineNumber }: Profile["nodes"][number]["callFrame"]): string {
  const place = url.replace(/^.*\/node_modules\//, "").replace(/^file:\/\/.*?\/dist\//, "dist/");
  return `${functionName || "(anonymous)"}${place === "" ? "" : `  ${place}:${lineNumber + 1}`}`;
}

function monotonicMicros(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
