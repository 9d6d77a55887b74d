import { createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto'
import { provenCode, type Sign, signCertificate, type Verify } from '@huiyuan/shared/certificate'
import { codeStep } from '@huiyuan/shared/code'
import { clashText } from '../../lib/clash-text'
import {
  type Book,
  newBook,
  nextPart,
  readScan,
  type Shown,
  waitingFen,
  waitingTablets,
  withEntry,
  withResults,
} from './offline-book'
import { refusalWords } from './offline-words'

const NOW = Date.parse('2026-11-22T06:00:10Z')
const rawOf = (key: KeyObject) => new Uint8Array(key.export({ format: 'der', type: 'spki' }).subarray(-32))
const pair = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const by: Sign = (message) => new Uint8Array(sign(null, message, privateKey))
  return { publicKey: rawOf(publicKey), by }
}
const check: Verify = (publicKey, message, signature) => {
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey])
  return verify(null, message, createPublicKey({ key: der, format: 'der', type: 'spki' }), signature)
}
const server = pair()
const phone = pair()
const handle = '0123456789'
const codeOf = (at: number, tag = '7654321', expiresAt = NOW + 3_600_000) => {
  const terms = { handle, publicKey: phone.publicKey, tier: 2, expiresAt, keyNumber: 1 }
  return provenCode(`9${handle}${tag}`, signCertificate(terms, server.by), codeStep(at), phone.by)
}
const read = (text: string, book: Book, now = NOW) =>
  readScan(text, book, { now, keys: [{ number: 1, publicKey: server.publicKey }], verify: check })
const shownOf = (text: string, book: Book, now = NOW) => (read(text, book, now) as { shown: Shown }).shown

test('a proven code is taken once, its tier read from the certificate; the next one of the same phone is welcome', () => {
  const book = newBook('t', 1_000_001)
  const shown = shownOf(codeOf(NOW), book)
  expect(shown.proven).toEqual({ handle, tier: 2, step: codeStep(NOW) })
  const after = withEntry(book, shown, 6_800, NOW)
  expect(after.waiting).toMatchObject([{ sequence: 1_000_001, amountFen: 6_800, tier: 2 }])
  expect(read(codeOf(NOW), after)).toEqual({ refusal: { refusal: 'used_here' } })
  expect(shownOf(codeOf(NOW + 30_000, '7654322'), after, NOW + 30_000).proven?.step).toBe(codeStep(NOW) + 1)
  // and it stays refused when the entry has gone to the server
  const synced = withResults(after, 't', [{ sequence: 1_000_001, state: 'settled', clash: null, points: 68 }], NOW)
  expect(read(codeOf(NOW), synced)).toEqual({ refusal: { refusal: 'used_here' } })
})

test('a photographed, forged or ended proof and a clock that is off are refused in words', () => {
  const book = newBook('t', 1)
  const refusals = [
    read(codeOf(NOW), book, NOW + 300_000),
    read(codeOf(NOW), book, NOW - 300_000),
    read(codeOf(NOW, '7654321', NOW - 1_000), book),
    read(`${codeOf(NOW).slice(0, -1)}${codeOf(NOW).endsWith('1') ? 2 : 1}`, book),
    read('6912345678901', book),
  ].map((scanned) => ('refusal' in scanned ? refusalWords(scanned.refusal).title : 'taken'))
  expect(refusals).toEqual([
    '这是 5 分钟前的码',
    '手机时间快了 5 分钟',
    '这部手机太久没有联网',
    '这个码验不过',
    '这不是会员码',
  ])
})

test('digits alone are kept for the server to check, and once only', () => {
  const book = newBook('t', 1)
  const shown = shownOf(`9${handle}7654321`, book)
  expect(shown.proven).toBeNull()
  const after = withEntry(book, shown, 100, NOW)
  expect(read(`9${handle}7654321`, after)).toEqual({ refusal: { refusal: 'used_here' } })
})

test('what the server named leaves the queue, anything else waits; clashes keep their words', () => {
  let book = newBook('t', 1)
  for (let n = 0; n < 3; n++) book = withEntry(book, shownOf(`9${handle}000000${n}`, book), 1_000 * (n + 1), NOW)
  expect(waitingFen(book)).toBe(6_000)
  // made a tablet of another till meanwhile: each entry goes under the tablet that counted it, though both count alike
  const later = withEntry({ ...book, tabletId: 'u', next: 1 }, shownOf(`9${handle}1000000`, book), 700, NOW)
  expect(waitingTablets(later)).toEqual(['t', 'u'])
  expect(nextPart(later, 't').map(({ sequence }) => sequence)).toEqual([1, 2, 3])
  const first = withResults(later, 't', [{ sequence: 1, state: 'settled', clash: null, points: 10 }], NOW)
  expect(first.waiting.map(({ tabletId, sequence }) => `${tabletId}${sequence}`)).toEqual(['t2', 't3', 'u1'])
  expect(nextPart(first, 'u')).toMatchObject([{ sequence: 1, amountFen: 700 }])
  const synced = withResults(
    book,
    't',
    [
      { sequence: 1, state: 'settled', clash: null, points: 10 },
      { sequence: 3, state: 'clash', clash: 'code_used', points: null },
      { sequence: 99, state: 'settled', clash: null, points: 1 },
    ],
    NOW,
  )
  expect(synced.waiting.map(({ sequence }) => sequence)).toEqual([2])
  expect(synced.results.map(({ sequence, amountFen }) => [sequence, amountFen])).toEqual([
    [3, 3_000],
    [1, 1_000],
  ])
  expect(clashText('code_used')).toBe('这个会员码已经用过一次')
  expect(clashText('something new')).toBe('需要核对')
})
