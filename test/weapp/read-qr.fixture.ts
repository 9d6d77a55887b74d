import { decodeBarcode } from '../support/barcode'
import type { Phone } from './runtime/phone'

/** Dots of a module, and empty modules around them. */
const DOTS = 5
const QUIET = 4

/** What a scanner reads in the QR code on the screen, drawn as rows of strokes in a background. */
export function readQr({ get }: Phone): string {
  const style = String(get('.hy-qr').attrs.style)
  const width = (Number(/viewBox='0 0 (\d+) /.exec(style)?.[1]) + 2 * QUIET) * DOTS
  const bytes = new Uint8ClampedArray(width * width).fill(255)
  for (const [, row, strokes = ''] of style.matchAll(/M0 (\d+)\.5((?:m\d+ 0|h\d+)*)/g)) {
    let column = QUIET
    for (const [, way, modules] of strokes.matchAll(/([mh])(\d+)/g)) {
      for (let line = 0; way === 'h' && line < DOTS; line++) {
        const from = ((Number(row) + QUIET) * DOTS + line) * width + column * DOTS
        bytes.fill(0, from, from + Number(modules) * DOTS)
      }
      column += Number(modules)
    }
  }
  return decodeBarcode({ width, height: width, bytes }, 'qr')
}
