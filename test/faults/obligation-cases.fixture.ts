import { randomUUID } from 'node:crypto'
import type { ProcedureCase } from './procedure-cases.fixture'

const obligationId = 'own_cup'
const NOT_HERE = 'no_such_obligation'

export const OBLIGATION_CASES: Record<string, ProcedureCase> = {
  'obligation.list': { for: 'member', input: () => undefined },
  'obligation.accept': {
    for: 'member',
    input: () => ({ requestId: randomUUID(), obligationId }),
    foreign: {
      obligationId: { input: () => ({ requestId: randomUUID(), obligationId: NOT_HERE }), answer: 'NOT_FOUND' },
    },
  },
  'obligation.atCounter': {
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
  'obligation.checkIn': {
    for: 'clerk',
    input: ({ visit }) => ({ requestId: randomUUID(), ...visit, obligationId }),
    foreign: {
      visitId: {
        input: ({ foreignVisit }) => ({ requestId: randomUUID(), ...foreignVisit, obligationId }),
        answer: 'VISIT_UNKNOWN',
      },
      memberRef: {
        input: ({ visit, foreignVisit }) => ({
          requestId: randomUUID(),
          ...visit,
          memberRef: foreignVisit.memberRef,
          obligationId,
        }),
        answer: 'VISIT_UNKNOWN',
      },
      obligationId: {
        input: ({ visit }) => ({ requestId: randomUUID(), ...visit, obligationId: NOT_HERE }),
        answer: 'NOT_FOUND',
      },
    },
  },
}
