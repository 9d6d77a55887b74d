import { useEffect, useState } from 'react'
import { api } from '../../lib/api'
import { refresh } from '../../lib/query'
import { useSteady } from '../../lib/steady'
import { partOf, type ReturnableOrder, type Returned, shareFen } from './return-words'

/** All that is left, some articles of it, or an amount. */
export type ReturnBy = 'all' | 'lines' | 'amount'

type Wish = { orderRef: string; refundFen?: number; lines?: { lineNo: number; qty: number }[] }

/** A return that is being made: all that is left, unless articles or an amount are named. */
export function useReturning(order: ReturnableOrder) {
  const [leftFen, setLeftFen] = useState(order.amountFen - order.refundedFen)
  const [by, setBy] = useState<ReturnBy>('all')
  const [typed, setTyped] = useState('')
  const [picked, setPicked] = useState<Record<number, number>>({})
  const [sentFen, setSentFen] = useState(0)
  const [done, setDone] = useState<Returned | null>(null)
  const command = useSteady((input: Wish, requestId) => api.order.return.mutate({ requestId, ...input }))
  const { fault, unsure } = command
  // somebody else gave a part back meanwhile
  useEffect(() => {
    if (fault?.code === 'RETURN_TOO_MUCH') setLeftFen(fault.detail.leftFen)
    if (fault?.code === 'RETURN_TOO_MUCH' || fault?.code === 'RETURN_LINE') void refresh('order.recent', 'shift')
  }, [fault])

  const part = by === 'amount' ? partOf(typed, leftFen) : null
  const lines = order.lines.flatMap((line) => {
    const qty = picked[line.lineNo] ?? 0
    return qty > 0 ? [{ ...line, pieces: qty }] : []
  })
  const linesFen = lines.length > 0 ? lines.reduce((sum, line) => sum + shareFen(line, line.pieces), 0) : null
  const wishedFen = { all: leftFen, amount: part?.fen ?? null, lines: linesFen }[by]
  // what was sent stands until it is known what became of it
  const fen = unsure ? sentFen : wishedFen
  const send = async () => {
    if (fen === null) return
    setSentFen(fen)
    const what =
      by === 'lines' ? { lines: lines.map(({ lineNo, pieces }) => ({ lineNo, qty: pieces })) } : { refundFen: fen }
    // what stands on the button is what goes back, also when all of it is meant; only a price of nothing has no amount
    const returned = await command.run({ orderRef: order.orderRef, ...(fen > 0 || by === 'lines' ? what : {}) })
    if (!returned) return
    setDone(returned)
    void refresh('order.recent', 'order.quote', 'shift')
  }
  const pick = (lineNo: number, qty: number) => setPicked((before) => ({ ...before, [lineNo]: qty }))
  return { command, done, fen, leftFen, by, setBy, part, typed, setTyped, picked, pick, send }
}

export type Returning = ReturnType<typeof useReturning>
