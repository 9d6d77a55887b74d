export type Pen = CanvasRenderingContext2D

/** Letters that are there on every phone and in every browser. */
export const FONT = '-apple-system, "PingFang SC", "HarmonyOS Sans SC", "Noto Sans CJK SC", "Noto Sans SC", sans-serif'

/** A text in lines no wider than the room; the last one that is drawn may end in the middle of what was to be said. */
export function broken(pen: Pen, text: string, room: number): string[] {
  if (pen.measureText(text).width <= room) return [text]
  // two parts of a sentence that have a line each are read more easily than a word taken apart
  const parts = text.match(/[^，。；]+[，。；]?/g) ?? []
  if (parts.length === 2 && parts.every((part) => pen.measureText(part).width <= room)) return parts
  const lines: string[] = []
  let line = ''
  for (const letter of text) {
    const beyond = pen.measureText(line + letter).width > room
    // no line begins with a comma
    if (beyond && !/[，。、！？；：」）]/.test(letter)) {
      lines.push(line)
      line = ''
    }
    line += letter
  }
  return line ? [...lines, line] : lines
}

/** As much of a text as there is room for. */
export function cut(pen: Pen, text: string, room: number): string {
  if (pen.measureText(text).width <= room) return text
  const letters = [...text]
  while (letters.length > 1 && pen.measureText(`${letters.join('')}…`).width > room) letters.pop()
  return `${letters.join('')}…`
}

/** Letters with air between them; not every canvas has letterSpacing. */
export function spaced(pen: Pen, text: string, x: number, y: number, gap: number): void {
  let at = x
  for (const letter of text) {
    pen.fillText(letter, at, y)
    at += pen.measureText(letter).width + gap
  }
}

/** A colour that passes through others from one place to another. */
export function shade(
  pen: Pen,
  from: [number, number],
  to: [number, number],
  stops: [number, string][],
): CanvasGradient {
  const gradient = pen.createLinearGradient(...from, ...to)
  for (const [at, colour] of stops) gradient.addColorStop(at, colour)
  return gradient
}

/** The outline of a field with round corners. */
export function rounded(pen: Pen, x: number, y: number, wide: number, high: number, radius: number): void {
  pen.beginPath()
  pen.moveTo(x + radius, y)
  pen.arcTo(x + wide, y, x + wide, y + high, radius)
  pen.arcTo(x + wide, y + high, x, y + high, radius)
  pen.arcTo(x, y + high, x, y, radius)
  pen.arcTo(x, y, x + wide, y, radius)
  pen.closePath()
}

/** The brand's bowl with its bar, in a field of 32 by 32 before it is scaled, in the ink of the pen. */
export function bowlMark(pen: Pen, x: number, y: number, scale: number): void {
  pen.save()
  pen.translate(x, y)
  pen.scale(scale, scale)
  pen.fillRect(3, 5.5, 26, 2)
  pen.beginPath()
  pen.moveTo(6, 11)
  pen.lineTo(26, 11)
  pen.bezierCurveTo(26, 17, 23.4, 21.2, 19.4, 23.2)
  pen.lineTo(19.4, 27)
  pen.lineTo(12.6, 27)
  pen.lineTo(12.6, 23.2)
  pen.bezierCurveTo(8.6, 21.2, 6, 17, 6, 11)
  pen.fill()
  pen.restore()
}
