import { createHash } from 'node:crypto'

/** The openid of a person in one app: 28 characters like WeChat's, the same after every restart. */
export function openidOf(appid: string, personKey: string): string {
  return digest('o', `openid:${appid}:${personKey}`)
}

/** The unionid of a person: one for all apps that are bound to the brand's open-platform account. */
export function unionidOf(personKey: string): string {
  return digest('oU', `unionid:${personKey}`)
}

/** The same for the apps of another open-platform account: nothing like the first. */
export function unionidFor(platform: string, personKey: string): string {
  return digest('oU', `unionid:${platform}:${personKey}`)
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
