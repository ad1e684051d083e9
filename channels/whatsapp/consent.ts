/**
 * Words that stop our messages, when they are the whole message. Fewer than for SMS: nobody between us and the customer
 * acts on them here, and "cancel" or "yes" are answers to our own questions.
 */
const stop = ["STOP", "STOPALL", "UNSUBSCRIBE", "OPTOUT", "BAJA", "ARRET", "ARRÊT", "SAIR", "ABMELDEN", "STOPP"];
const words: ReadonlyMap<string, "stop" | "start"> = new Map([
  ...stop.map((word) => [word, "stop"] as const),
  ...["START", "UNSTOP"].map((word) => [word, "start"] as const),
]);

/** What the whole message says about consent, or what Twilio found it to say (`declared`); null: nothing. */
export function consentIn(text: string, declared: string | null): "stop" | "start" | "help" | null {
  const given = declared?.toLowerCase();
  if (given === "stop" || given === "start" || given === "help") return given;
  return words.get(text.trim().normalize("NFC").toUpperCase()) ?? null;
}
