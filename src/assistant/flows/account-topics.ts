export const accountTopics = [
  "two-orders",
  "late-fee",
  "return-status",
  "refund",
  "next-payment",
  "card",
  "balance",
  "orders",
] as const;
export type AccountTopic = (typeof accountTopics)[number];

/** Articles that a signed-in customer asks about their own account; the data answers better than the article. */
const topicOfArticle: Readonly<Record<string, AccountTopic>> = {
  "two-orders-for-one": "two-orders",
  "charged-twice": "two-orders",
  "late-fee": "late-fee",
  "return-not-registered": "return-status",
  "return-registration-time": "return-status",
  "reminder-after-return": "return-status",
  "card-refund": "refund",
  "balance-refunds": "refund",
  "find-payment-plan": "next-payment",
  "card-delivery": "card",
  "card-declined": "card",
};

/** Beginnings of words that tell the topics of an account question apart, most telling topic first. */
const signs: readonly (readonly [AccountTopic, RegExp])[] = [
  [
    "two-orders",
    /\b(?:two|2|double|duplicate|extra|second)\b.*\b(?:order|purchase)|\border\w*\b.*\btwice|\b(?:två|2|dubbl\w*|dubbelt)\b.*\b(?:order|ordrar|köp|beställning)|\b(?:zwei|2|doppelt\w*)\b.*\bbestell|bestell\w*\b.*\bdoppelt|\b(?:dos|2|doble\w*|duplicad\w*)\b.*\b(?:pedido|compra)|(?:طلبان|طلبين|مرتين|مكرر)/u,
  ],
  [
    "late-fee",
    /\blate fee|\bfee\b|förseningsavgift|påminnelseavgift|\bavgift|mahngebühr|\bgebühr|\brecargo|\bcomisi|رسوم|غرامة/u,
  ],
  [
    "refund",
    /\brefund|money back|återbetaln|pengarna tillbaka|erstattung|geld zurück|rückerstatt|reembolso|devolución del dinero|dinero de vuelta|استرداد|المسترد/u,
  ],
  ["return-status", /\breturn|\bretur|rücksend|\bretour|\bdevol|إرجاع|مرتجع|الإرجاع/u],
  ["card", /\bcard\b|\bkort|\bkarte|\btarjeta|بطاق/u],
  [
    "next-payment",
    /\bpay|\binstal|\bowe\b|\bdue\b|\bbill|\binvoice|\bplan\b|\bbetal|\bfaktur|\bskuld|\bavbetal|förfall|delbetal|\bzahl|rechnung|fällig|\brate\b|schuld|\bpag|\bcuota|\bfactura|\bdebo\b|\bvence|دفع|الدفعة|قسط|أقساط|فاتور/u,
  ],
  ["balance", /\bbalance\b|\bsaldo|guthaben|kontostand|رصيد/u],
  [
    "orders",
    /\border|\bpurchase|\bbought\b|\bköp|\bbeställ|\bordrar|bestell|\bkäufe|einkäufe|\bpedido|\bcompra|طلبات|طلبي|مشتريات/u,
  ],
];

/**
 * What a question about an account is about. From an article it is one only when the words point there as well: "how
 * long does a refund take?" is not about one's own.
 */
export function accountTopic(text: string, article: string | null): AccountTopic | null {
  const words = text.toLowerCase().normalize("NFC");
  const said = signs.find(([, sign]) => sign.test(words))?.[0] ?? null;
  if (article === null) return said;
  const topic = topicOfArticle[article];
  return topic === undefined || !isOwn(words) ? null : topic;
}

/** What customers own here, with the ending for "my": many other words of the language end in the same letter. */
const ownInArabic =
  /(?:طلب|طلبات|طلبيت|طلبيات|رصيد|بطاقت|بطاقات|حساب|حسابات|دفعت|دفعات|مدفوعات|قسط|أقساط|فاتورت|فواتير|مرتجع|مرتجعات|إرجاع|إرجاعات|استرداد|مشتريات|أموال|نقود|مال|خطت|دين|ديون|شحنت|رسوم)ي(?!\p{L})|(?<!\p{L})(?:لدي|عندي|عليّ|أنا)(?!\p{L})/u;

/** "My", "I", "me": words that make a question one's own, in the articles' languages. */
function isOwn(words: string): boolean {
  return (
    /(?<![\p{L}])(?:my|mine|i|me|i'm|i've|jag|min|mitt|mina|mig|ich|mein\w*|mir|mich|mi|mis|me|yo|he|tengo|debo)(?![\p{L}])/u.test(
      words,
    ) || ownInArabic.test(words)
  );
}

export function isTopic(word: string): word is AccountTopic {
  return (accountTopics as readonly string[]).includes(word);
}
