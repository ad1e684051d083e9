import type { CallStanding, FoundCall, OutgoingCall, PlacesCalls } from "../channel.ts";
import { clockSlackMs, failedRequest, refusedStatus, type TwilioClient } from "../twilio/client.ts";
import { retries } from "../twilio/webhook.ts";

/** Far more calls than anybody gets within the minutes of a look-up. */
const lookUpMax = 50;
/** Not waited for longer than this, as a customer hears silence meanwhile; who says nothing at first is taken for a person sooner. */
const machineDetection = {
  machineDetection: "Enable",
  machineDetectionTimeout: 8,
  machineDetectionSilenceTimeout: 3_000,
} as const;

export interface PlaceCallOptions {
  readonly client: TwilioClient;
  readonly from: string;
  /** "<public URL>/channels/voice/<account>". */
  readonly callbackUrl: () => string;
}

/**
 * Rings telephones through POST /Calls.json. Our call id travels in the addresses that Twilio calls back (and signs), as
 * a call has no field of its own that would hold it. A look-up therefore goes by number and time of creation.
 */
export function placesCalls({ client, from, callbackUrl }: PlaceCallOptions): PlacesCalls {
  return {
    async placeCall(call, signal) {
      try {
        const { sid } = await client.calls(signal, (calls) => calls.create(creation(call, from, callbackUrl())));
        return { outcome: "accepted", externalId: sid };
      } catch (error) {
        return failedRequest(error);
      }
    },
    async lookUpCall({ to }, since, signal) {
      try {
        // Not narrowed by StartTime: a call that still waits for its line has none yet.
        const page = await client.calls(signal, (calls) => calls.page({ to, from, pageSize: lookUpMax }));
        const sinceMs = since.getTime() - clockSlackMs;
        return { found: page.instances.filter((one) => one.dateCreated.getTime() >= sinceMs).map(toFound) };
      } catch {
        return "later";
      }
    },
    async callStanding(externalId, signal) {
      try {
        return toFound(await client.calls(signal, (calls) => calls.get(externalId).fetch()));
      } catch (error) {
        return refusedStatus(error) === 404 ? "gone" : "later";
      }
    },
    async endCall(externalId, signal) {
      try {
        await client.calls(signal, (calls) => calls.get(externalId).update({ status: "completed" }));
        return true;
      } catch (error) {
        const status = refusedStatus(error);
        // Gone, or over already.
        return status === 404 || status === 400;
      }
    },
  };
}

function creation(call: OutgoingCall, from: string, callbackUrl: string) {
  const mark = `c=${encodeURIComponent(call.callId)}`;
  return {
    to: call.to,
    from,
    timeout: call.ringSeconds,
    statusCallback: `${callbackUrl}/status?${mark}${retries}`,
    statusCallbackEvent: ["initiated", "ringing", "answered", "completed"],
    ...(call.script === undefined ? { url: `${callbackUrl}/answered?${mark}${retries}` } : { twiml: call.script }),
    ...(call.detectMachine ? machineDetection : {}),
  };
}

function toFound(one: { sid: string; status: string; answeredBy: string }): FoundCall {
  return { externalId: one.sid, state: toStanding(one.status) ?? "queued", answeredBy: toAnsweredBy(one.answeredBy) };
}

const standings: ReadonlySet<string> = new Set<CallStanding>([
  "queued",
  "ringing",
  "in-progress",
  "completed",
  "busy",
  "no-answer",
  "failed",
  "canceled",
]);

/** Twilio's word for how a call stands as ours; null for one that we do not know. Pure. */
export function toStanding(word: string | null): CallStanding | null {
  if (word === "initiated") return "queued";
  return word !== null && standings.has(word) ? (word as CallStanding) : null;
}

/** Who took the call, if Twilio found out. A fax is a machine. Pure. */
export function toAnsweredBy(word: string | null | undefined): "human" | "machine" | null {
  if (word === "human") return "human";
  return word === "fax" || word?.startsWith("machine") === true ? "machine" : null;
}
