import { randomUUID } from 'node:crypto'
import type { ProcedureCase } from './procedure-cases.fixture'

const requestId = () => randomUUID()

export const COUPON_CASES: Record<string, ProcedureCase> = {
  'coupon.list': { for: 'member', input: () => undefined },
  'coupon.claim': {
    for: 'member',
    input: () => ({ requestId: requestId(), templateId: 'autumn_88' }),
    foreign: {
      // a coupon that only gifts hold
      templateId: { input: () => ({ requestId: requestId(), templateId: 'new_8' }), answer: 'NOT_FOUND' },
    },
  },
}
