import { randomUUID } from 'node:crypto'
import { keysFrom } from '../keys'
import { linkEnd, uploadUrl } from './upload-url'

const HOUR = 3_600_000
const [former, next] = [1, 2].map((fill) => Buffer.alloc(32, fill).toString('base64')) as [string, string]
let at = new Date('2026-11-22T04:12:34Z')
const room = (masterKey: string) => ({ keys: keysFrom(masterKey), now: () => at })

test('a link opens its own picture until its time, under any key of the house, and no made-up one does', () => {
  const house = room(`1:${former}`)
  const uploadId = randomUUID()
  const url = uploadUrl(house, uploadId)
  expect(uploadUrl(house, uploadId)).toBe(url)
  const token = new URL(url, 'http://x').searchParams.get('t') as string
  const until = linkEnd(house, uploadId, token) as number
  expect(until - at.getTime()).toBeGreaterThan(HOUR)
  expect(linkEnd(room(`2:${next},1:${former}`), uploadId, token)).toBe(until)
  expect(linkEnd(room(`2:${next}`), uploadId, token)).toBeNull()
  const [digits, seal] = token.split('.') as [string, string]
  const longer = (until + 1_000).toString(36)
  const made = [`${longer}.${seal}`, `${digits}.${'A'.repeat(43)}`, `${digits}.${seal.slice(1)}`, `${digits} .${seal}`]
  for (const one of [undefined, '', 'x', [token], {}, ...made]) expect(linkEnd(house, uploadId, one)).toBeNull()
  expect(linkEnd(house, randomUUID(), token)).toBeNull()
  at = new Date(until)
  expect(linkEnd(house, uploadId, token)).toBeNull()
})
