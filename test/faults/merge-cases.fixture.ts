import { randomUUID } from 'node:crypto'
import type { ProcedureCase } from './procedure-cases.fixture'

const NOBODY = '8999999999999999'
const SEAL = '0'.repeat(32)
const undo = () => ({ requestId: randomUUID(), mergeId: randomUUID(), charge: 'survivor', note: '走查', seal: SEAL })

export const MERGE_CASES: Record<string, ProcedureCase> = {
  'merge.find': {
    for: 'operator',
    input: ({ memberNo }) => ({ said: memberNo }),
  },
  'merge.preview': {
    for: 'operator',
    input: ({ memberNo }) => ({ one: memberNo, two: NOBODY }),
  },
  'merge.merge': {
    for: 'operator',
    input: ({ memberNo }) => ({ requestId: randomUUID(), one: memberNo, two: NOBODY, seal: SEAL, note: '走查' }),
  },
  'merge.list': {
    for: 'operator',
    input: () => ({}),
    foreign: { cursor: { input: ({ foreign }) => ({ cursor: foreign.transferId }), answer: 'nothing' } },
  },
  'merge.show': {
    for: 'operator',
    input: () => ({ mergeId: randomUUID() }),
    foreign: { mergeId: { input: () => ({ mergeId: randomUUID() }), answer: 'NOT_FOUND' } },
  },
  'merge.previewUndo': {
    for: 'operator',
    input: () => ({ mergeId: randomUUID(), charge: 'survivor' }),
    foreign: { mergeId: { input: () => ({ mergeId: randomUUID(), charge: 'survivor' }), answer: 'NOT_FOUND' } },
  },
  'merge.undo': {
    for: 'operator',
    input: undo,
    foreign: { mergeId: { input: undo, answer: 'NOT_FOUND' } },
  },
}
