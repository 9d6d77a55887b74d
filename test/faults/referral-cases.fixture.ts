import type { ProcedureCase } from './procedure-cases.fixture'

/** Both take nothing: whose friends and whose poster is the session's business. */
export const REFERRAL_CASES: Record<string, ProcedureCase> = {
  'referral.mine': { for: 'member', input: () => undefined },
  'referral.poster': { for: 'member', input: () => undefined },
}
