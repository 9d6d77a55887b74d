import type { Policy } from '@huiyuan/shared/policy'
import { businessDaysAfter } from '@huiyuan/shared/time'
import type { Events, SqlCall } from '../ctx'

const countAt = (at: Date, { readingHoldDays }: Policy) => businessDaysAfter(at, readingHoldDays + 1)

/** Who joins after an article led here has read it through the link that it came by. */
export function articleOnMemberJoined(
  { memberId, at, arrival: { article: articleId, link, openedAt } }: Events['member.joined'],
  { attributionDays: windowDays }: Policy,
): SqlCall[] {
  return articleId ? [{ fn: 'article_on_join', args: { memberId, at, articleId, link, openedAt, windowDays } }] : []
}

/** A new reader's first purchase is what the article brought about. */
export const articleOnOrderSettled = (
  { memberId, orderId, amountFen, at }: Events['order.settled'],
  policy: Policy,
): SqlCall[] => [
  {
    fn: 'article_on_order',
    args: {
      memberId,
      orderId,
      amountFen,
      at,
      countAt: countAt(at, policy),
      windowDays: policy.attributionDays,
      newAfterDays: policy.newAfterDays,
      fromFen: policy.readingFromFen,
    },
  },
]

/** A purchase that goes back takes along what it counted for. */
export const articleOnOrderReturned = (
  { memberId, orderId, at }: Events['order.returned'],
  { readingFromFen: fromFen }: Policy,
): SqlCall[] => [{ fn: 'article_on_return', args: { memberId, orderId, at, fromFen } }]

/** Whoever comes to an activity after reading of it came because of the article. */
export const articleOnActivity = (
  { memberId, obligationId, proofId, at }: { memberId: string; obligationId: string; proofId: string; at: Date },
  policy: Policy,
): SqlCall[] => [
  {
    fn: 'article_on_activity',
    args: { memberId, obligationId, proofId, at, countAt: countAt(at, policy), windowDays: policy.attributionDays },
  },
]
