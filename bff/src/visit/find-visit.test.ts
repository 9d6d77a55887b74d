import { randomUUID } from 'node:crypto'
import { memberNoFrom } from '@huiyuan/shared/member'
import { testDatabase } from '../../../test/support/database'
import { type Colleague, newMember, newStaff, type TestHouse, testHouse } from '../../../test/support/people'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { inTx } from '../ctx'
import { mergeMember } from '../member'
import { findVisit, type SpokenMember } from './find-visit'

const database = testDatabase()
let shop: TestHouse
let clerk: Colleague
beforeAll(async () => {
  shop = testHouse(database.url)
  await shop.warm()
})
beforeEach(async () => {
  shop.clock.pass(3_600_000)
  clerk = await newStaff(shop)
})
afterAll(() => shop.close())

const find = (spoken: SpokenMember, more: { requestId?: string; by?: Colleague; tillId?: string } = {}) => {
  const by = more.by ?? clerk
  return findVisit(by.ctx, by, {
    requestId: more.requestId ?? randomUUID(),
    tillId: more.tillId ?? by.tillId,
    ...spoken,
  })
}
const failures = async () =>
  (await shop.as().db.till.findMany({ where: { storeId: clerk.storeId } })).reduce(
    (sum, till) => sum + till.failures,
    0,
  )

test('a card number opens a visit that only earns', async () => {
  const { memberNo } = await newMember(shop)
  const visit = await find({ memberNo })
  expect(visit).toMatchObject({
    method: 'member_no',
    maySpend: false,
    sayAloud: [],
    member: { nameMasked: '林**', memberNoLast4: memberNo.slice(-4) },
  })
})

test('a card number is read with the spaces it is printed with', async () => {
  const { memberNo } = await newMember(shop)
  await find({ memberNo: memberNo.replace(/(\d{4})/g, '$1 ') })
})

test.each(['13800002207', '+86 138 0000 2207', '138-0000-2207'])(
  'the phone, spoken as %s, finds its member',
  async (phone) => {
    await newMember(shop, { phone: '+8613800002207', weapp: { openid: 'o_lin' } })
    expect(await find({ phone })).toMatchObject({
      method: 'phone',
      maySpend: false,
      member: { phoneMasked: '138****2207' },
    })
  },
)

test('a spoken phone never shows the last four of the card: they are the second proof of an old one', async () => {
  const { phone, memberNo } = await newMember(shop)
  const visit = await find({ phone })
  expect(visit.member.memberNoLast4).toBe('****')
  expect(JSON.stringify({ ...visit, visitId: '', memberRef: '' })).not.toContain(memberNo.slice(-4))
})

test('a spoken phone is no sign of life of its holder (numbers are handed on); a card number is', async () => {
  const { memberId, phone, memberNo } = await newMember(shop)
  const joined = shop.clock.at
  const lastActive = async () => (await shop.as().db.member.findUniqueOrThrow({ where: { memberId } })).lastActiveAt
  shop.clock.pass(3_600_000)
  await find({ phone })
  expect(await lastActive()).toEqual(joined)
  await find({ memberNo })
  expect(await lastActive()).toEqual(shop.clock.at)
})

test('one wish sent 32 times opens one visit; with another body it is refused', async () => {
  const { memberNo, memberId, phone } = await newMember(shop)
  const asked = { requestId: randomUUID() as string }
  const all = await Promise.all(Array.from({ length: 32 }, () => find({ memberNo }, asked)))
  expect(new Set(all.map(({ visitId }) => visitId)).size).toBe(1)
  expect(await shop.as().db.visit.count({ where: { memberId } })).toBe(1)
  await refusalOf(find({ phone }, asked), 'REQUEST_REUSED')
})

describe('whom nobody knows', () => {
  const nobody = { phone: '+8613900000001' }
  const noCard = { memberNo: memberNoFrom('00000000000001') }

  test.each([nobody, noCard])('%j is answered alike and counted at the till, once per wish', async (spoken) => {
    const asked = { requestId: randomUUID() as string }
    expect(await refusalOf(find(spoken, asked), 'MEMBER_UNKNOWN')).toEqual({})
    await refusalOf(find(spoken, asked), 'MEMBER_UNKNOWN')
    expect(await failures()).toBe(1)
    await refusalOf(find(spoken), 'MEMBER_UNKNOWN')
    expect(await failures()).toBe(2)
  })

  test('phones cannot be tried out: thirty misses lock the till, then nobody is found there', async () => {
    const { phone } = await newMember(shop)
    const tries = Array.from({ length: 40 }, (_, n) => find({ phone: `+861370000${1_000 + n}` }))
    expect(await endsOf(tries)).toEqual({ MEMBER_UNKNOWN: 30, TILL_LOCKED: 10 })
    await refusalOf(find({ phone }), 'TILL_LOCKED')
    await find({ phone }, { tillId: clerk.otherTillId })
  })

  test('a cancelled member is nobody', async () => {
    const { memberId, memberNo } = await newMember(shop)
    await shop.as().db.member.update({ where: { memberId }, data: { status: 'cancelled' } })
    await refusalOf(find({ memberNo }), 'MEMBER_UNKNOWN')
  })

  test('what no phone or card can be is refused without a count', async () => {
    await refusalOf(find({ phone: '12345' }), 'PHONE_INVALID')
    await refusalOf(find({ phone: '0571-87001000' }), 'PHONE_INVALID')
    await refusalOf(find({ memberNo: '8000000000000000' }), 'MEMBER_UNKNOWN')
    expect(await failures()).toBe(0)
  })
})

test('I-ID5: after a merge the old number opens a visit of the survivor', async () => {
  const [kept, gone] = [await newMember(shop), await newMember(shop, { name: '老卡' })]
  await inTx(shop.as(), (tx) => mergeMember(tx, kept.memberId, gone.memberId))
  const visit = await find({ memberNo: gone.memberNo })
  expect(visit.member).toMatchObject({ nameMasked: '林**', memberNoLast4: kept.memberNo.slice(-4) })
})

test('a visit opened before a merge is shown again after it', async () => {
  const [kept, gone] = [await newMember(shop), await newMember(shop, { name: '老卡' })]
  const asked = { requestId: randomUUID() as string }
  const before = await find({ memberNo: gone.memberNo }, asked)
  await inTx(shop.as(), (tx) => mergeMember(tx, kept.memberId, gone.memberId))
  const after = await find({ memberNo: gone.memberNo }, asked)
  expect(after.visitId).toBe(before.visitId)
  expect(after.member.nameMasked).toBe('林**')
})

test('32 visits found while their member is merged: every one ends at the survivor', async () => {
  const [kept, gone] = [await newMember(shop), await newMember(shop)]
  const [ends] = await Promise.all([
    endsOf(Array.from({ length: 32 }, () => find({ memberNo: gone.memberNo }))),
    inTx(shop.as(), (tx) => mergeMember(tx, kept.memberId, gone.memberId)),
  ])
  expect(ends).toEqual({ answer: 32 })
  const { db } = shop.as()
  expect(await db.visit.count({ where: { memberId: kept.memberId } })).toBe(32)
  expect(await db.visit.count({ where: { memberId: gone.memberId } })).toBe(0)
})

test('only who works here, at a till of the own store', async () => {
  const member = await newMember(shop)
  const asked = { requestId: randomUUID(), tillId: clerk.tillId, memberNo: member.memberNo }
  await refusalOf(findVisit(member.ctx, { memberId: member.memberId, storeId: clerk.storeId }, asked), 'STAFF_NEEDED')
  const elsewhere = await newStaff(shop)
  await refusalOf(find({ memberNo: member.memberNo }, { by: elsewhere, tillId: clerk.tillId }), 'TILL_UNKNOWN')
})
