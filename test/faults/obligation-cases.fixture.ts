import { randomUUID } from 'node:crypto'
import type { ProcedureCase } from './procedure-cases.fixture'

const obligationId = 'own_cup'
const NOT_HERE = 'no_such_obligation'
const review = { text: '热的比冰的香，杯子很厚实，下次带朋友来。', rating: 2, uploadIds: [] }
const words = { words: '请再看一眼' }
const verdict = { how: 'reject', reason: 'unclear' }

export const OBLIGATION_CASES: Record<string, ProcedureCase> = {
  'obligation.list': { for: 'member', input: () => undefined },
  'obligation.accept': {
    for: 'member',
    input: () => ({ requestId: randomUUID(), obligationId }),
    foreign: {
      obligationId: { input: () => ({ requestId: randomUUID(), obligationId: NOT_HERE }), answer: 'NOT_FOUND' },
    },
  },
  'obligation.show': {
    for: 'member',
    input: () => ({ obligationId }),
    foreign: { obligationId: { input: () => ({ obligationId: NOT_HERE }), answer: 'NOT_FOUND' } },
  },
  'obligation.submit': {
    for: 'member',
    input: () => ({ requestId: randomUUID(), obligationId: 'honest_review', ...review, orderId: randomUUID() }),
    foreign: {
      obligationId: {
        input: () => ({ requestId: randomUUID(), obligationId: NOT_HERE, ...review, orderId: randomUUID() }),
        answer: 'NOT_FOUND',
      },
      // one is waiting already; bff/src/obligation/hand-in.test.ts names a stranger's purchase
      orderId: {
        input: ({ foreign }) => ({
          ...{ requestId: randomUUID(), obligationId: 'honest_review', ...review },
          orderId: foreign.transferId,
        }),
        answer: 'PROOF_WAITING',
      },
    },
  },
  'obligation.appeal': {
    for: 'member',
    input: () => ({ requestId: randomUUID(), submissionId: randomUUID(), ...words }),
    foreign: {
      submissionId: {
        input: ({ foreign }) => ({ requestId: randomUUID(), submissionId: foreign.transferId, ...words }),
        answer: 'NOT_FOUND',
      },
    },
  },
  'obligation.reviews': { for: 'anybody', input: () => ({}) },
  'obligation.queue': { for: 'operator', input: () => ({ state: 'waiting' }) },
  'obligation.decide': {
    for: 'operator',
    input: () => ({ requestId: randomUUID(), caseRef: 'made-up', ...verdict }),
    foreign: {
      caseRef: {
        input: ({ foreign }) => ({ requestId: randomUUID(), caseRef: foreign.orderRef, ...verdict }),
        answer: 'NOT_FOUND',
      },
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
