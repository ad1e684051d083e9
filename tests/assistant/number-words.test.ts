import { expect, test } from "vitest";
import { factsOf } from "../../src/assistant/facts.ts";
import { numbersAsDigits } from "../../src/assistant/number-words.ts";

/** How each language writes the numbers from 1 to 999; another way round than the code that reads them. */
const spellers: Readonly<Record<string, (value: number) => string>> = {
  en: (value) => {
    const below = (rest: number) =>
      rest < 20 ? (en[rest] ?? "") : [enTens[Math.floor(rest / 10)], en[rest % 10]].filter(Boolean).join("-");
    const hundreds = Math.floor(value / 100);
    return [hundreds > 0 ? `${en[hundreds]} hundred` : "", below(value % 100)].filter(Boolean).join(" and ");
  },
  sv: (value) => {
    const below = (rest: number) =>
      rest < 20 ? (sv[rest] ?? "") : `${svTens[Math.floor(rest / 10)]}${sv[rest % 10] ?? ""}`;
    const hundreds = Math.floor(value / 100);
    return (hundreds > 0 ? `${sv[hundreds]}hundra` : "") + below(value % 100);
  },
  de: (value) => {
    const below = (rest: number) => {
      if (rest < 20) return de[rest] ?? "";
      const unit = rest % 10;
      return `${unit > 0 ? `${unit === 1 ? "ein" : de[unit]}und` : ""}${deTens[Math.floor(rest / 10)]}`;
    };
    const hundreds = Math.floor(value / 100);
    return (hundreds > 0 ? `${hundreds === 1 ? "ein" : de[hundreds]}hundert` : "") + below(value % 100);
  },
  es: (value) => {
    const below = (rest: number) =>
      rest < 30 ? (es[rest] ?? "") : [esTens[Math.floor(rest / 10)], es[rest % 10]].filter(Boolean).join(" y ");
    if (value === 100) return "cien";
    return [esHundreds[Math.floor(value / 100)], below(value % 100)].filter(Boolean).join(" ");
  },
  ar: (value) => {
    const below = (rest: number) => {
      if (rest <= 10) return ar[rest] ?? "";
      if (rest < 20) return `${arTeens[rest - 11]} عشر`;
      return [ar[rest % 10], arTens[Math.floor(rest / 10)]].filter(Boolean).join(" و");
    };
    return [arHundreds[Math.floor(value / 100)], below(value % 100)].filter(Boolean).join(" و");
  },
};
const list = (words: string) => ["", ...words.split(" ")];
const en = list(
  "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen",
);
const enTens = ["", ...list("twenty thirty forty fifty sixty seventy eighty ninety")];
const sv = list(
  "ett två tre fyra fem sex sju åtta nio tio elva tolv tretton fjorton femton sexton sjutton arton nitton",
);
const svTens = ["", ...list("tjugo trettio fyrtio femtio sextio sjuttio åttio nittio")];
const de = list(
  "eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn",
);
const deTens = ["", ...list("zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig")];
const es = list(
  "uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve",
);
const esTens = ["", "", ...list("treinta cuarenta cincuenta sesenta setenta ochenta noventa")];
const esHundreds = list(
  "ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos",
);
const ar = list("واحد اثنان ثلاثة أربعة خمسة ستة سبعة ثمانية تسعة عشرة");
const arTeens = "أحد اثنا ثلاثة أربعة خمسة ستة سبعة ثمانية تسعة".split(" ");
const arTens = ["", ...list("عشرون ثلاثون أربعون خمسون ستون سبعون ثمانون تسعون")];
const arHundreds = list("مئة مئتان ثلاثمئة أربعمئة خمسمئة ستمئة سبعمئة ثمانمئة تسعمئة");

test.each(Object.keys(spellers))("L3 every number from 2 to 999 is read as what it says (%s)", (locale) => {
  const spell = spellers[locale] ?? String;
  const wrong: string[] = [];
  for (let value = 2; value < 1_000; value++) {
    const words = spell(value);
    if (numbersAsDigits(`(${words})`, locale) !== `(${value})`)
      wrong.push(`${value} ${words}: ${numbersAsDigits(words, locale)}`);
  }
  expect(wrong).toEqual([]);
});

test.each([
  ["en", "two or three hundred thousand, a hundred and five", "2 or 300000, a 105"],
  ["en", "one of two people, twenty twenty-five", "one of 2 people, 20 25"],
  ["sv", "en av två, tvåtusen femhundra och en till", "en av 2, 2500 och en till"],
  ["de", "ein Tag, zwölf Tage, zweitausenddreihundert Euro", "ein Tag, 12 Tage, 2300 Euro"],
  ["es", "un día, mil quinientos euros, treinta y un días", "un día, 1500 euros, 31 días"],
  ["ar", "يومين أو خمسة آلاف درهم ومئة وخمسة وعشرون", "2 يوم أو 5000 درهم 125"],
  ["fr", "vingt-cinq jours", "vingt-cinq jours"],
])("numbers beside other words (%s): %s", (locale, text, digits) => {
  expect(numbersAsDigits(text, locale)).toBe(digits);
});

test.each([
  ["de", "Sie haben fünfundzwanzig Tage.", "Sie haben 14 Tage.", "days:25"],
  ["sv", "Avgiften är tvåhundra kronor.", "Avgiften är 100 kronor.", "kr:200"],
  ["es", "Tienes veinticinco días.", "Tienes 14 días.", "days:25"],
  ["ar", "لديك خمسة وعشرون يومًا.", "لديك ١٤ يومًا.", "days:25"],
])("L3 an amount in words that no article says is seen (%s): %s", (locale, said, known, fact) => {
  const facts = factsOf(said, locale);
  expect(facts).toContain(fact);
  expect(factsOf(known, locale)).not.toContain(fact);
  expect(
    factsOf(said.replace(/خمسة وعشرون|veinticinco|fünfundzwanzig/, "25").replace("tvåhundra", "200"), locale),
  ).toEqual(facts);
});
