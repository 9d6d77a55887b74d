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
