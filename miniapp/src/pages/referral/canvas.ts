import Taro from '@tarojs/taro'
import { type Code, drawPoster, HEIGHT, type PosterWords, SCALE, WIDTH } from './draw-poster'

/** What both WeChat's canvas node and a browser's canvas can do. */
export interface DrawnOn {
  width: number
  height: number
  getContext(kind: '2d'): CanvasRenderingContext2D | null
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

const loaded = (image: HTMLImageElement, source: string): Promise<Code> =>
  new Promise((resolve, reject) => {
    image.onload = () => resolve({ image, width: image.width, height: image.height })
    image.onerror = () => reject(new Error('the code is no picture'))
    image.src = source
  })

function paint(canvas: DrawnOn, words: PosterWords, code: Code): void {
  canvas.width = WIDTH * SCALE
  canvas.height = HEIGHT * SCALE
  const pen = canvas.getContext('2d')
  if (!pen) throw new Error('no pen')
  drawPoster(pen, words, code)
}

/** Paints on the page's own canvas. */
export async function paintInWeapp(id: string, words: PosterWords, source: string): Promise<DrawnOn> {
  const canvas = await weappCanvas(id)
  paint(canvas, words, await loaded(canvas.createImage(), source))
  return canvas
}

/** Paints off the page and gives a picture, which a browser lets people press long and save. */
export async function paintInBrowser(words: PosterWords, source: string): Promise<string> {
  const canvas = document.createElement('canvas')
  paint(canvas, words, await loaded(new Image(), source))
  return canvas.toDataURL('image/png')
}
