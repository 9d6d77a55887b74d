import { randomUUID } from 'node:crypto'
import type { ProcedureCase } from './procedure-cases.fixture'

const NOBODY = '8999999999999999'
const correction = () => ({ requestId: randomUUID(), points: 5, reason: 'goodwill', note: '走查' })

export const LEDGER_CASES: Record<string, ProcedureCase> = {
  'ledger.statement': {
    for: 'member',
    input: () => ({ kind: 'all', limit: 5 }),
    foreign: { cursor: { input: ({ foreign }) => ({ cursor: foreign.transferId }), answer: 'nothing' } },
  },
  'ledger.lots': { for: 'member', input: () => undefined },
  'ledger.forecast': { for: 'member', input: () => undefined },
  'ledger.subject': {
    for: 'operator',
    input: ({ memberNo }) => ({ memberNo }),
    foreign: { memberNo: { input: () => ({ memberNo: NOBODY }), answer: 'MEMBER_UNKNOWN' } },
  },
  'ledger.adjust': {
    for: 'operator',
    input: ({ memberNo }) => ({ ...correction(), memberNo }),
    foreign: { memberNo: { input: () => ({ ...correction(), memberNo: NOBODY }), answer: 'MEMBER_UNKNOWN' } },
  },
  'ledger.decide': {
    for: 'operator',
    input: ({ adjustmentId }) => ({ requestId: randomUUID(), adjustmentId, agree: true }),
    foreign: {
      // an operator decides what others propose; what is not theirs to decide is their own
      adjustmentId: {
        input: ({ ownAdjustmentId }) => ({ requestId: randomUUID(), adjustmentId: ownAdjustmentId, agree: true }),
        answer: 'ADJUSTMENT_OWN',
      },
    },
  },
  'ledger.adjustments': {
    for: 'operator',
    input: () => ({ state: 'waiting' }),
    foreign: {
      cursor: { input: ({ foreign }) => ({ state: 'waiting', cursor: foreign.transferId }), answer: 'nothing' },
    },
  },
  'ledger.liability': { for: 'operator', input: () => undefined },
}
