import { crc32, deflateSync } from 'node:zlib'
import qrcode from 'qrcode-generator'

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const QUIET = 4

/** A QR code as a square PNG, one bit a pixel (RFC 2083), with at least its four modules of quiet around. */
export function qrPng(text: string, width: number): Buffer {
  const code = qrcode(0, 'M')
  code.addData(text)
  code.make()
  const count = code.getModuleCount()
  const size = Math.floor(width / (count + 2 * QUIET))
  const margin = Math.floor((width - size * count) / 2)
  const line = (row: number) => {
    // a filter byte, then eight pixels a byte; set is white
    const bytes = Buffer.alloc(1 + Math.ceil(width / 8), 255).fill(0, 0, 1)
    if (row >= 0 && row < count)
      for (let x = margin; x < margin + size * count; x++)
        if (code.isDark(row, Math.floor((x - margin) / size)))
          bytes.writeUInt8(bytes.readUInt8(1 + (x >> 3)) & ~(128 >> (x & 7)), 1 + (x >> 3))
    return bytes
  }
  const rows = Array.from({ length: count + 2 }, (_, n) => line(n - 1))
  const lines = Array.from({ length: width }, (_, y) => rows[rowAt(y - margin, size, count) + 1] as Buffer)
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(width, 4)
  header.set([1, 0, 0, 0, 0], 8)
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(lines))),
    chunk('IEND'),
  ])
}

/** The module's row that a line of pixels shows; -1 and `count` are the quiet above and below. */
const rowAt = (y: number, size: number, count: number) => Math.max(-1, Math.min(count, Math.floor(y / size)))

function chunk(type: string, data = Buffer.alloc(0)): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const ends = Buffer.alloc(8)
  ends.writeUInt32BE(data.length, 0)
  ends.writeUInt32BE(crc32(named), 4)
  return Buffer.concat([ends.subarray(0, 4), named, ends.subarray(4)])
}
