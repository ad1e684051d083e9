import { callIfThere, lose } from "./call.ts";
import { forgetAll, stored } from "./host.ts";
import { drop } from "./line.ts";
import { change } from "./state.ts";

/** Signing out ends the session for every tab of this device. */
export async function signOut(): Promise<void> {
  await callIfThere("POST", "/tokens/end", {});
  await forget();
}

/** Leaves nothing of the conversation on this device. */
export async function forget(): Promise<void> {
  const endpoint = stored("t");
  if (endpoint !== null) await callIfThere("DELETE", "/push", { endpoint });
  drop();
  lose();
  forgetAll();
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
}
