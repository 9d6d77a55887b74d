import { randomUUID } from 'node:crypto'
import { DEMO_POLICY, type Policy } from '@huiyuan/shared/policy'
import { type Colleague, newStaff, type Person, type TestHouse } from '../../../test/support/people'
import { ctxOf, inTx, type ProvenIdentity } from '../ctx'
import { button, memberHouse, newMember, newOpenid } from '../member/member.fixture'
import { mergeMember } from '../member/merge-member'
import { settleOrder } from '../order'
import { orderRefOf } from '../order/order-ref'
import { returnOrder } from '../order/return-order'
import { joinMember } from '../session/join-member'
import { memberRefOf } from '../visit'
import { showReferral } from './show-referral'

export interface Campaign {
  campaignId: string
}

/** Friends may come as fast as tests do. */
export const AT_ONCE: Policy = { ...DEMO_POLICY, friendVelocity: { hour: 1_000, day: 1_000 } }

/** Two server processes on one clock, a shop with a clerk and its manager, and everything friends do. */
export function referralRoom(url: string, policy = AT_ONCE) {
  const one = memberHouse(url, { policy })
  const two = memberHouse(url, { policy, clock: one.clock })
  const { prisma } = one.house
  const crew: { clerk?: Colleague; manager?: Colleague } = {}
  const at = (n: number): TestHouse => (n % 2 ? two : one)

  const room = {
    one,
    two,
    at,
    prisma,
    async open() {
      await Promise.all([one.warm(), two.warm()])
      crew.clerk = await newStaff(one)
      crew.manager = await newStaff(one, { role: 'manager', shop: crew.clerk })
    },
    close: async () => {
      await Promise.all([one.close(), two.close()])
    },

    /** A campaign that runs from now on, before all others. */
    async campaign(wish: Partial<typeof DEFAULT> & { endsAt?: Date; stoppedAt?: Date } = {}): Promise<Campaign> {
      one.clock.pass(1_000)
      const campaignId = `c_${randomUUID().slice(0, 8)}`
      await prisma.referralCampaign.create({ data: { campaignId, startsAt: one.clock.at, ...DEFAULT, ...wish } })
      return { campaignId }
    },

    /** A member with a link of their own. */
    async inviter(name = '小梅'): Promise<Person & { code: string }> {
      const person = await newMember(one, { name, joinedDaysAgo: 400 })
      return { ...person, code: (await showReferral(person.ctx)).code }
    },

    /** Somebody joins, by a link or without, as the person behind these proofs. */
    async join(
      link: string | undefined,
      { in: house = one, openid = newOpenid(), phone, openedAt, requestId = randomUUID() }: JoinWish = {},
    ): Promise<Friend> {
      const proofs: ProvenIdentity[] = openid
        ? [{ kind: 'wechat_openid', issuer: house.house.weappId, subject: openid }]
        : []
      const arrival = { channel: 'friend', ...(link ? { link } : {}), ...(openedAt ? { openedAt } : {}) }
      const guest = ctxOf(house.house, { kind: 'guest', guestId: openid || randomUUID(), proofs, arrival })
      const { memberId } = await joinMember(guest, {
        requestId,
        consentVersion: guest.policy.consentVersion,
        deviceLabel: '小米 15',
        platform: 'weapp',
        ...(phone ? { phone: button(phone) } : {}),
      })
      return { memberId, ctx: one.as(memberId), openid }
    },

    /** The friend pays at the till. → what a till holds of the order */
    async buy(memberId: string, amountFen = 3_000, house = one): Promise<Bought> {
      const clerk = crew.clerk as Colleague
      const visitId = randomUUID()
      await prisma.visit.create({
        data: {
          memberId,
          visitId,
          storeId: clerk.storeId,
          tillId: clerk.tillId,
          staffId: clerk.memberId,
          method: 'member_no',
          openedAt: one.clock.at,
          expiresAt: new Date(one.clock.at.getTime() + 600_000),
        },
      })
      const memberRef = memberRefOf(house.house.keys, visitId, memberId)
      const requestId = randomUUID()
      const settle = (again = house) =>
        settleOrder(again.as(clerk.memberId), clerk, { requestId, visitId, memberRef, amountFen })
      const { orderId } = await settle()
      return { memberId, orderId, again: () => settle(two) }
    },

    /** The manager takes the purchase back. */
    giveBack({ memberId, orderId }: Pick<Bought, 'memberId' | 'orderId'>, house = one, refundFen?: number) {
      const manager = crew.manager as Colleague
      const orderRef = orderRefOf(one.house.keys, { memberId, orderId, visitId: null })
      return returnOrder(house.as(manager.memberId), manager, { requestId: randomUUID(), orderRef, refundFen })
    },

    merge: (survivorId: string, otherId: string, house = one) =>
      inTx(house.as(), (tx) => mergeMember(tx, survivorId, otherId)),

    edges: (memberId: string) => prisma.referral.findMany({ where: { memberId }, orderBy: { joinedAt: 'asc' } }),
    taken: async ({ memberId }: { memberId: string }, { campaignId }: Campaign) =>
      (await prisma.referralQuota.findUnique({ where: { memberId_campaignId: { memberId, campaignId } } }))?.taken ?? 0,
    spent: async ({ campaignId }: Campaign) =>
      (await prisma.referralCampaign.findUniqueOrThrow({ where: { campaignId } })).spentPoints,
    account: (memberId: string) => prisma.account.findUniqueOrThrow({ where: { memberId } }),
  }
  return room
}

const DEFAULT = {
  title: '请朋友喝第一盏',
  rewardPoints: 100,
  minOrderFen: 1_500,
  holdDays: 15,
  perInviterCap: 10,
  budgetPoints: 100_000,
  qualifies: 'order',
  windowDays: 7,
}

interface JoinWish {
  in?: TestHouse
  /** Empty for somebody who comes by phone alone. */
  openid?: string
  phone?: string
  /** When the link was opened, in epoch ms. */
  openedAt?: number
  requestId?: string
}

export interface Friend extends Pick<Person, 'memberId' | 'ctx'> {
  openid: string
}

export interface Bought {
  memberId: string
  orderId: string
  /** The same command once more, at the other process. */
  again: () => Promise<unknown>
}
