import { endLate, lose, session } from "./call.ts";
import { forgetAll, store } from "./host.ts";
import { fetchLater } from "./later.ts";
import { drop } from "./line.ts";
import { change } from "./state.ts";

/**
 * Leaves nothing of the conversation on this device and ends its session for every tab, signed in or not. Where the
 * service is away nothing but the token of that session stays, until it has been told.
 */
export async function forget(): Promise<void> {
  const left = session()?.token;
  drop();
  lose();
  forgetAll();
  void fetchLater().then((parts) => parts?.dropAllFiles());
  if (left !== undefined) store("e", left);
  change({
    entries: [],
    pending: [],
    line: null,
    typing: null,
    draft: "",
    notice: null,
    unread: 0,
    readSeq: 0,
    caughtUp: false,
  });
  await endLate().catch(() => undefined);
}
