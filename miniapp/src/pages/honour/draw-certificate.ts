import { crackle } from '../../ui/crackle'
import { bowlMark, broken, cut, FONT, type Pen, rounded, shade, spaced } from '../../ui/pen'
import type { CertificateWords } from './certificate-words'
import { drawSeal } from './draw-seal'

/** The certificate is thought in these units and drawn one and a half times as large. */
export const WIDTH = 750
export const HEIGHT = 1_060
export const SCALE = 1.5

const MIDDLE = WIDTH / 2
const INK = '#16201c'
const GREEN = '#1d4a3e'
const GOLD = '#b0883b'
const QUIET = '#5d685f'

/** Draws the whole sheet; nothing of it depends on the phone or its colours. */
export function drawCertificate(pen: Pen, words: CertificateWords): void {
  drawPaper(pen)
  drawFrames(pen)
  drawHead(pen, words)
  drawSeal(pen, words.mark, MIDDLE, 372)
  drawNames(pen, words)
  drawFoot(pen, words)
}

const BEYOND = 24

/** Rice paper, with the crackle of the brand's glaze hardly to be seen. */
function drawPaper(pen: Pen): void {
  pen.fillStyle = shade(
    pen,
    [0, 0],
    [WIDTH, HEIGHT],
    [
      [0, '#fdfaf3'],
      [0.6, '#f7f1e3'],
      [1, '#eee4cf'],
    ],
  )
  pen.fillRect(0, 0, WIDTH, HEIGHT)
  pen.strokeStyle = 'rgba(46, 106, 91, 0.07)'
  pen.lineWidth = 1.4
  pen.beginPath()
  for (const cell of crackle(WIDTH + 2 * BEYOND, HEIGHT + 2 * BEYOND, 90, 23)) {
    for (const [index, [x, y]] of cell.entries()) {
      if (index === 0) pen.moveTo(x - BEYOND, y - BEYOND)
      else pen.lineTo(x - BEYOND, y - BEYOND)
    }
    pen.closePath()
  }
  pen.stroke()
}

function drawFrames(pen: Pen): void {
  framed(pen, 32, 40, GREEN, 3)
  framed(pen, 44, 36, GOLD, 1.4)
}

/** A frame whose corners are cut round to the inside. */
function framed(pen: Pen, inset: number, corner: number, colour: string, lineWidth: number): void {
  const [left, top, right, bottom] = [inset, inset, WIDTH - inset, HEIGHT - inset]
  const bend = corner * 0.55
  pen.strokeStyle = colour
  pen.lineWidth = lineWidth
  pen.beginPath()
  pen.moveTo(left + corner, top)
  pen.lineTo(right - corner, top)
  pen.bezierCurveTo(right - corner, top + bend, right - bend, top + corner, right, top + corner)
  pen.lineTo(right, bottom - corner)
  pen.bezierCurveTo(right - bend, bottom - corner, right - corner, bottom - bend, right - corner, bottom)
  pen.lineTo(left + corner, bottom)
  pen.bezierCurveTo(left + corner, bottom - bend, left + bend, bottom - corner, left, bottom - corner)
  pen.lineTo(left, top + corner)
  pen.bezierCurveTo(left + bend, top + corner, left + corner, top + bend, left + corner, top)
  pen.closePath()
  pen.stroke()
}

/** A text in the middle, with air between its letters. */
function middle(pen: Pen, text: string, y: number, gap = 0): void {
  const wide = [...text].reduce((sum, letter) => sum + pen.measureText(letter).width + gap, -gap)
  spaced(pen, text, MIDDLE - wide / 2, y, gap)
}

function drawHead(pen: Pen, { brand, kind }: CertificateWords): void {
  pen.fillStyle = GREEN
  bowlMark(pen, MIDDLE - 26, 84, 1.64)
  pen.textBaseline = 'alphabetic'
  pen.font = `600 30px ${FONT}`
  middle(pen, brand, 178, 8)
  pen.fillStyle = GOLD
  pen.font = `400 24px ${FONT}`
  middle(pen, kind, 228, 12)
  pen.fillRect(MIDDLE - 190, 219, 84, 1.4)
  pen.fillRect(MIDDLE + 106, 219, 84, 1.4)
}

const ROOM = 540

function drawNames(pen: Pen, { name, honour, words }: CertificateWords): void {
  pen.fillStyle = INK
  pen.font = `600 54px ${FONT}`
  const shown = cut(pen, name, ROOM)
  const wide = Math.max(220, pen.measureText(shown).width + 80)
  middle(pen, shown, 624)
  pen.fillStyle = GOLD
  pen.fillRect(MIDDLE - wide / 2, 648, wide, 1.4)
  pen.fillStyle = QUIET
  pen.font = `400 24px ${FONT}`
  middle(pen, '谢谢你，愿意做这些小事', 694, 2)
  pen.fillStyle = GREEN
  pen.font = `600 60px ${FONT}`
  middle(pen, cut(pen, honour, ROOM), 778, 6)
  pen.fillStyle = QUIET
  pen.font = `400 26px ${FONT}`
  for (const [nth, line] of inTwo(pen, words).entries()) middle(pen, line, 832 + 40 * nth)
}

const LINE = 480

/** In one line, in two that part at a comma, or in two that are about as long as each other. */
function inTwo(pen: Pen, text: string): string[] {
  const whole = broken(pen, text, LINE)
  if (whole.length === 1 || (whole.length === 2 && /[，。；]$/.test(whole[0] ?? ''))) return whole
  return broken(pen, text, Math.min(LINE, pen.measureText(text).width / 2 + 26)).slice(0, 2)
}

function drawFoot(pen: Pen, { term, brand, slogan }: CertificateWords): void {
  pen.fillStyle = INK
  pen.font = `400 24px ${FONT}`
  pen.fillText(term, 92, 940)
  pen.fillStyle = QUIET
  pen.font = `400 22px ${FONT}`
  pen.fillText(cut(pen, `${brand} · ${slogan}`, 430), 92, 976)
  drawStamp(pen, brand)
}

/** The house's stamp, a little askew, as a hand sets it. */
function drawStamp(pen: Pen, brand: string): void {
  pen.save()
  pen.translate(606, 932)
  pen.rotate(-0.07)
  pen.fillStyle = 'rgba(176, 58, 46, 0.92)'
  rounded(pen, -42, -42, 84, 84, 10)
  pen.fill()
  pen.strokeStyle = 'rgba(255, 250, 240, 0.9)'
  pen.lineWidth = 2
  rounded(pen, -36, -36, 72, 72, 7)
  pen.stroke()
  pen.fillStyle = '#fffaf0'
  const letters = [...brand].slice(0, 2)
  pen.font = `600 ${letters.length > 1 ? 30 : 46}px ${FONT}`
  for (const [nth, letter] of letters.entries()) {
    const wide = pen.measureText(letter).width
    pen.fillText(letter, -wide / 2, letters.length > 1 ? -4 + 31 * nth : 16)
  }
  pen.restore()
}
