export type Consent = "stop" | "start" | "help";

/** Twilio's own words on long codes: it acts on them and confirms before our webhook fires. */
const twilioStop = ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"];
/** Our additions in other languages. Twilio knows them only with Advanced Opt-Out, which then says so in OptOutType. */
const stopElsewhere = ["ALTO", "PARAR", "CANCELAR", "BAJA", "ARRET", "ARRÊT", "SAIR", "STOPP", "ABMELDEN"];
const words: ReadonlyMap<string, Consent> = new Map([
  ...[...twilioStop, ...stopElsewhere].map((word) => [word, "stop"] as const),
  ...["START", "YES", "UNSTOP"].map((word) => [word, "start"] as const),
  ...["HELP", "INFO"].map((word) => [word, "help"] as const),
]);

/** What the whole message, any case, says about consent; "stop texting me" is a sentence and for the assistant. */
export function consentIn(text: string, declared: string | null): Consent | null {
  const given = declared?.toLowerCase();
  if (given === "stop" || given === "start" || given === "help") return given;
  return words.get(text.trim().normalize("NFC").toUpperCase()) ?? null;
}

/**
 * Does the provider answer this word itself, so that we must not? "YES" lifts a block but mostly answers a question of
 * ours, so that one is answered.
 */
export function silences(text: string, consent: Consent): boolean {
  return !(consent === "start" && text.trim().toUpperCase() === "YES");
}
