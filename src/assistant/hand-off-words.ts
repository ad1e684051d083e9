import type { Prospect } from "../escalations/prospect.ts";
import { fill, wordingFor } from "./wording.ts";

/** What a hand-off says, by language. `{call}` is what the customer writes to be called instead. */
interface HandOffWords {
  readonly passed: string;
  /** During a call: what comes next is said by the line itself. */
  readonly spoken: string;
  readonly soon: string;
  readonly busy: string;
  readonly line: string;
  readonly minutes: string;
  readonly away: string;
  readonly closed: string;
  readonly message: string;
  readonly call: string;
  /** Nothing is known of who is here. */
  readonly unsure: string;
}

const en: HandOffWords = {
  passed:
    "I have passed this on to our people, with everything we have talked about. You do not need to repeat anything.",
  spoken: "I am getting a person for you and tell them what we have talked about.",
  soon: "A colleague answers here soon.",
  busy: "Everybody is with other customers right now.",
  line: "You are number {place} in line.",
  minutes: "It takes about {minutes} min.",
  away: "Nobody is here right now.",
  closed: "Nobody is here until {when}.",
  message: "We answer with a message here as soon as somebody is back.",
  call: "If you would rather be called, write “{call}” and leave a number.",
  unsure: "The answer comes as a message here.",
};

const words: Readonly<Record<string, HandOffWords>> = {
  en,
  sv: {
    passed: "Jag har lämnat det här till våra medarbetare, med allt vi har pratat om. Du behöver inte upprepa något.",
    spoken: "Jag hämtar en människa åt dig och berättar vad vi har pratat om.",
    soon: "En kollega svarar här snart.",
    busy: "Alla är upptagna med andra kunder just nu.",
    line: "Du är nummer {place} i kön.",
    minutes: "Det tar ungefär {minutes} min.",
    away: "Ingen är här just nu.",
    closed: "Ingen är här förrän {when}.",
    message: "Vi svarar med ett meddelande här så snart någon är tillbaka.",
    call: "Vill du hellre bli uppringd, skriv ”{call}” och lämna ett nummer.",
    unsure: "Svaret kommer som ett meddelande här.",
  },
  de: {
    passed:
      "Ich habe das an unsere Mitarbeiter weitergegeben, mit allem, was wir besprochen haben. Sie müssen nichts wiederholen.",
    spoken: "Ich hole einen Menschen für Sie und sage ihm, was wir besprochen haben.",
    soon: "Gleich antwortet hier ein Kollege.",
    busy: "Gerade sind alle mit anderen Kunden beschäftigt.",
    line: "Sie sind Nummer {place} in der Warteschlange.",
    minutes: "Es dauert etwa {minutes} Min.",
    away: "Gerade ist niemand da.",
    closed: "Bis {when} ist niemand da.",
    message: "Wir antworten hier mit einer Nachricht, sobald jemand zurück ist.",
    call: "Möchten Sie lieber angerufen werden, schreiben Sie „{call}“ und hinterlassen eine Nummer.",
    unsure: "Die Antwort kommt hier als Nachricht.",
  },
  es: {
    passed: "He pasado esto a nuestro equipo, con todo lo que hemos hablado. No tienes que repetir nada.",
    spoken: "Te busco a una persona y le cuento lo que hemos hablado.",
    soon: "Pronto te responderá aquí un compañero.",
    busy: "Ahora mismo todos están con otros clientes.",
    line: "Eres el número {place} de la cola.",
    minutes: "Serán unos {minutes} min.",
    away: "Ahora mismo no hay nadie.",
    closed: "No hay nadie hasta el {when}.",
    message: "Te responderemos aquí con un mensaje en cuanto alguien vuelva.",
    call: "Si prefieres que te llamemos, escribe «{call}» y deja un número.",
    unsure: "La respuesta llegará aquí en un mensaje.",
  },
  ar: {
    passed: "نقلتُ طلبك إلى موظفينا مع كل ما تحدثنا عنه، ولا تحتاج إلى تكرار شيء.",
    spoken: "أبحث لك عن موظف وسأخبره بما تحدثنا عنه.",
    soon: "سيجيبك أحد زملائنا هنا قريبًا.",
    busy: "جميع موظفينا مشغولون مع عملاء آخرين الآن.",
    line: "رقمك في الانتظار: {place}.",
    minutes: "يستغرق ذلك نحو {minutes} دقيقة.",
    away: "لا يوجد أحد هنا الآن.",
    closed: "لا يوجد أحد هنا حتى {when}.",
    message: "سنجيبك برسالة هنا فور عودة أحدنا.",
    call: "إن كنت تفضّل أن نتصل بك فاكتب «{call}» واترك رقمًا.",
    unsure: "سيصلك الجواب برسالة هنا.",
  },
};

/** What is true about the wait, with the next step; `when` is in the customer's words. Null: nothing could be found out. */
export function handOffText(locale: string, spoken: boolean, prospect: Prospect | null, when: string | null): string {
  const say = words[locale.slice(0, 2)] ?? en;
  if (spoken) return say.spoken;
  if (prospect === null) return `${say.passed} ${say.unsure}`;
  const call = fill(say.call, { call: wordingFor(locale).callMe });
  const { desk, place, waitSeconds } = prospect;
  switch (desk) {
    case "here":
    case "busy": {
      const first = place === null || place === 1;
      const minutes =
        waitSeconds === null ? "" : fill(say.minutes, { minutes: `${Math.max(1, Math.ceil(waitSeconds / 60))}` });
      if (desk === "here" && first) return sentences(say.passed, say.soon);
      const line = place === null ? "" : fill(say.line, { place: `${place}` });
      return sentences(say.passed, desk === "busy" ? say.busy : "", line, minutes, call);
    }
    case "away":
      return sentences(say.passed, say.away, say.message, call);
    case "closed":
      return sentences(say.passed, when === null ? say.away : fill(say.closed, { when }), say.message, call);
  }
}

function sentences(...all: readonly string[]): string {
  return all.filter(Boolean).join(" ");
}

/** What people write to be called; alone, so that no message about a call is taken for it. */
const alone = new Set(
  ["en", "sv", "de", "es", "ar"]
    .map((locale) => wordingFor(locale).callMe)
    .concat("call me", "call", "ring mig", "ring", "rückruf", "rufen sie mich an", "llámame", "llamadme", "اتصل بي")
    .map(bare),
);

/** Whether a message asks for a call and for nothing else: a button of ours, or the words we told the customer. */
export function asksForCall(
  parts: readonly { readonly t: string; readonly optionId?: string; readonly text?: string }[],
): boolean {
  return parts.some((part) =>
    part.t === "choice" ? part.optionId === "callback" : part.t === "text" && alone.has(bare(part.text ?? "")),
  );
}

function bare(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s]/gu, "")
    .trim();
}
