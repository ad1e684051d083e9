/**
 * "Please call me about a late fee tomorrow at 10": whoever plainly asks to be called is called, whatever it is about.
 * Training weighs words and finds the late fee; who asks, whom, and for what is in the order of a few of them.
 */

/** What may stand behind "call me" when a call is meant; behind "call me Anna" stands a name. */
const then = {
  en: "back|again|up|about|regarding|concerning|because|on|at|in|by|before|after|between|when|if|as|to|for|from|so|and|or|today|tonight|tomorrow|now|later|soon|asap|please|thanks|this|next|one|once|any|monday|tuesday|wednesday|thursday|friday|saturday|sunday",
  sv: "upp|tillbaka|igen|om|angående|gällande|på|i|vid|klockan|kl|före|efter|mellan|när|för|så|och|nu|idag|imorgon|ikväll|snarast|tack|senare|nästa|måndag|tisdag|onsdag|torsdag|fredag|lördag|söndag",
} as const;

const requests: readonly RegExp[] = [
  compile(
    `(?:^|[.!?,;:–-] *|please |(?:can|could|would|will) (?:you|u|someone|somebody|anyone|an agent|a person) (?:please )?|(?:want|need|like) (?:you|someone|somebody) to |have (?:someone|somebody) )(?:please )?(?:call|ring|phone) me(?= *(?:$|[.,!?;:\\d+(]| (?:${then.en})\\b))`,
  ),
  compile(
    "(?:^|please |(?:can|could|would|will) (?:you|u|someone|somebody|anyone) (?:please )?)give me a (?:call|ring)(?!\\p{L})",
  ),
  compile(
    `(?:^|[.!?,;:–-] *|snälla |vänligen |(?:kan|kunde|skulle|vill) (?:ni|du|någon|nån) (?:kunna )?(?:vänligen |snälla )?|(?:att|så) (?:ni|du|någon|nån) )(?:ring|ringa|ringer) (?:upp )?mig(?= *(?:$|[.,!?;:\\d+(]| (?:${then.sv})(?!\\p{L})))`,
  ),
  compile("(?:vill|skulle vilja|önskar|behöver) (?:gärna )?bli (?:upp)?ringd(?!\\p{L})"),
  compile(
    "(?:^|[.!?,;:–-] *|bitte )(?:bitte )?(?:rufen sie|ruft|ruf) mich (?:[^.!?]* )?(?:an|zurück)(?= *(?:$|[.,!?;:]))",
  ),
  compile(
    "(?:können|könnten|würden) sie mich (?:[^.!?]* )?(?:anrufen|zurückrufen)|(?:kann|könnte) mich (?:bitte )?(?:jemand|wer) (?:[^.!?]* )?(?:anrufen|zurückrufen)|(?:^|[.!?,;:–-] *)bitte (?:[^.!?]* )?mich (?:[^.!?]* )?(?:anrufen|zurückrufen)",
  ),
  compile("(?:bitte um|möchte|hätte gern\\p{L}*|brauche|wünsche) (?:gern\\p{L}* )?(?:einen |ihren )?rückruf(?!\\p{L})"),
  compile(
    "(?:^|[.!?,;:¡¿–-] *|por favor,? )(?:por favor,? )?ll[áa]m(?:a|e|en)me(?!\\p{L})|(?:puede|pueden|podría|podrían|puedes|podrías)(?: alguien)? (?:por favor )?llamarme(?!\\p{L})|me (?:puede|pueden|podría|podrían|puedes|podrías) (?:por favor )?llamar(?!\\p{L})|(?:quiero|quisiera|necesito|me gustaría) que (?:alguien )?me llame[ns]?(?!\\p{L})",
  ),
  compile(
    "(?:^|[.!?,;:،؟–-] *|رجاء |من فضلك |أرجو |ارجو |يرجى )(?:أرجو |رجاء |من فضلكم )?(?:ال)?(?:اتصل|اتصلوا|اتصلي|إتصل|إتصلوا|اتصال) بي(?!\\p{L})|(?:أن|ان) (?:تتصل|تتصلوا|يتصل)(?: أحد)? بي(?!\\p{L})|(?:يمكنكم|يمكنك|ممكن) (?:معاودة )?(?:الاتصال|تتصلوا|تتصل) بي(?!\\p{L})|(?:^|[.!?,;:،؟–-] *)(?:كلموني|كلمني)(?! مع|\\p{L})",
  ),
];

/** Somebody asks about a call that was, or wants none. */
const others = compile(
  "(?<!\\p{L})(?:why|who|when|how|what|which|don'?t|do not|never|stop|varför|vem|när|hur|inte|aldrig|sluta|warum|wieso|weshalb|wer|wann|wie|nicht|nie|por qué|quién|cuándo|cómo|no|nunca|لماذا|من الذي|متى|كيف|لا|لم)(?!\\p{L})[^.!?؟]*$",
);

const refused = compile("(?<!\\p{L})(?:nicht|nie|niemals)(?!\\p{L})");

/** Does a text plainly ask to be called by telephone? In the languages of the articles; pure. */
export function asksForCall(text: string): boolean {
  const said = text.normalize("NFC").replace(/\s+/gu, " ").replace(/[’´`]/gu, "'").trim();
  return requests.some((request) => {
    const found = request.exec(said);
    // What stands before it in its own sentence says whether it is asked for; in German it may stand within.
    return found !== null && !others.test(said.slice(0, found.index)) && !refused.test(found[0]);
  });
}

function compile(source: string): RegExp {
  return new RegExp(source, "iu");
}
