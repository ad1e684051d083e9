/**
 * "Never call me again", and taking that back. Whoever says so is obeyed for ever (R5), so it takes plain words: a closed
 * list of ways to say it, at the beginning of a clause and with nothing behind them that limits them ("until Monday",
 * "about this"). In the languages of the articles. Training weighs words; here their order says who calls whom.
 */
export type CallWish = "never" | "again";

interface Phrases {
  /** What may stand before the words themselves. */
  readonly openings: string;
  readonly never: readonly string[];
  readonly again: readonly string[];
  /** The one call that is promised shall be off; "can you …?" asks for it all the same. */
  readonly off: readonly string[];
  /** It is not wanted any more; as a question it would ask whether one comes. */
  readonly needless: readonly string[];
  /** What may stand behind them and changes nothing. */
  readonly closings: string;
  /** How a further clause may begin without a comma. */
  readonly continues: string;
}

/** Behind the words that call one call off; "now" or "today" would ask for another time. */
const politely =
  "please|pls|thanks|thank you|any ?more|after all|tack|snälla|längre|trots allt|bitte|danke|por favor|gracias|من فضلكم|من فضلك|رجاء|شكرا|لو سمحتم";
const languages: readonly Phrases[] = [english(), swedish(), german(), spanish(), arabic()];
const wishes = languages.map(({ openings, never, again, off, needless, closings, continues }) => ({
  never: compile(openings, never, closings, ` *(?:$|[.,!?;:…]|(?:${continues})(?!\\p{L}))`),
  // Taken back by a whole sentence only: with a time behind it, it asks for a call.
  again: compile(openings, again, closings, " *(?:$|[.!…])"),
  off: compile(openings, off, politely, " *(?:$|[.!?…])"),
  needless: compile(openings, needless, politely, " *(?:$|[.!…])"),
}));

/** What the words want of our calls, once and for all; null: something else. Pure. */
export function callWish(text: string): CallWish | null {
  const said = plain(text);
  if (wishes.some((words) => words.never.test(said))) return "never";
  return wishes.some((words) => words.again.test(said)) ? "again" : null;
}

/** Is a call that was promised plainly called off, by a whole sentence that says nothing else? Pure. */
export function callsOff(text: string): boolean {
  const said = plain(text);
  return wishes.some(({ off, needless }) => off.test(said) || needless.test(said));
}

/** One way to write each letter, and a mark in the place of a telephone number. */
function plain(text: string): string {
  return text
    .normalize("NFKC")
    .replace(/[\u064B-\u0652\u0640\u2066-\u2069\u200E\u200F]/gu, "")
    .replace(/[أإآ]/gu, "ا")
    .replace(/ى/gu, "ي")
    .replace(/ة/gu, "ه")
    .replace(/[’´`]/gu, "'")
    .replace(/؟/gu, "?")
    .replace(/\+?\d[\d ()/-]{4,}\d/gu, "#")
    .replace(/["“”„«»]/gu, "")
    .replace(/\s*\n\s*/gu, ". ")
    .replace(/[\s،]+/gu, (space) => (space.includes("،") ? ", " : " "))
    .trim()
    .toLowerCase();
}

function compile(openings: string, phrases: readonly string[], closings: string, end: string): RegExp {
  return new RegExp(
    `(?:^|[.!?,;:…] *)[¡¿]?(?:(?:${openings}),? )*(?:${phrases.join("|")})(?:,? (?:${closings}))*(?=${end})`,
    "u",
  );
}

function english(): Phrases {
  const whom =
    "(?:me|us|here|#|(?:on |at )?(?:this|that|my) (?:(?:mobile |cell |phone |telephone )?number|phone|telephone|mobile|cell))";
  const call = "(?:call|phone|ring|telephone|dial)";
  const forGood = "(?:ever again|any ?more|again|ever)";
  const calls = "(?:phone |telephone )?calls";
  return {
    openings:
      "hi|hello|hey|no|ok|okay|yes|well|listen|look|please|pls|kindly|just|and|so|then|(?:can|could|will|would) you|i (?:want|need|ask|told|would like|'d like) you to|i'd like you to|i said|you (?:must|should|have to|need to|are to)",
    never: [
      `never(?: ever)? ${call} ${whom}(?: back)?`,
      `never(?: ever)? ${call}(?: back)? ${forGood}`,
      `(?:do not|don'?t|not) (?:you )?(?:ever )?(?:please )?${call} (?:${whom} )?(?:back )?(?:up )?${forGood}`,
      `(?:do not|don'?t|not) ever ${call} ${whom}`,
      `stop (?:your |the |all (?:your |the |these )?|these )?(?:${calls}|(?:calling|phoning|ringing|telephoning))(?: ${whom})?`,
      `no (?:more|further) ${calls}`,
      `i (?:no longer want|never want|don'?t ever want|do not ever want) (?:you |anyone |anybody )?to (?:${call} ${whom}|be (?:called|phoned|rung))`,
      `i (?:don'?t|do not) (?:want|wish) (?:you |anyone |anybody )?to (?:${call} ${whom}|be (?:called|phoned|rung))(?: by you)? ${forGood}`,
      `i (?:don'?t|do not|no longer|never) (?:want|wish)(?: to (?:get|receive|have))? (?:(?:any more|any further|any|more|further) )?${calls}`,
      `(?:put|add) ${whom} (?:on|to) (?:your |the |a )?(?:do[- ]not|never|no)[- ]call list`,
      `(?:take|remove) ${whom} (?:off|from) (?:your |the )?(?:call|calling|phone|telephone) list`,
    ],
    again: [
      `(?:you (?:may|can|could|are (?:welcome|allowed) to)(?: now)? ${call} (?:${whom} )?(?:now )?again)`,
      `i (?:allow|permit) (?:calls|you to ${call} ${whom}) again`,
      `i (?:do )?want (?:to be called|to get calls|calls) again`,
      `(?:allow|permit|start) (?:calls|calling)(?: ${whom})? again`,
      `(?:take|remove) ${whom} (?:off|from) (?:your |the )?(?:do[- ]not|never|no)[- ]call list`,
    ],
    off: [
      `(?:cancel|call off|drop) (?:my|the|that|this|our|your) (?:(?:phone|telephone|booked|scheduled|planned) )*(?:call|callback|call-back|call back|appointment for the call)`,
      "cancel (?:call|callback|call-back)",
      `i(?: want| need| wish| would like|'d like)(?: you)? to (?:cancel|call off) (?:my|the|that|this|our|your) (?:(?:phone|booked|scheduled) )*(?:call|callback|call-back|call back)`,
    ],
    needless: [
      `(?:do not|don'?t) ${call} ${whom}(?: back)?`,
      `(?:you )?(?:do not|don'?t) (?:need|have) to ${call} ${whom}(?: back)?`,
      `(?:there is |there'?s )?no need (?:for you )?to ${call} ${whom}(?: back)?`,
      `i (?:no longer|do not|don'?t) (?:need|want) (?:a|the|that|your|my) (?:call|callback|call-back|call back)`,
    ],
    closings: `please|pls|now|already|thanks|thank you|ok|okay|${forGood}|at all|back|from you|by (?:phone|telephone|you)|on the phone|from now on|for good|altogether|completely|all the time|every (?:single )?day|day and night|to ${whom}|${whom}|under any circumstances|if you like`,
    continues: "and|or|i|i'?ll|it|it'?s|because|since|but (?:text|write|e-?mail|message|send)",
  };
}

function swedish(): Phrases {
  const whom =
    "(?:(?:till |på )?(?:mig|oss|hit|#|(?:det här |detta |mitt )?(?:telefon|mobil)?(?:numret|nummer)|min (?:telefon|mobil)))";
  const forGood = "(?:någonsin igen|nånsin igen|mer|igen|längre|någonsin|nånsin|fler gånger|en gång till)";
  const calls = "(?:telefon)?samtal(?:en)?";
  return {
    openings:
      "hej|hallå|nej|okej|ok|ja|snälla|vänligen|och|så|då|kan (?:ni|du)|kunde (?:ni|du)|skulle (?:ni|du) kunna|jag vill att (?:ni|du)|(?:ni|du) (?:måste|ska)|var (?:snäll|snälla|vänlig|vänliga) och|jag ber er att",
    never: [
      `ring(?:a)? (?:upp )?(?:${whom} )?aldrig(?: ${forGood})?(?: (?:upp )?${whom})?`,
      `aldrig(?: mer| någonsin| nånsin)? ring(?:a|er)?(?: upp)?(?: ${whom})`,
      `ring(?:a)? (?:upp )?(?:${whom} )?inte (?:${whom} )?(?:något )?${forGood}(?: ${whom})?`,
      `inte ring(?:a|er) (?:upp )?(?:${whom} )?${forGood}`,
      `slutar? (?:upp )?(?:med )?(?:att )?ring(?:a)?(?: upp)?(?: ${whom})?`,
      `slutar? med (?:era |alla |de här )?${calls}`,
      `inga (?:fler |flera |mer )${calls}`,
      `jag vill (?:aldrig|inte längre|inte mer)(?: mer| någonsin)? (?:bli (?:upp)?ringd|att ni ringer(?: upp)? ${whom}|ha (?:några )?(?:fler )?${calls})`,
      `jag vill inte (?:bli (?:upp)?ringd|att ni ringer(?: upp)? ${whom})(?: av er)? ${forGood}`,
      `jag vill inte ha (?:några fler |några |fler |mer )${calls}`,
      `(?:ni|du) får (?:aldrig|inte)(?: mer| längre)? ringa(?: upp)? ${whom} ${forGood}`,
      `(?:ni|du) får aldrig(?: mer| någonsin)? ringa(?: upp)? ${whom}`,
      `(?:ta|plocka|stryk) (?:bort )?${whom} (?:från|ur) (?:er |eran )?(?:ringlista|samtalslista|telefonlista)`,
    ],
    again: [
      `(?:ni|du) (?:får|kan) (?:gärna )?ringa (?:upp )?${whom} igen`,
      "jag vill (?:kunna )?bli (?:upp)?ringd igen",
      `tillåt(?:er)? ${calls} igen`,
    ],
    off: [
      "(?:jag (?:vill|behöver|önskar) )?(?:avboka|ställ(?:a|er)? in|stryk(?:a)?|ta bort) (?:(?:mitt|det|det där|min|den) )?(?:bokade )?(?:(?:telefon)?samtal(?:et)?|(?:åter)?uppringning(?:en)?)",
    ],
    needless: [
      `(?:ni|du) behöver inte ringa (?:upp )?(?:${whom}|tillbaka)(?: tillbaka)?`,
      `ring(?:a)? (?:upp )?${whom} inte(?: tillbaka)?`,
      "jag behöver inte (?:bli (?:upp)?ringd|något samtal|samtalet)",
    ],
    closings: `tack|snälla|nu|redan|${forGood}|alls|från er|av er|från och med nu|hela tiden|varje dag|dygnet runt|${whom}|om ni vill`,
    continues: "och|eller|jag|det|för|eftersom|utan (?:skriv|smsa|mejla)|men (?:skriv|smsa|mejla)",
  };
}

function german(): Phrases {
  const whom =
    "(?:mich|uns|hier|#|bei (?:mir|uns)|(?:auf |unter |bei )?(?:diese|meine)[rn]? (?:telefon|handy|mobil)?nummer|(?:auf )?(?:mein|meinem|diesem) (?:handy|telefon))";
  const forGood = "(?:(?:nie|niemals|nimmer)(?: wieder| mehr)*|nicht (?:mehr|wieder|noch ?einmal|noch ?mal|länger))";
  const calls = "(?:telefon|werbe)?anrufe";
  return {
    openings:
      "hallo|guten tag|nein|ja|ok|okay|bitte|und|also|dann|(?:können|könnten|würden) sie|könnt ihr|dass (?:sie|ihr)|(?:sie|ihr) (?:sollen|dürfen|sollt|dürft)|ich bitte sie",
    never: [
      `(?:rufen sie|ruft|rufe|ruf)(?: bitte)?(?: ${whom})?(?: bitte)? ${forGood}(?: ${whom})?(?: wieder)? an`,
      `(?:${whom} )?(?:bitte )?${forGood} (?:${whom} )?(?:anrufen|anruft)`,
      `(?:hören sie|hört|hör)(?: bitte| endlich)* auf,? (?:damit,? )?(?:${whom} )?(?:ständig |immer |dauernd )?anzurufen`,
      `keine (?:weiteren ${calls}|${calls} mehr)`,
      `ich (?:möchte|will|wünsche) (?:(?:von ihnen )?keine (?:weiteren )?${calls}(?: von ihnen)?(?: mehr)?|(?:von ihnen )?${forGood}(?: von ihnen)? angerufen werden)`,
      `(?:streichen|löschen|nehmen|entfernen) sie ${whom} (?:von|aus) (?:ihrer |der )?(?:anrufliste|telefonliste)`,
    ],
    again: [
      `(?:sie|ihr) (?:dürfen|können|dürft|könnt) ${whom} (?:gerne? |jetzt )?wieder anrufen`,
      "ich (?:möchte|will) wieder angerufen werden",
      `(?:ich erlaube )?${calls} (?:sind )?wieder(?: erlaubt| erlauben)?`,
    ],
    off: [
      "(?:stornieren|streichen) sie (?:bitte )?(?:meinen|den) (?:rückruf|anruf|telefontermin)",
      "sagen sie (?:bitte )?(?:meinen|den) (?:rückruf|anruf|telefontermin) (?:bitte )?ab",
      "(?:ich (?:möchte|will|würde gern|würde gerne) )?(?:(?:meinen|den) )?(?:rückruf|anruf|telefontermin) (?:bitte )?(?:absagen|stornieren|streichen)",
    ],
    needless: [
      "(?:sie|ihr) (?:brauchen|müssen|braucht|müsst) mich nicht (?:mehr )?(?:zurückrufen|anrufen|zurückzurufen|anzurufen)",
      "(?:rufen sie|ruft|ruf) mich (?:bitte |doch )*nicht (?:an|zurück)",
      "ich brauche (?:den rückruf nicht mehr|den anruf nicht mehr|keinen (?:rückruf|anruf) mehr)",
    ],
    closings: `bitte|danke|jetzt|endlich|von ihnen|ab (?:jetzt|sofort)|in zukunft|jeden tag|ständig|${whom}`,
    continues: "und|oder|ich|das|weil|denn|sondern|aber (?:schreiben|schreibt)",
  };
}

function spanish(): Phrases {
  const number = "(?:al?|en) (?:#|(?:este|mi) (?:número|numero|teléfono|telefono|móvil|movil|celular))";
  const forGood = "(?:nunca más|nunca mas|nunca jamás|nunca|jamás|jamas|más|mas|otra vez|de nuevo|nuevamente)";
  const call = "llam(?:en|es|e|éis|eis)";
  const again = "vuelv(?:an|as|a|áis|ais) a llamar(?:me|nos)?";
  return {
    openings:
      // "No" before a verb is its "not".
      "hola|oiga|oigan|no(?=,| no )|sí|si|bueno|vale|por favor|y|pues|entonces|(?:les|os|le|te) pido que|(?:quiero|exijo|solicito|pido) que|(?:pueden|podrían|puede|podría|podéis|puedes)",
    never: [
      `no (?:me|nos) ${call} (?:por teléfono )?${forGood}`,
      `no (?:me |nos )?${call} (?:${forGood} ${number}|${number} ${forGood})`,
      `(?:ya )?(?:nunca más|nunca mas|nunca|jamás|jamas) (?:me|nos) (?:${call}|${again})`,
      `(?:nunca más|nunca mas|nunca|jamás|jamas) (?:${call}|${again}) ${number}`,
      `no (?:(?:me|nos) )?${again}`,
      "(?:dejen|deje|deja|dejad|paren|pare|parad|dejar) (?:ya )?de llamar(?:me|nos)?",
      "no (?:más|mas) llamadas",
      "ni una llamada (?:más|mas)",
      "(?:ya )?no (?:quiero|deseo) (?:recibir )?(?:más|mas|ninguna|nuevas) llamadas?",
      `(?:ya )?no (?:quiero|deseo) que (?:me|nos) (?:${call} ${forGood}|${again})`,
      "(?:quiten|quitad|quite|borren|borrad|saquen|eliminen|elimine)(?:me| mi número) de (?:su|la|vuestra) lista de llamadas",
    ],
    again: [
      "(?:ya )?(?:me )?(?:pueden|puede|puedes|podéis) (?:volver a llamar(?:me)?|llamar(?:me)? (?:otra vez|de nuevo|nuevamente))",
      "(?:permito|acepto) (?:las )?llamadas (?:otra vez|de nuevo|nuevamente)",
      "quiero (?:volver a recibir llamadas|recibir llamadas (?:otra vez|de nuevo))",
    ],
    off: [
      "(?:cancel|anul)(?:en|e|a|ad|ar|es) (?:(?:mi|la|esa|esta) )?llamada",
      "(?:quiero|quisiera|deseo|necesito|me gustaría) (?:cancelar|anular) (?:mi|la|esa|esta) llamada",
    ],
    needless: [
      "(?:ya )?no (?:hace falta|es necesario) que (?:me|nos) (?:llam(?:en|e|es|éis)|devuelvan la llamada)",
      "(?:al final )?no (?:me|nos) llam(?:en|e|es|éis)",
      "ya no necesito (?:la llamada|que me llam(?:en|e|es|éis))",
    ],
    closings: `por favor|gracias|ya|ahora|${forGood}|${number}|de ustedes|suyas|vuestras|todos los días|a todas horas|si quieren|si quieres`,
    continues: "y|o|ni|porque|yo|es|sino|pero (?:escríb|mánd|envíe|envíen)\\p{L}*",
  };
}

/** Written as `plain` leaves the letters. */
function arabic(): Phrases {
  const whom = "(?:بي|علي|معي|بنا|علينا|#|(?:علي |ب)(?:هذا الرقم|هالرقم)|(?:علي |ب)رقمي|علي #)";
  const call = "(?:تتصلوا|تتصلو|تتصلون|تتصلي|تتصل|تعاودوا الاتصال|تعيدوا الاتصال)";
  const forGood =
    "(?:ابدا|ابد|مره اخري|مره ثانيه|مجددا|من جديد|بعد الان|بعد اليوم|نهائيا|مطلقا|ثانيه|تاني|في المستقبل|مستقبلا)";
  const calls = "(?:ال)?(?:مكالمات|اتصالات)";
  return {
    openings:
      // Before a verb it is its "not".
      "مرحبا|السلام عليكم|لا(?=,| لا )|نعم|حسنا|من فضلكم|من فضلك|رجاء|الرجاء|ارجوكم|ارجو|ارجو منكم|و|لو سمحتم|لو سمحت|هل يمكنكم|اطلب منكم|اريد منكم",
    never: [
      `(?:لا|الا|ان لا) (?:عاد )?${call}(?: ${whom})? ${forGood}(?: ${whom})?`,
      `لا عاد ${call} ${whom}`,
      `(?:لا|الا) (?:تعاودوا|تعيدوا) الاتصال ${whom}`,
      `(?:توقفوا|توقف|كفوا|كف|التوقف|ان تتوقفوا) عن (?:الاتصال|معاوده الاتصال)(?: ${whom})?`,
      `(?:بطلوا|بطل|وقفوا) (?:تتصلون|تتصلوا|تتصل)(?: ${whom})?`,
      `(?:اوقفوا|وقفوا) (?:هذه )?${calls}`,
      `(?:لا|ما|لم اعد) (?:اريد|ارغب في|ابي|ابغي|ارغب)(?: تلقي| استقبال)?(?: اي| المزيد من| مزيدا من)? ${calls}`,
      `لا (?:اريد|اريدكم|ارغب في|ارغب)(?: في)? ان (?:${call}|يتصل)(?: احد)?(?: ${whom})? ${forGood}`,
      `(?:احذفوا|ازيلوا|شيلوا) رقمي من قائمه (?:الاتصال|المكالمات|الاتصالات)`,
    ],
    again: [
      `(?:يمكنكم|يمكنك|بامكانكم|مسموح لكم|اسمح لكم|تقدرون)(?: الان)? (?:ان تتصلوا|ان تتصل|بالاتصال|الاتصال|معاوده الاتصال|تتصلون|بمعاوده الاتصال) ${whom} ${forGood}`,
      `اسمح ب${calls} ${forGood}`,
    ],
    off: [
      "(?:الغوا|الغ|الغي|الغاء|(?:اريد|اود|ابي|ابغي) الغاء) (?:مكالمتي|المكالمه|الاتصال|موعد المكالمه|معاوده الاتصال)",
    ],
    needless: [
      `(?:لا داعي|لا حاجه|ما في داعي|لم يعد هناك داع) (?:للاتصال|لان تتصلوا|ان تتصلوا|لمعاوده الاتصال|الي الاتصال)(?: ${whom})?`,
      `لا ${call} ${whom}`,
      "لم اعد (?:احتاج|بحاجه)(?: الي)? (?:المكالمه|مكالمه|الاتصال|اتصال)",
    ],
    closings: `من فضلكم|من فضلك|رجاء|شكرا|الان|${forGood}|منكم|هاتفيه|اخري|جديده|كل يوم|${whom}|لو سمحتم`,
    continues: "و\\p{L}*|او|لاني|لانني|انا|بل|فقط",
  };
}
