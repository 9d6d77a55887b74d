import { lookup as systemLookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

export interface Resolved {
  address: string
  family: number
}

/** All addresses of a name. */
export type Resolve = (hostname: string) => Promise<Resolved[]>

/** What a server may call by itself. */
export interface Outside {
  /** For demonstrations and tests: plain http, and addresses of this machine and its network. */
  allowLocal: boolean
  resolve?: Resolve
}

/** Not the public internet: this machine, its network, its provider, what is reserved, and ways to write any of them. */
const CLOSED_V4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...['192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24'],
  ...['224.0.0.0/4', '240.0.0.0/4'],
]
/** Of IPv6 only global unicast is open, and of that not what carries IPv4 addresses inside or is for documents. */
const OPEN_V6 = '2000::/3'
const CLOSED_V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']

const listOf = (family: 'ipv4' | 'ipv6', subnets: string[]): BlockList => {
  const list = new BlockList()
  for (const subnet of subnets) {
    const [net = '', bits] = subnet.split('/')
    list.addSubnet(net, Number(bits), family)
  }
  return list
}
const closedV4 = listOf('ipv4', CLOSED_V4)
const openV6 = listOf('ipv6', [OPEN_V6])
const closedV6 = listOf('ipv6', CLOSED_V6)

function isPublic(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return !closedV4.check(address, 'ipv4')
  return family === 6 && openV6.check(address, 'ipv6') && !closedV6.check(address, 'ipv6')
}

/**
 * The addresses behind a host that this server may call. One that is not public spoils all of them: a name that answers
 * with both is trying something.
 * @throws Error naming the host when there are none
 */
export async function openAddresses(
  hostname: string,
  { allowLocal, resolve = resolveAll }: Outside,
): Promise<Resolved[]> {
  const host = hostOf(hostname)
  const family = isIP(host)
  const addresses = family ? [{ address: host, family }] : await resolve(host)
  if (addresses.length === 0) throw new Error(`${host} has no address`)
  if (!allowLocal && !addresses.every(({ address }) => isPublic(address)))
    throw new Error(`${host} is not a public address`)
  return addresses
}

/** Without the brackets that an address of IPv6 wears in a URL. */
const hostOf = (hostname: string) => hostname.replace(/^\[(.*)\]$/, '$1')

const resolveAll: Resolve = (hostname) => systemLookup(hostname, { all: true, verbatim: true })

/** The address, when its form is one to call: https, without credentials; a written-out number of the public internet. */
export async function callableUrl(address: string, outside: Outside): Promise<URL | null> {
  if (!URL.canParse(address)) return null
  const url = new URL(address)
  if (url.username || url.password || url.hash) return null
  if (url.protocol !== 'https:' && !(outside.allowLocal && url.protocol === 'http:')) return null
  const written = isIP(hostOf(url.hostname)) > 0
  return written && !(await isOpen(url, outside)) ? null : url
}

const isOpen = ({ hostname }: URL, outside: Outside) =>
  openAddresses(hostname, outside).then(
    () => true,
    () => false,
  )

/** Names are asked for no longer than this. */
const RESOLVE_MS = 5_000

/** Whether something may be posted to this address, by its form and by what its name stands for now. */
export async function mayCall(address: string, outside: Outside): Promise<boolean> {
  const url = await callableUrl(address, outside)
  if (!url) return false
  return Promise.race([isOpen(url, outside), pause(RESOLVE_MS, false, { ref: false })])
}
