import type { Loaded } from '../../lib/canvas'
import { crackle } from '../../ui/crackle'
import { bowlMark, broken, cut, FONT, type Pen, rounded, shade, spaced } from '../../ui/pen'

/** The poster is thought in these units and drawn one and a half times as large. */
export const WIDTH = 750
export const HEIGHT = 1_334
export const SCALE = 1.5

const ART = 868
const EDGE = 56
const BEYOND = 24
const INK = '#0f2e25'

export interface PosterWords {
  brand: string
  inviterName: string
  giftTitle: string | null
  /** What the campaign says; empty for nothing. */
  words: string
}

/** Draws the whole poster; nothing of it depends on the phone or its colours. */
export function drawPoster(pen: Pen, words: PosterWords, code: Loaded): void {
  drawGlaze(pen)
  drawMark(pen, words.brand)
  drawSteam(pen)
  drawBowl(pen)
  drawInvitation(pen, words.words)
  drawFoot(pen, words)
  drawCode(pen, code)
}

function drawGlaze(pen: Pen): void {
  pen.fillStyle = shade(
    pen,
    [80, 0],
    [620, ART],
    [
      [0, '#f0f7f3'],
      [0.45, '#c6dfd4'],
      [1, '#86b8a5'],
    ],
  )
  pen.fillRect(0, 0, WIDTH, ART)
  lines(pen, 150, 11, 1.2, 0.3)
  lines(pen, 26, 5, 3, 0.55)
}

/** One net of cracks, fading toward the upper left where the light falls. */
function lines(pen: Pen, count: number, seed: number, lineWidth: number, strength: number): void {
  pen.strokeStyle = shade(
    pen,
    [120, 60],
    [WIDTH, ART],
    [
      [0, 'rgba(46, 106, 91, 0.06)'],
      [1, `rgba(46, 106, 91, ${strength})`],
    ],
  )
  pen.lineWidth = lineWidth
  pen.lineJoin = 'round'
  pen.beginPath()
  // larger than the sheet, so that the net shows no frame
  for (const cell of crackle(WIDTH + 2 * BEYOND, ART + 2 * BEYOND, count, seed)) {
    for (const [index, [x, y]] of cell.entries()) {
      if (index === 0) pen.moveTo(x - BEYOND, y - BEYOND)
      else pen.lineTo(x - BEYOND, y - BEYOND)
    }
    pen.closePath()
  }
  pen.stroke()
}

function drawMark(pen: Pen, brand: string): void {
  pen.fillStyle = INK
  bowlMark(pen, EDGE, 52, 1.75)
  pen.font = `600 36px ${FONT}`
  pen.textBaseline = 'alphabetic'
  spaced(pen, brand, EDGE + 70, 94, 6)
}

function drawSteam(pen: Pen): void {
  pen.lineCap = 'round'
  for (const [x, bottom, top, lineWidth, sway] of [
    [458, 356, 168, 13, 30],
    [520, 344, 120, 17, -36],
    [586, 356, 190, 12, 26],
  ] as const) {
    const third = (bottom - top) / 3
    pen.strokeStyle = shade(
      pen,
      [0, bottom],
      [0, top],
      [
        [0, 'rgba(255, 255, 255, 0)'],
        [0.3, 'rgba(255, 255, 255, 0.8)'],
        [1, 'rgba(255, 255, 255, 0)'],
      ],
    )
    pen.lineWidth = lineWidth
    pen.beginPath()
    pen.moveTo(x, bottom)
    pen.bezierCurveTo(x - sway, bottom - third, x + sway, bottom - 2 * third, x - sway / 3, top)
    pen.stroke()
  }
}

/** An ellipse out of the two curves every canvas has. */
function oval(pen: Pen, x: number, y: number, wide: number, high: number): void {
  const bend = 4 / 3
  pen.beginPath()
  pen.moveTo(x - wide, y)
  pen.bezierCurveTo(x - wide, y - high * bend, x + wide, y - high * bend, x + wide, y)
  pen.bezierCurveTo(x + wide, y + high * bend, x - wide, y + high * bend, x - wide, y)
  pen.closePath()
}

function drawBowl(pen: Pen): void {
  pen.save()
  pen.translate(274, 196)
  pen.scale(4.1, 4.1)
  for (const [wide, high, colour] of [
    [44, 5.6, 'rgba(13, 42, 33, 0.07)'],
    [36, 4.2, 'rgba(13, 42, 33, 0.09)'],
    [26, 2.8, 'rgba(13, 42, 33, 0.12)'],
  ] as const) {
    pen.fillStyle = colour
    oval(pen, 60, 104, wide, high)
    pen.fill()
  }
  pen.fillStyle = shade(
    pen,
    [20, 44],
    [96, 104],
    [
      [0, '#ffffff'],
      [0.55, '#d3e6dc'],
      [1, '#76a695'],
    ],
  )
  pen.beginPath()
  pen.moveTo(14, 46)
  pen.bezierCurveTo(14, 76, 30, 94, 46, 98)
  pen.lineTo(46, 104)
  pen.lineTo(74, 104)
  pen.lineTo(74, 98)
  pen.bezierCurveTo(90, 94, 106, 76, 106, 46)
  pen.closePath()
  pen.fill()
  pen.strokeStyle = 'rgba(255, 255, 255, 0.62)'
  pen.lineWidth = 2.6
  pen.beginPath()
  pen.moveTo(20, 60)
  pen.bezierCurveTo(24, 78, 34, 89, 45, 94)
  pen.stroke()
  pen.fillStyle = '#ffffff'
  oval(pen, 60, 46, 46, 12.4)
  pen.fill()
  drawTea(pen)
  pen.restore()
}

/** What is in the bowl, and a leaf on it. */
function drawTea(pen: Pen): void {
  pen.fillStyle = shade(
    pen,
    [30, 38],
    [92, 56],
    [
      [0, '#d08c45'],
      [0.6, '#b26a28'],
      [1, '#96541c'],
    ],
  )
  oval(pen, 60, 47, 41, 9.6)
  pen.fill()
  pen.fillStyle = 'rgba(255, 255, 255, 0.26)'
  oval(pen, 50, 43.6, 19, 2.8)
  pen.fill()
  pen.fillStyle = '#4f7d3c'
  pen.beginPath()
  pen.moveTo(68, 49.4)
  pen.bezierCurveTo(71, 45.6, 78, 45, 84, 47.6)
  pen.bezierCurveTo(79, 51.6, 72, 52, 68, 49.4)
  pen.fill()
  pen.strokeStyle = 'rgba(255, 255, 255, 0.6)'
  pen.lineWidth = 0.5
  pen.beginPath()
  pen.moveTo(68.6, 49.3)
  pen.lineTo(81, 47.9)
  pen.stroke()
}

const SAYING = { size: 30, line: 44, most: 2 }
/** Where the last line of the invitation stands. */
const LAST = 812

/** The invitation, higher up where the campaign has something to say below it. */
function drawInvitation(pen: Pen, saying: string): void {
  pen.fillStyle = INK
  pen.font = `400 ${SAYING.size}px ${FONT}`
  const lines = broken(pen, saying, WIDTH - 2 * EDGE).slice(0, SAYING.most)
  const up = lines.length === 0 ? 0 : SAYING.line * lines.length + 22
  for (const [nth, line] of lines.entries()) pen.fillText(line, EDGE, LAST - up + 66 + SAYING.line * nth)
  pen.font = `600 84px ${FONT}`
  spaced(pen, '请你喝', EDGE - 4, LAST - 104 - up, 4)
  spaced(pen, '第一盏', EDGE - 4, LAST - up, 4)
}

/** At most. */
const CODE_BOX = 324

function drawFoot(pen: Pen, { inviterName, giftTitle }: PosterWords): void {
  pen.fillStyle = '#f6f2e8'
  pen.fillRect(0, ART, WIDTH, HEIGHT - ART)
  const room = WIDTH - 2 * EDGE - CODE_BOX - 20
  pen.fillStyle = '#16201c'
  pen.font = `600 42px ${FONT}`
  pen.fillText(`${cut(pen, inviterName, room - pen.measureText('请客').width)}请客`, EDGE, ART + 150)
  pen.fillStyle = '#4d5953'
  pen.font = `400 28px ${FONT}`
  const lines = giftTitle ? [`「${giftTitle}」`, '给第一次来的你'] : ['第一盏茶', '给第一次来的你']
  for (const [index, line] of lines.entries())
    pen.fillText(cut(pen, line, room), EDGE - (index ? 0 : 8), ART + 210 + 44 * index)
  pen.fillStyle = '#65706a'
  pen.font = `400 26px ${FONT}`
  pen.fillText(giftTitle ? '长按识别，入会就能领' : '长按识别，来坐一坐', EDGE, ART + 330)
}

/** White around the code. */
const QUIET = 22

/**
 * The code on white with a quiet edge. Small pictures grow a whole number of times and stay sharp; only a picture
 * larger than its place is made smaller. The white is as large as the code asks for.
 */
function drawCode(pen: Pen, { image, width, height }: Loaded): void {
  const room = Math.round((CODE_BOX - 2 * QUIET) * SCALE)
  const side = Math.max(width, height, 1)
  const times = side <= room ? Math.floor(room / side) : room / side
  const [wide, high] = [Math.round(width * times), Math.round(height * times)]
  const box = Math.max(wide, high) / SCALE + 2 * QUIET
  const [left, top] = [WIDTH - EDGE - box, ART + (HEIGHT - ART - box) / 2]
  pen.fillStyle = '#ffffff'
  rounded(pen, left, top, box, box, 28)
  pen.fill()
  const middle = (start: number, size: number) => Math.round((start + box / 2) * SCALE - size / 2)
  pen.setTransform(1, 0, 0, 1, 0, 0)
  pen.imageSmoothingEnabled = side > room
  pen.drawImage(image, middle(left, wide), middle(top, high), wide, high)
}
