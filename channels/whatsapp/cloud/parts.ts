import { z } from "zod";
import { cleanText, cutText } from "../../../src/lib/clean-text.ts";
import type { MediaKind } from "../../../src/lib/message.ts";
import type { Part } from "../../channel.ts";

const textMaxChars = 10_000;
const shortMaxChars = 1_000;
const contactsMax = 20;

/** A message's type and, under a field of that name, what it holds. */
export interface Content {
  readonly type: string;
  readonly [field: string]: unknown;
}

const text = z.looseObject({ body: z.string() });
const media = z.looseObject({
  id: z.string().min(1).max(200),
  mime_type: z.string().max(200).optional(),
  caption: z.string().optional(),
  filename: z.string().optional(),
  voice: z.boolean().optional(),
});
const location = z.looseObject({
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
  name: z.string().optional(),
  address: z.string().optional(),
});
const contacts = z
  .array(
    z.looseObject({
      name: z.looseObject({ formatted_name: z.string().optional() }).optional(),
      phones: z.array(z.looseObject({ phone: z.string().optional() })).optional(),
    }),
  )
  .max(contactsMax);
const picked = z.looseObject({ id: z.string().max(400), title: z.string() });
const interactive = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("button_reply"), button_reply: picked }),
  z.looseObject({ type: z.literal("list_reply"), list_reply: picked }),
]);
const button = z.looseObject({ payload: z.string().max(400).optional(), text: z.string() });

/** What a message holds as our parts; null when we do not know its type or its form. Pure. */
export function messageParts(content: Content, account: { readonly account: string }): Part[] | null {
  const held = content[content.type];
  switch (content.type) {
    case "text":
      return read(text, held, ({ body }) => [{ t: "text", text: cutText(body, textMaxChars), format: "plain" }]);
    case "image":
    case "video":
    case "audio":
    case "document":
    case "sticker":
      return mediaParts(content.type, held, account.account);
    case "location":
      return read(location, held, ({ latitude: lat, longitude: lng, name, address }) => [
        { t: "location", lat, lng, ...short("name", name), ...short("address", address) },
      ]);
    case "contacts":
      return read(contacts, held, (people) =>
        people.map((one) => ({
          t: "contact",
          name: cutText(one.name?.formatted_name ?? "", shortMaxChars),
          phones: (one.phones ?? []).map(({ phone }) => cutText(phone ?? "", 50)).filter(Boolean),
        })),
      );
    case "interactive":
      return read(interactive, held, (reply) => [
        choice(reply.type === "button_reply" ? reply.button_reply : reply.list_reply),
      ]);
    case "button":
      return read(button, held, (reply) => [choice({ id: reply.payload ?? reply.text, title: reply.text })]);
    default:
      return null;
  }
}

/** The media's id stays with the part: a worker asks Meta for the address, which is good for five minutes only. */
function mediaParts(kind: Exclude<MediaKind, "voice">, held: unknown, account: string): Part[] | null {
  return read(media, held, ({ id, mime_type: mime = "application/octet-stream", caption, filename, voice }) => [
    {
      t: "media",
      kind: voice === true ? "voice" : kind,
      mime: cleanText(mime),
      state: "pending",
      ...short("caption", caption),
      ...short("name", filename),
      source: { channel: "whatsapp", account, reference: cleanText(id) },
    },
  ]);
}

function choice({ id, title }: { readonly id: string; readonly title: string }): Part {
  return { t: "choice", optionId: cleanText(id), title: cutText(title, shortMaxChars) };
}

function short<Name extends string>(name: Name, value: string | undefined): { readonly [Key in Name]?: string } {
  const given = cutText(value ?? "", shortMaxChars);
  return (given === "" ? {} : { [name]: given }) as { readonly [Key in Name]?: string };
}

function read<Schema extends z.ZodType>(
  schema: Schema,
  held: unknown,
  toParts: (value: z.output<Schema>) => Part[],
): Part[] | null {
  const parsed = schema.safeParse(held);
  return parsed.success ? toParts(parsed.data) : null;
}
