import type { Generator } from "../lib/generator.ts";
import type { RunReport } from "../lib/orders.ts";

/** What a contestant did in one round. */
export interface Round {
  readonly perSecond: number;
  /** Processor time for one message over all its processes, the generator apart. */
  readonly cpuMicros: number;
  /** The same by what the processes are; they add up to `cpuMicros`. */
  readonly cpuBy?: Readonly<Record<string, number>>;
  /** What the customers saw; absent where nobody writes (the small programs of the limit). */
  readonly seen?: RunReport;
}

/** Something that is measured: started once, measured in every round, idle while others are measured. */
export interface Contestant {
  readonly name: string;
  measure(seconds: number): Promise<Round>;
  stop(): Promise<void>;
}

export interface Stage {
  readonly generator: Generator;
  /** For data and logs; readable by PostgreSQL's account. */
  readonly folder: string;
  /** Customers who wait for their reply at the same time. */
  readonly inFlight: number;
}
