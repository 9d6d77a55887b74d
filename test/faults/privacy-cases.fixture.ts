import { randomUUID } from 'node:crypto'
import type { ProcedureCase } from './procedure-cases.fixture'

const requestId = () => randomUUID()

export const PRIVACY_CASES: Record<string, ProcedureCase> = {
  'privacy.consents': { for: 'member', input: () => undefined },
  'privacy.setPersonalOffers': { for: 'member', input: () => ({ requestId: requestId(), on: false }) },
  'privacy.dropMessages': { for: 'member', input: () => ({ requestId: requestId(), template: 'points_arrived' }) },
  'privacy.exportLink': { for: 'member', input: () => undefined },
  'privacy.cancellation': { for: 'member', input: () => undefined },
  'privacy.sendCode': { for: 'member', input: () => undefined },
  'privacy.cancel': {
    for: 'member',
    // a code that was never sent
    input: () => ({ requestId: requestId(), proof: { kind: 'sms', code: '000000' } }),
  },
  'privacy.stay': { for: 'member', input: () => ({ requestId: requestId() }) },
}
