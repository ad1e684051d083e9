import { call } from "./api.js";
import { editArticle, hasUnsaved, mayLeave, newArticle } from "./article-editor.js";
import { closeDialog, openDialog } from "./dialog.js";
import { $, el, languageName } from "./dom.js";
import { enterAsAdministrator } from "./manage.js";
import { toast } from "./toast.js";

const state = { articles: [], topics: [], open: null };

/** Reads the list again and draws it; the editor stays as it is. */
export async function refresh() {
  const [articles, topics] = await Promise.all([call("GET", "/articles"), call("GET", "/settings/topics")]);
  if (!articles.ok || !topics.ok) {
    $("articles").replaceChildren(el("p", { role: "alert" }, articles.ok ? topics.words : articles.words));
    return state;
  }
  state.articles = articles.data.articles;
  state.topics = topics.data.value.topics;
  draw();
  return state;
}

export const articleById = (id) => state.articles.find((one) => one.id === id);
export const topics = () => state.topics;
export const titleOf = (article) => article.translations[0]?.question ?? article.id;

export function open(id, locale) {
  if (!mayLeave()) return;
  state.open = id;
  draw();
  void editArticle(id, locale);
}

function draw() {
  const wanted = $("filter").value.trim().toLowerCase();
  const shown = state.articles.filter(
    (article) =>
      ($("show-deleted").checked || article.deletedAt === null) &&
      (wanted === "" ||
        article.id.includes(wanted) ||
        article.translations.some(({ question }) => question.toLowerCase().includes(wanted))),
  );
  const known = state.topics.map(({ id, names }) => ({ id, name: names.en ?? Object.values(names)[0] ?? id }));
  const other = { id: null, name: "Other" };
  const groups = [...known, other].flatMap(({ id, name }) => {
    const rows = shown.filter(({ topic }) => (id === null ? !known.some((one) => one.id === topic) : topic === id));
    return rows.length === 0 ? [] : [el("h2", {}, name), el("ul", {}, ...rows.map(row))];
  });
  $("articles").replaceChildren(
    ...(groups.length > 0
      ? groups
      : [
          el(
            "p",
            { className: "empty" },
            wanted === "" ? "There are no articles yet. Begin one, or import some." : "No article has these words.",
          ),
        ]),
  );
}

function row(article) {
  const current = article.id === state.open ? "true" : null;
  const { yes, no } = article.helped;
  return el(
    "li",
    {},
    el(
      "button",
      { type: "button", "aria-current": current, onclick: () => open(article.id) },
      el("bdi", {}, titleOf(article)),
      el(
        "span",
        { className: "marks" },
        article.deletedAt ? el("span", { className: "mark draft" }, "deleted") : null,
        ...article.translations.map(mark),
        yes + no > 0 ? el("span", {}, `helped ${yes} of ${yes + no}`) : null,
      ),
    ),
  );
}

function mark({ locale, published, newest, outOfDate }) {
  const [kind, words] =
    published === null
      ? ["draft", "draft only"]
      : outOfDate
        ? ["stale", "out of date"]
        : newest > published
          ? ["draft", "newer draft"]
          : ["live", ""];
  return el(
    "span",
    { className: `mark ${kind}`, title: languageName(locale) },
    `${locale}${words === "" ? "" : `: ${words}`}`,
  );
}

/** Reads chosen Markdown files here and sends their texts; nothing is unpacked anywhere. */
function chooseFiles() {
  const input = el("input", { type: "file", multiple: true, webkitdirectory: true });
  input.addEventListener("change", async () => {
    const chosen = [...input.files].filter(({ name }) => name.endsWith(".md") || name === "topics.json");
    const files = await Promise.all(
      chosen.map(async (file) => ({ path: file.webkitRelativePath || file.name, text: await file.text() })),
    );
    if (files.length === 0) return toast("There is no Markdown file in this folder.");
    askHowToImport(files);
  });
  input.click();
}

function askHowToImport(files) {
  const choice = (words, className, act) => {
    const choose = () => {
      closeDialog();
      act();
    };
    return el("button", { type: "button", className, onclick: choose }, words);
  };
  openDialog(
    files.length === 1 ? "Import one file" : `Import ${files.length} files`,
    el("p", {}, "What is published, customers see at once. Drafts wait until somebody publishes them."),
    el(
      "div",
      { className: "buttons" },
      choice("Save as drafts", "", () => void importFiles(files, false)),
      choice("Publish", "quiet", () => void importFiles(files, true)),
      choice("Cancel", "quiet", () => undefined),
    ),
  );
}

async function importFiles(files, publish) {
  const result = await call("POST", "/articles-archive", { files, publish });
  if (!result.ok) return toast(result.words);
  const { published, saved, unchanged, faults } = result.data;
  toast([`Published ${published}, drafts ${saved}, already there ${unchanged}.`, ...faults].join(" "));
  await refresh();
}

addEventListener("beforeunload", (event) => {
  if (hasUnsaved()) event.preventDefault();
});
$("filter").addEventListener("input", draw);
$("show-deleted").addEventListener("change", draw);
$("new").addEventListener("click", () => mayLeave() && newArticle());
$("import").addEventListener("click", chooseFiles);
if (await enterAsAdministrator()) await refresh();
