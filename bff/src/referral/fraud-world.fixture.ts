import { randomUUID } from 'node:crypto'
import { DAY_MS } from '@huiyuan/shared/time'
import { type Colleague, NOON, newStaff } from '../../../test/support/people'
import { ctxOf } from '../ctx'
import { memberHouse } from '../member/member.fixture'
import { settleOrder } from '../order'
import { joinMember } from '../session/join-member'
import { startSession } from '../session/start-session'
import { memberRefOf } from '../visit'
import type { Wechat } from '../wechat'
import { readCaseRef } from './case-ref'
import { decideReferral } from './decide-referral'
import type { Somebody } from './fraud-plan.fixture'
import { judgeHeldReferrals } from './judge-referral'
import { listReviews } from './list-reviews'
import { releaseDueReferrals } from './release-due-referrals'
import { showReferral } from './show-referral'

const PLACE = { deviceLabel: '小米 15', platform: 'weapp' } as const
const HOLD_DAYS = 15
/** Until when everybody has joined, bought, and waited. */
const LAST_DAY = 40

/** How it went with one friend. */
export interface Ending {
  who: Somebody
  state: string
  doubts: string[]
  /** A person had to look at it before anything was paid. */
  looked: boolean
}

/** A house whose WeChat has never seen those whom `unseen` names. */
export function fraudWorld(url: string) {
  const unseen = new Set<string>()
  const riskRank = async ({ openid, scene }: { openid: string; scene: string }) =>
    // on the day of payment nobody has opened anything for two hours
    ({ rank: scene === 'join' && !unseen.has(openid) ? 0 : null })
  const one = memberHouse(url, { wechat: { moreApps: [], riskRank } as unknown as Wechat })
  const { prisma, weappId, keys } = one.house
  const known = new Map<string, { memberId: string; code: string }>()
  const begin = NOON.getTime()
  const toDay = (day: number) => {
    one.clock.at = new Date(begin + Math.round(day * DAY_MS))
  }
  const memberOf = (who: Somebody) => known.get(who.key)?.memberId ?? ''
  let clerk: Colleague
  let operator: Colleague

  /** Joins at home on the own phone, by the inviter's link. */
  async function join(who: Somebody): Promise<void> {
    const openid = `o_${who.key}`
    if (who.unseen) unseen.add(openid)
    const link = who.invitedBy && known.get(who.invitedBy.key)?.code
    const arrival = { channel: 'friend', ...(link ? { link } : {}) }
    const proofs = [{ kind: 'wechat_openid' as const, issuer: weappId, subject: openid }]
    const guest = ctxOf(one.house, { kind: 'guest', guestId: openid, proofs, arrival }, who.home)
    const { memberId } = await joinMember(guest, {
      ...{ ...PLACE, requestId: randomUUID(), consentVersion: one.house.policy.consentVersion, install: who.install },
    })
    const code = who.invitedBy ? '' : (await showReferral(one.as(memberId))).code
    known.set(who.key, { memberId, code })
    for (const ip of who.goesTo)
      await startSession(ctxOf(one.house, undefined, ip), memberId, { ...PLACE, install: who.install })
  }

  /** Pays at the till, which knows who paid. */
  async function buy(who: Somebody): Promise<void> {
    const memberId = memberOf(who)
    const visitId = randomUUID()
    const visit = { memberId, visitId, storeId: clerk.storeId, tillId: clerk.tillId, staffId: clerk.memberId }
    const expiresAt = new Date(one.clock.at.getTime() + 600_000)
    await prisma.visit.create({ data: { ...visit, method: 'member_no', openedAt: one.clock.at, expiresAt } })
    const memberRef = memberRefOf(keys, visitId, memberId)
    const order = { requestId: randomUUID(), visitId, memberRef, amountFen: 3_000, payer: who.payer }
    await settleOrder(one.as(clerk.memberId), clerk, order)
  }

  /** An operator who sees through everybody decides on all that waits, page by page. */
  async function review(honest: Set<string>): Promise<void> {
    const ctx = one.as(operator.memberId)
    for (let page = await listReviews(ctx, { state: 'review' }); ; page = await listReviews(ctx, { state: 'review' })) {
      for (const { caseRef } of page.cases) {
        const how = honest.has(readCaseRef(keys, caseRef).memberId) ? 'pay' : 'refuse'
        await decideReferral(ctx, { requestId: randomUUID(), caseRef, how, answer: '已核对' })
      }
      if (!page.next) return
    }
  }

  const world = {
    one,
    async open() {
      await one.warm()
      clerk = await newStaff(one)
      operator = await newStaff(one, { role: 'operator' })
      await prisma.referralCampaign.create({
        data: {
          ...{ campaignId: 'fraud', title: '请朋友喝第一盏', startsAt: new Date(begin - 60 * DAY_MS) },
          ...{ rewardPoints: 100, minOrderFen: 1_500, holdDays: HOLD_DAYS, perInviterCap: 50, budgetPoints: 1_000_000 },
        },
      })
    },
    close: () => one.close(),

    /** Lets everybody live through the campaign; jobs run every day. */
    async live(people: Somebody[]): Promise<Ending[]> {
      const deeds = people.flatMap((who) => [
        { at: who.joinsAt, run: () => join(who) },
        ...(who.buysAfter === undefined ? [] : [{ at: who.joinsAt + who.buysAfter, run: () => buy(who) }]),
      ])
      deeds.sort((a, b) => a.at - b.at)
      const friends = people.filter(({ invitedBy }) => invitedBy)
      const honest = () => new Set(friends.filter(({ farm }) => !farm).map(memberOf))
      for (let day = -21; day <= LAST_DAY; day++) {
        while (deeds[0] && deeds[0].at < day) {
          const { at, run } = deeds.shift() as (typeof deeds)[number]
          toDay(at)
          await run()
        }
        toDay(day)
        if (day < 0) continue
        await judgeHeldReferrals(one.as(), { batch: 1_000 })
        await releaseDueReferrals(one.as(), { batch: 1_000 })
        // the operator comes twice a week
        if (day % 3 === 0) await review(honest())
      }
      const edges = new Map((await prisma.referral.findMany()).map((edge) => [edge.memberId, edge]))
      return friends.map((who) => {
        const edge = edges.get(memberOf(who))
        if (!edge) throw new Error(`${who.key} was brought by nobody`)
        return { who, state: edge.state, doubts: edge.doubts, looked: edge.reviewedAt !== null }
      })
    },

    /** What somebody was paid for friends. */
    pointsOf: async (who: Somebody) => {
      const { _sum } = await prisma.lot.aggregate({
        where: { memberId: memberOf(who), effectKind: 'referral' },
        _sum: { earned: true },
      })
      return _sum.earned ?? 0
    },
  }
  return world
}
