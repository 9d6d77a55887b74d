import type { Answer, Ground } from './wx-call'

/** One stroke on a canvas, with the ink it was made with. */
export interface Stroke {
  name: string
  args: unknown[]
  ink: string
}

/** A canvas that draws nothing but remembers what was drawn. */
export interface DrawnCanvas {
  /** What the mini-program holds in its hands. */
  node: Answer
  strokes: Stroke[]
}

const STROKES = [
  'fillRect',
  'clearRect',
  'strokeRect',
  'beginPath',
  'closePath',
  'moveTo',
  'lineTo',
  'arc',
  'arcTo',
  'rect',
  'roundRect',
  'quadraticCurveTo',
  'bezierCurveTo',
  'fill',
  'stroke',
  'clip',
  'fillText',
  'strokeText',
  'drawImage',
  'putImageData',
  'save',
  'restore',
  'scale',
  'rotate',
  'translate',
  'transform',
  'setTransform',
  'resetTransform',
  'setLineDash',
]

export function createCanvas({ realm }: Ground): DrawnCanvas {
  const strokes: Stroke[] = []
  const pen = realm.value({
    fillStyle: '#000000',
    strokeStyle: '#000000',
    globalAlpha: 1,
    font: '10px sans-serif',
  }) as Answer
  for (const name of STROKES) {
    pen[name] = (...args: unknown[]) => void strokes.push({ name, args, ink: String(pen.fillStyle) })
  }
  pen.measureText = (text: string) => realm.value({ width: text.length * 10 })
  pen.createLinearGradient = () => Object.assign(realm.value({}) as Answer, { addColorStop: () => {} })
  const node = realm.value({ width: 300, height: 150 }) as Answer
  pen.canvas = node
  Object.assign(node, {
    getContext: (kind: string) => (kind === '2d' ? pen : null),
    createImage: () => realm.value({}),
    requestAnimationFrame: (callback: (at: number) => void) =>
      setTimeout(() => realm.guard('frame', () => callback(Date.now())), 16),
    cancelAnimationFrame: (id: NodeJS.Timeout) => clearTimeout(id),
    toDataURL: () => 'data:image/png;base64,',
  })
  return { node, strokes }
}

/**
 * Which of `cells` × `cells` squares of a canvas are dark, by the rectangles filled on it, the latest on top.
 * Colours count as dark below half of full brightness. For checking QR codes; nothing but rectangles is understood.
 */
export function darkCells(canvas: DrawnCanvas, area: { left: number; top: number; cell: number }, cells: number) {
  const grid = Array.from({ length: cells }, () => new Array<boolean>(cells).fill(false))
  for (const { name, args, ink } of canvas.strokes) {
    if (name !== 'fillRect' && name !== 'clearRect') continue
    const [x = 0, y = 0, width = 0, height = 0] = args as number[]
    const dark = name === 'fillRect' && isDark(ink)
    for (const [row, line] of grid.entries()) {
      for (const column of line.keys()) {
        const middleX = area.left + (column + 0.5) * area.cell
        const middleY = area.top + (row + 0.5) * area.cell
        const inside = middleX >= x && middleX < x + width && middleY >= y && middleY < y + height
        if (inside) line[column] = dark
      }
    }
  }
  return grid
}

function isDark(ink: string): boolean {
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(ink)
  const hex = short
    ? `#${short
        .slice(1)
        .map((digit) => digit + digit)
        .join('')}`
    : ink
  const parts = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})/i
    .exec(hex)
    ?.slice(1)
    .map((part) => Number.parseInt(part, 16))
  if (!parts) return ink === 'black'
  const [red = 0, green = 0, blue = 0] = parts
  return red * 0.3 + green * 0.59 + blue * 0.11 < 128
}
