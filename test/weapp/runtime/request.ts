import type { RequestEntry } from './journal'
import { type Letter, type Reply, send } from './network'
import { type Answer, type Asked, alive, type Ground, handOver } from './wx-call'

/** wx.request knows no PATCH. */
const METHODS = ['OPTIONS', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'TRACE', 'CONNECT']
const AT_ONCE = 10
const PATIENCE_MS = 60_000
const OFFLINE = 'errcode:-106 cronet_error_code:-106 error_msg:net::ERR_INTERNET_DISCONNECTED'

/** The way out of the phone. */
export interface Air {
  /** Everything is sent here, whatever host the build names. */
  baseUrl: string
  online: boolean
  appid: string
  /** Fails all that is on its way, as WeChat does after five seconds in the background. */
  interrupt(): void
}

interface Job {
  asked: Asked
  entry: RequestEntry
  /** Ends it with a failure, wherever it stands. */
  give(reason: string): void
  /** Sends it. */
  go(): void
}

/** wx.request: at most ten at once, success for every status, no PATCH, 60 s of patience. */
export function requestApi(ground: Ground, air: Air): (asked: Asked) => unknown {
  const { journal, realm } = ground
  const waiting: Job[] = []
  const going = new Set<Job>()
  air.interrupt = () => {
    for (const job of [...going]) job.give('interrupted')
  }
  const next = () => {
    while (going.size < AT_ONCE) {
      const job = waiting.shift()
      if (!job) return
      going.add(job)
      journal.load.peak = Math.max(journal.load.peak, going.size)
      job.go()
    }
  }
  const leave = (job: Job) => {
    going.delete(job)
    if (waiting.includes(job)) waiting.splice(waiting.indexOf(job), 1)
    next()
  }
  return (asked) => {
    const job = createJob(ground, air, asked, leave)
    journal.requests.push(job.entry)
    if (going.size >= AT_ONCE) journal.load.queued += 1
    waiting.push(job)
    next()
    return Object.assign(realm.value({}) as Answer, { abort: () => job.give('abort'), ...NO_LISTENERS })
  }
}

const NO_LISTENERS = Object.fromEntries(
  ['onHeadersReceived', 'offHeadersReceived', 'onChunkReceived', 'offChunkReceived'].map((name) => [name, () => {}]),
)

function createJob(ground: Ground, air: Air, asked: Asked, leave: (job: Job) => void): Job {
  const done = ground.activity.begin(`request ${asked.url}`)
  const entry = entryOf(asked)
  let over = false
  let hangUp: () => void = () => {}
  const end = (ok: boolean, answer: Answer) => {
    if (over) return
    over = true
    done()
    leave(job)
    const given = handOver(ground.realm, answer)
    ground.realm.guard('request', () => (ok ? asked.success : asked.fail)?.(given))
    ground.realm.guard('request', () => asked.complete?.(given))
  }
  const job: Job = {
    asked,
    entry,
    give(reason) {
      if (!over) entry.failure = reason
      hangUp()
      end(false, { errMsg: `request:fail ${reason}`, errno: failureNumber(reason) })
    },
    go() {
      const refusal = requestRefusal(asked, air)
      if (refusal) return void setTimeout(() => job.give(refusal), 0)
      const sent = send(letterOf(asked, air))
      hangUp = sent.hangUp
      sent.reply.then(
        (reply) => {
          entry.status = reply.status
          end(true, answerOf(ground, asked, reply))
        },
        (error: Error) => job.give(error.message),
      )
    },
  }
  return job
}

function entryOf(asked: Asked): RequestEntry {
  const url = String(asked.url)
  return { url, method: methodOf(asked), origin: /^\w+:\/\/[^/]+/.exec(url)?.[0] ?? '', status: 0 }
}

const methodOf = (asked: Asked): string => String(asked.method ?? 'GET').toUpperCase()

function requestRefusal(asked: Asked, air: Air): string | null {
  if (!METHODS.includes(methodOf(asked))) return `method ${asked.method} is not supported`
  if (!/^https?:\/\/[^/]/.test(String(asked.url))) return 'invalid url'
  return air.online ? null : OFFLINE
}

/** WeChat's general numbers of failures. */
function failureNumber(reason: string): number {
  if (reason === 'timeout') return 5
  if (reason === 'interrupted') return 600003
  return reason === 'invalid url' ? 600009 : 600001
}

function letterOf(asked: Asked, air: Air): Letter {
  const { pathname, search } = new URL(String(asked.url))
  const url = new URL(pathname + search, air.baseUrl)
  const method = methodOf(asked)
  const headers = headersOf(asked)
  const data = asked.data as unknown
  let body: Letter['body'] = null
  if (method === 'GET' || method === 'HEAD') {
    if (typeof data === 'object' && data !== null) addQuery(url, data as Record<string, unknown>)
  } else if (data !== undefined && data !== null) body = bodyOf(data, headers['content-type'] as string)
  if (body !== null) headers['content-length'] = String(Buffer.byteLength(body))
  headers.referer = `https://servicewechat.com/${air.appid}/0/page-frame.html`
  return { url, method, headers, body, timeoutMs: Number(asked.timeout ?? PATIENCE_MS) }
}

function headersOf(asked: Asked): Record<string, string> {
  const given = Object.entries((asked.header ?? {}) as Record<string, unknown>)
  const headers: Record<string, string> = { 'content-type': 'application/json' }
  for (const [name, value] of given) if (value !== undefined) headers[name.toLowerCase()] = String(value)
  return headers
}

function addQuery(url: URL, data: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(data)) url.searchParams.append(key, String(value))
}

function bodyOf(data: unknown, type: string): string | Uint8Array {
  if (typeof data === 'string') return data
  // Buffers of the logic layer are of another realm, so instanceof does not know them.
  if (Object.prototype.toString.call(data) === '[object ArrayBuffer]') return new Uint8Array(data as ArrayBuffer)
  if (!type.includes('x-www-form-urlencoded')) return JSON.stringify(data)
  const pairs = Object.entries(data as Record<string, unknown>)
  return pairs.map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(String(value))}`).join('&')
}

function answerOf({ realm }: Ground, asked: Asked, reply: Reply): Answer {
  const { status: statusCode, headers: header, cookies } = reply
  return { errMsg: 'request:ok', statusCode, header, cookies, data: dataOf(realm.buffer, asked, reply.body) }
}

function dataOf(buffer: (bytes: Uint8Array) => ArrayBuffer, asked: Asked, body: Buffer): unknown {
  if (asked.responseType === 'arraybuffer') return alive(buffer(body))
  const text = body.toString('utf8')
  if ((asked.dataType ?? 'json') !== 'json') return text
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}
