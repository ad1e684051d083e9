/** What help pages say around the articles, by language. Plain sentences; `{company}`-like marks are filled by code. */
export interface PageWords {
  /** The language's name in itself. */
  readonly name: string;
  readonly language: string;
  readonly skip: string;
  readonly signIn: string;
  readonly signedIn: string;
  readonly signOut: string;
  readonly home: string;
  readonly service: string;
  readonly hero: string;
  readonly lead: string;
  readonly search: string;
  readonly searchFor: string;
  readonly searchHint: string;
  readonly suggestions: string;
  readonly chat: string;
  readonly call: string;
  readonly how: string;
  readonly howText: string;
  readonly instant: string;
  readonly instantText: string;
  readonly chatText: string;
  readonly callText: string;
  readonly questions: string;
  readonly otherQuestions: string;
  readonly more: string;
  readonly away: string;
  readonly awayText: string;
  readonly noScript: string;
  readonly ai: string;
  readonly helped: string;
  readonly yes: string;
  readonly no: string;
  readonly thanksYes: string;
  readonly thanksNo: string;
  readonly related: string;
  readonly stillStuck: string;
  readonly breadcrumb: string;
  readonly updated: string;
  readonly notTranslated: string;
  readonly found: string;
  readonly nothingFound: string;
  readonly nothingFoundText: string;
  readonly searchTips: string;
  readonly missing: string;
  readonly missingText: string;
  readonly failed: string;
  readonly failedText: string;
  readonly tooMany: string;
  readonly tryAgain: string;
  readonly empty: string;
}

const en: PageWords = {
  name: "English",
  language: "Language",
  skip: "Skip to content",
  signIn: "Sign in",
  signedIn: "Signed in",
  signOut: "Sign out",
  home: "Help",
  service: "Customer service",
  hero: "Get immediate support",
  lead: "24/7 help in any language",
  search: "Search",
  searchFor: "Search the help pages",
  searchHint: "Describe it in your own words",
  suggestions: "Suggested questions",
  chat: "Chat with us",
  call: "Request a call",
  how: "How it works",
  howText:
    "Ask our AI assistant anything, in any language, 24/7. If it is about your own account and payments, sign in first; you can choose to chat with a person or to be called.",
  instant: "Instant 24/7 support",
  instantText:
    "Our AI assistant answers at once, in the language you write, and says which article the answer is from.",
  chatText: "You can ask for a person at any time. Everything you have written so far goes along; nothing to repeat.",
  callText: "Need to talk? We are just a phone call away: now, or at a time that suits you.",
  questions: "Frequently asked questions",
  otherQuestions: "Other questions",
  more: "More ways we can help",
  away: "Come and go, you will never miss a message",
  awayText:
    "Start a chat here and close the page whenever you like. Your conversation stays, and the answer waits for you when you come back.",
  noScript:
    "The chat needs JavaScript, which is switched off in this browser. Every answer on these pages works without it, and we gladly call you.",
  ai: "You are talking to an AI assistant; a person is one click away.",
  helped: "Did that help?",
  yes: "Yes",
  no: "No",
  thanksYes: "Thank you! Good to hear.",
  thanksNo: "Thank you for telling us. Let us sort it out together: write to us or let us call you.",
  related: "Related questions",
  stillStuck: "Still need help?",
  breadcrumb: "You are here",
  updated: "Last updated",
  notTranslated: "This page is not in your language yet. Here it is in {language}.",
  found: "Results for “{query}”",
  nothingFound: "Nothing found for “{query}”",
  nothingFoundText: "Our assistant understands whole sentences, and a person can help with everything else.",
  searchTips: "Try other words, or fewer of them.",
  missing: "This page does not exist",
  missingText: "The address may be mistyped, or the page has moved. Search for what you need, or ask us.",
  failed: "Something broke on our side",
  failedText: "It is not your fault, and we have noted it. Please try again in a moment.",
  tooMany: "That was a lot at once. Please wait a minute and try again.",
  tryAgain: "Try again",
  empty: "There are no articles here yet. Write to us: we gladly answer.",
};

const sv: PageWords = {
  name: "Svenska",
  language: "Språk",
  skip: "Hoppa till innehållet",
  signIn: "Logga in",
  signedIn: "Inloggad",
  signOut: "Logga ut",
  home: "Hjälp",
  service: "Kundservice",
  hero: "Få hjälp direkt",
  lead: "Hjälp dygnet runt på alla språk",
  search: "Sök",
  searchFor: "Sök bland hjälpsidorna",
  searchHint: "Beskriv det med dina egna ord",
  suggestions: "Föreslagna frågor",
  chat: "Chatta med oss",
  call: "Bli uppringd",
  how: "Så fungerar det",
  howText:
    "Fråga vår AI-assistent vad du vill, på vilket språk du vill, dygnet runt. Gäller det ditt konto och dina betalningar loggar du in först; du kan välja att chatta med en människa eller att bli uppringd.",
  instant: "Hjälp direkt, dygnet runt",
  instantText: "Vår AI-assistent svarar direkt på det språk du skriver och säger vilken artikel svaret kommer från.",
  chatText:
    "Du kan be om en människa när du vill. Allt du redan har skrivit följer med, så du behöver inte upprepa något.",
  callText: "Vill du hellre prata? Vi är bara ett samtal bort: nu, eller en tid som passar dig.",
  questions: "Vanliga frågor",
  otherQuestions: "Övriga frågor",
  more: "Mer som kan hjälpa dig",
  away: "Kom och gå som du vill, du missar inget meddelande",
  awayText:
    "Börja chatta här och stäng sidan när du vill. Konversationen finns kvar, och svaret väntar på dig när du kommer tillbaka.",
  noScript:
    "Chatten behöver JavaScript, som är avstängt i den här webbläsaren. Alla svar på sidorna fungerar ändå, och vi ringer dig gärna.",
  ai: "Du pratar med en AI-assistent; en människa är ett klick bort.",
  helped: "Fick du hjälp av det här?",
  yes: "Ja",
  no: "Nej",
  thanksYes: "Tack! Vad roligt att höra.",
  thanksNo: "Tack för att du säger till. Låt oss lösa det tillsammans: skriv till oss eller låt oss ringa dig.",
  related: "Liknande frågor",
  stillStuck: "Behöver du mer hjälp?",
  breadcrumb: "Du är här",
  updated: "Senast uppdaterad",
  notTranslated: "Den här sidan finns inte på ditt språk än. Här är den på {language}.",
  found: "Träffar på ”{query}”",
  nothingFound: "Inga träffar på ”{query}”",
  nothingFoundText: "Vår assistent förstår hela meningar, och en människa kan hjälpa dig med allt annat.",
  searchTips: "Prova med andra ord, eller färre.",
  missing: "Sidan finns inte",
  missingText: "Adressen kan vara felskriven, eller så har sidan flyttats. Sök efter det du behöver, eller fråga oss.",
  failed: "Något gick fel hos oss",
  failedText: "Det är inte ditt fel, och vi har noterat det. Försök igen om en liten stund.",
  tooMany: "Det blev många försök på en gång. Vänta en minut och försök igen.",
  tryAgain: "Försök igen",
  empty: "Här finns inga artiklar än. Skriv till oss, vi svarar gärna.",
};

const de: PageWords = {
  name: "Deutsch",
  language: "Sprache",
  skip: "Zum Inhalt springen",
  signIn: "Anmelden",
  signedIn: "Angemeldet",
  signOut: "Abmelden",
  home: "Hilfe",
  service: "Kundenservice",
  hero: "Sofort Hilfe bekommen",
  lead: "Hilfe rund um die Uhr in jeder Sprache",
  search: "Suchen",
  searchFor: "Hilfeseiten durchsuchen",
  searchHint: "In Ihren eigenen Worten",
  suggestions: "Vorgeschlagene Fragen",
  chat: "Chatten Sie mit uns",
  call: "Rückruf anfordern",
  how: "So funktioniert es",
  howText:
    "Fragen Sie unseren KI-Assistenten, was Sie möchten, in jeder Sprache, rund um die Uhr. Geht es um Ihr Konto und Ihre Zahlungen, melden Sie sich zuerst an; Sie können mit einem Menschen chatten oder sich anrufen lassen.",
  instant: "Sofort Hilfe, rund um die Uhr",
  instantText:
    "Unser KI-Assistent antwortet sofort in der Sprache, in der Sie schreiben, und nennt den Artikel, aus dem die Antwort stammt.",
  chatText:
    "Sie können jederzeit nach einem Menschen fragen. Alles, was Sie schon geschrieben haben, geht mit; Sie müssen nichts wiederholen.",
  callText:
    "Möchten Sie lieber sprechen? Wir sind nur einen Anruf entfernt: jetzt oder zu einer Zeit, die Ihnen passt.",
  questions: "Häufige Fragen",
  otherQuestions: "Weitere Fragen",
  more: "Weitere Hilfe",
  away: "Kommen und gehen Sie, Sie verpassen keine Nachricht",
  awayText:
    "Beginnen Sie hier einen Chat und schließen Sie die Seite, wann Sie möchten. Ihre Unterhaltung bleibt erhalten, und die Antwort wartet auf Sie.",
  noScript:
    "Der Chat braucht JavaScript, das in diesem Browser ausgeschaltet ist. Alle Antworten auf diesen Seiten funktionieren auch ohne, und wir rufen Sie gern an.",
  ai: "Sie sprechen mit einem KI-Assistenten; ein Mensch ist einen Klick entfernt.",
  helped: "Hat Ihnen das geholfen?",
  yes: "Ja",
  no: "Nein",
  thanksYes: "Danke! Das freut uns.",
  thanksNo: "Danke für den Hinweis. Lösen wir es gemeinsam: Schreiben Sie uns oder lassen Sie sich anrufen.",
  related: "Ähnliche Fragen",
  stillStuck: "Brauchen Sie noch Hilfe?",
  breadcrumb: "Sie sind hier",
  updated: "Zuletzt aktualisiert",
  notTranslated: "Diese Seite gibt es noch nicht in Ihrer Sprache. Hier ist sie auf {language}.",
  found: "Ergebnisse für „{query}“",
  nothingFound: "Nichts gefunden für „{query}“",
  nothingFoundText: "Unser Assistent versteht ganze Sätze, und bei allem anderen hilft Ihnen ein Mensch.",
  searchTips: "Versuchen Sie andere Wörter oder weniger davon.",
  missing: "Diese Seite gibt es nicht",
  missingText:
    "Vielleicht ist die Adresse falsch geschrieben oder die Seite ist umgezogen. Suchen Sie, was Sie brauchen, oder fragen Sie uns.",
  failed: "Bei uns ist etwas schiefgegangen",
  failedText: "Es liegt nicht an Ihnen, und wir haben es vermerkt. Bitte versuchen Sie es gleich noch einmal.",
  tooMany: "Das war viel auf einmal. Bitte warten Sie eine Minute und versuchen Sie es dann noch einmal.",
  tryAgain: "Noch einmal versuchen",
  empty: "Hier gibt es noch keine Artikel. Schreiben Sie uns, wir antworten gern.",
};

const es: PageWords = {
  name: "Español",
  language: "Idioma",
  skip: "Ir al contenido",
  signIn: "Iniciar sesión",
  signedIn: "Sesión iniciada",
  signOut: "Cerrar sesión",
  home: "Ayuda",
  service: "Atención al cliente",
  hero: "Recibe ayuda al instante",
  lead: "Ayuda 24/7 en cualquier idioma",
  search: "Buscar",
  searchFor: "Buscar en las páginas de ayuda",
  searchHint: "Descríbelo con tus palabras",
  suggestions: "Preguntas sugeridas",
  chat: "Chatea con nosotros",
  call: "Pide que te llamemos",
  how: "Cómo funciona",
  howText:
    "Pregunta lo que quieras a nuestro asistente de IA, en cualquier idioma, a cualquier hora. Si se trata de tu cuenta y tus pagos, inicia sesión primero; puedes elegir chatear con una persona o que te llamemos.",
  instant: "Ayuda al instante, 24/7",
  instantText:
    "Nuestro asistente de IA responde al momento en el idioma en que escribes y dice de qué artículo viene la respuesta.",
  chatText:
    "Puedes pedir hablar con una persona cuando quieras. Todo lo que ya has escrito va incluido; no tienes que repetir nada.",
  callText: "¿Prefieres hablar? Estamos a una llamada: ahora mismo o a la hora que te venga bien.",
  questions: "Preguntas frecuentes",
  otherQuestions: "Otras preguntas",
  more: "Más formas de ayudarte",
  away: "Ve y vuelve cuando quieras, no te perderás ningún mensaje",
  awayText:
    "Empieza un chat aquí y cierra la página cuando quieras. Tu conversación se conserva y la respuesta te espera cuando vuelvas.",
  noScript:
    "El chat necesita JavaScript, que está desactivado en este navegador. Todas las respuestas de estas páginas funcionan sin él, y te llamamos con gusto.",
  ai: "Hablas con un asistente de IA; una persona está a un clic.",
  helped: "¿Te ha servido?",
  yes: "Sí",
  no: "No",
  thanksYes: "¡Gracias! Nos alegra saberlo.",
  thanksNo: "Gracias por decírnoslo. Vamos a resolverlo juntos: escríbenos o pide que te llamemos.",
  related: "Preguntas relacionadas",
  stillStuck: "¿Todavía necesitas ayuda?",
  breadcrumb: "Estás aquí",
  updated: "Última actualización",
  notTranslated: "Esta página aún no está en tu idioma. Aquí la tienes en {language}.",
  found: "Resultados de «{query}»",
  nothingFound: "No hay resultados de «{query}»",
  nothingFoundText: "Nuestro asistente entiende frases enteras, y una persona puede ayudarte con todo lo demás.",
  searchTips: "Prueba con otras palabras o con menos.",
  missing: "Esta página no existe",
  missingText:
    "Puede que la dirección esté mal escrita o que la página se haya movido. Busca lo que necesitas o pregúntanos.",
  failed: "Algo ha fallado por nuestra parte",
  failedText: "No es culpa tuya y ya lo hemos anotado. Inténtalo de nuevo dentro de un momento.",
  tooMany: "Han sido muchas veces seguidas. Espera un minuto e inténtalo de nuevo.",
  tryAgain: "Intentar de nuevo",
  empty: "Aquí todavía no hay artículos. Escríbenos, te respondemos con gusto.",
};

const ar: PageWords = {
  name: "العربية",
  language: "اللغة",
  skip: "انتقل إلى المحتوى",
  signIn: "تسجيل الدخول",
  signedIn: "تم تسجيل الدخول",
  signOut: "تسجيل الخروج",
  home: "المساعدة",
  service: "خدمة العملاء",
  hero: "احصل على مساعدة فورية",
  lead: "مساعدة على مدار الساعة بأي لغة",
  search: "بحث",
  searchFor: "ابحث في صفحات المساعدة",
  searchHint: "صِف مشكلتك بكلماتك",
  suggestions: "أسئلة مقترحة",
  chat: "تحدّث معنا كتابةً",
  call: "اطلب مكالمة",
  how: "كيف يعمل ذلك",
  howText:
    "اسأل مساعدنا الذكي ما تشاء، بأي لغة وفي أي وقت. إذا كان سؤالك عن حسابك ومدفوعاتك فسجّل الدخول أولًا، ويمكنك أن تختار التحدث كتابةً مع موظف أو أن نتصل بك.",
  instant: "مساعدة فورية على مدار الساعة",
  instantText: "يجيبك مساعدنا الذكي في الحال باللغة التي تكتب بها، ويذكر المقالة التي أخذ منها الإجابة.",
  chatText: "يمكنك أن تطلب التحدث مع موظف في أي وقت. ينتقل معك كل ما كتبته، فلا تحتاج إلى تكرار شيء.",
  callText: "تفضّل أن تتكلم؟ نحن على بُعد مكالمة: الآن أو في الوقت الذي يناسبك.",
  questions: "الأسئلة الشائعة",
  otherQuestions: "أسئلة أخرى",
  more: "طرق أخرى نساعدك بها",
  away: "اذهب وعُد متى شئت، ولن تفوتك أي رسالة",
  awayText: "ابدأ محادثة هنا وأغلق الصفحة متى شئت. تبقى محادثتك محفوظة، وتجد الإجابة في انتظارك عندما تعود.",
  noScript:
    "تحتاج المحادثة إلى جافاسكربت، وهو متوقف في هذا المتصفح. كل الإجابات في هذه الصفحات تعمل من دونه، ويسعدنا أن نتصل بك.",
  ai: "أنت تتحدث مع مساعد ذكي، ويمكنك الوصول إلى موظف بنقرة واحدة.",
  helped: "هل أفادك هذا؟",
  yes: "نعم",
  no: "لا",
  thanksYes: "شكرًا لك! يسعدنا ذلك.",
  thanksNo: "شكرًا لإخبارنا. لنحلّ الأمر معًا: اكتب إلينا أو اطلب أن نتصل بك.",
  related: "أسئلة ذات صلة",
  stillStuck: "هل ما زلت بحاجة إلى مساعدة؟",
  breadcrumb: "أنت هنا",
  updated: "آخر تحديث",
  notTranslated: "هذه الصفحة غير متوفرة بلغتك بعد. إليك نسختها باللغة: {language}.",
  found: "نتائج البحث عن «{query}»",
  nothingFound: "لا توجد نتائج عن «{query}»",
  nothingFoundText: "يفهم مساعدنا الجمل الكاملة، ويمكن لأحد موظفينا أن يساعدك في كل ما عدا ذلك.",
  searchTips: "جرّب كلمات أخرى أو عددًا أقل من الكلمات.",
  missing: "هذه الصفحة غير موجودة",
  missingText: "قد يكون العنوان مكتوبًا بشكل غير صحيح، أو أن الصفحة نُقلت. ابحث عمّا تحتاج إليه أو اسألنا.",
  failed: "حدث خلل من جانبنا",
  failedText: "ليس الخطأ منك، وقد سجّلنا ما حدث. يُرجى المحاولة مرة أخرى بعد قليل.",
  tooMany: "محاولات كثيرة في وقت قصير. انتظر دقيقة ثم حاول مرة أخرى.",
  tryAgain: "حاول مرة أخرى",
  empty: "لا توجد مقالات هنا بعد. اكتب إلينا ويسعدنا أن نجيبك.",
};

const words: Readonly<Record<string, PageWords>> = { en, sv, de, es, ar };

/** The words of a language; English where we have none, said by `spokenIn`. */
export function pageWords(locale: string): PageWords {
  return words[locale] ?? en;
}

/** The language that `pageWords` really gives. */
export function spokenIn(locale: string): string {
  return locale in words ? locale : "en";
}

/** The language's name in itself, also where we have no words of our own in it. */
export function languageName(locale: string): string {
  return words[locale]?.name ?? new Intl.DisplayNames([locale], { type: "language" }).of(locale) ?? locale;
}

/** What readers of one language call another: "engelska" in Swedish. */
export function languageNameIn(locale: string, other: string): string {
  return new Intl.DisplayNames([locale], { type: "language" }).of(other) ?? other;
}

const rightToLeft = new Set(["ar", "fa", "he", "ur", "ps", "ckb", "dv", "yi", "ug", "sd"]);

export function directionOf(locale: string): "ltr" | "rtl" {
  return rightToLeft.has(locale) ? "rtl" : "ltr";
}

/** Fills `{language}`-like marks; what is put in must already be safe for its place. */
export function fillWords(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (mark, name: string) => values[name] ?? mark);
}
