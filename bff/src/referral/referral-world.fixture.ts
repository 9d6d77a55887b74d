import { randomUUID } from 'node:crypto'
import { DAY_MS } from '@huiyuan/shared/time'
import fc from 'fast-check'
import { type Colleague, newStaff } from '../../../test/support/people'
import { newOpenid } from '../member/member.fixture'
import { merged, undoneBeside } from '../merge/undo.fixture'
import { acceptObligation } from '../obligation/accept-obligation'
import { newObligation } from '../obligation/obligation.fixture'
import { eraseDueMembers } from '../privacy'
import { Refusal } from '../refusal'
import { appealReferral } from './appeal-referral'
import { decideReferral } from './decide-referral'
import { judgeHeldReferrals } from './judge-referral'
import { listReviews } from './list-reviews'
import type { Bought, Campaign, referralRoom } from './referral.fixture'
import { releaseDueReferrals } from './release-due-referrals'
import { showReferral } from './show-referral'

const n = fc.nat(40)
/** What one of many does at the same time; numbers choose people, houses and ways, whoever there is by then. */
export const act = fc.oneof(
  { weight: 5, arbitrary: fc.record({ what: fc.constant('join' as const), n, by: n }) },
  { weight: 9, arbitrary: fc.record({ what: fc.constant('buy' as const), n, by: n }) },
  ...(['giveBack', 'merge', 'undo', 'meet', 'judge', 'decide', 'appeal', 'release', 'spend'] as const).map((what) => ({
    weight: 2,
    arbitrary: fc.record({ what: fc.constant(what), n, by: n }),
  })),
  ...(['stop', 'leave'] as const).map((what) => ({
    weight: 1,
    arbitrary: fc.record({ what: fc.constant(what), n, by: n }),
  })),
)
export type Act = typeof act extends fc.Arbitrary<infer A> ? A : never

/** Friends who bring friends, buy, give back, turn out to be one and two again, while people and jobs judge and pay. */
export async function referralWorld(
  room: ReturnType<typeof referralRoom>,
  terms: { perInviterCap: number; budgetPoints: number },
  /** Some leave; else rewards are steps of undertakings, too, whose budget remembers nobody who has left. */
  leaving: boolean,
) {
  const campaign: Campaign = await room.campaign({ ...terms, holdDays: 15 })
  const invite = { kind: 'invite', proof: 'counted', counts: 'friend_rewarded' } as const
  const duties = [
    await newObligation(room.one, { ...invite, target: 1 }),
    await newObligation(room.one, { ...invite, target: 2 }),
  ]
  const takeUp = async (memberId: string) => {
    for (const { obligationId } of leaving ? [] : duties)
      await acceptObligation(room.one.as(memberId), { requestId: randomUUID(), obligationId })
  }
  const operators: Colleague[] = []
  for (let i = 0; i < 2; i++) operators.push(await newStaff(room.one, { role: 'operator' }))
  const people: string[] = []
  const codes: string[] = []
  const orders: Bought[] = []
  const merges: string[] = []
  for (let i = 0; i < 2; i++) {
    const inviter = await room.inviter()
    people.push(inviter.memberId)
    codes.push(inviter.code)
    await takeUp(inviter.memberId)
  }
  // some have been thanked for before it begins, or will be
  for (let i = 0; i < 4; i++) {
    const friend = await room.join(codes[i % 2])
    people.push(friend.memberId)
    codes.push((await showReferral(friend.ctx)).code)
    await takeUp(friend.memberId)
    orders.push(await room.buy(friend.memberId))
    if (i !== 2) continue
    room.one.clock.pass(16 * DAY_MS)
    await releaseDueReferrals(room.one.as(), { batch: 1_000 })
  }
  const one = <T>(list: T[], nth: number): T => list[nth % list.length] as T
  const commandBy = (actor: string) => {
    const { at } = room.one.clock
    return { at, request: { actor, verb: 'world', requestId: randomUUID(), bodyHash: 'x'.repeat(64), at } }
  }
  const whoNow = async (memberId: string) => {
    const { mergedInto } = await room.prisma.member.findUniqueOrThrow({
      where: { memberId },
      select: { mergedInto: true },
    })
    return mergedInto ?? memberId
  }
  const decideOne = async (nth: number, by: number) => {
    const house = room.at(by)
    const operator = one(operators, by >> 1)
    const { cases } = await listReviews(house.as(operator.memberId), { state: nth % 3 === 0 ? 'appeal' : 'review' })
    if (cases.length === 0) return
    const { caseRef } = one(cases, nth)
    const wish = { requestId: randomUUID(), caseRef, how: nth % 2 ? ('pay' as const) : ('refuse' as const), answer: '' }
    // and once more, as a phone does whose answer was lost
    await Promise.all([
      decideReferral(house.as(operator.memberId), wish),
      decideReferral(room.at(by + 1).as(operator.memberId), wish),
    ])
  }
  const DO: Record<Act['what'], (nth: number, by: number) => Promise<unknown>> = {
    join: async (nth, by) => {
      const openid = newOpenid()
      const [link, other] = [one(codes, nth), one(codes, by)]
      const [friend] = await Promise.all([
        room.join(link, { openid, in: room.at(by) }),
        ...(nth % 3 === 0 ? [room.join(other, { openid, in: room.at(by + 1) })] : []),
      ])
      people.push(friend?.memberId as string)
      if (friend && by % 2 === 0) await takeUp(friend.memberId)
      if (friend) codes.push((await showReferral(friend.ctx)).code)
    },
    buy: async (nth, by) =>
      orders.push(
        await room.buy(
          one(people, people.length * 7 - 1 - ((nth * 7 + by * 3) % people.length)),
          by % 4 === 0 ? 1_000 : 3_000,
          room.at(by),
        ),
      ),
    giveBack: async (nth, by) => orders.length > 0 && room.giveBack(one(orders, nth), room.at(by)),
    merge: async (nth, by) => merges.push(await merged(room.at(by), one(people, nth), one(people, by))),
    undo: async (nth, by) =>
      merges.length > 0 && undoneBeside(room.at(by), one(merges, merges.length - 1 - (nth % 2)), 'survivor'),
    meet: async (nth, by) =>
      Promise.all(
        [nth, by].map((who) =>
          room.at(who).house.sql('risk_seen', {
            memberId: one(people, who),
            prints: [{ kind: 'payer', print: `${nth % 3}`.padEnd(43, campaign.campaignId) }],
            at: room.one.clock.at,
          }),
        ),
      ),
    judge: (_, by) => judgeHeldReferrals(room.at(by).as(), { batch: 20 }),
    decide: decideOne,
    appeal: async (nth, by) => {
      const { inviterId, referralId } =
        (await room.prisma.referral.findFirst({
          where: { state: 'refused', doubts: { isEmpty: false }, ...campaign },
        })) ?? {}
      if (inviterId && referralId)
        await appealReferral(room.at(by).as(inviterId), { requestId: randomUUID(), referralId, words: `再看看 ${nth}` })
    },
    release: (_, by) => releaseDueReferrals(room.at(by).as(), { batch: 20 }),
    spend: async (nth, by) =>
      room.at(by).house.sql('ledger_spend', {
        ...{ memberId: one(people, nth), at: room.one.clock.at, kind: 'test', sourceId: randomUUID() },
        ...{ points: 40, reason: 'exchange', detail: {} },
      }),
    leave: async (nth, by) => {
      if (!leaving) return
      const memberId = one(people, people.length - 1 - (nth % people.length))
      const call = commandBy(memberId)
      await room.at(by).house.sql('cancellation_ask', { ...call, memberId, dueAt: call.at })
      await Promise.all([0, 1].map((n) => eraseDueMembers(room.at(n).as(), { batch: 10 })))
    },
    stop: async (nth, by) => {
      if (nth % 3 > 0) return
      const { memberId } = one(operators, by)
      const stop = { ...commandBy(memberId), staffId: memberId, kind: 'referral', ...campaign, reason: '先停一停' }
      await room.at(by).house.sql('campaign_stop', stop)
    },
  }
  return {
    campaign,
    people,
    /** Everything at once. What is refused in words is fine; anything else is not. → who was refused what */
    async round(acts: Act[]): Promise<string[]> {
      for (const [at, memberId] of people.entries()) people[at] = await whoNow(memberId)
      // who is merged just now is not served at a till: a visit there is opened by a live code
      const dropped = acts.length % 3 === 0 ? 'buy' : 'merge'
      const ends = await Promise.allSettled(
        acts.filter(({ what }) => what !== dropped).map(({ what, n: nth, by }) => DO[what](nth, by)),
      )
      return ends.flatMap((end) => {
        if (end.status === 'fulfilled') return []
        if (end.reason instanceof Refusal) return [end.reason.fault.code]
        throw end.reason
      })
    },
  }
}
