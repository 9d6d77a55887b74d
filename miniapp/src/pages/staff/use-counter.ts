import { useState } from 'react'
import type { Key } from '../../ui/keypad'
import { fenOf, typed } from './amount'
import type { Choice, Job, Over, Phase, Visit } from './phase'
import { useCards } from './use-cards'
import { useComing } from './use-coming'
import { usePickUp } from './use-pick-up'
import { useQuote } from './use-quote'
import { useSale } from './use-sale'
import { useSelling } from './use-selling'
import { useTill } from './use-till'

/** Everything a till does with one customer: scan or find, type the amount, lock the price, take the money, next. */
export function useCounter(job: Job) {
  const till = useTill(job)
  const [phase, setPhase] = useState<Phase>({ step: 'scan' })
  const [amount, setAmount] = useState('')
  const [choice, setChoice] = useState<Choice>('best')
  const [over, setOver] = useState<Over>(null)
  const sale = useSale()
  const pickUp = usePickUp(phase.step === 'scan' ? null : phase.visit)
  const cards = useCards(phase.step === 'scan' ? null : phase.visit)
  const amountFen = fenOf(amount)
  const locked = sale.busy || sale.unsure || phase.step === 'held' || phase.step === 'done'
  const quote = useQuote(phase.step === 'ring' ? phase.visit : null, amountFen, choice, !locked)
  const selling = useSelling({ phase, setPhase, sale, quote, amountFen, setChoice })
  const closed = sale.busy || phase.step === 'held'
  const coming = useComing({ tillId: till.tillId, closed, onVisit: admit })

  function clear() {
    coming.forget()
    sale.clear()
    pickUp.clear()
    cards.clear()
    setOver(null)
    setChoice('best')
  }
  function admit(visit: Visit) {
    // an amount typed before anybody was scanned is meant for this customer; any other was for the one before
    if (phase.step !== 'scan') setAmount('')
    clear()
    setPhase({ step: 'ring', visit, since: Date.now() })
  }
  /** The same customer shows a code again, say after the visit was over: the amount stays. */
  const rescan = () => {
    if (sale.busy) return
    clear()
    setPhase({ step: 'scan' })
  }
  const next = () => {
    if (sale.busy) return
    setAmount('')
    rescan()
  }
  const press = (key: Key) => {
    if (!locked) setAmount((text) => typed(text, key))
  }
  const shown = { phase, amount, amountFen, choice, over, quote, sale, locked, pickUp, cards }
  return { job, ...till, ...shown, ...coming, ...selling, setAmount, setChoice, setOver, press, next, rescan }
}

export type Counter = ReturnType<typeof useCounter>
