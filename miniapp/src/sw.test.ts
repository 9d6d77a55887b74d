import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'

type Answering = (path: string) => Promise<Response> | Response
const ORIGIN = 'https://member.example'

/** The worker as a browser runs it, over a network that answers as told. */
function startWorker(network: { answer: Answering }) {
  const listeners: Record<string, (event: object) => void> = {}
  const rows = new Map<string, Response>()
  const cache = {
    match: async (path: string) => rows.get(path)?.clone(),
    put: async (path: string, answer: Response) => {
      rows.delete(path)
      rows.set(path, answer)
    },
    delete: async (path: string) => rows.delete(path),
    keys: async () => [...rows.keys()],
  }
  const fetched = async (request: string | { url: string }) =>
    network.answer(typeof request === 'string' ? request : new URL(request.url).pathname)
  runInNewContext(readFileSync(join(__dirname, 'sw.js'), 'utf8'), {
    ...{ URL, Promise, fetch: fetched, caches: { open: async () => cache } },
    setTimeout: (ended: (value: null) => void) => setTimeout(ended, 20, null),
    self: {
      location: { origin: ORIGIN },
      addEventListener: (name: string, listener: (event: object) => void) => {
        listeners[name] = listener
      },
    },
  })
  const open = async (path: string, method = 'GET') => {
    let given: Promise<Response> | undefined
    const respondWith = (answer: Promise<Response>) => {
      given = answer
    }
    listeners.fetch?.({ request: { url: ORIGIN + path, method }, respondWith })
    return given && (await given).text()
  }
  const loaded = async (paths: string[]) => {
    let kept: Promise<unknown> | undefined
    const waitUntil = (work: Promise<unknown>) => {
      kept = work
    }
    listeners.message?.({ data: { paths }, waitUntil })
    await kept
  }
  return { open, loaded, kept: () => [...rows.keys()] }
}

test('a page opens again without a network, with a server that is away and one that is silent; answers are never kept', async () => {
  const network: { answer: Answering } = { answer: (path) => new Response(`one ${path}`) }
  const worker = startWorker(network)
  await worker.loaded(['/', '/js/app.11111111.js', '/trpc/member.me', '/export'])
  expect(worker.kept().sort()).toEqual(['/', '/js/app.11111111.js'])
  for (const path of ['/trpc/member.me', '/trpc/a.11111111', '/export', '/api/v1/products'])
    expect(await worker.open(path)).toBeUndefined()
  expect(await worker.open('/', 'POST')).toBeUndefined()
  const away: Answering[] = [
    () => Promise.reject(new TypeError('no network')),
    () => new Response('bad gateway', { status: 502 }),
    () => new Promise(() => {}),
  ]
  for (const answer of away) {
    network.answer = answer
    expect(await worker.open('/')).toBe('one /')
    expect(await worker.open('/js/app.11111111.js')).toBe('one /js/app.11111111.js')
  }
  // the page of a network that wants a sign-in is shown, and not kept
  network.answer = () => Object.defineProperty(new Response('sign in'), 'redirected', { value: true })
  expect(await worker.open('/')).toBe('sign in')
  network.answer = away[0] as Answering
  expect(await worker.open('/')).toBe('one /')
})

test('a new build opens without a network once all its parts are kept; until then the one before does', async () => {
  const network: { answer: Answering } = { answer: (path) => new Response(`one ${path}`) }
  const worker = startWorker(network)
  await worker.loaded(['/', '/js/app.11111111.js'])
  const two: Answering = (path) => new Response(`two ${path}`)
  const cut: Answering = () => Promise.reject(new TypeError('no network'))
  network.answer = two
  expect(await worker.open('/')).toBe('two /')
  network.answer = cut
  await worker.loaded(['/', '/js/app.22222222.js'])
  expect(await worker.open('/')).toBe('one /')
  network.answer = two
  await worker.open('/')
  await worker.loaded(['/', '/js/app.22222222.js'])
  network.answer = cut
  expect(await worker.open('/')).toBe('two /')
  expect(await worker.open('/js/app.22222222.js')).toBe('two /js/app.22222222.js')
})
