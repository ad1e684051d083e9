import type { Channel } from "../channel.ts";
import type { TwilioClient } from "../twilio/client.ts";
import type { CloudSettings } from "./cloud/client.ts";
import { createCloudWhatsapp } from "./cloud/index.ts";
import { defaultBurstWaitMs } from "./options.ts";
import { createTwilioWhatsapp } from "./twilio/index.ts";

export type { CloudSettings };

/** WhatsApp over the transport whose settings are there: Meta's Cloud API before Twilio; null when neither is. */
export function createWhatsapp(given: {
  readonly account: string;
  readonly publicUrl: () => string;
  readonly burstWaitMs: number | null;
  readonly cloud: CloudSettings | null;
  readonly twilio: { readonly authToken: string; readonly whatsappNumber: string | null } | null;
  readonly client: TwilioClient | null;
}): { readonly channel: Channel; close(): Promise<void> } | null {
  const { account, publicUrl, cloud, twilio, client } = given;
  const shared = { account, publicUrl, burstWaitMs: given.burstWaitMs ?? defaultBurstWaitMs };
  if (cloud !== null) {
    const { close, ...channel } = createCloudWhatsapp({ ...shared, settings: cloud });
    return { channel, close };
  }
  if (twilio === null || twilio.whatsappNumber === null || client === null) return null;
  const { authToken, whatsappNumber: from } = twilio;
  // The Twilio client belongs to whoever made it.
  return { channel: createTwilioWhatsapp({ ...shared, authToken, from, client }), close: async () => undefined };
}
