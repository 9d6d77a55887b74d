import { randomUUID } from 'node:crypto'
import { obligationWish, referralWish } from '../../bff/src/campaign/campaign.fixture'
import type { ProcedureCase } from './procedure-cases.fixture'

const now = new Date()
const NOT_HERE = 'no_such_campaign'
const campaignId = 'first_cup_2026'
/** Nobody else of the walk does anything with it. */
const TASTING = 'autumn_tasting'

const friends = (part = {}) => ({ ...referralWish(now), requestId: randomUUID(), ...part })
const duty = (part = {}) => ({ ...obligationWish(now), requestId: randomUUID(), ...part })
const reward = (part: object) => ({ reward: { ...obligationWish(now).reward, ...part } })
const stop = (part = {}) => ({
  requestId: randomUUID(),
  kind: 'obligation',
  campaignId: TASTING,
  reason: '走查',
  ...part,
})
const missing = (part: object) => ({ input: () => duty(part), answer: 'NOT_FOUND' })

export const CAMPAIGN_CASES: Record<string, ProcedureCase> = {
  'campaign.list': { for: 'operator', input: () => undefined },
  'campaign.get': {
    for: 'operator',
    input: () => ({ kind: 'referral', campaignId }),
    foreign: { campaignId: { input: () => ({ kind: 'referral', campaignId: NOT_HERE }), answer: 'NOT_FOUND' } },
  },
  'campaign.history': {
    for: 'operator',
    input: () => ({ kind: 'referral', campaignId }),
    foreign: { campaignId: { input: () => ({ kind: 'referral', campaignId: NOT_HERE }), answer: 'nothing' } },
  },
  'campaign.saveReferral': {
    for: 'operator',
    input: () => friends(),
    foreign: {
      campaignId: { input: () => friends({ campaignId: NOT_HERE, revision: 1 }), answer: 'NOT_FOUND' },
    },
  },
  'campaign.saveObligation': {
    for: 'operator',
    input: () => duty(),
    foreign: {
      obligationId: missing({ obligationId: NOT_HERE, revision: 1 }),
      storeId: missing({ storeId: NOT_HERE }),
      forHonourId: missing({ forHonourId: NOT_HERE }),
      keepsHonourId: missing({ keepsHonourId: NOT_HERE }),
      articleId: missing({ articleId: NOT_HERE }),
      'reward.honourId': missing(reward({ honourId: NOT_HERE })),
    },
  },
  'campaign.stop': {
    for: 'operator',
    input: () => stop(),
    foreign: { campaignId: { input: () => stop({ campaignId: NOT_HERE }), answer: 'NOT_FOUND' } },
  },
}
