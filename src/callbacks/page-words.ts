/** The words of the pages on which customers ask for a call, move it and cancel it. */
export interface CallPageWords {
  readonly title: string;
  readonly lead: string;
  readonly phone: string;
  readonly phoneHint: string;
  readonly when: string;
  readonly now: string;
  readonly zone: string;
  readonly showZone: string;
  readonly language: string;
  readonly topic: string;
  readonly ask: string;
  readonly badPhone: string;
  readonly notCalled: string;
  readonly tooMany: string;
  readonly full: string;
  readonly badTime: string;
  readonly otherZone: string;
  readonly yourCall: string;
  readonly promisedAt: string;
  readonly promisedSoon: string;
  readonly number: string;
  readonly keepLink: string;
  readonly move: string;
  readonly moveTo: string;
  readonly cancel: string;
  readonly never: string;
  readonly neverLead: string;
  readonly neverDone: string;
  readonly underWay: string;
  readonly over: string;
  readonly cancelled: string;
  readonly missed: string;
  readonly gone: string;
  /** The form of another site was sent here. */
  readonly foreign: string;
  readonly again: string;
  readonly clockChange: string;
}

const words: Readonly<Record<string, CallPageWords>> = {
  en: {
    title: "Request a call",
    lead: "Tell us where and when to call. You can move or cancel the call at any time.",
    phone: "Telephone number",
    phoneHint: "With the country code, for example +1 202 555 0143",
    when: "When",
    now: "As soon as possible, keeping my place in line",
    zone: "Time zone of these times",
    showZone: "Show the times in this zone",
    language: "Language of the call",
    topic: "What is it about? (optional)",
    ask: "Request the call",
    badPhone: "This is not a complete telephone number. Write it with the country code, starting with +.",
    notCalled: "We cannot call this number. Please give another one, or chat with us.",
    tooMany: "There have been too many requests. Please try again tomorrow, or chat with us.",
    full: "This time was just taken. Please choose another one.",
    badTime: "Please choose one of the times.",
    otherZone: "You changed the zone: these are the times there. Please choose again.",
    yourCall: "Your call",
    promisedAt: "We will call you on {when}.",
    promisedSoon: "We will call you as soon as somebody is free. You keep your place in line.",
    number: "Number: {phone}",
    keepLink:
      "Keep this page: with its address you can move or cancel the call. If text messages reach this number, you also get it there.",
    move: "Another time",
    moveTo: "Move the call",
    cancel: "Cancel the call",
    never: "Never call this number again",
    neverLead: "Somebody else asked for this call, or you want no calls from us at all?",
    neverDone:
      "We will never call this number again. If you change your mind, write us “you may call me again” from it.",
    underWay: "We are calling you right now.",
    over: "This call has taken place. Thank you for talking with us.",
    cancelled: "This call is cancelled.",
    missed: "We did not reach you. You can ask for a new call.",
    gone: "This link is not valid or has expired. You can ask for a new call.",
    foreign: "Nothing was changed: this was sent from another website. If you want it, please ask here.",
    again: "Request a new call",
    clockChange: "The clock changes that night; this is the time it will show.",
  },
  sv: {
    title: "Beställ ett samtal",
    lead: "Berätta vart och när vi ska ringa. Du kan flytta eller avboka samtalet när du vill.",
    phone: "Telefonnummer",
    phoneHint: "Med landsnummer, till exempel +46 70 123 45 67",
    when: "När",
    now: "Så snart som möjligt, jag behåller min plats i kön",
    zone: "Tidszon för tiderna",
    showZone: "Visa tiderna i den här zonen",
    language: "Språk under samtalet",
    topic: "Vad gäller det? (frivilligt)",
    ask: "Beställ samtalet",
    badPhone: "Det här är inte ett helt telefonnummer. Skriv det med landsnummer, med + först.",
    notCalled: "Vi kan inte ringa det här numret. Ange ett annat eller chatta med oss.",
    tooMany: "Det har kommit för många önskemål. Försök igen i morgon eller chatta med oss.",
    full: "Tiden blev just upptagen. Välj en annan.",
    badTime: "Välj en av tiderna.",
    otherZone: "Du bytte zon: det här är tiderna där. Välj igen.",
    yourCall: "Ditt samtal",
    promisedAt: "Vi ringer dig {when}.",
    promisedSoon: "Vi ringer dig så snart någon är ledig. Du behåller din plats i kön.",
    number: "Nummer: {phone}",
    keepLink:
      "Spara den här sidan: med dess adress kan du flytta eller avboka samtalet. Om numret tar emot sms får du den där också.",
    move: "En annan tid",
    moveTo: "Flytta samtalet",
    cancel: "Avboka samtalet",
    never: "Ring aldrig det här numret igen",
    neverLead: "Har någon annan beställt samtalet, eller vill du inte bli uppringd av oss alls?",
    neverDone:
      "Vi ringer aldrig det här numret igen. Om du ångrar dig, skriv ”ni får ringa mig igen” till oss från det.",
    underWay: "Vi ringer dig just nu.",
    over: "Samtalet är genomfört. Tack för att du pratade med oss.",
    cancelled: "Samtalet är avbokat.",
    missed: "Vi nådde dig inte. Du kan beställa ett nytt samtal.",
    gone: "Länken gäller inte eller har gått ut. Du kan beställa ett nytt samtal.",
    foreign: "Ingenting har ändrats: det här skickades från en annan webbplats. Om du vill ha det, be om det här.",
    again: "Beställ ett nytt samtal",
    clockChange: "Klockan ställs om den natten; det här är tiden den kommer att visa.",
  },
  de: {
    title: "Rückruf anfordern",
    lead: "Sagen Sie uns, wo und wann wir anrufen sollen. Sie können den Rückruf jederzeit verschieben oder absagen.",
    phone: "Telefonnummer",
    phoneHint: "Mit Landesvorwahl, zum Beispiel +49 151 23456789",
    when: "Wann",
    now: "So bald wie möglich, mein Platz bleibt erhalten",
    zone: "Zeitzone dieser Zeiten",
    showZone: "Zeiten in dieser Zone zeigen",
    language: "Sprache des Gesprächs",
    topic: "Worum geht es? (freiwillig)",
    ask: "Rückruf anfordern",
    badPhone: "Das ist keine vollständige Telefonnummer. Bitte mit Landesvorwahl schreiben, beginnend mit +.",
    notCalled: "Diese Nummer können wir nicht anrufen. Bitte nennen Sie eine andere oder chatten Sie mit uns.",
    tooMany: "Es gab zu viele Anfragen. Bitte versuchen Sie es morgen wieder oder chatten Sie mit uns.",
    full: "Diese Zeit ist gerade vergeben worden. Bitte wählen Sie eine andere.",
    badTime: "Bitte wählen Sie eine der Zeiten.",
    otherZone: "Sie haben die Zone geändert: Das sind die Zeiten dort. Bitte wählen Sie noch einmal.",
    yourCall: "Ihr Rückruf",
    promisedAt: "Wir rufen Sie am {when} an.",
    promisedSoon: "Wir rufen Sie an, sobald jemand frei ist. Ihr Platz bleibt erhalten.",
    number: "Nummer: {phone}",
    keepLink:
      "Heben Sie diese Seite auf: Mit ihrer Adresse können Sie den Rückruf verschieben oder absagen. Wenn die Nummer SMS empfängt, kommt sie auch dorthin.",
    move: "Eine andere Zeit",
    moveTo: "Rückruf verschieben",
    cancel: "Rückruf absagen",
    never: "Diese Nummer nie wieder anrufen",
    neverLead: "Hat jemand anderes diesen Rückruf angefordert, oder möchten Sie gar keine Anrufe von uns?",
    neverDone:
      "Wir rufen diese Nummer nie wieder an. Wenn Sie es sich anders überlegen, schreiben Sie uns von ihr „Sie dürfen mich wieder anrufen“.",
    underWay: "Wir rufen Sie gerade an.",
    over: "Das Gespräch hat stattgefunden. Danke, dass Sie mit uns gesprochen haben.",
    cancelled: "Dieser Rückruf ist abgesagt.",
    missed: "Wir haben Sie nicht erreicht. Sie können einen neuen Rückruf anfordern.",
    gone: "Dieser Link ist ungültig oder abgelaufen. Sie können einen neuen Rückruf anfordern.",
    foreign:
      "Es wurde nichts geändert: Das wurde von einer anderen Website gesendet. Wenn Sie es möchten, fordern Sie es bitte hier an.",
    again: "Neuen Rückruf anfordern",
    clockChange: "In dieser Nacht wird die Uhr umgestellt; das ist die Zeit, die sie dann zeigt.",
  },
  es: {
    title: "Pedir una llamada",
    lead: "Dinos a qué número y cuándo llamar. Puedes cambiar o cancelar la llamada cuando quieras.",
    phone: "Número de teléfono",
    phoneHint: "Con el prefijo del país, por ejemplo +34 612 345 678",
    when: "Cuándo",
    now: "Lo antes posible, conservando mi turno",
    zone: "Zona horaria de estas horas",
    showZone: "Mostrar las horas de esta zona",
    language: "Idioma de la llamada",
    topic: "¿De qué se trata? (opcional)",
    ask: "Pedir la llamada",
    badPhone: "No es un número de teléfono completo. Escríbelo con el prefijo del país, empezando por +.",
    notCalled: "No podemos llamar a este número. Indica otro o chatea con nosotros.",
    tooMany: "Ha habido demasiadas peticiones. Inténtalo mañana o chatea con nosotros.",
    full: "Esa hora se acaba de ocupar. Elige otra.",
    badTime: "Elige una de las horas.",
    otherZone: "Has cambiado la zona: estas son las horas allí. Elige de nuevo.",
    yourCall: "Tu llamada",
    promisedAt: "Te llamaremos el {when}.",
    promisedSoon: "Te llamaremos en cuanto alguien esté libre. Conservas tu turno.",
    number: "Número: {phone}",
    keepLink:
      "Guarda esta página: con su dirección puedes cambiar o cancelar la llamada. Si el número recibe SMS, también la tendrás allí.",
    move: "Otra hora",
    moveTo: "Cambiar la llamada",
    cancel: "Cancelar la llamada",
    never: "No llamar nunca más a este número",
    neverLead: "¿Otra persona pidió esta llamada o no quieres ninguna llamada nuestra?",
    neverDone:
      "No volveremos a llamar a este número. Si cambias de idea, escríbenos «pueden volver a llamarme» desde él.",
    underWay: "Te estamos llamando ahora mismo.",
    over: "La llamada ya tuvo lugar. Gracias por hablar con nosotros.",
    cancelled: "Esta llamada está cancelada.",
    missed: "No te localizamos. Puedes pedir una nueva llamada.",
    gone: "Este enlace no es válido o ha caducado. Puedes pedir una nueva llamada.",
    foreign: "No se ha cambiado nada: esto se envió desde otro sitio web. Si lo quieres, pídelo aquí.",
    again: "Pedir una nueva llamada",
    clockChange: "Esa noche cambia la hora; esta es la que marcará el reloj.",
  },
  ar: {
    title: "اطلب مكالمة",
    lead: "أخبرنا بالرقم والوقت الذي نتصل فيه. يمكنك تغيير المكالمة أو إلغاؤها في أي وقت.",
    phone: "رقم الهاتف",
    phoneHint: "مع رمز البلد، مثل ‎+1 202 555 0143",
    when: "متى",
    now: "في أقرب وقت ممكن مع الاحتفاظ بدوري",
    zone: "المنطقة الزمنية لهذه الأوقات",
    showZone: "اعرض الأوقات في هذه المنطقة",
    language: "لغة المكالمة",
    topic: "ما الموضوع؟ (اختياري)",
    ask: "اطلب المكالمة",
    badPhone: "هذا ليس رقم هاتف كاملًا. اكتبه مع رمز البلد بدءًا بعلامة +.",
    notCalled: "لا يمكننا الاتصال بهذا الرقم. يرجى إدخال رقم آخر أو الدردشة معنا.",
    tooMany: "هناك طلبات كثيرة جدًا. يرجى المحاولة غدًا أو الدردشة معنا.",
    full: "حُجز هذا الموعد للتو. يرجى اختيار موعد آخر.",
    badTime: "يرجى اختيار أحد المواعيد.",
    otherZone: "لقد غيّرت المنطقة الزمنية: هذه هي الأوقات هناك. يرجى الاختيار من جديد.",
    yourCall: "مكالمتك",
    promisedAt: "سنتصل بك {when}.",
    promisedSoon: "سنتصل بك فور توفر أحد موظفينا. دورك محفوظ.",
    number: "الرقم: {phone}",
    keepLink:
      "احتفظ بهذه الصفحة: يمكنك بعنوانها تغيير المكالمة أو إلغاؤها. وإن كان الرقم يستقبل الرسائل النصية فستصلك هناك أيضًا.",
    move: "موعد آخر",
    moveTo: "غيّر موعد المكالمة",
    cancel: "ألغِ المكالمة",
    never: "لا تتصلوا بهذا الرقم أبدًا",
    neverLead: "هل طلب شخص آخر هذه المكالمة، أو لا تريد أي مكالمات منا؟",
    neverDone: "لن نتصل بهذا الرقم مرة أخرى. إذا غيّرت رأيك فاكتب لنا منه «يمكنكم الاتصال بي مرة أخرى».",
    underWay: "نحن نتصل بك الآن.",
    over: "تمت المكالمة. شكرًا لتحدثك معنا.",
    cancelled: "هذه المكالمة ملغاة.",
    missed: "لم نتمكن من الوصول إليك. يمكنك طلب مكالمة جديدة.",
    gone: "هذا الرابط غير صالح أو انتهت صلاحيته. يمكنك طلب مكالمة جديدة.",
    foreign: "لم يتغير شيء: أُرسل هذا من موقع آخر. إذا كنت تريده فاطلبه من هنا.",
    again: "اطلب مكالمة جديدة",
    clockChange: "تتغير الساعة في تلك الليلة؛ هذا هو الوقت الذي ستشير إليه.",
  },
};

export function callPageWords(locale: string): CallPageWords {
  return words[locale.slice(0, 2)] ?? (words.en as CallPageWords);
}
