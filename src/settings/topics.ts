import { z } from "zod";
import type { Setting } from "./settings.ts";

const topicsMax = 60;
const nameMaxChars = 80;

const schema = z.strictObject({
  topics: z
    .array(
      z.strictObject({
        id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,59}$/, "must be small letters, digits and hyphens"),
        /** By language. */
        names: z.record(z.string().max(10), z.string().trim().min(1).max(nameMaxChars)),
      }),
    )
    .max(topicsMax)
    .refine((list) => new Set(list.map(({ id }) => id)).size === list.length, "names a topic twice")
    .default([]),
});
export type Topic = z.output<typeof schema>["topics"][number];

/** What the articles are sorted by, in this order. Articles of a topic that is not here stand at the end. */
export const topicsSetting = { key: "topics", schema, fallback: schema.parse({}) } as const satisfies Setting<
  typeof schema
>;
