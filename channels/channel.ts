/**
 * The contract between the core and one way a customer reaches us. It asks only what every channel can do;
 * the rest are small abilities a channel may also satisfy ("can you?", never "who are you?").
 * A new channel is one folder that satisfies this plus one line in `registry.ts`.
 */
import type { MediaReference, Part, ReplyMeta } from "../src/lib/message.ts";

export type { MediaReference, Part, ReplyMeta };

export type AddressKind = "e164" | "shortcode" | "wa-bsuid" | "wa-parent-bsuid" | "web-visitor" | "account" | "opaque";

/** One way to reach a contact; unique by (channel, kind, value). */
export interface ContactAddress {
  readonly channel: string;
  readonly kind: AddressKind;
  readonly value: string;
}

export interface Channel {
  /** Folder name, path segment and the value stored with every message: "sms", "whatsapp", "voice", "web-chat". */
  readonly name: string;
  /** The channel account this object speaks for: "default" for the one made from the environment. */
  readonly account: string;
  readonly limits: ChannelLimits;
  /** Our message in this channel's form: one item per provider request, already split and degraded to its limits. Pure. */
  render(message: OutboundMessage): Rendered;
}

export interface ChannelLimits {
  readonly textMaxChars: number;
  /** How long the provider lets us write freely after the contact's last message; null: for ever. */
  readonly replyWindowMs: number | null;
  /** How long to wait for the rest of a burst before answering a turn; 0 where people wait for each answer. */
  readonly burstWaitMs: number;
  /** Replies that are not delivered but read by the customer from the timeline (web chat, speech). */
  readonly pulled: boolean;
  /** Which of the assistant's answers fits: an article's own, its short one (SMS), or that said aloud during a call. */
  readonly wording: "full" | "short" | "spoken";
}

/** A message of ours before it is rendered. */
export interface OutboundMessage {
  readonly parts: readonly Part[];
  readonly meta: ReplyMeta | null;
  readonly to: ContactAddress;
  readonly locale: string | null;
}

/** One provider request. `body` is the channel's own form: stored with the delivery, handed back to `send` unchanged. */
export interface OutboundItem {
  /** Approved beforehand: goes out also where the reply window is closed. */
  readonly isTemplate?: true;
  readonly body: Readonly<Record<string, unknown>>;
  /** Says back to somebody who has just opted out that they did; the last thing they get. */
  readonly confirmsStop?: true;
}

export interface Rendered {
  readonly items: readonly OutboundItem[];
  /** What could not be carried over, in words ("2 pictures sent as links"); nothing vanishes in silence. */
  readonly degraded: readonly string[];
  /** The text was longer than the channel carries: its end is not in the items, and `degraded` says so. */
  readonly isCut?: boolean;
  /** Numbered choices shown as text: what an inbound "2" means. The core keeps it for 24 hours. */
  readonly numbered?: readonly { readonly number: number; readonly optionId: string; readonly title: string }[];
}

// ---- receiving -----------------------------------------------------------------------------------------------------

/** An HTTP request as it came, before anything was parsed. */
export interface RawRequest {
  readonly method: "GET" | "POST";
  /** Path and query exactly as received; signatures cover it together with the configured public URL. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

export interface HttpAnswer {
  readonly status: number;
  readonly contentType?: string;
  readonly body?: string | Buffer;
}

export type Received =
  /** Not the provider, or not readable at all. `reason` is a fixed word for the log, never customer text. */
  | { readonly kind: "refused"; readonly answer: HttpAnswer; readonly reason: string }
  | {
      readonly kind: "accepted";
      readonly events: readonly InboundEvent[];
      readonly answer: Answer;
      /** Somebody is on the line: what they hear when it could not be stored or looked up in time; else the sender tries again. */
      readonly whenAway?: () => HttpAnswer;
    };

/** The provider's answer, at once or once the core has looked. */
export type Answer = HttpAnswer | AwaitReply | AwaitDetails | AwaitPlan | AwaitCallToken | AwaitStanding | AwaitLive;

/** The provider will open a socket for this live call: the core makes the one-time token that the socket has to show. */
export interface AwaitCallToken {
  readonly kind: "await-call-token";
  readonly from: ContactAddress;
  /** The provider's id of the call: the token is good for no other. */
  readonly callId: string;
  readonly locale: string;
  /** What came after this seq is said; null: only what comes from now on. */
  readonly afterSeq: number | null;
  /** Null: there is no token now, and the call goes on without a socket. */
  respond(token: string | null): HttpAnswer;
}

/** A live call comes back from its socket: how things stand in its conversation decides what comes next. */
export interface AwaitStanding {
  readonly kind: "await-standing";
  readonly from: ContactAddress;
  /** Null: nobody knows this caller, or it cannot be told now. */
  respond(standing: CallerStanding | null): Answer;
}

export interface CallerStanding {
  readonly owner: "assistant" | "queue" | "agent";
  /** The caller's latest words. */
  readonly lastInboundSeq: number;
  readonly locale: string | null;
}

/** A call that we placed was answered: the provider asks what to do with it, inside its own request. */
export interface AwaitPlan {
  readonly kind: "await-plan";
  readonly callId: string;
  /** Keys pressed in answer to what was said first; null: the call was just answered. */
  readonly digits: string | null;
  readonly report: CallReport;
  /** Builds the answer; null: nobody knows this call, or it is over. */
  respond(plan: CallPlan | null): Answer;
}

/** What to do with a call that we placed and that was answered. */
export type CallPlan =
  | { readonly do: "hang-up"; readonly say: string | null; readonly locale: string }
  /** Joins the conference of that name; the others hear nothing before. `optOutKey`: pressed, it means "never again" (M3). */
  | {
      readonly do: "bridge";
      readonly conference: string;
      readonly leg: CallLeg;
      readonly say: string | null;
      readonly optOutKey: string | null;
      readonly locale: string;
      /** The agent's line, by the provider's id, that a supervisor listens to: nobody else hears them. */
      readonly coaches?: string;
      /** Joins without being heard. */
      readonly muted?: boolean;
    }
  /** An answering telephone is not yet an agent: 1 accepts. */
  | { readonly do: "ask-agent"; readonly say: string; readonly locale: string }
  /** Whoever should talk is gone: the line asks, like a caller's own, what comes next. */
  | { readonly do: "people"; readonly say: string | null; readonly optOutKey: string | null; readonly locale: string }
  /** The assistant talks with the customer. */
  | { readonly do: "assistant"; readonly say: string; readonly optOutKey: string | null; readonly locale: string };

/**
 * A caller is on the line and asks what comes next, because people have their call: after a hand-off, while they wait, when
 * an agent was joined. Every transport of speech asks the same way and gets the same plans.
 */
export interface AwaitLive {
  readonly kind: "await-live";
  /** The provider's id of the caller's line. */
  readonly externalId: string;
  readonly from: ContactAddress;
  readonly locale: string;
  /** What was pressed or said meanwhile; null: nothing. */
  readonly input: { readonly digits: string } | { readonly speech: string } | null;
  /** How often in a row nothing was heard. */
  readonly silences: number;
  /** A message was recorded just now; false: the tone was answered by nothing. */
  readonly recorded?: boolean;
  /** It asks because we called it back (`BridgesCalls.callBack`). */
  readonly calledBack?: boolean;
  respond(plan: LivePlan): Answer;
}

/** What a caller hears next. `say` is in `locale`. */
export type LivePlan =
  /** The assistant has the call. */
  | {
      readonly do: "assistant";
      readonly say: string;
      /** What is written after this seq is said; null: what is written from now on. */
      readonly after: number | null;
      readonly locale: string;
    }
  /** Music, and keys meanwhile; then the caller asks again. */
  | { readonly do: "wait"; readonly say: string | null; readonly locale: string }
  /** Nobody is free: listens for a key or a word, then the caller asks again. */
  | { readonly do: "choose"; readonly say: string; readonly locale: string }
  /** Joins the agents; when they left, the caller asks again. */
  | { readonly do: "join"; readonly conference: string; readonly callId: string; readonly locale: string }
  /** Records a message; it was said that it is recorded (P4). */
  | { readonly do: "record"; readonly say: string; readonly locale: string }
  | { readonly do: "hang-up"; readonly say: string | null; readonly locale: string };

/** The channel answers the customer inside the provider's own request (a phone call's TwiML). */
export interface AwaitReply {
  readonly kind: "await-reply";
  /** The address whose conversation is spoken with. */
  readonly from: ContactAddress;
  /** Say what came after this seq; null: what comes after the message of this request. */
  readonly afterSeq: number | null;
  /** At most 1,500 ms: the whole webhook has 2 s (safety.md). */
  readonly waitMs: number;
  /**
   * Builds the answer from the replies since then; called with none when nothing came in time. `withPeople`: there will be
   * none, because people have the conversation.
   */
  respond(replies: readonly SpokenReply[], lastSeq: number, withPeople?: boolean): HttpAnswer | AwaitDetails;
}

/** Of what is to be said something is better read: the core sends these replies as text messages where it can. */
export interface AwaitDetails {
  readonly kind: "await-details";
  readonly from: ContactAddress;
  readonly seqs: readonly number[];
  /** Told which of them were sent; the others have to be said. */
  respond(texted: readonly number[]): HttpAnswer;
}

export interface SpokenReply {
  readonly seq: number;
  readonly parts: readonly Part[];
  readonly meta: ReplyMeta | null;
  readonly author: "assistant" | "agent" | "system";
}

export interface Webhook {
  readonly method: "GET" | "POST";
  /** Below `/channels/<channel>/<account>`, e.g. "/webhook". */
  readonly path: string;
  /** How large a body may be; the service's own limit when left out. */
  readonly maxBytes?: number;
  /** Pure: verifies, then translates. Never throws on unknown input; what it does not know becomes an `unsupported` part. */
  receive(request: RawRequest): Received;
}

/** Optional: a provider posts to us. */
export interface ReceivesWebhooks {
  readonly webhooks: readonly Webhook[];
}

/** Optional: the provider keeps what customers wrote and lists it, also what never reached us. */
export interface ListsInbound {
  /**
   * What customers wrote in this span of time, oldest first, each as its webhook would have brought it; what `known` says of
   * the keys it is given is left out. Throws when it could not be read to its end.
   */
  listInbound(
    span: { readonly since: Date; readonly until: Date },
    known: (keys: readonly string[]) => Promise<ReadonlySet<string>>,
    signal: AbortSignal,
  ): Promise<ListedInbound>;
}

export interface ListedInbound {
  readonly events: readonly InboundEvent[];
  /** There was more than is read at once: the oldest are missing. */
  readonly isCut: boolean;
}

export type InboundEvent = InboundMessage | StatusReport | CallReport | CallBegan | TimelineChange | Ignored;

export interface InboundMessage {
  readonly kind: "message";
  /** What makes a repeated delivery the same message, e.g. "twilio:in:SM…"; unique for ever. */
  readonly key: string;
  readonly from: ContactAddress;
  /** Other addresses the provider says are the same person's (a WhatsApp business-scoped id). */
  readonly aliases?: readonly ContactAddress[];
  readonly profileName?: string;
  readonly externalId: string;
  /** The id that the customer's own program gave the message; handed back with it, so that it can mark it as sent. */
  readonly clientId?: string;
  readonly parts: readonly Part[];
  readonly providerTime?: Date;
  /** The customer's own choice of language, if the channel knows one (browser, speech). */
  readonly locale?: string;
  readonly replyToExternalId?: string;
  /**
   * An opt-out, opt-in or help word: stored and recorded as consent. What the provider answers wants no answer of ours;
   * one that it leaves to us has a part that says so (src/lib/consent.ts) and is confirmed.
   */
  readonly consent?: "stop" | "start" | "help";
  /** False: stored in the timeline but nobody owes an answer (a call that began, a reaction kept as a message). */
  readonly wantsAnswer: boolean;
  /** The provider's payload, kept only for what we do not understand. */
  readonly raw?: unknown;
}

/** States of a delivery; they only move forward. */
export type DeliveryState = "ready" | "sending" | "unknown" | "sent" | "delivered" | "read" | "failed";

export interface StatusReport {
  readonly kind: "status";
  readonly externalId?: string;
  /** Our own delivery id if the provider carried it back. */
  readonly deliveryId?: string;
  readonly state: "sent" | "delivered" | "read" | "failed";
  readonly error?: DeliveryError;
  /** It failed for now: how long to wait before the second try, the third, …; after the last it has failed. */
  readonly againAfterMs?: readonly number[];
}

export type CallLeg = "customer" | "agent" | "supervisor";

/** How a call stands at the provider. The last five are ends. */
export type CallStanding =
  | "queued"
  | "ringing"
  | "in-progress"
  | "completed"
  | "busy"
  | "no-answer"
  | "failed"
  | "canceled";

/** The provider's word on a call that we placed. */
export interface CallReport {
  readonly kind: "call";
  /** What makes a repeated report the same one. */
  readonly key: string;
  readonly externalId: string;
  /** Our own id of the call, if the provider carried it back. */
  readonly callId: string | null;
  readonly state: CallStanding;
  /** The provider's running number; reports come out of order. */
  readonly sequence: number | null;
  readonly answeredBy: "human" | "machine" | null;
}

/** A customer called us. Comes after the message that says so, in the same request. */
export interface CallBegan {
  readonly kind: "call-began";
  readonly externalId: string;
  readonly from: ContactAddress;
  readonly locale: string;
}

/** Something that happened to a message or an address: shown in the timeline, answered by nobody. */
export interface TimelineChange {
  readonly kind: "change";
  readonly key: string;
  readonly from: ContactAddress;
  /** Other addresses of the same person, from now on (their number or their scoped id changed). */
  readonly aliases?: readonly ContactAddress[];
  readonly change: "reaction" | "edit" | "revoke" | "identity" | "call";
  /** The provider id of the message it is about. */
  readonly targetExternalId?: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Understood and deliberately left alone; `why` is a fixed word for the log. */
export interface Ignored {
  readonly kind: "ignored";
  readonly why: string;
}

// ---- sending -------------------------------------------------------------------------------------------------------

export interface DeliveryError {
  readonly class: "permanent" | "retry" | "window" | "optout" | "auth" | "config" | "content";
  readonly code: string;
  /** A sentence for the person who must act; no customer text, number or secret in it. */
  readonly text: string;
}

export type SendResult =
  | { readonly outcome: "accepted"; readonly externalId: string }
  | { readonly outcome: "retry"; readonly afterMs: number | null; readonly error: DeliveryError }
  | { readonly outcome: "rejected"; readonly error: DeliveryError }
  /** It may have been accepted: time-out, broken connection, 5xx. Looked up before anything is sent again. */
  | { readonly outcome: "unknown"; readonly error: DeliveryError };

export interface Outgoing {
  /** "<message id>.<piece>": carried to the provider where it can come back to us. */
  readonly deliveryId: string;
  readonly to: ContactAddress;
  readonly item: OutboundItem;
}

export type LookUp =
  /** Messages the provider holds that are equal to this delivery's; the core takes the first it does not know yet. */
  | { readonly found: readonly { readonly externalId: string; readonly state: DeliveryState }[] }
  /** This provider cannot be asked. */
  | "cannot-tell"
  /** It could be asked, but did not answer now. */
  | "later";

/** Optional: messages are handed to a provider. */
export interface Sends {
  /** One provider call. Never throws: every outcome is a value. */
  send(outgoing: Outgoing, signal: AbortSignal): Promise<SendResult>;
  /** Was this delivery accepted at or after `since`? Asked before an unknown outcome is sent again. */
  lookUp(outgoing: Outgoing, since: Date, signal: AbortSignal): Promise<LookUp>;
}

/** A message that a provider approved beforehand, by the names under which it knows it. */
export interface Template {
  /** Twilio's. */
  readonly contentSid?: string | undefined;
  /** Meta's, with the language as it was approved there ("en_US"). */
  readonly name?: string | undefined;
  readonly language: string;
}

/** Optional: where the reply window is closed, an approved template may still be sent. */
export interface SendsTemplates {
  /** The template with the values of {{1}}, {{2}}, … as a request; null: this provider has no name for it. Pure. */
  renderTemplate(template: Template, values: readonly string[]): OutboundItem | null;
}

export interface OutgoingCall {
  /** Carried to the provider where it comes back with every report. */
  readonly callId: string;
  /** A number, or "client:<identity>" for a telephone in a browser. */
  readonly to: string;
  readonly ringSeconds: number;
  /** Find out whether a person or an answering machine took the call. */
  readonly detectMachine: boolean;
  /** The provider's instructions in the channel's own form; left out: the provider asks us when the call is answered. */
  readonly script?: string;
}

export interface FoundCall {
  readonly externalId: string;
  readonly state: CallStanding;
  readonly answeredBy: "human" | "machine" | null;
}

/** Optional: the channel can ring a telephone. Nothing here throws: every outcome is a value. */
export interface PlacesCalls {
  /** One provider call. `unknown` is looked up before anything is dialled again. */
  placeCall(call: OutgoingCall, signal: AbortSignal): Promise<SendResult>;
  /** Calls to this number that were made at or after `since`; the core takes the one it does not know yet. */
  lookUpCall(
    call: Pick<OutgoingCall, "callId" | "to">,
    since: Date,
    signal: AbortSignal,
  ): Promise<{ readonly found: readonly FoundCall[] } | "later">;
  /** How one call stands; "gone": the provider has no such call. */
  callStanding(externalId: string, signal: AbortSignal): Promise<FoundCall | "gone" | "later">;
  /** Hangs up; false: not known whether it did. */
  endCall(externalId: string, signal: AbortSignal): Promise<boolean>;
}

/** The provider's end of a live call's socket. */
export interface CallWire {
  send(frame: string): void;
  close(code: number, reason: string): void;
}

/** What the core does for the live calls of a process. */
export interface CallHost {
  /** Opens the session that a one-time token was made for; null: unknown, used before, too late or another call's. */
  redeem(shown: {
    readonly token: string;
    readonly callId: string;
    readonly sessionId: string;
  }): Promise<HeldCall | null>;
}

/** One live call and its conversation. */
export interface HeldCall {
  readonly from: ContactAddress;
  readonly locale: string;
  /** What came before is not said. */
  readonly lastSeq: number;
  /** The caller's latest words are still to be answered. */
  readonly answerDue: boolean;
  /** What the assistant asked for last, and what keys would answer; null: nothing in particular. */
  readonly asked: "phone" | "code" | null;
  /** Stores what the caller said or pressed, and sees to its answer; gives its seq. */
  take(message: InboundMessage): Promise<number>;
  /** What is to be said after a seq, and who has the conversation now. */
  news(afterSeq: number): Promise<CallNews>;
  /** Calls back after each change in the conversation, until undone. */
  onNews(listener: () => void): () => void;
  /** Hears how far an answer is made, in whole sentences that may be said; the reply that is stored is the truth. */
  onDraft(listener: (draft: ReplyDraft) => void): () => void;
  /** The caller spoke over a reply: what they did not hear of it was not said. */
  heard(seq: number, words: string): Promise<void>;
  /** This much was said of an answer that is not stored, or came out otherwise. */
  said(spoken: { readonly words: string; readonly locale: string; readonly interrupted: boolean }): Promise<void>;
  /** Sends a reply that is too long to be said as a text message; false: this caller cannot get one. */
  sendDetails(seq: number): Promise<boolean>;
  /** The conversation's own count of a seq of this call: who signs in meanwhile goes on in another conversation. */
  storedSeq(seq: number): number;
  /** `heardSeq`: everything up to there was said to its end. */
  ended(how: string, heardSeq: number): void;
}

export interface ReplyDraft {
  readonly text: string;
  readonly locale: string;
  /** The seq of the caller's latest words that it answers. */
  readonly answers: number;
}

export interface CallNews {
  readonly replies: readonly SpokenReply[];
  readonly lastSeq: number;
  readonly owner: "assistant" | "queue" | "agent";
}

export interface CallSession {
  receive(frame: string): void;
  /** The socket is gone. */
  closed(): void;
}

/** Optional: the provider opens a socket for each live call, and speaks and listens through it. */
export interface HoldsCalls {
  readonly callSocket: {
    /** Below `/channels/<channel>/<account>`, e.g. "/relay". */
    readonly path: string;
    readonly frameMaxBytes: number;
    /** Is this upgrade really the provider's? Pure. */
    admits(request: RawRequest): boolean;
    open(wire: CallWire, host: CallHost): CallSession;
  };
}

/** What can be changed about one line of a conference; what is left out stays. */
export interface LineChange {
  readonly muted?: boolean;
  /** Hears music and words in this language, and nobody hears it; null: it is back. */
  readonly heldIn?: string | null;
  /** Keys that are played to this line. */
  readonly keys?: string;
}

/** Optional: the lines of a call can be moved and changed while it lasts. Nothing here throws. */
export interface BridgesCalls {
  /** Lets a caller's line ask us at once what comes next; false: not known whether it will. */
  callBack(externalId: string, locale: string, signal: AbortSignal): Promise<boolean>;
  /** "gone": the line is not in that conference. */
  changeLine(
    line: { readonly conference: string; readonly externalId: string },
    change: LineChange,
    signal: AbortSignal,
  ): Promise<"done" | "gone" | "later">;
  /** What the telephone in an agent's browser signs in with; null: the account has no API key. */
  phoneToken(identity: string): Promise<{ readonly token: string; readonly expiresAt: Date } | null>;
}

/** Optional: the channel can show that someone is writing. */
export interface ShowsTyping {
  showTyping(to: ContactAddress, lastInboundExternalId: string | null): Promise<void>;
}

/** Optional: media is held by the provider and fetched by a worker. Only the provider's hosts, size counted (N2). */
export interface FetchesMedia {
  fetchMedia(reference: MediaReference, limitBytes: number, signal: AbortSignal): Promise<FetchedMedia>;
}

/** Optional: the provider keeps media until it is told not to. Asked once our own copy is stored; never throws. */
export interface RemovesMedia {
  /** "removed" also when there is nothing any more; "refused": it never will be. */
  removeMedia(reference: MediaReference, signal: AbortSignal): Promise<"removed" | "refused" | "later">;
}

export type FetchedMedia =
  | { readonly outcome: "fetched"; readonly bytes: Buffer; readonly declaredMime: string | null }
  | { readonly outcome: "gone" | "too-big" | "refused" | "later"; readonly reason: string };

/** Optional: a reply that cannot go back this way (speech, after the call) goes by another channel to the same number. */
export interface RepliesVia {
  readonly repliesVia: string;
}

/** Optional: is it configured and working? In words, for `doctor` and the settings page. */
export interface ReportsHealth {
  health(
    signal: AbortSignal,
  ): Promise<{ readonly state: "ok" | "degraded" | "down" | "needs-action"; readonly detail: string }>;
}

export function can<
  Ability extends
    | "webhooks"
    | "send"
    | "showTyping"
    | "fetchMedia"
    | "repliesVia"
    | "health"
    | "placeCall"
    | "callSocket"
    | "changeLine"
    | "renderTemplate"
    | "listInbound"
    | "removeMedia",
>(channel: Channel, ability: Ability): channel is Channel & AbilityOf<Ability> {
  return ability in channel;
}

type AbilityOf<Ability> = Ability extends "webhooks"
  ? ReceivesWebhooks
  : Ability extends "send"
    ? Sends
    : Ability extends "showTyping"
      ? ShowsTyping
      : Ability extends "fetchMedia"
        ? FetchesMedia
        : Ability extends "repliesVia"
          ? RepliesVia
          : Ability extends "placeCall"
            ? PlacesCalls
            : Ability extends "callSocket"
              ? HoldsCalls
              : Ability extends "changeLine"
                ? BridgesCalls
                : Ability extends "renderTemplate"
                  ? SendsTemplates
                  : Ability extends "listInbound"
                    ? ListsInbound
                    : Ability extends "removeMedia"
                      ? RemovesMedia
                      : ReportsHealth;
