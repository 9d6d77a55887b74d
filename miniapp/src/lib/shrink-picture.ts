import type { ChosenPicture } from './upload'

/** The server paints nothing larger: dots beyond it would only make the way up longer. */
const EDGE = 2_048
/** Below it a second painting costs more than it saves. */
const SMALL_BYTES = 1_000_000
const QUALITY = 0.85
/** What the server reads; the rest is painted anew whatever its size, or it would be refused there. */
const READ_BY_SERVER = /^image\/(jpeg|png|webp)$/

interface Measured {
  type: string
  bytes: number
  width: number
  height: number
}

/** Dots that a picture is to be painted with before it is sent, or null when it goes as it is. */
export function sizeToSend({ type, bytes, width, height }: Measured): { width: number; height: number } | null {
  const part = Math.min(1, EDGE / Math.max(width, height))
  if (part === 1 && bytes < SMALL_BYTES && READ_BY_SERVER.test(type)) return null
  return { width: Math.max(1, Math.round(width * part)), height: Math.max(1, Math.round(height * part)) }
}

/**
 * The picture as a browser sends it: a photo of 12 MB becomes one of a few hundred KB. Itself where that is not worth it or does not
 * work, null for one that neither this browser nor the server can read. Whoever gets another path than they gave revokes it.
 */
export async function shrinkPicture(picture: ChosenPicture): Promise<ChosenPicture | null> {
  const blob = await (await fetch(picture.path)).blob()
  const readThere = READ_BY_SERVER.test(blob.type)
  const painted = await repaint(blob).catch(() => (readThere ? blob : null))
  if (!painted) return null
  if (painted === blob || (readThere && painted.size >= blob.size)) return picture
  return { path: URL.createObjectURL(painted), bytes: painted.size }
}

async function repaint(blob: Blob): Promise<Blob> {
  const bitmap = await createImageBitmap(blob, { imageOrientation: 'from-image' })
  try {
    const size = sizeToSend({ type: blob.type, bytes: blob.size, width: bitmap.width, height: bitmap.height })
    return size ? await paint(bitmap, size) : blob
  } finally {
    // a photo of 48 megapixels holds 192 MB until then
    bitmap.close()
  }
}

async function paint(bitmap: ImageBitmap, size: { width: number; height: number }): Promise<Blob> {
  const canvas = Object.assign(document.createElement('canvas'), size)
  const pen = canvas.getContext('2d')
  if (!pen) throw new Error('no pen')
  // as the server does with what is see-through; a JPEG would make it black
  pen.fillStyle = '#fff'
  pen.fillRect(0, 0, size.width, size.height)
  pen.imageSmoothingQuality = 'high'
  pen.drawImage(bitmap, 0, 0, size.width, size.height)
  const painted = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', QUALITY))
  canvas.width = 0
  if (!painted) throw new Error('no room for a picture')
  return painted
}
