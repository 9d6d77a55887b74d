import type { Keys } from '../keys'
import { refuse } from '../refusal'

export interface NamedSubmission {
  memberId: string
  submissionId: string
}

const MARK = 'hand_in'

/** What an operator holds of a hand-in: sealed, since its row is keyed by member, whom no screen learns. */
export const submissionRefOf = (keys: Keys, { memberId, submissionId }: NamedSubmission): string =>
  Buffer.from(keys.seal([MARK, memberId, submissionId].join(' '))).toString('base64url')

/** The hand-in of a reference. @throws NOT_FOUND for one that is made up */
export function readSubmissionRef(keys: Keys, caseRef: string): NamedSubmission {
  const [mark, memberId, submissionId] = openedText(keys, caseRef).split(' ')
  if (mark !== MARK || !memberId || !submissionId) return refuse('NOT_FOUND', { noun: 'submission' })
  return { memberId, submissionId }
}

function openedText(keys: Keys, caseRef: string): string {
  try {
    return keys.openText(Buffer.from(caseRef, 'base64url'))
  } catch {
    return ''
  }
}
