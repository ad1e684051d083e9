/** What the assistant says about calls beyond its common sentences, by language. */
export interface CallbackWords {
  readonly promisedAt: string;
  readonly whichTime: string;
  /** The desk is closed at the time that they named, or has no room. */
  readonly notThen: string;
  readonly soonest: string;
  readonly refused: string;
  readonly tooMany: string;
  readonly tooLate: string;
  readonly neverAgain: string;
  readonly nothingToCancel: string;
}

const words: Readonly<Record<string, CallbackWords>> = {
  en: {
    promisedAt:
      "Your call is booked: we will call {phone} on {when}. Write “cancel my call” to cancel it, or a new time to move it.",
    whichTime: "When shall we call? Choose a time, or write another one.",
    notThen: "Nobody can call at that time. These are the nearest free times: choose one, or write another.",
    soonest: "As soon as possible",
    refused: "I am sorry, we cannot call this number. Please give another one, or write with a person here.",
    tooMany:
      "There have been too many requests for calls today. Please try again tomorrow, or write with a person here.",
    tooLate: "Your call is being placed right now, so it cannot be changed any more.",
    neverAgain:
      "You asked us never to call this number again, and we keep to that. Write “you may call me again” to change it. A person can help you here.",
    nothingToCancel: "There is no call to cancel. What else can I do for you?",
  },
  sv: {
    promisedAt:
      "Samtalet är bokat: vi ringer {phone} {when}. Skriv ”avboka samtalet” för att avboka, eller en ny tid för att flytta det.",
    whichTime: "När ska vi ringa? Välj en tid eller skriv en annan.",
    notThen: "Då kan ingen ringa. Det här är de närmaste lediga tiderna: välj en eller skriv en annan.",
    soonest: "Så snart som möjligt",
    refused: "Tyvärr kan vi inte ringa det numret. Ge mig gärna ett annat, eller skriv med en människa här.",
    tooMany: "Det har begärts för många samtal i dag. Försök igen i morgon, eller skriv med en människa här.",
    tooLate: "Vi ringer just nu, så samtalet kan inte ändras längre.",
    neverAgain:
      "Du har bett oss att aldrig ringa det här numret igen, och det håller vi. Skriv ”ni får ringa mig igen” för att ändra det. En människa kan hjälpa dig här.",
    nothingToCancel: "Det finns inget samtal att avboka. Vad mer kan jag göra för dig?",
  },
  de: {
    promisedAt:
      "Ihr Rückruf ist gebucht: Wir rufen {phone} am {when} an. Mit „Rückruf absagen“ sagen Sie ihn ab, mit einer neuen Zeit verschieben Sie ihn.",
    whichTime: "Wann sollen wir anrufen? Wählen Sie eine Zeit oder schreiben Sie eine andere.",
    notThen:
      "Zu dieser Zeit kann niemand anrufen. Das sind die nächsten freien Zeiten: Wählen Sie eine oder schreiben Sie eine andere.",
    soonest: "So bald wie möglich",
    refused:
      "Diese Nummer können wir leider nicht anrufen. Bitte nennen Sie eine andere oder schreiben Sie hier mit einem Menschen.",
    tooMany:
      "Heute wurden zu viele Anrufe angefordert. Bitte versuchen Sie es morgen wieder oder schreiben Sie hier mit einem Menschen.",
    tooLate: "Wir rufen gerade an, daher lässt sich der Rückruf nicht mehr ändern.",
    neverAgain:
      "Sie haben uns gebeten, diese Nummer nie wieder anzurufen, und daran halten wir uns. Mit „Sie dürfen mich wieder anrufen“ ändern Sie das. Ein Mensch kann Ihnen hier helfen.",
    nothingToCancel: "Es gibt keinen Rückruf, den ich absagen könnte. Was kann ich sonst für Sie tun?",
  },
  es: {
    promisedAt:
      "Tu llamada está reservada: llamaremos al {phone} el {when}. Escribe «cancelar la llamada» para cancelarla u otra hora para cambiarla.",
    whichTime: "¿Cuándo te llamamos? Elige una hora o escribe otra.",
    notThen: "A esa hora nadie puede llamar. Estas son las horas libres más cercanas: elige una o escribe otra.",
    soonest: "Lo antes posible",
    refused: "Lo siento, no podemos llamar a ese número. Dame otro o escribe aquí con una persona.",
    tooMany: "Hoy se han pedido demasiadas llamadas. Inténtalo mañana o escribe aquí con una persona.",
    tooLate: "Te estamos llamando ahora mismo, así que ya no se puede cambiar.",
    neverAgain:
      "Nos pediste no llamar nunca más a este número y lo cumplimos. Escribe «pueden volver a llamarme» para cambiarlo. Una persona puede ayudarte aquí.",
    nothingToCancel: "No hay ninguna llamada que cancelar. ¿Qué más puedo hacer por ti?",
  },
  ar: {
    promisedAt:
      "تم حجز مكالمتك: سنتصل بالرقم {phone} {when}. اكتب «إلغاء المكالمة» لإلغائها أو اكتب موعدًا آخر لتغييرها.",
    whichTime: "متى نتصل بك؟ اختر موعدًا أو اكتب موعدًا آخر.",
    notThen: "لا يمكن لأحد الاتصال في ذلك الوقت. هذه أقرب المواعيد المتاحة: اختر موعدًا أو اكتب موعدًا آخر.",
    soonest: "في أقرب وقت ممكن",
    refused: "عذرًا، لا يمكننا الاتصال بهذا الرقم. يرجى إعطاء رقم آخر أو مراسلة أحد موظفينا هنا.",
    tooMany: "طُلبت مكالمات كثيرة جدًا اليوم. يرجى المحاولة غدًا أو مراسلة أحد موظفينا هنا.",
    tooLate: "نحن نتصل بك الآن، لذلك لم يعد بالإمكان تغيير المكالمة.",
    neverAgain:
      "طلبتَ منا عدم الاتصال بهذا الرقم أبدًا ونحن نلتزم بذلك. اكتب «يمكنكم الاتصال بي مرة أخرى» لتغيير ذلك. يمكن لأحد موظفينا مساعدتك هنا.",
    nothingToCancel: "لا توجد مكالمة لإلغائها. كيف يمكنني مساعدتك؟",
  },
};

export function callbackWords(locale: string): CallbackWords {
  return words[locale.slice(0, 2)] ?? (words.en as CallbackWords);
}
