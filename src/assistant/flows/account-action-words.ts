/** What is said before and after something is done in an account, by language. */
export interface ActionWords {
  readonly signInAgain: string;
  readonly codeSent: string;
  readonly whether: string;
  /** On the buttons; WhatsApp shows 20 characters of them. */
  readonly yes: string;
  readonly no: string;
  readonly again: string;
  readonly done: string;
  readonly kept: string;
  readonly tooLate: string;
  readonly notKnown: string;
}

const byLanguage: Readonly<Record<string, ActionWords>> = {
  en: {
    signInAgain:
      "Before I block your card I have to be sure that it is you who asks, here and now. Please sign in once more; then I ask you to confirm.",
    codeSent:
      "Before I block your card I have to be sure that it is you who asks, here and now. A 6-digit code is on its way to your number by SMS. Enter it here within 10 minutes; then I ask you to confirm.",
    whether: "Shall I block your card ending in {lastFour}? Nobody can pay with it after that.",
    yes: "Yes, block it",
    no: "No, leave it",
    again: "Try again",
    done: "Your card ending in {lastFour} is blocked.",
    kept: "Nothing was changed: your card is as it was.",
    tooLate:
      "For your safety, your proof holds for 15 minutes, and they are over. Nothing was changed. Say “block my card” to begin again.",
    notKnown:
      "I could not find out whether your card is blocked now. Please try again, which blocks it once at most, or talk to a person.",
  },
  sv: {
    signInAgain:
      "Innan jag spärrar kortet måste jag vara säker på att det är du som ber om det, här och nu. Logga in en gång till; sedan ber jag dig bekräfta.",
    codeSent:
      "Innan jag spärrar kortet måste jag vara säker på att det är du som ber om det, här och nu. En 6-siffrig kod är på väg till ditt nummer med sms. Skriv eller säg den här inom 10 minuter; sedan ber jag dig bekräfta.",
    whether: "Ska jag spärra kortet som slutar på {lastFour}? Efter det kan ingen betala med det.",
    yes: "Ja, spärra det",
    no: "Nej, låt det vara",
    again: "Försök igen",
    done: "Ditt kort som slutar på {lastFour} är spärrat.",
    kept: "Inget är ändrat: kortet är som förut.",
    tooLate:
      "För din säkerhet gäller beviset i 15 minuter, och de är slut. Inget är ändrat. Säg ”spärra mitt kort” för att börja om.",
    notKnown:
      "Jag kunde inte få reda på om kortet är spärrat nu. Försök igen, det spärras högst en gång, eller prata med en människa.",
  },
  de: {
    signInAgain:
      "Bevor ich Ihre Karte sperre, muss ich sicher sein, dass Sie selbst es sind, hier und jetzt. Bitte melden Sie sich noch einmal an; dann bitte ich Sie um Ihre Bestätigung.",
    codeSent:
      "Bevor ich Ihre Karte sperre, muss ich sicher sein, dass Sie selbst es sind, hier und jetzt. Ein 6-stelliger Code ist per SMS an Ihre Nummer unterwegs. Geben Sie ihn hier innerhalb von 10 Minuten ein; dann bitte ich Sie um Ihre Bestätigung.",
    whether: "Soll ich Ihre Karte mit den Endziffern {lastFour} sperren? Danach kann niemand mehr damit zahlen.",
    yes: "Ja, sperren",
    no: "Nein, so lassen",
    again: "Noch einmal",
    done: "Ihre Karte mit den Endziffern {lastFour} ist gesperrt.",
    kept: "Es wurde nichts geändert: Ihre Karte ist wie zuvor.",
    tooLate:
      "Zu Ihrer Sicherheit gilt Ihr Nachweis 15 Minuten, und die sind vorbei. Es wurde nichts geändert. Sagen Sie „Karte sperren“, um neu zu beginnen.",
    notKnown:
      "Ich konnte nicht herausfinden, ob Ihre Karte jetzt gesperrt ist. Versuchen Sie es noch einmal, gesperrt wird höchstens einmal, oder sprechen Sie mit einem Menschen.",
  },
  es: {
    signInAgain:
      "Antes de bloquear tu tarjeta tengo que estar seguro de que eres tú quien lo pide, aquí y ahora. Inicia sesión otra vez; después te pediré que lo confirmes.",
    codeSent:
      "Antes de bloquear tu tarjeta tengo que estar seguro de que eres tú quien lo pide, aquí y ahora. Te llegará por SMS a tu número un código de 6 cifras. Introdúcelo aquí antes de 10 minutos; después te pediré que lo confirmes.",
    whether: "¿Bloqueo tu tarjeta terminada en {lastFour}? Después nadie podrá pagar con ella.",
    yes: "Sí, bloquéala",
    no: "No, déjala",
    again: "Intentar de nuevo",
    done: "Tu tarjeta terminada en {lastFour} está bloqueada.",
    kept: "No se ha cambiado nada: tu tarjeta está como antes.",
    tooLate:
      "Por tu seguridad, la comprobación vale 15 minutos y ya han pasado. No se ha cambiado nada. Di «bloquea mi tarjeta» para empezar de nuevo.",
    notKnown:
      "No he podido saber si tu tarjeta está bloqueada ahora. Inténtalo de nuevo, se bloquea una vez como mucho, o habla con una persona.",
  },
  ar: {
    signInAgain:
      "قبل إيقاف بطاقتك يجب أن أتأكد من أنك أنت من يطلب ذلك، هنا والآن. سجّل الدخول مرة أخرى، ثم سأطلب منك التأكيد.",
    codeSent:
      "قبل إيقاف بطاقتك يجب أن أتأكد من أنك أنت من يطلب ذلك، هنا والآن. سيصل إلى رقمك رمز من 6 أرقام برسالة نصية. أدخله هنا خلال 10 دقائق، ثم سأطلب منك التأكيد.",
    whether: "هل أوقف بطاقتك المنتهية بالأرقام {lastFour}؟ لن يستطيع أحد الدفع بها بعد ذلك.",
    yes: "نعم، أوقفها",
    no: "لا، اتركها",
    again: "حاول مرة أخرى",
    done: "بطاقتك المنتهية بالأرقام {lastFour} موقوفة الآن.",
    kept: "لم يتغيّر شيء: بطاقتك كما كانت.",
    tooLate: "حرصًا على أمانك يسري التحقق 15 دقيقة وقد انتهت. لم يتغيّر شيء. قل «أوقف بطاقتي» للبدء من جديد.",
    notKnown:
      "لم أستطع معرفة ما إذا كانت بطاقتك موقوفة الآن. حاول مرة أخرى، فهي تُوقف مرة واحدة على الأكثر، أو تحدث إلى أحد موظفينا.",
  },
};

export function actionWords(locale: string): ActionWords {
  return (byLanguage[locale.slice(0, 2)] ?? byLanguage.en) as ActionWords;
}
