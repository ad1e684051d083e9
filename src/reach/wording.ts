/** What customers read outside the chat: on a locked screen, in a text message, on the page that a link opens. */
export interface ReachWording {
  /** The title of a push message. */
  readonly title: string;
  readonly newMessage: string;
  /** In letters that SMS carries cheaply, where the language has them. */
  readonly text: string;
  /** What a customer agrees to when they leave a number. */
  readonly consent: string;
  readonly pageTitle: string;
  readonly pageLead: string;
  readonly pageBegan: string;
  readonly pageUnread: string;
  readonly pageShared: string;
  readonly pageButton: string;
  readonly signInTitle: string;
  readonly signInLead: string;
  readonly signInButton: string;
  /** When another site's page pressed the button. */
  readonly foreign: string;
  readonly goneTitle: string;
  readonly goneLead: string;
  readonly goneButton: string;
}

/** The words of a language; English where we have none. */
export function reachWording(locale: string | null): ReachWording {
  return wordings[(locale ?? "en").slice(0, 2).toLowerCase()] ?? en;
}

/** The language whose words `reachWording` gives. */
export function wordedLocale(locale: string | null): string {
  const language = (locale ?? "en").slice(0, 2).toLowerCase();
  return language in wordings ? language : "en";
}

const en: ReachWording = {
  title: "{company}",
  newMessage: "You have a new message from {company}.",
  text: "You have a new message from {company}. Read it and answer here: {link} Reply STOP to get no more.",
  consent:
    "Tell me by {channel} at {number} when {company} has answered and I am away. If that is not possible, a text message may come instead. I can end this at any time by answering STOP.",
  pageTitle: "Continue your conversation",
  pageLead: "This link opens the chat that you began with {company} on this device.",
  pageBegan: "Begun",
  pageUnread: "New messages for you",
  pageShared: "Whoever uses this browser can then read it. The link works once.",
  pageButton: "Open my conversation",
  signInTitle: "Sign in to continue",
  signInLead: "This conversation belongs to your account. Sign in and you find it again, with every message.",
  signInButton: "Go to sign-in",
  foreign: "Nothing has been opened yet, because the request came from another page. Press the button here.",
  goneTitle: "This link no longer works",
  goneLead:
    "It was used already, or it is too old. In the browser where you chatted, your conversation is still there.",
  goneButton: "Go to customer service",
};

const sv: ReachWording = {
  title: "{company}",
  newMessage: "Du har ett nytt meddelande från {company}.",
  text: "Du har ett nytt meddelande från {company}. Läs och svara här: {link} Svara STOP för att slippa fler.",
  consent:
    "Meddela mig via {channel} på {number} när {company} har svarat och jag inte är kvar. Går det inte får det komma ett sms i stället. Jag kan avsluta när som helst genom att svara STOP.",
  pageTitle: "Fortsätt din konversation",
  pageLead: "Länken öppnar chatten som du började med {company} på den här enheten.",
  pageBegan: "Påbörjad",
  pageUnread: "Nya meddelanden till dig",
  pageShared: "Den som använder den här webbläsaren kan sedan läsa den. Länken fungerar en gång.",
  pageButton: "Öppna min konversation",
  signInTitle: "Logga in för att fortsätta",
  signInLead: "Konversationen hör till ditt konto. Logga in så hittar du den igen, med alla meddelanden.",
  signInButton: "Till inloggningen",
  foreign: "Inget har öppnats än, eftersom begäran kom från en annan sida. Tryck på knappen här.",
  goneTitle: "Länken fungerar inte längre",
  goneLead:
    "Den har redan använts eller är för gammal. I webbläsaren där du chattade finns din konversation fortfarande kvar.",
  goneButton: "Till kundtjänst",
};

const de: ReachWording = {
  title: "{company}",
  newMessage: "Sie haben eine neue Nachricht von {company}.",
  text: "Sie haben eine neue Nachricht von {company}. Hier lesen und antworten: {link} Mit STOP beenden Sie das.",
  consent:
    "Benachrichtigen Sie mich per {channel} unter {number}, wenn {company} geantwortet hat und ich nicht mehr da bin. Ist das nicht möglich, darf stattdessen eine SMS kommen. Ich kann das jederzeit mit der Antwort STOP beenden.",
  pageTitle: "Unterhaltung fortsetzen",
  pageLead: "Dieser Link öffnet den Chat, den Sie mit {company} begonnen haben, auf diesem Gerät.",
  pageBegan: "Begonnen",
  pageUnread: "Neue Nachrichten für Sie",
  pageShared: "Wer diesen Browser benutzt, kann ihn dann lesen. Der Link funktioniert einmal.",
  pageButton: "Meine Unterhaltung öffnen",
  signInTitle: "Zum Fortsetzen anmelden",
  signInLead:
    "Diese Unterhaltung gehört zu Ihrem Konto. Melden Sie sich an, dann finden Sie sie mit allen Nachrichten wieder.",
  signInButton: "Zur Anmeldung",
  foreign:
    "Es wurde noch nichts geöffnet, weil die Anfrage von einer anderen Seite kam. Drücken Sie hier auf die Schaltfläche.",
  goneTitle: "Dieser Link funktioniert nicht mehr",
  goneLead:
    "Er wurde schon benutzt oder ist zu alt. In dem Browser, in dem Sie gechattet haben, ist Ihre Unterhaltung noch da.",
  goneButton: "Zum Kundenservice",
};

const es: ReachWording = {
  title: "{company}",
  newMessage: "Tienes un mensaje nuevo de {company}.",
  text: "Tienes un mensaje nuevo de {company}. Para leerlo y responder: {link} Responde STOP para no recibir otros.",
  consent:
    "Avísame por {channel} en el {number} cuando {company} haya respondido y yo ya no esté. Si no es posible, puede llegar un SMS en su lugar. Puedo terminarlo cuando quiera respondiendo STOP.",
  pageTitle: "Continúa tu conversación",
  pageLead: "Este enlace abre en este dispositivo el chat que empezaste con {company}.",
  pageBegan: "Empezada",
  pageUnread: "Mensajes nuevos para ti",
  pageShared: "Quien use este navegador podrá leerla después. El enlace funciona una vez.",
  pageButton: "Abrir mi conversación",
  signInTitle: "Inicia sesión para continuar",
  signInLead: "Esta conversación pertenece a tu cuenta. Inicia sesión y la encontrarás con todos los mensajes.",
  signInButton: "Ir a iniciar sesión",
  foreign: "Todavía no se ha abierto nada, porque la petición venía de otra página. Pulsa el botón de aquí.",
  goneTitle: "Este enlace ya no funciona",
  goneLead: "Ya se usó o es demasiado antiguo. En el navegador donde chateaste, tu conversación sigue ahí.",
  goneButton: "Ir a atención al cliente",
};

const ar: ReachWording = {
  title: "{company}",
  newMessage: "لديك رسالة جديدة من {company}.",
  text: "لديك رسالة جديدة من {company}. اقرأها ورد هنا: {link} أرسل STOP لإيقاف الرسائل.",
  consent:
    "أبلغوني عبر {channel} على الرقم {number} عندما يردّ {company} وأنا بعيد. وإن تعذّر ذلك فيمكن أن تصلني رسالة نصية بدلاً منه. أستطيع إيقاف ذلك في أي وقت بالرد بكلمة STOP.",
  pageTitle: "تابع محادثتك",
  pageLead: "يفتح هذا الرابط على هذا الجهاز المحادثة التي بدأتها مع {company}.",
  pageBegan: "بدأت في",
  pageUnread: "رسائل جديدة لك",
  pageShared: "يمكن لمن يستخدم هذا المتصفح قراءتها بعد ذلك. يعمل الرابط مرة واحدة.",
  pageButton: "افتح محادثتي",
  signInTitle: "سجّل الدخول للمتابعة",
  signInLead: "هذه المحادثة تخص حسابك. سجّل الدخول لتجدها مع كل الرسائل.",
  signInButton: "إلى تسجيل الدخول",
  foreign: "لم يُفتح شيء بعد، لأن الطلب جاء من صفحة أخرى. اضغط الزر هنا.",
  goneTitle: "لم يعد هذا الرابط يعمل",
  goneLead: "لقد استُخدم من قبل أو أصبح قديماً. ما زالت محادثتك موجودة في المتصفح الذي تحدثت منه.",
  goneButton: "إلى خدمة العملاء",
};

const wordings: Readonly<Record<string, ReachWording>> = { en, sv, de, es, ar };

export function fillIn(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (mark, name: string) => values[name] ?? mark);
}
