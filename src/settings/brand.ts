import { z } from "zod";
import { hexColour } from "../lib/colour.ts";
import type { Setting } from "./settings.ts";

/** Longer names break every heading they stand in. */
const nameMaxChars = 60;

const schema = z.strictObject({
  /** Null: the name from the environment. */
  company: z.string().trim().min(1).max(nameMaxChars).nullable().default(null),
  colour: hexColour.default("#0b57d0"),
  /** The id of an uploaded picture. */
  logo: z.uuid().nullable().default(null),
});
export type Brand = z.output<typeof schema>;

/** How the company shows itself to customers: on the help pages and in the widget. */
export const brandSetting = { key: "brand", schema, fallback: schema.parse({}) } as const satisfies Setting<
  typeof schema
>;
