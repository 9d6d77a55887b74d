import { randomUUID } from 'node:crypto'
import {
  type HeldClock,
  type TestHouse as House,
  NOON,
  newMember as newPerson,
  testHouse,
} from '../../../test/support/people'
import type { Ctx } from '../ctx'
import type { SendOutcome, SubscribeMessage, Wechat } from '../wechat'

export const TEMPLATE_IDS = { points_arrived: 'template-points', phone_moved: 'template-phone' }

/** A house that can send messages, with what it wrote to its log. */
export interface TestHouse extends House {
  ctx: Ctx
  lines: string[]
}

export function openHouse(url: string, more: Parameters<typeof testHouse>[1] = {}): TestHouse {
  const lines: string[] = []
  const write = (...parts: unknown[]) => void lines.push(JSON.stringify(parts))
  const log = { info: write, warn: write, error: write }
  const opened = testHouse(url, { connections: 8, templates: TEMPLATE_IDS, log, ...more })
  return { ...opened, ctx: opened.as(), lines }
}

/** A clock that several houses can share, standing at noon. */
export function heldClock(): HeldClock {
  const clock: HeldClock = {
    at: NOON,
    pass(ms) {
      clock.at = new Date(clock.at.getTime() + ms)
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
  return { wechat: { moreApps: [] as Wechat['moreApps'], sendSubscribeMessage } as Wechat, given }
}

/** A member with this openid in the mini-program, or none of WeChat's. */
export async function newMember(
  house: TestHouse,
  { openid = `o-${randomUUID()}` }: { openid?: string | null } = {},
): Promise<{ memberId: string; ctx: Ctx; openid: string }> {
  const wish: object = { weapp: openid ? { openid } : undefined }
  const { memberId, ctx } = await newPerson(house, wish)
  return { memberId, ctx, openid: openid ?? '' }
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

export const SENT: SendOutcome = { outcome: 'sent' }
export const refused = (reason: string, more: Partial<SendOutcome & { outcome: 'refused' }> = {}) =>
  ({ outcome: 'refused', reason, retryable: false, errcode: 47003, rid: 'aa-bb-cc', ...more }) as SendOutcome

export async function allow(one: TestHouse, memberId: string, count = 1) {
  await one.house.sql('outbox_allow', { memberId, template: 'points_arrived', count, at: one.house.now() })
}
export async function put(one: TestHouse, memberId: string, more: object = {}) {
  const payload = { points: 68, amountFen: 6_800, activeAt: one.house.now(), at: one.house.now() }
  await one.house.sql('outbox_put', { memberId, template: 'points_arrived', payload, at: one.house.now(), ...more })
}
export const messages = (one: TestHouse, memberId: string) =>
  one.ctx.db.outboxMessage.findMany({ where: { memberId }, orderBy: { messageId: 'asc' } })
export const message = async (one: TestHouse, memberId: string) => (await messages(one, memberId))[0]!
export const left = async (one: TestHouse, memberId: string) =>
  (await one.ctx.db.messageConsent.findFirst({ where: { memberId } }))?.remaining
/** A member who allows `count` messages and has one waiting. */
export async function waiting(one: TestHouse, { count = 1, openid }: { count?: number; openid?: string } = {}) {
  const { memberId } = await newMember(one, openid ? { openid } : {})
  await allow(one, memberId, count)
  await put(one, memberId)
  return memberId
}
