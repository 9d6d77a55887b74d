import { useState } from 'react'

const STEP = 5

/** The head of a list, and more of it with each tap: WeChat takes little at once, and the head is what is looked for. */
export function useSome<T>(all: T[], step = STEP): { shown: T[]; rest: number; more: () => void } {
  const [count, setCount] = useState(step)
  return { shown: all.slice(0, count), rest: Math.max(0, all.length - count), more: () => setCount(count + step) }
}
