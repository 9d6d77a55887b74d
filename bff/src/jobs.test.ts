import { randomUUID } from 'node:crypto'
import { testDatabase } from '../../test/support/database'
import { expectLedgerHolds } from '../../test/support/ledger'
import { PATIENCE_MS, until } from '../../test/support/patience'
import { commandOf, type House, once } from './ctx'
import { pruneExpired, startJobs } from './jobs'
import { heldClock, newMember, openHouse, scriptedSend, type TestHouse } from './outbox/outbox.fixture'

const DAY = 86_400_000
const database = testDatabase()
const clock = heldClock()
let one: TestHouse
beforeAll(() => {
  one = openHouse(database.url, { clock })
})
afterAll(() => one.close())

describe('pruning', () => {
  test('removes answers after thirty days, and never an effect', async () => {
    const { ctx, memberId } = await newMember(one)
    const command = commandOf(ctx, 'test.verb', { requestId: randomUUID() })
    await once(ctx, command, async () => ({ done: true }))
    const award = { memberId, at: one.house.now(), kind: 'test', sourceId: 'one', points: 1, growth: 0 }
    const life = { activeAt: one.house.now(), expiresAt: new Date(clock.at.getTime() + DAY) }
    await one.house.sql('ledger_award', { ...award, ...life, reason: 'purchase', detail: {} })
    clock.pass(30 * DAY)
    expect(await pruneExpired(one.ctx)).toEqual({ requests: 0, notices: 0, smsCodes: 0 })
    clock.pass(1)
    expect(await pruneExpired(one.ctx)).toEqual({ requests: 1, notices: 0, smsCodes: 0 })
    expect(await one.ctx.db.effect.count({ where: { memberId } })).toBe(1)
  })

  test('removes what pushes and text codes left behind', async () => {
    await one.ctx.db.wechatNotice.create({ data: { noticeKey: 'a', event: 'x', at: one.house.now() } })
    await one.house.sql('sms_keep', {
      phoneHash: 'a'.repeat(64),
      codeHash: 'b'.repeat(64),
      at: one.house.now(),
      expiresAt: one.house.now(),
      dayStart: one.house.now(),
      tries: 5,
      gapSeconds: 60,
      perDay: 10,
    })
    clock.pass(9 * DAY)
    expect(await pruneExpired(one.ctx)).toEqual({ requests: 0, notices: 1, smsCodes: 1 })
  })
})

/** The jobs of as many processes as there are houses, until `over`. */
async function workUntil(houses: House[], over: () => Promise<boolean>): Promise<void> {
  const stops = houses.map((house) => startJobs(house, database.url))
  try {
    await until(over, (is) => is)
  } finally {
    await Promise.all(stops.map((stop) => stop(PATIENCE_MS)))
  }
}

describe('the jobs of the house, from the queue', () => {
  /** Each job as if its time had come. */
  const dueNow = () => one.ctx.db.$executeRaw`UPDATE graphile_worker._private_jobs SET run_at = now()`

  test('a waiting message is sent', async () => {
    const { wechat, given } = scriptedSend(() => ({ outcome: 'sent' }))
    const house = { ...one.house, wechat }
    const { memberId, openid } = await newMember(one)
    await house.sql('outbox_allow', { memberId, template: 'points_arrived', count: 1, at: house.now() })
    const payload = { points: 1, amountFen: 100, activeAt: house.now(), at: house.now() }
    await house.sql('outbox_put', { memberId, template: 'points_arrived', payload, at: house.now() })
    await workUntil([house], async () => given.length > 0)
    expect(given.map((message) => message.openid)).toEqual([openid])
    expect((await one.ctx.db.outboxMessage.findFirstOrThrow({ where: { memberId } })).state).toBe('sent')
  })

  test('lots that are due are settled once, by two processes, in more than one batch, and twice is once', async () => {
    const two = openHouse(database.url, { clock })
    const at = clock.at
    const life = { activeAt: new Date(at.getTime() + DAY), expiresAt: new Date(at.getTime() + 90 * DAY) }
    const award = { at, kind: 'due', points: 68, growth: 0, ...life, reason: 'purchase', detail: {} }
    for (let some = 0; some < 23; some++) {
      const members = await Promise.all(Array.from({ length: 10 }, () => newMember(one)))
      await Promise.all(
        members.map(({ memberId }) => one.house.sql('ledger_award', { memberId, sourceId: memberId, ...award })),
      )
    }
    clock.pass(DAY)
    const matured = () => one.ctx.db.transfer.count({ where: { reason: 'matured', unit: 'points' } })
    await dueNow()
    await workUntil([one.house, two.house], async () => (await matured()) >= 230)
    await dueNow()
    await workUntil([one.house, two.house], async () => {
      const waiting = await one.ctx.db.$queryRaw<{ key: string }[]>`
        SELECT key FROM graphile_worker.jobs WHERE run_at > now() AND key IN ('settle lots', 'release holds')`
      return waiting.length === 2
    })
    expect(await matured()).toBe(230)
    await expectLedgerHolds(one.ctx.db)
    await two.close()
  })
})
