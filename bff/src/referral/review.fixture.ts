import { randomUUID } from 'node:crypto'
import { type Colleague, newStaff } from '../../../test/support/people'
import { eraseDueMembers } from '../privacy'
import { decideReferral } from './decide-referral'
import { listReviews } from './list-reviews'
import { type Friend, referralRoom } from './referral.fixture'
import { releaseDueReferrals } from './release-due-referrals'

type One = { memberId: string }
type Queue = 'review' | 'appeal'
export type ReviewRoom = ReturnType<typeof reviewRoom>

/** A shop with friends, and what operators see and say of them. */
export function reviewRoom(url: string) {
  const own = referralRoom(url)
  const { one, prisma } = own
  const room = {
    ...own,
    operators: async () =>
      [await newStaff(one, { role: 'operator' }), await newStaff(one, { role: 'operator' })] as [Colleague, Colleague],
    edge: async ({ memberId }: One) =>
      (await own.edges(memberId))[0] as NonNullable<Awaited<ReturnType<typeof own.edges>>[0]>,
    seen: ({ memberId }: One, kind: string, mark: string) =>
      one.house.sql('risk_seen', { memberId, prints: [{ kind, print: mark.padEnd(43, '0') }], at: one.clock.at }),
    release: () => releaseDueReferrals(one.as(), { batch: 100 }),
    async caseOf(by: Colleague, friend: Friend, state: Queue) {
      const { cases } = await listReviews(by.ctx, { state })
      const { points } = await room.edge(friend)
      const found = cases.find((one) => one.points === points && one.campaign === friend.openid)
      return found as NonNullable<typeof found>
    },
    async decide(by: Colleague, friend: Friend, state: Queue, how: 'pay' | 'refuse') {
      const { caseRef } = await room.caseOf(by, friend, state)
      return decideReferral(by.ctx, { requestId: randomUUID(), how, answer: '看过了', caseRef })
    },

    /** Asks to leave and is gone. */
    async leave({ memberId }: One): Promise<void> {
      const { at } = one.clock
      const request = { actor: memberId, verb: 'leave', requestId: randomUUID(), bodyHash: 'x'.repeat(64), at }
      await one.house.sql('cancellation_ask', { request, memberId, at, dueAt: at })
      await eraseDueMembers(one.as(), { batch: 10 })
    },

    /** A friend with a purchase, who was seen on the inviter's phone; in a campaign that is named like them, to be found again. */
    async family(wish: { perInviterCap?: number; budgetPoints?: number } = {}) {
      const mark = randomUUID()
      const campaign = await own.campaign(wish)
      const mei = await own.inviter()
      const friend = await own.join(mei.code)
      await prisma.referralCampaign.update({ where: campaign, data: { title: friend.openid.slice(0, 40) } })
      const order = await own.buy(friend.memberId)
      await Promise.all([room.seen(mei, 'device', mark), room.seen(friend, 'device', mark)])
      return { campaign, mei, friend, order }
    },
  }
  return room
}
