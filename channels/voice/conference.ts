import type { CallLeg } from "../channel.ts";
import { escapeXml } from "./twiml.ts";

export interface Joining {
  readonly conference: string;
  readonly leg: CallLeg;
  readonly label: string;
  /** What is heard until somebody else is there; Twilio's music when left out. */
  readonly waitUrl?: string;
  /** Where the line asks what comes next when the conference is over for it. */
  readonly action?: string;
  /** The agent's line that hears this one, which nobody else does. */
  readonly coaches?: string | undefined;
  readonly muted?: boolean | undefined;
}

/**
 * Joins a conference. Only the customer's leaving ends it, so that agents can come and go. A supervisor does not begin it:
 * there is nobody to listen to then.
 */
export function bridge({ conference, leg, label, waitUrl, action, coaches, muted }: Joining): string {
  const attributes = [
    ["beep", "false"],
    ["startConferenceOnEnter", String(leg !== "supervisor")],
    ["endConferenceOnExit", String(leg === "customer")],
    ["participantLabel", label],
    ...(waitUrl === undefined ? [] : [["waitUrl", waitUrl]]),
    ...(muted === undefined ? [] : [["muted", String(muted)]]),
    ...(coaches === undefined ? [] : [["coach", coaches]]),
  ];
  const written = attributes.map(([name, value = ""]) => `${name}="${escapeXml(value)}"`).join(" ");
  const next = action === undefined ? "" : ` method="POST" action="${escapeXml(action)}"`;
  return `<Dial${next}><Conference ${written}>${escapeXml(conference)}</Conference></Dial>`;
}

/** Says something and waits for one key; without one the call goes on with what follows. */
export function keyMenu(action: string, seconds: number, spoken: string): string {
  return `<Gather input="dtmf" numDigits="1" timeout="${seconds}" method="POST" action="${action}">${spoken}</Gather>`;
}
