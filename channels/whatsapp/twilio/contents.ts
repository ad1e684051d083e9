import { createHash } from "node:crypto";
import { z } from "zod";
import type { TwilioClient } from "../../twilio/client.ts";

/** Different sets of choices that one process stores; beyond it they are numbered. Far more than the articles need. */
const contentsMax = 500;
const pageSize = 500;
/** An account holds few thousand contents; more pages are a loop. */
const pagesMax = 20;
/** Choices that Twilio refused are numbered for so long: each try would leave another content in the account. */
const refusedForMs = 60 * 60_000;
/** What follows is the message itself, within the same limit. */
const limitMs = 3_000;
/** Marks the contents that are ours to use again; a change of their form changes it. */
const namePrefix = "everline-1-";

const option = z.object({ id: z.string(), title: z.string(), description: z.string().optional() });
/** Choices as they were rendered; stored with the delivery, so read as something that came from outside. */
export const choicesSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("buttons"), text: z.string(), buttons: z.array(option) }),
  z.object({ kind: z.literal("list"), text: z.string(), label: z.string(), rows: z.array(option) }),
]);
export type Choices = z.output<typeof choicesSchema>;

const created = z.looseObject({ sid: z.string() });
const listed = z.looseObject({
  contents: z.array(z.looseObject({ sid: z.string(), friendly_name: z.string().nullable() })),
  meta: z.looseObject({ next_page_url: z.url().nullish() }).nullish(),
});

export interface Contents {
  /** The stored content that shows these choices, made if need be; null when there is none to be had. Never throws. */
  sidFor(choices: Choices, signal: AbortSignal): Promise<string | null>;
  /** Twilio does not show these choices: they have no content for an hour. `gone`: what it was is not there any more. */
  refused(choices: Choices, gone: boolean): void;
}

/**
 * Twilio shows buttons and lists only from a stored content. The words above them are its variable, so one content
 * serves every message with the same choices; its name says which, so that it is found again after a restart.
 */
export function createContents(client: Pick<TwilioClient, "contents">, now: () => number = Date.now): Contents {
  let known: Promise<Map<string, string>> | null = null;
  const refusedUntil = new Map<string, number>();

  async function create(name: string, choices: Choices, signal: AbortSignal): Promise<string | null> {
    const definition = { friendly_name: name, language: "en", variables: { "1": "text" }, types: typesOf(choices) };
    const { status, body } = await client.contents("post", definition, signal);
    const content = created.safeParse(body);
    return status < 300 && content.success ? content.data.sid : null;
  }

  return {
    async sidFor(choices, callSignal) {
      const signal = AbortSignal.any([callSignal, AbortSignal.timeout(limitMs)]);
      const name = nameOf(choices);
      if ((refusedUntil.get(name) ?? 0) > now()) return null;
      try {
        known ??= findOurs(client, signal);
        const sids = await known;
        const sid = sids.get(name) ?? (sids.size < contentsMax ? await create(name, choices, signal) : null);
        if (sid !== null) sids.set(name, sid);
        return sid;
      } catch {
        // Nothing reaches the customer from here; the choices are numbered this time and tried again the next.
        known = null;
        return null;
      }
    },
    refused(choices, gone) {
      const name = nameOf(choices);
      refusedUntil.set(name, now() + refusedForMs);
      if (gone) void known?.then((sids) => sids.delete(name)).catch(() => undefined);
    },
  };
}

/** Throws when Twilio does not list them: without that knowledge each would be made anew. */
async function findOurs(client: Pick<TwilioClient, "contents">, signal: AbortSignal): Promise<Map<string, string>> {
  const ours = new Map<string, string>();
  let query: Readonly<Record<string, string>> | null = { PageSize: String(pageSize) };
  for (let pages = 0; query !== null && pages < pagesMax; pages++) {
    const { status, body } = await client.contents("get", query, signal);
    if (status >= 300) throw new Error(`Twilio lists no contents (status ${status}).`);
    const { contents, meta } = listed.parse(body);
    for (const { sid, friendly_name: name } of contents) if (name?.startsWith(namePrefix)) ours.set(name, sid);
    const next: string | null = meta?.next_page_url ?? null;
    query = next === null ? null : Object.fromEntries(new URL(next).searchParams);
  }
  return ours;
}

function nameOf(choices: Choices): string {
  return (
    namePrefix +
    createHash("sha256")
      .update(JSON.stringify(typesOf(choices)))
      .digest("hex")
      .slice(0, 40)
  );
}

function typesOf(choices: Choices): Readonly<Record<string, unknown>> {
  const body = "{{1}}";
  if (choices.kind === "buttons") {
    const actions = choices.buttons.map(({ id, title }) => ({ type: "QUICK_REPLY", id, title }));
    return { "twilio/quick-reply": { body, actions } };
  }
  const items = choices.rows.map(({ id, title: item, description }) => ({
    id,
    item,
    ...(description === undefined ? {} : { description }),
  }));
  return { "twilio/list-picker": { body, button: choices.label, items } };
}
