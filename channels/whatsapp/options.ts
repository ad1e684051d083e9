/** WhatsApp lets us write freely for 24 hours after the customer's last message; after that only approved templates. */
export const replyWindowMs = 24 * 60 * 60 * 1000;
/** People type several short messages in a row on a phone. */
export const defaultBurstWaitMs = 700;

/** What both transports need. */
export interface WhatsappOptions {
  readonly account: string;
  readonly publicUrl: () => string;
  readonly burstWaitMs: number;
}
