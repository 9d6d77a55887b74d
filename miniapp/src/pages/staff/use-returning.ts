import { useEffect, useState } from 'react'
import { api } from '../../lib/api'
import { refresh } from '../../lib/query'
import { useSteady } from '../../lib/steady'
import { partOf, type ReturnableOrder, type Returned } from './return-words'

/** A return that is being made: all that is left, unless an amount is asked for. */
export function useReturning(order: ReturnableOrder) {
  const [leftFen, setLeftFen] = useState(order.amountFen - order.refundedFen)
  const [typed, setTyped] = useState<string | null>(null)
  const [sentFen, setSentFen] = useState(0)
  const [done, setDone] = useState<Returned | null>(null)
  const command = useSteady((input: { orderRef: string; refundFen?: number }, requestId) =>
    api.order.return.mutate({ requestId, ...input }),
  )
  const { fault, unsure } = command
  // somebody else gave a part back meanwhile
  useEffect(() => {
    if (fault?.code !== 'RETURN_TOO_MUCH') return
    setLeftFen(fault.detail.leftFen)
    void refresh('order.recent', 'shift')
  }, [fault])

  const part = typed === null ? null : partOf(typed, leftFen)
  // what was sent stands until it is known what became of it
  const fen = unsure ? sentFen : part ? part.fen : leftFen
  const send = async () => {
    if (fen === null) return
    setSentFen(fen)
    // what stands on the button is what goes back, also when all of it is meant; only a price of nothing has no amount
    const returned = await command.run({ orderRef: order.orderRef, ...(fen > 0 ? { refundFen: fen } : {}) })
    if (!returned) return
    setDone(returned)
    void refresh('order.recent', 'order.quote', 'shift')
  }
  return { command, done, fen, leftFen, part, typed, setTyped, send }
}

export type Returning = ReturnType<typeof useReturning>
