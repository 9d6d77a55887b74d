import { useEffect, useState } from 'react'

const STEP_MS = 30
/** WeChat is handed little at a time; a browser draws it all at once. */
const SMALL = process.env.TARO_ENV === 'weapp'

/**
 * A long list, a few rows more at a time up to `upTo`; `more` asks for as many again and is null when all are there.
 */
export function useGrowing<T>(items: T[], step: number, upTo: number): { shown: T[]; more: (() => void) | null } {
  const [limit, setLimit] = useState(upTo)
  const [count, setCount] = useState(SMALL ? step : upTo)
  const goal = Math.min(limit, items.length)
  useEffect(() => {
    if (count >= goal) return
    const timer = setTimeout(() => setCount((known) => (SMALL ? known + step : goal)), SMALL ? STEP_MS : 0)
    return () => clearTimeout(timer)
  }, [count, goal, step])
  return {
    shown: items.slice(0, Math.min(count, limit)),
    more: limit < items.length ? () => setLimit(limit + upTo) : null,
  }
}
