import { createHash } from 'node:crypto'

/** The openid of a person in one app: 28 characters like WeChat's, the same after every restart. */
export function openidOf(appid: string, personKey: string): string {
  return digest('o', `openid:${appid}:${personKey}`)
}

/** The unionid of a person: one for all apps of the brand. */
export function unionidOf(personKey: string): string {
  return digest('oU', `unionid:${personKey}`)
}

function digest(prefix: string, text: string): string {
  return (
    prefix +
    createHash('sha256')
      .update(text)
      .digest('base64url')
      .slice(0, 28 - prefix.length)
  )
}
