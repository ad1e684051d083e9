import { DatabaseUnavailable } from "../db/errors.ts";
import type { CallDesk } from "./desk.ts";

/**
 * Deals with one of several callbacks. One that fails by a fault of ours holds up nobody behind it: it is logged, its turn
 * comes again, and the result is undefined. Throws only where the database is away: then no other would fare better.
 */
export async function guarded<Done>(
  desk: Pick<CallDesk, "log">,
  callbackId: string,
  work: () => Promise<Done>,
): Promise<Done | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DatabaseUnavailable) throw error;
    desk.log.error({ callbackId, error }, "callback-failed");
    return undefined;
  }
}
