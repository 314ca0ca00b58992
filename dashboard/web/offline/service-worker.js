// Nadi's service worker: what makes the page open without a network. The plugin beside it fills in
// the two lines below. It stores the page's own files, and of the API nothing but snapshots of
// kitchens, which a page shows with their age. Everything else passes by.
const version = "__VERSION__";
const files = ["__FILES__"];

const shell = `nadi-shell-${version}`;
const data = "nadi-data";
/** A network that says nothing is none. */
const navigationMsMax = 4_000;
const snapshotMsMax = 8_000;
/** A snapshot comes every few seconds; to write each would wear out the flash of a television. */
const storeMs = 60_000;
const snapshotsMax = 30;
/** Raised by a sign-out: what was asked before it is stored no more. */
let generation = 0;
const storedAtMs = new Map();

self.addEventListener("install", (event) => {
  self.skipWaiting();
  const fresh = files.map((path) => new Request(path, { cache: "reload" }));
  event.waitUntil(caches.open(shell).then((cache) => cache.addAll(fresh)));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(prune().then(() => self.clients.claim()));
});

self.addEventListener("message", (event) => {
  if (event.data === "forget") event.waitUntil(forget());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (/^\/api\/kitchens\/[a-z0-9-]+\/snapshot$/.test(pathname)) event.respondWith(snapshot(event));
  else if (/^\/(?:api|problems|livez|readyz|metrics|mqtt)(?:\/|$)/.test(pathname)) return;
  else if (request.mode === "navigate") event.respondWith(page(request));
  else if (pathname.startsWith("/assets/")) event.respondWith(asset(event));
  else if (files.includes(pathname) && pathname !== "/") event.respondWith(plainFile(request));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(openAlert(event.notification.data.url));
});

async function page(request) {
  try {
    const answer = await inTime(fetch(request), navigationMsMax);
    if (answer.status < 500) return answer;
  } catch {
    // No network: the page that is stored.
  }
  return (await caches.match("/", { cacheName: shell })) ?? Response.error();
}

/** Its name holds a hash of what is in it: the stored one is the right one. */
async function asset(event) {
  const { request } = event;
  const stored = await caches.match(request);
  if (stored !== undefined) return stored;
  const answer = await fetch(request);
  // A full disk costs the store, not the page.
  if (answer.status === 200) event.waitUntil(keep(request, answer.clone()));
  return answer;
}

async function keep(request, answer) {
  const cache = await caches.open(shell);
  await cache.put(request, answer);
}

async function plainFile(request) {
  try {
    return await fetch(request);
  } catch {
    return (await caches.match(request)) ?? Response.error();
  }
}

async function snapshot(event) {
  const { request } = event;
  const asked = generation;
  try {
    const answer = await inTime(fetch(request), snapshotMsMax);
    if (answer.ok) event.waitUntil(store(request.url, answer.clone(), asked));
    else if (answer.status === 401) await forget();
    else if (answer.status < 500) await (await caches.open(data)).delete(request.url);
    if (answer.status < 500) return answer;
  } catch {
    // No network: the last one that is stored.
  }
  return (await caches.match(request.url, { cacheName: data })) ?? Response.error();
}

/** Without its `Date`, by which a page would set its clock; with the time it was stored instead. */
async function store(url, answer, asked) {
  if (Date.now() - (storedAtMs.get(url) ?? 0) < storeMs) return;
  const body = await answer.blob();
  const headers = { "content-type": "application/json", "nadi-stored-at": String(Date.now()) };
  const cache = await caches.open(data);
  if (asked !== generation) return;
  storedAtMs.set(url, Date.now());
  await cache.put(url, new Response(body, { headers }));
  const [oldest, ...others] = await cache.keys();
  if (others.length >= snapshotsMax) await cache.delete(oldest);
}

async function forget() {
  generation += 1;
  storedAtMs.clear();
  await caches.delete(data);
}

/** All but the one before: a page of it may be open, and load a part it has not loaded yet. */
async function prune() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith("nadi-shell-") && name !== shell);
  await Promise.all(old.slice(0, -1).map((name) => caches.delete(name)));
}

async function openAlert(url) {
  const [open] = await self.clients.matchAll({ type: "window", includeUncontrolled: false });
  if (open === undefined) return self.clients.openWindow(url);
  await open.focus();
  return open.navigate(url);
}

function inTime(answer, ms) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("too slow")), ms);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
