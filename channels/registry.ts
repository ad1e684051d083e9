import type { Channel } from "./channel.ts";
import { createSms } from "./sms/index.ts";
import { createTwilioClient, type TwilioAccount } from "./twilio/client.ts";
import { createVoice } from "./voice/index.ts";
import { webChat } from "./web-chat/index.ts";

export interface ChannelSettings {
  readonly publicUrl: () => string;
  readonly company: string;
  readonly burstWaitMs: number | null;
  readonly twilio:
    | (TwilioAccount & {
        readonly smsNumber: string | null;
        readonly voiceNumber: string | null;
        readonly messagingServiceSid: string | null;
      })
    | null;
}

/** The one list of channels: each that has its settings, for the account "default". */
export function createChannels(settings: ChannelSettings): {
  readonly channels: readonly Channel[];
  close(): Promise<void>;
} {
  const { twilio, publicUrl, company, burstWaitMs } = settings;
  if (twilio === null) return { channels: [webChat], close: async () => undefined };
  const client = createTwilioClient(twilio);
  const { authToken, smsNumber, voiceNumber, messagingServiceSid } = twilio;
  const account = "default";
  const channels: Channel[] = [webChat];
  if (smsNumber !== null || messagingServiceSid !== null) {
    const from = smsNumber;
    channels.push(createSms({ account, authToken, from, messagingServiceSid, publicUrl, client, burstWaitMs }));
  }
  if (voiceNumber !== null) channels.push(createVoice({ account, authToken, publicUrl, company }));
  return { channels, close: () => client.close() };
}
