import type { HeldCall, SpokenReply } from "../channel.ts";

/** One-time codes (safety.md, C5). */
const codeDigits = 6;

/** Keys as they are pressed in a call, until they make an answer. */
export class Keypad {
  #pressed = "";
  /** How many make an answer; null: as many as come before "#" or a pause. */
  #wanted: number | null = 1;

  /** More than one key makes an answer. */
  get wantsMany(): boolean {
    return this.#wanted !== 1;
  }

  /** What the call asked for before this session. */
  expectAsked(asked: HeldCall["asked"]): void {
    this.#wanted = asked === "code" ? codeDigits : asked === "phone" ? null : 1;
  }

  /** What these replies ask for: a telephone number or a one-time code is more than one key. */
  expectAfter(replies: readonly SpokenReply[]): void {
    const flows = replies.map(({ meta }) => meta?.flow);
    this.#wanted = flows.includes("sign-in") ? codeDigits : flows.includes("callback") ? null : 1;
  }

  /** The answer that this key makes, empty where it says nothing alone; null: more may come. */
  press(digit: string): string | null {
    if (this.#wanted === 1) return digit === "#" || digit === "*" ? "" : digit;
    if (digit !== "#") this.#pressed += digit;
    return digit === "#" || this.#pressed.length === this.#wanted ? this.take() : null;
  }

  /** What was pressed so far; the next key begins anew. */
  take(): string {
    const pressed = this.#pressed;
    this.#pressed = "";
    return pressed;
  }
}
