import {
  BarcodeFormat,
  BinaryBitmap,
  DecodeHintType,
  GlobalHistogramBinarizer,
  HybridBinarizer,
  MultiFormatReader,
  RGBLuminanceSource,
} from '@zxing/library'

/** A picture as grey values, row by row. */
export interface Grey {
  width: number
  height: number
  bytes: Uint8ClampedArray
}

/** What a scanner reads in a picture. Throws when it reads nothing. */
export function decodeBarcode({ width, height, bytes }: Grey, format: 'qr' | 'code128'): string {
  const source = new RGBLuminanceSource(bytes, width, height)
  const wanted = format === 'qr' ? BarcodeFormat.QR_CODE : BarcodeFormat.CODE_128
  const hints = new Map<DecodeHintType, unknown>([
    [DecodeHintType.POSSIBLE_FORMATS, [wanted]],
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
