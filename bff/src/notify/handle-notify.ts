import { createHash } from 'node:crypto'
import { type Ctx, inTx } from '../ctx'
import { forbidMessages, recordDelivery } from '../outbox'
import { closeByWechat, forgetRevoked } from '../privacy'
import { hearCheck, removePictures } from '../upload'
import { mediaCheckedIn, openPush, type PushEvent, type PushSetup, pushGreeting } from '../wechat'
import { NOTICE_DAYS } from './forget-notices'

export interface Notify {
  method: string
  query: Record<string, unknown>
  /** The body as it came, not parsed. */
  rawBody: string
}

export interface NotifyAnswer {
  status: number
  body: string
}

/** Whom an event is about: somebody of ours, in the app that pushed it. */
interface Subject {
  memberId: string
  appid: string
  openid: string
}

/** → keys of pictures whose bytes are to be removed once it is committed */
type Act = (tx: Ctx, event: PushEvent, subject: Subject) => Promise<string[]>

/** WeChat's number for a nickname; it is what it has cleaned when it says that a profile was modified. */
const NICKNAME = 6
/** Official accounts count by a table of their own. */
const OF_OFFICIAL_ACCOUNTS: Readonly<Record<number, number>> = { 205: NICKNAME }

/** Pushes that change something here. Every other one is thanked for and passed over. */
const ACTS: Readonly<Record<string, Act>> = {
  // The phone reports the same tap through outbox.allow, always and safe to repeat, while a push is optional and names
  // nothing to match the two by. So the phone counts; adding here as well would count each consent twice.
  subscribe_msg_popup_event: async () => [],
  subscribe_msg_change_event: async (tx, event, { memberId }) => {
    for (const entry of event.list)
      if (entry.SubscribeStatusString === 'reject') await forbidMessages(tx, memberId, entry.TemplateId)
    return []
  },
  subscribe_msg_sent_event: async (tx, event, { memberId }) => {
    for (const { TemplateId: templateId, ErrorCode: code, ErrorStatus: words } of event.list) {
      const delivered = String(code) === '0'
      const status = `${code} ${typeof words === 'string' ? words : ''}`
      await recordDelivery(tx, { memberId, templateId, at: event.createdAt, delivered, status })
    }
    return []
  },
  user_info_modified: (tx, _event, subject) => forgetRevoked(tx, { ...subject, revoked: [NICKNAME] }),
  user_authorization_revoke: (tx, event, subject) => {
    const revoked = event.revoked.map((number) => OF_OFFICIAL_ACCOUNTS[number] ?? number)
    return forgetRevoked(tx, { ...subject, revoked })
  },
  user_authorization_cancellation: async (tx, _event, { appid, openid }) => {
    await closeByWechat(tx, { appid, openid })
    return []
  },
}

/**
 * Answers a push of WeChat to any of the brand's apps: the check of the address (GET), or an event (POST), which is acted
 * on once however often it comes; its notice is written in the transaction of the act. Answers 4xx to what is not WeChat's.
 * @throws when the database is away: WeChat then tries again
 */
export async function handleNotify(
  ctx: Ctx,
  setups: readonly PushSetup[],
  { method, query, rawBody }: Notify,
): Promise<NotifyAnswer> {
  if (method === 'GET') {
    const echo = setups.map(({ token }) => pushGreeting(token, query)).find((said) => said !== null)
    return echo === undefined ? { status: 403, body: '' } : { status: 200, body: echo }
  }
  if (method !== 'POST') return { status: 405, body: '' }
  const opened = openPush(setups, query, rawBody)
  if ('refusal' in opened) {
    ctx.log.warn({ refusal: opened.refusal }, 'a push was refused')
    return { status: opened.refusal === 'format' ? 400 : 403, body: '' }
  }
  // A replay older than the notices that would recognise it.
  if (isOlderThanNotices(ctx, query.timestamp)) return { status: 403, body: '' }
  const { event } = opened
  if (event.event === MEDIA_CHECK) return { status: (await hearMedia(ctx, event)) ? 200 : 503, body: 'success' }
  const act = Object.hasOwn(ACTS, event.event) ? ACTS[event.event] : undefined
  // a process that ends before this leaves bytes without a row, which the sweep removes
  if (act) await removePictures(ctx, await actOnce(ctx, event, act))
  return { status: 200, body: 'success' }
}

/** It names a picture, not a person, and is heard once by the picture's own state. */
const MEDIA_CHECK = 'wxa_media_check'
/** So long the name that WeChat gave a picture may still be on its way here. */
const ON_ITS_WAY_MS = 60_000

/** False for a picture that is not known yet: WeChat then tells it again. */
async function hearMedia(ctx: Ctx, { raw, createdAt }: PushEvent): Promise<boolean> {
  const said = mediaCheckedIn(raw)
  if (!said || (await hearCheck(ctx, said.traceId, said.verdict))) return true
  return createdAt.getTime() < ctx.now().getTime() - ON_ITS_WAY_MS
}

const isOlderThanNotices = (ctx: Ctx, signedSeconds: unknown): boolean =>
  Number(signedSeconds) * 1000 < ctx.now().getTime() - NOTICE_DAYS * 86_400_000

const actOnce = (ctx: Ctx, event: PushEvent, act: Act): Promise<string[]> =>
  inTx(ctx, async (tx) => {
    // hashed: WeChat's key holds an openid, and its length has no bound
    const noticeKey = createHash('sha256').update(event.dedupeKey).digest('hex')
    const notice = { noticeKey, event: event.event, at: tx.now() }
    const { count } = await tx.db.wechatNotice.createMany({ data: notice, skipDuplicates: true })
    if (count === 0) return []
    const { openid } = event
    const known = await tx.db.identity.findFirst({
      where: { kind: 'wechat_openid', issuer: { in: [...event.appids] }, subject: openid },
      select: { memberId: true, issuer: true },
    })
    return known ? act(tx, event, { memberId: known.memberId, appid: known.issuer, openid }) : []
  })
