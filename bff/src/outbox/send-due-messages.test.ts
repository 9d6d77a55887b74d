import { testDatabase } from '../../../test/support/database'
import { inTx } from '../ctx'
import { mergeMember } from '../member'
import type { SendOutcome } from '../wechat'
import { heldClock, newMember, openHouse, scriptedSend, TEMPLATE_IDS, type TestHouse } from './outbox.fixture'
import { sendDueMessages } from './send-due-messages'

const open: TestHouse[] = []
afterEach(async () => {
  for (const one of open) await one.house.prisma.outboxMessage.deleteMany()
  await Promise.all(open.splice(0).map((one) => one.close()))
})
const database = testDatabase()

const SENT: SendOutcome = { outcome: 'sent' }
const refused = (reason: string, more: Partial<SendOutcome & { outcome: 'refused' }> = {}) =>
  ({ outcome: 'refused', reason, retryable: false, errcode: 47003, rid: 'aa-bb-cc', ...more }) as SendOutcome

/** A process whose WeChat answers as told. */
function house(answer: (openid: string) => SendOutcome | Promise<SendOutcome>, clock = heldClock()) {
  const send = scriptedSend(({ openid }) => answer(openid))
  const one = openHouse(database.url, { wechat: send.wechat, clock })
  open.push(one)
  return { ...one, given: send.given }
}

async function allow(one: TestHouse, memberId: string, count = 1) {
  await one.house.sql('outbox_allow', { memberId, template: 'points_arrived', count, at: one.house.now() })
}
async function put(one: TestHouse, memberId: string, more: object = {}) {
  const payload = { points: 68, amountFen: 6_800, activeAt: one.house.now(), at: one.house.now() }
  await one.house.sql('outbox_put', { memberId, template: 'points_arrived', payload, at: one.house.now(), ...more })
}
const messages = (one: TestHouse, memberId: string) =>
  one.ctx.db.outboxMessage.findMany({ where: { memberId }, orderBy: { messageId: 'asc' } })
const message = async (one: TestHouse, memberId: string) => (await messages(one, memberId))[0]!
const left = async (one: TestHouse, memberId: string) =>
  (await one.ctx.db.messageConsent.findFirst({ where: { memberId } }))?.remaining
const tallyOf = (more: object) => ({ taken: 1, sent: 0, dropped: 0, refused: 0, unknown: 0, retried: 0, ...more })

/** A member who allows `count` messages and has one waiting. */
async function waiting(one: TestHouse, { count = 1, openid }: { count?: number; openid?: string } = {}) {
  const { memberId } = await newMember(one, openid ? { openid } : {})
  await allow(one, memberId, count)
  await put(one, memberId)
  return memberId
}

describe('a due message', () => {
  test('is sent once, for one consent, with the template, page and words of its kind', async () => {
    const one = house(() => SENT)
    const memberId = await waiting(one, { openid: 'o-reader', count: 2 })
    expect(await sendDueMessages(one.ctx, { limit: 10 })).toEqual(tallyOf({ sent: 1 }))
    expect(one.given).toEqual([
      {
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
