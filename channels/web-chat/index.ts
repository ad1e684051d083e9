import type { Channel } from "../channel.ts";
import { textMaxChars } from "./activity.ts";

/** Web chat: customers read replies from the timeline itself, so nothing is handed to a provider. */
export const webChat: Channel = {
  name: "web-chat",
  account: "default",
  limits: { textMaxChars, replyWindowMs: null, burstWaitMs: 0, pulled: true, wording: "full" },
  render: () => ({ items: [], degraded: [] }),
};

export type { CustomerSide } from "./extras.ts";
export { directLine } from "./server.ts";
export { issueResumeKey, resumeSeconds, tokenSeconds } from "./tokens.ts";
