/** How account data is said, by language. `{marks}` are filled by code with amounts and dates of that language. */
export interface AccountWords {
  readonly nextPayment: string;
  readonly laterPayment: string;
  readonly overdue: string;
  readonly noPayment: string;
  readonly twins: string;
  readonly splitShipment: string;
  readonly replaced: string;
  readonly unfinished: string;
  readonly noTwins: string;
  readonly returnRegistered: string;
  readonly returnWaiting: string;
  readonly noReturns: string;
  readonly balance: string;
  readonly cardActive: string;
  readonly cardBlocked: string;
  readonly cardOnItsWay: string;
  readonly noCard: string;
  readonly refundOnItsWay: string;
  readonly refundDone: string;
  readonly noRefunds: string;
  readonly to: Readonly<Record<"card" | "balance" | "bank", string>>;
  readonly fee: string;
  readonly noFees: string;
  readonly order: string;
  readonly noOrders: string;
  readonly state: Readonly<Record<"waiting" | "confirmed" | "shipped" | "cancelled", string>>;
  readonly source: string;
  readonly which: string;
  readonly topics: Readonly<
    Record<"next-payment" | "orders" | "return-status" | "refund" | "balance" | "card", string>
  >;
  readonly unavailable: string;
  readonly lapsed: string;
  readonly codeSent: string;
  readonly codeText: string;
  readonly codeNotNow: string;
  readonly codeWrong: string;
  readonly signedIn: string;
  /** On the button that leads to the page for it. */
  readonly toSignIn: string;
}

const en: AccountWords = {
  nextPayment: "Your next payment is {amount} to {store}, due on {date} (payment {number} of {of}).",
  laterPayment: "After that: {amount} to {store} on {date}.",
  overdue: "A payment of {amount} to {store} was due on {date} and is still open.",
  noPayment: "You have nothing to pay at the moment.",
  twins: "You have two orders from {store}: {first} ({firstTotal}) and {second} ({secondTotal}).",
  splitShipment:
    "The store sends your items in separate parcels and registered each one as an order. Together they are {sum}.",
  replaced: "The store replaced the first order with the second. You pay for the new one only.",
  unfinished: "One is from a checkout that was not completed. You do not pay for it.",
  noTwins: "I see no order on your account that is there twice.",
  returnRegistered: "Your return to {store} (order {order}, {amount}) was registered on {date}.",
  returnWaiting:
    "Your return to {store} (order {order}, {amount}), reported on {date}, has not been registered by the store yet.",
  noReturns: "There is no return on your account.",
  balance: "Your balance is {amount}.",
  cardActive: "Your card ending in {lastFour} is active.",
  cardBlocked: "Your card ending in {lastFour} has been blocked since {date}.",
  cardOnItsWay: "Your card was sent on {date} and is on its way.",
  noCard: "There is no card on your account.",
  refundOnItsWay: "{amount} from {store} is on its way to {to} and should be there by {date}.",
  refundDone: "{amount} from {store} was paid to {to} on {date}.",
  noRefunds: "There is no refund on your account.",
  to: { card: "your card", balance: "your balance", bank: "your bank account" },
  fee: "A late fee of {amount} was charged on {date}, because the payment to {store} due on {due} was late.",
  noFees: "No late fee has been charged to your account.",
  order: "{order}: {store}, {amount}, {date} ({state})",
  noOrders: "There are no orders on your account.",
  state: { waiting: "waiting for the store", confirmed: "confirmed", shipped: "shipped", cancelled: "cancelled" },
  source: "From your account, today {time}.",
  which: "What would you like to know about your account?",
  topics: {
    "next-payment": "My next payment",
    orders: "My orders",
    "return-status": "My returns",
    refund: "My refunds",
    balance: "My balance",
    card: "My card",
  },
  unavailable: "I cannot look into your account right now. Please try again in a few minutes, or talk to a person.",
  lapsed: "For your safety, signing in holds for 15 minutes. Please sign in again, then I can look into your account.",
  codeSent:
    "First I need to know that it is you. If this number belongs to an account, a 6-digit code is on its way to it by SMS. Enter it here within 10 minutes; this conversation then becomes part of your account.",
  codeText:
    "{code} is your {company} code. Enter it only in the conversation where you asked for it. Nobody from {company} will ever ask for it.",
  codeNotNow: "I cannot send a code right now. Please sign in on our help page, or talk to a person.",
  codeWrong: "That code is not right or no longer valid. Check the digits, or say “sign in” for a new code.",
  signedIn: "Thank you, you are signed in here for 15 minutes.",
  toSignIn: "Sign in",
};

const sv: AccountWords = {
  nextPayment: "Din nästa betalning är {amount} till {store}, senast {date} (betalning {number} av {of}).",
  laterPayment: "Därefter: {amount} till {store} den {date}.",
  overdue: "En betalning på {amount} till {store} skulle ha betalats den {date} och är fortfarande öppen.",
  noPayment: "Du har inget att betala just nu.",
  twins: "Du har två ordrar från {store}: {first} ({firstTotal}) och {second} ({secondTotal}).",
  splitShipment:
    "Butiken skickar varorna i olika paket och har registrerat vart och ett som en order. Tillsammans är de {sum}.",
  replaced: "Butiken har ersatt den första ordern med den andra. Du betalar bara för den nya.",
  unfinished: "Den ena kommer från ett köp som inte slutfördes. Den betalar du inte för.",
  noTwins: "Jag ser ingen order på ditt konto som finns två gånger.",
  returnRegistered: "Din retur till {store} (order {order}, {amount}) registrerades den {date}.",
  returnWaiting:
    "Din retur till {store} (order {order}, {amount}), anmäld den {date}, är ännu inte registrerad av butiken.",
  noReturns: "Det finns ingen retur på ditt konto.",
  balance: "Ditt saldo är {amount}.",
  cardActive: "Ditt kort som slutar på {lastFour} är aktivt.",
  cardBlocked: "Ditt kort som slutar på {lastFour} är spärrat sedan den {date}.",
  cardOnItsWay: "Ditt kort skickades den {date} och är på väg.",
  noCard: "Det finns inget kort på ditt konto.",
  refundOnItsWay: "{amount} från {store} är på väg till {to} och bör vara där senast den {date}.",
  refundDone: "{amount} från {store} betalades till {to} den {date}.",
  noRefunds: "Det finns ingen återbetalning på ditt konto.",
  to: { card: "ditt kort", balance: "ditt saldo", bank: "ditt bankkonto" },
  fee: "En förseningsavgift på {amount} togs ut den {date}, eftersom betalningen till {store} som skulle betalas den {due} var sen.",
  noFees: "Ingen förseningsavgift har tagits ut på ditt konto.",
  order: "{order}: {store}, {amount}, {date} ({state})",
  noOrders: "Det finns inga ordrar på ditt konto.",
  state: { waiting: "väntar på butiken", confirmed: "bekräftad", shipped: "skickad", cancelled: "avbeställd" },
  source: "Från ditt konto, i dag {time}.",
  which: "Vad vill du veta om ditt konto?",
  topics: {
    "next-payment": "Min nästa betalning",
    orders: "Mina ordrar",
    "return-status": "Mina returer",
    refund: "Mina återbetalningar",
    balance: "Mitt saldo",
    card: "Mitt kort",
  },
  unavailable: "Jag kan inte se ditt konto just nu. Försök igen om några minuter, eller prata med en människa.",
  lapsed: "För din säkerhet gäller inloggningen i 15 minuter. Logga in igen, så kan jag se ditt konto.",
  codeSent:
    "Först behöver jag veta att det är du. Om numret hör till ett konto är en 6-siffrig kod på väg dit med sms. Skriv eller säg den här inom 10 minuter; då blir den här konversationen en del av ditt konto.",
  codeText:
    "{code} är din kod hos {company}. Ange den bara i konversationen där du bad om den. Ingen från {company} frågar någonsin efter den.",
  codeNotNow: "Jag kan inte skicka någon kod just nu. Logga in på vår hjälpsida, eller prata med en människa.",
  codeWrong: "Koden stämmer inte eller gäller inte längre. Kontrollera siffrorna, eller säg ”logga in” för en ny kod.",
  signedIn: "Tack, du är inloggad här i 15 minuter.",
  toSignIn: "Logga in",
};

const de: AccountWords = {
  nextPayment: "Ihre nächste Zahlung: {amount} an {store}, fällig am {date} (Zahlung {number} von {of}).",
  laterPayment: "Danach: {amount} an {store} am {date}.",
  overdue: "Eine Zahlung von {amount} an {store} war am {date} fällig und ist noch offen.",
  noPayment: "Sie haben im Moment nichts zu zahlen.",
  twins: "Sie haben zwei Bestellungen bei {store}: {first} ({firstTotal}) und {second} ({secondTotal}).",
  splitShipment:
    "Der Shop verschickt die Artikel in getrennten Paketen und hat jedes als Bestellung erfasst. Zusammen sind es {sum}.",
  replaced: "Der Shop hat die erste Bestellung durch die zweite ersetzt. Sie zahlen nur die neue.",
  unfinished: "Eine stammt aus einem Kauf, der nicht abgeschlossen wurde. Dafür zahlen Sie nichts.",
  noTwins: "Ich sehe in Ihrem Konto keine Bestellung, die doppelt ist.",
  returnRegistered: "Ihre Rücksendung an {store} (Bestellung {order}, {amount}) wurde am {date} registriert.",
  returnWaiting:
    "Ihre Rücksendung an {store} (Bestellung {order}, {amount}), gemeldet am {date}, hat der Shop noch nicht registriert.",
  noReturns: "In Ihrem Konto gibt es keine Rücksendung.",
  balance: "Ihr Guthaben beträgt {amount}.",
  cardActive: "Ihre Karte mit den Endziffern {lastFour} ist aktiv.",
  cardBlocked: "Ihre Karte mit den Endziffern {lastFour} ist seit dem {date} gesperrt.",
  cardOnItsWay: "Ihre Karte wurde am {date} verschickt und ist unterwegs.",
  noCard: "In Ihrem Konto gibt es keine Karte.",
  refundOnItsWay: "{amount} von {store} sind unterwegs auf {to} und sollten bis zum {date} da sein.",
  refundDone: "{amount} von {store} wurden am {date} auf {to} gezahlt.",
  noRefunds: "In Ihrem Konto gibt es keine Erstattung.",
  to: { card: "Ihre Karte", balance: "Ihr Guthaben", bank: "Ihr Bankkonto" },
  fee: "Am {date} wurde eine Mahngebühr von {amount} berechnet, weil die Zahlung an {store}, fällig am {due}, zu spät kam.",
  noFees: "Ihrem Konto wurde keine Mahngebühr berechnet.",
  order: "{order}: {store}, {amount}, {date} ({state})",
  noOrders: "In Ihrem Konto gibt es keine Bestellungen.",
  state: { waiting: "wartet auf den Shop", confirmed: "bestätigt", shipped: "verschickt", cancelled: "storniert" },
  source: "Aus Ihrem Konto, heute {time}.",
  which: "Was möchten Sie über Ihr Konto wissen?",
  topics: {
    "next-payment": "Meine nächste Zahlung",
    orders: "Meine Bestellungen",
    "return-status": "Meine Rücksendungen",
    refund: "Meine Erstattungen",
    balance: "Mein Guthaben",
    card: "Meine Karte",
  },
  unavailable:
    "Ich kann Ihr Konto gerade nicht einsehen. Versuchen Sie es in ein paar Minuten noch einmal, oder sprechen Sie mit einem Menschen.",
  lapsed:
    "Zu Ihrer Sicherheit gilt die Anmeldung 15 Minuten. Bitte melden Sie sich noch einmal an, dann kann ich Ihr Konto einsehen.",
  codeSent:
    "Zuerst muss ich wissen, dass Sie es sind. Wenn diese Nummer zu einem Konto gehört, ist ein 6-stelliger Code per SMS dorthin unterwegs. Geben Sie ihn hier innerhalb von 10 Minuten ein; diese Unterhaltung wird dann Teil Ihres Kontos.",
  codeText:
    "{code} ist Ihr Code von {company}. Geben Sie ihn nur in der Unterhaltung ein, in der Sie ihn angefordert haben. Niemand von {company} fragt je danach.",
  codeNotNow:
    "Ich kann gerade keinen Code senden. Melden Sie sich bitte auf unserer Hilfeseite an, oder sprechen Sie mit einem Menschen.",
  codeWrong:
    "Der Code stimmt nicht oder gilt nicht mehr. Prüfen Sie die Ziffern, oder sagen Sie „anmelden“ für einen neuen Code.",
  signedIn: "Danke, Sie sind hier für 15 Minuten angemeldet.",
  toSignIn: "Anmelden",
};

const es: AccountWords = {
  nextPayment: "Tu próximo pago es de {amount} a {store} y vence el {date} (pago {number} de {of}).",
  laterPayment: "Después: {amount} a {store} el {date}.",
  overdue: "Un pago de {amount} a {store} venció el {date} y sigue pendiente.",
  noPayment: "No tienes nada que pagar ahora mismo.",
  twins: "Tienes dos pedidos de {store}: {first} ({firstTotal}) y {second} ({secondTotal}).",
  splitShipment:
    "La tienda envía tus artículos en paquetes separados y ha registrado cada uno como un pedido. Juntos suman {sum}.",
  replaced: "La tienda ha sustituido el primer pedido por el segundo. Solo pagas el nuevo.",
  unfinished: "Uno es de una compra que no se completó. No pagas por él.",
  noTwins: "No veo en tu cuenta ningún pedido repetido.",
  returnRegistered: "Tu devolución a {store} (pedido {order}, {amount}) se registró el {date}.",
  returnWaiting:
    "La tienda aún no ha registrado tu devolución a {store} (pedido {order}, {amount}), que comunicaste el {date}.",
  noReturns: "No hay ninguna devolución en tu cuenta.",
  balance: "Tu saldo es de {amount}.",
  cardActive: "Tu tarjeta terminada en {lastFour} está activa.",
  cardBlocked: "Tu tarjeta terminada en {lastFour} está bloqueada desde el {date}.",
  cardOnItsWay: "Tu tarjeta se envió el {date} y está en camino.",
  noCard: "No hay ninguna tarjeta en tu cuenta.",
  refundOnItsWay: "{amount} de {store} están en camino a {to} y deberían llegar antes del {date}.",
  refundDone: "{amount} de {store} se abonaron en {to} el {date}.",
  noRefunds: "No hay ningún reembolso en tu cuenta.",
  to: { card: "tu tarjeta", balance: "tu saldo", bank: "tu cuenta bancaria" },
  fee: "El {date} se cobró un recargo de {amount} porque el pago a {store} que vencía el {due} llegó tarde.",
  noFees: "No se ha cobrado ningún recargo en tu cuenta.",
  order: "{order}: {store}, {amount}, {date} ({state})",
  noOrders: "No hay pedidos en tu cuenta.",
  state: { waiting: "a la espera de la tienda", confirmed: "confirmado", shipped: "enviado", cancelled: "cancelado" },
  source: "De tu cuenta, hoy a las {time}.",
  which: "¿Qué quieres saber de tu cuenta?",
  topics: {
    "next-payment": "Mi próximo pago",
    orders: "Mis pedidos",
    "return-status": "Mis devoluciones",
    refund: "Mis reembolsos",
    balance: "Mi saldo",
    card: "Mi tarjeta",
  },
  unavailable: "Ahora mismo no puedo ver tu cuenta. Inténtalo de nuevo en unos minutos o habla con una persona.",
  lapsed: "Por tu seguridad, la sesión vale 15 minutos. Vuelve a iniciar sesión y podré ver tu cuenta.",
  codeSent:
    "Primero necesito saber que eres tú. Si este número pertenece a una cuenta, le llegará por SMS un código de 6 cifras. Introdúcelo aquí antes de 10 minutos; esta conversación pasará a formar parte de tu cuenta.",
  codeText:
    "{code} es tu código de {company}. Introdúcelo solo en la conversación donde lo pediste. Nadie de {company} te lo pedirá nunca.",
  codeNotNow:
    "Ahora mismo no puedo enviar un código. Inicia sesión en nuestra página de ayuda o habla con una persona.",
  codeWrong: "El código no es correcto o ya no vale. Revisa las cifras o di «iniciar sesión» para recibir otro.",
  signedIn: "Gracias, has iniciado sesión aquí durante 15 minutos.",
  toSignIn: "Iniciar sesión",
};

const ar: AccountWords = {
  nextPayment: "دفعتك القادمة هي {amount} إلى {store}، وتُستحق في {date} (الدفعة {number} من {of}).",
  laterPayment: "وبعدها: {amount} إلى {store} في {date}.",
  overdue: "كانت دفعة بقيمة {amount} إلى {store} مستحقة في {date} ولم تُسدَّد بعد.",
  noPayment: "ليس عليك أي مبلغ للدفع حاليًا.",
  twins: "لديك طلبان من {store}: ‏{first} ({firstTotal}) و{second} ({secondTotal}).",
  splitShipment: "يرسل المتجر المنتجات في طرود منفصلة وسجّل كل طرد كطلب مستقل. مجموعهما {sum}.",
  replaced: "استبدل المتجر الطلب الأول بالثاني. ستدفع ثمن الجديد فقط.",
  unfinished: "أحدهما من عملية شراء لم تكتمل. لن تدفع ثمنه.",
  noTwins: "لا أرى في حسابك أي طلب مكرر.",
  returnRegistered: "سُجِّل الإرجاع إلى {store} (الطلب {order}، {amount}) في {date}.",
  returnWaiting: "لم يسجّل المتجر بعد الإرجاع إلى {store} (الطلب {order}، {amount}) الذي أبلغت عنه في {date}.",
  noReturns: "لا يوجد أي إرجاع في حسابك.",
  balance: "رصيدك هو {amount}.",
  cardActive: "بطاقتك المنتهية بالأرقام {lastFour} مفعّلة.",
  cardBlocked: "بطاقتك المنتهية بالأرقام {lastFour} موقوفة منذ {date}.",
  cardOnItsWay: "أُرسلت بطاقتك في {date} وهي في الطريق.",
  noCard: "لا توجد بطاقة في حسابك.",
  refundOnItsWay: "مبلغ {amount} من {store} في طريقه إلى {to} ويُفترض أن يصل قبل {date}.",
  refundDone: "دُفع مبلغ {amount} من {store} إلى {to} في {date}.",
  noRefunds: "لا يوجد أي استرداد في حسابك.",
  to: { card: "بطاقتك", balance: "رصيدك", bank: "حسابك المصرفي" },
  fee: "فُرضت رسوم تأخير قدرها {amount} في {date} لأن الدفعة إلى {store} المستحقة في {due} تأخرت.",
  noFees: "لم تُفرض أي رسوم تأخير على حسابك.",
  order: "{order}: {store}، {amount}، {date} ({state})",
  noOrders: "لا توجد طلبات في حسابك.",
  state: { waiting: "بانتظار المتجر", confirmed: "مؤكد", shipped: "شُحن", cancelled: "ملغى" },
  source: "من حسابك، اليوم {time}.",
  which: "ماذا تريد أن تعرف عن حسابك؟",
  topics: {
    "next-payment": "دفعتي القادمة",
    orders: "طلباتي",
    "return-status": "مرتجعاتي",
    refund: "المبالغ المستردة",
    balance: "رصيدي",
    card: "بطاقتي",
  },
  unavailable: "لا أستطيع الاطلاع على حسابك الآن. حاول مرة أخرى بعد دقائق، أو تحدث إلى أحد موظفينا.",
  lapsed: "حرصًا على أمانك يسري تسجيل الدخول 15 دقيقة. سجّل الدخول مرة أخرى لأتمكن من الاطلاع على حسابك.",
  codeSent:
    "أحتاج أولًا إلى التأكد من هويتك. إذا كان هذا الرقم تابعًا لحساب، فسيصله رمز من 6 أرقام برسالة نصية. أدخله هنا خلال 10 دقائق؛ وعندها تصبح هذه المحادثة جزءًا من حسابك.",
  codeText: "{code} هو رمزك لدى {company}. أدخله فقط في المحادثة التي طلبته فيها. لن يطلبه منك أي شخص من {company}.",
  codeNotNow: "لا أستطيع إرسال رمز الآن. سجّل الدخول في صفحة المساعدة، أو تحدث إلى أحد موظفينا.",
  codeWrong: "الرمز غير صحيح أو لم يعد صالحًا. تحقق من الأرقام، أو قل «تسجيل الدخول» للحصول على رمز جديد.",
  signedIn: "شكرًا، أنت مسجّل الدخول هنا لمدة 15 دقيقة.",
  toSignIn: "تسجيل الدخول",
};

const byLanguage: Readonly<Record<string, AccountWords>> = { en, sv, de, es, ar };

export function accountWords(locale: string): AccountWords {
  return byLanguage[locale.slice(0, 2)] ?? en;
}
