// The service worker of push messages: shows what arrives and opens the chat. It keeps no cache and sees no page.
const base = "/v3/directline";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("push", (event) => {
  const message = read(event.data);
  if (message !== null) event.waitUntil(show(message));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data?.url ?? "/?chat=open"));
});

// The push service gave this browser another address. Only the old address and its secret prove that it is the same one.
self.addEventListener("pushsubscriptionchange", (event) => {
  const { oldSubscription: old } = event;
  if (old) event.waitUntil(subscribeAgain(old, event.newSubscription));
});

function read(data) {
  try {
    return data.json();
  } catch {
    return null;
  }
}

async function show({ title, body, lang, dir, tag, url, shown }) {
  await self.registration.showNotification(title, {
    body,
    lang,
    dir,
    tag,
    // The same tag takes the older one's place; the customer is told all the same.
    renotify: true,
    icon: "/favicon.ico",
    data: { url },
  });
  await tellShown(shown);
}

/** Without it we take the customer for unreached and may send an SMS; a failure here costs only that. */
async function tellShown(shown) {
  await post("/push/shown", { shown }).catch(() => undefined);
}

async function open(url) {
  const target = new URL(url, self.location.origin);
  // The address comes with the message; only our own pages are opened.
  if (target.origin !== self.location.origin) return;
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const ours = windows.find((one) => new URL(one.url).origin === target.origin);
  if (ours === undefined) return self.clients.openWindow(target.href);
  ours.postMessage({ everline: "open-chat" });
  return ours.focus();
}

async function subscribeAgain(old, given) {
  const next = given ?? (await self.registration.pushManager.subscribe(old.options));
  const { keys } = old.toJSON();
  await post("/push/moved", { old: { endpoint: old.endpoint, auth: keys.auth }, subscription: next.toJSON() });
}

function post(path, body) {
  return fetch(base + path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    keepalive: true,
  });
}
