import type { InboundEvent, ListsInbound } from "../channel.ts";
import { refusedStatus, type SdkMessages, type TwilioClient } from "./client.ts";
import { readMessage } from "./inbound.ts";

/** Usually one page is more than there is. */
const pageSize = 100;
/** 20,000 messages a look: more than a day of a busy number. */
const pagesMax = 200;

type Page = Pick<Awaited<ReturnType<SdkMessages["page"]>>, "instances" | "nextPageUrl" | "nextPage">;
type Listed = Page["instances"][number];

/**
 * Twilio soon gives a failing webhook up, but it keeps the message: what its list holds is turned into the form that the
 * webhook would have posted, and read like that. What the list does not say is lost: the profile's name, and which button
 * was pressed, though its words are the text.
 */
export function listsInbound(options: {
  readonly client: TwilioClient;
  /** Our own address as Twilio writes it. */
  readonly to: string | null;
  /** It has numbers that we do not know of. */
  readonly messagingServiceSid: string | null;
  readonly read: (form: URLSearchParams) => InboundEvent[];
}): ListsInbound {
  const { client, to, messagingServiceSid, read } = options;
  const query = { ...(messagingServiceSid === null && to !== null ? { to } : {}), pageSize };
  // What came in at the account's other numbers is somebody else's.
  const isOurs = (one: Listed): boolean =>
    one.direction === "inbound" &&
    (one.to === to || (messagingServiceSid !== null && one.messagingServiceSid === messagingServiceSid));

  return {
    async listInbound({ since, until }, known, signal) {
      const isIn = (one: Listed): boolean => isOurs(one) && sentAt(one) >= +since && sentAt(one) <= +until;
      const missed: Listed[] = [];
      let page: Page | null = await client.messages(signal, (messages) => messages.page(query));
      let count = 0;
      while (page !== null && count++ < pagesMax) {
        missed.push(...(await without(page.instances.filter(isIn), known)));
        page = goesBackTo(since, page) ? null : await nextPage(client, page, signal);
      }
      const events: InboundEvent[] = [];
      // Twilio lists the newest first.
      for (const one of missed.reverse()) events.push(...read(await formOf(client, one, signal)).map(timed(one)));
      return { events, isCut: page !== null };
    },
  };
}

type Known = Parameters<ListsInbound["listInbound"]>[1];

async function without(listed: readonly Listed[], known: Known): Promise<readonly Listed[]> {
  if (listed.length === 0) return listed;
  const stored = await known(listed.map(keyOf));
  return listed.filter((one) => !stored.has(keyOf(one)));
}

function goesBackTo(since: Date, { instances }: Page): boolean {
  const last = instances.at(-1);
  return last === undefined || sentAt(last) < +since;
}

function timed(one: Listed) {
  const providerTime = new Date(sentAt(one));
  return (event: InboundEvent): InboundEvent => (event.kind === "message" ? { ...event, providerTime } : event);
}

async function nextPage(client: TwilioClient, page: Page, signal: AbortSignal): Promise<Page | null> {
  return (await client.messages(signal, async () => page.nextPage())) ?? null;
}

function sentAt({ dateSent, dateCreated }: Listed): number {
  return (dateSent ?? dateCreated).getTime();
}

function keyOf(one: Listed): string {
  return readMessage(plainForm(one))?.key ?? "";
}

function plainForm({ sid, from, to, body, numMedia }: Listed): URLSearchParams {
  return new URLSearchParams({ MessageSid: sid, From: from, To: to, Body: body, NumMedia: numMedia });
}

async function formOf(client: TwilioClient, one: Listed, signal: AbortSignal): Promise<URLSearchParams> {
  const form = plainForm(one);
  if (one.numMedia === "0") return form;
  const media = await mediaOf(client, one.sid, signal);
  form.set("NumMedia", String(media.length));
  media.forEach(({ uri, contentType }, index) => {
    form.set(`MediaUrl${index}`, client.apiUrl + uri.replace(/\.json$/, ""));
    form.set(`MediaContentType${index}`, contentType);
  });
  return form;
}

async function mediaOf(client: TwilioClient, sid: string, signal: AbortSignal) {
  try {
    return (await client.messages(signal, (messages) => messages(sid).media.page())).instances;
  } catch (error) {
    // Deleted meanwhile; its words are still there.
    if (refusedStatus(error) === 404) return [];
    throw error;
  }
}
