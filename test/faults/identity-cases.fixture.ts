import { randomUUID } from 'node:crypto'
import { elsewhere } from './order-cases.fixture'
import type { ProcedureCase } from './procedure-cases.fixture'

const SEAL = '0'.repeat(32)
const card = () => ({ requestId: randomUUID(), cardNo: 'NOBODY0001' })
const claim = () => ({ claimId: randomUUID() })
const confirmed = () => ({ ...claim(), requestId: randomUUID(), seal: SEAL })

/** Who somebody is: on the member's own phone and at the counter. */
export const IDENTITY_CASES: Record<string, ProcedureCase> = {
  'member.identities': { for: 'member', input: () => undefined },
  'member.setBirthday': { for: 'member', input: () => ({ requestId: randomUUID(), month: 3, day: 8 }) },
  'member.claimByCard': {
    for: 'member',
    input: card,
    // the same answer for anybody's card and for none
    foreign: { cardNo: { input: ({ memberNo }) => ({ ...card(), cardNo: memberNo }), answer: 'nothing' } },
  },
  'visit.cards': { for: 'clerk', input: ({ visit }) => visit, foreign: elsewhere() },
  'visit.previewCard': {
    for: 'clerk',
    input: ({ visit }) => ({ ...visit, cardNo: 'NOBODY0001' }),
    foreign: {
      ...elsewhere(() => ({ cardNo: 'NOBODY0001' })),
      cardNo: { input: ({ visit }) => ({ ...visit, cardNo: 'NOBODY0002' }), answer: 'nothing' },
    },
  },
  'visit.bindCard': {
    for: 'clerk',
    input: ({ visit }) => ({ ...visit, ...card() }),
    foreign: {
      ...elsewhere(card),
      cardNo: { input: ({ visit }) => ({ ...visit, ...card(), cardNo: 'NOBODY0002' }), answer: 'nothing' },
    },
  },
  'visit.previewClaim': {
    for: 'clerk',
    input: ({ visit }) => ({ ...visit, ...claim() }),
    foreign: {
      ...elsewhere(claim),
      claimId: { input: ({ visit }) => ({ ...visit, ...claim() }), answer: 'CLAIM_OVER' },
    },
  },
  'visit.confirmClaim': {
    for: 'clerk',
    input: ({ visit }) => ({ ...visit, ...confirmed() }),
    foreign: {
      ...elsewhere(confirmed),
      claimId: {
        input: ({ visit }) => ({ ...visit, ...confirmed() }),
        answer: 'CLAIM_OVER',
      },
    },
  },
}
