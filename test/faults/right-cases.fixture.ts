import { randomUUID } from 'node:crypto'
import type { ProcedureCase } from './procedure-cases.fixture'

const rightId = 'upgrade_free'
const requestId = () => randomUUID()

export const RIGHT_CASES: Record<string, ProcedureCase> = {
  'right.list': { for: 'member', input: () => undefined },
  'right.atCounter': {
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
  'right.use': {
    for: 'clerk',
    input: ({ visit }) => ({ requestId: requestId(), ...visit, rightId }),
    foreign: {
      visitId: {
        input: ({ foreignVisit }) => ({ requestId: requestId(), ...foreignVisit, rightId }),
        answer: 'VISIT_UNKNOWN',
      },
      memberRef: {
        input: ({ visit, foreignVisit }) => ({
          requestId: requestId(),
          ...visit,
          memberRef: foreignVisit.memberRef,
          rightId,
        }),
        answer: 'VISIT_UNKNOWN',
      },
      // a right that is used up at the till in another way
      rightId: {
        input: ({ visit }) => ({ requestId: requestId(), ...visit, rightId: 'early_gold' }),
        answer: 'NOT_FOUND',
      },
    },
  },
}
