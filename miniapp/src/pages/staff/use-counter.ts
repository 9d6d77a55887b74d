import { useState } from 'react'
import type { Key } from '../../ui/keypad'
import type { Choice, Job, Over, Phase, Visit } from './phase'
import { useCards } from './use-cards'
import { useComing } from './use-coming'
import { usePickUp } from './use-pick-up'
import { useQuote } from './use-quote'
import { useRing } from './use-ring'
import { useSale } from './use-sale'
import { useSelling } from './use-selling'
import { useTill } from './use-till'

/** Everything a till does with one customer: scan or find, ring up, lock the price, take the money, next. */
export function useCounter(job: Job) {
  const till = useTill(job)
  const [phase, setPhase] = useState<Phase>({ step: 'scan' })
  const ring = useRing()
  const [choice, setChoice] = useState<Choice>('best')
  const [withPoints, setWithPoints] = useState(false)
  const [over, setOver] = useState<Over>(null)
  const sale = useSale()
  const pickUp = usePickUp(phase.step === 'scan' ? null : phase.visit)
  const cards = useCards(phase.step === 'scan' ? null : phase.visit)
  const locked = sale.busy || sale.unsure || phase.step === 'held' || phase.step === 'done'
  const asked = { cart: ring.cart, choice, withPoints }
  const quote = useQuote(phase.step === 'ring' ? phase.visit : null, asked, !locked)
  const selling = useSelling({ phase, setPhase, sale, quote, cart: ring.cart, setChoice, setWithPoints })
  const closed = sale.busy || phase.step === 'held'
  const coming = useComing({ tillId: till.tillId, closed, onVisit: admit })

  function clear() {
    coming.forget()
    sale.clear()
    pickUp.clear()
    cards.clear()
    setOver(null)
    setChoice('best')
    setWithPoints(false)
  }
  function admit(visit: Visit) {
    // what was rung up before anybody was scanned is meant for this customer; anything else was for the one before
    if (phase.step !== 'scan') ring.clear()
    clear()
    setPhase({ step: 'ring', visit, since: Date.now() })
  }
  /** The same customer shows a code again, say after the visit was over: what is rung up stays. */
  const rescan = () => {
    if (sale.busy) return
    clear()
    setPhase({ step: 'scan' })
  }
  const next = () => {
    if (sale.busy) return
    ring.clear()
    rescan()
  }
  const press = (key: Key) => {
    if (!locked) ring.press(key)
  }
  const shown = { phase, ring, choice, withPoints, over, quote, sale, locked, pickUp, cards }
  return {
    job,
    ...till,
    ...shown,
    ...coming,
    ...selling,
    setChoice,
    setWithPoints,
    setOver,
    press,
    next,
    rescan,
  }
}

export type Counter = ReturnType<typeof useCounter>
