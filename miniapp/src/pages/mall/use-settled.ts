import { useEffect, useState } from 'react'

/** The value once it has rested for so long; `now` does not wait. */
export function useSettled(value: string, restMs: number): { settled: string; now: (value: string) => void } {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), restMs)
    return () => clearTimeout(timer)
  }, [value, restMs])
  return { settled, now: setSettled }
}
