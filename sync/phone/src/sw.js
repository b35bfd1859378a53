// The service worker: the app starts from here without a line, and the outbox is sent when the browser says there is one.
// __FILES__ and __VERSION__ are put in by the build.
import { isLeft, sendAll } from "./send.js";

const CACHE = `thonban-${__VERSION__}`;
const OWN = "thonban-";
const FILES = __FILES__;
const channel = "BroadcastChannel" in self ? new BroadcastChannel("thonban") : null;

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    for (const file of FILES) await add(cache, file);
    // the very first one may serve the page that installed it
    if (!self.registration.active) await self.skipWaiting();
  })());
});

/** A file whose name holds a hash is taken over from an earlier app; what is fetched whole once is not fetched again. */
async function add(cache, file) {
  if (await cache.match(file)) return;
  const before = /\/assets\/|^assets\//.test(file) ? await caches.match(file) : undefined;
  await cache.put(file, before ?? (await fetched(file)));
}

async function fetched(file) {
  const answer = await fetch(file, { cache: "no-cache" });
  if (!answer.ok || answer.redirected) throw new Error(`${file} ${answer.status}`);
  return answer;
}

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name.startsWith(OWN) && name !== CACHE) await caches.delete(name);
    await self.clients.claim();
  })());
});

self.addEventListener("message", (event) => {
  if (event.data === "take-over") void self.skipWaiting();
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  const scope = new URL(self.registration.scope);
  if (request.method !== "GET" || url.origin !== scope.origin || !url.pathname.startsWith(scope.pathname)) return;
  event.respondWith(own(request, url, scope));
});

async function own(request, url, scope) {
  const cache = await caches.open(CACHE);
  const name = request.mode === "navigate" ? "./" : url.pathname.slice(scope.pathname.length) || "./";
  return (await cache.match(name)) ?? fetch(request);
}

self.addEventListener("sync", (event) => {
  if (event.tag !== "outbox") return;
  event.waitUntil((async () => {
    // there is a line, says the browser: what waits for its turn goes, too
    await sendAll({ hurry: true });
    channel?.postMessage("sent");
    // what is left, also to a page that may be closed meanwhile, the browser tries again, with pauses of its own
    if (await isLeft()) throw new Error("postponed");
  })());
});
