import { api, type RouterOutputs } from '../../lib/api'
import { type Pages, usePages } from '../../lib/pages'

export type ReferralCase = RouterOutputs['referral']['queue']['cases'][number]
export type SubmissionCase = RouterOutputs['obligation']['queue']['cases'][number]

/** Cases that come page by page. */
export type Queue<C> = Omit<Pages<unknown>, 'pages'> & { cases: C[] }

/** What was read of both queues. */
export const QUEUES = ['referral.queue', 'obligation.queue']

/** Rewards for friends that wait for a person, or appeals against a refusal, the oldest first. */
export function useReferrals(state: 'review' | 'appeal', enabled: boolean) {
  const { pages, ...rest } = usePages(
    ['referral.queue', state],
    async (after) => {
      const { cases, next } = await api.referral.queue.query({ state, ...(after ? { after } : {}) })
      return { cases, nextCursor: next }
    },
    { enabled },
  )
  return { ...rest, cases: pages.flatMap(({ cases }) => cases) }
}

/** Hand-ins that wait for a person, or appeals against a refusal, the oldest first. */
export function useSubmissions(state: 'waiting' | 'appeal', enabled: boolean) {
  const { pages, ...rest } = usePages(
    ['obligation.queue', state],
    async (after) => {
      const { cases, next } = await api.obligation.queue.query({ state, ...(after ? { after } : {}) })
      return { cases, nextCursor: next }
    },
    { enabled },
  )
  return { ...rest, cases: pages.flatMap(({ cases }) => cases) }
}
