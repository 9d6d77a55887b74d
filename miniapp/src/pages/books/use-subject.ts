import { useState } from 'react'
import { api } from '../../lib/api'
import { useRead } from '../../lib/query'
import { memberNoOf, memberNoProblem } from './adjustment'

/** The member whose points are to be corrected, found by the number on the card; `ownNo` is the operator's own. */
export function useSubject(ownNo: string) {
  const [said, setSaid] = useState('')
  const [memberNo, setMemberNo] = useState('')
  const [tried, setTried] = useState(false)
  const read = useRead(['ledger.subject', memberNo], () => api.ledger.subject.query({ memberNo }), {
    enabled: memberNo !== '',
  })
  const find = () => {
    setTried(true)
    if (memberNoProblem(said)) return
    if (memberNoOf(said) === memberNo) void read.reload()
    else setMemberNo(memberNoOf(said))
  }
  /** Another number on the screen is another member: nobody is shown beside it. */
  const say = (text: string) => {
    setSaid(text)
    setTried(false)
    if (memberNoOf(text) !== memberNo) setMemberNo('')
  }
  return {
    said,
    say,
    find,
    problem: tried ? memberNoProblem(said) : null,
    memberNo,
    read,
    isAsked: memberNo !== '',
    isOwn: memberNo === ownNo,
  }
}

export type FoundSubject = ReturnType<typeof useSubject>
