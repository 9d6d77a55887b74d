import type { AdjustmentReason } from '@huiyuan/shared/adjustment'
import { useState } from 'react'
import { api } from '../../lib/api'
import { refresh } from '../../lib/query'
import { useSteady } from '../../lib/steady'
import { type Adjustment, courseOf, type Draft, EMPTY_DRAFT, pointsOf, problemsOf, type Subject } from './adjustment'
import { useSubject } from './use-subject'

export interface Wish {
  memberNo: string
  points: number
  reason: AdjustmentReason
  note: string
}

/** What is about to be sent, with the member as they were when it was asked for. */
export interface Asked {
  wish: Wish
  subject: Subject
  course: ReturnType<typeof courseOf>
}

/** One correction from the number to its result. It outlives a look at the other views: nothing typed is lost. */
export function useAdjusting(ownNo: string) {
  const subject = useSubject(ownNo)
  const [draft, setDraft] = useState<Draft>(EMPTY_DRAFT)
  const [tried, setTried] = useState(false)
  const [asked, setAsked] = useState<Asked | null>(null)
  const [isOpen, setOpen] = useState(false)
  const [done, setDone] = useState<Adjustment | null>(null)
  const sending = useSteady((wish: Wish, requestId) => api.ledger.adjust.mutate({ requestId, ...wish }))

  const ask = () => {
    setTried(true)
    const { data } = subject.read
    const points = pointsOf(draft)
    if (!data || points === null || draft.reason === null || Object.keys(problemsOf(draft)).length > 0) return
    sending.clear()
    const wish = { memberNo: subject.memberNo, points, reason: draft.reason, note: draft.note.trim() }
    setAsked({ wish, subject: data, course: courseOf(points, data.aloneLeft, subject.isOwn) })
    setOpen(true)
  }
  const send = async () => {
    if (!asked) return
    const answer = await sending.run(asked.wish)
    if (!answer) return
    setDone(answer)
    setDraft({ ...EMPTY_DRAFT, sign: draft.sign })
    setTried(false)
    void refresh('ledger.subject', 'ledger.adjustments', 'ledger.liability')
  }
  /** What nobody knows the end of stays to be asked again. */
  const close = () => {
    setOpen(false)
    setDone(null)
    if (!sending.unsure) setAsked(null)
  }
  return {
    subject,
    draft,
    setDraft,
    problems: tried ? problemsOf(draft) : {},
    ask,
    asked,
    isOpen,
    reopen: () => setOpen(true),
    send,
    sending,
    done,
    close,
  }
}

export type Adjusting = ReturnType<typeof useAdjusting>
