import { View } from '@tarojs/components'
import Taro from '@tarojs/taro'
import qrcode from 'qrcode-generator'
import { useMemo } from 'react'
import { aria } from './aria'
import { barsOf } from './barcode'

/**
 * Rows of black runs as a CSS background: one node, sharp at every size, on both targets. A row is one stroke as wide as
 * itself, with a gap as `m` and a run as `h`: half of what rectangles take of the little that WeChat hands over at once.
 */
const drawn = (width: number, height: number, path: string, stretch: boolean): string => {
  const aspect = stretch ? " preserveAspectRatio='none'" : ''
  const svg = `%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 ${width} ${height}'${aspect} shape-rendering='crispEdges'%3E%3Cpath stroke='black' d='${path}'/%3E%3C/svg%3E`
  return `url("data:image/svg+xml,${svg}")`
}

const picture = (backgroundImage: string) => ({
  backgroundImage,
  backgroundSize: '100% 100%',
  backgroundRepeat: 'no-repeat',
})

/** What the box beside the bars takes, of a 375 px wide screen. */
const BESIDE = 64

/** The widest that still gives every module the same whole number of screen dots; uneven bars do not scan. */
function barsWidth(modules: number): number {
  const { windowWidth, pixelRatio } = Taro.getWindowInfo()
  const room = Math.min(windowWidth, 480) * (1 - BESIDE / 375)
  const dots = Math.max(1, Math.floor((room * pixelRatio) / modules))
  return (dots * modules) / pixelRatio
}

/** Digits as Code 128. */
export function Code128({ text }: { text: string }) {
  const { image, width } = useMemo(() => {
    const { bars, modules } = barsOf(text)
    return { image: drawn(modules, 1, rowOf(0, bars), true), width: barsWidth(modules) }
  }, [text])
  return (
    <View
      className="hy-bars"
      style={{ ...picture(image), width: `${width}px` }}
      {...aria({ role: 'img', label: '条形码' })}
    />
  )
}

/** From here on a QR code has so many modules that larger ones are worth more than a second way to read a spoilt one. */
const LONG = 200

/** Text as a QR code; digits as such, which takes less than half of the room. Error correction M, L for long texts. */
export function QrCode({ text }: { text: string }) {
  const long = text.length > LONG
  const image = useMemo(() => {
    const code = qrcode(0, long ? 'L' : 'M')
    code.addData(text, /^\d+$/.test(text) ? 'Numeric' : 'Byte')
    code.make()
    const size = code.getModuleCount()
    return drawn(
      size,
      size,
      pathOf(size, (row, column) => code.isDark(row, column)),
      false,
    )
  }, [text, long])
  return (
    <View
      className={`hy-qr${long ? ' hy-qr--long' : ''}`}
      style={picture(image)}
      {...aria({ role: 'img', label: '二维码' })}
    />
  )
}

/** Dark modules, row by row. */
function pathOf(size: number, dark: (row: number, column: number) => boolean): string {
  let path = ''
  for (let row = 0; row < size; row++) {
    const runs: [start: number, wide: number][] = []
    for (let column = 0; column < size; column++) {
      const start = column
      while (column < size && dark(row, column)) column++
      if (column > start) runs.push([start, column - start])
    }
    path += rowOf(row, runs)
  }
  return path
}

/** Runs of one row, `[start, wide]` from left to right, along its middle. */
function rowOf(row: number, runs: readonly (readonly [start: number, wide: number])[]): string {
  let end = 0
  return runs.reduce((path, [start, wide]) => {
    const gap = start - end
    end = start + wide
    return `${path}${gap > 0 ? `m${gap} 0` : ''}h${wide}`
  }, `M0 ${row}.5`)
}
