import type { Channel } from "./channel.ts";
import { createSms } from "./sms/index.ts";
import { createTwilioClient, type TwilioAccount } from "./twilio/client.ts";
import { createVoice } from "./voice/index.ts";
import { webChat } from "./web-chat/index.ts";
import { type CloudSettings, createWhatsapp } from "./whatsapp/index.ts";

export interface ChannelSettings {
  readonly publicUrl: () => string;
  /** Read anew for every call: operators change it. */
  readonly company: string;
  readonly burstWaitMs: number | null;
  readonly voiceTransport: "relay" | "gather";
  readonly twilio:
    | (TwilioAccount & {
        readonly smsNumber: string | null;
        readonly whatsappNumber: string | null;
        readonly voiceNumber: string | null;
        readonly messagingServiceSid: string | null;
      })
    | null;
  readonly whatsappCloud: CloudSettings | null;
}

export interface Channels {
  readonly channels: readonly Channel[];
  close(): Promise<void>;
}

/** The one list of channels: each that has its settings, for the account "default". */
export function createChannels(settings: ChannelSettings): Channels {
  const { twilio, whatsappCloud, publicUrl, burstWaitMs, voiceTransport: transport } = settings;
  const account = "default";
  const client = twilio === null ? null : createTwilioClient(twilio);
  const channels: Channel[] = [webChat];
  if (twilio !== null && client !== null) {
    const { authToken, smsNumber: from, messagingServiceSid } = twilio;
    if (from !== null || messagingServiceSid !== null) {
      channels.push(createSms({ account, authToken, from, messagingServiceSid, publicUrl, client, burstWaitMs }));
    }
    const { voiceNumber: number } = twilio;
    if (number !== null)
      channels.push(
        createVoice({
          account,
          authToken,
          publicUrl,
          get company() {
            return settings.company;
          },
          number,
          client,
          transport,
        }),
      );
  }
  const whatsapp = createWhatsapp({ account, publicUrl, burstWaitMs, cloud: whatsappCloud, twilio, client });
  if (whatsapp !== null) channels.push(whatsapp.channel);
  return {
    channels,
    async close() {
      await Promise.all([client?.close(), whatsapp?.close()]);
    },
  };
}
