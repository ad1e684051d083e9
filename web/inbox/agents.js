import { call } from "./api.js";
import { $, el, isolated, languageName } from "./dom.js";
import { chosenLanguages, languageChoices } from "./language-choices.js";
import { enterAsAdministrator } from "./manage.js";
import { toast } from "./toast.js";

let agents = [];
let teams = [];
let languages = [];

async function load() {
  const [listed, hours] = await Promise.all([call("GET", "/agents"), call("GET", "/settings/hours")]);
  const fault = [listed, hours].find(({ ok }) => !ok);
  if (fault !== undefined) return toast(fault.words);
  const { locales } = await (await fetch("/widget/settings.json")).json();
  ({ agents } = listed.data);
  ({ teams } = hours.data.value);
  const known = [...locales, ...teams.flatMap((team) => team.languages), ...agents.flatMap((one) => one.languages)];
  languages = [...new Set(known)];
  $("agents").replaceChildren(...agents.map(agentCard));
  return undefined;
}

/** Closed it says how the agent stands; open it is the form to change that. */
function agentCard(agent) {
  const summary = el("summary", {});
  const problem = el("p", { role: "alert" });
  const form = el(
    "form",
    {
      onsubmit: async (event) => {
        event.preventDefault();
        const { name, role, team } = Object.fromEntries(new FormData(form));
        const edit = { name, role, team, languages: chosenLanguages(form) };
        const result = await call("PATCH", `/agents/${agent.id}`, edit);
        problem.textContent = result.ok ? "" : result.words;
        if (!result.ok) return;
        describe(summary, result.data.agent);
        card.open = false;
        summary.focus();
        toast("Saved. It counts from the next call on.");
      },
    },
    el(
      "label",
      {},
      "Name",
      el("input", { name: "name", value: agent.name, required: true, maxLength: 100, dir: "auto" }),
    ),
    el(
      "label",
      {},
      "May do",
      choice("role", agent.role, [
        ["agent", "Agent"],
        ["admin", "Administrator"],
      ]),
    ),
    el("label", {}, "Team", choice("team", agent.team, teamChoices(agent.team))),
    languageChoices(languages, agent.languages),
    problem,
    el("div", { className: "buttons" }, el("button", { type: "submit" }, "Save")),
  );
  const card = el("details", { className: "agent" }, summary, form);
  describe(summary, agent);
  return card;
}

function describe(summary, { name, email, role, team, languages: spoken }) {
  const words = spoken.length === 0 ? "every language" : spoken.map(languageName).join(", ");
  summary.replaceChildren(
    el("strong", {}, isolated(name)),
    el("span", { className: "soft" }, isolated(email)),
    el(
      "span",
      { className: "soft" },
      `${role === "admin" ? "Administrator · " : ""}${team || "Usual team"} · ${words}`,
    ),
  );
}

/** A team that the hours do not name any more stays to be seen until somebody chooses another one. */
function teamChoices(now) {
  const names = [...new Set([...teams.map(({ name }) => name).filter(Boolean), ...(now === "" ? [] : [now])])];
  const isThere = (name) => teams.some((team) => team.name === name);
  return [
    ["", "Usual team"],
    ...names.map((name) => [name, isThere(name) ? name : `${name} (not in the hours any more)`]),
  ];
}

function choice(name, value, options) {
  const made = el("select", { name }, ...options.map(([id, words]) => el("option", { value: id }, words)));
  made.value = value;
  return made;
}

$("new-agent").addEventListener("submit", async (event) => {
  event.preventDefault();
  const result = await call("POST", "/agents", Object.fromEntries(new FormData(event.target)));
  event.target.querySelector("[role=alert]").textContent = result.ok ? "" : result.words;
  if (!result.ok) return;
  event.target.reset();
  toast("Added. They can sign in now.");
  await load();
});

if (await enterAsAdministrator()) await load();
