import { randomUUID } from 'node:crypto'
import type { ProcedureCase } from './procedure-cases.fixture'

const time = '2026-11-22T04:00:00.000Z'
const entry = { sequence: 1_000_000_000, code: '900000000000000000', scannedAt: time, soldAt: time, amountFen: 6_800 }
const publicKey = Buffer.alloc(32, 1).toString('base64url')
const tillId = 'hubin-1'
const decision = { sequence: entry.sequence, how: 'dismiss', reason: '走查' }
const noTablet = (more: object = {}) => ({
  tabletId: { input: () => ({ ...more, tabletId: randomUUID() }), answer: 'NOT_FOUND' },
})

export const OFFLINE_CASES: Record<string, ProcedureCase> = {
  'code.certify': {
    for: 'member',
    input: () => ({ requestId: randomUUID(), deviceId: randomUUID(), publicKey }),
    foreign: {
      deviceId: {
        input: ({ foreign }) => ({ requestId: randomUUID(), deviceId: foreign.deviceId, publicKey }),
        answer: 'NOT_FOUND',
      },
    },
  },
  'code.publicKeys': { for: 'clerk', input: () => undefined },
  'offline.enrolTablet': {
    for: 'manager',
    input: () => ({ requestId: randomUUID(), tillId, label: '走查' }),
    foreign: {
      tillId: {
        input: () => ({ requestId: randomUUID(), tillId: 'xihu-1', label: '走查' }),
        answer: 'TILL_UNKNOWN',
      },
    },
  },
  'offline.listTablets': { for: 'manager', input: () => undefined },
  'offline.revokeTablet': {
    for: 'manager',
    input: () => ({ requestId: randomUUID(), tabletId: randomUUID() }),
    foreign: noTablet({ requestId: randomUUID() }),
  },
  'offline.ground': { for: 'clerk', input: () => ({ tabletId: randomUUID() }), foreign: noTablet() },
  'offline.sync': {
    for: 'clerk',
    input: () => ({ requestId: randomUUID(), tabletId: randomUUID(), entries: [entry] }),
    foreign: noTablet({ requestId: randomUUID(), entries: [entry] }),
  },
  'offline.clashes': { for: 'manager', input: () => undefined },
  'offline.decide': {
    for: 'manager',
    input: () => ({ requestId: randomUUID(), tillId, ...decision }),
    foreign: {
      tillId: {
        input: () => ({ requestId: randomUUID(), tillId: 'xihu-1', ...decision }),
        answer: 'TILL_UNKNOWN',
      },
    },
  },
}
