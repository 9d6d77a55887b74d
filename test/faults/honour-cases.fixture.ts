import { randomUUID } from 'node:crypto'
import type { ProcedureCase } from './procedure-cases.fixture'

const honourId = 'tea_knower'
const requestId = () => randomUUID()
/** An honour that the caller does not wear is not theirs to be seen with. */
const foreign = { honourId: { input: () => ({ requestId: requestId(), honourId: 'no-such' }), answer: 'NOT_FOUND' } }

export const HONOUR_CASES: Record<string, ProcedureCase> = {
  'honour.mine': { for: 'member', input: () => undefined },
  'honour.putOnWall': { for: 'member', input: () => ({ requestId: requestId(), honourId }), foreign },
  'honour.takeOffWall': { for: 'member', input: () => ({ requestId: requestId(), honourId }), foreign },
  'honour.wall': {
    for: 'anybody',
    input: () => ({ honourId }),
    foreign: { honourId: { input: () => ({ honourId: 'no-such' }), answer: 'NOT_FOUND' } },
  },
}
