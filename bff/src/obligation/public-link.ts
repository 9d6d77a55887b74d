import { setTimeout as pause } from 'node:timers/promises'
import { callableUrl, openAddresses, type Resolve } from '../outside'

/** Names that lead nowhere but into somebody's own network. */
const INSIDE = /(^|\.)(localhost|local|internal|intranet|lan|home|corp|home\.arpa)$/i
/** Names are asked for no longer than this. */
const RESOLVE_MS = 3_000

/**
 * Whether a link is one for everybody: https, a public host, no credentials. It is never fetched; a name that cannot be resolved just
 * now is left to the person who looks at it.
 */
export async function isPublicLink(link: string, resolve?: Resolve): Promise<boolean> {
  if (!URL.canParse(link)) return false
  const bare = new URL(link)
  bare.hash = ''
  const outside = { allowLocal: false, ...(resolve ? { resolve } : {}) }
  const url = await callableUrl(bare.href, outside)
  if (!url?.hostname.includes('.') || INSIDE.test(url.hostname.replace(/\.$/, '')))
    return Boolean(url?.hostname.startsWith('['))
  // whoever hands it in chose the name, and with it how long its answer takes
  const late = pause(RESOLVE_MS, null, { ref: false })
  const found = await Promise.race([
    openAddresses(url.hostname, { ...outside, allowLocal: true }).catch(() => null),
    late,
  ])
  if (!found) return true
  return openAddresses(url.hostname, { allowLocal: false, resolve: async () => found }).then(
    () => true,
    () => false,
  )
}
