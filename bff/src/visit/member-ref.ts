import type { Keys } from '../keys'
import { refuse } from '../refusal'

/**
 * What a till holds of the member during a visit: sealed, and of use with this visit only. Rows of a visit are keyed
 * by member first; so the till brings the key along without being able to read or reuse it.
 */
export const memberRefOf = (keys: Keys, visitId: string, memberId: string): string =>
  Buffer.from(keys.seal(`${visitId} ${memberId}`)).toString('base64url')

/** The member of a visit's reference. @throws VISIT_UNKNOWN for one that is made up or belongs to another visit */
export function readMemberRef(keys: Keys, visitId: string, memberRef: string): string {
  const [visit, memberId] = openedText(keys, memberRef).split(' ')
  return memberId && visit === visitId ? memberId : refuse('VISIT_UNKNOWN')
}

function openedText(keys: Keys, memberRef: string): string {
  try {
    return keys.openText(Buffer.from(memberRef, 'base64url'))
  } catch {
    return ''
  }
}
