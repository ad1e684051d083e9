import { toLocale } from "../lib/locale.ts";

/** What we write and say to customers about their calls, by language. Marks like {when} are filled by code. */
export interface CallWords {
  readonly booked: string;
  readonly bookedSoon: string;
  readonly moved: string;
  readonly cancelled: string;
  /** Two were asked for, before and after signing in. */
  readonly kept: string;
  readonly keptSoon: string;
  readonly reminder: string;
  readonly late: string;
  readonly retry: string;
  readonly gaveUp: string;
  /** True as well of a number that is not dialled at all (M5): it tells nobody which. */
  readonly gaveUpOnce: string;
  readonly expired: string;
  /** Said when the customer takes the call: who it is, before anybody else is on the line. */
  readonly greeting: string;
  readonly optedOut: string;
  /** The assistant takes the call. */
  readonly assistant: string;
}

const words: Readonly<Record<string, CallWords>> = {
  en: {
    booked: "{company}: we will call you on {when}. Another time or no call: {link}",
    bookedSoon: "{company}: we will call you as soon as somebody is free. Another time or no call: {link}",
    moved: "{company}: your call is moved; we will call you on {when}. Change or cancel: {link}",
    cancelled: "{company}: your call is cancelled. To ask for a new one: {link}",
    kept: "{company}: you asked for two calls. We keep one and call you on {when}. Another time or no call: {link}",
    keptSoon:
      "{company}: you asked for two calls. We keep one and call you as soon as somebody is free. Another time or no call: {link}",
    reminder: "{company}: we will call you on {when}, soon now. Another time or no call: {link}",
    late: "{company}: everybody is on another call just now. You keep your place and we call as soon as somebody is free. Another time: {link}",
    retry:
      "{company}: we just called and did not reach you. We will try again on {when}. Another time or no call: {link}",
    gaveUp: "{company}: we called you several times and did not reach you. Choose a new time whenever you like: {link}",
    gaveUpOnce: "{company}: we could not reach you by telephone. Choose a new time whenever you like: {link}",
    expired: "{company}: we are sorry, we could not call you at the promised time. Please choose a new time: {link}",
    greeting: "Hello, this is {company} with the call you asked for.",
    optedOut: "Understood. We will never call this number again. Goodbye.",
    assistant: "Hello, this is {company} with the call you asked for. I am an AI assistant. What can I help you with?",
  },
  sv: {
    booked: "{company}: vi ringer dig {when}. Annan tid eller inget samtal: {link}",
    bookedSoon: "{company}: vi ringer dig så snart någon är ledig. Annan tid eller inget samtal: {link}",
    moved: "{company}: ditt samtal är flyttat; vi ringer dig {when}. Ändra eller avboka: {link}",
    cancelled: "{company}: ditt samtal är avbokat. Vill du ha ett nytt: {link}",
    kept: "{company}: du hade bett om två samtal. Vi behåller ett och ringer dig {when}. Annan tid eller inget samtal: {link}",
    keptSoon:
      "{company}: du hade bett om två samtal. Vi behåller ett och ringer dig så snart någon är ledig. Annan tid eller inget samtal: {link}",
    reminder: "{company}: vi ringer dig {when}, alltså snart. Annan tid eller inget samtal: {link}",
    late: "{company}: alla sitter i samtal just nu. Du behåller din plats och vi ringer så snart någon är ledig. Annan tid: {link}",
    retry:
      "{company}: vi ringde nyss men nådde dig inte. Vi försöker igen {when}. Annan tid eller inget samtal: {link}",
    gaveUp: "{company}: vi har ringt flera gånger utan att nå dig. Välj gärna en ny tid när det passar dig: {link}",
    gaveUpOnce: "{company}: vi kunde inte nå dig på telefon. Välj gärna en ny tid när det passar dig: {link}",
    expired: "{company}: tyvärr kunde vi inte ringa dig på den utlovade tiden. Välj en ny tid: {link}",
    greeting: "Hej, det är {company} som ringer som du bad om.",
    optedOut: "Uppfattat. Vi ringer aldrig det här numret igen. Hej då.",
    assistant: "Hej, det är {company} som ringer som du bad om. Jag är en AI-assistent. Vad kan jag hjälpa dig med?",
  },
  de: {
    booked: "{company}: Wir rufen Sie am {when} an. Andere Zeit oder kein Anruf: {link}",
    bookedSoon: "{company}: Wir rufen Sie an, sobald jemand frei ist. Andere Zeit oder kein Anruf: {link}",
    moved: "{company}: Ihr Rückruf ist verschoben; wir rufen Sie am {when} an. Ändern oder absagen: {link}",
    cancelled: "{company}: Ihr Rückruf ist abgesagt. Einen neuen anfordern: {link}",
    kept: "{company}: Sie hatten um zwei Rückrufe gebeten. Einer bleibt: Wir rufen Sie am {when} an. Andere Zeit oder kein Anruf: {link}",
    keptSoon:
      "{company}: Sie hatten um zwei Rückrufe gebeten. Einer bleibt: Wir rufen Sie an, sobald jemand frei ist. Andere Zeit oder kein Anruf: {link}",
    reminder: "{company}: Wir rufen Sie am {when} an, also bald. Andere Zeit oder kein Anruf: {link}",
    late: "{company}: Gerade sind alle im Gespräch. Sie behalten Ihren Platz, und wir rufen an, sobald jemand frei ist. Andere Zeit: {link}",
    retry:
      "{company}: Wir haben Sie gerade nicht erreicht und versuchen es am {when} noch einmal. Andere Zeit oder kein Anruf: {link}",
    gaveUp: "{company}: Wir haben Sie mehrmals angerufen und nicht erreicht. Wählen Sie gern eine neue Zeit: {link}",
    gaveUpOnce: "{company}: Wir konnten Sie telefonisch nicht erreichen. Wählen Sie gern eine neue Zeit: {link}",
    expired:
      "{company}: Leider konnten wir Sie zur versprochenen Zeit nicht anrufen. Bitte wählen Sie eine neue Zeit: {link}",
    greeting: "Guten Tag, hier ist {company} mit dem gewünschten Rückruf.",
    optedOut: "Verstanden. Wir rufen diese Nummer nie wieder an. Auf Wiederhören.",
    assistant:
      "Guten Tag, hier ist {company} mit dem gewünschten Rückruf. Ich bin ein KI-Assistent. Wobei kann ich Ihnen helfen?",
  },
  es: {
    booked: "{company}: te llamaremos el {when}. Otra hora o ninguna llamada: {link}",
    bookedSoon: "{company}: te llamaremos en cuanto alguien esté libre. Otra hora o ninguna llamada: {link}",
    moved: "{company}: tu llamada se ha cambiado; te llamaremos el {when}. Cambiar o cancelar: {link}",
    cancelled: "{company}: tu llamada está cancelada. Para pedir otra: {link}",
    kept: "{company}: habías pedido dos llamadas. Mantenemos una y te llamaremos el {when}. Otra hora o ninguna llamada: {link}",
    keptSoon:
      "{company}: habías pedido dos llamadas. Mantenemos una y te llamaremos en cuanto alguien esté libre. Otra hora o ninguna llamada: {link}",
    reminder: "{company}: te llamaremos el {when}, dentro de poco. Otra hora o ninguna llamada: {link}",
    late: "{company}: ahora mismo todos están en otra llamada. Conservas tu turno y te llamamos en cuanto alguien esté libre. Otra hora: {link}",
    retry:
      "{company}: acabamos de llamarte y no te hemos localizado. Lo intentaremos de nuevo el {when}. Otra hora o ninguna llamada: {link}",
    gaveUp: "{company}: te hemos llamado varias veces sin localizarte. Elige una nueva hora cuando quieras: {link}",
    gaveUpOnce: "{company}: no hemos podido localizarte por teléfono. Elige una nueva hora cuando quieras: {link}",
    expired: "{company}: lo sentimos, no pudimos llamarte a la hora prometida. Elige una nueva hora: {link}",
    greeting: "Hola, le llama {company}, como nos pidió.",
    optedOut: "Entendido. No volveremos a llamar a este número. Adiós.",
    assistant:
      "Hola, le llama {company}, como nos pidió. Soy un asistente de inteligencia artificial. ¿En qué puedo ayudarle?",
  },
  ar: {
    booked: "{company}: سنتصل بك {when}. لتغيير الموعد أو إلغائه: {link}",
    bookedSoon: "{company}: سنتصل بك فور توفر أحد موظفينا. لتغيير الموعد أو إلغائه: {link}",
    moved: "{company}: تم نقل موعد مكالمتك؛ سنتصل بك {when}. للتغيير أو الإلغاء: {link}",
    cancelled: "{company}: تم إلغاء مكالمتك. لطلب مكالمة جديدة: {link}",
    kept: "{company}: طلبتَ مكالمتين. أبقينا واحدة وسنتصل بك {when}. لتغيير الموعد أو إلغائه: {link}",
    keptSoon: "{company}: طلبتَ مكالمتين. أبقينا واحدة وسنتصل بك فور توفر أحد موظفينا. لتغيير الموعد أو إلغائه: {link}",
    reminder: "{company}: سنتصل بك {when}، أي بعد قليل. لتغيير الموعد أو إلغائه: {link}",
    late: "{company}: جميع موظفينا مشغولون بمكالمات أخرى الآن. دورك محفوظ وسنتصل بك فور توفر أحدهم. لاختيار موعد آخر: {link}",
    retry:
      "{company}: اتصلنا بك للتو ولم نتمكن من الوصول إليك. سنحاول مرة أخرى {when}. لتغيير الموعد أو إلغائه: {link}",
    gaveUp: "{company}: اتصلنا بك عدة مرات ولم نتمكن من الوصول إليك. اختر موعدًا جديدًا متى شئت: {link}",
    gaveUpOnce: "{company}: لم نتمكن من الوصول إليك هاتفيًا. اختر موعدًا جديدًا متى شئت: {link}",
    expired: "{company}: نعتذر، لم نتمكن من الاتصال بك في الموعد المحدد. يرجى اختيار موعد جديد: {link}",
    greeting: "مرحبًا، معك {company} بخصوص المكالمة التي طلبتها.",
    optedOut: "حسنًا. لن نتصل بهذا الرقم مرة أخرى. مع السلامة.",
    assistant: "مرحبًا، معك {company} بخصوص المكالمة التي طلبتها. أنا مساعد ذكاء اصطناعي. كيف يمكنني مساعدتك؟",
  },
};

/** The words of a language; English where we have none. */
export function callWords(locale: string | null): CallWords {
  return words[locale?.slice(0, 2) ?? "en"] ?? (words.en as CallWords);
}

export function fillIn(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (mark, name: string) => values[name] ?? mark);
}

/** A promised time as the customer reads it on their own clock, with its zone: an hour can come twice. */
export function timeInWords(at: number, zone: string, locale: string | null): string {
  return new Intl.DateTimeFormat(toLocale(locale) ?? "en", {
    timeZone: zone,
    weekday: "long",
    day: "numeric",
    month: "long",
    hour: "2-digit",
    minute: "2-digit",
    timeZoneName: "short",
  }).format(at);
}
