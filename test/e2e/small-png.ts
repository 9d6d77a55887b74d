import { crc32, deflateSync, inflateSync } from 'node:zlib'

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const COLOURS = 256

/** The same picture in at most 256 colours, less than half as large. Takes the 8-bit RGB or RGBA that browsers write. */
export function smallPng(png: Buffer): Buffer {
  const { width, height, bytesPerPixel, rows } = decode(png)
  const counts = new Map<number, number>()
  for (let at = 0; at < rows.length; at += bytesPerPixel) {
    const colour = rows.readUIntBE(at, 3)
    counts.set(colour, (counts.get(colour) ?? 0) + 1)
  }
  const { palette, indexOf } = paletteOf(counts)
  const lines = Buffer.alloc((width + 1) * height)
  for (let pixel = 0; pixel < width * height; pixel++) {
    const colour = rows.readUIntBE(pixel * bytesPerPixel, 3)
    lines[pixel + Math.floor(pixel / width) + 1] = indexOf.get(colour) as number
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 3, 0, 0, 0], 8)
  const plte = Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]))
  const data = deflateSync(lines, { level: 9 })
  return Buffer.concat([SIGNATURE, chunk('IHDR', header), chunk('PLTE', plte), chunk('IDAT', data), chunk('IEND')])
}

function chunk(type: string, data = Buffer.alloc(0)): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(named))
  return Buffer.concat([length, named, sum])
}

/** Pixels row by row, without the filters of the format (RFC 2083 §6). */
function decode(png: Buffer): { width: number; height: number; bytesPerPixel: number; rows: Buffer } {
  const width = png.readUInt32BE(16)
  const height = png.readUInt32BE(20)
  const kind = png.readUInt16BE(24)
  if (kind !== 0x0802 && kind !== 0x0806) throw new Error('only 8-bit RGB and RGBA can be read')
  const bytesPerPixel = kind === 0x0802 ? 3 : 4
  const parts: Buffer[] = []
  for (let at = 8; at < png.length; at += png.readUInt32BE(at) + 12) {
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT')
      parts.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)))
  }
  const packed = inflateSync(Buffer.concat(parts))
  const stride = width * bytesPerPixel
  const rows = Buffer.alloc(stride * height)
  for (let y = 0; y < height; y++) {
    const filter = packed[y * (stride + 1)] as number
    for (let x = 0; x < stride; x++) {
      const left = x < bytesPerPixel ? 0 : (rows[y * stride + x - bytesPerPixel] as number)
      const up = y === 0 ? 0 : (rows[(y - 1) * stride + x] as number)
      const corner = y === 0 || x < bytesPerPixel ? 0 : (rows[(y - 1) * stride + x - bytesPerPixel] as number)
      const given = packed[y * (stride + 1) + 1 + x] as number
      rows[y * stride + x] = given + guess(filter, left, up, corner)
    }
  }
  return { width, height, bytesPerPixel, rows }
}

function guess(filter: number, left: number, up: number, corner: number): number {
  if (filter === 0) return 0
  if (filter === 1) return left
  if (filter === 2) return up
  if (filter === 3) return (left + up) >> 1
  const [toLeft, toUp, toCorner] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)]
  if (toLeft <= toUp && toLeft <= toCorner) return left
  return toUp <= toCorner ? up : corner
}

type Counted = [colour: number, count: number]
interface Box {
  colours: Counted[]
  /** The channel in which its colours differ most, as a shift: 16 red, 8 green, 0 blue. */
  shift: number
  spread: number
}

/** Median cut: the box whose colours differ most is split until there are as many boxes as colours allowed. */
function paletteOf(counts: Map<number, number>): { palette: number[]; indexOf: Map<number, number> } {
  const boxes = [boxOf([...counts])]
  while (boxes.length < COLOURS) {
    const widest = boxes.reduce((best, box, n) => (box.spread > (boxes[best] as Box).spread ? n : best), 0)
    const box = boxes[widest] as Box
    if (box.spread === 0) break
    boxes.splice(widest, 1, ...split(box))
  }
  const indexOf = new Map<number, number>()
  for (const [n, { colours }] of boxes.entries()) for (const [colour] of colours) indexOf.set(colour, n)
  return { palette: boxes.map(meanOf), indexOf }
}

function boxOf(colours: Counted[]): Box {
  const weight = Math.cbrt(colours.reduce((sum, [, count]) => sum + count, 0))
  const spreads = [16, 8, 0].map((shift) => {
    const values = colours.map(([colour]) => (colour >> shift) & 255)
    return {
      shift,
      spread: (values.reduce((a, b) => Math.max(a, b), 0) - values.reduce((a, b) => Math.min(a, b), 255)) * weight,
    }
  })
  const { shift, spread } = spreads.reduce((most, one) => (one.spread > most.spread ? one : most))
  return { colours, shift, spread }
}

function split({ colours, shift }: Box): [Box, Box] {
  const sorted = [...colours].sort(([a], [b]) => ((a >> shift) & 255) - ((b >> shift) & 255))
  const half = sorted.reduce((sum, [, count]) => sum + count, 0) / 2
  let cut = 0
  for (let sum = 0; cut < sorted.length - 1 && sum < half; cut++) sum += (sorted[cut] as Counted)[1]
  // a box of one and the same value in the middle still has to be cut somewhere
  const at = Math.max(1, Math.min(cut, sorted.length - 1))
  return [boxOf(sorted.slice(0, at)), boxOf(sorted.slice(at))]
}

function meanOf({ colours }: Box): number {
  const whole = colours.reduce((sum, [, count]) => sum + count, 0)
  return [16, 8, 0].reduce((mean, shift) => {
    const sum = colours.reduce((all, [colour, count]) => all + ((colour >> shift) & 255) * count, 0)
    return mean | (Math.round(sum / whole) << shift)
  }, 0)
}
