import { randomUUID } from 'node:crypto'
import { DAY_MS } from '@huiyuan/shared/time'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds, programmeTotals } from '../../../test/support/ledger'
import type { Person, TestHouse } from '../../../test/support/people'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { attachPhone } from './attach-phone'
import { findClaim } from './claim'
import { claimCard } from './claim-card'
import {
  account,
  award,
  button,
  memberHouse,
  mergedInto,
  newMember,
  newOpenid,
  type OldCard,
  oldCard,
  times,
} from './member.fixture'

const database = testDatabase()
let one: TestHouse
let two: TestHouse
beforeAll(async () => {
  one = memberHouse(database.url)
  two = memberHouse(database.url, { clock: one.clock })
  await Promise.all([one.warm(), two.warm()])
})
afterAll(() => Promise.all([one.close(), two.close()]))

/** Somebody whose phone has led to an old card. */
async function claimant(
  card: OldCard,
  wish: Parameters<typeof newMember>[1] = {},
): Promise<Person & { claimId: string }> {
  const me = await newMember(one, wish)
  const { claim } = await attachPhone(me.ctx, { requestId: randomUUID(), phone: button(card.phone) })
  return { ...me, claimId: claim?.claimId as string }
}
const guess = ({ claimId }: { claimId: string }, last4: string) => ({ requestId: randomUUID(), claimId, last4 })
const wrongFor = ({ last4 }: OldCard) => (last4 === '0000' ? '1111' : '0000')
const triesLeft = ({ claimId }: { claimId: string }) =>
  one.house.prisma.claim.findFirstOrThrow({ where: { claimId } }).then((claim) => claim.triesLeft)
const mergesInto = (memberId: string) =>
  one.house.prisma.transfer.count({ where: { memberId, reason: 'merged_in', unit: 'points' } })

test('the last four digits of the card make two records one, and say what came', async () => {
  const card = await oldCard(one)
  await award(one, card.memberId, { points: 68, growth: 1_200, activeInDays: 15 })
  const me = await claimant(card, { name: '小林' })
  const before = await programmeTotals(one.house.prisma)
  expect(await claimCard(me.ctx, guess(me, card.last4))).toEqual({ points: 388, memberNo: me.memberNo, tier: 2 })
  expect(await account(one, me.memberId)).toMatchObject({ availablePoints: 320, pendingPoints: 68, growth: 1_200 })
  expect(await mergedInto(one, card.memberId)).toBe(me.memberId)
  expect(await programmeTotals(one.house.prisma)).toEqual(before)
  expect(await findClaim(one.house.prisma, me.memberId, one.clock.at)).toBeNull()
  await expectLedgerHolds(one.house.prisma)
})

test('a claimant without WeChat goes over to the older card', async () => {
  const card = await oldCard(one)
  const me = await claimant(card, { weapp: null })
  const asked = guess(me, card.last4)
  const answer = await claimCard(me.ctx, asked)
  expect(answer).toEqual({ points: 320, memberNo: card.memberNo, tier: 1 })
  expect(await mergedInto(one, me.memberId)).toBe(card.memberId)
  expect(await claimCard(me.ctx, asked)).toEqual(answer)
})

test('five wrong guesses close it for good, each says how many are left', async () => {
  const card = await oldCard(one)
  const me = await claimant(card)
  for (const left of [4, 3, 2, 1, 0])
    expect(await refusalOf(claimCard(me.ctx, guess(me, wrongFor(card))), 'CLAIM_WRONG')).toEqual({ triesLeft: left })
  await refusalOf(claimCard(me.ctx, guess(me, card.last4)), 'CLAIM_OVER')
  expect(await mergedInto(one, card.memberId)).toBeNull()
})

test('a wrong guess sent again is the same guess; the same id for another is refused', async () => {
  const card = await oldCard(one)
  const me = await claimant(card)
  const asked = guess(me, wrongFor(card))
  for (let sent = 0; sent < 3; sent++)
    expect(await refusalOf(claimCard(me.ctx, asked), 'CLAIM_WRONG')).toEqual({ triesLeft: 4 })
  await refusalOf(claimCard(me.ctx, { ...asked, last4: card.last4 }), 'REQUEST_REUSED')
  expect(await triesLeft(me)).toBe(4)
  const right = guess(me, card.last4)
  const answer = await claimCard(me.ctx, right)
  expect(await claimCard(me.ctx, right)).toEqual(answer)
  await refusalOf(claimCard(me.ctx, guess(me, card.last4)), 'CLAIM_OVER')
})

test('another member’s claim, one that never was and one that is over tell the same', async () => {
  const card = await oldCard(one)
  const me = await claimant(card)
  const stranger = await newMember(one)
  await refusalOf(claimCard(stranger.ctx, guess(me, card.last4)), 'CLAIM_OVER')
  await refusalOf(claimCard(me.ctx, guess({ claimId: randomUUID() }, card.last4)), 'CLAIM_OVER')
  await refusalOf(claimCard(one.as(), guess(me, card.last4)), 'SESSION_NEEDED')
  expect(await triesLeft(me)).toBe(5)
  one.clock.pass(30 * DAY_MS)
  await refusalOf(claimCard(me.ctx, guess(me, card.last4)), 'CLAIM_OVER')
})

test('digits of odd lengths are only wrong', async () => {
  const card = await oldCard(one)
  const me = await claimant(card)
  for (const odd of ['', card.last4.slice(1), `0${card.last4}`, '一二三四'])
    await refusalOf(claimCard(me.ctx, guess(me, odd)), 'CLAIM_WRONG')
})

test('a card that has since turned out to be another WeChat person’s is not given away', async () => {
  const card = await oldCard(one)
  const me = await claimant(card)
  const owner = { kind: 'wechat_openid', issuer: one.house.weappId, subject: newOpenid(), memberId: card.memberId }
  await one.house.prisma.identity.create({ data: { ...owner, provenAt: one.clock.at, firstAt: one.clock.at } })
  await refusalOf(claimCard(me.ctx, guess(me, card.last4)), 'CLAIM_OVER')
  await refusalOf(claimCard(me.ctx, guess(me, wrongFor(card))), 'CLAIM_OVER')
  expect(await mergedInto(one, card.memberId)).toBeNull()
})

test('two jobs are a blocker that the guess does not get round', async () => {
  const card = await oldCard(one)
  const me = await claimant(card)
  const job = { role: 'clerk', storeId: 'shop', staffNo: '1', since: one.clock.at }
  await one.house.prisma.staff.createMany({
    data: [card.memberId, me.memberId].map((memberId) => ({ ...job, memberId })),
  })
  expect(await refusalOf(claimCard(me.ctx, guess(me, card.last4)), 'MERGE_BLOCKED')).toEqual({ blocker: 'two_jobs' })
  expect(await account(one, card.memberId)).toMatchObject({ availablePoints: 320 })
  // a job that has ended makes room
  await one.house.prisma.staff.update({ where: { memberId: me.memberId }, data: { endedAt: one.clock.at } })
  await claimCard(me.ctx, guess(me, card.last4))
  expect(await one.house.prisma.staff.findUnique({ where: { memberId: me.memberId } })).toMatchObject({ endedAt: null })
})

describe('at once', () => {
  const here = (n: number, { memberId }: Person) => (n % 2 ? two : one).as(memberId)

  test('I-ID2, I-L1, I-L2: 64 right claims of one card over two processes: one merge, points moved once', async () => {
    const card = await oldCard(one)
    const me = await claimant(card)
    const before = await programmeTotals(one.house.prisma)
    const ends = await endsOf(times(64, (n) => claimCard(here(n, me), guess(me, card.last4))))
    expect(ends).toEqual({ answer: 1, CLAIM_OVER: 63 })
    expect(await mergesInto(me.memberId)).toBe(1)
    expect(await account(one, me.memberId)).toMatchObject({ availablePoints: 320 })
    expect(await programmeTotals(one.house.prisma)).toEqual(before)
    await expectLedgerHolds(one.house.prisma)
  })

  test('I-L5: one right claim sent 64 times: one merge, 64 equal answers', async () => {
    const card = await oldCard(one)
    const me = await claimant(card)
    const asked = guess(me, card.last4)
    const answers = await Promise.all(times(64, (n) => claimCard(here(n, me), asked)))
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(await mergesInto(me.memberId)).toBe(1)
  })

  test('64 wrong guesses get five looks, and a right one behind them none', async () => {
    const card = await oldCard(one)
    const me = await claimant(card)
    const ends = await endsOf(times(64, (n) => claimCard(here(n, me), guess(me, wrongFor(card)))))
    expect(ends).toEqual({ CLAIM_WRONG: 5, CLAIM_OVER: 59 })
    await refusalOf(claimCard(me.ctx, guess(me, card.last4)), 'CLAIM_OVER')
  })

  test('I-ID2: two people prove the phone of one card and both know its digits: it goes to one of them, whole', async () => {
    const card = await oldCard(one)
    const first = await claimant(card)
    // the number had been given back, and the card was found by it once more
    await one.house.prisma.identity.updateMany({
      where: { memberId: first.memberId, kind: 'phone' },
      data: { memberId: card.memberId },
    })
    const second = await claimant(card)
    const both = [first, second].map((who, n) => claimCard(here(n, who), guess(who, card.last4)))
    expect(await endsOf(both)).toEqual({ answer: 1, CLAIM_OVER: 1 })
    const sums = await Promise.all([first, second].map(({ memberId }) => account(one, memberId)))
    expect(sums.map(({ availablePoints }) => availablePoints).sort()).toEqual([0, 320])
    await expectLedgerHolds(one.house.prisma)
  })
})
