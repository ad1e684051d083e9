import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { z } from "zod";
import type { Understood } from "../assistant/commands.ts";
import { createEmbeddedBrain } from "../assistant/embedded/brain.ts";
import { openBrain } from "../assistant/embedded/open-brain.ts";
import { type Brain, commandsOf } from "../assistant/understanding.ts";
import { readConfig } from "../config.ts";
import { createDb } from "../db/client.ts";
import { hasEmbeddedDatabase, startEmbeddedPostgres } from "../db/embedded.ts";
import { openLibrary } from "../help-centre/library.ts";
import { readArticles, readConcepts, readIntents } from "../help-centre/read-articles.ts";
import type { Log } from "../lib/log.ts";

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
  await answerLines(brain, input, output);
}

export interface OwnBrain {
  readonly brain: Brain;
  close(): Promise<void>;
}

/**
 * The brain over the articles of the database that the environment names, as the service has it; null where no database
 * is yet. Throws an Error whose sentence says why its articles cannot be taken.
 */
export async function openOwnBrain(environment: Parameters<typeof readConfig>[0], log: Log): Promise<OwnBrain | null> {
  const config = readConfig(environment, { keepKey: false });
  const { dataDir, databaseUrl, company } = config;
  if (databaseUrl === null && !hasEmbeddedDatabase(dataDir)) return null;
  const embedded = databaseUrl === null ? await startEmbeddedPostgres({ dataDir, log }) : null;
  const db = createDb({ url: databaseUrl ?? embedded?.url ?? "", log });
  const close = async (): Promise<void> => {
    await db.close();
    await embedded?.stop();
  };
  try {
    const library = await openLibrary({ db, company, log });
    library.close();
    if (library.current().articles.length === 0) throw new Error("The database has no published articles yet.");
    const brain = await openBrain(library, content, existsSync(dataDir) ? join(dataDir, "models") : null);
    return { brain, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The same for questions to any brain. */
export async function answerLines(brain: Brain, input: Readable, output: Writable): Promise<void> {
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
