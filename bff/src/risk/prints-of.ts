import { BlockList, isIP } from 'node:net'
import type { Keys } from '../keys'

/** What somebody was seen with, unreadable: 43 characters of a keyed hash. `former`: under keys that are being replaced. */
export interface SeenPrint {
  kind: 'device' | 'payer' | 'network'
  print: string
  former?: string[]
}

export interface Seen {
  /** The phone's own random mark. */
  install?: string | undefined
  /** Who paid, as the till's payment provider names them. */
  payer?: string | undefined
  ip?: string | undefined
}

/**
 * Hashes what somebody was seen with; nothing readable is kept. Equal things give equal prints within a brand, and the
 * kinds cannot be mixed up. What is missing, and an address that is no place on the internet, gives none.
 */
export function printsOf({ keys }: { keys: Keys }, { install, payer, ip }: Seen): SeenPrint[] {
  const network = ip ? networkOf(ip) : null
  return [
    ...(install ? [printed(keys, 'device', install)] : []),
    ...(network ? [printed(keys, 'network', network)] : []),
    ...(payer ? [printed(keys, 'payer', payer)] : []),
  ]
}

function printed(keys: Keys, kind: SeenPrint['kind'], text: string): SeenPrint {
  const [print = '', ...former] = keys
    .hashes('risk', `${kind}:${text}`)
    .map((hex) => Buffer.from(hex, 'hex').toString('base64url'))
  return former.length > 0 ? { kind, print, former } : { kind, print }
}

/** The house's own addresses: what a proxy or a test shows, and shared by everybody behind it. */
const INNER = new BlockList()
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  INNER.addSubnet(net, bits, 'ipv4')
for (const [net, bits] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  INNER.addSubnet(net, bits, 'ipv6')

/** The address of a household: IPv4 whole, of IPv6 the first 64 bits, since a phone changes the rest by itself. */
function networkOf(ip: string): string | null {
  const plain = ip.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  const version = isIP(plain)
  if (version === 0 || INNER.check(plain, version === 4 ? 'ipv4' : 'ipv6')) return null
  if (version === 4) return plain
  // a URL writes an address in the one shortest form
  const [head = '', tail] = new URL(`http://[${plain}]`).hostname.slice(1, -1).split('::')
  const first = head ? head.split(':') : []
  const last = tail ? tail.split(':') : []
  const zeros = Array.from({ length: tail === undefined ? 0 : 8 - first.length - last.length }, () => '0')
  return [...first, ...zeros, ...last].slice(0, 4).join(':')
}
