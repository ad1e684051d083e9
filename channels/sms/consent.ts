export interface Consent {
  readonly action: "stop" | "start" | "help";
  /** Who says so back: Twilio, we, or nobody because the word mostly answers a question of ours. */
  readonly confirmedBy: "twilio" | "us" | null;
  /** The language of the word, where it is of one alone. */
  readonly locale: string | null;
}

/** Twilio's own words on long codes: it acts on them and confirms before our webhook fires. */
const twilioStop = ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"];
/**
 * Our additions in other languages. Twilio knows them only with Advanced Opt-Out, which then says so in OptOutType;
 * otherwise it neither blocks nor confirms. "CANCELAR" is not among them: it answers our own questions.
 */
const stopElsewhere: Readonly<Record<string, string | null>> = {
  ALTO: "es",
  PARAR: "es",
  BAJA: "es",
  ARRET: null,
  ARRÊT: null,
  SAIR: null,
  STOPP: null,
  ABMELDEN: "de",
};
const byTwilio = (action: Consent["action"]): Consent => ({ action, confirmedBy: "twilio", locale: null });
const words: ReadonlyMap<string, Consent> = new Map([
  ...twilioStop.map((word) => [word, byTwilio("stop")] as const),
  ...Object.entries(stopElsewhere).map(
    ([word, locale]) => [word, { action: "stop", confirmedBy: "us", locale }] as const,
  ),
  ...["START", "UNSTOP"].map((word) => [word, byTwilio("start")] as const),
  ["YES", { action: "start", confirmedBy: null, locale: null }],
  ...["HELP", "INFO"].map((word) => [word, byTwilio("help")] as const),
]);

/** What the whole message, any case, says about consent; "stop texting me" is a sentence and for the assistant. */
export function consentIn(text: string, declared: string | null): Consent | null {
  const given = declared?.toLowerCase();
  if (given === "stop" || given === "start" || given === "help") return byTwilio(given);
  return words.get(text.trim().normalize("NFC").toUpperCase()) ?? null;
}
