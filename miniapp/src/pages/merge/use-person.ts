import { useState } from 'react'
import { api, type RouterOutputs } from '../../lib/api'
import { useRead } from '../../lib/query'

export type Person = RouterOutputs['merge']['find']

const LEAST = 4

/** Digits of a Chinese keyboard as the plain ones, without what people put between them. */
const plain = (text: string): string =>
  text.replace(/[\uff10-\uff19]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) - 0xfee0)).replace(/[\s,·-]+/g, '')

/** One of the two: found by member number, phone or card. */
export function usePerson() {
  const [said, setSaid] = useState('')
  const [asked, setAsked] = useState('')
  const [tried, setTried] = useState(false)
  const read = useRead(['merge.find', asked], () => api.merge.find.query({ said: asked }), { enabled: asked !== '' })
  const tooShort = plain(said).length < LEAST
  const find = () => {
    setTried(true)
    if (tooShort) return
    if (plain(said) === asked) void read.reload()
    else setAsked(plain(said))
  }
  /** Other digits on the screen are another member: nobody is shown beside them. */
  const say = (text: string) => {
    setSaid(text)
    setTried(false)
    if (plain(text) !== asked) setAsked('')
  }
  return {
    said,
    say,
    find,
    asked,
    read,
    problem: tried && tooShort ? '请输入会员号、手机号或卡号' : null,
    clear: () => say(''),
  }
}

export type FoundPerson = ReturnType<typeof usePerson>
