import { randomUUID } from 'node:crypto'
import { codeStep } from '@huiyuan/shared/code'
import { testDatabase } from '../../../test/support/database'
import {
  type Colleague,
  newMember,
  newPhone,
  newStaff,
  type Phone,
  type TestHouse,
  testHouse,
} from '../../../test/support/people'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { revokeDevice } from '../code/revoke-device'
import { inTx } from '../ctx'
import { mergeMember } from '../member'
import { scanVisit } from './scan-visit'

const MINUTE = 60_000
const database = testDatabase()
let one: TestHouse
let other: TestHouse
let clerk: Colleague
beforeAll(async () => {
  one = testHouse(database.url)
  other = testHouse(database.url, { clock: one.clock })
  await Promise.all([one.warm(), other.warm()])
})
beforeEach(async () => {
  one.clock.pass(2 * 60 * MINUTE)
  clerk = await newStaff(one)
})
afterAll(() => Promise.all([one.close(), other.close()]))

const nowStep = () => codeStep(one.clock.at.getTime())
const scan = (
  code: string,
  more: { by?: Colleague | undefined; in?: TestHouse; requestId?: string; tillId?: string } = {},
) => {
  const by = more.by ?? clerk
  const ctx = more.in ? more.in.as(by.memberId) : by.ctx
  const { requestId = randomUUID(), tillId = by.tillId } = more
  return scanVisit(ctx, by, { requestId, code, tillId })
}
/** A code of this handle that is wrong now; the n-th of many. */
const wrongCode = (phone: Phone, n = 0) => {
  const right = Array.from({ length: 81 }, (_, at) => phone.codeAt(nowStep() + at - 40))
  const wrong = Array.from({ length: n + 4 }, (_, i) => `9${phone.handle}${String(i).padStart(7, '0')}`)
  return wrong.filter((code) => !right.includes(code))[n] as string
}
const eightClerks = () => Promise.all(Array.from({ length: 8 }, () => newStaff(one)))
const visitsOf = (phone: Phone) => one.as().db.visit.count({ where: { handle: phone.handle } })

test('a live code opens a visit of ten minutes and shows the member masked', async () => {
  const member = await newMember(one, { phone: '+8613800002207' })
  const phone = await newPhone(member)
  const visit = await scan(phone.codeAt(nowStep()))
  expect(visit).toEqual({
    visitId: expect.any(String),
    method: 'code',
    openedAt: one.clock.at.toISOString(),
    expiresAt: new Date(one.clock.at.getTime() + 10 * MINUTE).toISOString(),
    memberRef: expect.any(String),
    maySpend: true,
    sayAloud: ['再积 1,000 成长值升黄金'],
    member: {
      nameMasked: '林**',
      phoneMasked: '138****2207',
      memberNoLast4: member.memberNo.slice(-4),
      tier: 1,
      points: 0,
      growth: 0,
      nextTier: { tier: 2, needGrowth: 1_000, atGrowth: 1_000, fromGrowth: 0 },
    },
  })
  const shown = JSON.stringify(visit)
  for (const secret of [member.memberId, member.memberNo, '13800002207', '小满']) expect(shown).not.toContain(secret)
})

test('the scan is the member’s sign of life, the phone’s last use and one entry of the store’s audit', async () => {
  const member = await newMember(one)
  const phone = await newPhone(member)
  one.clock.pass(MINUTE)
  const { visitId } = await scan(phone.codeAt(nowStep()))
  const { db } = one.as()
  const { memberId } = member
  expect((await db.member.findUniqueOrThrow({ where: { memberId } })).lastActiveAt).toEqual(one.clock.at)
  expect((await db.device.findFirstOrThrow({ where: { memberId } })).lastUsedAt).toEqual(one.clock.at)
  expect(await db.auditEntry.findMany({ where: { storeId: clerk.storeId } })).toMatchObject([
    { seq: 1, actorId: clerk.memberId, verb: 'visit.code', subject: visitId },
  ])
})

test.each([
  [-41, 'CODE_WRONG'],
  [-40, 'CODE_OLD'],
  [-2, 'CODE_OLD'],
  [-1, 'answer'],
  [0, 'answer'],
  [1, 'answer'],
  [2, 'CODE_OLD'],
  [40, 'CODE_OLD'],
  [41, 'CODE_WRONG'],
])('a code of a phone whose clock is %i steps off ends as %s', async (by, end) => {
  const phone = await newPhone(await newMember(one))
  expect(await endsOf([scan(phone.codeAt(nowStep() + by))])).toEqual({ [end]: 1 })
})

describe('I-S1: a code opens at most one visit', () => {
  test('64 scans of one code at once, in eight stores over two processes: one visit, the others CODE_USED', async () => {
    const phone = await newPhone(await newMember(one))
    const clerks = await eightClerks()
    const code = phone.codeAt(nowStep())
    const scans = Array.from({ length: 64 }, (_, n) => scan(code, { in: n % 2 ? one : other, by: clerks[n >> 3] }))
    expect(await endsOf(scans)).toEqual({ answer: 1, CODE_USED: 63 })
    expect(await visitsOf(phone)).toBe(1)
  })

  test('one scan sent 64 times over two processes: one visit, 64 equal answers', async () => {
    const phone = await newPhone(await newMember(one))
    const asked = { requestId: randomUUID() }
    const code = phone.codeAt(nowStep())
    const visits = await Promise.all(
      Array.from({ length: 64 }, (_, n) => scan(code, { ...asked, in: n % 2 ? one : other })),
    )
    expect(new Set(visits.map(({ memberRef: _, ...visit }) => JSON.stringify(visit))).size).toBe(1)
    expect(await visitsOf(phone)).toBe(1)
  })

  test('an older step is used once a newer one was: no photograph of the code before opens anything', async () => {
    const phone = await newPhone(await newMember(one))
    await scan(phone.codeAt(nowStep()))
    await refusalOf(scan(phone.codeAt(nowStep() - 1)), 'CODE_USED')
    await refusalOf(scan(phone.codeAt(nowStep())), 'CODE_USED')
    await scan(phone.codeAt(nowStep() + 1))
  })

  test('photographed it opens nothing: used at the other till and in another store, old after its time, for good then', async () => {
    const phone = await newPhone(await newMember(one))
    const code = phone.codeAt(nowStep())
    await scan(code)
    await refusalOf(scan(code, { tillId: clerk.otherTillId }), 'CODE_USED')
    await refusalOf(scan(code, { by: await newStaff(one) }), 'CODE_USED')
    one.clock.pass(2 * MINUTE)
    expect(await refusalOf(scan(code), 'CODE_OLD')).toEqual({ secondsOff: 120 })
    one.clock.pass(20 * MINUTE)
    await refusalOf(scan(code), 'CODE_WRONG')
    expect(await visitsOf(phone)).toBe(1)
  })

  test('a phone whose clock is off is told by how much, and that costs a try like a wrong code', async () => {
    const phone = await newPhone(await newMember(one))
    expect(await refusalOf(scan(phone.codeAt(nowStep() + 10)), 'CODE_OLD')).toEqual({ secondsOff: -300 })
    for (let n = 0; n < 3; n++) await refusalOf(scan(phone.codeAt(nowStep() - 20)), 'CODE_OLD')
    expect(await refusalOf(scan(wrongCode(phone)), 'CODE_WRONG')).toEqual({ triesLeft: 0 })
    await refusalOf(scan(phone.codeAt(nowStep())), 'CODE_LOCKED')
  })

  test('the same requestId for another code is refused', async () => {
    const phone = await newPhone(await newMember(one))
    const asked = { requestId: randomUUID() }
    await scan(phone.codeAt(nowStep()), asked)
    await refusalOf(scan(phone.codeAt(nowStep() + 1), asked), 'REQUEST_REUSED')
  })

  test('two phones of one member each open their own', async () => {
    const member = await newMember(one)
    const [mine, tablet] = [await newPhone(member), await newPhone(member)]
    expect(await endsOf([scan(mine.codeAt(nowStep())), scan(tablet.codeAt(nowStep()))])).toEqual({ answer: 2 })
  })
})

describe('wrong codes', () => {
  test('count down, and the fifth within an hour locks the handle, also for the right code', async () => {
    const phone = await newPhone(await newMember(one))
    for (const triesLeft of [4, 3, 2, 1, 0]) {
      expect(await refusalOf(scan(wrongCode(phone, triesLeft)), 'CODE_WRONG')).toEqual({ triesLeft })
      one.clock.pass(MINUTE)
    }
    const until = new Date(one.clock.at.getTime() + 59 * MINUTE).toISOString()
    expect(await refusalOf(scan(phone.codeAt(nowStep())), 'CODE_LOCKED')).toEqual({ until })
    one.clock.pass(59 * MINUTE - 1)
    await refusalOf(scan(phone.codeAt(nowStep())), 'CODE_LOCKED')
    one.clock.pass(1)
    await scan(phone.codeAt(nowStep()))
  })

  test('64 guesses at once over two processes: five are judged, 59 locked out, the right one among them, too', async () => {
    const phone = await newPhone(await newMember(one))
    const clerks = await eightClerks()
    const ends = await endsOf(
      Array.from({ length: 64 }, (_, n) => scan(wrongCode(phone, n), { in: n % 2 ? one : other, by: clerks[n >> 3] })),
    )
    expect(ends).toEqual({ CODE_WRONG: 5, CODE_LOCKED: 59 })
    await refusalOf(scan(phone.codeAt(nowStep())), 'CODE_LOCKED')
    expect(await visitsOf(phone)).toBe(0)
  })

  test('a scan that succeeds does not forgive them: only the hour does', async () => {
    const phone = await newPhone(await newMember(one))
    for (let n = 0; n < 4; n++) await refusalOf(scan(wrongCode(phone, n)), 'CODE_WRONG')
    await scan(phone.codeAt(nowStep()))
    expect(await refusalOf(scan(wrongCode(phone, 4)), 'CODE_WRONG')).toEqual({ triesLeft: 0 })
    await refusalOf(scan(phone.codeAt(nowStep() + 1)), 'CODE_LOCKED')
  })

  test('sent again they are counted once and answered the same', async () => {
    const phone = await newPhone(await newMember(one))
    const asked = { requestId: randomUUID() }
    const code = wrongCode(phone)
    const details = await Promise.all(Array.from({ length: 16 }, () => refusalOf(scan(code, asked), 'CODE_WRONG')))
    expect(new Set(details.map(({ triesLeft }) => triesLeft))).toEqual(new Set([4]))
    expect((await one.as().db.deviceHandle.findUniqueOrThrow({ where: { handle: phone.handle } })).failures).toBe(1)
  })

  test('of a handle that nobody has answer like a first wrong one and count at the till', async () => {
    expect(await refusalOf(scan(`9${'0'.repeat(17)}`), 'CODE_WRONG')).toEqual({ triesLeft: 4 })
    const till = await one.as().db.till.findFirstOrThrow({ where: { storeId: clerk.storeId, failures: { gt: 0 } } })
    expect(till).toMatchObject({ tillId: clerk.tillId, failures: 1 })
  })

  test('thirty at one till within an hour lock the till, not its neighbour; also when 40 come at once', async () => {
    const unknown = (n: number) => `9${String(n).padStart(10, '0')}0000000`
    const ends = await endsOf(Array.from({ length: 40 }, (_, n) => scan(unknown(n), { in: n % 2 ? one : other })))
    expect(ends).toEqual({ CODE_WRONG: 30, TILL_LOCKED: 10 })
    const phone = await newPhone(await newMember(one))
    const until = new Date(one.clock.at.getTime() + 60 * MINUTE).toISOString()
    expect(await refusalOf(scan(phone.codeAt(nowStep())), 'TILL_LOCKED')).toEqual({ until })
    await scan(phone.codeAt(nowStep()), { tillId: clerk.otherTillId })
    one.clock.pass(60 * MINUTE)
    await scan(phone.codeAt(nowStep()))
  })

  test('leave an entry in the audit, without any code', async () => {
    const phone = await newPhone(await newMember(one))
    await refusalOf(scan(wrongCode(phone)), 'CODE_WRONG')
    const entries = await one.as().db.auditEntry.findMany({ where: { storeId: clerk.storeId } })
    expect(entries).toMatchObject([{ verb: 'visit.miss', subject: clerk.tillId }])
    expect(JSON.stringify(entries)).not.toContain(phone.handle)
  })

  test.each(['', 'hello', '130412345678901234', '9'.repeat(19)])(
    '%j is no code at all and costs no try',
    async (text) => {
      await refusalOf(scan(text), 'CODE_MALFORMED')
      expect(await one.as().db.till.count({ where: { storeId: clerk.storeId, failures: { gt: 0 } } })).toBe(0)
    },
  )
})

test('scans of many phones beside a merge of their member: each opens one visit, all end at the survivor', async () => {
  const [kept, gone] = [await newMember(one), await newMember(one)]
  const phones = await Promise.all(Array.from({ length: 10 }, () => newPhone(gone)))
  const scans = phones.map((phone, n) => scan(phone.codeAt(nowStep()), { in: n % 2 ? one : other }))
  const merge = inTx(one.as(), (tx) => mergeMember(tx, kept.memberId, gone.memberId))
  const [ends] = await Promise.all([endsOf(scans), merge])
  expect(ends).toEqual({ answer: 10 })
  expect(await one.as().db.visit.count({ where: { memberId: kept.memberId } })).toBe(10)
})

test('a removed phone opens nothing', async () => {
  const member = await newMember(one)
  const phone = await newPhone(member)
  await revokeDevice(member.ctx, { requestId: randomUUID(), deviceId: phone.deviceId })
  await refusalOf(scan(phone.codeAt(nowStep())), 'CODE_WRONG')
})

describe('who may scan', () => {
  const code = async () => (await newPhone(await newMember(one))).codeAt(nowStep())

  test('nobody who does not work here, or no longer', async () => {
    const member = await newMember(one)
    const at = { memberId: member.memberId, storeId: clerk.storeId }
    const asked = { requestId: randomUUID(), code: await code(), tillId: clerk.tillId }
    await refusalOf(scanVisit(member.ctx, at, asked), 'STAFF_NEEDED')
    await one.as().db.staff.update({ where: { memberId: clerk.memberId }, data: { endedAt: one.clock.at } })
    await refusalOf(scan(asked.code), 'STAFF_NEEDED')
  })

  test('nobody at another store’s till, or one that is not there', async () => {
    const elsewhere = await newStaff(one)
    await refusalOf(scan(await code(), { tillId: elsewhere.tillId }), 'TILL_UNKNOWN')
    await refusalOf(scan(await code(), { tillId: 'nowhere' }), 'TILL_UNKNOWN')
  })
})
