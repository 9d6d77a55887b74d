import type { Keys } from '../keys'
import { refuse } from '../refusal'
import type { NamedReferral } from './judge-referral'

const MARK = 'referral'

/** What an operator holds of a case: sealed, since its row is keyed by the friend's id, which no screen learns. */
export const caseRefOf = (keys: Keys, { memberId, referralId }: NamedReferral): string =>
  Buffer.from(keys.seal([MARK, memberId, referralId].join(' '))).toString('base64url')

/** The case of a reference. @throws NOT_FOUND for one that is made up */
export function readCaseRef(keys: Keys, caseRef: string): NamedReferral {
  const [mark, memberId, referralId] = openedText(keys, caseRef).split(' ')
  if (mark !== MARK || !memberId || !referralId) return refuse('NOT_FOUND', { noun: 'referral' })
  return { memberId, referralId }
}

function openedText(keys: Keys, caseRef: string): string {
  try {
    return keys.openText(Buffer.from(caseRef, 'base64url'))
  } catch {
    return ''
  }
}
