import { randomUUID } from 'node:crypto'
import { createTestDatabase } from '../../../test/support/database'
import { inTx, tell } from '../ctx'
import { mergeMember } from '../member'
import { allowMessages } from './allow-messages'
import { listTemplates } from './list-templates'
import { newMember, openHouse, settledEvent, TEMPLATE_IDS, type TestHouse } from './outbox.fixture'

let one: TestHouse
let drop: () => Promise<void>
beforeAll(async () => {
  const database = await createTestDatabase()
  drop = database.drop
  one = openHouse(database.url)
})
afterAll(async () => {
  await one.close()
  await drop()
})

const accept = (templateId = TEMPLATE_IDS.points_arrived, requestId = randomUUID()) => ({
  requestId,
  results: [{ templateId, result: 'accept' as const }],
})
const left = async (memberId: string) =>
  (
    await one.ctx.db.messageConsent.findUnique({
      where: { memberId_template: { memberId, template: 'points_arrived' } },
    })
  )?.remaining ?? 0
const messagesOf = (memberId: string) => one.ctx.db.outboxMessage.count({ where: { memberId } })

describe('allowing messages', () => {
  test('starts at none of each', async () => {
    const { ctx } = await newMember(one)
    expect(await listTemplates(ctx)).toEqual({
      templates: [
        { key: 'points_arrived', templateId: 'template-points', title: '积分到账通知', remaining: 0 },
        { key: 'phone_moved', templateId: 'template-phone', title: '手机号变更提醒', remaining: 0 },
      ],
    })
  })

  test('each accept is one message more; reject, ban and filter change nothing', async () => {
    const { ctx, memberId } = await newMember(one)
    await allowMessages(ctx, accept())
    expect(await allowMessages(ctx, accept())).toEqual({
      templates: [
        { key: 'points_arrived', remaining: 2 },
        { key: 'phone_moved', remaining: 0 },
      ],
    })
    for (const result of ['reject', 'ban', 'filter'] as const)
      await allowMessages(ctx, {
        requestId: randomUUID(),
        results: [{ templateId: TEMPLATE_IDS.points_arrived, result }],
      })
    expect(await left(memberId)).toBe(2)
  })

  test('the same request, sent 16 times at once, counts once and is answered alike', async () => {
    const { ctx, memberId } = await newMember(one)
    const input = accept()
    const answers = await Promise.all(Array.from({ length: 16 }, () => allowMessages(ctx, input)))
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(await left(memberId)).toBe(1)
  })

  test('the same request with another body is refused', async () => {
    const { ctx } = await newMember(one)
    const input = accept()
    await allowMessages(ctx, input)
    await expect(allowMessages(ctx, accept(TEMPLATE_IDS.phone_moved, input.requestId))).rejects.toThrow(
      'REQUEST_REUSED',
    )
  })

  test('a template named twice counts once, a stranger’s id not at all', async () => {
    const { ctx, memberId } = await newMember(one)
    const results = [
      TEMPLATE_IDS.points_arrived,
      TEMPLATE_IDS.points_arrived,
      'elsewhere',
      'undefined',
      '__proto__',
    ].map((templateId) => ({ templateId, result: 'accept' as const }))
    await allowMessages(ctx, { requestId: randomUUID(), results })
    expect(await left(memberId)).toBe(1)
    expect(await one.ctx.db.messageConsent.count({ where: { memberId } })).toBe(1)
  })

  test('both templates from both sides at once: nobody waits for ever, all count', async () => {
    const { ctx, memberId } = await newMember(one)
    const ids = Object.values(TEMPLATE_IDS)
    const both = (order: string[]) => ({
      requestId: randomUUID(),
      results: order.map((templateId) => ({ templateId, result: 'accept' as const })),
    })
    const turns = Array.from({ length: 10 }, (_, i) => (i % 2 ? ids : [...ids].reverse()))
    await Promise.all(turns.map((order) => allowMessages(ctx, both(order))))
    expect(await left(memberId)).toBe(10)
  })

  test('belongs to a member', async () => {
    await expect(listTemplates(one.ctx)).rejects.toThrow('SESSION_NEEDED')
    expect(() => allowMessages(one.ctx, accept())).toThrow('SESSION_NEEDED')
  })

  test('of two records that become one adds up', async () => {
    const [survivor, other] = [await newMember(one), await newMember(one)]
    await allowMessages(survivor.ctx, accept())
    await allowMessages(other.ctx, accept())
    await inTx(one.ctx, (tx) => mergeMember(tx, survivor.memberId, other.memberId))
    expect([await left(survivor.memberId), await left(other.memberId)]).toEqual([2, 0])
  })
})

describe('a purchase', () => {
  const settle = (memberId: string) => inTx(one.ctx, (tx) => tell(tx, 'order.settled', settledEvent(tx, memberId)))

  test('is told to a member who allows it, in the same transaction', async () => {
    const { ctx, memberId } = await newMember(one)
    await allowMessages(ctx, accept())
    await settle(memberId)
    const failed = inTx(one.ctx, async (tx) => {
      await tell(tx, 'order.settled', settledEvent(tx, memberId))
      throw new Error('the till went away')
    })
    await expect(failed).rejects.toThrow('the till went away')
    expect(await messagesOf(memberId)).toBe(1)
  })

  test('writes no message for a member who allows none', async () => {
    const { memberId } = await newMember(one)
    await settle(memberId)
    expect(await messagesOf(memberId)).toBe(0)
  })
})
