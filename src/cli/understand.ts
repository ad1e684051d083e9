import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { z } from "zod";
import type { Understood } from "../assistant/commands.ts";
import { createEmbeddedBrain } from "../assistant/embedded/brain.ts";
import { type Brain, commandsOf } from "../assistant/understanding.ts";
import { readArticles, readConcepts, readIntents } from "../help-centre/read-articles.ts";

const content = new URL("../../content/", import.meta.url).pathname;
const line = z.object({ text: z.string().max(10_000), locale: z.string().max(35).optional() });

/**
 * Reads JSON lines {"text","locale"?}, writes what the assistant makes of each, in order. A bad line gives {"error"}.
 * With a folder for models, a language that was trained before is not trained again.
 */
export async function understandLines(
  company: string,
  input: Readable,
  output: Writable,
  modelsFolder: string | null = null,
): Promise<void> {
  const articles = await readArticles(join(content, "articles"), company);
  const brain = createEmbeddedBrain(
    {
      articles,
      intents: await readIntents(join(content, "intents"), company),
      concepts: await readConcepts(join(content, "concepts")),
      company,
    },
    modelsFolder,
  );
  for await (const text of createInterface({ input })) {
    if (text.trim() === "") continue;
    output.write(`${JSON.stringify(await answerLine(text, brain))}\n`);
  }
}

async function answerLine(text: string, brain: Brain): Promise<Understood | { error: string }> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { error: "This line is not JSON." };
  }
  const parsed = line.safeParse(value);
  if (!parsed.success) return { error: 'A line needs {"text": "…"} and may have "locale".' };
  const { locale } = parsed.data;
  const understanding = await brain.understand({ text: parsed.data.text, ...(locale === undefined ? {} : { locale }) });
  const { locale: spoken, zone, articles, flow } = understanding;
  return { locale: spoken, zone, commands: commandsOf(understanding), articles, flow };
}
