/*
 * The pages in a browser without a network: what was opened once opens again. Answers of the server are never kept here,
 * they have their own place with their time.
 */
const PAGES = 'pages-1'
const MOST = 300
/** Named by their content: never another under the same name. */
const NAMED = /\.[0-9a-f]{8,}\.(?:js|css)$/
/** Asked for anew whenever there is a network. */
const FRESH = ['/', '/h5-config.json']
/** The newest first page waits here until it says that all it needs is kept: else a build would open without its parts. */
const NEXT = '/?next'
/** A network that says nothing for so long is none. */
const SILENT_MS = 6_000

self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))

self.addEventListener('fetch', (event) => {
  const { request } = event
  const { origin, pathname } = new URL(request.url)
  if (request.method !== 'GET' || origin !== self.location.origin) return
  if (NAMED.test(pathname)) event.respondWith(keptFirst(pathname, request))
  else if (FRESH.includes(pathname)) event.respondWith(freshFirst(pathname, request))
})

/** The page tells what it had loaded before anybody listened. */
self.addEventListener('message', (event) => {
  const paths = event.data.paths.filter((path) => NAMED.test(path) || FRESH.includes(path))
  event.waitUntil(Promise.all(paths.map((path) => keptFirst(path, path))).then(turnPage, () => {}))
})

async function turnPage() {
  const pages = await caches.open(PAGES)
  const next = await pages.match(NEXT)
  if (!next) return
  await pages.put('/', next)
  await pages.delete(NEXT)
}

async function keptFirst(path, request) {
  const pages = await caches.open(PAGES)
  return (await pages.match(path)) ?? keep(pages, path, await fetch(request))
}

/** What was kept also stands in for a server that is away or a network that is silent. */
async function freshFirst(path, request) {
  const pages = await caches.open(PAGES)
  const kept = await pages.match(path)
  if (!kept) return keep(pages, path, await fetch(request))
  const answer = await Promise.race([fetch(request), silence()]).catch(() => null)
  if (!answer || answer.status >= 500) return kept
  return keep(pages, path === '/' ? NEXT : path, answer)
}

const silence = () => new Promise((resolve) => setTimeout(resolve, SILENT_MS, null))

async function keep(pages, path, answer) {
  // where a redirect led is another page under this one's name
  if (!answer.ok || answer.redirected) return answer
  await pages.put(path, answer.clone())
  // the oldest first: builds of long ago
  const all = await pages.keys()
  await Promise.all(all.slice(0, Math.max(0, all.length - MOST)).map((one) => pages.delete(one)))
  return answer
}
