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
  if (line === null || !over) {
    // The next issue is asked about anew.
    state.rating = null;
    return null;
  }
  if (rating === 0)
    return (
      <p class="rating" role="status">
        {say("thanks")}
      </p>
    );
  if (line.rated && rating === null) return null;
  return (
    <form class="rating" aria-label={say("rate")} onSubmit={(event: Event) => void finish(event)}>
      <fieldset>
        <legend>{say("rate")}</legend>
        {scores.map((score) => (
          <button
            type="button"
            key={score}
            aria-label={say("score", { n: score })}
            aria-pressed={rating === score}
            onClick={() => void give(score)}
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
async function give(score: number): Promise<void> {
  const before = state.rating;
  change({ rating: score });
  if (!(await kept({ score }))) change({ rating: before });
}

async function finish(event: Event): Promise<void> {
  event.preventDefault();
  const comment = new FormData(event.currentTarget as HTMLFormElement).get("comment");
  if (!(await kept({ score: state.rating, comment }))) return;
  change({ rating: 0, ...(state.line === null ? {} : { line: { ...state.line, rated: true } }) });
}

/** Nobody is thanked for what was not stored. */
async function kept(rating: object): Promise<boolean> {
  const stored = (await callIfThere("POST", "/conversations/*/rating", rating)) !== null;
  change({ error: stored ? null : "notNow" });
  return stored;
}
