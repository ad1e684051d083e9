import type { Db } from "../db/client.ts";

/** So many of the customer's last messages say what it is about. */
const messagesMax = 3;
const topicMaxChars = 200;

/** What a call is to be about: the customer's own last words in this episode. Null: they said nothing but a word or a number. */
export async function topicOf(
  db: Db,
  { conversationId, episodeFromSeq }: { readonly conversationId: string; readonly episodeFromSeq: number },
): Promise<string | null> {
  const rows = await db.run(
    (sql) => sql<{ text: string }[]>`
      select p.part->>'text' as text from messages m, jsonb_array_elements(m.parts) with ordinality p (part, place)
      where m.conversation_id = ${conversationId} and m.seq >= ${episodeFromSeq} and m.author = 'contact'
        and p.part->>'t' = 'text' and p.part->>'text' ~ '[[:alpha:]]{2,}.*[[:space:]].*[[:alpha:]]{2,}'
      order by m.seq desc, p.place desc limit ${messagesMax}`,
  );
  const words = rows.reverse().map(({ text }) => text.replace(/\s+/g, " ").trim());
  return words.length === 0 ? null : words.join(" – ").slice(0, topicMaxChars);
}
