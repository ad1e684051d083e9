import { randomBytes } from "node:crypto";
import type { CallDesk } from "../../src/callbacks/desk.ts";
import { usualPolicy } from "../../src/callbacks/machine.ts";
import { usualCaps } from "../../src/callbacks/phone-policy.ts";
import type { Db } from "../../src/db/client.ts";
import { alwaysOpenHours } from "./always-open.ts";
import { quiet } from "./database.ts";

/** What callbacks need, on a test's database, with no telephone; `change` lays other parts over it. */
export function callDesk(db: Db, change: Partial<CallDesk> = {}): CallDesk {
  return {
    db,
    now: Date.now,
    channelFor: () => null,
    phone: () => null,
    countries: ["SE", "US", "GB", "DE", "ES"],
    policy: usualPolicy,
    caps: usualCaps,
    hours: async () => alwaysOpenHours,
    deskZone: "Europe/Stockholm",
    company: () => "Paylark",
    publicUrl: () => "https://help.example",
    key: randomBytes(32),
    ring: () => undefined,
    publish: () => undefined,
    log: quiet,
    ...change,
  };
}
