import { useState } from 'react'
import { api, type RouterOutputs } from '../../lib/api'
import { refresh, useRead } from '../../lib/query'
import { useSteady } from '../../lib/steady'

type Wish = Omit<Parameters<typeof api.merge.undo.mutate>[0], 'requestId'>
export type Charge = Wish['charge']
export type UndoDone = RouterOutputs['merge']['undo']

/** Taking one merge back, from the look at what would happen to its result. */
export function useUndoing(mergeId: string, enabled: boolean) {
  const [charge, setCharge] = useState<Charge>('survivor')
  const [note, setNote] = useState('')
  const [tried, setTried] = useState(false)
  const [asked, setAsked] = useState<Wish | null>(null)
  const [isOpen, setOpen] = useState(false)
  const [done, setDone] = useState<UndoDone | null>(null)
  const preview = useRead(
    ['merge.previewUndo', mergeId, charge],
    () => api.merge.previewUndo.query({ mergeId, charge }),
    { enabled: enabled && done === null },
  )
  const sending = useSteady((wish: Wish, requestId) => api.merge.undo.mutate({ requestId, ...wish }))

  const ask = () => {
    setTried(true)
    const seen = preview.data
    if (!seen || seen.blockers.length > 0 || note.trim() === '') return
    sending.clear()
    setAsked({ mergeId, charge, seal: seen.seal, note: note.trim() })
    setOpen(true)
  }
  const send = async () => {
    if (!asked) return
    const answer = await sending.run(asked)
    if (answer) setDone(answer)
    // what was seen is no longer so: it is shown anew
    else void preview.reload()
  }
  const close = () => {
    setOpen(false)
    if (done) void refresh('merge.show', 'merge.list', 'merge.find', 'merge.preview', 'merge.previewUndo')
  }
  return {
    charge,
    setCharge,
    preview,
    note,
    setNote,
    noteMissing: tried && note.trim() === '',
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

export type Undoing = ReturnType<typeof useUndoing>
