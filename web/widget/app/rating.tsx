import { callIfThere } from "./call.ts";
import { change, state } from "./state.ts";
import { say } from "./words.ts";

const scores = [1, 2, 3, 4, 5];
const faces = ["😡", "🙁", "😐", "🙂", "😀"];
const commentMaxChars = 1_000;

/** Asks once for each issue, when it is settled: a tap is enough, words are welcome. */
export function Rating() {
  const { line, rating, entries, pending } = state;
  const said = entries.at(-1);
  const over = line?.status === "resolved" || (said?.flow === "goodbye" && pending.length === 0);
  if (rating === 0)
    return (
      <p class="rating" role="status">
        {say("thanks")}
      </p>
    );
  if (!over || line === null || (line.rated && rating === null)) return null;
  return (
    <form class="rating" aria-label={say("rate")} onSubmit={finish}>
      <fieldset>
        <legend>{say("rate")}</legend>
        {scores.map((score) => (
          <button
            type="button"
            key={score}
            aria-label={say("score", { n: score })}
            aria-pressed={rating === score}
            onClick={() => give(score)}
          >
            {faces[score - 1]}
          </button>
        ))}
      </fieldset>
      {rating !== null && (
        <>
          <input
            name="comment"
            maxLength={commentMaxChars}
            aria-label={say("comment")}
            placeholder={say("comment")}
            dir="auto"
          />
          <button type="submit">{say("send")}</button>
        </>
      )}
    </form>
  );
}

/** Kept at once: whoever leaves now has rated all the same. */
function give(rating: number): void {
  change({ rating });
  void callIfThere("POST", "/conversations/*/rating", { score: rating });
}

function finish(event: Event): void {
  event.preventDefault();
  const comment = new FormData(event.currentTarget as HTMLFormElement).get("comment");
  void callIfThere("POST", "/conversations/*/rating", { score: state.rating, comment });
  change({ rating: 0, ...(state.line === null ? {} : { line: { ...state.line, rated: true } }) });
}
