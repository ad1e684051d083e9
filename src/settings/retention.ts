import { z } from "zod";
import type { Setting } from "./settings.ts";

const schema = z.strictObject({
  /** Customers of whom nothing was heard, and to whom nothing was said, for so many days are erased; null: nobody is. */
  days: z.number().int().min(1).max(3_650).nullable().default(null),
});

/** How long customers are remembered (P3). */
export const retentionSetting = { key: "retention", schema, fallback: schema.parse({}) } as const satisfies Setting<
  typeof schema
>;
