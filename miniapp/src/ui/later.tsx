import { type PropsWithChildren, useEffect, useState } from 'react'
import { platform } from '../lib/device'

/** What lies below the fold comes a moment later: WeChat gets a long page in pieces, the first of them sooner. */
export function Later({ children }: PropsWithChildren) {
  const [due, setDue] = useState(platform === 'h5')
  useEffect(() => {
    if (due) return
    const timer = setTimeout(() => setDue(true), 0)
    return () => clearTimeout(timer)
  }, [due])
  return due ? children : null
}
