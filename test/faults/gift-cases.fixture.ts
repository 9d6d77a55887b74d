import { randomUUID } from 'node:crypto'
import type { ProcedureCase } from './procedure-cases.fixture'

const requestId = () => randomUUID()

export const GIFT_CASES: Record<string, ProcedureCase> = {
  'gift.preview': { for: 'anybody', input: () => ({ link: 'nobodys1' }) },
  'gift.list': { for: 'member', input: () => undefined },
  'gift.open': {
    for: 'member',
    input: () => ({ requestId: requestId(), giftId: 'welcome_2026' }),
    foreign: {
      giftId: { input: () => ({ requestId: requestId(), giftId: 'no-such' }), answer: 'NOT_FOUND' },
    },
  },
  'gift.conversions': { for: 'operator', input: () => undefined },
}
