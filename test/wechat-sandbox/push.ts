import { createCipheriv, createHash, randomBytes } from 'node:crypto'
import type { PushTarget } from './world'

/** One event to fire. `fields` go into the message beside the common ones; `list` becomes `List` as WeChat does it. */
export interface PushOrder {
  appid: string
  event: string
  openid: string
  fields?: Record<string, unknown>
  list?: Record<string, unknown>[]
  mode?: 'plain' | 'safe'
  /** For tests of the receiver: spoils the signature. */
  forged?: boolean
}

export interface PushReport {
  attempts: number
  status: number | null
  answer: string
  accepted: boolean
}

/** Of these WeChat's own service is the sender; the person stands inside. */
const OF_PERMISSIONS = ['user_info_modified', 'user_authorization_revoke', 'user_authorization_cancellation']
const SERVICE = 'oWeChatService0000000000000'

const TRIES = 3
const ANSWER_WITHIN_MS = 5000

/** Fires an event at the BFF as WeChat does: five seconds for an answer, three tries, "success" or nothing accepts. */
export async function firePush(target: PushTarget, order: PushOrder, now: number): Promise<PushReport> {
  const text = JSON.stringify(messageOf(order, now))
  const safe = order.mode ? order.mode === 'safe' : target.aesKey !== undefined
  let report: PushReport = { attempts: 0, status: null, answer: '', accepted: false }
  for (let attempt = 1; attempt <= TRIES && !report.accepted; attempt += 1) {
    const { query, body } = seal(target, order, text, now, safe)
    report = { ...(await post(`${target.url}?${query}`, body)), attempts: attempt }
  }
  return report
}

/** Asks the address for its echo, as when it is set in the console. True when it answers rightly. */
export async function greetPush(target: PushTarget, now: number): Promise<boolean> {
  const { timestamp, nonce } = stamp(now)
  const echostr = randomBytes(8).readBigUInt64BE().toString()
  const signature = sha1Sorted([target.token, timestamp, nonce])
  const query = new URLSearchParams({ signature, echostr, timestamp, nonce })
  const response = await fetch(`${target.url}?${query}`, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) })
  return response.ok && (await response.text()) === echostr
}

function messageOf(order: PushOrder, now: number): Record<string, unknown> {
  const { list } = order
  const inside = OF_PERMISSIONS.includes(order.event)
  return {
    ToUserName: 'gh_5a4d0b0c1e2f',
    FromUserName: inside ? SERVICE : order.openid,
    CreateTime: Math.floor(now / 1000),
    MsgType: 'event',
    Event: order.event,
    ...(inside ? { OpenID: order.openid, AppID: order.appid } : {}),
    ...order.fields,
    // One entry comes bare, several as an array.
    ...(list ? { List: list.length === 1 ? list[0] : list } : {}),
  }
}

function seal(target: PushTarget, order: PushOrder, text: string, now: number, safe: boolean) {
  const { timestamp, nonce } = stamp(now)
  const openid = order.openid
  const spoil = order.forged ? 'x' : ''
  const signature = sha1Sorted([target.token, timestamp, nonce]) + spoil
  if (!safe) return { query: new URLSearchParams({ signature, timestamp, nonce, openid }), body: text }
  if (!target.aesKey) throw new Error('a safe push needs an aesKey')
  const encrypted = encrypt(target.aesKey, order.appid, text)
  const msg_signature = sha1Sorted([target.token, timestamp, nonce, encrypted]) + spoil
  const query = new URLSearchParams({ signature, timestamp, nonce, openid, encrypt_type: 'aes', msg_signature })
  return { query, body: JSON.stringify({ ToUserName: 'gh_5a4d0b0c1e2f', Encrypt: encrypted }) }
}

async function post(url: string, body: string): Promise<Omit<PushReport, 'attempts'>> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    })
    const answer = await response.text()
    return { status: response.status, answer, accepted: response.ok && ['', 'success'].includes(answer.trim()) }
  } catch {
    return { status: null, answer: '', accepted: false }
  }
}

function stamp(now: number) {
  return { timestamp: String(Math.floor(now / 1000)), nonce: String(randomBytes(4).readUInt32BE()) }
}

function sha1Sorted(parts: string[]): string {
  return createHash('sha1')
    .update([...parts].sort().join(''))
    .digest('hex')
}

/** WeChat's side of the sealing, written apart from the BFF's opening so that the two prove each other. */
function encrypt(aesKey: string, appid: string, text: string): string {
  const key = Buffer.from(`${aesKey}=`, 'base64')
  const message = Buffer.from(text)
  const head = Buffer.alloc(20)
  randomBytes(16).copy(head)
  head.writeUInt32BE(message.length, 16)
  const bare = Buffer.concat([head, message, Buffer.from(appid)])
  const pad = 32 - (bare.length % 32)
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false)
  return cipher.update(Buffer.concat([bare, Buffer.alloc(pad, pad)]), undefined, 'base64') + cipher.final('base64')
}
