import { PNG } from 'pngjs'
import { decodeBarcode } from '../support/barcode'

/** Where the sandbox's mini-program code leads: the page it opens and the scene it brings. */
export function readPoster({ image }: { image: string }): { page: string | null; scene: string | null } {
  const { width, height, data } = PNG.sync.read(Buffer.from(image, 'base64'))
  const bytes = Uint8ClampedArray.from({ length: width * height }, (_, n) => {
    const [red, green, blue] = [0, 1, 2].map((channel) => data[n * 4 + channel] as number) as [number, number, number]
    return (red * 2 + green * 5 + blue) >> 3
  })
  const { searchParams } = new URL(decodeBarcode({ width, height, bytes }, 'qr'))
  return { page: searchParams.get('page'), scene: searchParams.get('scene') }
}
