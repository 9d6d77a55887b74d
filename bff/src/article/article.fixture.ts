import { randomUUID } from 'node:crypto'
import { DAY_MS } from '@huiyuan/shared/time'
import type { TestHouse } from '../../../test/support/people'
import { type Arrival, alongOf, ctxOf, inTx } from '../ctx'
import { newOpenid } from '../member/member.fixture'
import { newObligation } from '../obligation/obligation.fixture'
import { referralRoom } from '../referral/referral.fixture'
import { joinMember } from '../session/join-member'
import { countReadings } from './count-readings'
import { readArticle } from './read-article'

/** Two server processes, a shop, and people who pass articles on and read them. */
export function newsRoom(url: string) {
  const room = referralRoom(url)
  const { one, prisma } = room
  return {
    ...room,

    /** An article that is out. */
    async article(more: { obligationId?: string } = {}): Promise<string> {
      const articleId = `a_${randomUUID().replaceAll('-', '').slice(0, 10)}`
      await prisma.article.create({
        data: {
          ...{ articleId, title: '霜降以后', summary: '山上收了最后一批茶', body: '今年最后一批茶', art: 'mountain' },
          ...{ publishFrom: new Date(one.clock.at.getTime() - DAY_MS), updatedAt: one.clock.at, ...more },
        },
      })
      return articleId
    },

    /** A guest whom this link and article led here joins; `openedDaysAgo` as the phone says. */
    async joinBy(
      link: string,
      articleId: string,
      { openedDaysAgo = 0, house = one }: { openedDaysAgo?: number; house?: TestHouse } = {},
    ) {
      const openid = newOpenid()
      const arrival: Arrival = {
        channel: 'weapp',
        link,
        article: articleId,
        openedAt: one.clock.at.getTime() - openedDaysAgo * DAY_MS,
      }
      const proofs = [{ kind: 'wechat_openid' as const, issuer: house.house.weappId, subject: openid }]
      const guest = ctxOf(house.house, { kind: 'guest', guestId: openid, proofs, arrival })
      const { memberId } = await joinMember(guest, {
        ...{ requestId: randomUUID(), consentVersion: guest.policy.consentVersion },
        ...{ deviceLabel: '小米 15', platform: 'weapp' },
      })
      return { memberId, ctx: one.as(memberId) }
    },

    read: (house: TestHouse, memberId: string, articleId: string, link?: string) =>
      readArticle(house.as(memberId), { articleId, link }),

    /** A colleague confirms that somebody has come. */
    attend: (house: TestHouse, memberId: string, obligationId: string, proofId: string = randomUUID()) =>
      inTx(house.as(), async (tx) => {
        await tx.db.$executeRaw`SELECT member_hold(${memberId}::uuid)`
        const event = { memberId, obligationId, proofId, at: tx.now() }
        const along = alongOf(tx, 'obligation.attended', event).filter(({ fn }) => fn.startsWith('article'))
        await tx.sql('run_handlers', along)
      }),

    /** Something to pass on, which these members have taken up. */
    async spreading(memberIds: string[], target = 1_000) {
      const { obligationId } = await newObligation(one, {
        ...{ kind: 'spread_news', title: '把茶讲给朋友', proof: 'counted', counts: 'reader_acted', target },
      })
      await prisma.obligationInstance.createMany({
        data: memberIds.map((memberId) => ({
          ...{ memberId, instanceId: randomUUID(), obligationId, state: 'accepted', acceptedAt: one.clock.at },
        })),
      })
      return obligationId
    },

    readings: (memberId: string) =>
      prisma.articleReading.findMany({ where: { memberId }, orderBy: [{ openedAt: 'asc' }, { articleId: 'asc' }] }),
    progress: async (memberId: string, obligationId: string) =>
      (await prisma.obligationInstance.findFirst({ where: { memberId, obligationId, state: { not: 'superseded' } } }))
        ?.progress,
    count: (house: TestHouse) => countReadings(house.as(), { batch: 100 }),
  }
}
