/**
 * Lets a browser open these pages without a network, as WeChat does by itself: a till must survive a reload. Where the
 * browser has no such thing, or the page is not served safely, everything else works.
 */
export function keepPages(): void {
  const workers = typeof navigator === 'undefined' ? undefined : navigator.serviceWorker
  if (!workers) return
  workers
    .register('./sw.js')
    .then(() => workers.ready)
    .then(({ active }) => active?.postMessage({ paths: ['/', ...loaded()] }))
    .catch(() => {})
}

/** What was loaded before the worker listened. */
const loaded = () =>
  performance
    .getEntriesByType('resource')
    .map(({ name }) => new URL(name))
    .filter(({ origin }) => origin === location.origin)
    .map(({ pathname }) => pathname)
