import type { Browser } from 'playwright-core'
import { decodeBarcode, type Grey } from '../support/barcode'

/** What a hand scanner reads in a PNG picture of the screen. Throws when it reads nothing. */
export const readBarcode = async (browser: Browser, png: Buffer, format: 'qr' | 'code128'): Promise<string> =>
  decodeBarcode(await greyOf(browser, png), format)

/** The picture's grey values, unpacked by the browser itself. */
async function greyOf(browser: Browser, png: Buffer): Promise<Grey> {
  const page = await browser.newPage()
  try {
    const { width, height, base64 } = await page.evaluate(
      async (source) => {
        const image = new Image()
        image.src = source
        await image.decode()
        const canvas = document.createElement('canvas')
        canvas.width = image.width
        canvas.height = image.height
        const drawing = canvas.getContext('2d') as CanvasRenderingContext2D
        drawing.drawImage(image, 0, 0)
        const { data } = drawing.getImageData(0, 0, image.width, image.height)
        let text = ''
        for (let at = 0; at < data.length; at += 4) {
          text += String.fromCharCode((data[at]! * 2 + data[at + 1]! * 5 + data[at + 2]!) >> 3)
        }
        return { width: image.width, height: image.height, base64: btoa(text) }
      },
      `data:image/png;base64,${png.toString('base64')}`,
    )
    return { width, height, bytes: new Uint8ClampedArray(Buffer.from(base64, 'base64')) }
  } finally {
    await page.close()
  }
}
