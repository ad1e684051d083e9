import type { CallLeg } from "../channel.ts";
import { escapeXml } from "./twiml.ts";

/**
 * Joins a conference. Only the customer's leaving ends it, so that agents can come and go. Whoever comes first hears
 * Twilio's music until the second comes.
 */
export function bridge(conference: string, leg: CallLeg, label: string): string {
  const ends = leg === "customer";
  return (
    `<Dial><Conference beep="false" startConferenceOnEnter="true" endConferenceOnExit="${ends}" ` +
    `participantLabel="${escapeXml(label)}">${escapeXml(conference)}</Conference></Dial>`
  );
}

/** Says something and waits for one key; without one the call goes on with what follows. */
export function keyMenu(action: string, seconds: number, spoken: string): string {
  return `<Gather input="dtmf" numDigits="1" timeout="${seconds}" method="POST" action="${action}">${spoken}</Gather>`;
}
