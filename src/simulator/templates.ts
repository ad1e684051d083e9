/** A message that the double treats as approved by WhatsApp, in one language; Twilio knows it by its content's id. */
export interface ApprovedTemplate {
  readonly contentSid: string;
  readonly name: string;
  readonly language: string;
  readonly body: string;
}

/** What an operator would have approved for `newMessage` and for the reminder of a call (README, "Settings"). */
export const approvedTemplates: readonly ApprovedTemplate[] = [
  {
    contentSid: `HX${"0".repeat(31)}1`,
    name: "everline_new_message",
    language: "en_US",
    body: "You have a new message from {{1}}. Read it and answer here: {{2}} Reply STOP to get no more.",
  },
  {
    contentSid: `HX${"0".repeat(31)}2`,
    name: "everline_new_message",
    language: "sv",
    body: "Du har ett nytt meddelande från {{1}}. Läs och svara här: {{2}} Svara STOP för att slippa fler.",
  },
  {
    contentSid: `HX${"0".repeat(31)}3`,
    name: "everline_call_reminder",
    language: "en_US",
    body: "{{1}}: we will call you on {{2}}, soon now. Another time or no call: {{3}} Thank you.",
  },
];

/** The words with the values filled in; null: not exactly the values that the template asks for. */
export function fillTemplate(body: string, values: Readonly<Record<string, string>>): string | null {
  const asked = new Set([...body.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1] ?? ""));
  const given = Object.entries(values).filter(([, value]) => value !== "");
  if (given.length !== asked.size || given.some(([name]) => !asked.has(name))) return null;
  return body.replace(/\{\{(\w+)\}\}/g, (_all, name: string) => values[name] ?? "");
}
