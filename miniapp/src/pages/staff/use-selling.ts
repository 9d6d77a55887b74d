import Taro from '@tarojs/taro'
import { useEffect } from 'react'
import type { Trouble } from '../../lib/api'
import { queryClient, refresh } from '../../lib/query'
import type { Cart } from './cart'
import type { Choice, Phase, Quote, Visit } from './phase'
import type { LiveQuote } from './use-quote'
import { ofVisit, type Sale } from './use-sale'

/** A second tap so soon after the price was locked was meant for the first button. */
export const SETTLE_AFTER_MS = 600

interface Selling {
  phase: Phase
  setPhase: (phase: Phase) => void
  sale: Sale
  quote: LiveQuote
  cart: Cart | null
  setChoice: (choice: Choice) => void
  setWithPoints: (on: boolean) => void
}

/** After these the price is asked anew: as it is, with the best coupons, or without points. */
const OF_PRICE: Trouble['code'][] = ['QUOTE_CHANGED', 'HOLD_OVER', 'RIGHT_USED_UP']
const OF_COUPONS: Trouble['code'][] = ['COUPON_TAKEN', 'COUPON_OVER', 'COUPON_STACK', 'COUPON_SCOPE', 'COUPON_SHORT']
const OF_POINTS: Trouble['code'][] = ['POINTS_SHORT', 'POINTS_CAP', 'IN_DEBT']

/** The price that was told is worth nothing any more; until the new one is there, nothing can be taken. */
const priceAnew = () => void queryClient.resetQueries({ queryKey: ['order.quote'] })

/** From the price that was told to the money in the till: `take` is the one button, `release` the way back. */
export function useSelling({ phase, setPhase, sale, quote, cart, setChoice, setWithPoints }: Selling) {
  const { holding, releasing, settling } = sale
  const way = wayOf(phase.step === 'ring' ? phase.visit : null, sale, quote.now, cart)
  const toRing = () => {
    if (phase.step === 'held') setPhase({ step: 'ring', visit: phase.visit, since: phase.since })
    priceAnew()
  }
  const hold = async ({ visit, since }: Extract<Phase, { step: 'ring' }>) => {
    const told = quote.now ?? quote.last
    if (!told || !cart) return
    const { couponIds, payableFen, pointsPay } = told
    const held = await holding.run({ ...ofVisit(visit), ...cart, couponIds, points: pointsPay.used, payableFen })
    if (!held) return
    settling.clear()
    setPhase({ step: 'held', visit, since, hold: held, heldSince: holding.sentAt(), heldAt: Date.now() })
  }
  const settle = async (visit: Visit, since: number, what: { amountFen: number } | { holdId: string }) => {
    const order = await settling.run({ ...ofVisit(visit), ...what })
    if (!order) return
    setPhase({ step: 'done', visit, since, order })
    void refresh('shift', 'order.recent')
  }
  const take = async () => {
    if (phase.step === 'held') {
      if (releasing.busy || Date.now() - phase.heldAt < SETTLE_AFTER_MS) return
      await settle(phase.visit, phase.since, { holdId: phase.hold.holdId })
    }
    if (phase.step !== 'ring' || !cart) return
    if (way === 'settle' && !('lines' in cart)) await settle(phase.visit, phase.since, { amountFen: cart.fullFen })
    if (way === 'hold') await hold(phase)
  }
  const release = async () => {
    // while nobody knows whether the money was taken into account, nothing is given back
    if (phase.step !== 'held' || settling.busy || settling.unsure) return false
    settling.clear()
    const answer = await releasing.run({ ...ofVisit(phase.visit), holdId: phase.hold.holdId })
    if (!answer) return false
    if (answer.released) toRing()
    else {
      setPhase({ step: 'scan' })
      void Taro.showToast({ title: '这一单已经入账了', icon: 'none' })
    }
    return answer.released
  }
  const refusal = sale.fault?.code
  useEffect(() => {
    if (!refusal) return
    const aboutCoupons = OF_COUPONS.includes(refusal)
    const aboutPoints = OF_POINTS.includes(refusal)
    if (aboutCoupons) setChoice('best')
    if (aboutPoints) setWithPoints(false)
    if (aboutCoupons || aboutPoints || OF_PRICE.includes(refusal)) toRing()
  }, [refusal])
  return { way, take, release }
}

/** How the money is taken: at once when nothing is reduced of a typed amount, else the price is locked first. Null while it is not known. */
function wayOf(visit: Visit | null, sale: Sale, quote: Quote | undefined, cart: Cart | null): 'settle' | 'hold' | null {
  if (!visit) return null
  if (sale.settling.unsure) return 'settle'
  if (sale.holding.unsure) return 'hold'
  const typed = cart !== null && !('lines' in cart)
  if (typed && !visit.maySpend) return 'settle'
  if (!quote) return null
  // articles and multiplied points go with a price that is locked: only it knows them
  const plain =
    quote.offFen === 0 && quote.couponIds.length === 0 && quote.pointsPay.used === 0 && quote.earnPercent === 100
  return typed && plain ? 'settle' : 'hold'
}
