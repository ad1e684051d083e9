import type { CallDropped } from "../../contacts/join-history.ts";
import { enterCode, issueCode } from "../../contacts/sign-in-codes.ts";
import { signInHere } from "../../contacts/sign-in-here.ts";
import { standingOf } from "../../contacts/standing.ts";
import { appendEvent } from "../../conversations/append-event.ts";
import type { Log } from "../../lib/log.ts";
import type { DirectTexts } from "../../outbox/direct-texts.ts";
import { blockCard } from "../flows/account-action.ts";
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
    actions: {
      standing: (turn) => standingOf(db, turn, Date.now(), { name: blockCard, askedSeq: turn.lastSeq }),
      async pending({ addressId }, id) {
        const [row] = await db.run(
          (sql) => sql<{ customer: string; state: "proved" | "confirmed" | "done" }[]>`
            select customer, state from account_actions where id = ${id} and address_id = ${addressId} and action = ${blockCard}
              and (state in ('proved', 'confirmed') or (state = 'done' and told_at is null))`,
        );
        return row === undefined ? null : { id, ...row };
      },
      async propose(sql, { addressId }, { id, customer, provedNow }) {
        await sql`insert into account_actions (id, address_id, action, customer, proved_at)
          select ${id}, id, ${blockCard}, ${customer}, case when ${provedNow} then now() else verified_at end
          from contact_addresses where id = ${addressId}`;
      },
      async perform({ conversationId }, { id, customer }) {
        await db.run(
          (sql) => sql`update account_actions set state = 'confirmed' where id = ${id} and state = 'proved'`,
        );
        const { lastFour } = await server.act(customer, "block_card", id);
        await db.transaction(async (sql) => {
          const done =
            await sql`update account_actions set state = 'done' where id = ${id} and state = 'confirmed' returning 1`;
          if (done.length === 0) return;
          const data = { action: blockCard, state: "done", lastFour };
          await appendEvent(sql, conversationId, { type: "account-action", agentId: null, byAssistant: true, data });
        });
        return lastFour;
      },
      async told(sql, id) {
        await sql`update account_actions set told_at = now() where id = ${id}`;
      },
      async keep(sql, id) {
        await sql`update account_actions set state = 'kept' where id = ${id} and state = 'proved'`;
      },
    },
    signInUrl: deps.signInUrl,
    timeZone: deps.timeZone,
    now: Date.now,
  };
}
