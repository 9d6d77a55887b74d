import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { ctxOf, type Ctx, type House, inTx } from '../ctx'
import { type Database, openDatabase } from '../db'
import { keysFrom } from '../keys'
import { createMember } from '../member'
import { registry } from '../registry'
import type { SendOutcome, SubscribeMessage, Wechat } from '../wechat'

export const WEAPP_ID = 'wx5e0d1f0a7c3b9e21'
export const TEMPLATE_IDS = { points_arrived: 'template-points', phone_moved: 'template-phone' }
export const NOON = Date.UTC(2026, 10, 22, 4)

/** One process of the house: its own connections, a clock that others may share, and what it wrote to the log. */
export interface TestHouse {
  house: House
  ctx: Ctx
  clock: { now: number; advance: (ms: number) => void }
  lines: string[]
  close: () => Promise<void>
}

export function openHouse(url: string, more: Partial<House> & { clock?: TestHouse['clock'] } = {}): TestHouse {
  const { clock = newClock(), ...parts } = more
  const database: Database = openDatabase(url, 8)
  const lines: string[] = []
  const write = (...parts: unknown[]) => void lines.push(JSON.stringify(parts))
  const house: House = {
    prisma: database.prisma,
    sql: database.sql,
    now: () => new Date(clock.now),
    wechat: silentWechat(),
    weappId: WEAPP_ID,
    oaAppId: 'wx8c4b2a6f1d9e7035',
    templates: TEMPLATE_IDS,
    sendText: async () => {},
    keys: keysFrom(Buffer.alloc(32, 7).toString('base64')),
    policy: DEMO_POLICY,
    registry,
    log: { info: write, warn: write, error: write },
    ...parts,
  }
  return { house, ctx: ctxOf(house), clock, lines, close: database.close }
}

export function newClock(now = NOON): TestHouse['clock'] {
  const clock = {
    now,
    advance(ms: number) {
      clock.now += ms
    },
  }
  return clock
}

/** A WeChat that only takes messages: what `answer` says, and what was given to it. */
export function scriptedSend(answer: (message: SubscribeMessage) => SendOutcome | Promise<SendOutcome>) {
  const given: SubscribeMessage[] = []
  const sendSubscribeMessage: Wechat['sendSubscribeMessage'] = async (message) => {
    given.push(message)
    return answer(message)
  }
  return { wechat: { sendSubscribeMessage } as Wechat, given }
}

const silentWechat = (): Wechat => scriptedSend(() => ({ outcome: 'sent' })).wechat

let born = 0

/** A member of the mini-program; `openid: null` for somebody who joined without WeChat. */
export async function newMember(
  { ctx }: TestHouse,
  { openid = `o-${++born}` }: { openid?: string | null } = {},
): Promise<{ memberId: string; ctx: Ctx; openid: string }> {
  const proofs = openid ? [{ kind: 'wechat_openid' as const, issuer: ctx.weappId, subject: openid }] : []
  const { memberId } = await inTx(ctx, (tx) => createMember(tx, { proofs, arrival: { channel: 'test' } }))
  return { memberId, openid: openid ?? '', ctx: { ...ctx, actor: { kind: 'member', memberId, sessionId: memberId } } }
}

/** What a purchase of ¥68 tells. */
export const settledEvent = (ctx: Ctx, memberId: string) => ({
  memberId,
  orderId: memberId,
  amountFen: 6_800,
  points: 68,
  growth: 68,
  activeAt: new Date('2026-12-06T16:00:00Z'),
  at: ctx.now(),
})
