import { setTimeout as sleep } from "node:timers/promises";
import type { TransactionSql } from "../../../src/db/client.ts";
import { plainText } from "../../../src/lib/message.ts";
import type { Decides, Decision, WaitingTurn } from "../../../src/turns/turn.ts";

/** Of ten turns, how many have something that must become true together with the reply, and how many a long reply. */
const alongsideOfTen = 2;
const longOfTen = 1;
const thinkingMaxMs = 120;
/** So long that customers often write while an answer is being made: only the fence sees it then. */
export const slowThinkingMaxMs = 2_000;
/** Two SMS of three segments each. */
const padding = " This sentence only makes the reply longer than one SMS can be.".repeat(9);

/**
 * Answers with the numbers of the messages that it answers ("Re 1,2"), so that the provider's log alone shows what a
 * customer got, in which order and how often. Everything around it is the product's own.
 */
export function createCountingAssistant(random: () => number, thinksAtMostMs = thinkingMaxMs): Decides {
  return {
    async decide(turn) {
      await sleep(Math.floor(random() * thinksAtMostMs));
      return answer(turn);
    },
    giveUp: answer,
  };
}

/** Was something else written together with this reply? */
export function isCounted(text: string, conversationId: string): boolean {
  return (kindOf(text, conversationId) + 5) % 10 < alongsideOfTen;
}

function answer(turn: WaitingTurn): Decision {
  const numbers = turn.messages.map((message) => /\d+/.exec(plainText(message.parts))?.[0] ?? "?");
  const start = `Re ${numbers.join(",")}.`;
  const text = kindOf(start, turn.conversationId) % 10 < longOfTen ? start + padding : start;
  const decision = { parts: [{ t: "text", text, format: "plain" } as const], meta: null, locale: "en", flow: null };
  if (!isCounted(text, turn.conversationId)) return decision;
  return { ...decision, alongside: (sql) => countReply(sql, turn) };
}

/** Spread evenly over replies, and the same for whoever asks. */
function kindOf(text: string, conversationId: string): number {
  return Number(/\d+/.exec(text)?.[0] ?? 0) * 7 + Number.parseInt(conversationId.slice(-2), 16);
}

/** The judge compares this count with the replies that were written: both or neither. */
async function countReply(sql: TransactionSql, turn: WaitingTurn): Promise<void> {
  await sql`update conversations set priority = priority + 1 where id = ${turn.conversationId}`;
}
