import { useState } from 'react'
import { keep, kept } from '../../lib/storage'
import type { Job } from './phase'

/** The till this device stands at, remembered; the first of the store until one is chosen. */
export function useTill({ tills }: Job) {
  const [chosen, setChosen] = useState(() => kept<string>('till'))
  const till = tills.find(({ tillId }) => tillId === chosen) ?? tills[0]
  const chooseTill = (tillId: string) => {
    keep('till', tillId)
    setChosen(tillId)
  }
  return { tillId: till?.tillId ?? '', chooseTill }
}
