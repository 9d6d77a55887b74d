import { randomUUID } from 'node:crypto'
import { DAY_MS } from '@huiyuan/shared/time'
import { testDatabase } from '../../../test/support/database'
import { type Colleague, newMember, newStaff, type TestHouse, testHouse } from '../../../test/support/people'
import { refusalOf } from '../../../test/support/refusals'
import { inTx } from '../ctx'
import { listHonours } from '../honour/list-honours'
import { mergeMember } from '../member'
import { acceptObligation } from './accept-obligation'
import { listObligations } from './list-obligations'
import { comeAndCheckIn, newObligation } from './obligation.fixture'

const database = testDatabase()
let one: TestHouse
let other: TestHouse
let clerk: Colleague
beforeAll(async () => {
  one = testHouse(database.url)
  other = testHouse(database.url, { clock: one.clock })
  clerk = await newStaff(one)
})
afterAll(() => Promise.all([one.close(), other.close()]))

const asked = (obligationId: string, requestId: string = randomUUID()) => ({ requestId, obligationId })
const instancesOf = (memberId: string) => one.as().db.obligationInstance.findMany({ where: { memberId } })

test('taken up, it is mine, and says where, when and what for', async () => {
  const { obligationId } = await newObligation(one, {
    storeId: clerk.storeId,
    honour: { name: '知茶人', termMonths: null },
    cooldownHours: 20,
  })
  const me = await newMember(one)
  const open = (await listObligations(me.ctx)).obligations.find((duty) => duty.obligationId === obligationId)
  expect(open).toMatchObject({ state: 'open', acceptedAt: null, refusal: null })
  const shown = await acceptObligation(me.ctx, asked(obligationId))
  expect(shown).toEqual({
    obligationId,
    kind: 'check_in',
    title: '带自己的杯子',
    words: '带自己的杯子来',
    mark: 'cup',
    target: 1,
    progress: 0,
    state: 'accepted',
    refusal: null,
    handInRefusal: null,
    startsAt: new Date(one.clock.at.getTime() - DAY_MS).toISOString(),
    endsAt: new Date(one.clock.at.getTime() + 60 * DAY_MS).toISOString(),
    dueAt: new Date(one.clock.at.getTime() + 60 * DAY_MS).toISOString(),
    period: 'once',
    storeName: '湖滨店',
    proof: 'staff_scan',
    ...{ counts: null, wants: null, articleId: null, sku: null, labelled: false, forHonour: null, keepsHonourId: null },
    tries: { used: 0, most: 3 },
    rewardPoints: 50,
    honourName: '知茶人',
    ...{ rewardCoupon: null, pointsGiven: 0, reason: null },
    acceptedAt: one.clock.at.toISOString(),
    ...{ finishedAt: null, nextAt: null, submission: null },
    rules: [
      '2026 年 11 月 21 日到 2027 年 1 月 21 日，每人一次',
      '到湖滨店出示会员码，店员扫码确认；不到店不算',
      '两次之间至少隔 20 小时',
      '做完得 50 积分和「知茶人」，每次机会最多一份；积分发完为止',
    ],
  })
  expect((await listObligations(me.ctx)).obligations).toContainEqual(shown)
})

test('64 times at once, over two houses, it is taken up once; sent again it is answered the same', async () => {
  const { obligationId } = await newObligation(one)
  const me = await newMember(one)
  const input = asked(obligationId)
  const answers = await Promise.all(
    Array.from({ length: 64 }, (_, n) =>
      acceptObligation((n % 2 ? one : other).as(me.memberId), n < 32 ? input : asked(obligationId)),
    ),
  )
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
  expect(await instancesOf(me.memberId)).toMatchObject([{ state: 'accepted', progress: 0 }])
  const another = await newObligation(one)
  await refusalOf(acceptObligation(me.ctx, asked(another.obligationId, input.requestId)), 'REQUEST_REUSED')
})

test('is refused before, after, below the tier, when done, when there is none, and to nobody', async () => {
  const me = await newMember(one)
  const startsAt = new Date(one.clock.at.getTime() + 1)
  const later = await newObligation(one, { startsAt })
  expect(await refusalOf(acceptObligation(me.ctx, asked(later.obligationId)), 'OBLIGATION_NOT_OPEN')).toEqual({
    opensAt: startsAt.toISOString(),
  })
  const over = await newObligation(one, { endsAt: one.clock.at })
  await refusalOf(acceptObligation(me.ctx, asked(over.obligationId)), 'OBLIGATION_OVER')
  const high = await newObligation(one, { tierGate: 2 })
  expect(await refusalOf(acceptObligation(me.ctx, asked(high.obligationId)), 'TIER_NEEDED')).toEqual({ tier: 2 })
  const done = await newObligation(one)
  await comeAndCheckIn(one, clerk, me, done.obligationId)
  await refusalOf(acceptObligation(me.ctx, asked(done.obligationId)), 'OBLIGATION_DONE')
  await refusalOf(acceptObligation(me.ctx, asked('nothing')), 'NOT_FOUND')
  await refusalOf(acceptObligation(one.as(), asked(done.obligationId)), 'SESSION_NEEDED')
  expect((await instancesOf(me.memberId)).map(({ obligationId }) => obligationId)).toEqual([done.obligationId])
})

test('who has taken it up goes on with it below its tier', async () => {
  const { obligationId } = await newObligation(one, { tierGate: 2, target: 2 })
  const me = await newMember(one)
  const where = { memberId: me.memberId }
  await one.as().db.standing.update({ where, data: { tier: 2 } })
  await acceptObligation(me.ctx, asked(obligationId))
  await one.as().db.standing.update({ where, data: { tier: 1 } })
  expect(await comeAndCheckIn(one, clerk, me, obligationId)).toMatchObject({ progress: 1 })
})

test('an ended one is listed only to who took part, an honour with an ended term is worn no more', async () => {
  const { obligationId, honourId } = await newObligation(one, {
    endsAt: new Date(one.clock.at.getTime() + 1),
    honour: { name: '惜杯人', termMonths: 1 },
  })
  const [me, somebody] = [await newMember(one), await newMember(one)]
  await comeAndCheckIn(one, clerk, me, obligationId)
  const seen = async ({ ctx }: typeof me) => {
    const { obligations } = await listObligations(ctx)
    const honour = (await listHonours(ctx)).honours.find((own) => own.honourId === honourId)
    return [obligations.some((duty) => duty.obligationId === obligationId), honour?.state, honour?.until !== null]
  }
  one.clock.pass(1)
  expect(await seen(me)).toEqual([true, 'worn', true])
  expect(await seen(somebody)).toEqual([false, 'open', false])
  one.clock.pass(70 * DAY_MS)
  expect(await seen(me)).toEqual([true, 'lapsed', false])
})

test('of somebody merged away a moment ago it is the survivor’s', async () => {
  const { obligationId } = await newObligation(one)
  const [kept, gone] = [await newMember(one), await newMember(one)]
  await inTx(one.as(), (tx) => mergeMember(tx, kept.memberId, gone.memberId))
  const command = asked(obligationId)
  expect(await acceptObligation(gone.ctx, command)).toMatchObject({ state: 'accepted' })
  expect(await acceptObligation(gone.ctx, command)).toMatchObject({ state: 'accepted' })
  expect(await instancesOf(kept.memberId)).toHaveLength(1)
  expect(await instancesOf(gone.memberId)).toEqual([])
})
