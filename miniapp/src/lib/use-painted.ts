import Taro from '@tarojs/taro'
import { useCallback, useEffect, useState } from 'react'
import { type Drawing, type DrawnOn, paintOffPage, paintOnPage } from './canvas'
import { platform } from './device'

export interface Painted {
  state: 'painting' | 'done' | 'failed'
  /** WeChat's canvas, painted. */
  canvas?: DrawnOn
  /** A browser's picture as a data URL. */
  picture?: string
  again(): void
}

/** Paints as soon as there is something to paint, on whichever canvas the target has; again when `drawing` is another one. */
export function usePainted(canvasId: string, drawing: Drawing | null): Painted {
  const [done, setDone] = useState<Omit<Painted, 'again'>>({ state: 'painting' })
  const [times, setTimes] = useState(0)
  const again = useCallback(() => setTimes((count) => count + 1), [])
  useEffect(() => {
    if (!drawing) return
    let left = false
    setDone({ state: 'painting' })
    paint(canvasId, drawing).then(
      (painted) => !left && setDone({ state: 'done', ...painted }),
      () => !left && setDone({ state: 'failed' }),
    )
    return () => {
      left = true
    }
  }, [canvasId, drawing, times])
  return { ...done, again }
}

async function paint(canvasId: string, drawing: Drawing): Promise<Pick<Painted, 'canvas' | 'picture'>> {
  if (platform === 'h5') return { picture: await paintOffPage(drawing) }
  // the canvas is only there after WeChat has drawn this change
  await new Promise<void>((resolve) => Taro.nextTick(() => resolve()))
  return { canvas: await paintOnPage(canvasId, drawing) }
}
