import { ruleOf, type Violation } from '@huiyuan/shared/compliance'
import { useState } from 'react'
import type { Trouble } from '../../lib/api'
import { refresh } from '../../lib/query'
import { type Steady, useSteady } from '../../lib/steady'
import type { Checked } from './draft'

export interface Saving {
  busy: boolean
  unsure: boolean
  fault: Trouble | null
}

/** A form that reads itself with every letter, and is sent only when nothing stands against it. */
export function useForm<D, Input>(
  start: D,
  check: (draft: D) => Checked<Input>,
  send: (input: Omit<Input, 'requestId'>, requestId: string) => Promise<{ campaignId: string }>,
  onSaved: (campaignId: string) => void,
) {
  const [draft, setDraft] = useState(start)
  const [touched, setTouched] = useState(false)
  const saving: Steady<Omit<Input, 'requestId'>, { campaignId: string }> = useSteady(send)
  const { violations, problems, input } = check(draft)
  const told = toldOf(saving.fault, violations)
  const wrong = Object.keys(problems).length
  const put = (part: Partial<D>) => {
    setDraft((known) => ({ ...known, ...part }))
    setTouched(true)
    if (!saving.unsure) saving.clear()
  }
  const save = async () => {
    if (!saving.unsure && (violations.length > 0 || wrong > 0)) return
    const answer = await saving.run(input)
    if (!answer) return
    setTouched(false)
    onSaved(answer.campaignId)
    void refresh('campaign.list', 'campaign.get', 'campaign.history')
  }
  return { draft, put, violations: [...violations, ...told], problems, touched, save, saving }
}

/** What a server of a later day refuses and this phone does not know to refuse. */
function toldOf(fault: Trouble | null, known: Violation[]): Violation[] {
  if (fault?.code !== 'CAMPAIGN_REFUSED') return []
  return fault.detail.violations.flatMap(({ rule, field }) => {
    const words = ruleOf(rule)
    const here = known.some((one) => one.rule === rule && one.field === field)
    return words && !here ? [{ ...words, rule: rule as Violation['rule'], field, found: null }] : []
  })
}
