import { useState } from 'react'
import { api, type RouterOutputs } from '../../lib/api'
import { refresh } from '../../lib/query'
import { useSteady } from '../../lib/steady'
import type { Key } from '../../ui/keypad'
import type { Visit } from './phase'
import { ofVisit } from './use-sale'

export type HandedOver = RouterOutputs['mall']['handOver']

export const PICKUP_DIGITS = 8

/** Handing over what somebody has exchanged: the eight digits of the pick-up code, then the thing. */
export function usePickUp(visit: Visit | null) {
  const [code, setCode] = useState('')
  const [done, setDone] = useState<HandedOver | null>(null)
  const handing = useSteady((input: { visitId: string; memberRef: string; pickupCode: string }, requestId) =>
    api.mall.handOver.mutate({ requestId, ...input }),
  )
  const put = (digits: string) => {
    if (handing.busy) return
    handing.clear()
    setDone(null)
    setCode(digits.replace(/\D/g, '').slice(0, PICKUP_DIGITS))
  }
  const hand = async (pickupCode = code) => {
    if (!visit || pickupCode.length !== PICKUP_DIGITS) return
    const handed = await handing.run({ ...ofVisit(visit), pickupCode })
    if (!handed) return
    setDone(handed)
    setCode('')
    void refresh('mall.waiting')
  }
  return {
    code,
    put,
    done,
    handing,
    hand,
    press: (key: Key) => put(key === 'del' ? code.slice(0, -1) : key === '.' ? code : code + key),
    /** What a scanner or the camera read. */
    read: (digits: string) => {
      put(digits)
      return hand(digits)
    },
    clear: () => {
      handing.clear()
      setCode('')
      setDone(null)
    },
  }
}

export type PickUp = ReturnType<typeof usePickUp>
