import { useState } from 'react'
import { api, type RouterOutputs } from '../../lib/api'
import { refresh, useRead } from '../../lib/query'
import { useSteady } from '../../lib/steady'
import { usePerson } from './use-person'

export type Preview = RouterOutputs['merge']['preview']
type Wish = Omit<Parameters<typeof api.merge.merge.mutate>[0], 'requestId'>
export type Done = RouterOutputs['merge']['merge']

/** One merge from the two numbers to its result. */
export function useMerging() {
  const [one, two] = [usePerson(), usePerson()]
  const [note, setNote] = useState('')
  const [tried, setTried] = useState(false)
  const [asked, setAsked] = useState<Wish | null>(null)
  const [isOpen, setOpen] = useState(false)
  const [done, setDone] = useState<Done | null>(null)
  const both = Boolean(one.read.data && two.read.data && one.asked && two.asked)
  const preview = useRead(
    ['merge.preview', one.asked, two.asked],
    () => api.merge.preview.query({ one: one.asked, two: two.asked }),
    { enabled: both },
  )
  const sending = useSteady((wish: Wish, requestId) => api.merge.merge.mutate({ requestId, ...wish }))

  const ask = () => {
    setTried(true)
    const seen = preview.data
    if (!seen || seen.blockers.length > 0 || note.trim() === '') return
    sending.clear()
    setAsked({ one: one.asked, two: two.asked, seal: seen.seal, note: note.trim() })
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
    // what may have been done is kept, to be asked again as it was
    if (!done) return
    setDone(null)
    setAsked(null)
    sending.clear()
    setNote('')
    setTried(false)
    two.clear()
    void refresh('merge.find', 'merge.list', 'merge.preview')
  }
  return {
    one,
    two,
    both,
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

export type Merging = ReturnType<typeof useMerging>
