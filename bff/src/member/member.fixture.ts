import { randomInt, randomUUID } from 'node:crypto'
import { memberNoFrom } from '@huiyuan/shared/member'
import { DAY_MS } from '@huiyuan/shared/time'
import type { SeedPerson } from '../../../prisma/seed/people'
import {
  type HeldClock,
  newMember as newPerson,
  type Person,
  type TestHouse,
  testHouse,
} from '../../../test/support/people'
import type { House } from '../ctx'
import { type Wechat, WechatError } from '../wechat'
import type { PhoneDoor } from './phone-door'

/** WeChat's phone button alone: a code holds its number, is good once, and a second use is refused as in life. */
function phoneButton(): Wechat {
  const spent = new Set<string>()
  const phoneNumber: Wechat['phoneNumber'] = async (code) => {
    if (spent.has(code))
      throw new WechatError({
        endpoint: '/wxa/business/getuserphonenumber',
        trouble: 'errcode',
        errcode: 40029,
        errmsg: 'invalid code',
        outcome: 'refused',
        retryable: false,
      })
    spent.add(code)
    return { phone: code.split('|')[0] as string, countryCode: '86' }
  }
  return { moreApps: [], phoneNumber, riskRank: async () => ({ rank: 0 }) } as unknown as Wechat
}

/** A house in which any phone can be proven. */
export const memberHouse = (url: string, more: Partial<House> & { clock?: HeldClock } = {}): TestHouse =>
  testHouse(url, { wechat: phoneButton(), ...more })

/** The phone button's answer for this number: a fresh code each time. */
export const button = (phone: string): PhoneDoor => ({ kind: 'weapp', code: `${phone}|${randomUUID()}` })

const digits = (count: number) => Array.from({ length: count }, () => randomInt(10)).join('')
export const newNumber = () => `+86138${digits(8)}`
export const newOpenid = () => `o_${randomUUID()}`

/** A member, seen last on the day of joining. `weapp: null` is one without WeChat. */
export function newMember(
  test: TestHouse,
  {
    joinedDaysAgo = 0,
    ...wish
  }: Omit<Partial<SeedPerson>, 'weapp'> & { joinedDaysAgo?: number; weapp?: SeedPerson['weapp'] | null } = {},
): Promise<Person> {
  const joinedAt = new Date(test.clock.at.getTime() - joinedDaysAgo * DAY_MS)
  const { weapp = { openid: newOpenid() }, ...rest } = wish
  return newPerson(test, { joinedAt, ...rest, weapp: weapp ?? undefined } as Partial<SeedPerson>)
}

export interface OldCard extends Person {
  last4: string
}

/** A plastic card with a phone and 320 points, silent for two years unless told otherwise. */
export async function oldCard(
  test: TestHouse,
  { points = 320, ...wish }: Partial<SeedPerson> & { joinedDaysAgo?: number; points?: number } = {},
): Promise<OldCard> {
  const card = memberNoFrom(digits(14))
  const person = await newMember(test, { joinedDaysAgo: 730, name: '旧卡主人', ...wish, card, weapp: null })
  if (points > 0) await award(test, person.memberId, { points })
  return { ...person, last4: card.slice(-4) }
}

interface Award {
  points: number
  growth?: number
  /** Days until the points can be spent; now by default. */
  activeInDays?: number
  expiresInDays?: number
  at?: Date
  sourceId?: string
  reason?: string
}

/** Gives points and growth as an order would. */
export function award(
  { house, clock }: TestHouse,
  memberId: string,
  {
    points,
    growth = 0,
    activeInDays = 0,
    expiresInDays = 365,
    at = clock.at,
    sourceId = randomUUID(),
    reason = 'opening',
  }: Award,
): Promise<{ lotId: string } | null> {
  return house.sql('ledger_award', {
    memberId,
    at,
    kind: 'test',
    sourceId,
    points,
    growth,
    activeAt: new Date(at.getTime() + activeInDays * DAY_MS),
    expiresAt: new Date(at.getTime() + expiresInDays * DAY_MS),
    reason,
    detail: {},
  })
}

/** Points that are owed: what a return takes back when nothing is left to take. */
export async function owe({ house, clock }: TestHouse, memberId: string, points: number): Promise<void> {
  const debt = { memberId, unit: 'points', amount: points, reason: 'opening', detail: {}, at: clock.at }
  await house.prisma.$transaction([
    house.prisma.account.update({ where: { memberId }, data: { debtPoints: { increment: points } } }),
    house.prisma.transfer.create({
      data: { ...debt, transferId: randomUUID(), fromAccount: 'member:debt', toAccount: 'programme:adjusted' },
    }),
  ])
}

export const account = ({ house }: TestHouse, memberId: string) =>
  house.prisma.account.findUniqueOrThrow({ where: { memberId } })

/** Whose this phone is now. */
export const holderOf = async (test: TestHouse, phone: string): Promise<string | null> => {
  const subject = test.house.keys.hash('phone', phone)
  const held = await test.house.prisma.identity.findMany({ where: { kind: 'phone', subject } })
  expect(held.length).toBeLessThanOrEqual(1)
  return held[0]?.memberId ?? null
}

/** The survivor of a merged member, or null. */
export const mergedInto = async ({ house }: TestHouse, memberId: string): Promise<string | null> =>
  (await house.prisma.member.findUniqueOrThrow({ where: { memberId } })).mergedInto

export const times = <T>(count: number, work: (n: number) => Promise<T>): Promise<T>[] =>
  Array.from({ length: count }, (_, n) => work(n))
