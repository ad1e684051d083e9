/** What the assistant says outside the articles, by language. Plain sentences; `{number}`-like marks are filled by code. */
export interface Wording {
  readonly greeting: string;
  readonly thanks: string;
  readonly goodbye: string;
  readonly robot: string;
  readonly clarify: string;
  readonly noneOfThese: string;
  readonly unknown: string;
  readonly person: string;
  readonly callMe: string;
  readonly callbackOffer: string;
  readonly callbackAskNumber: string;
  readonly callbackNoted: string;
  readonly callbackNotedAt: string;
  readonly signIn: string;
  readonly account: string;
  readonly cancelled: string;
  /** There was nothing to cancel: says that nothing was. */
  readonly leftAtThat: string;
  readonly optOut: string;
  readonly complaint: string;
  readonly unreadable: string;
  /** Nothing came but files of kinds that are not kept. */
  readonly refusedFile: string;
  /** Nothing came but what the channel does not hand over. */
  readonly unsupported: string;
  /** They stopped our messages with a word that nobody else confirms, or let them come again. */
  readonly stopped: string;
  readonly startedAgain: string;
  readonly otherLanguage: string;
  readonly giveUp: string;
}

const en: Wording = {
  greeting:
    "Hello! I am the AI assistant of {company}. Ask me anything about your payments, returns, card or balance. You can ask for a person at any time.",
  thanks: "You are welcome! Is there anything else I can help with?",
  goodbye:
    "Goodbye, and thank you for writing to {company}. Come back whenever you like, your conversation stays here.",
  robot: "I am the AI assistant of {company}. If you would rather talk to a person, just say so.",
  clarify: "Did you mean one of these?",
  noneOfThese: "None of these, a person please",
  unknown: "I am sorry, I do not have an answer to that. I can bring you to a person or have somebody call you.",
  person: "Talk to a person",
  callMe: "Call me back",
  callbackOffer: "Shall somebody call you, or would you rather write with a person here?",
  callbackAskNumber:
    "Gladly. Which telephone number should we call? Please write it with the country code, for example +1 202 555 0143.",
  callbackNoted: "Your call is requested: we will call {phone} as soon as we can. Write “cancel my call” to cancel it.",
  callbackNotedAt:
    "Your call is requested: we will call {phone}, as you wished: {wish}. Write “cancel my call” to cancel it.",
  signIn:
    "To see your account, please sign in with “Sign in” on our help page or in the {company} app; forgotten details can be renewed there too. I never ask for your password or codes here.",
  account:
    "That is about your own account, so please sign in first: choose “Sign in” on our help page or in the {company} app, then ask me again. A person can help you as well.",
  cancelled: "All right, I have cancelled that. What else can I do for you?",
  leftAtThat:
    "All right, we leave it at that: nothing was booked and nothing was cancelled. If you mean an order or a payment, tell me which one, or ask for a person.",
  optOut: "Understood. Reply STOP and we will not write to you here again. Would you like a person to help with it?",
  complaint: "I am sorry that I did not understand you. Shall I bring you to a person?",
  unreadable:
    "Thank you, I have received it and kept it for our team, but I cannot look into it myself. Tell me in words what it is about, or ask for a person.",
  refusedFile:
    "This kind of file is not accepted, so it was not kept. Send a picture, a PDF or an Office document, tell me in words what it is about, or ask for a person.",
  unsupported:
    "This kind of message cannot be read here, neither by me nor by our team. Tell me in words what it is about, send a picture or a PDF, or ask for a person.",
  stopped:
    "You will get no more messages from {company} here. Write START to get them again. If you ask something, we still answer it.",
  startedAgain: "You get messages from {company} here again. Write STOP to end them.",
  otherLanguage: "I can answer best in {languages}. A person can help you in your language.",
  giveUp:
    "I am sorry, something went wrong on my side. I have passed this on to a person, who answers as soon as possible.",
};

const sv: Wording = {
  greeting:
    "Hej! Jag är {company}s AI-assistent. Fråga mig om dina betalningar, returer, kort eller saldo. Du kan be om en människa när du vill.",
  thanks: "Varsågod! Kan jag hjälpa till med något mer?",
  goodbye:
    "Hej då, och tack för att du skrev till {company}. Kom tillbaka när du vill, din konversation finns kvar här.",
  robot: "Jag är {company}s AI-assistent. Vill du hellre prata med en människa, säg bara till.",
  clarify: "Menade du något av det här?",
  noneOfThese: "Inget av dem, en människa tack",
  unknown: "Tyvärr har jag inget svar på det. Jag kan koppla dig till en människa eller låta någon ringa dig.",
  person: "Prata med en människa",
  callMe: "Ring mig",
  callbackOffer: "Ska någon ringa dig, eller vill du hellre skriva med en människa här?",
  callbackAskNumber:
    "Gärna. Vilket telefonnummer ska vi ringa? Skriv det med landsnummer, till exempel +46 70 123 45 67.",
  callbackNoted: "Samtalet är beställt: vi ringer {phone} så snart vi kan. Skriv ”avboka samtalet” om du ångrar dig.",
  callbackNotedAt:
    "Samtalet är beställt: vi ringer {phone} som du önskade: {wish}. Skriv ”avboka samtalet” om du ångrar dig.",
  signIn:
    "Logga in med ”Logga in” på vår hjälpsida eller i {company}-appen för att se ditt konto; glömda uppgifter kan förnyas där. Jag frågar aldrig efter lösenord eller koder här.",
  account:
    "Det gäller ditt eget konto, så logga in först: välj ”Logga in” på vår hjälpsida eller i {company}-appen och fråga mig sedan igen. En människa kan också hjälpa dig.",
  cancelled: "Då avbryter jag det. Vad mer kan jag göra för dig?",
  leftAtThat:
    "Då lämnar vi det: inget är bokat och inget är avbokat. Gäller det en beställning eller en betalning, berätta vilken eller be om en människa.",
  optOut: "Jag förstår. Svara STOP så skriver vi inte mer till dig här. Vill du att en människa hjälper dig med det?",
  complaint: "Förlåt att jag inte förstod. Ska jag koppla dig till en människa?",
  unreadable:
    "Tack, jag har tagit emot det och sparat det åt vårt team, men jag kan inte läsa det själv. Berätta med ord vad det gäller, eller be om en människa.",
  refusedFile:
    "Den typen av fil tas inte emot, så den sparades inte. Skicka en bild, en PDF eller ett Office-dokument, berätta med ord vad det gäller, eller be om en människa.",
  unsupported:
    "Den här typen av meddelande går inte att läsa här, varken för mig eller för vårt team. Berätta med ord vad det gäller, skicka en bild eller en PDF, eller be om en människa.",
  stopped:
    "Du får inga fler meddelanden från {company} här. Skriv START för att få dem igen. Frågar du något svarar vi ändå.",
  startedAgain: "Du får meddelanden från {company} här igen. Skriv STOP för att avsluta dem.",
  otherLanguage: "Jag svarar bäst på {languages}. En människa kan hjälpa dig på ditt språk.",
  giveUp: "Förlåt, något gick fel hos mig. Jag har lämnat det till en människa, som svarar så snart det går.",
};

const de: Wording = {
  greeting:
    "Hallo! Ich bin der KI-Assistent von {company}. Fragen Sie mich zu Zahlungen, Rücksendungen, Karte oder Guthaben. Sie können jederzeit nach einem Menschen fragen.",
  thanks: "Gern geschehen! Kann ich noch etwas für Sie tun?",
  goodbye:
    "Auf Wiedersehen und danke, dass Sie {company} geschrieben haben. Kommen Sie jederzeit zurück, Ihre Unterhaltung bleibt hier.",
  robot:
    "Ich bin der KI-Assistent von {company}. Wenn Sie lieber mit einem Menschen sprechen möchten, sagen Sie es einfach.",
  clarify: "Meinten Sie eines davon?",
  noneOfThese: "Nichts davon, bitte ein Mensch",
  unknown: "Darauf habe ich leider keine Antwort. Ich kann Sie mit einem Menschen verbinden oder Sie anrufen lassen.",
  person: "Mit einem Menschen sprechen",
  callMe: "Rückruf anfordern",
  callbackOffer: "Soll Sie jemand anrufen, oder möchten Sie lieber hier mit einem Menschen schreiben?",
  callbackAskNumber:
    "Gern. Welche Telefonnummer sollen wir anrufen? Bitte mit Landesvorwahl, zum Beispiel +49 151 23456789.",
  callbackNoted:
    "Ihr Rückruf ist vorgemerkt: Wir rufen {phone} so bald wie möglich an. Mit „Rückruf absagen“ können Sie ihn absagen.",
  callbackNotedAt:
    "Ihr Rückruf ist vorgemerkt: Wir rufen {phone} wie gewünscht an: {wish}. Mit „Rückruf absagen“ können Sie ihn absagen.",
  signIn:
    "Um Ihr Konto zu sehen, melden Sie sich bitte über „Anmelden“ auf unserer Hilfeseite oder in der {company}-App an; vergessene Zugangsdaten lassen sich dort erneuern. Ich frage hier nie nach Passwort oder Codes.",
  account:
    "Das betrifft Ihr eigenes Konto, bitte melden Sie sich zuerst an: „Anmelden“ auf unserer Hilfeseite oder in der {company}-App, und fragen Sie mich dann noch einmal. Auch ein Mensch kann Ihnen helfen.",
  cancelled: "In Ordnung, das ist abgebrochen. Was kann ich sonst für Sie tun?",
  leftAtThat:
    "In Ordnung, dann lassen wir es dabei: Nichts ist gebucht und nichts ist storniert. Wenn Sie eine Bestellung oder Zahlung meinen, sagen Sie mir welche, oder fragen Sie nach einem Menschen.",
  optOut:
    "Verstanden. Antworten Sie STOP, dann schreiben wir Ihnen hier nicht mehr. Soll Ihnen ein Mensch dabei helfen?",
  complaint: "Es tut mir leid, dass ich Sie nicht verstanden habe. Soll ich Sie mit einem Menschen verbinden?",
  unreadable:
    "Danke, ich habe es erhalten und für unser Team aufbewahrt, kann es aber selbst nicht lesen. Sagen Sie mir in Worten, worum es geht, oder fragen Sie nach einem Menschen.",
  refusedFile:
    "Diese Art von Datei wird nicht angenommen und wurde nicht aufbewahrt. Senden Sie ein Bild, ein PDF oder ein Office-Dokument, sagen Sie mir in Worten, worum es geht, oder fragen Sie nach einem Menschen.",
  unsupported:
    "Diese Art von Nachricht kann hier niemand lesen, weder ich noch unser Team. Sagen Sie mir in Worten, worum es geht, senden Sie ein Bild oder ein PDF, oder fragen Sie nach einem Menschen.",
  stopped:
    "Sie bekommen hier keine Nachrichten mehr von {company}. Schreiben Sie START, um sie wieder zu bekommen. Wenn Sie etwas fragen, antworten wir trotzdem.",
  startedAgain: "Sie bekommen hier wieder Nachrichten von {company}. Schreiben Sie STOP, um sie zu beenden.",
  otherLanguage: "Am besten antworte ich auf {languages}. Ein Mensch kann Ihnen in Ihrer Sprache helfen.",
  giveUp:
    "Es tut mir leid, bei mir ist etwas schiefgegangen. Ich habe es an einen Menschen weitergegeben, der so bald wie möglich antwortet.",
};

const es: Wording = {
  greeting:
    "¡Hola! Soy el asistente de IA de {company}. Pregúntame sobre tus pagos, devoluciones, tarjeta o saldo. Puedes pedir hablar con una persona cuando quieras.",
  thanks: "¡De nada! ¿Puedo ayudarte con algo más?",
  goodbye: "Hasta pronto y gracias por escribir a {company}. Vuelve cuando quieras, tu conversación se queda aquí.",
  robot: "Soy el asistente de IA de {company}. Si prefieres hablar con una persona, solo dilo.",
  clarify: "¿Te referías a alguna de estas?",
  noneOfThese: "Ninguna, quiero una persona",
  unknown: "Lo siento, no tengo respuesta para eso. Puedo pasarte con una persona o pedir que te llamen.",
  person: "Hablar con una persona",
  callMe: "Que me llamen",
  callbackOffer: "¿Quieres que te llamemos o prefieres escribir aquí con una persona?",
  callbackAskNumber:
    "Con gusto. ¿A qué número te llamamos? Escríbelo con el prefijo del país, por ejemplo +34 612 345 678.",
  callbackNoted:
    "Tu llamada está pedida: llamaremos al {phone} lo antes posible. Escribe «cancelar la llamada» para cancelarla.",
  callbackNotedAt:
    "Tu llamada está pedida: llamaremos al {phone} como querías: {wish}. Escribe «cancelar la llamada» para cancelarla.",
  signIn:
    "Para ver tu cuenta, inicia sesión con «Iniciar sesión» en nuestra página de ayuda o en la app de {company}; allí también puedes recuperar tus datos. Nunca pido contraseñas ni códigos aquí.",
  account:
    "Eso es sobre tu propia cuenta, así que primero inicia sesión: elige «Iniciar sesión» en nuestra página de ayuda o en la app de {company} y pregúntame otra vez. Una persona también puede ayudarte.",
  cancelled: "De acuerdo, lo he cancelado. ¿Qué más puedo hacer por ti?",
  leftAtThat:
    "De acuerdo, lo dejamos así: no hay nada reservado ni cancelado. Si te refieres a un pedido o a un pago, dime cuál o pide hablar con una persona.",
  optOut: "Entendido. Responde STOP y no te escribiremos más aquí. ¿Quieres que te ayude una persona?",
  complaint: "Siento no haberte entendido. ¿Te paso con una persona?",
  unreadable:
    "Gracias, lo he recibido y guardado para nuestro equipo, pero no puedo leerlo yo mismo. Dime con palabras de qué se trata o pide una persona.",
  refusedFile:
    "Este tipo de archivo no se acepta, así que no se ha guardado. Envía una imagen, un PDF o un documento de Office, dime con palabras de qué se trata o pide una persona.",
  unsupported:
    "Este tipo de mensaje no se puede leer aquí, ni yo ni nuestro equipo podemos hacerlo. Dime con palabras de qué se trata, envía una imagen o un PDF, o pide una persona.",
  stopped:
    "Ya no recibirás mensajes de {company} aquí. Escribe START para volver a recibirlos. Si preguntas algo, te responderemos igualmente.",
  startedAgain: "Vuelves a recibir mensajes de {company} aquí. Escribe STOP para dejar de recibirlos.",
  otherLanguage: "Respondo mejor en {languages}. Una persona puede ayudarte en tu idioma.",
  giveUp: "Lo siento, algo ha fallado por mi parte. Se lo he pasado a una persona, que responderá lo antes posible.",
};

const ar: Wording = {
  greeting:
    "مرحبًا! أنا المساعد الذكي لدى {company}. اسألني عن مدفوعاتك أو مرتجعاتك أو بطاقتك أو رصيدك. يمكنك أن تطلب موظفًا في أي وقت.",
  thanks: "على الرحب والسعة! هل هناك شيء آخر أساعدك فيه؟",
  goodbye: "مع السلامة، وشكرًا لمراسلتك {company}. عُد متى شئت، فمحادثتك تبقى محفوظة هنا.",
  robot: "أنا المساعد الذكي لدى {company}. إذا كنت تفضّل التحدث مع موظف فقل ذلك فحسب.",
  clarify: "هل تقصد أحد هذه الأسئلة؟",
  noneOfThese: "لا شيء منها، أريد موظفًا",
  unknown: "عذرًا، ليس لدي جواب عن ذلك. يمكنني أن أحوّلك إلى موظف أو أن أطلب من أحد الاتصال بك.",
  person: "التحدث مع موظف",
  callMe: "اتصلوا بي",
  callbackOffer: "هل تريد أن يتصل بك أحد، أم تفضّل أن تكتب إلى موظف هنا؟",
  callbackAskNumber:
    "بكل سرور. ما رقم الهاتف الذي نتصل به؟ اكتبه من فضلك مع رمز البلد، مثل \u2066+971 50 123 4567\u2069.",
  callbackNoted: "سُجّل طلب المكالمة: سنتصل بالرقم \u2066{phone}\u2069 في أقرب وقت. اكتب «إلغاء المكالمة» لإلغائها.",
  callbackNotedAt:
    "سُجّل طلب المكالمة: سنتصل بالرقم \u2066{phone}\u2069 كما رغبت: {wish}. اكتب «إلغاء المكالمة» لإلغائها.",
  signIn:
    "لرؤية حسابك سجّل الدخول من «تسجيل الدخول» في صفحة المساعدة أو في تطبيق {company}، ويمكنك هناك أيضًا استعادة بياناتك المنسية. لا أطلب منك هنا أبدًا كلمة مرور أو رمزًا.",
  account:
    "يتعلق هذا بحسابك الخاص، لذا سجّل الدخول أولًا: اختر «تسجيل الدخول» في صفحة المساعدة أو في تطبيق {company} ثم اسألني من جديد. ويمكن لموظف أن يساعدك أيضًا.",
  cancelled: "حسنًا، ألغيت ذلك. بماذا يمكنني أن أساعدك أيضًا؟",
  leftAtThat: "حسنًا، نترك الأمر كما هو: لم يُحجز شيء ولم يُلغَ شيء. إن كنت تقصد طلبًا أو دفعة فأخبرني أيّها، أو اطلب موظفًا.",
  optOut: "مفهوم. أجب بكلمة STOP ولن نراسلك هنا بعد ذلك. هل تريد أن يساعدك موظف في هذا؟",
  complaint: "أعتذر لأنني لم أفهمك. هل أحوّلك إلى موظف؟",
  unreadable:
    "شكرًا، وصلني ذلك وحفظته لفريقنا، لكنني لا أستطيع قراءته بنفسي. أخبرني بالكلمات عمّ يدور الأمر، أو اطلب موظفًا.",
  refusedFile:
    "هذا النوع من الملفات غير مقبول، ولذلك لم نحفظه. أرسل صورة أو ملف PDF أو مستند Office، أو أخبرني بالكلمات عمّ يدور الأمر، أو اطلب موظفًا.",
  unsupported:
    "لا يمكن قراءة هذا النوع من الرسائل هنا، لا أنا ولا فريقنا. أخبرني بالكلمات عمّ يدور الأمر، أو أرسل صورة أو ملف PDF، أو اطلب موظفًا.",
  stopped: "لن تصلك رسائل من {company} هنا بعد الآن. اكتب START لتصلك من جديد. وإذا سألت عن شيء فسنجيبك.",
  startedAgain: "ستصلك رسائل {company} هنا من جديد. اكتب STOP لإيقافها.",
  otherLanguage: "أجيب أفضل ما أجيب بهذه اللغات: {languages}. ويمكن لموظف أن يساعدك بلغتك.",
  giveUp: "عذرًا، حدث خلل من جانبي. نقلتُ طلبك إلى موظف يجيبك في أقرب وقت.",
};

const wordings: Readonly<Record<string, Wording>> = { en, sv, de, es, ar };

/** The words of a language; English where we have none. */
export function wordingFor(locale: string): Wording {
  return wordings[locale.slice(0, 2)] ?? en;
}

/** Whose words `wordingFor` gives. */
export function wordedIn(locale: string): string {
  const language = locale.slice(0, 2);
  return language in wordings ? language : "en";
}

/** "English, Swedish and German", as one says it in this language. */
export function languageNames(languages: readonly string[], locale: string): string {
  const names = new Intl.DisplayNames([locale], { type: "language" });
  return new Intl.ListFormat(locale, { type: "conjunction" }).format(languages.map((one) => names.of(one) ?? one));
}

export function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (mark, name: string) => values[name] ?? mark);
}
