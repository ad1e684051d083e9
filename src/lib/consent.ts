import type { Part } from "./message.ts";

/** What a message said about consent where nobody between us and the customer says it back: we confirm it. */
export interface ConsentSaid {
  readonly action: "stop" | "start";
  /** The language of the word, where it is of one alone. */
  readonly locale: string | null;
}

const names = { stop: "opted-out", start: "opted-in" } as const;
/** Flow of the reply that confirms a stop; it goes out although the contact has just opted out. */
export const stopConfirmed = names.stop;

/** Kept with the message, so that whoever answers its turn confirms instead of answering. */
export function consentPart({ action, locale }: ConsentSaid): Part {
  return { t: "event", name: names[action], data: { locale } };
}

export function consentSaidIn(parts: readonly Part[]): ConsentSaid | null {
  for (const part of parts) {
    if (part.t !== "event" || (part.name !== names.stop && part.name !== names.start)) continue;
    const { locale } = (part.data ?? {}) as { readonly locale?: unknown };
    return {
      action: part.name === names.stop ? "stop" : "start",
      locale: typeof locale === "string" ? locale : null,
    };
  }
  return null;
}
