import { randomUUID } from 'node:crypto'
import type { ProcedureCase } from './procedure-cases.fixture'

const words = { words: '我们是一家人' }
const decision = { how: 'pay', answer: '' }

/** Whose friends and whose poster is the session's business; a case is a sealed reference that only the queue hands out. */
export const REFERRAL_CASES: Record<string, ProcedureCase> = {
  'referral.mine': { for: 'member', input: () => undefined },
  'referral.poster': { for: 'member', input: () => undefined },
  'referral.links': { for: 'member', input: () => undefined },
  'referral.rules': { for: 'anybody', input: () => undefined },
  'referral.appeal': {
    for: 'member',
    input: () => ({ requestId: randomUUID(), referralId: randomUUID(), ...words }),
    foreign: {
      referralId: {
        input: ({ foreign }) => ({ requestId: randomUUID(), referralId: foreign.transferId, ...words }),
        answer: 'NOT_FOUND',
      },
    },
  },
  'referral.queue': {
    for: 'operator',
    input: () => ({ state: 'review' }),
    foreign: {
      after: { input: ({ foreign }) => ({ state: 'appeal', after: foreign.transferId }), answer: 'nothing' },
    },
  },
  'referral.decide': {
    for: 'operator',
    input: () => ({ requestId: randomUUID(), caseRef: 'made-up', ...decision }),
    foreign: {
      caseRef: {
        input: ({ foreign }) => ({ requestId: randomUUID(), caseRef: foreign.orderRef, ...decision }),
        answer: 'NOT_FOUND',
      },
    },
  },
}
