import { join } from "node:path";
import { aboutTopic } from "../../help-centre/articles.ts";
import type { Library, Shelf } from "../../help-centre/library.ts";
import { readConcepts, readIntents } from "../../help-centre/read-articles.ts";
import { type BrainContent, createEmbeddedBrain, type EmbeddedBrain } from "./brain.ts";

/** The embedded brain over the published articles; it learns what is published anew in the background. */
export async function openBrain(
  library: Library,
  contentFolder: string,
  modelsFolder: string | null,
): Promise<EmbeddedBrain> {
  const concepts = await readConcepts(join(contentFolder, "concepts"));
  const contentOf = async ({ articles, company }: Shelf): Promise<BrainContent> => ({
    articles: articles.filter(({ topic }) => topic !== aboutTopic),
    intents: await readIntents(join(contentFolder, "intents"), company),
    concepts,
    company,
  });
  const brain = createEmbeddedBrain(await contentOf(library.current()), modelsFolder);
  let learning = Promise.resolve();
  library.onChange((shelf) => {
    // One after the other, so that the newest shelf is learnt last.
    learning = learning
      .then(async () => brain.learn(await contentOf(shelf)))
      // What was learnt before goes on answering; the next change tries again.
      .catch(() => undefined);
  });
  return brain;
}
