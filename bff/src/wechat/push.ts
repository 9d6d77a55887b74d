import { z } from 'zod'
import { decryptPush, verifyPushMessage, verifyPushUrl } from './push-crypto'

/**
 * One event that WeChat pushed. `list` is its `List` as an array (WeChat sends an object when there is one entry);
 * `dedupeKey` is equal for WeChat's repeated deliveries of one event. `raw` is unchecked beyond the common fields.
 */
export interface PushEvent {
  toUser: string
  fromUser: string
  /** Whom it is about. Of a change of permissions WeChat's own service is the sender, and `OpenID` names the person. */
  openid: string
  /** The app that it is of; all apps that share the signature when nothing in it says which. */
  appids: readonly string[]
  /** The numbers of what a person takes back, as in WeChat's table. */
  revoked: number[]
  createdAt: Date
  msgType: string
  event: string
  list: Record<string, unknown>[]
  dedupeKey: string
  raw: Record<string, unknown>
}

/** The settings of one console, or of several that have the same. With an `aesKey` only encrypted pushes pass: the plain signature does not cover the body. */
export interface PushSetup {
  token: string
  aesKey?: string
  appids: readonly string[]
}

export type PushRefusal = 'signature' | 'plain_text' | 'encryption' | 'format' | 'app'
export type Opened = { event: PushEvent } | { refusal: PushRefusal }

const pushed = z
  .object({
    ToUserName: z.string(),
    FromUserName: z.string(),
    CreateTime: z.coerce.number().int().nonnegative(),
    MsgType: z.string().default('event'),
    Event: z.string().default(''),
    List: z.unknown().optional(),
    OpenID: z.string().optional(),
    AppID: z.string().optional(),
    trace_id: z.string().optional(),
    RevokeInfo: z.union([z.string(), z.number()]).optional(),
  })
  .loose()

const query = z.object({
  signature: z.string().default(''),
  timestamp: z.string().default(''),
  nonce: z.string().default(''),
  echostr: z.string().default(''),
  encrypt_type: z.string().default(''),
  msg_signature: z.string().default(''),
})

/** The `echostr` to send back raw when WeChat first checks the address (GET), or null when the signature is not WeChat's. */
export function pushGreeting(token: string, givenQuery: unknown): string | null {
  const asked = query.safeParse(givenQuery)
  return asked.success && verifyPushUrl({ ...asked.data, token }, asked.data.signature) ? asked.data.echostr : null
}

/**
 * Checks and opens a push (POST) of any of these consoles. `body` is the JSON text as it came: the console must be set to
 * JSON, XML is refused as `format`. Answer WeChat "success" within 5 s; it tries three times.
 */
export function openPush(setups: readonly PushSetup[], givenQuery: unknown, body: string): Opened {
  let last: Opened = { refusal: 'signature' }
  for (const setup of setups) {
    const opened = openAs(setup, givenQuery, body)
    if ('event' in opened) return opened
    if (opened.refusal !== 'signature') last = opened
  }
  return last
}

function openAs(setup: PushSetup, givenQuery: unknown, body: string): Opened {
  const asked = query.safeParse(givenQuery)
  if (!asked.success) return { refusal: 'signature' }
  const signed = { ...asked.data, token: setup.token }
  if (asked.data.encrypt_type !== 'aes') {
    if (setup.aesKey) return { refusal: 'plain_text' }
    return verifyPushUrl(signed, asked.data.signature) ? parsed(body, setup.appids) : { refusal: 'signature' }
  }
  const encrypted = encryptedOf(body)
  if (encrypted === null) return { refusal: 'format' }
  if (!verifyPushMessage(signed, encrypted, asked.data.msg_signature)) return { refusal: 'signature' }
  for (const appid of setup.aesKey ? setup.appids : []) {
    const text = decryptPush(setup.aesKey as string, appid, encrypted)
    if (text !== null) return parsed(text, [appid])
  }
  return { refusal: 'encryption' }
}

/** The event in a JSON text, or null. `appids` are those that may have sent it. */
export function parsePush(text: string, appids: readonly string[] = []): PushEvent | null {
  const value = pushed.safeParse(trimmed(jsonOf(text)))
  if (!value.success) return null
  const { ToUserName, FromUserName, CreateTime, MsgType, Event, List, OpenID, AppID, RevokeInfo } = value.data
  // pictures of one person are looked at within one second
  const trace = value.data.trace_id === undefined ? [] : [value.data.trace_id]
  const list = (Array.isArray(List) ? List : [List]).filter(isRecord)
  // Two messages to one person can report within one second; only the entries tell them apart.
  const entries = list.map((entry) => String(entry.MsgID ?? entry.TemplateId ?? '')).join('+')
  return {
    toUser: ToUserName,
    fromUser: FromUserName,
    openid: OpenID ?? FromUserName,
    appids: AppID === undefined ? appids : [AppID],
    revoked: (String(RevokeInfo ?? '').match(/\d+/g) ?? []).map(Number),
    createdAt: new Date(CreateTime * 1000),
    msgType: MsgType,
    event: Event,
    list,
    // the sender of a change of permissions is the same for everybody: only the rest tells two people apart
    dedupeKey: [FromUserName, CreateTime, Event, entries, AppID ?? '', OpenID ?? '', RevokeInfo ?? '', ...trace].join(
      ':',
    ),
    raw: value.data,
  }
}

function parsed(text: string, appids: readonly string[]): Opened {
  const event = parsePush(text, appids)
  if (!event) return { refusal: 'format' }
  // signed for one app and about another: nobody of ours
  return event.appids.every((appid) => appids.includes(appid)) ? { event } : { refusal: 'app' }
}

/** WeChat's own sample of these events has names that begin with a space. */
const trimmed = (value: unknown): unknown =>
  isRecord(value) ? Object.fromEntries(Object.entries(value).map(([name, one]) => [name.trim(), one])) : value

function encryptedOf(body: string): string | null {
  const value = jsonOf(body)
  return isRecord(value) && typeof value.Encrypt === 'string' ? value.Encrypt : null
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return null
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
