import { randomBytes } from 'node:crypto'
import { keysFrom } from '../keys'
import { printsOf } from './prints-of'

const secret = () => randomBytes(32).toString('base64')
const [old, fresh] = [secret(), secret()]
const before = keysFrom(`1:${old}`)
const rotating = keysFrom(`2:${fresh},1:${old}`)
const networkOf = (ip: string) => printsOf({ keys: before }, { ip }).map(({ print }) => print)

test('what is seen is kept as hashes that fit the column and tell the kinds apart', () => {
  const prints = printsOf({ keys: before }, { install: 'same', payer: 'same', ip: '203.0.113.7' })
  expect(prints.map(({ kind }) => kind)).toEqual(['device', 'network', 'payer'])
  expect(new Set(prints.map(({ print }) => print)).size).toBe(3)
  for (const { print } of prints) expect(print).toMatch(/^[\w-]{43}$/)
  expect(JSON.stringify(prints)).not.toMatch(/same|203/)
  expect(printsOf({ keys: before }, { install: '', ip: '' })).toEqual([])
})

test('while keys rotate a print names the one it had before', () => {
  const [was] = printsOf({ keys: before }, { install: 'phone' })
  const [is] = printsOf({ keys: rotating }, { install: 'phone' })
  expect(is?.former).toEqual([was?.print])
  expect(is?.print).not.toBe(was?.print)
})

test.each([
  ['one IPv4 address, also as IPv6 writes it', '203.0.113.7', '::ffff:203.0.113.7', true],
  ['neighbours in IPv4', '203.0.113.7', '203.0.113.8', false],
  ['one household in IPv6', '2001:db8:1:2::5', '2001:db8:1:2:aaaa:bbbb:cccc:dddd', true],
  ['zeros written out or not', '2001:db8::1', '2001:0db8:0000:0000:9::', true],
  ['two households in IPv6', '2001:db8:1:2::5', '2001:db8:1:3::5', false],
])('%s', (_name, one, other, same) => {
  expect(networkOf(one)).toHaveLength(1)
  expect(networkOf(one)[0] === networkOf(other)[0]).toBe(same)
})

test.each([
  '127.0.0.1',
  '::1',
  '10.2.3.4',
  '172.20.0.1',
  '192.168.1.9',
  'fe80::1%eth0',
  'fd00::2',
  '::ffff:10.0.0.1',
  'x',
])('%s is no network of anybody', (ip) => expect(networkOf(ip)).toEqual([]))
