import { normalCardNo } from '@huiyuan/shared/member'
import { useState } from 'react'
import { api, type RouterOutputs } from '../../lib/api'
import { refresh, useRead } from '../../lib/query'
import { useSteady } from '../../lib/steady'
import type { Visit } from './phase'
import { ofVisit } from './use-sale'

export type CounterClaim = RouterOutputs['visit']['cards']['claims'][number]

/** What is being looked at: a card in the customer's hand, or an older record that may be the customer's. */
export type CardSubject = { cardNo: string } | { claim: CounterClaim }

export interface CardDone {
  state: 'bound' | 'own' | 'joined'
  points: number
}

type Wish = { visitId: string; memberRef: string; seal?: string } & ({ cardNo: string } | { claimId: string })

async function send(wish: Wish, requestId: string): Promise<CardDone> {
  const { seal, visitId, memberRef } = wish
  const of = { requestId, visitId, memberRef }
  if ('cardNo' in wish) return api.visit.bindCard.mutate({ ...of, cardNo: wish.cardNo, ...(seal ? { seal } : {}) })
  const { points } = await api.visit.confirmClaim.mutate({ ...of, claimId: wish.claimId, seal: seal ?? '' })
  return { state: 'joined', points }
}

/** Binding a plastic card and giving a second proof: look first, then say yes. */
export function useCards(visit: Visit | null) {
  const [typed, setTyped] = useState('')
  const [subject, setSubject] = useState<CardSubject | null>(null)
  const [done, setDone] = useState<CardDone | null>(null)
  const sending = useSteady(send)
  const key = subject ? ('cardNo' in subject ? subject.cardNo : subject.claim.claimId) : ''
  const look = useRead(
    ['visit.look', visit?.visitId, key],
    async () => {
      if (!visit || !subject) throw new Error('nothing is asked')
      const of = ofVisit(visit)
      if ('cardNo' in subject) return api.visit.previewCard.query({ ...of, cardNo: subject.cardNo })
      const preview = await api.visit.previewClaim.query({ ...of, claimId: subject.claim.claimId })
      return { state: 'joins' as const, preview }
    },
    { enabled: visit !== null && subject !== null },
  )
  const choose = (next: CardSubject | null) => {
    sending.clear()
    setDone(null)
    setSubject(next)
  }
  const confirm = async () => {
    const seen = look.data
    if (!visit || !subject || !seen || seen.state === 'own') return
    const seal = seen.state === 'joins' ? { seal: seen.preview.seal } : {}
    const wish = 'cardNo' in subject ? { cardNo: subject.cardNo } : { claimId: subject.claim.claimId }
    const answer = await sending.run({ ...ofVisit(visit), ...wish, ...seal })
    if (!answer) return void look.reload()
    setDone(answer)
    setTyped('')
    setSubject(null)
    void refresh('visit.cards', 'mall.waiting', 'order.recent')
  }
  return {
    typed,
    setTyped,
    subject,
    look,
    done,
    sending,
    confirm,
    choose,
    /** What a scanner or fingers gave as a card's number. */
    read: (cardNo: string) => {
      const normal = normalCardNo(cardNo)
      setTyped(cardNo)
      if (normal) choose({ cardNo: normal })
    },
    clear: () => {
      setTyped('')
      choose(null)
    },
  }
}

export type Cards = ReturnType<typeof useCards>
