import type { Events, SqlCall } from '../ctx'

/** What a gift holds for picking up waits at the counter from now on. */
export const mallOnGiftOpened = (event: Events['gift.opened']): SqlCall[] => [
  { fn: 'mall_place_gift', args: { ...event } },
]
