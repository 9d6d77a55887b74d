import Taro from '@tarojs/taro'
import { useState } from 'react'
import { api } from '../../lib/api'
import { useCommand } from '../../lib/query'
import type { Visit } from './phase'

/** A code with its proof has 446 digits; anything longer is none. */
const LONGEST = 600

type Spoken = { memberNo: string } | { phone: string }

interface Door {
  tillId: string
  /** A price is locked for somebody: nobody else comes in between. */
  closed: boolean
  onVisit: (visit: Visit) => void
}

/** Who comes to the counter: by code or by what is said; each way keeps its own fault. */
export function useComing({ tillId, closed, onVisit }: Door) {
  const [lastCode, setLastCode] = useState('')
  const scanning = useCommand((input: { code: string; tillId: string }, requestId) =>
    api.visit.scan.mutate({ requestId, ...input }),
  )
  const finding = useCommand((input: Spoken & { tillId: string }, requestId) =>
    api.visit.find.mutate({ requestId, ...input }),
  )
  const admit = (visit: Visit | undefined) => {
    if (visit) onVisit(visit)
    return visit !== undefined
  }
  const scan = async (code: string) => {
    if (closed) {
      void Taro.showToast({ title: '先收好这一笔', icon: 'none' })
      return false
    }
    const digits = code.replace(/\s+/g, '').slice(0, LONGEST)
    setLastCode(digits)
    return admit(await scanning.run({ code: digits, tillId }))
  }
  return {
    scanning,
    finding,
    scan,
    scanAgain: () => scan(lastCode),
    find: async (spoken: Spoken) => admit(await finding.run({ ...spoken, tillId })),
    forget: () => {
      scanning.clear()
      finding.clear()
    },
  }
}
