import { type PropsWithChildren, useEffect, useState } from 'react'
import { platform } from '../lib/device'

/** Long enough for what stands above to have been handed over. */
const AFTER_MS = 32

/** What lies below the fold comes a moment later: WeChat gets a long page in pieces, the first of them sooner. */
export function Later({ children }: PropsWithChildren) {
  const [due, setDue] = useState(platform === 'h5')
  useEffect(() => {
    if (due) return
    const timer = setTimeout(() => setDue(true), AFTER_MS)
    return () => clearTimeout(timer)
  }, [due])
  return due ? children : null
}
