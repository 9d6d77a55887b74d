import { randomUUID } from 'node:crypto'
import type { Cart, Settled, Till } from './till-client'

/** What the till shows and asks while a sale goes on. */
export interface Cashier {
  say(words: string[]): void
  /** Takes the money. False when the customer does not pay after all. */
  collect(payableFen: number): Promise<boolean>
}

/**
 * A sale as a till does it: recognise the member, price the cart, fix the price, take the money, tell that it was paid.
 * Null when the customer did not pay; then the coupons and points are free again at once.
 */
export async function sell(till: Till, code: string, cart: Cart, cashier: Cashier): Promise<Settled | null> {
  const { visitId, memberRef, sayAloud } = await till.scanVisit({ requestId: randomUUID(), code })
  const visit = { visitId, memberRef }
  cashier.say(sayAloud)

  const quote = await till.quote({ ...visit, ...cart, coupons: 'best' })
  cashier.say(quote.receipt.map(({ title, words }) => `${title}: ${words}`))

  const hold = await till.hold({
    requestId: randomUUID(),
    ...visit,
    ...cart,
    couponIds: quote.couponIds,
    points: quote.pointsPay.used,
    payableFen: quote.payableFen,
  })
  if (!(await cashier.collect(hold.payableFen))) {
    await till.release({ requestId: randomUUID(), ...visit, holdId: hold.holdId })
    return null
  }
  // from here on the money is taken: keep this id with the sale, and send it until it is answered
  return till.settle({ requestId: randomUUID(), ...visit, holdId: hold.holdId })
}
