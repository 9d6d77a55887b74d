import { keep, keepForSure, kept } from '../../lib/storage'
import { type Book, type Ground, newBook, type Tablet } from './offline-book'

const TABLET = 'tablet'
const GROUND = 'tablet-ground'
const BOOK = 'tablet-book'

export const keptTablet = (): Tablet | null => kept<Tablet>(TABLET)
export const keptGround = (): Ground | null => kept<Ground>(GROUND)

/** Read anew each time: another window of this tablet may have written it. */
export const keptBook = (): Book => kept<Book>(BOOK) ?? newBook(null, 1)

export const keepBook = (book: Book): boolean => keepForSure(BOOK, book)
export const keepGround = (ground: Ground): boolean => keepForSure(GROUND, ground)

/** Makes this a tablet with numbers of its own; what still waits from before keeps its numbers. */
export function becomeTablet(tablet: Tablet, firstSequence: number): boolean {
  return keepForSure(TABLET, tablet) && keepBook({ ...keptBook(), tabletId: tablet.tabletId, next: firstSequence })
}

/** It takes nothing more: without the ground no code is checked. What waits still goes to the server. */
export function endTablet(tablet: Tablet): Tablet {
  const ended = { ...tablet, ended: true as const }
  keep(GROUND, null)
  keep(TABLET, ended)
  return ended
}
