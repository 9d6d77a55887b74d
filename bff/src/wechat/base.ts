const API_HOSTS = [
  'api.weixin.qq.com',
  'api2.weixin.qq.com',
  'sh.api.weixin.qq.com',
  'sz.api.weixin.qq.com',
  'hk.api.weixin.qq.com',
]
const OAUTH_HOSTS = ['open.weixin.qq.com']

interface Bases {
  apiBase: string
  oauthBase: string
  production: boolean
  /** The operator said explicitly that another address is meant. */
  allowOther: boolean
}

/**
 * Why these base addresses must not be used, in English for the one who starts the server, or null. In production
 * only WeChat's own hosts over https pass without the flag: at any other address a token, a secret or a login
 * could be handed to, or made up by, a stranger.
 */
export function wechatBaseRefusal({ apiBase, oauthBase, production, allowOther }: Bases): string | null {
  const pairs = [
    { name: 'WECHAT_API_BASE', value: apiBase, hosts: API_HOSTS },
    { name: 'WECHAT_OAUTH_BASE', value: oauthBase, hosts: OAUTH_HOSTS },
  ]
  for (const { name, value, hosts } of pairs) {
    const url = parse(value)
    if (!url) return `${name} is not an http(s) address without query, path or login`
    if (!production || allowOther) continue
    if (url.protocol !== 'https:' || url.port !== '' || !hosts.includes(url.hostname)) {
      return `${name} points to ${url.origin}, which is not WeChat; in production this needs WECHAT_ALLOW_OTHER_BASE=yes`
    }
  }
  return null
}

function parse(value: string): URL | null {
  if (!URL.canParse(value)) return null
  const url = new URL(value)
  const plain = url.pathname === '/' && !url.search && !url.hash && !url.username && !url.password
  return plain && (url.protocol === 'https:' || url.protocol === 'http:') ? url : null
}
