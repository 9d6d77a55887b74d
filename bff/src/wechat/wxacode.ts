import type { Caller } from './call'
import { callForPicture, type TokenSource } from './token'

/** A mini-program code that may be made without limit. `page` without leading slash; `scene` up to 32 characters. */
export interface WxaCodeWish {
  scene: string
  page: string
  /** Which build it opens; WeChat's default is the released one. */
  envVersion?: 'release' | 'trial' | 'develop'
  /** 280 to 1280; WeChat's default is 430. */
  width?: number
}

export interface WxaCode {
  bytes: Uint8Array
  mime: 'image/png' | 'image/jpeg'
}

/**
 * Draws a mini-program code, POST /wxa/getwxacodeunlimit: the bytes of a picture, or JSON when WeChat refuses.
 * 5000 a minute for the whole app, so whoever asks keeps what they got.
 */
export async function wxaCodeUnlimited(caller: Caller, source: TokenSource, wish: WxaCodeWish): Promise<WxaCode> {
  const { scene, page, envVersion, width } = wish
  const bytes = await callForPicture(caller, source, {
    endpoint: '/wxa/getwxacodeunlimit',
    method: 'POST',
    body: { scene, page, ...(envVersion ? { env_version: envVersion } : {}), ...(width ? { width } : {}) },
    effect: 'none',
    secrets: [],
  })
  // told by its first byte: the content type has been seen wrong
  return { bytes, mime: bytes[0] === 0x89 ? 'image/png' : 'image/jpeg' }
}
