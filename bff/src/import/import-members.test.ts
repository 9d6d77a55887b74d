import { readFileSync } from 'node:fs'
import { memberNoFrom } from '@huiyuan/shared/member'
import { tierTermsOf } from '@huiyuan/shared/tier'
import { dayText } from '@huiyuan/shared/time'
import { testDatabase } from '../../../test/support/database'
import { generateImportFile } from '../../../test/support/import-file'
import { expectLedgerHolds, expectLedgerProven, programmeTotals } from '../../../test/support/ledger'
import type { TestHouse } from '../../../test/support/people'
import { findClaim, joinedSince } from '../member'
import { attachPhone } from '../member/attach-phone'
import { account, button, holderOf, memberHouse, newMember, newNumber, oldCard } from '../member/member.fixture'
import { eraseDueMembers } from '../privacy/erase-due-members'
import { everyRow, fileOf, peopleOf } from './import.fixture'
import { type ImportWish, importMembers } from './import-members'

const database = testDatabase()
let one: TestHouse
beforeAll(() => {
  one = memberHouse(database.url)
})
afterAll(() => one.close())

const HEADER = '手机号,会员卡号,外部编号,积分,成长值,等级,生日,标签,姓名,入会日期,最近到店'
const SEEN = '2026-11-01'
let cards = 0
const newCard = () => memberNoFrom(String(70_000_000_000_000 + cards++))
const national = (phone: string) => phone.replace('+86', '')
const take = (lines: string[], more: Partial<ImportWish> = {}) => {
  const file = fileOf([HEADER, ...lines])
  return { ...file, report: importMembers(one.as(), { ...file, ...more }) }
}
/** Lines of the problem file: number, column, taken. */
const problemsIn = (path: string) =>
  readFileSync(path, 'utf8')
    .split('\n')
    .slice(1, -1)
    .map((row) => row.split(','))
    .map((row) => [Number(row[0]), row[1], row.at(-1)])
const holding = async (card: string) => {
  const where = { kind: 'store_card', issuer: '', subject: card }
  return (await one.house.prisma.identity.findFirst({ where, select: { memberId: true } }))?.memberId ?? null
}
const totals = () => programmeTotals(one.house.prisma)

test('somebody nobody knew is there as the old plastic card of the story: with everything, and has agreed to nothing', async () => {
  const [card, phone] = [newCard(), newNumber()]
  const line = `${national(phone)},${card},crm:1,320@2027-03-31|50@2026-12-31,900@2026-05-10|300,铂金,3-8,老客|茶友,林小满,2024-05-06,`
  const { report, problemPath } = take([line])
  expect(await report).toMatchObject({
    state: 'finished',
    lines: 2,
    counts: { created: 1, points: 370, growth: 1_200, refused: 0 },
  })
  expect(problemsIn(problemPath)).toEqual([])
  const memberId = (await holding(card)) as string
  const { prisma, keys } = one.house
  const member = await prisma.member.findUniqueOrThrow({ where: { memberId } })
  expect(member).toMatchObject({ memberNo: card, status: 'active', joinChannel: 'import', birthMonth: 3, birthDay: 8 })
  expect([dayText(member.joinedAt), dayText(member.lastActiveAt)]).toEqual(['2024-05-06', '2024-05-06'])
  expect(keys.openText(member.nameSealed as Uint8Array)).toBe('林小满')
  expect([await holderOf(one, phone), await joinedSince(one.as(), memberId)]).toEqual([memberId, null])
  expect(await prisma.consent.count({ where: { memberId } })).toBe(0)
  expect(await prisma.referralLink.count({ where: { memberId } })).toBe(1)
  expect(await account(one, memberId)).toMatchObject({ availablePoints: 370, growth: 1_200 })
  expect(await prisma.standing.findUniqueOrThrow({ where: { memberId } })).toMatchObject({ tier: 3 })
  // growth leaves on the day on which it would have left there, and the tier was the old system's word
  const terms = { memberId, growth: 0, at: one.clock.at, ...tierTermsOf(one.house.policy) }
  expect(await one.house.sql('tier_lower', terms)).toEqual({ before: 3, after: 3 })
  const later = { memberId, at: new Date('2027-05-12T00:00:00Z'), from: new Date('2026-05-11T16:00:00Z') }
  expect(await one.house.sql('ledger_settle_growth', later)).toEqual({ expired: 900 })
})

describe('lines that touch somebody', () => {
  test('by the one rule: what is sure merges, a phone only for whom both sides have seen lately', async () => {
    const [wx, lone] = await Promise.all([newMember(one), newMember(one, { weapp: null, joinedDaysAgo: 200 })])
    const plastic = await oldCard(one)
    const plasticNo = (await one.house.prisma.member.findUniqueOrThrow({ where: { memberId: plastic.memberId } }))
      .memberNo
    const [c1, c2, c3, c4, c5] = [newCard(), newCard(), newCard(), newCard(), newCard()]
    const shared = national(newNumber())
    const before = await totals()
    const line = (phone: string, card: string, external: string, points: number, seen = SEEN) =>
      [phone, card, external, points, '', '', '', '', '', '', seen].join(',')
    const lines = [
      line(national(wx.phone), c1, '', 100), // 2 the WeChat member's own phone
      line('', plasticNo, 'crm:9', 50, ''), // 3 by card; brings an external id
      line(national(newNumber()), '', 'erp:9|crm:9', 7), // 4 by external id; has a phone by now
      line(national(lone.phone), c2, '', 20), // 5 a phone whose holder is silent
      line(national(wx.phone), c3, '', 30, '2020-01-01'), // 6 a phone of old that is somebody else's now
      line(national(wx.phone), '', '', 40, '2020-01-01'), // 7 and nothing else to know them by
      line(shared, c4, '', 60), // 8, 9 two cards, one phone
      line(shared, c5, '', 70),
      line('', `${c5}|${c1}`, 'crm:10', 5), // 10 who turns out to be the WeChat member
      line('', wx.memberNo, '', 5), // 11 a number printed on somebody else's card
      line('', c4, 'crm:9', 1_000), // 12 the line of crm:9 has had its effect
    ]
    const { report, problemPath } = take(lines)
    const { counts } = await report
    expect(counts).toMatchObject({ created: 3, added: 5, refused: 2, repeated: 1, merged: 1, waiting: 2, points: 342 })
    expect(problemsIn(problemPath)).toEqual([
      ...[
        [4, '手机号', '是'],
        [5, '手机号', '是'],
        [6, '手机号', '是'],
        [7, '手机号', '否'],
        [11, '会员卡号', '否'],
      ],
      [12, '', '是'],
    ])
    expect(await account(one, wx.memberId)).toMatchObject({ availablePoints: 100 + 60 + 70 + 5 })
    expect(await Promise.all([c1, c4, c5].map(holding))).toEqual([wx.memberId, wx.memberId, wx.memberId])
    expect(await holderOf(one, wx.phone)).toBe(wx.memberId)
    const both = await one.house.prisma.member.findUniqueOrThrow({ where: { memberId: plastic.memberId } })
    expect(await account(one, plastic.memberId)).toMatchObject({ availablePoints: 320 + 50 + 7 })
    expect([await holderOf(one, plastic.phone), both.lastActiveAt <= new Date('2026-11-01T00:00:00+08:00')]).toEqual([
      plastic.memberId,
      true,
    ])
    // the silent ones keep their phone; their cards wait for the last four digits
    expect(await holderOf(one, lone.phone)).toBe(lone.memberId)
    expect(await findClaim(one.as().db, lone.memberId, one.clock.at)).toMatchObject({ points: 20 })
    expect(await findClaim(one.as().db, wx.memberId, one.clock.at)).toMatchObject({ points: 30 })
    expect(await totals()).toEqual({ points: before.points + counts.points, growth: before.growth })
    await expectLedgerHolds(one.house.prisma)
  })

  test('who is leaving, who was separated and who is another WeChat person is left alone, line by line', async () => {
    const [leaving, apart, other, wx, wy] = await Promise.all([
      oldCard(one),
      oldCard(one),
      oldCard(one),
      newMember(one),
      newMember(one),
    ])
    const { prisma } = one.house
    const day = one.clock.at
    await prisma.cancellation.create({
      data: { memberId: leaving.memberId, askedAt: day, dueAt: day, state: 'asked', because: 'member' },
    })
    const mergeId = leaving.memberId
    for (const [memberId, otherId] of [
      [apart.memberId, other.memberId],
      [other.memberId, apart.memberId],
    ] as [string, string][])
      await prisma.keptApart.create({ data: { memberId, otherId, mergeId, at: day } })
    const [a, b] = [newCard(), newCard()]
    await take([`,${a},,1,,,,,,,`, `,${b},,1,,,,,,,`]).report
    const noOf = async (memberId: string) => (await prisma.member.findUniqueOrThrow({ where: { memberId } })).memberNo
    await prisma.identity.update({
      where: { kind_issuer_subject: { kind: 'store_card', issuer: '', subject: a } },
      data: { memberId: wx.memberId },
    })
    await prisma.identity.update({
      where: { kind_issuer_subject: { kind: 'store_card', issuer: '', subject: b } },
      data: { memberId: wy.memberId },
    })
    const pairs = [
      [await noOf(leaving.memberId), await noOf(apart.memberId)],
      [await noOf(apart.memberId), await noOf(other.memberId)],
      [a, b],
    ]
    const before = await everyRow(prisma)
    const { report, problemPath } = take(pairs.map((pair, n) => `,${pair.join('|')},none:${n},5,,,,,,,`))
    expect((await report).counts).toMatchObject({ refused: 3, points: 0 })
    expect(readFileSync(problemPath, 'utf8')).toMatch(/正在注销.*客服已经把.*两个不同的微信/s)
    expect(await everyRow(prisma)).toEqual(before)
  })
})

describe('a file of some hundred lines, broken ones and doubles among them', () => {
  const made = async (series: number) => {
    const file = fileOf([])
    return {
      file,
      made: await generateImportFile({
        path: file.path,
        lines: 450,
        now: one.clock.at,
        duplicatesPerMille: 200,
        brokenPerMille: 60,
        series,
      }),
    }
  }

  test('a dry run leaves nothing; taken in, its sums are the file’s; again, or in another file, it changes nothing', async () => {
    const { file, made: holds } = await made(1)
    const { prisma } = one.house
    const [empty, before, members] = [
      await everyRow(prisma),
      await totals(),
      await prisma.member.count({ where: { status: 'active' } }),
    ]
    const dry = await importMembers(one.as(), { ...file, dryRun: true, batchLines: 450 })
    expect(await everyRow(prisma)).toEqual(empty)
    expect(await prisma.importRun.count({ where: { fileName: 'members.csv', lines: 451 } })).toBe(0)

    const report = await importMembers(one.as(), { ...file, batchLines: 90 })
    expect(report.counts).toEqual(dry.counts)
    expect(report.counts).toMatchObject({ refused: holds.broken, points: holds.points, growth: holds.growth })
    expect(await totals()).toEqual({ points: before.points + holds.points, growth: before.growth + holds.growth })
    expect(await prisma.member.count({ where: { status: 'active' } })).toBe(members + holds.members)
    const refused = problemsIn(file.problemPath).filter(([, , taken]) => taken === '否')
    expect(new Set(refused.map(([no]) => no)).size).toBe(holds.broken)
    await expectLedgerProven(database.url)

    const [after, problems] = [await everyRow(prisma), readFileSync(file.problemPath, 'utf8')]
    expect(await importMembers(one.as(), file)).toMatchObject({ state: 'known', counts: report.counts })
    expect(readFileSync(file.problemPath, 'utf8')).toBe(problems)
    const again = await importMembers(one.as(), { ...file, again: true })
    expect(again.counts).toMatchObject({ created: 0, added: 0, merged: 0, points: 0, refused: holds.broken })
    const [header, ...lines] = readFileSync(file.path, 'utf8').trim().split('\r\n')
    const other = fileOf([header as string, ...lines.reverse()])
    expect((await importMembers(one.as(), other)).counts).toMatchObject({ created: 0, added: 0, points: 0 })
    expect(await everyRow(prisma)).toEqual(after)
  })

  test('stopped after any batch and gone on with, it comes to the same as in one go', async () => {
    const wish = { lines: 240, now: one.clock.at, duplicatesPerMille: 250, brokenPerMille: 60, series: 2 }
    const [whole, parts] = [fileOf([]), fileOf([])]
    await Promise.all([whole, parts].map(({ path }) => generateImportFile({ ...wish, path })))
    const mine = async () => (await peopleOf(one.house)).filter((person) => person.includes('crm 2-'))
    let states = 0
    for (let state = ''; state !== 'finished'; states++) {
      const stop = new AbortController()
      stop.abort()
      state = (
        await importMembers(one.as(), {
          ...parts,
          batchLines: 60,
          signal: states < 3 ? stop.signal : undefined,
        } as ImportWish)
      ).state
    }
    expect(states).toBe(4)
    const inParts = await mine()
    expect(inParts.length).toBeGreaterThan(150)
    // the same people under other numbers, in one go
    await generateImportFile({ ...wish, path: whole.path, series: 3 })
    const report = await importMembers(one.as(), { ...whole, batchLines: 60 })
    const inOne = (await peopleOf(one.house)).filter((person) => person.includes('crm 3-'))
    const figures = (people: string[]) =>
      people
        .map((person) => {
          const { cards: _, phones, ...rest } = JSON.parse(person)
          return JSON.stringify({ ...rest, phones: phones.length })
        })
        .sort()
    expect(figures(inParts)).toEqual(figures(inOne))
    expect(problemsIn(parts.problemPath)).toEqual(problemsIn(whole.problemPath))
    expect(report.state).toBe('finished')
  })

  test('beside a server that proves the same phones, each phone is one member’s and no point is lost', async () => {
    const before = await totals()
    const people = await Promise.all(Array.from({ length: 12 }, () => newMember(one)))
    const phones = people.map(() => newNumber())
    const lines = phones.map((phone) => `${national(phone)},${newCard()},,10,,,,,,,${SEEN}`)
    const binds = people.map(({ ctx }, n) =>
      attachPhone(ctx, { requestId: crypto.randomUUID(), phone: button(phones[n] as string) }),
    )
    const { report } = take(lines, { batchLines: 3 })
    const [{ counts }] = await Promise.all([report, ...binds])
    expect(counts).toMatchObject({ points: 120, refused: 0 })
    expect(await Promise.all(phones.map((phone) => holderOf(one, phone)))).toEqual(
      people.map(({ memberId }) => memberId),
    )
    expect(await totals()).toEqual({ points: before.points + 120, growth: before.growth })
    await expectLedgerHolds(one.house.prisma)
  })
})

test('beside members who leave at that moment, nothing stops the file', async () => {
  const [people, at] = [await Promise.all(Array.from({ length: 24 }, () => oldCard(one))), one.clock.at]
  const asked = { askedAt: at, dueAt: at, state: 'asked', because: 'member' }
  await one.house.prisma.cancellation.createMany({ data: people.map(({ memberId }) => ({ memberId, ...asked })) })
  const lines = people.map(({ memberNo }) => `,${memberNo},,10,,,,,,,`)
  const both = [take(lines, { batchLines: 4 }).report, eraseDueMembers(one.as(), { batch: 50 })] as const
  expect(await Promise.all(both)).toMatchObject([{ state: 'finished', lines: 25 }, { failed: 0 }])
  await expectLedgerHolds(one.house.prisma)
})

test('two processes at one file: one of them stops, and nothing is taken in twice', async () => {
  const file = fileOf([HEADER, ...Array.from({ length: 40 }, () => `${national(newNumber())},,,9,,,,,,,`)])
  const before = await totals()
  const both = await Promise.allSettled([1, 2].map(() => importMembers(one.as(), { ...file, batchLines: 4 })))
  for (const { status, ...end } of both)
    if (status === 'rejected') expect(String((end as { reason: unknown }).reason)).toMatch(/another process/)
  await importMembers(one.as(), { ...file, batchLines: 4 })
  expect((await totals()).points).toBe(before.points + 360)
})

test('what is no such file is refused before anything is written', async () => {
  const before = await everyRow(one.house.prisma)
  await expect(importMembers(one.as(), fileOf(['电话,积分', '13800000001,5']))).rejects.toThrow(/no column "电话"/)
  expect(await everyRow(one.house.prisma)).toEqual(before)
})
