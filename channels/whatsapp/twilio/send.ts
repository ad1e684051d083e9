import type { Outgoing, Sends } from "../../channel.ts";
import { type Choices, type Contents, choicesSchema } from "./contents.ts";

/** A content that is gone or that the channel does not take: clear refusals, so the plain form may be sent instead. */
const gone = new Set(["21655", "21656"]);
const notTaken = new Set(["63005", "63021", "63027", "63030"]);

/** Sends choices as buttons or a list where Twilio lets us, and numbered in the text where it does not. */
export function withChoices(plain: Sends, contents: Contents): Sends {
  return {
    async send(outgoing, signal) {
      const choices = choicesIn(outgoing);
      const sid = choices === null ? null : await contents.sidFor(choices, signal);
      if (choices === null || sid === null) return plain.send(outgoing, signal);
      const result = await plain.send(shown(outgoing, choices, sid), signal);
      const code = result.outcome === "rejected" ? result.error.code : null;
      if (code === null || !(gone.has(code) || notTaken.has(code))) return result;
      contents.refused(choices, gone.has(code));
      return plain.send(outgoing, signal);
    },
    async lookUp(outgoing, since, signal) {
      const choices = choicesIn(outgoing);
      const numbered = await plain.lookUp(outgoing, since, signal);
      if (choices === null || typeof numbered === "string" || numbered.found.length > 0) return numbered;
      const words = await plain.lookUp({ ...outgoing, item: { body: { body: choices.text } } }, since, signal);
      if (typeof words === "string" || words.found.length > 0) return words;
      // How Twilio words a content in its list is not promised, so a miss proves nothing.
      return "cannot-tell";
    },
  };
}

function choicesIn({ item }: Outgoing): Choices | null {
  const parsed = choicesSchema.safeParse(item.body.choices);
  return parsed.success ? parsed.data : null;
}

function shown(outgoing: Outgoing, { text }: Choices, contentSid: string): Outgoing {
  return { ...outgoing, item: { body: { contentSid, contentVariables: JSON.stringify({ "1": text }) } } };
}
