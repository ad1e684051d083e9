import { call } from "./api.js";
import { $, el } from "./dom.js";
import { chosenLanguages, languageChoices } from "./language-choices.js";
import { enterAsAdministrator } from "./manage.js";
import { toast } from "./toast.js";

const days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const numbers = ["slotMinutes", "leadMinutes", "aheadDays"];
const newTeam = { name: "", languages: [], zone: null, week: days.map(() => []), holidays: {}, capacity: 5 };

let locales = [];
let changed = false;

async function load() {
  const [hours, usual] = await Promise.all([
    call("GET", "/settings/hours"),
    fetch("/widget/settings.json").then((response) => response.json()),
  ]);
  if (!hours.ok) {
    $("fault").textContent = hours.words;
    return;
  }
  const { value } = hours.data;
  locales = [...new Set([...usual.locales, ...value.teams.flatMap((team) => team.languages)])];
  for (const name of numbers) $(name).value = value[name];
  $("mode").value = value.mode;
  $("teams").replaceChildren(...value.teams.map(teamCard));
  countTeams();
  for (const zone of Intl.supportedValuesOf("timeZone")) $("zones").append(el("option", { value: zone }));
  forgetFaults();
  changed = false;
}

let made = 0;

function teamCard(team) {
  const id = `team-${++made}`;
  const title = el("legend", {});
  const name = el("input", { id: `${id}-name`, name: "name", value: team.name, maxLength: 60, dir: "auto" });
  const card = el(
    "fieldset",
    { className: "card team" },
    title,
    el(
      "div",
      { className: "fields" },
      field("Name (empty: the usual team)", name),
      field(
        "Time zone (empty: the company's)",
        el("input", {
          id: `${id}-zone`,
          name: "zone",
          list: "zones",
          value: team.zone ?? "",
          placeholder: "Europe/Stockholm",
        }),
      ),
      field(
        "Calls that can be promised for one slot",
        el("input", {
          id: `${id}-capacity`,
          name: "capacity",
          type: "number",
          min: 1,
          max: 10_000,
          required: true,
          value: team.capacity,
        }),
      ),
    ),
    languageChoices(locales, team.languages),
    el("h2", {}, "Week"),
    el("ul", { className: "days week" }, ...days.map((day, at) => weekday(day, at, team.week[at]))),
    el("h2", {}, "Holidays and other days with their own hours"),
    el(
      "ul",
      { className: "days holidays" },
      ...Object.keys(team.holidays)
        .sort()
        .map((date) => holiday(date, team.holidays[date])),
    ),
    el(
      "div",
      { className: "buttons" },
      el("button", { type: "button", className: "quiet", onclick: addHoliday }, "Add a day"),
      el(
        "button",
        { type: "button", className: "quiet remove-team", onclick: () => removeTeam(card) },
        "Remove this team",
      ),
    ),
  );
  const entitle = () => {
    title.textContent = name.value.trim() === "" ? "Usual team" : `Team ${name.value.trim()}`;
  };
  name.addEventListener("input", entitle);
  entitle();
  return card;
}

function field(words, input) {
  return el("p", { className: "field" }, el("label", { htmlFor: input.id }, words), input);
}

function countTeams() {
  const only = $("teams").children.length === 1;
  for (const button of document.querySelectorAll(".remove-team")) button.hidden = only;
}

function removeTeam(card) {
  const before = card.previousElementSibling ?? card.nextElementSibling;
  card.remove();
  countTeams();
  touched();
  before?.querySelector("[name=name]").focus();
  toast("The team goes when you save.");
}

function weekday(day, at, intervals) {
  const more =
    at === 0
      ? null
      : el(
          "button",
          { type: "button", className: "quiet small", onclick: (event) => asBefore(event.target.closest(".opening")) },
          `As on ${days[at - 1]}`,
        );
  return dayRow(el("span", { className: "what" }, day), () => day, intervals, more);
}

function holiday(date, intervals) {
  const input = el("input", { type: "date", value: date, ariaLabel: "Date", required: true });
  const remove = el(
    "button",
    {
      type: "button",
      className: "quiet small",
      onclick() {
        const add = row.closest(".card").querySelector(".buttons button");
        row.remove();
        touched();
        add.focus();
      },
    },
    "Remove the day",
  );
  const row = dayRow(el("span", { className: "what" }, input), () => input.value || "the new day", intervals, remove);
  return row;
}

function addHoliday(event) {
  const list = event.target.closest(".card").querySelector(".holidays");
  const row = holiday("", []);
  list.append(row);
  touched();
  row.querySelector("input").focus();
}

/** A day with its hours, which may be several; none: closed. */
function dayRow(what, nameOf, intervals, more) {
  const spans = el("div", { className: "spans" });
  const add = el("button", { type: "button", className: "quiet small", onclick: () => addSpan(row) }, "Add hours");
  const row = el(
    "li",
    { className: "opening" },
    what,
    el(
      "div",
      {},
      spans,
      el("p", { className: "closed soft" }, "Closed"),
      el("span", { className: "row" }, add, more ?? ""),
    ),
  );
  row.nameOf = nameOf;
  setSpans(row, intervals);
  return row;
}

function setSpans(row, intervals) {
  row.querySelector(".spans").replaceChildren(...intervals.map((interval) => span(row, interval)));
  countSpans(row);
}

function countSpans(row) {
  row.querySelector(".closed").hidden = row.querySelector(".spans").children.length > 0;
}

function addSpan(row) {
  const before = spansOf(row).at(-1);
  const one = span(row, before === undefined ? ["08:00", "17:00"] : ["", ""]);
  row.querySelector(".spans").append(one);
  countSpans(row);
  touched();
  one.querySelector("input").focus();
}

function asBefore(row) {
  setSpans(row, spansOf(row.previousElementSibling));
  touched();
  toast(`${row.nameOf()} has the hours of ${row.previousElementSibling.nameOf()} when you save.`);
}

function span(row, [from, to]) {
  const time = (value, words) =>
    // Midnight at the end of a day is one at the beginning of the next.
    el("input", {
      type: "time",
      value: value === "24:00" ? "00:00" : value,
      required: true,
      ariaLabel: `${row.nameOf()}, ${words}`,
    });
  const [start, end] = [time(from, "from"), time(to, "to")];
  const note = el("span", { className: "soft" });
  const describe = () => {
    note.textContent =
      start.value === "" || end.value === "" || end.value > start.value ? "" : overnight(start.value, end.value);
  };
  const remove = el(
    "button",
    {
      type: "button",
      className: "quiet small",
      ariaLabel: `Remove these hours of ${row.nameOf()}`,
      onclick() {
        one.remove();
        countSpans(row);
        touched();
        row.querySelector(".row button").focus();
      },
    },
    "Remove",
  );
  const one = el("div", { className: "span" }, start, el("span", {}, "to"), end, note, remove);
  one.addEventListener("input", describe);
  describe();
  return one;
}

function overnight(start, end) {
  if (start === end) return "24 hours";
  return end === "00:00" ? "until midnight" : "until the next day";
}

const spansOf = (row) =>
  [...row.querySelectorAll(".span")].map((one) => [...one.querySelectorAll("input")].map(({ value }) => value));

function read() {
  return {
    teams: [...$("teams").children].map((card) => {
      const input = (name) => card.querySelector(`[name=${name}]`);
      return {
        name: input("name").value.trim(),
        languages: chosenLanguages(card),
        zone: input("zone").value.trim() || null,
        week: [...card.querySelectorAll(".week .opening")].map(spansOf),
        holidays: Object.fromEntries(
          [...card.querySelectorAll(".holidays .opening")].map((row) => [dateIn(row).value, spansOf(row)]),
        ),
        capacity: input("capacity").valueAsNumber,
      };
    }),
    ...Object.fromEntries(numbers.map((name) => [name, $(name).valueAsNumber])),
    mode: $("mode").value,
  };
}

const dateIn = (row) => row.querySelector("[type=date]");

/** What the server could not tell in words, or would not notice: fields and what is wrong with them. */
function faultsHere() {
  const inputs = [...$("hours").querySelectorAll("input")];
  return [
    ...inputs
      .filter(({ type, validity }) => type === "number" && !validity.valid)
      .map((one) => [one, `Write a whole number from ${one.min} to ${one.max}.`]),
    ...inputs
      .filter(({ type, validity }) => type === "time" && !validity.valid)
      .map((one) => [one, "Write both times, or remove these hours."]),
    ...inputs
      .filter(({ type, validity }) => type === "date" && !validity.valid)
      .map((one) => [one, "Choose a date, or remove the day."]),
    ...[...$("teams").children].flatMap((card) =>
      repeated([...card.querySelectorAll("[type=date]")]).map((one) => [one, "This date is in the list already."]),
    ),
    ...repeated(inputs.filter(({ name }) => name === "name")).map((one) => [
      one,
      "Another team has this name. Agents and slots are told apart by it.",
    ]),
  ];
}

function repeated(inputs) {
  const values = inputs.map(({ value }) => value.trim());
  return inputs.filter((one, at) => one.validity.valid && values.indexOf(values[at]) < at);
}

/** The field that a fault of the API means, by its path: teams.0.week.2.1.0. */
function fieldAt(path) {
  const [first, at, name, day, one, end] = path.split(".");
  if (first !== "teams") return $(first);
  const card = $("teams").children[at];
  const rows =
    name === "week" ? [...card.querySelectorAll(".week .opening")] : [...card.querySelectorAll(".holidays .opening")];
  const row = name === "week" ? rows[day] : rows.find((each) => dateIn(each).value === day);
  if (name === "languages")
    return card.querySelector("[name=language]:checked") ?? card.querySelector("[name=language]");
  if (row === undefined) return card?.querySelector(`[name=${name}]`) ?? null;
  return row.querySelectorAll(".span")[one]?.querySelectorAll("input")[end ?? 0] ?? row.querySelector("input, button");
}

function showFaults(found) {
  const order = (a, b) => (a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1);
  const faults = found.toSorted(([a], [b]) => order(a, b));
  for (const [at, [input, words]] of faults.entries()) {
    const id = `fault-${at}`;
    const place = input.closest(".span, .field, .what, .languages") ?? input.parentElement;
    place.append(el("small", { id, className: "problem" }, words));
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", id);
  }
  $("fault").textContent =
    faults.length === 1
      ? "Nothing was saved. Mend the marked field, then save again."
      : `Nothing was saved. Mend the ${faults.length} marked fields, then save again.`;
  faults[0][0].focus();
}

function forgetFaults() {
  $("fault").textContent = "";
  for (const words of $("hours").querySelectorAll(".problem")) words.remove();
  for (const input of $("hours").querySelectorAll("[aria-invalid]")) {
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-describedby");
  }
}

$("hours").addEventListener("submit", async (event) => {
  event.preventDefault();
  forgetFaults();
  const here = faultsHere();
  if (here.length > 0) return showFaults(here);
  const value = read();
  const result = await call("PUT", "/settings/hours", { value });
  if (!result.ok) {
    const told = result.words.split("; ").map((fault) => fault.split(/: (.*)/s));
    const found = told.map(([path, words]) => [fieldAt(path), words]).filter(([input, words]) => input && words);
    if (result.status === 400 && found.length > 0) return showFaults(found);
    $("fault").textContent = result.words;
    return undefined;
  }
  changed = false;
  toast(await leftBehind(value));
  return undefined;
});

/** Agents whose team is not there any more are still rung, only not first: somebody should know. */
async function leftBehind({ teams }) {
  const { ok, data } = await call("GET", "/agents");
  const names = new Set(["", ...teams.map(({ name }) => name)]);
  const without = ok ? data.agents.filter(({ team }) => !names.has(team)) : [];
  if (without.length === 0) return "Saved. Slots follow it at once.";
  return `Saved. ${without.length === 1 ? "One agent belongs" : `${without.length} agents belong`} to a team that is gone: choose another one at Agents.`;
}

function touched() {
  changed = true;
}

$("hours").addEventListener("input", touched);
$("add-team").addEventListener("click", () => {
  const card = teamCard(newTeam);
  $("teams").append(card);
  countTeams();
  touched();
  card.querySelector("[name=name]").focus();
});
$("discard").addEventListener("click", async () => {
  await load();
  toast("As it was saved last.");
});
addEventListener("beforeunload", (event) => changed && event.preventDefault());

if (await enterAsAdministrator()) await load();
