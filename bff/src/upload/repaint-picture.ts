import { createHash } from 'node:crypto'
import { refuse } from '../refusal'

/** More than any phone takes; a file of a few bytes may unfold to as many pixels as it likes. */
const MOST_PIXELS = 50_000_000
/** What an interlaced PNG may unfold to, for it lies in memory as a whole. */
const MOST_INTERLACED_BYTES = 100_000_000
/** The longer edge of what is kept: enough to look at on any screen. */
const EDGE = 2_048
const QUALITY = 82
const SECONDS = 20

type Sharp = typeof import('sharp').default
type Metadata = import('sharp').Metadata
type Format = 'jpeg' | 'png' | 'webp'

/** What is kept of a picture: new pixels, and nothing that came with the old ones. */
export interface Repainted {
  bytes: Buffer
  mime: 'image/jpeg'
  width: number
  height: number
  sha256: string
}

/**
 * Reads a picture to its last pixel and paints it anew as JPEG of up to 2048 × 2048. Place, camera, thumbnails, colour profiles and
 * whatever else stood in the file or behind it stay behind; what is see-through becomes white, of several pictures the first one is kept.
 * @throws UPLOAD_TYPE (no JPEG, PNG or WebP, whatever it calls itself), UPLOAD_BROKEN, UPLOAD_PIXELS
 */
export async function repaintPicture(given: Buffer): Promise<Repainted> {
  const format = formatOf(given) ?? refuse('UPLOAD_TYPE')
  const sharp = await painter()
  const seen = await sharp(given, { limitInputPixels: false })
    .metadata()
    .catch(() => refuse('UPLOAD_BROKEN'))
  if (seen.format !== format) refuse('UPLOAD_TYPE')
  // told by the header, before anything is unfolded
  const mostPixels = mostPixelsOf(format, seen)
  if (seen.width * seen.height > mostPixels) refuse('UPLOAD_PIXELS', { mostPixels })
  const { data, info } = await sharp(given, {
    limitInputPixels: MOST_PIXELS,
    failOn: 'error',
    sequentialRead: true,
    autoOrient: true,
  })
    .resize({ width: EDGE, height: EDGE, fit: 'inside', withoutEnlargement: true })
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb')
    .jpeg({ quality: QUALITY })
    .timeout({ seconds: SECONDS })
    .toBuffer({ resolveWithObject: true })
    .catch(() => refuse('UPLOAD_BROKEN'))
  const sha256 = createHash('sha256').update(data).digest('hex')
  return { bytes: data, mime: 'image/jpeg', width: info.width, height: info.height, sha256 }
}

function mostPixelsOf(format: Format, { isProgressive, channels, depth }: Metadata): number {
  if (format !== 'png' || !isProgressive) return MOST_PIXELS
  return Math.min(MOST_PIXELS, Math.floor(MOST_INTERLACED_BYTES / (channels * (depth === 'ushort' ? 2 : 1))))
}

/** By its first bytes; names and types that were sent along say nothing. */
function formatOf(bytes: Buffer): Format | null {
  if (bytes.subarray(0, 3).equals(Buffer.of(0xff, 0xd8, 0xff))) return 'jpeg'
  if (bytes.subarray(0, 8).equals(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'))) return 'png'
  const riff = bytes.subarray(0, 4).toString('latin1') === 'RIFF' && bytes.subarray(8, 12).toString('latin1') === 'WEBP'
  return riff ? 'webp' : null
}

let loaded: Promise<Sharp> | undefined

/** Loaded with the first picture: a native library that most processes of a test, and many of a server, never need. */
function painter(): Promise<Sharp> {
  loaded ??= import('sharp').then(({ default: sharp }) => {
    sharp.cache(false)
    // one thread a picture: how many are painted at once is bounded by who calls
    sharp.concurrency(1)
    // whatever else the library can read is not let near it
    sharp.block({ operation: ['VipsForeignLoad'] })
    sharp.unblock({ operation: ['VipsForeignLoadJpeg', 'VipsForeignLoadPng', 'VipsForeignLoadWebp'] })
    return sharp
  })
  return loaded
}
