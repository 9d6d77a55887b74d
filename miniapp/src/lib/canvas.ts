import Taro from '@tarojs/taro'

/** What both WeChat's canvas node and a browser's canvas can do. */
export interface DrawnOn {
  width: number
  height: number
  getContext(kind: '2d'): CanvasRenderingContext2D | null
}

/** A picture as it is drawn on, with its own size in dots. */
export interface Loaded {
  image: CanvasImageSource
  width: number
  height: number
}

/** What is drawn: its size in units, how many dots one has, and the strokes; `source` is a picture that is loaded before. */
export interface Drawing {
  width: number
  height: number
  scale: number
  source?: string
  draw(pen: CanvasRenderingContext2D, picture: Loaded | null): void
}

interface WeappCanvas extends DrawnOn {
  createImage(): HTMLImageElement
}

/** WeChat's node of the canvas with this id; there once the page has been drawn. */
const weappCanvas = (id: string): Promise<WeappCanvas> =>
  new Promise((resolve, reject) => {
    Taro.createSelectorQuery()
      .select(`#${id}`)
      .fields({ node: true, size: true }, () => {})
      .exec(([found]: [{ node?: WeappCanvas } | null]) => {
        if (found?.node) resolve(found.node)
        else reject(new Error('the canvas is not there yet'))
      })
  })

const loaded = (image: HTMLImageElement, source: string): Promise<Loaded> =>
  new Promise((resolve, reject) => {
    image.onload = () => resolve({ image, width: image.width, height: image.height })
    image.onerror = () => reject(new Error('not a picture'))
    image.src = source
  })

function paint(canvas: DrawnOn, { width, height, scale, draw }: Drawing, picture: Loaded | null): void {
  canvas.width = width * scale
  canvas.height = height * scale
  const pen = canvas.getContext('2d')
  if (!pen) throw new Error('no pen')
  pen.setTransform(scale, 0, 0, scale, 0, 0)
  pen.clearRect(0, 0, width, height)
  draw(pen, picture)
}

/** Paints on the page's own canvas. */
export async function paintOnPage(id: string, drawing: Drawing): Promise<DrawnOn> {
  const canvas = await weappCanvas(id)
  paint(canvas, drawing, drawing.source ? await loaded(canvas.createImage(), drawing.source) : null)
  return canvas
}

/** Paints off the page and gives a picture, which a browser lets people press long and save. */
export async function paintOffPage(drawing: Drawing): Promise<string> {
  const canvas = document.createElement('canvas')
  paint(canvas, drawing, drawing.source ? await loaded(new Image(), drawing.source) : null)
  return canvas.toDataURL('image/png')
}
