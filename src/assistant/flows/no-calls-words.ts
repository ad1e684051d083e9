/** What is said to "never call me again" and to its taking back, by language. What is quoted has to be understood. */
interface NoCallsWords {
  readonly never: string;
  /** Nobody knows which numbers are theirs; the same whatever is on the list (M5). */
  readonly notProven: string;
  readonly allowed: string;
  /** They also stopped our text messages, which ends calls as well. */
  readonly stopped: string;
  readonly fromThere: string;
}

const words: Readonly<Record<string, NoCallsWords>> = {
  en: {
    never:
      "Understood: we will never call {phone} again, and no call to you is planned any more. Messages that you ask for still come. If you change your mind, write “you may call me again” from that number.",
    notProven:
      "Understood: no call to you is planned any more. To have a number never called again, write us “never call me again” from that number, or press 9 when we call it; a person can note it as well. Messages that you ask for still come.",
    allowed: "All right: when you ask for a call, we may call {phone} again.",
    stopped:
      "You also sent STOP to our text messages, and that ends calls as well. Send START there, and we may call you again.",
    fromThere:
      "If you asked us never to call a number, write us “you may call me again” from that number: it can be taken back only from there.",
  },
  sv: {
    never:
      "Uppfattat: vi ringer aldrig {phone} igen, och inget samtal till dig är planerat längre. Meddelanden som du ber om kommer som vanligt. Om du ångrar dig, skriv ”ni får ringa mig igen” från det numret.",
    notProven:
      "Uppfattat: inget samtal till dig är planerat längre. Vill du att ett nummer aldrig rings upp igen, skriv ”ring mig aldrig igen” till oss från det numret, eller tryck 9 när vi ringer dit; en människa kan också anteckna det. Meddelanden som du ber om kommer som vanligt.",
    allowed: "Då så: när du ber om ett samtal får vi ringa {phone} igen.",
    stopped:
      "Du har också skickat STOP till våra sms, och det gäller även samtal. Skicka START dit, så får vi ringa dig igen.",
    fromThere:
      "Om du har bett oss att aldrig ringa ett nummer, skriv ”ni får ringa mig igen” till oss från det numret: det kan bara tas tillbaka därifrån.",
  },
  de: {
    never:
      "Verstanden: Wir rufen {phone} nie wieder an, und es ist kein Anruf bei Ihnen mehr geplant. Nachrichten, um die Sie bitten, kommen weiterhin. Wenn Sie es sich anders überlegen, schreiben Sie von dieser Nummer „Sie dürfen mich wieder anrufen“.",
    notProven:
      "Verstanden: Es ist kein Anruf bei Ihnen mehr geplant. Soll eine Nummer nie wieder angerufen werden, schreiben Sie uns von dieser Nummer „Rufen Sie mich nie wieder an“, oder drücken Sie die 9, wenn wir dort anrufen; auch ein Mensch kann es vermerken. Nachrichten, um die Sie bitten, kommen weiterhin.",
    allowed: "In Ordnung: Wenn Sie um einen Anruf bitten, dürfen wir {phone} wieder anrufen.",
    stopped:
      "Sie haben auch STOP an unsere SMS gesendet, und das gilt ebenso für Anrufe. Senden Sie START dorthin, dann dürfen wir Sie wieder anrufen.",
    fromThere:
      "Wenn Sie uns gebeten haben, eine Nummer nie anzurufen, schreiben Sie uns von dieser Nummer „Sie dürfen mich wieder anrufen“: Nur von dort lässt es sich zurücknehmen.",
  },
  es: {
    never:
      "Entendido: no volveremos a llamar nunca al {phone} y ya no hay ninguna llamada prevista para ti. Los mensajes que pidas te seguirán llegando. Si cambias de idea, escribe «pueden volver a llamarme» desde ese número.",
    notProven:
      "Entendido: ya no hay ninguna llamada prevista para ti. Para que no se llame nunca más a un número, escríbenos «no me llamen nunca más» desde ese número o pulsa 9 cuando llamemos; una persona también puede anotarlo. Los mensajes que pidas te seguirán llegando.",
    allowed: "De acuerdo: cuando pidas una llamada, podremos volver a llamar al {phone}.",
    stopped:
      "También enviaste STOP a nuestros SMS, y eso vale igualmente para las llamadas. Envía START allí y podremos volver a llamarte.",
    fromThere:
      "Si nos pediste no llamar nunca a un número, escríbenos «pueden volver a llamarme» desde ese número: solo desde allí se puede retirar.",
  },
  ar: {
    never:
      "مفهوم: لن نتصل بالرقم \u2066{phone}\u2069 مرة أخرى أبدًا، ولم تعد هناك أي مكالمة مقررة لك. الرسائل التي تطلبها ستظل تصلك. إذا غيّرت رأيك فاكتب «يمكنكم الاتصال بي مرة أخرى» من ذلك الرقم.",
    notProven:
      "مفهوم: لم تعد هناك أي مكالمة مقررة لك. إذا أردت ألا نتصل برقم ما أبدًا فاكتب لنا «لا تتصلوا بي مرة أخرى» من ذلك الرقم، أو اضغط 9 عندما نتصل به؛ ويمكن لموظف أن يسجّل ذلك أيضًا. الرسائل التي تطلبها ستظل تصلك.",
    allowed: "حسنًا: عندما تطلب مكالمة يمكننا الاتصال بالرقم \u2066{phone}\u2069 من جديد.",
    stopped:
      "لقد أرسلت أيضًا STOP إلى رسائلنا النصية، وهذا يشمل المكالمات كذلك. أرسل START إليها ويمكننا عندها الاتصال بك من جديد.",
    fromThere:
      "إذا كنت قد طلبت منا عدم الاتصال برقم ما أبدًا فاكتب لنا «يمكنكم الاتصال بي مرة أخرى» من ذلك الرقم: لا يمكن التراجع عن ذلك إلا من هناك.",
  },
};

export function noCallsWords(locale: string): NoCallsWords {
  return words[locale.slice(0, 2)] ?? (words.en as NoCallsWords);
}
