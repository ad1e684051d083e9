import { allowCalls, heldOnOurCall, isNeverCalled, provenPhones, stopCalls } from "../../callbacks/never-call.ts";
import { refusesCalls } from "../../callbacks/phone-policy.ts";
import type { ChoiceOption } from "../../lib/message.ts";
import type { CallWish } from "../call-wish.ts";
import { fill } from "../wording.ts";
import { type CallbackStep, type CallbackTurn, provesNumber } from "./callback.ts";
import { noCallsWords } from "./no-calls-words.ts";

/** Carries out "never call me again" and its taking back; null where nothing is to be taken back. */
export function noCalls(from: CallbackTurn, wish: CallWish): Promise<CallbackStep | null> {
  return wish === "never" ? neverAgain(from) : callsAgain(from);
}

/** The call that was promised is off, whoever asks; the list takes only numbers that are surely theirs (M5: the same said of all). */
async function neverAgain(from: CallbackTurn): Promise<CallbackStep> {
  const { desk, turn, locale } = from;
  const words = noCallsWords(locale);
  const own = await ownNumber(from);
  // Whoever calls may show a number that is not theirs, and stands in its owner's conversation.
  const known =
    own === null && turn.wording === "spoken"
      ? []
      : await desk.db.transaction((sql) => provenPhones(sql, turn.contactId));
  const phones = [...new Set(own === null ? known : [own, ...known])];
  return {
    text: phones.length === 0 ? words.notProven : fill(words.never, { phone: phones.join(", ") }),
    options: [person(from)],
    state: {},
    alongside: (sql) => stopCalls(sql, desk, turn, phones),
  };
}

/** Only from the number itself: what is known of any other is told to nobody (M5). */
async function callsAgain(from: CallbackTurn): Promise<CallbackStep | null> {
  const { desk, turn, say, locale } = from;
  const words = noCallsWords(locale);
  const options = [{ id: "callback", title: say.callMe }, person(from)];
  const own = await ownNumber(from);
  if (own === null) return { text: words.fromThere, options, state: {} };
  const { listed, refused } = await desk.db.transaction(async (sql) => ({
    listed: await isNeverCalled(sql, own),
    refused: await refusesCalls(sql, own, { butListed: true }),
  }));
  if (!listed && !refused) return null;
  return {
    text: refused ? words.stopped : fill(words.allowed, { phone: own }),
    options: refused ? [person(from)] : options,
    state: {},
    alongside: (sql) => allowCalls(sql, turn.conversationId, own),
  };
}

/** The number they write from, or hold in their hand on a call that we placed; null: nobody knows. */
async function ownNumber(from: CallbackTurn): Promise<string | null> {
  const { desk, turn } = from;
  const { kind, value } = turn.address;
  if (kind !== "e164") return null;
  if (await provesNumber(from, value)) return value;
  return (await desk.db.run((sql) => heldOnOurCall(sql, value))) ? value : null;
}

function person({ say }: CallbackTurn): ChoiceOption {
  return { id: "live-agent", title: say.person };
}
