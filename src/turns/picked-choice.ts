/** A choice that was shown as a line of text, with the number in front of it. */
export interface NumberedChoice {
  readonly number: number;
  readonly optionId: string;
  readonly title: string;
}

/** Longer texts are messages of their own that happen to hold a number. */
const wordsMaxChars = 200;

/**
 * Which of the numbered choices a text picks: "2", "2.", "(2)", "two", "second", digits of any script, or the title in
 * any capitals. Null when it is anything else. Pure.
 */
export function pickedChoice(text: string, choices: readonly NumberedChoice[]): NumberedChoice | null {
  if (text.length > wordsMaxChars) return null;
  const words = plain(text);
  if (words === "") return null;
  const byTitle = choices.find((one) => plain(one.title) === words);
  if (byTitle !== undefined) return byTitle;
  const number = numberIn(words);
  return choices.find((one) => one.number === number) ?? null;
}

/** Small letters, ASCII digits, no marks around: what people mean alike becomes equal. */
function plain(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/\p{Nd}/gu, asciiDigit)
    .replace(/\s+/gu, " ")
    .replace(/^[\s#(["'“‘¿¡]+|[\s.)\]"'”’:,!?。！？]+$/gu, "");
}

function numberIn(words: string): number | null {
  if (/^\d{1,2}$/.test(words)) return Number(words);
  return numbers.get(words) ?? null;
}

/** Decimal digits of every script lie in runs of ten that start at a zero. */
function asciiDigit(digit: string): string {
  const code = digit.codePointAt(0) ?? 48;
  let zero = code;
  while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1)) && code - zero < 9) zero -= 1;
  return String(code - zero);
}

/** One to ten, and first to third: more choices than that are hardly shown. */
const spelled = [
  "one two three four five six seven eight nine ten",
  "ett två tre fyra fem sex sju åtta nio tio",
  "en to tre fire fem seks sju åtte ni ti",
  "en to tre fire fem seks syv otte ni ti",
  "eins zwei drei vier fünf sechs sieben acht neun zehn",
  "uno dos tres cuatro cinco seis siete ocho nueve diez",
  "un deux trois quatre cinq six sept huit neuf dix",
  "um dois três quatro cinco seis sete oito nove dez",
  "uno due tre quattro cinque sei sette otto nove dieci",
  "een twee drie vier vijf zes zeven acht negen tien",
  "yksi kaksi kolme neljä viisi kuusi seitsemän kahdeksan yhdeksän kymmenen",
  "jeden dwa trzy cztery pięć sześć siedem osiem dziewięć dziesięć",
  "first second third",
  "första andra tredje",
  "erste zweite dritte",
  "primero segundo tercero",
  "primera segunda tercera",
  "premier deuxième troisième",
];
const numbers: ReadonlyMap<string, number> = new Map(
  spelled.flatMap((line) => line.split(" ").map((word, index) => [word, index + 1] as const)),
);
