import { parseArgs } from "node:util";

/** What can be measured; each name is a word of `--only`. */
export const parts = ["everline", "redis-queue", "postgres-queue", "limit", "peer", "latency", "memory"] as const;
export type PartName = (typeof parts)[number];

export interface Options {
  readonly only: ReadonlySet<PartName>;
  readonly rounds: number;
  readonly seconds: number;
  readonly inFlight: number;
  /** Where the figures go as JSON. */
  readonly json: string | null;
  /** A goal that is not reached fails the command. */
  readonly assert: boolean;
  /** Tells where the service's processor time goes instead of comparing. */
  readonly profile: boolean;
  /** Leaves data and logs behind. */
  readonly keep: boolean;
}

export const usage = `npm run bench -- [options], or: npm run bench -- sockets [windows, default 10000]
       npm run bench -- calls [turns of each caller, default 5]
  --only a,b       ${parts.join(", ")} (default: all)
  --rounds n       interleaved rounds, of which the medians count (default 3)
  --seconds n      of each round (default 6)
  --in-flight n    customers who wait for their reply at the same time (default 64)
  --json file      the figures of every round as JSON
  --assert         exit with 1 when a goal is not reached
  --profile        where the service's processor time goes, by function
  --keep           leave the folder with data and logs behind
`;

/** Reads the command line. Throws an Error whose sentence says what is wrong with it. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string" },
      rounds: { type: "string", default: "3" },
      seconds: { type: "string", default: "6" },
      "in-flight": { type: "string", default: "64" },
      json: { type: "string" },
      assert: { type: "boolean", default: false },
      profile: { type: "boolean", default: false },
      keep: { type: "boolean", default: false },
    },
  });
  return {
    only: new Set(values.only === undefined ? parts : values.only.split(",").map(toPart)),
    rounds: toCount("rounds", values.rounds),
    seconds: toCount("seconds", values.seconds),
    inFlight: toCount("in-flight", values["in-flight"]),
    json: values.json ?? null,
    assert: values.assert,
    profile: values.profile,
    keep: values.keep,
  };
}

function toPart(name: string): PartName {
  const part = parts.find((one) => one === name.trim());
  if (part === undefined) throw new Error(`--only knows ${parts.join(", ")}; "${name}" is none of them.`);
  return part;
}

function toCount(name: string, text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new Error(`--${name} must be a whole number above 0.`);
  return count;
}
