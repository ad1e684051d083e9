import type { AwaitLive, CallBegan, LivePlan } from "../../channels/channel.ts";
import { freeAgents, onDuty } from "../agents/free-agents.ts";
import type { Aftermath } from "../callbacks/aftermath.ts";
import { letGo } from "../callbacks/call-flow.ts";
import type { CallDesk } from "../callbacks/desk.ts";
import { provenByCode } from "../callbacks/proven-by-code.ts";
import { requestCallback } from "../callbacks/request-callback.ts";
import { tellPromised } from "../callbacks/tell.ts";
import { fillIn } from "../callbacks/words.ts";
import { giveToAssistant } from "../conversations/change.ts";
import type { TransactionSql } from "../db/client.ts";
import { newId } from "../lib/ids.ts";
import { noteOnCall } from "./note.ts";
import { type CallerChoice, type LiveStep, nextStep, type Stage } from "./stage.ts";
import { type LiveCall, lockLiveCall, type Offer, openOfferOf } from "./store.ts";
import { type CallerWords, callerWords } from "./words.ts";

/** A customer called: their line is a row from now on. Safe to repeat. */
export async function openCall(desk: CallDesk, { externalId, from, locale }: CallBegan): Promise<void> {
  const id = newId();
  await desk.db.run(
    (sql) => sql`
      insert into calls (id, conversation_id, direction, leg, conference, external_id, state, stage, locale, answered_at,
        look_at)
      select ${id}, c.id, 'inbound', 'customer', ${id}, ${externalId}, 'in-progress', 'assistant', ${locale}, now(),
        now() + interval '60 seconds'
      from contact_addresses a join conversations c on c.contact_id = a.contact_id
      where a.channel = ${from.channel} and a.kind = ${from.kind} and a.value = ${from.value}
      on conflict (external_id) do nothing`,
  );
}

/** What a caller hears next, from the state that is on disk; asking twice does nothing twice. */
export async function planLive(desk: CallDesk, asked: Omit<AwaitLive, "respond">, after: Aftermath): Promise<LivePlan> {
  return desk.db.transaction(async (sql): Promise<LivePlan> => {
    await followCaller(sql, asked);
    const call = await lockLiveCall(sql, { externalId: asked.externalId });
    if (call === null)
      return { do: "assistant", say: callerWords(asked.locale).backToAssistant, after: null, locale: asked.locale };
    if (call.locale !== asked.locale) await sql`update calls set locale = ${asked.locale} where id = ${call.id}`;
    const here = { ...call, locale: asked.locale };
    const offer = await openOfferOf(sql, call.id);
    const step = nextStep({ ...(await readFacts(sql, here, offer)), ...heardIn(asked) });
    // It is on its way already: taken out of the conference again, it would end it for all.
    if (step.do === "join" && call.moving && asked.calledBack !== true)
      return { do: "wait", say: null, locale: asked.locale };
    after.conversations.add(call.conversationId);
    return carryOut(sql, desk, here, offer, step, asked);
  });
}

/**
 * Who signs in by a code during their call goes on in their account's conversation: so does the call. A promised call that
 * people have stays where it was asked for, whosever the number is.
 */
export async function followCaller(sql: TransactionSql, { externalId, from }: Pick<AwaitLive, "externalId" | "from">) {
  const [moved] = await sql<{ id: string; was: string; is: string }[]>`
    select l.id, l.conversation_id as was, c.id as "is"
    from calls l, contact_addresses a join conversations c on c.contact_id = a.contact_id
    where l.external_id = ${externalId} and (l.stage = 'assistant' or (l.stage is not null and l.callback_id is null))
      and c.id <> l.conversation_id
      and a.channel = ${from.channel} and a.kind = ${from.kind} and a.value = ${from.value}`;
  if (moved === undefined) return;
  // In the order of ids, as everybody locks conversations.
  await sql`select 1 from conversations where id in (${moved.was}, ${moved.is}) order by id for update`;
  await sql`update calls set conversation_id = ${moved.is} where conference = ${moved.id}`;
  await sql`update offers set conversation_id = ${moved.is} where conference = ${moved.id}`;
}

async function readFacts(sql: TransactionSql, call: LiveCall, offer: Offer | null) {
  const [row] = await sql<{ owner: "assistant" | "queue" | "agent"; free: boolean; staffed: boolean; in: boolean }[]>`
    select c.owner,
      exists (${freeAgents(sql)} and not a.id = any (${[...(offer?.declined ?? [])]}::uuid[])) as free,
      exists (select 1 from agents a where ${onDuty(sql)}) as staffed,
      exists (select 1 from calls l where l.conference = ${call.id} and l.leg = 'agent' and l.joined_at is not null
        and l.ended_at is null) as "in"
    from conversations c where c.id = ${call.conversationId}`;
  const { owner, free, staffed, in: agentIn } = row ?? { owner: "queue", free: false, staffed: false, in: false };
  const state = offer?.state === "open" || offer?.state === "taken" ? offer.state : null;
  const { sinceToldMs } = call;
  return { stage: call.ended ? "over" : call.stage, owner, agentIn, offer: state, free, staffed, sinceToldMs } as const;
}

function heardIn({ input, locale, recorded, silences }: Pick<AwaitLive, "input" | "locale" | "recorded" | "silences">) {
  return { choice: input === null ? null : choiceIn(input, locale), recorded: recorded ?? null, silences };
}

/** A key or a word of the menu, not an understanding of what a customer wants. */
function choiceIn(input: NonNullable<AwaitLive["input"]>, locale: string): CallerChoice | null {
  if ("digits" in input) return ({ 1: "callback", 2: "time", 3: "message" } as const)[input.digits] ?? null;
  const { spoken } = callerWords(locale);
  const meant = (["message", "time", "callback"] as const).filter((one) => spoken[one].test(input.speech));
  return meant[0] ?? null;
}

async function carryOut(
  sql: TransactionSql,
  desk: CallDesk,
  call: LiveCall,
  offer: Offer | null,
  step: LiveStep,
  asked: Pick<AwaitLive, "from" | "recorded">,
): Promise<LivePlan> {
  const { locale } = call;
  const words = callerWords(locale);
  switch (step.do) {
    case "assistant":
      await leaveLine(sql, call, offer, "assistant");
      return toAssistant(sql, call, words.backToAssistant);
    case "join":
      await leaveLine(sql, call, offer, "talking");
      await sql`update calls set joined_at = coalesce(joined_at, now()), held = false, moved_at = null
        where id = ${call.id}`;
      return { do: "join", conference: call.id, callId: call.id, locale };
    case "wait":
    case "choose":
      return holdLine(sql, call, offer, step, asked.recorded === false ? words.nothingRecorded : "");
    case "callback":
      await letGo(sql, desk, call.id);
      return promiseCallback(sql, desk, call, offer, asked);
    case "time": {
      await letGo(sql, desk, call.id);
      const phone = numberOf(asked);
      const [say, flow] =
        phone === null
          ? [words.whichNumber, { asked: "phone", wish: "" }]
          : [words.whichTime, { asked: "slot", phone }];
      await backToAssistant(sql, call, offer, flow);
      return toAssistant(sql, call, say);
    }
    case "message":
      await leaveLine(sql, call, offer, "message");
      await sql`update calls set recorded_at = now() where id = ${call.id}`;
      await noteOnCall(sql, named(call), "recording-announced", null, { consent: "chose to leave a message" });
      return { do: "record", say: words.record, locale };
    case "recorded":
      await leaveLine(sql, call, offer, "over");
      await sql`update calls set came_to = 'message' where id = ${call.id}`;
      return { do: "hang-up", say: words.recorded, locale };
    case "hang-up":
      await gaveUp(sql, call.id);
      await leaveLine(sql, call, offer, "over");
      return { do: "hang-up", say: words.goodbye, locale };
  }
}

const named = ({ conversationId, id }: LiveCall) => ({ conversationId, conference: id });

/** The caller waits, with an offer of their call before whoever takes calls, and is told how it stands. */
async function holdLine(
  sql: TransactionSql,
  call: LiveCall,
  offer: Offer | null,
  { do: how, tell, interrupted }: Extract<LiveStep, { tell: boolean }>,
  before: string,
): Promise<LivePlan> {
  const words = callerWords(call.locale);
  const first = call.waitingSince === null || interrupted;
  const waiting: Stage = how === "choose" ? "choosing" : "waiting";
  await sql`update calls set stage = ${waiting}, waiting_since = coalesce(waiting_since, now()),
      person_wanted_at = coalesce(person_wanted_at, now()),
      told_at = case when ${tell} then now() else told_at end where id = ${call.id}`;
  if (offer === null) await makeOffer(sql, call);
  if (!tell) return { do: "wait", say: before || null, locale: call.locale };
  const [line] = await sql<{ place: number; staffed: boolean }[]>`
    select (select count(*)::int from calls o where o.stage in ('waiting', 'choosing') and o.ended_at is null
        and o.waiting_since < c.waiting_since) + 1 as place,
      exists (select 1 from agents a where ${onDuty(sql)}) as staffed
    from calls c where c.id = ${call.id}`;
  const said = [before, interrupted ? words.interrupted : "", ...standing(words, how, first, line)];
  const say = said.filter(Boolean).join(" ");
  return { do: how, say, locale: call.locale };
}

function standing(
  words: CallerWords,
  how: "wait" | "choose",
  first: boolean,
  line: { place: number; staffed: boolean } | undefined,
): string[] {
  const place = fillIn(words.place, { place: String(line?.place ?? 1) });
  if (how === "wait") return first ? [words.wait] : [place, words.choices];
  return line?.staffed === true ? [words.nobody, place, words.choices, words.stay] : [words.nobody, words.choices];
}

async function makeOffer(sql: TransactionSql, call: LiveCall): Promise<void> {
  // Whoever has the conversation already is asked first; they alone know what it is about.
  await sql`insert into offers (conference, conversation_id, kind, wanted_id)
    select ${call.id}, c.id, 'caller',
      (select a.id from (${freeAgents(sql)}) a where a.id = c.agent_id and not exists
        (select 1 from offers m where m.conference = ${call.id} and m.state = 'missed' and m.agent_id = c.agent_id))
    from conversations c where c.id = ${call.conversationId}
    on conflict do nothing`;
  await noteOnCall(sql, named(call), "offered", null);
}

/** Whoever waited for a person and got neither one nor anything in their place has given up. */
export async function gaveUp(sql: TransactionSql, id: string): Promise<void> {
  await sql`update calls set came_to = coalesce(came_to, 'abandoned')
    where id = ${id} and stage in ('waiting', 'choosing', 'message') and person_at is null`;
}

/** The caller does not wait any more: nobody shall take a call that is not there. */
export async function leaveLine(sql: TransactionSql, call: LiveCall, offer: Offer | null, stage: Stage): Promise<void> {
  await setStage(sql, call, stage);
  if (offer?.state !== "open") return;
  await sql`update offers set state = 'withdrawn', ended_at = now() where id = ${offer.id}`;
  await noteOnCall(sql, named(call), "withdrawn", null);
}

function setStage(sql: TransactionSql, call: LiveCall, stage: Stage) {
  return sql`update calls set stage = ${stage},
      waiting_since = case when ${stage === "talking" || stage === "assistant"} then null else waiting_since end,
      told_at = case when ${stage === "talking" || stage === "assistant"} then null else told_at end
    where id = ${call.id} and stage <> ${stage}`;
}

async function promiseCallback(
  sql: TransactionSql,
  desk: CallDesk,
  call: LiveCall,
  offer: Offer | null,
  asked: Pick<AwaitLive, "from">,
): Promise<LivePlan> {
  const { locale, conversationId } = call;
  const words = callerWords(locale);
  const phone = numberOf(asked);
  if (phone === null) {
    await backToAssistant(sql, call, offer, { asked: "phone", wish: "" });
    return toAssistant(sql, call, words.whichNumber);
  }
  const [contact] = await sql<{ id: string; issue: string | null }[]>`
    select contact_id as id, summary->>'issue' as issue from conversations where id = ${conversationId}`;
  if (contact === undefined) return { do: "hang-up", say: words.goodbye, locale };
  const outcome = await requestCallback(sql, desk, {
    conversationId,
    contactId: contact.id,
    phone,
    proven: await provenByCode(sql, { conversationId, from: asked.from }, desk.now()),
    wish: null,
    wantedAt: null,
    asap: true,
    picked: false,
    zone: null,
    topic: contact.issue,
    locale,
    source: asked.from.channel,
    address: null,
    inLineSince: call.waitingSince,
  });
  if (outcome.outcome !== "promised") {
    await sql`update calls set told_at = now() where id = ${call.id}`;
    return { do: "choose", say: `${words.cannotCall} ${words.choices}`, locale };
  }
  // With the link to move or cancel it: a voice leaves nothing behind.
  await tellPromised(sql, desk, outcome.id);
  await leaveLine(sql, call, offer, "over");
  await sql`update calls set came_to = 'callback' where id = ${call.id}`;
  await giveToAssistant(sql, conversationId, {});
  return { do: "hang-up", say: words.promised, locale };
}

/** The assistant asks for what a promise needs; what is said next is an answer to that. */
async function backToAssistant(sql: TransactionSql, call: LiveCall, offer: Offer | null, flow: object): Promise<void> {
  await leaveLine(sql, call, offer, "assistant");
  await giveToAssistant(sql, call.conversationId, flow);
}

/** Never without a word; and what is written from now on is said. */
async function toAssistant(sql: TransactionSql, { conversationId, locale }: LiveCall, say: string): Promise<LivePlan> {
  const [row] = await sql<{ lastSeq: number }[]>`
    select next_seq - 1 as "lastSeq" from conversations where id = ${conversationId}`;
  return { do: "assistant", say, after: row?.lastSeq ?? null, locale };
}

function numberOf({ from }: Pick<AwaitLive, "from">): string | null {
  return from.kind === "e164" ? from.value : null;
}
