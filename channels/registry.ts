import type { Channel } from "./channel.ts";
import { createSms } from "./sms/index.ts";
import { createTwilioClient, type TwilioAccount } from "./twilio/client.ts";

export interface ChannelSettings {
  readonly publicUrl: () => string;
  readonly burstWaitMs: number | null;
  readonly twilio:
    | (TwilioAccount & { readonly smsNumber: string | null; readonly messagingServiceSid: string | null })
    | null;
}

/** The one list of channels: each that has its settings, for the account "default". */
export function createChannels(settings: ChannelSettings): {
  readonly channels: readonly Channel[];
  close(): Promise<void>;
} {
  const { twilio, publicUrl, burstWaitMs } = settings;
  if (twilio === null) return { channels: [], close: async () => undefined };
  const client = createTwilioClient(twilio);
  const sms = createSms({
    account: "default",
    authToken: twilio.authToken,
    from: twilio.smsNumber,
    messagingServiceSid: twilio.messagingServiceSid,
    publicUrl,
    client,
    burstWaitMs,
  });
  return {
    channels: twilio.smsNumber === null && twilio.messagingServiceSid === null ? [] : [sms],
    close: () => client.close(),
  };
}
