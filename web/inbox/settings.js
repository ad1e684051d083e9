import { call } from "./api.js";
import { $, el, languageName } from "./dom.js";
import { enterAsAdministrator } from "./manage.js";
import { toast } from "./toast.js";

let logo = null;
let locales = [];

async function load() {
  const [brand, languages, topics] = await Promise.all(
    ["brand", "languages", "topics"].map((key) => call("GET", `/settings/${key}`)),
  );
  const fault = [brand, languages, topics].find(({ ok }) => !ok);
  if (fault !== undefined) return toast(fault.words);
  const { value } = brand.data;
  $("company").value = value.company ?? "";
  setColour(value.colour);
  logo = value.logo;
  drawLogo();
  const usual = await (await fetch("/widget/settings.json")).json();
  locales = languages.data.value.locales ?? usual.locales;
  drawLocales();
  $("topics").replaceChildren(...topics.data.value.topics.map(topicFields));
  return undefined;
}

async function save(form, key, value) {
  const result = await call("PUT", `/settings/${key}`, { value });
  form.querySelector("[role=alert]").textContent = result.ok ? "" : result.words;
  if (result.ok) toast("Saved. Customers see it now.");
  return result.ok;
}

$("brand").addEventListener("submit", async (event) => {
  event.preventDefault();
  const problem = event.target.querySelector("[role=alert]");
  const [file] = $("logo").files;
  if (file !== undefined) {
    const response = await fetch("/api/v1/logo", {
      method: "POST",
      headers: { "content-type": file.type || "image/png" },
      body: file,
    }).catch(() => null);
    const data = await response?.json().catch(() => null);
    if (!response?.ok) {
      problem.textContent =
        response?.status === 413
          ? "This picture is over 200 kB. Choose a smaller one."
          : (data?.error?.message ?? "No connection. Nothing was lost; try again.");
      return;
    }
    logo = data.id;
    $("logo").value = "";
  }
  const company = $("company").value.trim();
  await save(event.target, "brand", { company: company === "" ? null : company, colour: $("colour").value, logo });
  drawLogo();
});
$("colour").addEventListener("input", () => setColour($("colour").value));
$("colour-picker").addEventListener("input", () => setColour($("colour-picker").value));
$("logo-away").addEventListener("click", () => {
  logo = null;
  drawLogo();
  toast("The logo goes when you save.");
});

function drawLogo() {
  $("logo-now").hidden = logo === null;
  $("logo-away").hidden = logo === null;
  if (logo !== null) $("logo-now").src = `/help/logo/${logo}`;
}

/** What the server computes for the pages (src/lib/colour.ts), said beside the field while choosing. */
function setColour(colour) {
  $("colour").value = colour;
  const digits = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(colour)?.[1];
  if (digits === undefined) {
    $("contrast").textContent = "A colour such as #0b57d0.";
    return;
  }
  const long = digits.length === 6 ? digits : [...digits].map((digit) => digit + digit).join("");
  $("colour-picker").value = `#${long}`;
  const [white, black] = [1.05 / (luminance(long) + 0.05), (luminance(long) + 0.05) / 0.05];
  const onColour = white >= black ? "white" : "black";
  $("sample").style.background = `#${long}`;
  $("sample").style.color = onColour;
  const least = white >= 4.5 ? "" : " As text on a white page a darker shade of it is used.";
  $("contrast").textContent = `Text on it is ${onColour}: contrast ${Math.max(white, black).toFixed(1)} to 1.${least}`;
}

function luminance(digits) {
  const [red, green, blue] = [0, 2, 4].map((at) => {
    const share = Number.parseInt(digits.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function drawLocales() {
  $("locales").replaceChildren(
    ...locales.map((locale, at) =>
      el(
        "li",
        {},
        `${languageName(locale)} (${locale})`,
        at > 0 ? small("First", () => moveFirst(locale)) : null,
        locales.length > 1 ? small("Remove", () => without(locale)) : null,
      ),
    ),
  );
}
const small = (words, onclick) => el("button", { type: "button", className: "quiet small", onclick }, words);
function moveFirst(locale) {
  locales = [locale, ...locales.filter((one) => one !== locale)];
  drawLocales();
}
function without(locale) {
  locales = locales.filter((one) => one !== locale);
  drawLocales();
}
$("add-locale").addEventListener("click", () => {
  const locale = $("locale").value.trim().toLowerCase();
  const problem = $("languages").querySelector("[role=alert]");
  const good = /^[a-z]{2,3}$/.test(locale) && !locales.includes(locale);
  problem.textContent = good ? "" : "Write a language code that is not in the list, such as fr.";
  if (!good) return;
  locales = [...locales, locale];
  $("locale").value = "";
  drawLocales();
});
$("all-locales").addEventListener("click", async () => {
  if (await save($("languages"), "languages", { locales: null })) await load();
});
$("languages").addEventListener("submit", (event) => {
  event.preventDefault();
  void save(event.target, "languages", { locales });
});

function topicFields({ id, names }) {
  const shown = [...new Set([...locales, ...Object.keys(names)])];
  return el(
    "fieldset",
    {},
    el("legend", {}, id),
    ...shown.map((locale) =>
      el(
        "label",
        {},
        languageName(locale),
        el("input", { name: locale, value: names[locale] ?? "", maxLength: 80, dir: "auto", lang: locale }),
      ),
    ),
    small("Remove", (event) => event.target.closest("fieldset").remove()),
  );
}
$("add-topic").addEventListener("click", () => {
  const id = prompt("Address of the topic: small letters, digits and hyphens")?.trim();
  if (!id) return;
  $("topics").append(topicFields({ id, names: {} }));
});
$("topics-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const topics = [...$("topics").children].map((set) => ({
    id: set.querySelector("legend").textContent,
    names: Object.fromEntries(
      [...set.querySelectorAll("input")].map(({ name, value }) => [name, value.trim()]).filter(([, value]) => value),
    ),
  }));
  void save(event.target, "topics", { topics });
});

if (await enterAsAdministrator()) await load();
