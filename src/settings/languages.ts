import { z } from "zod";
import type { Setting } from "./settings.ts";

/** A page offers a menu of languages, not a catalogue. */
const localesMax = 40;

const schema = z.strictObject({
  /** In the order of the menu; the first is for readers of every other language. Null: all that articles are written in. */
  locales: z
    .array(z.string().regex(/^[a-z]{2,3}$/, "must be a language code such as en"))
    .min(1)
    .max(localesMax)
    .refine((list) => new Set(list).size === list.length, "names a language twice")
    .nullable()
    .default(null),
});

/** The languages that customers can choose. */
export const languagesSetting = { key: "languages", schema, fallback: schema.parse({}) } as const satisfies Setting<
  typeof schema
>;
