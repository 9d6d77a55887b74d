import { randomUUID } from 'node:crypto'
import { DAY_MS } from '@huiyuan/shared/time'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import { type Colleague, newMember, newStaff, type TestHouse, testHouse } from '../../../test/support/people'
import { expectPromisesHold } from '../../../test/support/promises'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { inTx } from '../ctx'
import { mergeMember } from '../member'
import { acceptObligation } from './accept-obligation'
import { appealSubmission } from './appeal-submission'
import { decideSubmission } from './decide-submission'
import { listReviews } from './list-reviews'
import { listSubmissions } from './list-submissions'
import {
  approve,
  buy,
  caseOf,
  handIn,
  newCounted,
  newHandIn,
  newPicture,
  reject,
  takeUp,
  tellPicture,
} from './obligation.fixture'
import { showObligation } from './show-obligation'

const database = testDatabase()
let one: TestHouse
let other: TestHouse
let boss: Colleague
let second: Colleague
beforeAll(async () => {
  one = testHouse(database.url)
  other = testHouse(database.url, { clock: one.clock })
  await Promise.all([one.warm(), other.warm()])
  boss = await newStaff(one, { role: 'operator' })
  second = await newStaff(one, { role: 'operator', shop: boss })
})
afterEach(async () => {
  await expectLedgerHolds(one.as().db)
  await expectPromisesHold(one.as().db, one.clock.at)
})
afterAll(() => Promise.all([one.close(), other.close()]))

const pointsOf = async (memberId: string) =>
  (await one.as().db.account.findUniqueOrThrow({ where: { memberId } })).availablePoints
const appeal = (person: { ctx: Colleague['ctx'] }, submissionId: string) =>
  appealSubmission(person.ctx, { requestId: randomUUID(), submissionId, words: '请再看一眼，是我自己写的' })
const started = async (wish = {}) => {
  const { obligationId } = await newHandIn(one, wish)
  const me = await newMember(one)
  await takeUp(me, obligationId)
  return { obligationId, me }
}

test('handed in, turned down with words, handed in again, approved: the reward comes once', async () => {
  const { obligationId, me } = await started()
  const waiting = await handIn(me.ctx, obligationId)
  expect(waiting).toMatchObject({
    state: 'submitted',
    tries: { used: 1, most: 3 },
    handInRefusal: { code: 'PROOF_WAITING' },
    submission: { nth: 1, state: 'waiting', rating: 5, mayAppealUntil: null, appeal: null },
  })
  await refusalOf(handIn(me.ctx, obligationId), 'PROOF_WAITING')
  const { cases } = await listSubmissions(boss.ctx, { state: 'waiting' })
  expect(cases.at(-1)).toMatchObject({
    member: { nameMasked: '林**', memberNo: `**** ${me.memberNo.slice(-4)}` },
    obligation: { title: '试饮一款新茶', progress: 0, target: 1 },
    flags: [{ flag: 'text_unchecked' }],
    earlier: null,
  })
  expect(await reject(boss.ctx, cases.at(-1)?.caseRef as string)).toMatchObject({ state: 'rejected', rewarded: null })
  const refused = await showObligation(me.ctx, { obligationId })
  expect(refused.obligation).toMatchObject({
    state: 'rejected',
    handInRefusal: null,
    submission: { reason: 'unclear', reasonWords: '看不清楚', answer: '再写细一点' },
  })
  await handIn(me.ctx, obligationId, { text: '写细一点：香气像桂花' })
  const caseRef = await caseOf(one, me)
  // 32 decisions of two colleagues at once, some of them the same command
  const command = randomUUID()
  const ends = await endsOf(
    Array.from({ length: 32 }, (_, n) => {
      const by = n % 2 ? one.as(boss.memberId) : other.as(second.memberId)
      return n < 8 ? approve(one.as(boss.memberId), caseRef, command) : approve(by, caseRef)
    }),
  )
  expect((ends.answer ?? 0) + (ends.REVIEW_DONE ?? 0)).toBe(32)
  expect([1, 8]).toContain(ends.answer)
  expect(await pointsOf(me.memberId)).toBe(50)
  const done = await showObligation(me.ctx, { obligationId })
  expect(done.obligation).toMatchObject({ state: 'rewarded', progress: 1, pointsGiven: 50, tries: { used: 0 } })
})

test('one star pays the same as five, and is read with its label', async () => {
  const review = { kind: 'review', labelled: true, title: '说一说', sku: `tea-${randomUUID().slice(0, 8)}` }
  const { obligationId, sku } = await newHandIn(one, review)
  for (const rating of [1, 5]) {
    const me = await newMember(one, { name: '王一' })
    await takeUp(me, obligationId)
    await handIn(me.ctx, obligationId, { rating, text: rating === 1 ? '太苦，不会再买' : '很好喝' })
    expect(await approve(boss.ctx, await caseOf(one, me))).toMatchObject({ rewarded: { points: 50 } })
    expect(await pointsOf(me.memberId)).toBe(50)
    one.clock.pass(1)
  }
  const { reviews, next } = await listReviews(one.as(), { sku: sku as string })
  expect(next).toBeNull()
  expect(reviews.map(({ rating, label, nameMasked }) => [rating, label, nameMasked])).toEqual([
    [5, '有奖评价', '王*'],
    [1, '有奖评价', '王*'],
  ])
  expect((await listReviews(one.as(), { sku: 'other' })).reviews).toEqual([])
  const after = `${one.clock.at.toISOString()}_${randomUUID()}`
  expect((await listReviews(one.as(), { after })).reviews).toHaveLength(2)
})

test('what cannot be handed in is refused and leaves nothing', async () => {
  const { obligationId, me } = await started({ wants: { text: { min: 2, max: 9 }, link: true, order: true } })
  const told = (more: object) => handIn(me.ctx, obligationId, { rating: undefined, text: '好喝', ...more })
  expect(await refusalOf(told({ rating: 3 }), 'PROOF_INCOMPLETE')).toEqual({ fields: ['link', 'rating', 'order'] })
  const orderId = randomUUID()
  const links = ['http://a.cn/x', 'https://127.0.0.1/x', 'https://[::1]/', 'https://192.168.1.4/a', 'https://nas/']
  for (const link of [...links, 'https://router.local/', 'https://u:p@a.cn/', 'javascript:alert(1)', 'nonsense'])
    await refusalOf(told({ link, orderId }), 'PROOF_LINK')
  expect(await refusalOf(told({ link: 'https://93.184.215.14/notes/1#top', orderId }), 'PROOF_INCOMPLETE')).toEqual({
    fields: ['order'],
  })
  expect(await one.as().db.obligationSubmission.count({ where: { memberId: me.memberId } })).toBe(0)
  const counted = await newCounted(one)
  await refusalOf(handIn(me.ctx, counted.obligationId), 'PROOF_KIND')
  const untaken = await newHandIn(one)
  await refusalOf(handIn(me.ctx, untaken.obligationId), 'NOT_TAKEN_UP')
  await refusalOf(handIn(me.ctx, 'nothing'), 'NOT_FOUND')
  const securityText = async () => ({ suggest: 'risky' as const, label: 20_006 })
  const strict = testHouse(database.url, { clock: one.clock, wechat: { ...one.house.wechat, securityText } })
  await takeUp(me, untaken.obligationId)
  await refusalOf(handIn(strict.as(me.memberId), untaken.obligationId), 'CONTENT_REFUSED')
  await strict.close()
  expect(await one.as().db.obligationSubmission.count({ where: { memberId: me.memberId } })).toBe(0)
  await one
    .as()
    .db.obligation.update({ where: { obligationId: untaken.obligationId }, data: { stoppedAt: one.clock.at } })
  await refusalOf(
    acceptObligation(me.ctx, { requestId: randomUUID(), obligationId: untaken.obligationId }),
    'OBLIGATION_STOPPED',
  )
})

test('a purchase of one’s own is named once', async () => {
  const { obligationId, me } = await started({ period: 'daily', wants: { order: true } })
  const mine = await buy(one, boss, me.memberId)
  const theirs = await buy(one, boss, (await newMember(one)).memberId)
  const bare = { text: undefined, rating: undefined }
  await refusalOf(handIn(me.ctx, obligationId, { ...bare, orderId: theirs }), 'PROOF_INCOMPLETE')
  expect((await showObligation(me.ctx, { obligationId })).purchases.map(({ orderId }) => orderId)).toEqual([mine])
  await handIn(me.ctx, obligationId, { ...bare, orderId: mine })
  await approve(boss.ctx, await caseOf(one, me))
  one.clock.pass(DAY_MS)
  await takeUp(me, obligationId)
  await refusalOf(handIn(me.ctx, obligationId, { ...bare, orderId: mine }), 'PROOF_INCOMPLETE')
  const { obligation, earlier, purchases } = await showObligation(me.ctx, { obligationId })
  expect([obligation.state, earlier.map(({ state }) => state), purchases]).toEqual(['accepted', ['rewarded'], []])
})

test('pictures: waited for, forbidden without costing a try, shown again, doubted, seen before', async () => {
  const { obligationId, me } = await started({ wants: { photos: { min: 1, max: 3 } } })
  const bare = { text: undefined, rating: undefined }
  const [good, bad] = [await newPicture(one, me, 'checking'), await newPicture(one, me, 'checking')]
  const stranger = await newMember(one)
  await refusalOf(
    handIn(me.ctx, obligationId, { ...bare, uploadIds: [await newPicture(one, stranger)] }),
    'UPLOAD_GONE',
  )
  const { submission } = await handIn(me.ctx, obligationId, { ...bare, uploadIds: [good, bad] })
  expect(submission).toMatchObject({ state: 'checking', uploads: [{ uploadId: good }, { uploadId: bad }] })
  await tellPicture(one, me, good, 'passed')
  await refusalOf(approve(boss.ctx, await caseOf(one, me)), 'REVIEW_DONE')
  await tellPicture(one, me, bad, 'refused')
  const { obligation } = await showObligation(me.ctx, { obligationId })
  expect(obligation).toMatchObject({ state: 'rejected', tries: { used: 0 }, submission: { reason: 'content' } })
  await refusalOf(handIn(me.ctx, obligationId, { ...bare, uploadIds: [good, bad] }), 'CONTENT_REFUSED')
  const twin = await newPicture(one, me, 'doubtful', await sha(good))
  await handIn(me.ctx, obligationId, { ...bare, uploadIds: [good, twin] })
  const shown = (await listSubmissions(boss.ctx, { state: 'waiting' })).cases.at(-1)
  expect(shown?.flags.map(({ flag }) => flag)).toEqual(['picture_doubtful'])
  expect(shown?.uploads.map(({ url }) => url?.startsWith(`/upload/`))).toEqual([true, true])
  // WeChat's late word still counts
  await tellPicture(one, me, twin, 'refused')
  expect((await showObligation(me.ctx, { obligationId })).obligation.state).toBe('rejected')
})

const sha = async (uploadId: string) => (await one.as().db.upload.findFirstOrThrow({ where: { uploadId } })).sha256

test('an appeal is decided by another colleague, once; tries run out, days too; nobody decides over their own', async () => {
  const { obligationId, me } = await started({ mostTries: 2 })
  for (let n = 0; n < 2; n++) {
    await handIn(me.ctx, obligationId)
    await reject(boss.ctx, await caseOf(one, me))
  }
  expect(await refusalOf(handIn(me.ctx, obligationId), 'TRIES_OVER')).toEqual({ limit: 2 })
  const id = (await showObligation(me.ctx, { obligationId })).obligation.submission?.submissionId as string
  const asked = await appeal(me, id)
  expect(asked).toMatchObject({ handInRefusal: { code: 'PROOF_WAITING' }, submission: { appeal: { state: 'asked' } } })
  await refusalOf(appeal(me, id), 'APPEAL_DONE')
  const [shown] = (await listSubmissions(second.ctx, { state: 'appeal' })).cases
  expect(shown).toMatchObject({
    nth: 2,
    appeal: { words: '请再看一眼，是我自己写的' },
    earlier: { answer: '再写细一点' },
  })
  await refusalOf(approve(boss.ctx, shown?.caseRef as string), 'REVIEW_OWN')
  expect(await approve(second.ctx, shown?.caseRef as string)).toMatchObject({ state: 'rewarded' })
  await refusalOf(appeal(me, id), 'APPEAL_DONE')
  expect(await pointsOf(me.memberId)).toBe(50)

  const late = await started()
  await handIn(late.me.ctx, late.obligationId)
  await reject(boss.ctx, await caseOf(one, late.me))
  const lateId = (await showObligation(late.me.ctx, late)).obligation.submission?.submissionId as string
  one.clock.pass(31 * DAY_MS)
  await refusalOf(appeal(late.me, lateId), 'APPEAL_OVER')
  await refusalOf(appeal(me, randomUUID()), 'NOT_FOUND')

  await takeUp(boss, late.obligationId)
  await handIn(boss.ctx, late.obligationId)
  await refusalOf(approve(one.as(boss.memberId), await caseOf(one, boss)), 'REVIEW_OWN')
  await refusalOf(approve(second.ctx, 'made-up'), 'NOT_FOUND')

  // where nobody else could, who had turned it down decides on the appeal
  const lone = await started({ mostTries: 1 })
  await handIn(lone.me.ctx, lone.obligationId)
  await reject(boss.ctx, await caseOf(one, lone.me))
  const loneId = (await showObligation(lone.me.ctx, lone)).obligation.submission?.submissionId as string
  await appeal(lone.me, loneId)
  const others = { role: 'operator', endedAt: null, memberId: { not: boss.memberId } }
  const left = (await one.as().db.staff.findMany({ where: others })).map(({ memberId }) => memberId)
  await one.as().db.staff.updateMany({ where: others, data: { endedAt: one.clock.at } })
  const [own] = (await listSubmissions(boss.ctx, { state: 'appeal' })).cases
  expect(await approve(boss.ctx, own?.caseRef as string)).toMatchObject({ state: 'rewarded' })
  const audited = await one
    .as()
    .db.auditEntry.findFirst({ where: { subject: loneId, verb: 'obligation.decide_alone' } })
  expect(audited).toMatchObject({ actorId: boss.memberId })
  await one.as().db.staff.updateMany({ where: { memberId: { in: left } }, data: { endedAt: null } })
  const bare = { requestId: randomUUID(), caseRef: await caseOf(one, boss), how: 'reject' as const }
  await refusalOf(decideSubmission(second.ctx, bare), 'BAD_INPUT')
})

test('handed in on the last day it is looked at later; a merge takes it along', async () => {
  const { obligationId, me } = await started({ period: 'daily' })
  const kept = await newMember(one)
  await handIn(me.ctx, obligationId)
  const caseRef = await caseOf(one, me)
  await inTx(one.as(), (tx) => mergeMember(tx, kept.memberId, me.memberId))
  one.clock.pass(3 * DAY_MS)
  expect(await approve(boss.ctx, caseRef)).toMatchObject({ state: 'rewarded', rewarded: { points: 50 } })
  expect(await pointsOf(kept.memberId)).toBe(50)
})
