import { DEMO_POLICY } from '@huiyuan/shared/policy'
import Taro from '@tarojs/taro'
import { useCallback, useEffect, useState } from 'react'
import type { DrawnOn } from '../../lib/canvas'
import { platform } from '../../lib/device'
import { paintInBrowser, paintInWeapp } from './canvas'
import type { Poster } from './poster'

export interface Painted {
  state: 'painting' | 'done' | 'failed'
  /** WeChat's canvas, painted. */
  canvas?: DrawnOn
  /** A browser's picture as a data URL. */
  picture?: string
  again(): void
}

/** Paints the poster as soon as its code is there, on whichever canvas the target has. */
export function usePainted(poster: Poster | undefined): Painted {
  const [done, setDone] = useState<Omit<Painted, 'again'>>({ state: 'painting' })
  const [times, setTimes] = useState(0)
  const again = useCallback(() => setTimes((count) => count + 1), [])
  useEffect(() => {
    if (!poster) return
    let left = false
    setDone({ state: 'painting' })
    paint(poster).then(
      (painted) => !left && setDone({ state: 'done', ...painted }),
      () => !left && setDone({ state: 'failed' }),
    )
    return () => {
      left = true
    }
  }, [poster, times])
  return { ...done, again }
}

async function paint({
  image,
  mime,
  inviterName,
  giftTitle,
  words: saying,
}: Poster): Promise<Pick<Painted, 'canvas' | 'picture'>> {
  const words = { brand: DEMO_POLICY.brand.name, inviterName, giftTitle, words: saying ?? '' }
  const source = `data:${mime};base64,${image}`
  if (platform === 'h5') return { picture: await paintInBrowser(words, source) }
  // the canvas is only there after WeChat has drawn this change
  await new Promise<void>((resolve) => Taro.nextTick(() => resolve()))
  return { canvas: await paintInWeapp('poster', words, source) }
}
