import { testDatabase } from '../../../test/support/database'
import { inTx } from '../ctx'
import { mergeMember } from '../member'
import type { SendOutcome } from '../wechat'
import {
  heldClock,
  left,
  message,
  messages,
  newMember,
  openHouse,
  put,
  refused,
  SENT,
  scriptedSend,
  type TestHouse,
  waiting,
} from './outbox.fixture'
import { sendDueMessages } from './send-due-messages'

const open: TestHouse[] = []
afterEach(async () => {
  for (const one of open) await one.house.prisma.outboxMessage.deleteMany()
  await Promise.all(open.splice(0).map((one) => one.close()))
})
const database = testDatabase()

/** A process whose WeChat answers as told. */
function house(answer: (openid: string) => SendOutcome | Promise<SendOutcome>, clock = heldClock()) {
  const send = scriptedSend(({ openid }) => answer(openid))
  const one = openHouse(database.url, { wechat: send.wechat, clock })
  open.push(one)
  return { ...one, given: send.given }
}

describe('several workers', () => {
  test('never send one message twice, nor two to one person at once', async () => {
    const clock = heldClock()
    const under = new Map<string, number>()
    let clashes = 0
    const slowly = async (openid: string) => {
      const now = (under.get(openid) ?? 0) + 1
      under.set(openid, now)
      if (now > 1) clashes++
      await new Promise((done) => setTimeout(done, 15))
      under.set(openid, now - 1)
      return SENT
    }
    const workers = [1, 2, 3].map(() => house(slowly, clock))
    const [first] = workers
    const members = await Promise.all(Array.from({ length: 8 }, () => waiting(first!, { count: 4 })))
    for (let i = 0; i < 3; i++) await Promise.all(members.map((memberId) => put(first!, memberId)))
    for (let turn = 0; turn < 12; turn++) {
      await Promise.all(
        workers.flatMap(({ ctx }) => [sendDueMessages(ctx, { limit: 5 }), sendDueMessages(ctx, { limit: 5 })]),
      )
      clock.pass(2_000)
    }
    const sentTo = workers.flatMap(({ given }) => given.map(({ openid }) => openid))
    expect(sentTo).toHaveLength(32)
    expect(clashes).toBe(0)
    for (const memberId of members) {
      expect((await messages(first!, memberId)).map(({ state }) => state)).toEqual(['sent', 'sent', 'sent', 'sent'])
      expect(await left(first!, memberId)).toBe(0)
    }
  })

  test('two messages of one member taken at once: the second waits two seconds', async () => {
    const one = house(() => SENT)
    const memberId = await waiting(one, { count: 2 })
    await put(one, memberId)
    const [a, b] = (await messages(one, memberId)).map(({ messageId }) => ({
      memberId,
      messageId,
      template: 'points_arrived',
    }))
    await one.ctx.db.outboxMessage.updateMany({
      data: { state: 'taken', dueAt: new Date(one.clock.at.getTime() + 60_000) },
    })
    const call = { at: one.house.now(), leaseUntil: new Date(one.clock.at.getTime() + 60_000) }
    const verdicts = await Promise.all(
      [a, b].map((each) => one.house.sql('outbox_spend_consent', { ...each, ...call })),
    )
    expect(verdicts.map((each) => (each as { verdict: string }).verdict).sort()).toEqual(['send', 'wait'])
    expect((await messages(one, memberId)).map(({ state }) => state).sort()).toEqual(['sending', 'waiting'])
    expect(await left(one, memberId)).toBe(1)
  })

  test('one lost before it spent the consent: another takes over when the lease is over', async () => {
    const one = house(() => SENT)
    const memberId = await waiting(one)
    await one.house.sql('outbox_take', {
      at: one.house.now(),
      limit: 9,
      leaseUntil: new Date(one.clock.at.getTime() + 120_000),
    })
    expect((await sendDueMessages(one.ctx, { limit: 9 })).taken).toBe(0)
    one.clock.pass(120_000)
    expect((await sendDueMessages(one.ctx, { limit: 9 })).sent).toBe(1)
    expect(await message(one, memberId)).toMatchObject({ state: 'sent', attempts: 1 })
  })

  test('one that slept through its lease finds the message gone, while it is sent and afterwards', async () => {
    const one = house(() => SENT)
    const memberId = await waiting(one, { count: 3 })
    const at = one.house.now()
    const leaseUntil = new Date(at.getTime() + 120_000)
    const [mine] = await one.house.sql<object[]>('outbox_take', { at, limit: 9, leaseUntil })
    const spend = () => one.house.sql('outbox_spend_consent', { ...mine, at: one.house.now(), leaseUntil })
    one.clock.pass(120_000)
    await one.ctx.db.outboxMessage.updateMany({ where: { memberId }, data: { state: 'sending' } })
    expect(await spend()).toEqual({ verdict: 'gone' })
    await one.ctx.db.outboxMessage.updateMany({ where: { memberId }, data: { state: 'taken' } })
    expect((await sendDueMessages(one.ctx, { limit: 9 })).sent).toBe(1)
    expect(await spend()).toEqual({ verdict: 'gone' })
    expect(await left(one, memberId)).toBe(2)
  })

  test('one lost between spending and hearing back: unknown, and not sent again', async () => {
    const clock = heldClock()
    let hear = (_: SendOutcome) => {}
    const lost = house(() => new Promise((said) => (hear = said)), clock)
    const other = house(() => SENT, clock)
    const memberId = await waiting(lost, { count: 2 })
    const run = sendDueMessages(lost.ctx, { limit: 9 })
    while (lost.given.length === 0) await new Promise((done) => setTimeout(done, 5))
    clock.pass(119_000)
    expect((await sendDueMessages(other.ctx, { limit: 9 })).taken).toBe(0)
    expect((await message(other, memberId)).state).toBe('sending')
    clock.pass(1_000)
    expect((await sendDueMessages(other.ctx, { limit: 9 })).taken).toBe(0)
    expect(await message(other, memberId)).toMatchObject({ state: 'unknown', outcome: 'worker lost while sending' })
    expect(await left(other, memberId)).toBe(1)
    expect(other.given).toHaveLength(0)

    // it was only slow: what it heard in the end is the truth
    hear(refused('data_invalid'))
    expect((await run).refused).toBe(1)
    expect((await message(other, memberId)).state).toBe('refused')
    expect(await left(other, memberId)).toBe(2)
  })

  test('a merge while a message is under way: the end is written where the message went', async () => {
    const clock = heldClock()
    let hear = (_: SendOutcome) => {}
    const one = house(() => new Promise((said) => (hear = said)), clock)
    const survivor = await newMember(one)
    const otherId = await waiting(one)
    const run = sendDueMessages(one.ctx, { limit: 9 })
    while (one.given.length === 0) await new Promise((done) => setTimeout(done, 5))
    await inTx(one.ctx, (tx) => mergeMember(tx, survivor.memberId, otherId))
    hear(refused('busy', { retryable: true }))
    await run
    expect(await message(one, survivor.memberId)).toMatchObject({ state: 'waiting', attempts: 1 })
    expect(await left(one, survivor.memberId)).toBe(1)
  })

  test('a database that goes away loses nothing', async () => {
    const one = house(() => SENT)
    const memberId = await waiting(one)
    const away = { ...one.ctx, sql: () => Promise.reject(new Error('away')) }
    await expect(sendDueMessages(away, { limit: 9 })).rejects.toThrow('away')
    expect((await sendDueMessages(one.ctx, { limit: 9 })).sent).toBe(1)
    expect(await left(one, memberId)).toBe(0)
  })
})
