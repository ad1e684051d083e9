/** Suggestions under the search field; without this file the form works as any other. */
const debounceMs = 90;
const form = document.querySelector("form[data-suggest]");
const field = form?.querySelector("input");
let list = null;
let asked = 0;
let timer;

// A resume link or our own sign-in leads here with a key behind the hash, which leaves the address at once.
const [, call, key] = /^#(resume|identity)=(.+)$/.exec(location.hash) ?? [];
/** The token that a sign-in has just handed over, good once. */
let handed = call === "identity" ? key : null;
if (key) {
  history.replaceState(null, "", location.pathname + location.search);
  tellChat(...(call === "resume" ? ["resume", key] : ["identify", freshIdentity]));
  openChat();
} else if (storedIdentity() !== null) tellChat("identify", freshIdentity);

// A push message or a link from elsewhere leads here to open the chat; the chat's loader takes up what waits in `q`.
if (new URLSearchParams(location.search).get("chat") === "open") openChat();
navigator.serviceWorker?.addEventListener("message", ({ data }) => {
  if (data?.everline === "open-chat") openChat();
});

// Times for a call are shown on the reader's own clock.
for (const one of document.querySelectorAll('a[href^="/call"]')) {
  const address = new URL(one.href);
  if (/^\/call\/?$/.test(address.pathname))
    address.searchParams.set("zone", Intl.DateTimeFormat().resolvedOptions().timeZone);
  one.href = address.pathname + address.search;
}

// Who is signed in, and the way out, in the place of the link to sign in; kept by the chat in this browser alone.
const place = document.querySelector(".sign-in");
const link = place?.firstElementChild;
if (link) {
  tellChat("on", "identity", (who) => {
    if (who === null && place.firstElementChild !== link) signOut();
    showIdentity(who);
  });
  addEventListener("storage", () => showIdentity(storedIdentity()));
  showIdentity(storedIdentity());
}

function storedIdentity() {
  try {
    const { name, until } = JSON.parse(localStorage.getItem("everline:s")) ?? {};
    return name === undefined ? null : { name, until };
  } catch {
    return null;
  }
}

/** Asked by the chat when it begins and when a session ran out, perhaps asleep: one that is good needs no other. */
async function freshIdentity() {
  if (handed !== null) {
    const token = handed;
    handed = null;
    return token;
  }
  if (storedIdentity()?.until > Date.now()) return null;
  try {
    const response = await fetch("/demo/identity", { method: "POST" });
    if (response.ok) return (await response.json()).identity;
    // Another company's sign-in, which has no such door.
    if (response.status === 404) return null;
  } catch {
    // As when our server cannot tell.
  }
  // No answer: the chat asks again, and keeps what it has until then.
  return new Promise(() => undefined);
}

/** Left in the chat, and so at the company: no fresh identity signs them in again. */
function signOut() {
  fetch("/demo/sign-out", { method: "POST", keepalive: true }).catch(() =>
    addEventListener("online", signOut, { once: true }),
  );
}

function showIdentity(who) {
  if (who === null) return place.replaceChildren(link);
  const name = document.createElement("bdi");
  const out = document.createElement("button");
  name.textContent = who.name || place.dataset.signedIn;
  name.title = place.dataset.signedIn;
  out.type = "button";
  out.textContent = place.dataset.signOut;
  out.addEventListener("click", () => tellChat("reset"));
  place.replaceChildren(name, out);
}

function openChat() {
  tellChat("open");
}

function tellChat(...wanted) {
  window.Everline ??= { q: [] };
  window.Everline.q.push(wanted);
}

if (field) {
  field.setAttribute("role", "combobox");
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-expanded", "false");
  field.setAttribute("aria-controls", "suggestions");
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(suggest, debounceMs);
  });
  field.addEventListener("keydown", onKey);
  field.addEventListener("blur", close);
}

async function suggest() {
  const query = field.value.trim();
  const mine = ++asked;
  if (query.length < 2) return close();
  try {
    const response = await fetch(`${form.dataset.suggest}?q=${encodeURIComponent(query)}`);
    const { suggestions } = await response.json();
    // A later letter has asked again, or the reader has gone on.
    if (mine === asked && document.activeElement === field) show(suggestions);
  } catch {
    close();
  }
}

function show(suggestions) {
  close();
  if (suggestions.length === 0) return;
  list = document.createElement("ul");
  list.id = "suggestions";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", form.dataset.label);
  list.append(
    ...suggestions.map(({ question, url }, at) => {
      const item = document.createElement("li");
      item.id = `suggestion-${at}`;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", "false");
      item.dir = "auto";
      item.textContent = question;
      item.dataset.url = url;
      // Pressing must not take the focus from the field, which would close the list before the click.
      item.addEventListener("mousedown", (event) => event.preventDefault());
      item.addEventListener("click", () => location.assign(url));
      return item;
    }),
  );
  form.append(list);
  field.setAttribute("aria-expanded", "true");
}

function close() {
  list?.remove();
  list = null;
  field.setAttribute("aria-expanded", "false");
  field.removeAttribute("aria-activedescendant");
}

function onKey(event) {
  if (list === null || event.isComposing) return;
  const items = [...list.children];
  const chosen = items.findIndex((item) => item.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown") choose(items, chosen + 1);
  else if (event.key === "ArrowUp") choose(items, chosen < 0 ? items.length - 1 : chosen - 1);
  else if (event.key === "Escape") close();
  else if (event.key === "Enter" && chosen >= 0) location.assign(items[chosen].dataset.url);
  else return;
  event.preventDefault();
}

/** One before the first or after the last is none: the reader's own words. */
function choose(items, at) {
  for (const [index, item] of items.entries()) item.setAttribute("aria-selected", String(index === at));
  if (items[at]) field.setAttribute("aria-activedescendant", items[at].id);
  else field.removeAttribute("aria-activedescendant");
}
