import { randomUUID } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import type { Crowd } from './crowd'
import { HOT_REWARD, REWARD_POINTS, spreadReward } from './rewards'
import { pump } from './rounds'

/** What the client process is told to ask for. */
export interface Task {
  url: string
  call: 'ping' | 'settle' | 'home' | 'exchange' | 'exchangeHot' | 'preview'
  connections: number
  ms: number
  /** Of the cart that is previewed. */
  lines?: CartWish[]
}

export interface CartWish {
  sku: string
  qty: number
}

let crowd: Crowd
let turn = 0

const post = (path: string, body: string, token = '') =>
  `POST /trpc/${path}?batch=1 HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n${
    token && `authorization: Bearer ${token}\r\n`
  }content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`

function exchanging(rewardId: string): string {
  const { token } = crowd.buyers[turn++ % crowd.buyers.length] as Crowd['buyers'][number]
  return post(
    'mall.exchange',
    JSON.stringify({ 0: { requestId: randomUUID(), rewardId, points: REWARD_POINTS } }),
    token,
  )
}

/** The request as the phone sends it: POST, batched, with a session where one is needed. */
const REQUESTS: Record<Task['call'], (task: Task) => string> = {
  ping: () => post('ping', '{}'),
  home: () => post('home.show', '{}', crowd.readers[turn++ % crowd.readers.length]),
  preview: ({ lines }) => {
    const { token } = crowd.buyers[turn++ % crowd.buyers.length] as Crowd['buyers'][number]
    return post('order.preview', JSON.stringify({ 0: { lines, coupons: 'best', points: 'most' } }), token)
  },
  exchange: () => exchanging(spreadReward(turn)),
  exchangeHot: () => exchanging(HOT_REWARD),
  settle: () => {
    const till = crowd.tills[turn++ % crowd.tills.length] as Crowd['tills'][number]
    const { visitId, memberRef } = till
    const input = { requestId: randomUUID(), visitId, memberRef, amountFen: 6_800 }
    return post('order.settle', JSON.stringify({ 0: input }), till.token)
  },
}

/** One keep-alive connection, one request at a time. Does as little as HTTP/1.1 allows: it shares the machine with the server. */
class Line {
  readonly #socket: Socket
  #heard = ''
  #answered: (answer: string) => void = () => {}
  #failed: (error: Error) => void = () => {}

  constructor(url: URL) {
    this.#socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true })
    this.#socket.setEncoding('latin1')
    this.#socket.on('data', (chunk: string) => this.#hear(chunk))
    this.#socket.on('error', (error) => this.#failed(error))
    this.#socket.on('close', () => this.#failed(new Error('the server closed the connection')))
  }

  ask(request: string): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#answered = resolve
      this.#failed = reject
      this.#socket.write(request)
    })
  }

  #hear(chunk: string): void {
    this.#heard += chunk
    const end = this.#heard.indexOf('\r\n\r\n')
    if (end < 0 || !isWhole(this.#heard, end)) return
    const answer = this.#heard
    this.#heard = ''
    this.#answered(answer)
  }

  hangUp(): void {
    this.#socket.removeAllListeners('close').destroy()
  }
}

function isWhole(heard: string, end: number): boolean {
  const length = /\r\ncontent-length: (\d+)/i.exec(heard)
  return length ? heard.length >= end + 4 + Number(length[1]) : heard.endsWith('\r\n0\r\n\r\n')
}

async function perform(task: Task) {
  const { url, call, connections, ms } = task
  const request = REQUESTS[call]
  const idle = Array.from({ length: connections }, () => new Line(new URL(url)))
  const all = [...idle]
  try {
    return await pump(connections, ms, async () => {
      const line = idle.pop() as Line
      const answer = await line.ask(request(task))
      if (!answer.startsWith('HTTP/1.1 200')) throw new Error(`${call} was answered: ${answer.slice(0, 900)}`)
      idle.push(line)
    })
  } finally {
    for (const line of all) line.hangUp()
  }
}

process.on('message', (message: { crowd: Crowd } | { task: Task }) => {
  if ('crowd' in message) {
    crowd = message.crowd
    return
  }
  perform(message.task).then(
    (run) => process.send?.({ run }),
    (error: Error) => process.send?.({ failed: error.message }),
  )
})
