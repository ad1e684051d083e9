import { field } from "./composer.tsx";
import { change } from "./state.ts";
import { say } from "./words.ts";

const emoji = "😀 😂 🙂 😉 😊 😍 🤔 😐 😕 😢 😡 😱 👍 👎 👌 🙏 👏 💪 ❤️ 🎉 ✅ ❌ ❓ ⏰ 💳 📦 📄 📷 📞 💶".split(" ");

/** The thirty that are used in customer service; keyboards and telephones have all the others. */
export function Emoji() {
  return (
    <fieldset class="emoji" aria-label={say("emoji")}>
      {emoji.map((one) => (
        <button type="button" key={one} onClick={() => put(one)}>
          {one}
        </button>
      ))}
    </fieldset>
  );
}

function put(one: string): void {
  const input = field();
  if (input === null) return;
  input.setRangeText(one, input.selectionStart, input.selectionEnd, "end");
  change({ panel: null });
  input.focus();
}
