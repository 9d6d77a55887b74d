import { useState } from 'react'
import { api, type RouterOutputs, type Trouble } from '../../lib/api'
import { refresh, useCommand } from '../../lib/query'
import { keep, kept } from '../../lib/storage'
import type { Key } from '../../ui/keypad'
import { fenOf, typed } from './amount'

export type Job = NonNullable<RouterOutputs['member']['me']['staff']>
export type Visit = RouterOutputs['visit']['scan']
export type Settled = RouterOutputs['order']['settle']

/** Where the counter is with the person who stands there. `since` is when the visit came, in ms of this till's clock. */
export type Phase =
  | { step: 'scan' }
  | { step: 'ring'; visit: Visit; since: number }
  | { step: 'done'; visit: Visit; since: number; order: Settled }

type Spoken = { memberNo: string } | { phone: string }

/** After these it is not known whether the amount was taken: only the same amount may be sent again. */
const UNSURE: Trouble['code'][] = ['OFFLINE', 'SLOW', 'BUSY', 'SERVICE_AWAY', 'UNKNOWN']

/** Everything a till does with one customer: scan or find, type the amount, settle, next. */
export function useCounter(job: Job) {
  const { tillId, chooseTill } = useTill(job)
  const [phase, setPhase] = useState<Phase>({ step: 'scan' })
  const [amount, setAmount] = useState('')
  const [lastCode, setLastCode] = useState('')
  const { scanning, finding, settling, forget } = useVerbs()
  const amountFen = fenOf(amount)
  const unsure = settling.fault !== null && UNSURE.includes(settling.fault.code)
  const locked = settling.busy || unsure || phase.step === 'done'

  const admit = (visit: Visit | undefined) => {
    if (!visit) return false
    // an amount typed before anybody was scanned is meant for this customer; any other was for the one before
    if (phase.step !== 'scan') setAmount('')
    forget()
    setPhase({ step: 'ring', visit, since: Date.now() })
    return true
  }
  const scan = async (code: string) => {
    if (settling.busy) return false
    const digits = code.replace(/\s+/g, '').slice(0, 64)
    setLastCode(digits)
    return admit(await scanning.run({ code: digits, tillId }))
  }
  const find = async (spoken: Spoken) => admit(await finding.run({ ...spoken, tillId }))
  const settle = async () => {
    if (phase.step !== 'ring' || amountFen === 0) return
    const { visit, since } = phase
    scanning.clear()
    const order = await settling.run({ visitId: visit.visitId, memberRef: visit.memberRef, amountFen })
    if (!order) return
    setPhase({ step: 'done', visit, since, order })
    void refresh('shift')
  }
  /** The same customer shows a code again, say after the visit was over: the amount stays. */
  const rescan = () => {
    if (settling.busy) return
    forget()
    setPhase({ step: 'scan' })
  }
  const next = () => {
    if (settling.busy) return
    setAmount('')
    rescan()
  }
  return {
    job,
    tillId,
    chooseTill,
    phase,
    amount,
    amountFen,
    setAmount,
    unsure,
    locked,
    scanning,
    finding,
    settling,
    find,
    settle,
    next,
    rescan,
    scan,
    scanAgain: () => scan(lastCode),
    press: (key: Key) => {
      if (!locked) setAmount((text) => typed(text, key))
    },
  }
}

export type Counter = ReturnType<typeof useCounter>

/** What the counter asks of the server; each keeps its own fault. */
function useVerbs() {
  const scanning = useCommand((input: { code: string; tillId: string }, requestId) =>
    api.visit.scan.mutate({ requestId, ...input }),
  )
  const finding = useCommand((input: Spoken & { tillId: string }, requestId) =>
    api.visit.find.mutate({ requestId, ...input }),
  )
  const settling = useCommand((input: { visitId: string; memberRef: string; amountFen: number }, requestId) =>
    api.order.settle.mutate({ requestId, ...input }),
  )
  const forget = () => {
    for (const { clear } of [scanning, finding, settling]) clear()
  }
  return { scanning, finding, settling, forget }
}

/** The till this device stands at, remembered; the first of the store until one is chosen. */
function useTill({ tills }: Job) {
  const [chosen, setChosen] = useState(() => kept<string>('till'))
  const till = tills.find(({ tillId }) => tillId === chosen) ?? tills[0]
  const chooseTill = (tillId: string) => {
    keep('till', tillId)
    setChosen(tillId)
  }
  return { tillId: till?.tillId ?? '', chooseTill }
}
