type Pen = CanvasRenderingContext2D

/** A text in lines no wider than the room; the last one that is drawn may end in the middle of what was to be said. */
export function broken(pen: Pen, text: string, room: number): string[] {
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
