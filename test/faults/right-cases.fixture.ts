import type { ProcedureCase } from './procedure-cases.fixture'

export const RIGHT_CASES: Record<string, ProcedureCase> = {
  'right.list': { for: 'member', input: () => undefined },
}
