import type { House } from '../ctx'
import type { WxaCode } from '../wechat'

/** A picture is about 50 kB; the one that was asked for longest ago leaves. */
const MOST = 200
const houses = new WeakMap<House, Map<string, Promise<WxaCode>>>()

/**
 * The picture of a mini-program code, drawn once: it stays good for ever, and WeChat counts how many are drawn. Who asks
 * meanwhile waits for the same drawing; one that failed is forgotten. @throws WechatError
 */
export function codeImage(house: House, wish: { scene: string; page: string }): Promise<WxaCode> {
  const known = houses.get(house) ?? new Map<string, Promise<WxaCode>>()
  houses.set(house, known)
  const key = `${wish.page}?${wish.scene}`
  const image = known.get(key) ?? house.wechat.wxaCodeUnlimited(wish)
  known.delete(key)
  known.set(key, image)
  image.catch(() => known.get(key) === image && known.delete(key))
  for (const oldest of known.keys()) {
    if (known.size <= MOST) break
    known.delete(oldest)
  }
  return image
}
