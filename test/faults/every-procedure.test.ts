import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import type { z } from 'zod'
import { appRouter } from '../../bff/src/app-router'
import { openDatabase } from '../../bff/src/db'
import { codeOn, enrol, seedFor } from '../story/demo-people.fixture'
import { testDatabase } from '../support/database'
import { type Client, clientOf, join, type RunningHouse, signIn, startHouse } from '../support/running-house'
import { fieldsOf, namingFields, placed } from './input-fields.fixture'
import { CASES, type Cast, type For } from './procedure-cases.fixture'
import { addForeignTill, fuzzTill } from './till-fuzz.fixture'

const database = testDatabase()
let house: RunningHouse
let cast: Cast
let tokens: Record<For, string | undefined>

interface Procedure {
  _def: { type: 'query' | 'mutation'; inputs: unknown[] }
}
const PROCEDURES = Object.entries(appRouter._def.procedures as unknown as Record<string, Procedure>)
const schemaOf = ({ _def }: Procedure) => _def.inputs[0] as z.core.$ZodType | undefined

/** What must never be seen outside: traces, statements, names of our parts. */
const INSIDE =
  /node_modules|\.ts:\d|\bat \S+ \(|SELECT |INSERT |UPDATE |prisma|postgres|pg_|sqlstate|syntax error|relation "|column "|"stack"/i

/** A member's whole phone or name, which no colleague ever sees. */
const UNMASKED = /(?<!\d)(?:\+?86)?1[3-9]\d{9}(?!\d)|小梅|小林/

interface Answer {
  status: number
  text: string
  fault: string | null
}

/** One raw call, so that anything at all can be sent. */
async function call(path: string, { _def }: Procedure, input: unknown, token?: string): Promise<Answer> {
  const body = input === undefined ? undefined : JSON.stringify(input)
  const url = `${house.bffs[0]?.url}/trpc/${path}`
  const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) }
  const response = await fetch(url, { method: 'POST', headers, ...(body === undefined ? {} : { body }) })
  const text = await response.text()
  const fault =
    (JSON.parse(text) as { error?: { data?: { fault?: { code: string } } } }).error?.data?.fault?.code ?? null
  void _def
  return { status: response.status, text, fault }
}

function expectClean({ status, text }: Answer): void {
  expect(text).not.toMatch(INSIDE)
  expect(status).toBeLessThan(500)
}

beforeAll(async () => {
  house = await startHouse(database.url)
  await seedFor(database.url, house.masterKey)
  const url = house.bffs[0]?.url as string
  const other = await join(house.sandbox, url, 'lin', { phone: true })
  const phone = await enrol(other.api)
  const [guest, member, clerk, manager, operator, colleague] = await Promise.all(
    ['he', 'mei', 'qing', 'zhou', 'tang', 'an'].map((key) => signIn(house.sandbox, url, key)),
  )
  const visit = await clerk?.api.visit.scan.mutate({ requestId: randomUUID(), code: codeOn(phone), tillId: 'hubin-1' })
  const books = openDatabase(database.url, 2)
  const [device, session, transfer] = await Promise.all([
    books.prisma.device.findFirstOrThrow({ where: { memberId: other.memberId } }),
    books.prisma.session.findFirstOrThrow({ where: { memberId: other.memberId } }),
    books.prisma.transfer.findFirstOrThrow({ where: { memberId: { not: member?.memberId as string } } }),
  ])
  const redemptionId = randomUUID()
  await books.prisma.redemption.create({
    data: {
      memberId: other.memberId,
      redemptionId,
      rewardId: 'autumn_cup',
      origin: 'mall',
      title: '走查',
      points: 0,
      state: 'placed',
      placedAt: new Date(),
      readyAt: new Date(),
      pickupBy: new Date(),
    },
  })
  const xihu = await books.prisma.staff.findFirstOrThrow({ where: { storeId: 'xihu' } })
  // somebody who is not asked for again: the server trusts a look at the staff row for some seconds
  const clerkAway = { memberId: other.memberId, role: 'clerk', storeId: 'xihu', staffNo: 'XH099', since: new Date() }
  await books.prisma.staff.create({ data: clerkAway })
  const away = await other.api.visit.find.mutate({ requestId: randomUUID(), phone: '13800002207', tillId: 'xihu-1' })
  const awayOrder = await sellSomething(other.api, away)
  await books.prisma.staff.delete({ where: { memberId: other.memberId } })
  const couponId = randomUUID()
  await books.prisma.coupon.create({
    data: {
      memberId: member?.memberId as string,
      couponId,
      templateId: 'new_8',
      state: 'granted',
      grantedAt: new Date(),
      validFrom: new Date(),
      expiresAt: new Date(Date.now() + 86_400_000),
      effectKind: 'test',
      effectSource: couponId,
      effectPart: 'coupon',
    },
  })
  const foreignTill = await addForeignTill(books)
  await books.close()
  const memberNo = (await member?.api.member.me.query())?.memberNo as string
  const [own, others] = await Promise.all([operator, colleague].map((who) => askForPoints(who?.api, memberNo)))
  cast = {
    memberNo,
    adjustmentId: others as string,
    ownAdjustmentId: own as string,
    foreign: {
      sessionId: session.sessionId,
      deviceId: device.deviceId,
      claimId: other.joined.claim?.claimId as string,
      transferId: transfer.transferId,
      redemptionId,
      couponId,
      ...awayOrder,
      ...foreignTill,
    },
    visit: { visitId: visit?.visitId as string, memberRef: visit?.memberRef as string },
    foreignVisit: { visitId: away?.visitId as string, memberRef: away?.memberRef as string },
  }
  expect(xihu.storeId).toBe('xihu')
  tokens = {
    anybody: undefined,
    guest: guest?.token,
    member: member?.token,
    clerk: clerk?.token,
    manager: manager?.token,
    operator: operator?.token,
  }
})
afterAll(() => house?.stop())

/** A hold and an order in a visit. */
async function sellSomething(api: Client | undefined, { visitId, memberRef }: { visitId: string; memberRef: string }) {
  const of = () => ({ requestId: randomUUID(), visitId, memberRef })
  const held = await api?.order.hold.mutate({ ...of(), fullFen: 100, couponIds: [], points: 0, payableFen: 100 })
  await api?.order.settle.mutate({ ...of(), amountFen: 100 })
  const shift = await api?.order.shift.query({})
  return { holdId: held?.holdId as string, orderRef: shift?.orders[0]?.orderRef as string }
}

/** A correction that one operator is not enough for. */
async function askForPoints(api: Client | undefined, memberNo: string) {
  const wish = { requestId: randomUUID(), memberNo, points: 900, reason: 'outage' as const, note: '走查' }
  return (await api?.ledger.adjust.mutate(wish))?.adjustmentId
}

test('every procedure has a case, and every case a procedure', () => {
  expect(Object.keys(CASES).sort()).toEqual(PROCEDURES.map(([path]) => path).sort())
})

test('every field that names something has a foreign case', () => {
  const missing = PROCEDURES.flatMap(([path, procedure]) =>
    namingFields(fieldsOf(schemaOf(procedure)))
      .filter((field) => !CASES[path]?.foreign?.[field])
      .map((field) => `${path}: ${field}`),
  )
  expect(missing).toEqual([])
})

const MAY: Record<For, For[]> = {
  anybody: ['anybody', 'guest', 'member', 'clerk', 'manager', 'operator'],
  guest: ['guest'],
  member: ['member', 'clerk', 'manager', 'operator'],
  clerk: ['clerk', 'manager', 'operator'],
  manager: ['manager', 'operator'],
  operator: ['operator'],
}

describe.each(PROCEDURES)('%s', (path, procedure) => {
  const wanted = CASES[path] as (typeof CASES)[string]
  const takesInput = schemaOf(procedure) !== undefined

  test('turns away everybody whom it is not for', async () => {
    const callers = (Object.keys(tokens) as For[]).filter((who) => !MAY[wanted.for].includes(who))
    for (const who of callers) {
      const answer = await call(path, procedure, wanted.input(cast), tokens[who])
      expectClean(answer)
      expect([who, answer.fault]).toEqual([
        who,
        expect.stringMatching(/^(SESSION_NEEDED|GUEST_NEEDED|ALREADY_MEMBER|STAFF_NEEDED|ROLE_NEEDED)$/),
      ])
    }
    if (wanted.for !== 'anybody')
      for (const forged of ['x', 'a.b.c', `${tokens.member}x`])
        expect(await call(path, procedure, wanted.input(cast), forged)).toMatchObject({ status: 401 })
  })

  // signing out would end the walk's own session
  if (path !== 'session.signOut')
    test('answers or refuses its own people cleanly', async () => {
      const answer = await call(path, procedure, wanted.input(cast), tokens[wanted.for])
      expectClean(answer)
      if (['clerk', 'manager', 'operator'].includes(wanted.for)) expect(answer.text).not.toMatch(UNMASKED)
    })

  if (takesInput)
    test('refuses wrong types, huge strings and nonsense in words of its own', async () => {
      const token = tokens[wanted.for]
      for (const nonsense of [null, 7, 'text', true, [], [[]], { requestId: 7 }, { requestId: 'x'.repeat(100_000) }])
        await expectRefused(nonsense, token)
      for (const field of fieldsOf(schemaOf(procedure)))
        for (const bad of [
          'x'.repeat(100_000),
          { $gt: '' },
          -1e300,
          ['\u0000'],
          'a\u0000b',
          '\ud800',
          "'; DROP TABLE member; --",
        ])
          expectClean(await call(path, procedure, placed(wanted.input(cast), field, bad), token))
    })

  async function expectRefused(input: unknown, token?: string) {
    const answer = await call(path, procedure, input, token)
    expectClean(answer)
    if (answer.status !== 200) expect(answer.fault).toBe('BAD_INPUT')
  }

  if (takesInput)
    test('survives whatever else is sent', async () => {
      const token = tokens[wanted.for]
      await fc.assert(
        fc.asyncProperty(
          fc.jsonValue({ maxDepth: 3 }),
          fc.constantFrom(...fieldsOf(schemaOf(procedure))),
          async (value, field) => {
            expectClean(await call(path, procedure, placed(wanted.input(cast), field, value), token))
          },
        ),
        { numRuns: 12 },
      )
    })

  for (const [field, { input, answer }] of Object.entries(wanted?.foreign ?? {}))
    test(`keeps what is not the caller’s: ${field}`, async () => {
      const told = await call(path, procedure, input(cast), tokens[wanted.for])
      expectClean(told)
      if (answer !== 'nothing') expect(told).toMatchObject({ fault: answer })
      else {
        expect(told.status).toBe(200)
        for (const id of Object.values(cast.foreign)) expect(told.text).not.toContain(id)
      }
    })
})

test('a till system’s calls: whatever is sent, each is answered in the words of its document', async () => {
  const url = house.bffs[0]?.url as string
  const manager = clientOf(url, () => tokens.manager)
  const wish = { requestId: randomUUID(), tillId: 'hubin-1', label: '走查' }
  const { keyId, secret } = await manager.till.createKey.mutate(wish)
  await fuzzTill(url, { keyId, secret: secret as string }, cast.visit, (answer) => {
    expectClean({ ...answer, fault: null })
    expect(answer.text).not.toMatch(UNMASKED)
  })
})

test('an unknown procedure and a torn batch are refused in the same shape', async () => {
  const procedure = { _def: { type: 'query', inputs: [] } } as Procedure
  expect(await call('nobody.knows', procedure, {})).toMatchObject({ status: 404, fault: 'NOT_FOUND' })
  expect(await call('constructor', procedure, {})).toMatchObject({ status: 404, fault: 'NOT_FOUND' })
  expect(await call('ping,ping', procedure, {})).toMatchObject({ status: 400, fault: 'BAD_INPUT' })
  const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`k${n}`, n]))
  expectClean(await call('session.sendSms', procedure, many))
  const torn = await fetch(`${house.bffs[0]?.url}/trpc/session.sendSms`, {
    method: 'POST',
    body: '{"phone":',
    headers: { 'content-type': 'application/json' },
  })
  expect(torn.status).toBe(400)
  expect(await torn.text()).toContain('BAD_INPUT')
  const huge = await fetch(`${house.bffs[0]?.url}/trpc/session.sendSms`, {
    method: 'POST',
    body: JSON.stringify({ phone: 'x'.repeat(10_000_000) }),
    headers: { 'content-type': 'application/json' },
  })
  expect(huge.status).toBe(413)
  expect(await huge.text()).toContain('TOO_LARGE')
})
