import { doubtsOf } from '@huiyuan/shared/risk'
import { endOfMonthAfter } from '@huiyuan/shared/time'
import type { Ctx } from '../ctx'
import { eachDue } from '../each-due'
import { collectPair } from '../risk'

export interface ReadingsCounted {
  /** Readings of this batch whose day had come. */
  due: number
  counted: number
  /** Readings that something speaks against. */
  void: number
  /** Readings that could not be looked at now; a later run finds them again. */
  failed: number
}

interface DueReading {
  memberId: string
  articleId: string
  sharerId: string
}

/**
 * Counts up to `batch` readings whose reader did something that was kept: sharer and reader are looked at as an inviter and a
 * friend are, and where anything speaks against their being two people it does not count. Safe to run twice and on
 * several workers: each is one statement that finds the reading still waiting.
 */
export async function countReadings(ctx: Ctx, { batch }: { batch: number }): Promise<ReadingsCounted> {
  const at = ctx.now()
  const expiresAt = endOfMonthAfter(at, ctx.policy.expiryMonths)
  const done = { counted: 0, void: 0 }
  const idOf = ({ memberId, articleId }: Pick<DueReading, 'memberId' | 'articleId'>) => `${memberId}:${articleId}`
  const { found, failed } = await eachDue<DueReading>(ctx, {
    batch,
    find: async (take, except) =>
      (
        await ctx.db.articleReading.findMany({
          where: { state: 'acted', countAt: { lte: at } },
          orderBy: [{ countAt: 'asc' }, { memberId: 'asc' }, { articleId: 'asc' }],
          take: take + except.length,
          select: { memberId: true, articleId: true, sharerId: true },
        })
      )
        .filter((one) => !except.includes(idOf(one)))
        .slice(0, take),
    idOf,
    work: async (reading) => {
      const facts = await collectPair(ctx, { inviterId: reading.sharerId, friendId: reading.memberId })
      const doubtful = doubtsOf(facts, ctx.policy).length > 0
      const { state } = await ctx.sql<{ state: 'counted' | 'void' | null }>('article_count', {
        ...reading,
        doubtful,
        at,
        expiresAt,
      })
      if (state) done[state]++
    },
    nameOf: ({ articleId }) => ({ articleId }),
    failed: 'a reading was not counted',
  })
  return { ...done, due: found, failed }
}
