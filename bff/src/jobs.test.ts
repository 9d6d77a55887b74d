import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { testDatabase } from '../../test/support/database'
import { commandOf, once } from './ctx'
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

describe('the jobs of a process', () => {
  const job = (run: () => Promise<boolean>, everySeconds = 0.004) => ({ name: 'test', everySeconds, run })

  test('run again and again, a job never beside itself, until stopped; the batch under way ends first', async () => {
    let under = 0
    let most = 0
    let done = 0
    const stop = startJobs(one.house, [
      job(async () => {
        most = Math.max(most, ++under)
        await pause(10)
        under--
        done++
        return done % 2 === 0
      }),
    ])
    while (done < 5) await pause(2)
    while (under === 0) await pause(1)
    const before = done
    await stop()
    expect(done).toBe(before + 1)
    expect(most).toBe(1)
    await pause(30)
    expect(done).toBe(before + 1)
  })

  test('that fail are logged, tried again ever more slowly, and stop no other', async () => {
    const at: number[] = []
    let others = 0
    const failing = job(async () => {
      at.push(performance.now())
      throw new Error('out of order')
    })
    const stop = startJobs(one.house, [failing, job(async () => ++others < 0)])
    while (at.length < 6) await pause(2)
    await stop()
    expect(others).toBeGreaterThan(6)
    expect(one.lines.filter((line) => line.includes('a job failed')).length).toBeGreaterThanOrEqual(6)
    expect(at[5]! - at[4]!).toBeGreaterThan(4 * 16 * 0.5)
  })

  test('stop at once when nothing is under way', async () => {
    const stop = startJobs(one.house, [job(async () => false, 3_600)])
    const from = performance.now()
    await stop()
    expect(performance.now() - from).toBeLessThan(1_000)
  })

  test('as they are: a waiting message is sent', async () => {
    const { wechat, given } = scriptedSend(() => ({ outcome: 'sent' }))
    const house = { ...one.house, wechat }
    const { memberId, openid } = await newMember(one)
    await house.sql('outbox_allow', { memberId, template: 'points_arrived', count: 1, at: house.now() })
    const payload = { points: 1, amountFen: 100, activeAt: house.now(), at: house.now() }
    await house.sql('outbox_put', { memberId, template: 'points_arrived', payload, at: house.now() })
    const stop = startJobs(house)
    while (given.length === 0) await pause(20)
    await stop()
    expect(given.map((message) => message.openid)).toEqual([openid])
    expect((await one.ctx.db.outboxMessage.findFirstOrThrow({ where: { memberId } })).state).toBe('sent')
  })
})
