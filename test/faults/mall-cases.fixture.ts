import { randomUUID } from 'node:crypto'
import type { ProcedureCase } from './procedure-cases.fixture'

const wish = { rewardId: 'autumn_cup', points: 180 }
const pickupCode = '00000000'
/** What only a gift holds is on no shelf. */
const unlisted = { rewardId: { input: () => ({ rewardId: 'peach_taster' }), answer: 'NOT_FOUND' } }

export const MALL_CASES: Record<string, ProcedureCase> = {
  'mall.window': { for: 'anybody', input: () => undefined },
  'mall.list': { for: 'member', input: () => undefined },
  'mall.search': { for: 'member', input: () => ({ text: '茶' }) },
  'mall.searchWindow': { for: 'anybody', input: () => ({ text: '茶' }) },
  'mall.reward': {
    for: 'member',
    input: () => ({ rewardId: wish.rewardId }),
    foreign: unlisted,
  },
  'mall.rewardWindow': { for: 'anybody', input: () => ({ rewardId: wish.rewardId }), foreign: unlisted },
  'mall.favour': {
    for: 'member',
    input: () => ({ requestId: randomUUID(), rewardId: wish.rewardId, on: true }),
    foreign: {
      rewardId: {
        input: () => ({ requestId: randomUUID(), rewardId: 'peach_taster', on: true }),
        answer: 'NOT_FOUND',
      },
    },
  },
  'mall.exchange': {
    for: 'member',
    input: () => ({ requestId: randomUUID(), ...wish }),
    foreign: {
      rewardId: {
        input: () => ({ requestId: randomUUID(), rewardId: 'peach_taster', points: 0 }),
        answer: 'NOT_FOUND',
      },
    },
  },
  'mall.redemptions': {
    for: 'member',
    input: () => ({}),
    foreign: { cursor: { input: ({ foreign }) => ({ cursor: foreign.redemptionId }), answer: 'nothing' } },
  },
  'mall.redemption': {
    for: 'member',
    input: () => ({ redemptionId: randomUUID() }),
    foreign: {
      redemptionId: {
        input: ({ foreign }) => ({ redemptionId: foreign.redemptionId }),
        answer: 'NOT_FOUND',
      },
    },
  },
  'mall.cancel': {
    for: 'member',
    input: () => ({ requestId: randomUUID(), redemptionId: randomUUID() }),
    foreign: {
      redemptionId: {
        input: ({ foreign }) => ({ requestId: randomUUID(), redemptionId: foreign.redemptionId }),
        answer: 'NOT_FOUND',
      },
    },
  },
  'mall.waiting': {
    for: 'clerk',
    input: ({ visit }) => visit,
    foreign: {
      visitId: { input: ({ foreignVisit }) => foreignVisit, answer: 'VISIT_UNKNOWN' },
      memberRef: {
        input: ({ visit, foreignVisit }) => ({ ...visit, memberRef: foreignVisit.memberRef }),
        answer: 'VISIT_UNKNOWN',
      },
    },
  },
  'mall.handOver': {
    for: 'clerk',
    input: ({ visit }) => ({ requestId: randomUUID(), ...visit, pickupCode }),
    foreign: {
      visitId: {
        input: ({ foreignVisit }) => ({ requestId: randomUUID(), ...foreignVisit, pickupCode }),
        answer: 'VISIT_UNKNOWN',
      },
      memberRef: {
        input: ({ visit, foreignVisit }) => ({
          requestId: randomUUID(),
          ...visit,
          memberRef: foreignVisit.memberRef,
          pickupCode,
        }),
        answer: 'VISIT_UNKNOWN',
      },
    },
  },
}
