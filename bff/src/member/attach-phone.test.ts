import { randomUUID } from 'node:crypto'
import { DAY_MS } from '@huiyuan/shared/time'
import pg from 'pg'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds, programmeTotals } from '../../../test/support/ledger'
import type { TestHouse } from '../../../test/support/people'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { inTx } from '../ctx'
import { attachPhone } from './attach-phone'
import {
  account,
  award,
  button,
  holderOf,
  memberHouse,
  mergedInto,
  newMember,
  newNumber,
  newOpenid,
  oldCard,
  times,
} from './member.fixture'
import { mergeMember } from './merge-member'

const database = testDatabase()
let one: TestHouse
let two: TestHouse
beforeAll(async () => {
  one = memberHouse(database.url)
  two = memberHouse(database.url, { clock: one.clock })
  await Promise.all([one.warm(), two.warm()])
})
afterAll(() => Promise.all([one.close(), two.close()]))

const request = (phone: string) => ({ requestId: randomUUID(), phone: button(phone) })
const phonesOf = (memberId: string) => one.house.prisma.identity.count({ where: { memberId, kind: 'phone' } })
const told = (memberId: string) =>
  one.house.prisma.outboxMessage.count({ where: { memberId, template: 'phone_moved' } })

test('a number that nobody has is bound, masked in the answer, sealed at rest', async () => {
  const phone = newNumber()
  const { ctx, memberId } = await newMember(one)
  expect(await attachPhone(ctx, request(phone))).toEqual({
    phoneMasked: expect.stringMatching(/^138\*{4}\d{4}$/),
    attached: true,
    claim: null,
  })
  expect(await holderOf(one, phone)).toBe(memberId)
  const [row] = await one.house.prisma.identity.findMany({ where: { memberId, kind: 'phone' } })
  expect(JSON.stringify(row)).not.toContain(phone.slice(-8))
  expect(one.house.keys.openText(row?.subjectSealed as Uint8Array)).toBe(phone)
})

test('a new number takes the place of the old one', async () => {
  const { ctx, memberId, phone: before } = await newMember(one)
  const phone = newNumber()
  await attachPhone(ctx, request(phone))
  expect(await phonesOf(memberId)).toBe(1)
  expect(await holderOf(one, phone)).toBe(memberId)
  expect(await holderOf(one, before)).toBeNull()
})

test('sent again it gives the same answer without spending the code twice; with another body it is refused', async () => {
  const { ctx } = await newMember(one)
  const asked = request(newNumber())
  const answer = await attachPhone(ctx, asked)
  expect(await attachPhone(ctx, asked)).toEqual(answer)
  await refusalOf(attachPhone(ctx, { ...asked, phone: button(newNumber()) }), 'REQUEST_REUSED')
})

test('one command sent twice at once: one spends the code, both get the answer', async () => {
  const { ctx } = await newMember(one)
  const asked = request(newNumber())
  const slow: typeof one.house.wechat = {
    ...one.house.wechat,
    phoneNumber: async (...of) => {
      const number = await one.house.wechat.phoneNumber(...of)
      await new Promise((done) => setTimeout(done, 30))
      return number
    },
  }
  const first = attachPhone({ ...ctx, wechat: slow }, asked)
  await new Promise((done) => setTimeout(done, 300))
  expect(await attachPhone(ctx, asked)).toEqual(await first)
})

test('a used code and a foreign number are refused and change nothing', async () => {
  const { ctx, memberId, phone } = await newMember(one)
  const used = button(newNumber())
  await attachPhone((await newMember(one)).ctx, { requestId: randomUUID(), phone: used })
  await refusalOf(attachPhone(ctx, { requestId: randomUUID(), phone: used }), 'WECHAT_CODE_BAD')
  await refusalOf(attachPhone(ctx, request('+86123')), 'PHONE_INVALID')
  await refusalOf(attachPhone(one.as(), request(newNumber())), 'SESSION_NEEDED')
  expect(await holderOf(one, phone)).toBe(memberId)
})

describe('the number leads to another record', () => {
  test('I-ID2: a card in use joins in, points lot by lot, and its number goes on scanning', async () => {
    const card = await oldCard(one, { joinedDaysAgo: 30 })
    const me = await newMember(one)
    const before = await programmeTotals(one.house.prisma)
    expect(await attachPhone(me.ctx, request(card.phone))).toMatchObject({ claim: null })
    expect(await mergedInto(one, card.memberId)).toBe(me.memberId)
    expect(await account(one, me.memberId)).toMatchObject({ availablePoints: 320 })
    const printed = await one.house.prisma.memberNo.findMany({ where: { memberId: me.memberId } })
    expect(printed.map(({ memberNo }) => memberNo).sort()).toEqual([me.memberNo, card.memberNo].sort())
    expect(await programmeTotals(one.house.prisma)).toEqual(before)
    await expectLedgerHolds(one.house.prisma)
  })

  test('the number of a card silent for 90 days moves; points and name wait for a second proof', async () => {
    const card = await oldCard(one, { joinedDaysAgo: 90 })
    const me = await newMember(one, { name: '小林' })
    const { claim } = await attachPhone(me.ctx, request(card.phone))
    expect(claim).toEqual({
      claimId: expect.any(String),
      points: 320,
      triesLeft: 5,
      expiresAt: new Date(one.clock.at.getTime() + 30 * DAY_MS).toISOString(),
    })
    expect(await holderOf(one, card.phone)).toBe(me.memberId)
    expect(await mergedInto(one, card.memberId)).toBeNull()
    expect(await account(one, me.memberId)).toMatchObject({ availablePoints: 0 })
    expect(await account(one, card.memberId)).toMatchObject({ availablePoints: 320 })
    const name = await one.house.prisma.member.findUniqueOrThrow({ where: { memberId: me.memberId } })
    expect(one.house.keys.openText(name.nameSealed as Uint8Array)).toBe('小林')
  })

  test('a record without a card leaves nothing to claim', async () => {
    const silent = await newMember(one, { weapp: null, joinedDaysAgo: 200 })
    const me = await newMember(one)
    expect((await attachPhone(me.ctx, request(silent.phone))).claim).toBeNull()
    expect(await mergedInto(one, silent.memberId)).toBeNull()
  })

  test('a different WeChat person loses the number, is told, and keeps everything else', async () => {
    const holder = await newMember(one)
    await award(one, holder.memberId, { points: 100, growth: 200 })
    const me = await newMember(one)
    await attachPhone(me.ctx, request(holder.phone))
    expect(await holderOf(one, holder.phone)).toBe(me.memberId)
    expect(await account(one, holder.memberId)).toMatchObject({ availablePoints: 100, growth: 200 })
    expect(await account(one, me.memberId)).toMatchObject({ availablePoints: 0, growth: 0 })
    expect(await mergedInto(one, holder.memberId)).toBeNull()
    expect(await one.house.prisma.identity.count({ where: { memberId: holder.memberId, kind: 'wechat_openid' } })).toBe(
      1,
    )
    expect([await told(holder.memberId), await told(me.memberId)]).toEqual([1, 0])
  })

  test('when the other record survives, this one follows it', async () => {
    const card = await oldCard(one, { joinedDaysAgo: 60 })
    const me = await newMember(one, { weapp: null, joinedDaysAgo: 3 })
    await attachPhone(me.ctx, request(card.phone))
    expect(await mergedInto(one, me.memberId)).toBe(card.memberId)
    expect(await holderOf(one, card.phone)).toBe(card.memberId)
    // the same signed-in phone, before it has taken its next token
    const phone = newNumber()
    await attachPhone(me.ctx, request(phone))
    expect(await holderOf(one, phone)).toBe(card.memberId)
  })
})

test('a number that came with another record is remembered of that one, so that an undone merge leaves it there', async () => {
  const [me, other] = await Promise.all([newMember(one, { joinedDaysAgo: 9 }), newMember(one)])
  await inTx(one.as(), (tx) => mergeMember(tx, me.memberId, other.memberId))
  await attachPhone(me.ctx, request(newNumber()))
  const subject = one.house.keys.hash('phone', other.phone)
  const former = await one.house.prisma.formerIdentity.findMany({ where: { subject } })
  expect(former).toMatchObject([{ memberId: other.memberId, because: 'newer_phone' }])
})

describe('at once', () => {
  test('I-ID1, I-ID3: one number proven 64 times by two people over two processes has one owner: the latest', async () => {
    const phone = newNumber()
    const [a, b] = await Promise.all([newMember(one), newMember(one)])
    const tries = times(64, (n) => attachPhone((n % 2 ? two : one).as((n % 4 < 2 ? a : b).memberId), request(phone)))
    expect(await endsOf(tries)).toEqual({ answer: 64 })
    expect([a.memberId, b.memberId]).toContain(await holderOf(one, phone))
    expect((await phonesOf(a.memberId)) + (await phonesOf(b.memberId))).toBe(1)
    for (const last of [a, b, a]) {
      await attachPhone(last.ctx, request(phone))
      expect(await holderOf(one, phone)).toBe(last.memberId)
    }
  })

  test('of somebody who is being erased at this moment nothing is remembered by whoever proves their number', async () => {
    const [gone, other] = await Promise.all([newMember(one), newMember(one)])
    const { memberId } = gone
    const at = one.clock.at
    const asked = { askedAt: at, dueAt: at, state: 'asked', because: 'member' }
    await one.house.prisma.cancellation.create({ data: { memberId, ...asked } })
    const client = new pg.Client({ connectionString: database.url })
    await client.connect()
    const call = { memberId, at, graceUntil: at, steps: one.house.registry.eraseSteps, smsHashes: [] }
    await client.query('BEGIN')
    await client.query('SELECT cancellation_erase($1)', [call])
    const taken = attachPhone(other.ctx, request(gone.phone))
    const waits = async () => (await client.query('SELECT 1 FROM pg_locks WHERE NOT granted')).rowCount
    while (!(await waits()));
    await client.query('COMMIT')
    await client.end()
    await taken
    expect(await holderOf(one, gone.phone)).toBe(other.memberId)
    expect(await one.house.prisma.formerIdentity.count({ where: { memberId } })).toBe(0)
  })

  test('I-ID2: two records prove each other’s numbers at once: one merge, both get an answer', async () => {
    for (let round = 0; round < 6; round++) {
      const [a, b] = await Promise.all([
        oldCard(one, { joinedDaysAgo: 10, points: 40 }),
        newMember(one, { weapp: round % 2 ? null : { openid: newOpenid() } }),
      ])
      const both = [attachPhone(a.ctx, request(b.phone)), attachPhone(two.as(b.memberId), request(a.phone))]
      expect(await endsOf(both)).toEqual({ answer: 2 })
      const merged = [await mergedInto(one, a.memberId), await mergedInto(one, b.memberId)]
      expect(merged.filter((into) => into !== null)).toHaveLength(1)
      const survivor = merged[0] ? b.memberId : a.memberId
      expect(await account(one, survivor)).toMatchObject({ availablePoints: 40 })
      expect(await phonesOf(survivor)).toBe(1)
    }
    await expectLedgerHolds(one.house.prisma)
  })
})
