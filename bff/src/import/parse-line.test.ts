import { readFileSync, writeFileSync } from 'node:fs'
import { DEMO_POLICY } from '@huiyuan/shared/policy'
import fc from 'fast-check'
import { cellsOf, cellText } from './cells'
import { FileRefused, headerOf } from './columns'
import { fileOf } from './import.fixture'
import { parseLine, shownKey } from './parse-line'
import { ProblemFile } from './problem-file'
import { readFirstLine, readLines } from './read-lines'

const NOW = new Date('2026-11-22T04:00:00.000Z')
const terms = { policy: DEMO_POLICY, now: NOW, system: 'pos' }
const HEADER = headerOf(
  '手机号,cards,外部编号,积分,积分到期日,成长值,等级,生日,标签,姓名,入会日期,last_seen'.split(','),
)
const parsed = (text: string) => parseLine(cellsOf(text) ?? [], HEADER, terms)

test('a whole line is read as it is meant', () => {
  const text =
    ' 138 0000 2207 ,8123456789012345|99887766,crm:77|A-9,320@2027-03-31|50@2026/12/1,,1200|300@2026-05-10,黄金,1990-3-8,茶友|老客|茶友,"林, 小满",2023-05-06,2026-11-01'
  expect(parsed(text).line).toEqual({
    key: 'external:crm:77',
    phone: '+8613800002207',
    cards: ['8123456789012345', '99887766'],
    externals: [
      { system: 'crm', id: '77' },
      { system: 'pos', id: 'A-9' },
    ],
    lots: [
      { points: 320, expiresAt: new Date('2027-03-31T15:59:59.999Z') },
      { points: 50, expiresAt: new Date('2026-12-01T15:59:59.999Z') },
    ],
    growth: [
      { amount: 1200, earnedAt: null },
      { amount: 300, earnedAt: new Date('2026-05-09T16:00:00.000Z') },
    ],
    tier: 2,
    birthday: { month: 3, day: 8 },
    tags: ['茶友', '老客'],
    name: '林, 小满',
    joinedAt: new Date('2023-05-05T16:00:00.000Z'),
    seenAt: new Date('2026-10-31T16:00:00.000Z'),
  })
})

test('two lots alike are two lots, and all of one line stays within what an account holds', () => {
  expect(parsed(',4567,,50@2027-03-31|50@2027-03-31,,100|100,,,,,,').line).toMatchObject({
    lots: [{ points: 50 }, { points: 50 }],
    growth: [{ amount: 100 }, { amount: 100 }],
  })
  expect(parsed(',4567,,9000000|9000000,,,,,,,,').problems).toMatchObject([{ column: 'points' }])
})

test('little is enough, and nothing is added to it', () => {
  expect(parsed(',4567,,0,2027-01-31,,,,,,,').line).toMatchObject({
    key: 'card:4567',
    lots: [],
    growth: [],
    tier: null,
    name: null,
  })
  expect(parsed('13800002207,,,30,2027-01-31,,6,02-29,,,,').line).toMatchObject({
    key: 'phone:+8613800002207',
    lots: [{ points: 30, expiresAt: new Date('2027-01-31T15:59:59.999Z') }],
    tier: 6,
    birthday: { month: 2, day: 29 },
  })
})

test.each([
  ['12345,,,,,,,,,,,', ['phone']],
  [',12 34,,,,,,,,,,', ['cards']],
  [',8.12E+15,,,,,,,,,,', ['cards']],
  [',,a b,,,,,,,,,', ['externals']],
  [`,1234,${'x'.repeat(65)},,,,,,,,,`, ['externals']],
  [',1234,,-5,,,,,,,,', ['points']],
  [',1234,,3.5,,1e3,,,,,,', ['points', 'growth']],
  [',1234,,5@2027-02-30,,,,,,,,', ['points']],
  [',1234,,5@2027-02-28,2027-02-28,,,,,,,', ['expires']],
  [',1234,,5@2026-11-21,,,,,,,,', ['points']],
  [',1234,,5,2026-11-21,,,,,,,', ['expires']],
  [',1234,,,,9@2026-11-23|9@2025-11-21,,,,,,', ['growth', 'growth']],
  [',1234,,,,,7,,,,,', ['tier']],
  [',1234,,,,,,02-30,,,,', ['birthday']],
  [`,1234,,,,,,,${'长'.repeat(25)},,,`, ['tags']],
  [`,1234,,,,,,,,${'长'.repeat(21)},,`, ['name']],
  [',1234,,,,,,,,,2026-11-23,明天', ['joined', 'seen']],
  [',,,5,,,,,,,,', [null]],
  [',1234', [null]],
  ['x,1 2,,-1,x,x,9,x,,,x,x', ['phone', 'cards', 'expires', 'points', 'growth', 'tier', 'birthday', 'joined', 'seen']],
])('%s is refused, with everything that is wrong', (text, columns) => {
  const { line, problems } = parsed(text)
  expect(line).toBeUndefined()
  expect(problems?.map(({ column }) => column).sort()).toEqual([...columns].sort())
  for (const { words } of problems ?? []) expect(words).toMatch(/\p{Script=Han}/u)
})

test('nothing that a line may hold breaks it, and what is taken is within its limits', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 30 }), { minLength: 12, maxLength: 12 }), (cells) => {
      const { line, problems } = parseLine(cells, HEADER, terms)
      expect(line === undefined).toBe((problems?.length ?? 0) > 0)
      for (const { points } of line?.lots ?? []) expect(points).toBeGreaterThan(0)
      expect(shownKey(cells, HEADER).length).toBeLessThanOrEqual(25)
    }),
  )
})

test('cells come back as they were written; a quote that does not close is its own line’s trouble', () => {
  const cell = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((text) => !/[\n\r\uFEFF]/.test(text))
  fc.assert(
    fc.property(fc.array(cell, { minLength: 2, maxLength: 12 }), (cells) => {
      expect(cellsOf(cells.map(cellText).join(','))).toEqual(cells)
    }),
  )
  for (const text of ['1,"b', '1,"b"c,d', 'a"b,c']) expect(cellsOf(text)).toBeNull()
})

test.each([
  ['手机号;积分', /no column "手机号;积分"/],
  ['phone,手机号,points', /is there twice/],
  ['points,姓名', /nobody can be known by it/],
  ['phone,points,shoe size', /no column "shoe size"/],
])('the header %s is refused at once', (text, words) => {
  expect(() => headerOf(text.split(','))).toThrow(FileRefused)
  expect(() => headerOf(text.split(','))).toThrow(words)
})

describe('the lines of a file', () => {
  const all = async (path: string, from = { no: 1, byte: 0 }) => {
    const lines = []
    for await (const line of readLines(path, from)) lines.push(line)
    return lines
  }

  test('are numbered as an editor does, whatever ends them; a long or a foreign one costs itself alone', async () => {
    const gbk = Buffer.from([0xc1, 0xd6, 0xd0, 0xa1])
    const { path } = fileOf(['手机号', '一', '', 'x'.repeat(300_000), gbk, '末'], '\r\n')
    const lines = await all(path)
    expect(lines.map(({ no, text, problem }) => [no, text, problem])).toEqual([
      [1, '手机号', undefined],
      [2, '一', undefined],
      [3, '', undefined],
      [4, null, 'long'],
      [5, null, 'utf8'],
      [6, '末', undefined],
    ])
    const [, second] = lines
    expect(await all(path, { no: 3, byte: second?.endsAt as number })).toEqual(lines.slice(2))
  })

  test('the first one is read without its byte order mark, and is not another encoding’s', async () => {
    expect((await readFirstLine(fileOf(['\uFEFF手机号,积分']).path)).text).toBe('手机号,积分')
    await expect(readFirstLine(fileOf([Buffer.from([0xff, 0xfe, 0x4b, 0x62])]).path)).rejects.toThrow(/UTF-8/)
    const empty = fileOf([])
    writeFileSync(empty.path, '')
    await expect(readFirstLine(empty.path)).rejects.toThrow(/empty/)
  })
})

test('the file of problems keeps what was committed, once, and nothing in it is calculated by a spreadsheet', async () => {
  const { problemPath: path } = fileOf([])
  const row = (no: number, shown: string) => ({ no, shown, taken: false, column: 'cards' as const, words: '一,二' })
  const first = new ProblemFile(path, HEADER.titles, 0)
  await first.write([row(2, '=1+1')])
  await first.write([row(2, '=1+1'), row(3, 'crm:3')])
  first.keep()
  await first.write([row(9, 'never committed')])
  await first.close()
  const next = new ProblemFile(path, HEADER.titles, 5)
  await next.write([row(7, '')])
  await next.close()
  expect(readFileSync(path, 'utf8')).toBe(
    `\uFEFF行,列,问题,编号,是否收下\n2,cards,"一,二",'=1+1,否\n3,cards,"一,二",crm:3,否\n7,cards,"一,二",,否\n`,
  )
})
