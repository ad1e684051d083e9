/** What an agent can do for a customer. */
export interface Skills {
  /** Language codes; empty: every language. */
  readonly languages: readonly string[];
  /** Empty: the usual team. */
  readonly team: string;
}

/** Who would serve a customer best; null: anybody. */
export interface Wanted {
  readonly locale: string | null;
  readonly team: string | null;
}

/** Nobody is turned away, since a customer is never left alone for it: who fits best comes first, else in the order given. Pure. */
export function byFit<One extends Skills>(agents: readonly One[], wanted: Wanted): One[] {
  return agents.toSorted((a, b) => misfit(a, wanted) - misfit(b, wanted));
}

/** Is none of the others a better fit for this customer than this agent? Pure. */
export function isAmongBest(agent: Skills, others: readonly Skills[], wanted: Wanted): boolean {
  return others.every((other) => misfit(other, wanted) >= misfit(agent, wanted));
}

export function speaks({ languages }: Pick<Skills, "languages">, locale: string | null): boolean {
  const [language] = locale?.toLowerCase().split("-") ?? [];
  return language === undefined || languages.length === 0 || languages.includes(language);
}

/** To be understood matters more than to be of the team. */
function misfit(agent: Skills, { locale, team }: Wanted): number {
  return (speaks(agent, locale) ? 0 : 2) + (team === null || agent.team === team ? 0 : 1);
}
