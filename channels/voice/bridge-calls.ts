import type { BridgesCalls, LineChange } from "../channel.ts";
import { refusedStatus, type TwilioClient } from "../twilio/client.ts";
import { holdUrl, keysUrl, type LiveOptions, liveUrl } from "./live.ts";
import { toSpokenLocale } from "./phrases.ts";
import { firstState, turnFromNow } from "./twiml.ts";

/** Refreshed by the browser before it ends. */
const tokenSeconds = 3_600;

/** Moves and changes the lines of live calls through Twilio's Calls, Conferences and Participants. */
export function bridgesCalls(options: LiveOptions & { readonly client: TwilioClient }): BridgesCalls {
  const { client } = options;
  return {
    async callBack(externalId, locale, signal) {
      const state = { ...firstState(toSpokenLocale(locale) ?? "en"), turn: turnFromNow() };
      try {
        const url = `${liveUrl(options, state)}&m=1`;
        await client.calls(signal, (calls) => calls.get(externalId).update({ url, method: "POST" }));
        return true;
      } catch {
        return false;
      }
    },
    async changeLine({ conference, externalId }, change, signal) {
      try {
        const sid = await client.conferences(signal, async (conferences) => {
          const found = await conferences.page({ friendlyName: conference, status: "in-progress", pageSize: 1 });
          return found.instances[0]?.sid ?? null;
        });
        if (sid === null) return "gone";
        await client.conferences(signal, (conferences) =>
          conferences.get(sid).participants.get(externalId).update(toUpdate(options, change)),
        );
        return "done";
      } catch (error) {
        return refusedStatus(error) === 404 ? "gone" : "later";
      }
    },
    phoneToken: (identity) => client.voiceToken(identity, tokenSeconds),
  };
}

function toUpdate(options: LiveOptions, { muted, heldIn, keys }: LineChange) {
  return {
    ...(muted === undefined ? {} : { muted }),
    ...(heldIn === undefined ? {} : { hold: heldIn !== null }),
    ...(heldIn == null ? {} : { holdUrl: holdUrl(options, toSpokenLocale(heldIn) ?? "en"), holdMethod: "POST" }),
    ...(keys === undefined ? {} : { announceUrl: keysUrl(options, keys), announceMethod: "POST" }),
  };
}
