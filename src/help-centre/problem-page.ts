import type { Page } from "./page.ts";
import { searchForm, waysToReachUs } from "./pieces.ts";
import { pageWords } from "./words.ts";

/** A page that says what went wrong and what to do next. `path` is where "try again" leads. */
export function problemPage(locale: string, problem: "missing" | "failed" | "too-many", path: string): Page {
  const say = pageWords(locale);
  const [title, text] =
    problem === "missing"
      ? [say.missing, say.missingText]
      : [say.failed, problem === "failed" ? say.failedText : say.tooMany];
  const heading = problem === "too-many" ? say.tooMany : title;
  const again =
    problem === "missing"
      ? searchForm(locale)
      : `<p><a class="button" href="${escapePath(path)}">${say.tryAgain}</a></p>`;
  return {
    locale,
    title: heading,
    path: `/help/${locale}`,
    body: `<h1>${heading}</h1>${problem === "too-many" ? "" : `<p class="text">${text}</p>`}${again}${waysToReachUs(locale)}`,
    indexed: false,
  };
}

/** Only ever a path of ours. */
function escapePath(path: string): string {
  return new URL(path, "http://here").pathname.replace(/^\/+/, "/").replaceAll('"', "%22").replaceAll("&", "&amp;");
}
