import type { AwaitLive, CallBegan, LivePlan } from "../../channels/channel.ts";
import { type Aftermath, noAftermath } from "../callbacks/aftermath.ts";
import type { CallDesk } from "../callbacks/desk.ts";
import type { Dialler } from "../callbacks/dialler.ts";
import * as control from "./control.ts";
import { openCall, planLive } from "./live-call.ts";
import { acceptOffer, declineOffer, isOnTheLine, takeCall, tellCaller } from "./offers.ts";

/** Calls while they last: what callers hear, and what agents do with them. */
export interface LiveLines {
  open(began: CallBegan): Promise<void>;
  planLive(asked: AwaitLive): Promise<LivePlan>;
  accept(agentId: string, offerId: string): ReturnType<typeof acceptOffer>;
  decline(agentId: string, offerId: string): Promise<boolean>;
  /** The call of this conversation's caller, who is on the line. */
  take(agentId: string, conversationId: string): ReturnType<typeof takeCall>;
  /** The agent took the conversation in the inbox: its caller, if one is on the line, is theirs as well. */
  claimed(agentId: string, conversationId: string): Promise<void>;
  change(agentId: string, callId: string, change: control.CallChange): Promise<control.ChangeOutcome>;
}

/** Each runs its transaction, then lets the dialler do what is left: ring, hang up, call back. */
export function createLiveLines(desk: CallDesk, dialler: Pick<Dialler, "carryOut">): LiveLines {
  async function then<Value>(work: (after: Aftermath) => Promise<Value>): Promise<Value> {
    const after = noAftermath();
    const value = await work(after);
    dialler.carryOut(after);
    return value;
  }
  return {
    open: (began) => openCall(desk, began),
    planLive: (asked) => then((after) => planLive(desk, asked, after)),
    accept: (agentId, offerId) => then((after) => acceptOffer(desk, agentId, offerId, after)),
    decline: (agentId, offerId) => then((after) => declineOffer(desk, agentId, offerId, after)),
    take: (agentId, conversationId) => then((after) => takeCall(desk, agentId, conversationId, after)),
    claimed: (agentId, conversationId) =>
      then(async (after) => {
        if (!(await isOnTheLine(desk, conversationId))) return;
        const taken = await takeCall(desk, agentId, conversationId, after);
        if (taken.outcome === "not-free") await tellCaller(desk, conversationId, after);
      }),
    change: (agentId, callId, change) => then((after) => control.changeCall(desk, agentId, callId, change, after)),
  };
}
