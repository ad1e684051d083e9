import type { ChannelLimits, DeliveryError, OutboundItem } from "../../channels/channel.ts";

/** What is known about the address at the moment of sending. */
export interface Standing {
  /** Since when the contact refuses messages here; null: they are allowed. */
  readonly optedOutAt: Date | null;
  /** When the contact last wrote on this channel; null: never. */
  readonly lastInboundAt: Date | null;
}

const optedOut: DeliveryError = {
  class: "optout",
  code: "opted-out",
  text: "The contact opted out (STOP). Write again when they have sent START, or reach them another way.",
};
const windowClosed: DeliveryError = {
  class: "window",
  code: "window-closed",
  text: "The reply window of this channel is closed: the contact has to write first, or be reached another way.",
};

/**
 * Why nothing may be sent to this address now; null: it may. The one rule for every reply, whoever wrote it. A STOP ends
 * all that is no direct answer to a later message (channels.md 3.5); a provider that blocks more says so itself. Pure.
 */
export function whyNotSend(
  limits: Pick<ChannelLimits, "replyWindowMs">,
  { optedOutAt, lastInboundAt, item }: Standing & { readonly item?: OutboundItem },
  now: number,
): DeliveryError | null {
  if (optedOutAt !== null && item?.confirmsStop !== true) {
    const wroteSince = lastInboundAt !== null && lastInboundAt > optedOutAt;
    if (!wroteSince) return optedOut;
  }
  if (limits.replyWindowMs === null || item?.isTemplate === true) return null;
  const open = lastInboundAt !== null && now - lastInboundAt.getTime() <= limits.replyWindowMs;
  return open ? null : windowClosed;
}
