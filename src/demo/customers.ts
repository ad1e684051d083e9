/** A person of the demo company; all made up, with the numbers that the simulator's telephones have. */
export interface DemoCustomer {
  readonly id: string;
  readonly name: string;
  readonly phone: string;
  readonly locale: string;
  readonly currency: string;
  /** What there is to ask about, for the sign-in page. */
  readonly story: Readonly<Record<string, string>>;
}

export const demoCustomers: readonly DemoCustomer[] = [
  {
    id: "paylark-1001",
    name: "Ann Parker",
    phone: "+12025550131",
    locale: "en",
    currency: "USD",
    story: {
      en: "Two orders where she placed one, and a late fee",
      sv: "Två ordrar fast hon beställde en gång, och en förseningsavgift",
      de: "Zwei Bestellungen statt einer und eine Mahngebühr",
      es: "Dos pedidos en vez de uno y un recargo por retraso",
      ar: "طلبان بدلًا من طلب واحد، ورسوم تأخير",
    },
  },
  {
    id: "paylark-1002",
    name: "Erik Lindqvist",
    phone: "+46701740605",
    locale: "sv",
    currency: "SEK",
    story: {
      en: "A payment plan, one return registered and one not yet",
      sv: "En delbetalning, en registrerad retur och en som inte är det än",
      de: "Ein Zahlungsplan, eine registrierte Rücksendung und eine noch nicht registrierte",
      es: "Un plan de pagos, una devolución registrada y otra aún no",
      ar: "خطة دفع، وإرجاع مسجَّل وآخر لم يُسجَّل بعد",
    },
  },
  {
    id: "paylark-1003",
    name: "Lucía Romero",
    phone: "+34600000001",
    locale: "es",
    currency: "EUR",
    story: {
      en: "A blocked card, a refund on its way and money on the balance",
      sv: "Ett spärrat kort, en återbetalning på väg och pengar på saldot",
      de: "Eine gesperrte Karte, eine Erstattung unterwegs und Guthaben",
      es: "Una tarjeta bloqueada, un reembolso en camino y dinero en el saldo",
      ar: "بطاقة موقوفة، ومبلغ مسترد في الطريق، ورصيد متاح",
    },
  },
];
