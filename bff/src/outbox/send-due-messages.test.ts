import { testDatabase } from '../../../test/support/database'
import { inTx } from '../ctx'
import { mergeMember } from '../member'
import type { SendOutcome } from '../wechat'
import {
  allow,
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
  TEMPLATE_IDS,
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

const tallyOf = (more: object) => ({ taken: 1, sent: 0, dropped: 0, refused: 0, unknown: 0, retried: 0, ...more })

describe('a due message', () => {
  test('is sent once, for one consent, with the template, page and words of its kind', async () => {
    const one = house(() => SENT)
    const memberId = await waiting(one, { openid: 'o-reader', count: 2 })
    expect(await sendDueMessages(one.ctx, { limit: 10 })).toEqual(tallyOf({ sent: 1 }))
    expect(one.given).toEqual([
      {
        appid: one.house.weappId,
        openid: 'o-reader',
        templateId: TEMPLATE_IDS.points_arrived,
        page: 'pages/ledger/statement',
        data: { thing1: '到店消费 ¥68.00', number2: '68', time3: '2026年11月22日 12:00', thing4: '现在就可以使用' },
      },
    ])
    expect(await message(one, memberId)).toMatchObject({ state: 'sent', attempts: 1, finishedAt: one.house.now() })
    expect(await left(one, memberId)).toBe(1)
    expect(await sendDueMessages(one.ctx, { limit: 10 })).toEqual(tallyOf({ taken: 0 }))
  })

  test('waits for its time', async () => {
    const one = house(() => SENT)
    const { memberId } = await newMember(one)
    await allow(one, memberId)
    await put(one, memberId, { at: new Date(one.clock.at.getTime() + 1) })
    expect((await sendDueMessages(one.ctx, { limit: 10 })).taken).toBe(0)
    one.clock.pass(1)
    expect((await sendDueMessages(one.ctx, { limit: 10 })).sent).toBe(1)
  })

  test.each([
    ['nobody allowed it', 'no consent', async (one: TestHouse) => put(one, (await newMember(one)).memberId)],
    [
      'the member has no WeChat',
      'no openid',
      async (one: TestHouse) => {
        const { memberId } = await newMember(one, { openid: null })
        await allow(one, memberId)
        await put(one, memberId)
      },
    ],
    [
      'nobody knows the template',
      'template not set up',
      async (one: TestHouse) => put(one, (await newMember(one)).memberId, { template: 'toString' }),
    ],
    [
      'its payload makes no sense',
      'payload unreadable',
      async (one: TestHouse) => put(one, (await newMember(one)).memberId, { payload: [] }),
    ],
  ])('is dropped when %s', async (_why, outcome, make) => {
    const one = house(() => SENT)
    await make(one)
    expect((await sendDueMessages(one.ctx, { limit: 10 })).dropped).toBe(1)
    const dropped = await one.ctx.db.outboxMessage.findFirstOrThrow({ where: { state: 'dropped' } })
    expect(dropped).toMatchObject({ outcome, attempts: 0, finishedAt: one.house.now() })
  })

  test('of a merged member goes to the survivor, whose consents are spent', async () => {
    const one = house(() => SENT)
    const survivor = await newMember(one, { openid: 'o-survivor' })
    const otherId = await waiting(one, { openid: 'o-other' })
    one.clock.pass(1_000)
    await inTx(one.ctx, (tx) => mergeMember(tx, survivor.memberId, otherId))
    // written by somebody who did not know of the merge yet
    await put(one, otherId)
    await allow(one, survivor.memberId)
    await sendDueMessages(one.ctx, { limit: 10 })
    await sendDueMessages(one.ctx, { limit: 10 })
    expect(one.given).toHaveLength(2)
    expect((await messages(one, survivor.memberId)).map(({ state }) => state)).toEqual(['sent', 'sent'])
    expect(await left(one, survivor.memberId)).toBe(0)
  })
})

describe('what WeChat answers', () => {
  test.each(['busy', 'away', 'setup'])(
    'refused as "%s": the consent is given back, five tries with growing waits',
    async (reason) => {
      const one = house(() => refused(reason, { retryable: reason !== 'setup', errcode: 43108 }))
      const memberId = await waiting(one)
      const waits: number[] = []
      for (let attempt = 1; attempt < 5; attempt++) {
        expect(await sendDueMessages(one.ctx, { limit: 10 })).toEqual(tallyOf({ retried: 1 }))
        const now = await message(one, memberId)
        expect(now).toMatchObject({ state: 'waiting', attempts: attempt, finishedAt: null })
        expect(await left(one, memberId)).toBe(1)
        waits.push(now.dueAt.getTime() - one.clock.at.getTime())
        expect((await sendDueMessages(one.ctx, { limit: 10 })).taken).toBe(0)
        one.clock.pass(waits.at(-1)!)
      }
      expect(waits).toEqual([30_000, 120_000, 480_000, 1_920_000])
      expect(await sendDueMessages(one.ctx, { limit: 10 })).toEqual(tallyOf({ refused: 1 }))
      expect(await message(one, memberId)).toMatchObject({ state: 'refused', attempts: 5 })
      expect(await left(one, memberId)).toBe(1)
    },
  )

  test('refused for good: not tried again, the consent is still there', async () => {
    const one = house(() => refused('data_invalid'))
    const memberId = await waiting(one)
    expect(await sendDueMessages(one.ctx, { limit: 10 })).toEqual(tallyOf({ refused: 1 }))
    expect(await message(one, memberId)).toMatchObject({ state: 'refused', outcome: 'data_invalid 47003 aa-bb-cc' })
    expect(await left(one, memberId)).toBe(1)
  })

  test('"no consent" (43101): there is none, whatever was counted here', async () => {
    const one = house(() => refused('no_consent', { errcode: 43101 }))
    const memberId = await waiting(one, { count: 7 })
    expect(await sendDueMessages(one.ctx, { limit: 10 })).toEqual(tallyOf({ refused: 1 }))
    expect(await left(one, memberId)).toBe(0)
  })

  test.each([
    [
      'nothing usable',
      () => ({ outcome: 'unknown', reason: 'garbage', errcode: null, rid: null }) as SendOutcome,
      'garbage',
    ],
    [
      'nothing, because the client broke',
      () => {
        throw new TypeError('of our own making')
      },
      'failed inside',
    ],
  ])('%s: the consent stays spent and the message is never sent again', async (_what, answer, outcome) => {
    const one = house(answer)
    const memberId = await waiting(one, { count: 3 })
    expect(await sendDueMessages(one.ctx, { limit: 10 })).toEqual(tallyOf({ unknown: 1 }))
    expect(await message(one, memberId)).toMatchObject({ state: 'unknown', outcome })
    expect(await left(one, memberId)).toBe(2)
    one.clock.pass(86_400_000)
    expect((await sendDueMessages(one.ctx, { limit: 10 })).taken).toBe(0)
    expect(one.given).toHaveLength(1)
  })
})
