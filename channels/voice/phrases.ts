export type SpokenLocale = "en" | "sv" | "de" | "es" | "ar";

/** What the phone says by itself; everything else it says is a reply from the conversation. */
export interface Phrases {
  /** Twilio's language code, for speaking and for understanding speech. */
  readonly language: string;
  /**
   * Spoken over the socket as well. Twilio's own lists name Arabic for `<Say>` and `<Gather>` ("ar-AE" is in both, twilio
   * 6.2.0); which of ConversationRelay's voices and recognisers know it is not documented there.
   */
  readonly relayed: boolean;
  readonly greeting: (company: string) => string;
  readonly oneMoment: string;
  readonly stillThere: string;
  readonly tooLong: string;
  readonly notHeard: string;
  readonly offer: string;
  readonly goodbye: string;
  /** The line to us broke, the call did not. */
  readonly cutOff: string;
  readonly sayAgain: string;
  /** The line is up, what is behind it does not answer. */
  readonly away: string;
  readonly stay: string;
  readonly callLater: string;
  /** Instead of the rest of a long answer. */
  readonly texted: string;
  readonly person: string;
  readonly callMe: string;
  readonly choose: string;
  readonly website: string;
  readonly accept: string;
  /** Somebody talks with a colleague about the caller, or looks something up. */
  readonly onHold: string;
  readonly neverAgain: (key: string) => string;
  /** Offered by callers who were greeted in another language than English. */
  readonly english: string;
}

export const phrases: Readonly<Record<SpokenLocale, Phrases>> = {
  en: {
    language: "en-US",
    relayed: true,
    greeting: (company) =>
      `Welcome to ${company}. I am an AI assistant. Tell me what you need help with. For a person, press 0. To be called back, press 1.`,
    oneMoment: "One moment.",
    stillThere: "I am still looking.",
    tooLong: "This takes longer than it should. Press 0 for a person, or 1 to be called back.",
    notHeard: "I did not hear anything. What can I help you with?",
    offer: "Press 0 to talk to a person, or 1 to be called back.",
    goodbye: "Thank you for calling. Goodbye.",
    cutOff: "I am sorry, we were cut off for a moment.",
    away: "I am sorry, our systems do not answer at the moment.",
    stay: "Please stay on the line, I keep trying.",
    callLater: "I am sorry, our systems still do not answer. Please call us again a little later. Goodbye.",
    sayAgain: "Please say that again. For a person, press 0. To be called back, press 1.",
    texted: "I have sent you the details by text.",
    person: "I want to talk to a person",
    callMe: "Please call me back",
    choose: "You can say:",
    website: "our website",
    accept: "Press 1 to take the call.",
    onHold: "Please stay on the line. I am right back with you.",
    neverAgain: (key) => `If you never want us to call this number again, press ${key}.`,
    english: "For English, press 2.",
  },
  sv: {
    language: "sv-SE",
    relayed: true,
    greeting: (company) =>
      `Välkommen till ${company}. Jag är en AI-assistent. Berätta vad du behöver hjälp med. Tryck 0 för att prata med en person, eller 1 för att bli uppringd.`,
    oneMoment: "Ett ögonblick.",
    stillThere: "Jag letar fortfarande.",
    tooLong: "Det här tar längre tid än det borde. Tryck 0 för en person, eller 1 för att bli uppringd.",
    notHeard: "Jag hörde ingenting. Vad kan jag hjälpa dig med?",
    offer: "Tryck 0 för att prata med en person, eller 1 för att bli uppringd.",
    goodbye: "Tack för att du ringde. Hej då.",
    cutOff: "Förlåt, vi bröts för ett ögonblick.",
    away: "Förlåt, våra system svarar inte just nu.",
    stay: "Vänta kvar, jag försöker igen.",
    callLater: "Förlåt, våra system svarar fortfarande inte. Ring oss gärna igen om en liten stund. Hej då.",
    sayAgain: "Säg gärna det en gång till. Tryck 0 för att prata med en person, eller 1 för att bli uppringd.",
    texted: "Jag har skickat detaljerna till dig i ett sms.",
    person: "Jag vill prata med en person",
    callMe: "Ring upp mig",
    choose: "Du kan säga:",
    website: "vår webbplats",
    accept: "Tryck 1 för att ta samtalet.",
    onHold: "Vänta kvar, vi är strax tillbaka hos dig.",
    neverAgain: (key) => `Tryck ${key} om du aldrig vill att vi ringer det här numret igen.`,
    english: "For English, press 2.",
  },
  de: {
    language: "de-DE",
    relayed: true,
    greeting: (company) =>
      `Willkommen bei ${company}. Ich bin ein KI-Assistent. Sagen Sie mir, wobei Sie Hilfe brauchen. Für einen Menschen drücken Sie die 0, für einen Rückruf die 1.`,
    oneMoment: "Einen Moment.",
    stillThere: "Ich suche noch.",
    tooLong: "Das dauert länger als es sollte. Drücken Sie 0 für einen Menschen oder 1 für einen Rückruf.",
    notHeard: "Ich habe nichts gehört. Wobei kann ich Ihnen helfen?",
    offer: "Drücken Sie 0, um mit einem Menschen zu sprechen, oder 1 für einen Rückruf.",
    goodbye: "Danke für Ihren Anruf. Auf Wiederhören.",
    cutOff: "Entschuldigung, wir waren kurz unterbrochen.",
    away: "Entschuldigung, unsere Systeme antworten gerade nicht.",
    stay: "Bitte bleiben Sie am Apparat, ich versuche es weiter.",
    callLater:
      "Entschuldigung, unsere Systeme antworten noch immer nicht. Bitte rufen Sie uns etwas später wieder an. Auf Wiederhören.",
    sayAgain: "Bitte sagen Sie das noch einmal. Für einen Menschen drücken Sie die 0, für einen Rückruf die 1.",
    texted: "Die Einzelheiten habe ich Ihnen per SMS geschickt.",
    person: "Ich möchte mit einem Menschen sprechen",
    callMe: "Bitte rufen Sie mich zurück",
    choose: "Sie können sagen:",
    website: "unsere Website",
    accept: "Drücken Sie die 1, um den Anruf anzunehmen.",
    onHold: "Bitte bleiben Sie am Apparat, wir sind gleich wieder für Sie da.",
    neverAgain: (key) => `Wenn wir diese Nummer nie wieder anrufen sollen, drücken Sie die ${key}.`,
    english: "For English, press 2.",
  },
  es: {
    language: "es-ES",
    relayed: true,
    greeting: (company) =>
      `Bienvenido a ${company}. Soy un asistente de IA, inteligencia artificial. Dígame en qué puedo ayudarle. Para hablar con una persona, pulse 0. Para que le llamemos, pulse 1.`,
    oneMoment: "Un momento.",
    stillThere: "Sigo buscando.",
    tooLong: "Esto tarda más de lo debido. Pulse 0 para hablar con una persona o 1 para que le llamemos.",
    notHeard: "No he oído nada. ¿En qué puedo ayudarle?",
    offer: "Pulse 0 para hablar con una persona o 1 para que le llamemos.",
    goodbye: "Gracias por llamar. Adiós.",
    cutOff: "Lo siento, se ha cortado un momento.",
    away: "Lo siento, nuestros sistemas no responden en este momento.",
    stay: "Siga en la línea, lo sigo intentando.",
    callLater:
      "Lo siento, nuestros sistemas siguen sin responder. Por favor, llámenos de nuevo un poco más tarde. Adiós.",
    sayAgain: "Por favor, repítalo. Para hablar con una persona, pulse 0. Para que le llamemos, pulse 1.",
    texted: "Le he enviado los detalles por SMS.",
    person: "Quiero hablar con una persona",
    callMe: "Por favor, llámenme",
    choose: "Puede decir:",
    website: "nuestro sitio web",
    accept: "Pulse 1 para aceptar la llamada.",
    onHold: "Siga en la línea, enseguida volvemos con usted.",
    neverAgain: (key) => `Si no quiere que volvamos a llamar a este número, pulse ${key}.`,
    english: "For English, press 2.",
  },
  ar: {
    language: "ar-AE",
    relayed: false,
    greeting: (company) =>
      `أهلاً بك في ${company}. أنا مساعد ذكي، AI، ولست إنساناً. قل لي كيف يمكنني أن أساعدك. للتحدث مع موظف اضغط 0، ولنعاود الاتصال بك اضغط 1.`,
    oneMoment: "لحظة من فضلك.",
    stillThere: "ما زلت أبحث.",
    tooLong: "يستغرق هذا وقتاً أطول مما ينبغي. اضغط 0 للتحدث مع موظف، أو 1 لنعاود الاتصال بك.",
    notHeard: "لم أسمع شيئاً. كيف يمكنني أن أساعدك؟",
    offer: "اضغط 0 للتحدث مع موظف، أو 1 لنعاود الاتصال بك.",
    goodbye: "شكراً لاتصالك. إلى اللقاء.",
    cutOff: "عذراً، انقطع الخط للحظة.",
    away: "عذراً، أنظمتنا لا تستجيب في هذه اللحظة.",
    stay: "ابقَ على الخط من فضلك، سأواصل المحاولة.",
    callLater: "عذراً، ما زالت أنظمتنا لا تستجيب. اتصل بنا من فضلك بعد قليل. إلى اللقاء.",
    sayAgain: "أعد ما قلته من فضلك. للتحدث مع موظف اضغط 0، ولنعاود الاتصال بك اضغط 1.",
    texted: "أرسلت إليك التفاصيل في رسالة نصية.",
    person: "أريد التحدث مع موظف",
    callMe: "اتصلوا بي من فضلكم",
    choose: "يمكنك أن تقول:",
    website: "موقعنا",
    accept: "اضغط 1 لتتلقى المكالمة.",
    onHold: "ابقَ على الخط من فضلك، سنعود إليك حالاً.",
    neverAgain: (key) => `إن كنت لا تريد أن نتصل بهذا الرقم بعد الآن فاضغط ${key}.`,
    english: "For English, press 2.",
  },
};

/** Country calling codes whose callers most likely speak it; a guess the caller can correct by key. */
const byPrefix: readonly (readonly [string, SpokenLocale])[] = [
  ["+46", "sv"],
  ["+49", "de"],
  ["+43", "de"],
  ["+41", "de"],
  ["+34", "es"],
  ["+52", "es"],
  ["+54", "es"],
  ["+56", "es"],
  ["+57", "es"],
  ["+51", "es"],
  ...["+971", "+966", "+974", "+973", "+965", "+968", "+962", "+961", "+964", "+20", "+212", "+213", "+216"].map(
    (prefix) => [prefix, "ar"] as const,
  ),
];

export function likelyLocale(number: string): SpokenLocale {
  return byPrefix.find(([prefix]) => number.startsWith(prefix))?.[1] ?? "en";
}

export function toSpokenLocale(locale: string | null | undefined): SpokenLocale | null {
  const language = locale?.toLowerCase().split("-")[0];
  return language !== undefined && isSpoken(language) ? language : null;
}

/** Null also for what is spoken in single requests alone. */
export function toRelayedLocale(locale: string | null | undefined): SpokenLocale | null {
  const spoken = toSpokenLocale(locale);
  return spoken !== null && phrases[spoken].relayed ? spoken : null;
}

function isSpoken(language: string): language is SpokenLocale {
  return Object.hasOwn(phrases, language);
}
