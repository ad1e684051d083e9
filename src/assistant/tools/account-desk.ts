import type { CallDropped } from "../../contacts/join-history.ts";
import { enterCode, issueCode } from "../../contacts/sign-in-codes.ts";
import { signInHere } from "../../contacts/sign-in-here.ts";
import { standingOf } from "../../contacts/standing.ts";
import type { Log } from "../../lib/log.ts";
import type { DirectTexts } from "../../outbox/direct-texts.ts";
import type { AccountDesk } from "../flows/account-flow.ts";
import { accountWords } from "../flows/account-words.ts";
import { fill } from "../wording.ts";
import type { AccountServer } from "./account-client.ts";

export interface AccountDeskDeps {
  readonly db: Parameters<typeof standingOf>[0];
  readonly server: AccountServer;
  readonly key: Buffer;
  readonly countries: readonly string[];
  readonly company: string;
  readonly signInUrl: AccountDesk["signInUrl"];
  readonly timeZone: string;
  /** Null: there is no way to send one. */
  readonly texts: DirectTexts | null;
  /** Tells a customer which call is kept, when signing in made one promise of two. */
  readonly callDropped: CallDropped;
  readonly log: Log;
}

/** The account flow's outside: who is who in PostgreSQL, the account server, and codes by text message. */
export function createAccountDesk(deps: AccountDeskDeps): AccountDesk {
  const { db, server, key } = deps;
  return {
    standing: (turn) => standingOf(db, turn, Date.now()),
    accountOf: (customer) => server.accountOf(customer),
    async askForCode(turn) {
      const { address, conversationId, addressId, id: turnId } = turn;
      const { texts } = deps;
      if (address.kind !== "e164" || texts === null) return "page";
      // Before it is known whose number this is: the answer is the same for one that nobody has (M5).
      if (!(await texts.mayGet(address.value))) return "refused";
      let customer: string | null;
      try {
        customer = await server.customerWith(address.value);
      } catch {
        return "refused";
      }
      const request = { conversationId, addressId, turnId, destination: address.value, customer };
      const issued = await issueCode({ db, key, countries: deps.countries }, request);
      if (issued.outcome === "refused") return "refused";
      const { code } = issued;
      if (code !== null) {
        const text = fill(accountWords(turn.locale ?? "en").codeText, { code, company: deps.company });
        // Not awaited: the answer comes as fast for a number that nobody has (M5).
        const fields = { conversationId, turnId, component: "sign-in-codes" } as const;
        void texts.send(address.value, text).then(
          (sent) => sent || deps.log.warn(fields, "code-not-sent"),
          (error: unknown) => deps.log.warn({ ...fields, error }, "code-not-sent"),
        );
      }
      return "asked";
    },
    enterCode: (turn, entered) =>
      enterCode(db, {
        ...entered,
        conversationId: turn.conversationId,
        addressId: turn.addressId,
        turnId: turn.id,
      }),
    signInHere: (sql, { conversationId, addressId }, customer) =>
      signInHere(sql, { conversationId, addressId, customer, confirmedBy: "code", callDropped: deps.callDropped }),
    signInUrl: deps.signInUrl,
    timeZone: deps.timeZone,
    now: Date.now,
  };
}
