/**
 * The words in which our customers say a time, in every language we are called in, as patterns over `plain` text. The
 * grammar that puts them together is in `read-time.ts`.
 */

/** Small letters, Western figures, Arabic without vowel signs and in one spelling. Pure. */
export function plain(text: string): string {
  return text
    .normalize("NFC")
    .toLowerCase()
    .replace(/[٠-٩]/g, (digit) => String(digit.charCodeAt(0) - 0x660))
    .replace(/[۰-۹]/g, (digit) => String(digit.charCodeAt(0) - 0x6f0))
    .replace(/[\u064b-\u0652\u0640\u200e\u200f\u061c]/g, "")
    .replace(/[أإآ]/g, "ا")
    .replaceAll("ى", "ي")
    .replace(/[’']/g, "'")
    .replace(/\s+/g, " ");
}

/** What Arabic writes in one with the word behind it: and, at, for. */
const joined = "(?:[وبل]|لل)?";
export const ends = "(?![\\p{L}\\p{N}])";
export const begins = "(?<![\\p{L}\\p{N}])";
/** Letters on both sides end a word; \b knows only English ones. */
const word = (words: string) => new RegExp(`${begins}${joined}(?:${plain(words)})${ends}`, "u");

export const days: readonly (readonly [RegExp, number])[] = [
  [word("day after tomorrow|i ?övermorgon|övermorgon|übermorgen|pasado mañana|بعد غدا?|بعد بكرة"), 2],
  [
    word(
      "tomorrow|tmrw|i ?morgon|imorrn|(?<!heute |am |(?:mon|diens|donners|frei|sams|sonn)tag |mittwoch )morgen|(?<!(?:la|esta|de) )mañana|غدا?|الغد|بكرة|بكرا",
    ),
    1,
  ],
  [
    word(
      "today|tonight|this (?:morning|afternoon|evening)|i ?dag|i ?kväll|i ?eftermiddag|i ?förmiddag|heute|hoy|esta (?:mañana|tarde|noche)|اليوم|الليلة",
    ),
    0,
  ],
];
/** Monday first. */
export const weekdays = [
  word("mondays?|mon|måndag(?:en)?|montags?|lunes|الاثنين"),
  word("tuesdays?|tue|tues|tisdag(?:en)?|dienstags?|martes|الثلاثاء"),
  word("wednesdays?|wed|onsdag(?:en)?|mittwochs?|miércoles|miercoles|الأربعاء"),
  word("thursdays?|thu|thurs?|torsdag(?:en)?|donnerstags?|jueves|الخميس"),
  word("fridays?|fri|fredag(?:en)?|freitags?|viernes|الجمعة"),
  word("saturdays?|sat|lördag(?:en)?|samstags?|sonnabend|sábado|sabado|السبت"),
  word("sundays?|sun|söndag(?:en)?|sonntags?|domingo|الأحد"),
];
export const nextWeek = word(
  "next week|nästa vecka|nächste[rn]? woche|(?:la )?(?:próxima|proxima) semana|(?:la )?semana que viene|(?:الأسبوع|الاسبوع) (?:القادم|المقبل|الجاي)",
);
/** January first. */
export const monthNames = [
  "january|jan|januari|januar|jänner|enero|يناير",
  "february|feb|februari|februar|febrero|فبراير",
  "march|mar|mars|märz|marzo|مارس",
  "april|apr|abril|أبريل|ابريل",
  "may|maj|mai|mayo|مايو",
  "june|jun|juni|junio|يونيو",
  "july|jul|juli|julio|يوليو",
  "august|aug|augusti|agosto|أغسطس",
  "september|sept?|septiembre|setiembre|سبتمبر",
  "october|oct|okt|oktober|octubre|أكتوبر",
  "november|nov|noviembre|نوفمبر",
  "december|dec|dez|dezember|dic|diciembre|ديسمبر",
].map(plain);

export interface PartOfDay {
  readonly words: RegExp;
  /** In hours. */
  readonly from: number;
  readonly to: number;
  /** Said alone it is this hour. */
  readonly sharp?: number;
}
const part = (words: string, from: number, to: number, sharp?: number): PartOfDay => ({
  words: word(words),
  from,
  to,
  ...(sharp === undefined ? {} : { sharp }),
});
/** The afternoon before the morning: "tarde" is said of both with "mañana" as the day. */
export const parts: readonly PartOfDay[] = [
  part("afternoon|(?:i ?)?eftermiddag(?:en)?|nachmittags?|tarde|بعد الظهر|عصرا|العصر", 13, 17),
  part("noon|midday|mitt på dagen|mediodía|mediodia|الظهر|ظهرا", 12, 13, 12),
  part("lunch(?:time)?|lunchtid|mittags?", 12, 13),
  part("evening|tonight|night|(?:i ?)?kväll(?:en)?|abends?|noche|المساء|مساءا?|ليلا|الليل|الليلة", 17, 20),
  part(
    "morning|(?:i ?)?förmiddag(?:en)?|på morgonen|bitti|vormittags?|morgens|früh|(?:heute|am) morgen|(?:mon|diens|donners|frei|sams|sonn)tag morgen|mittwoch morgen|(?:la|esta) mañana|الصباح|صباحا?|الصبح",
    8,
    12,
  ),
];
/** Between an hour and the part of its day: "seven in the evening", "sju på kvällen", "siete de la tarde". */
export const ofPart = "(?:in (?:the )?|at |på |i |am |in der |de |por |del |en |في )?(?:la )?";

export const now = word(
  "now|right away|immediately|asap|as soon as possible|straight away|nu|genast|direkt|så snart som möjligt|jetzt|sofort|gleich|so bald wie möglich|ahora(?: mismo)?|ya|cuanto antes|lo antes posible|الآن|حالا|فورا|في أقرب وقت",
);

function table(...lists: readonly string[]): ReadonlyMap<string, number> {
  return new Map(
    lists.flatMap((list) =>
      list.split(" ").flatMap((entry): [string, number][] => {
        const [words = "", value] = entry.split("=");
        return words.split("|").map((one) => [plain(one.replaceAll("_", " ")), Number(value)]);
      }),
    ),
  );
}
const upToTwenty = [
  "one=1 two=2 three=3 four=4 five=5 six=6 seven=7 eight=8 nine=9 ten=10 eleven=11 twelve=12 thirteen=13 fourteen=14 fifteen=15 sixteen=16 seventeen=17 eighteen=18 nineteen=19 twenty=20",
  "ett=1 två=2 tre=3 fyra=4 fem=5 sex=6 sju=7 åtta=8 nio=9 tio=10 elva=11 tolv=12 tretton=13 fjorton=14 femton=15 sexton=16 sjutton=17 arton=18 nitton=19 tjugo=20",
  "eins=1 ein=1 zwei|zwo=2 drei=3 vier=4 fünf=5 sechs=6 sieben=7 acht=8 neun=9 zehn=10 elf=11 zwölf=12 dreizehn=13 vierzehn=14 fünfzehn=15 sechzehn=16 siebzehn=17 achtzehn=18 neunzehn=19 zwanzig=20",
  "una=1 uno=1 dos=2 tres=3 cuatro=4 cinco=5 seis=6 siete=7 ocho=8 nueve=9 diez=10 once=11 doce=12 trece=13 catorce=14 quince=15 dieciséis|dieciseis=16 diecisiete=17 dieciocho=18 diecinueve=19 veinte=20",
  "واحدة=1 اثنين|اثنتين|ثنتين=2 ثلاثة|ثلاث=3 أربعة|أربع=4 خمسة|خمس=5 ستة|ست=6 سبعة|سبع=7 ثمانية|ثماني=8 تسعة|تسع=9 عشرة|عشر=10",
];
/** Hours as they are said; Arabic counts them as the first to the twelfth. */
export const hours = table(
  ...upToTwenty,
  "tjugoett|tjugoen=21 tjugotvå=22 tjugotre=23 einundzwanzig=21 zweiundzwanzig=22 dreiundzwanzig=23 veintiuna=21 veintidós|veintidos=22 veintitrés|veintitres=23",
  "الواحدة=1 الثانية_عشر=12 الحادية_عشرة=11 الحادية_عشر=11 الثانية=2 الثالثة=3 الرابعة=4 الخامسة=5 السادسة=6 السابعة=7 الثامنة=8 التاسعة=9 العاشرة=10",
  "الثانية_عشرة=12 إحدى_عشرة=11 أحد_عشر=11 اثنتي_عشرة=12 اثنا_عشر=12 اثني_عشر=12",
);
/** Minutes before or behind an hour, and how many minutes, hours or days it is until then. */
export const amounts = table(
  ...upToTwenty,
  "a|an=1 en=1 eine|einer|einem=1 un=1",
  "twenty-five|twenty_five=25 thirty=30 forty=40 forty-five|forty_five=45 fifty=50 quarter|a_quarter=15 half=30",
  "tjugofem=25 trettio=30 trettiofem=35 fyrtio=40 fyrtiofem=45 femtio=50 kvart|en_kvart=15",
  "fünfundzwanzig=25 dreißig|dreissig=30 vierzig=40 fünfundvierzig=45 fünfzig=50 viertel=15 dreiviertel=45",
  "veinticinco=25 treinta=30 cuarenta=40 cuarenta_y_cinco=45 cincuenta=50 cuarto=15 media=30",
  "الربع|ربع=15 النصف|نصف|نص=30 الثلث|ثلث=20 عشرين=20 ثلاثين=30 أربعين=40 خمسين=50",
);
export const oneOf = (words: ReadonlyMap<string, number>): string =>
  [...words.keys()].sort((a, b) => b.length - a.length).join("|");

/** Before an hour. */
export const leads = plain(
  "at|around|about|by|from|after|@|kl\\.?|klockan|vid|runt|efter|från|um|gegen|ab|nach|ca\\.?|circa|a las?|sobre las?|hacia las?|desde las?|después de las?|الساعة|للساعة|بعد الساعة|حوالي|عند",
);
/** "Five past nine", "fem i tio", "fünf vor zehn": how the minutes stand to the hour behind them. */
export const past = plain("past|after|över|nach");
export const before = plain("to|before|till|i|vor");
/** Half an hour before in Swedish and German, after in English. */
export const halfTo = plain("halb|halv");
export const halfPast = plain("half past|half");
export const minuteWords = plain("(?:min(?:ute[rsn]?|utos?|\\.)?|دقيقة|دقائق)");
/** Behind an hour: "y media", "menos cuarto", "والنصف", "الا ربع"; then minutes alone. */
export const plus = plain("y |och |und |و ?");
export const minus = plain("menos|إلا");
export const marks = plain("am|pm|a\\.m\\.?|p\\.m\\.?|o'?clock|uhr|h|ص|م");

/** A part of the day that is wished, and not the time of a call. */
export const greetings = new RegExp(
  plain(
    "(?:good|god|guten|schönen|gott) (?:morning|afternoon|evening|night|morgon|kväll|förmiddag|eftermiddag|dag|morgen|tag|abend)|(?:صباح|مساء) (?:الخير|النور)",
  ),
  "gu",
);

export const halfHourIn = word(
  "(?:in|within|om|in|en|dentro de) (?:half an hour|en halvtimme|en halv timme|einer halben stunde|media hora)|بعد نصف ساعة|خلال نصف ساعة",
);
export const twoHoursIn = word("(?:بعد|خلال) ساعتين");
export const oneHourIn = word("(?:بعد|خلال) ساعة");
export const quarterHourIn = word(
  "(?:in|om|en|dentro de) (?:a quarter of an hour|en kvart|einer viertelstunde|un cuarto de hora)|بعد ربع ساعة",
);
export const twoDaysIn = word("(?:بعد|خلال) يومين");
export const weekIn = word("in (?:a|one) week|om en vecka|in einer woche|(?:en|dentro de) una semana|بعد أسبوع");
export const inSome = new RegExp(
  `${begins}(?:in|within|om|inom|en|dentro de|${plain("بعد|خلال")}) (\\d{1,3}|${oneOf(amounts)}|una?) ?(${plain(
    "minutes?|mins?|hours?|hrs?|h|days?|minut(?:er)?|timm(?:e|ar)|dag(?:ar)?|minuten?|stunden?|tag(?:e|en)?|minutos?|horas?|días?|dias?|دقيقة|دقائق|ساعة|ساعات|يوم|يوما|أيام",
  )})${ends}`,
  "u",
);
export type Unit = "minute" | "hour" | "day";
export function unitOf(unit: string): Unit {
  if (/^(?:min|دق)/.test(unit)) return "minute";
  return /^(?:h|timm|stund|hora|ساع)/.test(unit) ? "hour" : "day";
}
