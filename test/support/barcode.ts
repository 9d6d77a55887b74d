import {
  BarcodeFormat,
  BinaryBitmap,
  DecodeHintType,
  GlobalHistogramBinarizer,
  HybridBinarizer,
  MultiFormatReader,
  RGBLuminanceSource,
} from '@zxing/library'
import jsQR from 'jsqr'

/** A picture as grey values, row by row. */
export interface Grey {
  width: number
  height: number
  bytes: Uint8ClampedArray
}

/** What a scanner reads in a picture. Throws when it reads nothing. */
export const decodeBarcode = (grey: Grey, format: 'qr' | 'code128'): string =>
  format === 'qr' ? decodeQr(grey) : decodeBars(grey)

/** One of twelve clean codes of the size of an address is not found by ZXing's reader; this one finds them all. */
function decodeQr({ width, height, bytes }: Grey): string {
  const rgba = Uint8ClampedArray.from({ length: bytes.length * 4 }, (_, at) =>
    at % 4 === 3 ? 255 : (bytes[at >> 2] as number),
  )
  const read = jsQR(rgba, width, height)
  if (!read) throw new Error('no QR code in this picture')
  return read.data
}

function decodeBars({ width, height, bytes }: Grey): string {
  const source = new RGBLuminanceSource(bytes, width, height)
  const hints = new Map<DecodeHintType, unknown>([
    [DecodeHintType.POSSIBLE_FORMATS, [BarcodeFormat.CODE_128]],
    [DecodeHintType.TRY_HARDER, true],
  ])
  const read = (binarizer: HybridBinarizer | GlobalHistogramBinarizer) =>
    new MultiFormatReader().decode(new BinaryBitmap(binarizer), hints).getText()
  // scanners look for light and dark in more than one way, too
  try {
    return read(new HybridBinarizer(source))
  } catch {
    return read(new GlobalHistogramBinarizer(source))
  }
}
