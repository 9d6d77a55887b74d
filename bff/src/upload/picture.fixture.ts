import { createCipheriv } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import sharp from 'sharp'

/** A picture of one colour, or of noise where every pixel differs. */
export const filled = (background: string, { width = 640, height = 480 } = {}) =>
  sharp({ create: { width, height, channels: 3, background } })

export const noise = (width: number, height: number, seed = 1) => {
  const key = Buffer.alloc(16)
  key.writeUInt32BE(seed)
  const pixels = createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(width * height * 3))
  return sharp(pixels, { raw: { width, height, channels: 3 } })
}

/** A photo as a phone takes it: turned, with camera and place. */
export const photo = (): Promise<Buffer> =>
  filled('#88aa66', { width: 800, height: 600 })
    .withExif({
      IFD0: { Make: 'SecretPhone' },
      IFD3: {
        GPSLatitudeRef: 'N',
        GPSLatitude: '30/1 15/1 19/1',
        GPSLongitudeRef: 'E',
        GPSLongitude: '120/1 9/1 50/1',
      },
    })
    .withMetadata({ orientation: 6 })
    .withIccProfile('p3')
    .jpeg()
    .toBuffer()

/** A header of PNG that promises so many pixels, with next to nothing behind it. */
export function promisedPng(width: number, height: number, [depth, colours, interlaced] = [1, 0, 0]): Buffer {
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([depth ?? 1, colours ?? 0, 0, 0, interlaced ?? 0], 8)
  const body = deflateSync(Buffer.alloc(1_000))
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', head),
    chunk('IDAT', body),
    chunk('IEND'),
  ])
}

function chunk(name: string, data = Buffer.alloc(0)): Buffer {
  const text = Buffer.concat([Buffer.from(name), data])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(crc(text))
  return Buffer.concat([length, text, sum])
}

function crc(bytes: Buffer): number {
  let sum = 0xffffffff
  for (const byte of bytes) {
    sum ^= byte
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1
  }
  return (sum ^ 0xffffffff) >>> 0
}

export const SCRIPT = '<html><script>alert("steal")</script></html>'

/** What is no picture, broken or too much, and how it is refused. */
export async function badPictures(): Promise<[string, Buffer, string][]> {
  const jpeg = await filled('#88aa66').jpeg().toBuffer()
  const png = await noise(200, 200).png().toBuffer()
  const webp = await noise(200, 200).webp().toBuffer()
  return [
    ['a script that calls itself a picture', Buffer.from(SCRIPT), 'UPLOAD_TYPE'],
    ['SVG', Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), 'UPLOAD_TYPE'],
    [
      'a script behind the first bytes of JPEG',
      Buffer.concat([jpeg.subarray(0, 3), Buffer.from(SCRIPT)]),
      'UPLOAD_BROKEN',
    ],
    ['PDF', Buffer.from('%PDF-1.7\n1 0 obj'), 'UPLOAD_TYPE'],
    ['GIF', Buffer.from('GIF89a\x01\x00\x01\x00\x00\x00\x00;', 'latin1'), 'UPLOAD_TYPE'],
    ['TIFF', await filled('#88aa66').tiff().toBuffer(), 'UPLOAD_TYPE'],
    ['AVIF', await filled('#88aa66', { width: 16, height: 16 }).avif().toBuffer(), 'UPLOAD_TYPE'],
    ['mp4', Buffer.from('\x00\x00\x00\x18ftypmp42', 'latin1'), 'UPLOAD_TYPE'],
    ['half a JPEG', jpeg.subarray(0, jpeg.length / 2), 'UPLOAD_BROKEN'],
    ['half a PNG', png.subarray(0, png.length / 2), 'UPLOAD_BROKEN'],
    ['half a WebP', webp.subarray(0, webp.length / 2), 'UPLOAD_BROKEN'],
    ['a head without a body', promisedPng(100, 100), 'UPLOAD_BROKEN'],
    ['interlaced, with 8 bytes a pixel', promisedPng(4_000, 4_000, [16, 6, 1]), 'UPLOAD_PIXELS'],
    ['few bytes that unfold to 10 gigapixels', promisedPng(100_000, 100_000), 'UPLOAD_PIXELS'],
  ]
}
