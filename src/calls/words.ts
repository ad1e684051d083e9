/** What a caller hears while people have their call. `{…}` is filled in. */
export interface CallerWords {
  /** Somebody may be free soon. */
  readonly wait: string;
  /** Said every half minute. */
  readonly place: string;
  /** Nobody is there at all. */
  readonly nobody: string;
  readonly choices: string;
  readonly stay: string;
  /** The line to the agent was lost. */
  readonly interrupted: string;
  readonly promised: string;
  readonly cannotCall: string;
  readonly whichNumber: string;
  readonly whichTime: string;
  readonly record: string;
  readonly recorded: string;
  readonly nothingRecorded: string;
  readonly goodbye: string;
  /** People have done what they could; the caller is still there. */
  readonly backToAssistant: string;
  /** What a caller may say instead of pressing a key. */
  readonly spoken: { readonly callback: RegExp; readonly time: RegExp; readonly message: RegExp };
}

const english: CallerWords = {
  wait: "I am looking for a person who can take your call.",
  place: "You are number {place} in line. Thank you for waiting.",
  nobody: "Nobody is free to take your call right now.",
  choices:
    "Press 1 to keep your place and be called back. Press 2 to choose a time for the call. Press 3 to leave a message, which we record.",
  stay: "Or stay on the line.",
  interrupted: "The line to my colleague was interrupted. Please stay on the line, I am getting somebody for you.",
  promised: "We will call you back on this number as soon as somebody is free. You keep your place. Goodbye.",
  cannotCall: "We cannot call you back on this number.",
  whichNumber:
    "Which number should we call? Please say it or type it with its country code, and end with the hash key.",
  whichTime: "When should we call you? For example: tomorrow at ten.",
  record:
    "Your message is recorded and kept for our staff. Speak after the tone, and end with the hash key. If you do not want to be recorded, hang up or say nothing.",
  recorded: "Thank you. Your message is with our staff, who will answer you. Goodbye.",
  nothingRecorded: "I did not hear a message.",
  goodbye: "Thank you for calling. Goodbye.",
  backToAssistant:
    "You are talking with our AI assistant again. What else can I help you with? For a person, press 0. If that was all, just hang up.",
  spoken: {
    callback: /\b(one|call(ed)? (me )?back|ring me|callback|keep my place)\b/i,
    time: /\b(two|time|later|tomorrow|appointment)\b/i,
    message: /\b(three|message|voice ?mail|record)\b/i,
  },
};

const words: Readonly<Record<string, CallerWords>> = {
  en: english,
  sv: {
    wait: "Jag letar efter en person som kan ta ditt samtal.",
    place: "Du är nummer {place} i kön. Tack för att du väntar.",
    nobody: "Ingen är ledig att ta ditt samtal just nu.",
    choices:
      "Tryck 1 för att behålla din plats och bli uppringd. Tryck 2 för att välja en tid för samtalet. Tryck 3 för att lämna ett meddelande, som vi spelar in.",
    stay: "Eller vänta kvar.",
    interrupted: "Linjen till min kollega bröts. Vänta kvar, jag hämtar någon åt dig.",
    promised: "Vi ringer upp dig på det här numret så snart någon är ledig. Du behåller din plats. Hej då.",
    cannotCall: "Vi kan inte ringa upp dig på det här numret.",
    whichNumber: "Vilket nummer ska vi ringa? Säg eller knappa in det med landskod, och avsluta med fyrkant.",
    whichTime: "När ska vi ringa dig? Till exempel: i morgon klockan tio.",
    record:
      "Ditt meddelande spelas in och sparas för vår personal. Tala efter tonen och avsluta med fyrkant. Vill du inte bli inspelad, lägg på eller var tyst.",
    recorded: "Tack. Ditt meddelande finns hos vår personal, som svarar dig. Hej då.",
    nothingRecorded: "Jag hörde inget meddelande.",
    goodbye: "Tack för att du ringde. Hej då.",
    backToAssistant:
      "Nu talar du med vår AI-assistent igen. Vad mer kan jag hjälpa dig med? Tryck 0 för att prata med en person. Var det allt är det bara att lägga på.",
    spoken: {
      callback: /(?<!\p{L})(ett|ring (upp )?mig|uppringd|behålla)(?!\p{L})/iu,
      time: /(?<!\p{L})(två|tid|senare|i ?morgon)(?!\p{L})/iu,
      message: /(?<!\p{L})(tre|meddelande|spela in)(?!\p{L})/iu,
    },
  },
  de: {
    wait: "Ich suche jemanden, der Ihren Anruf annehmen kann.",
    place: "Sie sind Nummer {place} in der Reihe. Danke, dass Sie warten.",
    nobody: "Im Moment ist niemand frei, um Ihren Anruf anzunehmen.",
    choices:
      "Drücken Sie die 1, um Ihren Platz zu behalten und zurückgerufen zu werden. Drücken Sie die 2, um eine Zeit zu wählen. Drücken Sie die 3, um eine Nachricht zu hinterlassen, die wir aufnehmen.",
    stay: "Oder bleiben Sie am Apparat.",
    interrupted: "Die Leitung wurde unterbrochen. Bitte bleiben Sie am Apparat, ich hole jemanden für Sie.",
    promised:
      "Wir rufen Sie unter dieser Nummer zurück, sobald jemand frei ist. Ihr Platz bleibt Ihnen. Auf Wiederhören.",
    cannotCall: "Unter dieser Nummer können wir Sie nicht zurückrufen.",
    whichNumber:
      "Welche Nummer sollen wir anrufen? Bitte sagen oder tippen Sie sie mit Landesvorwahl, und enden Sie mit der Rautetaste.",
    whichTime: "Wann sollen wir Sie anrufen? Zum Beispiel: morgen um zehn.",
    record:
      "Ihre Nachricht wird aufgenommen und für unser Team gespeichert. Sprechen Sie nach dem Ton und enden Sie mit der Rautetaste. Wenn Sie keine Aufnahme möchten, legen Sie auf oder schweigen Sie.",
    recorded: "Danke. Ihre Nachricht ist bei unserem Team, das Ihnen antwortet. Auf Wiederhören.",
    nothingRecorded: "Ich habe keine Nachricht gehört.",
    goodbye: "Danke für Ihren Anruf. Auf Wiederhören.",
    backToAssistant:
      "Sie sprechen wieder mit unserem KI-Assistenten. Wobei kann ich Ihnen noch helfen? Für einen Menschen drücken Sie die 0. Wenn das alles war, legen Sie einfach auf.",
    spoken: {
      callback: /(?<!\p{L})(eins|rückruf|zurückruf\w*|rufen sie mich|platz)(?!\p{L})/iu,
      time: /(?<!\p{L})(zwei|zeit|termin|später|morgen)(?!\p{L})/iu,
      message: /(?<!\p{L})(drei|nachricht|aufnehmen)(?!\p{L})/iu,
    },
  },
  es: {
    wait: "Estoy buscando a una persona que pueda atender su llamada.",
    place: "Es el número {place} en la cola. Gracias por esperar.",
    nobody: "Ahora mismo nadie puede atender su llamada.",
    choices:
      "Pulse 1 para conservar su lugar y que le llamemos. Pulse 2 para elegir una hora. Pulse 3 para dejar un mensaje, que grabaremos.",
    stay: "O siga en la línea.",
    interrupted: "Se ha cortado la línea con mi compañero. Siga en la línea, le paso con alguien.",
    promised: "Le llamaremos a este número en cuanto alguien esté libre. Conserva su lugar. Adiós.",
    cannotCall: "No podemos llamarle a este número.",
    whichNumber: "¿A qué número le llamamos? Dígalo o márquelo con el prefijo del país y termine con la almohadilla.",
    whichTime: "¿Cuándo le llamamos? Por ejemplo: mañana a las diez.",
    record:
      "Su mensaje se graba y se guarda para nuestro equipo. Hable después del tono y termine con la almohadilla. Si no quiere que le grabemos, cuelgue o no diga nada.",
    recorded: "Gracias. Nuestro equipo tiene su mensaje y le responderá. Adiós.",
    nothingRecorded: "No he oído ningún mensaje.",
    goodbye: "Gracias por llamar. Adiós.",
    backToAssistant:
      "Está hablando de nuevo con nuestro asistente de IA. ¿En qué más puedo ayudarle? Para hablar con una persona, pulse 0. Si eso era todo, puede colgar.",
    spoken: {
      callback: /(?<!\p{L})(uno|ll[aá]m\w*|conservar)(?!\p{L})/iu,
      time: /(?<!\p{L})(dos|hora|tarde|mañana|cita)(?!\p{L})/iu,
      message: /(?<!\p{L})(tres|mensaje|grab\w*)(?!\p{L})/iu,
    },
  },
  ar: {
    wait: "أبحث عن موظف يمكنه أن يتلقى مكالمتك.",
    place: "أنت رقم {place} في الانتظار. شكراً لانتظارك.",
    nobody: "لا يوجد موظف متاح لمكالمتك الآن.",
    choices: "اضغط 1 لتحتفظ بدورك ونعاود الاتصال بك. اضغط 2 لتختار وقتاً للمكالمة. اضغط 3 لتترك رسالة، ونحن نسجلها.",
    stay: "أو ابقَ على الخط.",
    interrupted: "انقطع الخط مع زميلي. ابقَ على الخط من فضلك، سأجد لك موظفاً آخر.",
    promised: "سنعاود الاتصال بك على هذا الرقم فور توفر موظف. دورك محفوظ. إلى اللقاء.",
    cannotCall: "لا نستطيع الاتصال بك على هذا الرقم.",
    whichNumber: "ما الرقم الذي نتصل به؟ قله أو اكتبه مع رمز البلد، ثم اضغط مفتاح المربع.",
    whichTime: "متى نتصل بك؟ مثلاً: غداً الساعة العاشرة.",
    record:
      "تُسجَّل رسالتك وتُحفظ لموظفينا. تكلم بعد الصفارة، ثم اضغط مفتاح المربع. إن لم ترغب في التسجيل فأنهِ المكالمة أو لا تقل شيئاً.",
    recorded: "شكراً. رسالتك عند موظفينا وسيجيبونك. إلى اللقاء.",
    nothingRecorded: "لم أسمع رسالة.",
    goodbye: "شكراً لاتصالك. إلى اللقاء.",
    backToAssistant:
      "أنت تتحدث الآن من جديد مع مساعدنا الذكي. كيف يمكنني أن أساعدك أيضاً؟ للتحدث مع موظف اضغط 0. وإن كان هذا كل شيء فيمكنك إنهاء المكالمة.",
    spoken: {
      callback: /واحد|اتصل|معاودة|دوري/u,
      time: /اثنان|وقت|لاحق|غد/u,
      message: /ثلاثة|رسالة|تسجيل/u,
    },
  },
};

export function callerWords(locale: string | null): CallerWords {
  return words[locale?.slice(0, 2) ?? "en"] ?? english;
}
