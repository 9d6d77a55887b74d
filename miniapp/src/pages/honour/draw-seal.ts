import type { Pen } from '../../ui/pen'

/** The glazes of the seals, as the badges have them. */
const GLAZES: Record<string, [light: string, deep: string, ink: string]> = {
  leaf: ['#f0d68c', '#bf8f33', '#352302'],
  sun: ['#f0d68c', '#bf8f33', '#352302'],
  people: ['#bcd0f4', '#5277bd', '#0d2150'],
  chat: ['#bcd0f4', '#5277bd', '#0d2150'],
  bowl: ['#f0c3b0', '#b9613c', '#3c1503'],
  gift: ['#f0c3b0', '#b9613c', '#3c1503'],
}
const CELADON: [string, string, string] = ['#cfe3da', '#5f9685', '#0d2f24']

const RADIUS = 88
const SCALLOPS = 12

/** A seal of glaze with a scalloped rim on two ribbons, its middle at x, y. */
export function drawSeal(pen: Pen, mark: string, x: number, y: number): void {
  const [light, deep, ink] = GLAZES[mark] ?? CELADON
  pen.save()
  pen.translate(x, y)
  ribbon(pen, -1)
  ribbon(pen, 1)
  pen.fillStyle = graded(pen, [-RADIUS, -RADIUS], [RADIUS, RADIUS], light, deep)
  pen.beginPath()
  for (let nth = 0; nth < SCALLOPS; nth++) {
    const angle = (nth * 2 * Math.PI) / SCALLOPS
    const [cx, cy] = [Math.cos(angle) * RADIUS, Math.sin(angle) * RADIUS]
    pen.moveTo(cx + 27, cy)
    pen.arc(cx, cy, 27, 0, 2 * Math.PI)
  }
  pen.moveTo(RADIUS + 6, 0)
  pen.arc(0, 0, RADIUS + 6, 0, 2 * Math.PI)
  pen.fill()
  pen.strokeStyle = 'rgba(255, 255, 255, 0.85)'
  pen.lineWidth = 3
  pen.beginPath()
  pen.arc(0, 0, 74, 0, 2 * Math.PI)
  pen.stroke()
  pen.fillStyle = 'rgba(255, 255, 255, 0.2)'
  pen.beginPath()
  pen.arc(0, 0, 66, 0, 2 * Math.PI)
  pen.fill()
  drawMark(pen, mark, ink)
  pen.restore()
}

function graded(pen: Pen, from: [number, number], to: [number, number], light: string, deep: string): CanvasGradient {
  const gradient = pen.createLinearGradient(...from, ...to)
  gradient.addColorStop(0, light)
  gradient.addColorStop(1, deep)
  return gradient
}

/** One of the two ribbons below the seal, to the left (-1) or the right (1). */
function ribbon(pen: Pen, side: 1 | -1): void {
  pen.fillStyle = graded(pen, [0, 40], [side * 80, 190], '#2e6a5b', '#163b31')
  pen.beginPath()
  pen.moveTo(side * 8, 60)
  pen.lineTo(side * 64, 46)
  pen.lineTo(side * 96, 168)
  pen.lineTo(side * 62, 156)
  pen.lineTo(side * 40, 184)
  pen.closePath()
  pen.fill()
}

type Strokes = (pen: Pen) => void

/** The signs in lines, in a field of 24 by 24; what has none of its own is a star. */
const MARKS: Record<string, Strokes> = {
  leaf(pen) {
    pen.moveTo(5, 19)
    pen.bezierCurveTo(3, 9, 9, 4, 20, 4)
    pen.bezierCurveTo(20.5, 15, 15, 20.5, 6.6, 17.6)
    pen.moveTo(3.6, 21)
    pen.bezierCurveTo(6, 15, 10, 11.4, 14.6, 9.4)
  },
  cup(pen) {
    pen.moveTo(5, 8)
    pen.lineTo(16.4, 8)
    pen.lineTo(15.2, 20)
    pen.lineTo(6.2, 20)
    pen.closePath()
    pen.moveTo(16, 11)
    pen.bezierCurveTo(21, 10, 21, 17, 15.6, 16)
    pen.moveTo(8.6, 5.4)
    pen.bezierCurveTo(7.8, 4.2, 9.6, 3.4, 8.8, 2)
    pen.moveTo(12.8, 5.4)
    pen.bezierCurveTo(12, 4.2, 13.8, 3.4, 13, 2)
  },
  bowl(pen) {
    pen.moveTo(3, 9.4)
    pen.lineTo(21, 9.4)
    pen.bezierCurveTo(21, 14.6, 18.6, 17.6, 15, 18.6)
    pen.lineTo(15, 21)
    pen.lineTo(9, 21)
    pen.lineTo(9, 18.6)
    pen.bezierCurveTo(5.4, 17.6, 3, 14.6, 3, 9.4)
    pen.moveTo(9.4, 6)
    pen.bezierCurveTo(8.4, 4.6, 10.4, 3.8, 9.6, 2.2)
    pen.moveTo(14, 6)
    pen.bezierCurveTo(13, 4.6, 15, 3.8, 14.2, 2.2)
  },
}

const star: Strokes = (pen) => {
  for (let nth = 0; nth < 10; nth++) {
    const angle = -Math.PI / 2 + (nth * Math.PI) / 5
    const far = nth % 2 ? 4.2 : 9.6
    const [x, y] = [12 + Math.cos(angle) * far, 12.4 + Math.sin(angle) * far]
    if (nth === 0) pen.moveTo(x, y)
    else pen.lineTo(x, y)
  }
  pen.closePath()
}

function drawMark(pen: Pen, mark: string, ink: string): void {
  pen.save()
  pen.translate(-42, -42)
  pen.scale(3.5, 3.5)
  pen.strokeStyle = ink
  pen.lineWidth = 1.5
  pen.lineCap = 'round'
  pen.lineJoin = 'round'
  pen.beginPath()
  const strokes = MARKS[mark] ?? star
  strokes(pen)
  pen.stroke()
  pen.restore()
}
