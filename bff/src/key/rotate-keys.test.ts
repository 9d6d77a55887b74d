import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { loadCodes } from '../../../prisma/seed/mall'
import { testDatabase } from '../../../test/support/database'
import { newPhone, type Person, type TestHouse } from '../../../test/support/people'
import { refusalOf } from '../../../test/support/refusals'
import { keysFrom } from '../keys'
import { listRedemptions } from '../mall/list-redemptions'
import { exchange, newReward, saver } from '../mall/mall.fixture'
import { attachPhone } from '../member/attach-phone'
import { button, newMember, newNumber, times } from '../member/member.fixture'
import { renameMember } from '../member/rename-member'
import { Refusal } from '../refusal'
import {
  mintGuestToken,
  mintTokens,
  readAccessToken,
  readGuestToken,
  readRefreshToken,
  refreshExpiry,
} from '../session/tokens'
import { sendSmsCode, spendSmsCode } from '../sms'
import { databaseTokenStore } from '../wechat'
import { housesOf, STEPS } from './key.fixture'
import { KeyRingProblem, openRing } from './open-ring'
import { rotateKeys } from './rotate-keys'
import { SEALED_COLUMNS } from './sealed-columns'
import { sweepColumn } from './sweep-column'

const database = testDatabase()
const texts: string[] = []
let at: Record<keyof typeof STEPS, TestHouse>
const people: Person[] = []
let reward: Awaited<ReturnType<typeof newReward>>
beforeAll(async () => {
  at = housesOf(database.url, { sendText: async (_phone, text) => void texts.push(text) })
  for (let n = 0; n < 24; n++) people.push(await newMember(at.before))
  reward = await newReward(at.before, { kind: 'partner_code', codes: ['YZ-0001', 'YZ-0002'] })
  await openRing(at.before.house)
})
afterAll(() => Promise.all(Object.values(at).map((house) => house.close())))

const attach = (house: TestHouse, memberId: string, phone: string) =>
  attachPhone(house.as(memberId), { requestId: randomUUID(), phone: button(phone) })
const db = () => at.turned.house.prisma
const sealed = (text: string) => at.known.house.keys.seal(text)

/** Every phone that somebody has, read from its seal, with whether seal and hash are of one key. */
async function phonesHeld() {
  const rows = await db().identity.findMany({ where: { kind: 'phone' } })
  return rows.map(({ subject, subjectSealed }) => {
    const sealed = subjectSealed as Uint8Array
    const { openText } = at.turned.house.keys
    const alone = keysFrom(sealed[0] === 2 ? STEPS.after : STEPS.before)
    return { phone: openText(sealed), fits: alone.hash('phone', openText(sealed)) === subject }
  })
}

/** The same database as a server of key 1 would be seen, for as long as `work` takes. */
async function besideServerOf(number: number, work: () => Promise<void>): Promise<void> {
  const server = new pg.Client({ connectionString: database.url, application_name: `huiyuan key ${number}` })
  await server.connect()
  await work().finally(() => server.end())
}

test('keys that do not fit the house are refused at the start, by their number', async () => {
  const starts = (masterKey: string) => openRing({ ...at.before.house, keys: keysFrom(masterKey) })
  const wrong = Buffer.alloc(32, 9).toString('base64')
  await expect(starts(wrong)).rejects.toThrow('key 1 is not the key 1 that this house was sealed with')
  await expect(starts(STEPS.after)).rejects.toThrow('key 1 is still in use')
  // what the release before had sealed is tried when nobody has vouched for a key yet
  await db().houseKey.deleteMany()
  await expect(starts(wrong)).rejects.toThrow('does not open what lies in this database')
  await expect(starts(wrong)).rejects.toThrow(KeyRingProblem)
  await openRing(at.before.house)
  await expect(rotateKeys(database.url, at.turned.house.keys)).rejects.toThrow('no server seals with key 2 yet')
  await expect(attach(at.turned, people[8]?.memberId as string, newNumber())).rejects.toThrow(
    'key 2 of the house and the MASTER_KEY of this server do not fit',
  )
})

test('I-ID1: servers of both keys, 64 bindings at once and the rotation beside them: each phone has one row', async () => {
  await Promise.all([openRing(at.known.house), openRing(at.turned.house)])
  const numbers = [...people.slice(0, 8).map(({ phone }) => phone), ...Array.from({ length: 8 }, newNumber)]
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  let over = false
  const sweeping = (async () => {
    while (!over) {
      const options = { whole: false, onBatch: () => {} }
      for (const one of SEALED_COLUMNS) await sweepColumn(client, at.turned.house.keys, one, options)
      await pause(5)
    }
  })()
  const bindings = times(64, (n) => {
    const { memberId } = people[8 + (n % 16)] as Person
    return attach(n % 2 ? at.known : at.turned, memberId, numbers[(n * 7) % 16] as string)
  })
  const ends = await Promise.allSettled(bindings)
  over = true
  await sweeping.finally(() => client.end())
  for (const end of ends) if (end.status === 'rejected') expect(end.reason).toBeInstanceOf(Refusal)
  const held = await phonesHeld()
  expect(new Set(held.map(({ phone }) => phone)).size).toBe(held.length)
  expect(held.filter(({ fits }) => !fits)).toEqual([])
  expect(held.map(({ phone }) => phone)).toEqual(expect.arrayContaining(numbers))
})

test('a server that does not know the new key writes no phone', async () => {
  const before = await db().identity.count()
  await expect(attach(at.before, people[9]?.memberId as string, newNumber())).rejects.toThrow(
    'key 2 of the house and the MASTER_KEY of this server do not fit',
  )
  expect(await db().identity.count()).toBe(before)
})

test('a text code sent by one server is good at the other, once; the next one waits its minute wherever it is asked for', async () => {
  const phone = newNumber()
  const turned = at.turned.as()
  await sendSmsCode(at.known.as(), phone)
  await refusalOf(sendSmsCode(turned, phone), 'SMS_TOO_SOON')
  const code = /\d{6}/.exec(texts.at(-1) as string)?.[0] as string
  await refusalOf(spendSmsCode(turned, phone, code === '000000' ? '111111' : '000000'), 'SMS_WRONG')
  expect(await spendSmsCode(turned, phone, code)).toBe(phone)
  await refusalOf(spendSmsCode(at.known.as(), phone, code), 'SMS_EXPIRED')
  at.known.clock.pass(60_000)
  await sendSmsCode(turned, phone)
  expect(await db().smsCode.count()).toBe(1)
})

/** Somebody with a code on the phone, an exchange that was answered, and tokens in the pocket, all under key 1. */
async function somebodyOf({ house, as, clock }: TestHouse) {
  const me = await saver(at.known)
  const requestId = randomUUID()
  const ref = { memberId: me.memberId, sessionId: randomUUID(), generation: 1 }
  const readable = '+8613800000001'
  const proofs = [{ kind: 'phone' as const, issuer: '', subject: house.keys.hash('phone', readable), readable }]
  return {
    ...{ me, requestId, ref },
    phone: await newPhone({ ctx: as(me.memberId) }),
    redemption: (await exchange(as(me.memberId), reward, requestId)).redemption,
    tokens: await mintTokens(house, ref, refreshExpiry(clock.at)),
    ...(await mintGuestToken(house, { guestId: randomUUID(), proofs, arrival: { channel: 'test' } })),
  }
}

test('the whole rotation: resumed after it broke off, it proves that key 1 can go, and everything still opens', async () => {
  await refusalOf(loadCodes(at.turned.as(), reward.rewardId, ['YZ-0003']), 'BUSY')
  const { me, requestId, ref, phone, redemption, tokens, guestToken } = await somebodyOf(at.known)
  await databaseTokenStore(db(), at.known.house.keys).write('wx', 'a-token', new Date())
  const of = { storeId: 'hubin', createdBy: randomUUID(), createdAt: new Date() }
  const till = { ...of, keyId: randomUUID(), tillId: 'hubin-1', label: '收银', secretSealed: sealed('hyt_a') }
  const hook = { ...of, webhookId: randomUUID(), url: '-', events: ['order.settled'], secretSealed: sealed('whsec_b') }
  await Promise.all([db().tillKey.create({ data: till }), db().webhook.create({ data: hook })])
  await besideServerOf(1, () =>
    expect(rotateKeys(database.url, at.turned.house.keys)).rejects.toThrow('a server still seals with key 1'),
  )
  const breakOff = () => {
    throw new Error('killed')
  }
  await expect(rotateKeys(database.url, at.turned.house.keys, breakOff)).rejects.toThrow('killed')
  const rotation = await rotateKeys(database.url, at.turned.house.keys)
  expect(rotation).toMatchObject({ ended: [1] })
  expect(rotation.moved).toBeGreaterThan(0)
  expect(rotation.places.every(({ total, done }) => done >= total)).toBe(true)
  expect(await rotateKeys(database.url, at.turned.house.keys)).toMatchObject({ moved: 0, ended: [] })

  // key 1 is gone: with key 2 alone all is there
  const after = at.after
  await openRing(after.house)
  const { keys } = after.house
  expect(
    keys.openText((await db().member.findUniqueOrThrow({ where: { memberId: me.memberId } })).nameSealed as Uint8Array),
  ).toBe('林小满')
  const { subject } = await db().identity.findFirstOrThrow({ where: { memberId: me.memberId, kind: 'phone' } })
  expect(subject).toBe(keys.hash('phone', me.phone))
  const { secretSealed } = await db().deviceHandle.findUniqueOrThrow({ where: { handle: phone.handle } })
  expect(new Uint8Array(keys.open(secretSealed))).toEqual(phone.secret)
  expect(await databaseTokenStore(db(), keys).read('wx')).toMatchObject({ token: 'a-token' })
  expect(keys.openText((await db().tillKey.findFirstOrThrow()).secretSealed)).toBe('hyt_a')
  expect(keys.openText((await db().webhook.findFirstOrThrow()).secretSealed)).toBe('whsec_b')
  const { redemptions } = await listRedemptions(after.as(me.memberId), {})
  expect(redemptions.map(({ partnerCode }) => partnerCode)).toEqual([redemption.partnerCode])
  expect(await loadCodes(after.as(), reward.rewardId, ['YZ-0001', 'YZ-0002', 'YZ-0003'])).toBe(1)

  // while key 1 is still named, what lies in people's pockets and was asked before is good; then it is over
  expect(await exchange(at.turned.as(me.memberId), reward, requestId)).toMatchObject({ redemption })
  await refusalOf(exchange(after.as(me.memberId), reward, requestId), 'REQUEST_REUSED')
  expect(readRefreshToken(at.turned.house.keys, tokens.refreshToken)).toEqual(ref)
  expect(await readAccessToken(at.turned.house, tokens.accessToken)).toMatchObject({ memberId: me.memberId })
  const guest = await readGuestToken(at.turned.house, guestToken)
  expect(guest.proofs).toMatchObject([{ subject: keys.hash('phone', '+8613800000001') }])
  for (const over of [
    async () => readRefreshToken(keys, tokens.refreshToken),
    () => readAccessToken(after.house, tokens.accessToken),
    () => readGuestToken(after.house, guestToken),
  ])
    await refusalOf(over(), 'SESSION_OVER')
})

test('a key that has ended comes back nowhere: not at a start, not in a server that was forgotten', async () => {
  await expect(openRing(at.known.house)).rejects.toThrow('key 1 has ended')
  const { memberId } = people[9] as Person
  const rename = renameMember(at.known.as(memberId), { requestId: randomUUID(), displayName: '小满' })
  await expect(rename).rejects.toThrow(/^nothing is sealed with key 1 any more/)
  await expect(attach(at.known, memberId, newNumber())).rejects.toThrow(/^key 1 of the house/)
})
