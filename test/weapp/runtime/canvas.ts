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

export function createCanvas(ground: Ground): DrawnCanvas {
  const { realm } = ground
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
    createImage: () => createImage(ground),
    requestAnimationFrame: (callback: (at: number) => void) =>
      setTimeout(() => realm.guard('frame', () => callback(Date.now())), 16),
    cancelAnimationFrame: (id: NodeJS.Timeout) => clearTimeout(id),
    toDataURL: () => 'data:image/png;base64,',
  })
  return { node, strokes }
}

/** A picture that comes a little later, as large as its PNG says; what is no picture fails. */
function createImage({ realm, activity }: Ground): Answer {
  const image = realm.value({ width: 0, height: 0, onload: null, onerror: null }) as Answer
  let source = ''
  Object.defineProperty(image, 'src', {
    get: () => source,
    set(next: string) {
      source = next
      const done = activity.begin('picture')
      setTimeout(() => {
        const size = sizeOfPng(next)
        Object.assign(image, size)
        const heard = (size ? image.onload : image.onerror) as (() => void) | null
        realm.guard('picture', () => heard?.())
        done()
      }, 1)
    },
  })
  return image
}

function sizeOfPng(source: string): { width: number; height: number } | null {
  const bytes = Buffer.from(source.replace(/^data:image\/png;base64,/, ''), 'base64')
  if (bytes.length < 24 || bytes.toString('latin1', 1, 4) !== 'PNG') return null
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) }
}
