import { call } from "./api.js";
import { articleById, open, refresh, titleOf, topics } from "./articles.js";
import { $, el, languageName, wholeTime } from "./dom.js";
import { toast } from "./toast.js";

const shortMaxChars = 300;
let changed = false;
export const hasUnsaved = () => changed;
/** May the form be left? Whoever wrote something that is not saved is asked. */
export const mayLeave = () => !changed || confirm("There are changes that are not saved. Leave them?");

/** Opens one translation of an article for editing: the newest text, its history, and the source beside it. */
export async function editArticle(id, wanted) {
  const article = articleById(id);
  if (article === undefined) return;
  const locale = wanted ?? article.translations[0]?.locale ?? article.sourceLocale;
  const state = article.translations.find((one) => one.locale === locale);
  const [own, source] = await Promise.all([versions(id, locale), versions(id, article.sourceLocale)]);
  changed = false;
  const text = own[0] ?? { question: "", answer: "", short: "", samples: [] };
  const form = textForm(text, locale);
  const problem = el("p", { role: "alert" });
  const again = async (words, undo) => {
    changed = false;
    toast(words, undo);
    await refresh();
    await editArticle(id, locale);
  };
  const base = own[0]?.version ?? 0;
  const save = async () => {
    const result = await call("PUT", path(id, locale), { ...valuesOf(form), base });
    problem.textContent = result.ok ? "" : result.words;
    return result.ok ? result.data.version : null;
  };
  const act = (method, address, body, words, undo) => async () => {
    if (!mayLeave()) return;
    const result = await call(method, address, body);
    if (!result.ok) problem.textContent = result.words;
    else await again(words, undo);
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const publish = event.submitter?.value === "publish";
    const version = changed || base === 0 ? await save() : base;
    if (version === null) return;
    if (!publish) return again("Saved as a draft. Customers see it when it is published.");
    const result = await call("POST", `${path(id, locale)}/publish`, { version });
    if (!result.ok) problem.textContent = result.words;
    else await again("Published. Customers see it now.");
  });
  const published = state?.published ?? null;
  const bringBack = act("POST", `${path(id, locale)}/publish`, { version: published }, "Customers see it again.");
  form.append(
    problem,
    el(
      "div",
      { className: "buttons" },
      button("Publish", { type: "submit", value: "publish", className: "" }),
      button("Save draft", { type: "submit", value: "draft" }),
      published === null
        ? null
        : button("Take from customers", {
            onclick: act("DELETE", path(id, locale), undefined, "Customers no longer see this language.", bringBack),
          }),
      state?.outOfDate
        ? button("Still fits the source", {
            onclick: act("POST", `${path(id, locale)}/checked`, undefined, "Marked as up to date."),
          })
        : null,
    ),
  );
  $("editor").replaceChildren(
    heading(article, locale, state),
    tabs(article, locale),
    form,
    ...(locale === article.sourceLocale || source.length === 0 ? [] : [sourceText(source[0], article.sourceLocale)]),
    history(own, published, form),
  );
  form.elements.question.focus();
}

function heading(article, locale, state) {
  const restore = async () => {
    if (!mayLeave()) return;
    const result = await call("POST", `/articles/${article.id}/restore`);
    toast(result.ok ? "It is back, in every language." : result.words);
    if (!result.ok) return;
    await refresh();
    await editArticle(article.id, locale);
  };
  const remove = async () => {
    if (!mayLeave()) return;
    const result = await call("DELETE", `/articles/${article.id}`);
    toast(result.ok ? "Deleted, in every language." : result.words, result.ok ? restore : undefined);
    if (!result.ok) return;
    await refresh();
    await editArticle(article.id, locale);
  };
  const place = el(
    "select",
    {
      id: "topic",
      onchange: async (event) => {
        const result = await call("PATCH", `/articles/${article.id}`, { topic: event.target.value });
        toast(result.ok ? "Moved." : result.words);
        await refresh();
      },
    },
    ...[...topics(), { id: "other", names: { en: "Other" } }].map(({ id, names }) =>
      el("option", { value: id, selected: id === article.topic }, names.en ?? id),
    ),
  );
  const { yes, no } = article.helped;
  return el(
    "header",
    {},
    el("h2", { dir: "auto" }, titleOf(article)),
    el(
      "p",
      { className: "soft" },
      `${article.id} · “Did that help?”: ${yes} yes, ${no} no`,
      state?.published ? " · " : "",
      state?.published ? el("a", { href: `/help/${locale}/${article.id}` }, "See the page") : null,
    ),
    el("label", { htmlFor: "topic" }, "Topic"),
    place,
    el(
      "div",
      { className: "buttons" },
      article.deletedAt ? button("Take back", { onclick: restore }) : button("Delete the article", { onclick: remove }),
    ),
  );
}

function tabs(article, current) {
  const made = article.translations.map(({ locale, outOfDate, published }) =>
    el(
      "button",
      {
        type: "button",
        className: "quiet small",
        "aria-pressed": String(locale === current),
        onclick: () => open(article.id, locale),
      },
      `${languageName(locale)}${published === null ? " (draft)" : outOfDate ? " (out of date)" : ""}`,
    ),
  );
  if (!article.translations.some(({ locale }) => locale === current))
    made.push(
      el(
        "button",
        { type: "button", className: "quiet small", "aria-pressed": "true" },
        `${languageName(current)} (new)`,
      ),
    );
  const add = button("Add a language…", {
    className: "quiet small",
    onclick: () => {
      const locale = prompt("Language code, such as fr or ar")?.trim().toLowerCase();
      if (locale && /^[a-z]{2,3}$/.test(locale)) open(article.id, locale);
      else if (locale) toast("A language code has two or three letters, such as fr.");
    },
  });
  return el("div", { className: "tabs", role: "group", ariaLabel: "Languages" }, ...made, add);
}

/** A new article: its address, and its first text. */
export function newArticle() {
  changed = false;
  const problem = el("p", { role: "alert" });
  const form = textForm({ question: "", answer: "", short: "", samples: [] }, "en");
  const idField = el("input", {
    name: "id",
    required: true,
    pattern: "[a-z0-9][a-z0-9-]*",
    maxLength: 60,
    placeholder: "lost-parcel",
  });
  const localeField = el("input", { name: "locale", required: true, pattern: "[a-z]{2,3}", maxLength: 3, value: "en" });
  form.prepend(
    el("label", {}, "Address: small letters, digits and hyphens", idField),
    el("label", {}, "Language it is written in", localeField),
  );
  form.append(problem, el("div", { className: "buttons" }, button("Save draft", { type: "submit", className: "" })));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = { id: idField.value, locale: localeField.value, ...valuesOf(form) };
    const result = await call("POST", "/articles", body);
    problem.textContent = result.ok ? "" : result.words;
    if (!result.ok) return;
    changed = false;
    toast("Saved as a draft. Customers see it when it is published.");
    await refresh();
    open(body.id, body.locale);
  });
  $("editor").replaceChildren(el("h2", {}, "New article"), form);
  idField.focus();
}

function textForm({ question, answer, short, samples }, locale) {
  const field = (tag, name, words, hint, properties) => [
    el("label", { htmlFor: `field-${name}` }, words),
    el(tag, {
      id: `field-${name}`,
      name,
      lang: locale,
      dir: "auto",
      "aria-describedby": `hint-${name}`,
      ...properties,
    }),
    el("small", { id: `hint-${name}` }, hint),
  ];
  return el(
    "form",
    { oninput: () => (changed = true) },
    ...field("input", "question", "Question", "The heading of its page.", {
      value: question,
      required: true,
      maxLength: 200,
    }),
    ...field(
      "textarea",
      "answer",
      "Answer",
      "Empty lines part paragraphs; “- ” begins a list item, “1. ” a step, “## ” a heading; **bold**. {{company}} is your name.",
      { value: answer, required: true, rows: 14 },
    ),
    ...field(
      "textarea",
      "short",
      "Short answer",
      "For SMS and the telephone, and under search results: 300 characters.",
      {
        value: short,
        required: true,
        rows: 3,
        maxLength: shortMaxChars,
      },
    ),
    ...field(
      "textarea",
      "samples",
      "How customers ask",
      "One sentence a line, as different as people are; the assistant learns from them. Twelve or more make it sure.",
      { value: samples.join("\n"), rows: 8 },
    ),
  );
}

function valuesOf(form) {
  const { question, answer, short, samples } = form.elements;
  const lines = samples.value.split("\n").map((line) => line.trim());
  return {
    question: question.value.trim(),
    answer: answer.value,
    short: short.value.replace(/\s*\n\s*/g, " "),
    samples: lines.filter((line) => line !== ""),
  };
}

function sourceText({ question, answer, short }, locale) {
  return el(
    "details",
    { open: true },
    el("summary", {}, `The source, in ${languageName(locale)}`),
    el("pre", { lang: locale, dir: "auto" }, `${question}\n\n${answer}\n\n${short}`),
  );
}

function history(versions, published, form) {
  const restore = (version) => {
    if (!mayLeave()) return;
    for (const name of ["question", "answer", "short"]) form.elements[name].value = version[name];
    form.elements.samples.value = version.samples.join("\n");
    changed = true;
    form.elements.question.focus();
    toast(`Version ${version.version} is in the form. Save or publish it to have it back.`);
  };
  const rows = versions.map((one) =>
    el(
      "li",
      {},
      el("span", {}, `${one.version} · ${wholeTime(one.savedAt)} · `, el("bdi", {}, one.savedBy ?? "Everline")),
      one.version === published ? el("span", { className: "mark live" }, "customers see this") : null,
      button("Restore", { className: "quiet small", onclick: () => restore(one) }),
    ),
  );
  return el(
    "details",
    {},
    el("summary", {}, `History (${versions.length})`),
    rows.length === 0
      ? el("p", { className: "soft" }, "Nothing was saved in this language yet.")
      : el("ul", { className: "history" }, ...rows),
  );
}

const path = (id, locale) => `/articles/${id}/translations/${locale}`;
const button = (words, properties) => el("button", { type: "button", className: "quiet", ...properties }, words);

async function versions(id, locale) {
  const { ok, data } = await call("GET", path(id, locale));
  return ok ? data.versions : [];
}
