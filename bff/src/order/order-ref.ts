import type { Keys } from '../keys'
import { refuse } from '../refusal'

export interface NamedOrder {
  memberId: string
  orderId: string
  /** The visit in which it was shown; null from the list of the own store. */
  visitId: string | null
}

const MARK = 'order'

/** What a till holds of an order: sealed, since its rows are keyed by member, whom a till cannot read. */
export const orderRefOf = (keys: Keys, { memberId, orderId, visitId }: NamedOrder): string =>
  Buffer.from(keys.seal([MARK, memberId, orderId, visitId ?? ''].join(' '))).toString('base64url')

/** The order of a reference. @throws NOT_FOUND for one that is made up */
export function readOrderRef(keys: Keys, orderRef: string): NamedOrder {
  const [mark, memberId, orderId, visitId] = openedText(keys, orderRef).split(' ')
  if (mark !== MARK || !memberId || !orderId) return refuse('NOT_FOUND', { noun: 'order' })
  return { memberId, orderId, visitId: visitId || null }
}

function openedText(keys: Keys, orderRef: string): string {
  try {
    return keys.openText(Buffer.from(orderRef, 'base64url'))
  } catch {
    return ''
  }
}
